// What the agent's files share. Each function says what it returns; where nothing else is said: 0, or an errno.
#ifndef PILLION_AGENT_H
#define PILLION_AGENT_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif

#include "CPillionNS.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { AGENT_PORTS = 1024, EXIT_FAILED = 125 };

struct agent_ports {
  uint16_t list[AGENT_PORTS];
  size_t count;
  bool is_cut;  // there were more
};

// The options of the command line.
struct agent_options {
  int control;           // descriptors of the two channels
  int sockets;
  const char *name;      // for `exec`
  bool stays_on_host;    // the app gets no namespace
  bool relays_datagrams; // UDP comes to the proxy too, where the capture can tell where it was to go
  bool traps;            // the app's connects stop until the proxy has answered for them
  bool traps_strictly;   // and there is no other way out
  bool is_rootful;       // there, with rules for it
  bool removes;          // of `stale`: what it finds
  const char *resolver;  // resolv.conf, lines separated by ";"; NULL: left alone
  struct agent_ports host_ports;
  struct agent_ports captured_ports;  // where nothing but listeners can capture: theirs
  bool changes_ports;    // the proxy will open and close ports of the host's
  const char *variant;   // the one way to capture; NULL: the first that works
  long pid;              // of `exec`
  bool refuses_others;   // of a rootful app: what does not come to the proxy does not get out
  bool ignores_children; // the user ignores SIGCHLD, and so does the app
  char **variables;      // "NAME=VALUE", or "NAME" for none, in the app's environment; ends with NULL
  char **command;        // ends with NULL; never NULL itself
};

// A step of the preparation that failed.
struct agent_failure {
  const char *step;
  int code;
};

// What the preparation has laid out.
struct agent_place {
  bool has_ipv6;
  const char *variant;
  int captures[AGENT_PORTS];
  size_t capture_count;
  int dns_udp, dns_tcp;
  int datagrams;  // the capture socket of UDP; -1 where it is not captured
};

// channel.c: the header of what pl_ns_send sends, of this thread.
const void *channel_datagram(void);

// setup.c: enters the namespaces and lays out their addresses and routes.
bool agent_unshare(struct agent_failure *failure);
bool agent_lay_network(struct agent_place *place, struct agent_failure *failure);
// capture.c: the way in which connections are captured, and its sockets.
bool agent_lay_capture(const struct agent_options *options, struct agent_place *place, struct agent_failure *failure);
void agent_probe_capture(const struct agent_options *options, void (*report)(const char *step, int code));
// mounts.c: resolv.conf and nsswitch.conf of the app's own. Failing is no harm: port 53 is ours whatever they say.
int agent_lay_files(const char *resolver);

// routes.c
extern const uint8_t agent_own_v4[4], agent_own_v6[16];
int routes_raise_loopback(void);
int routes_add_local(int family);  // our own address, and the route by which all others are local

// rules.c: the table inside.
enum rules_kind { RULES_TPROXY, RULES_TPROXY_WITHOUT_SOCKET, RULES_REDIRECT };
// `with_datagrams`: UDP too, by TPROXY.
int rules_load(enum rules_kind kind, const uint16_t *host_ports, size_t count, bool with_datagrams);
int rules_remove(void);

// sockets.c
struct agent_listener {
  uint16_t port;
  int type;
  enum { REACHED_FROM_ANYWHERE, REACHED_BY_LO, REACHED_AT_LOOPBACK } reach;
  int family;  // 0: both, or IPv4 where there is no other
  bool tells_destination;  // of datagrams that TPROXY brought
};
int agent_inside_socket(int family, int type, int *result);
int agent_listen(struct agent_listener wanted, int *result);
int agent_port_of(int fd, uint16_t *port);
bool agent_is_transparent(int fd);

// app.c
struct app {
  pid_t pid;          // 0: there is none
  int channel;        // its other end is open until its exec
  int notifications;  // of its trapped calls; -1 where none are
};
// What the agent changes for itself, and the app does not inherit.
struct users_own {
  sigset_t mask;
  struct rlimit descriptors;
};
int app_fork(const struct agent_options *options, const struct users_own *users, struct app *app);
int app_release(struct app *app);  // what its exec fails with

// rootful.c: rules of the host for one app.
bool rootful_lay(bool refuses_others, struct agent_place *place, struct agent_failure *failure);
int rootful_enter(void);       // the app's process, before its exec; without rules nothing
void rootful_probe(void (*report)(const char *step, int code));
void rootful_take_away(void);  // once nothing of the app is left
// What agents that are gone left on the host; where it `removes`, the errno of that.
void rootful_find_stale(bool removes, void (*found)(const char *what, int code));

// children.c
void children_each(void (*each)(pid_t pid, void *context), void *context);
void children_signal_all(int signal);
bool children_exist(void);
long long monotonic_milliseconds(void);

// environment.c: this process's environment with these variables, and without those that are a name alone; NULL without memory. What it consists of stays where it is: the list
// alone is freed.
char **environment_with(char *const variables[]);

// memory.c: after it nothing may be called but the C library and the agent itself, and the process ends by _exit.
void agent_release_libraries(void);

int agent_run(const struct agent_options *options);
int agent_exec(const struct agent_options *options);
int agent_probe(const struct agent_options *options);
int agent_stale(const struct agent_options *options);

// Writes a short text to a file of /proc.
int write_file(const char *path, const char *text);

#endif
