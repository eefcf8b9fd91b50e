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
#include <unistd.h>

// The options of the command line.
struct agent_options {
  int control;           // descriptors of the two channels
  int sockets;
  const char *name;      // for `exec`
  bool stays_on_host;    // the app gets no namespace
  const char *resolver;  // resolv.conf, lines separated by ";"; NULL: left alone
  uint16_t host_ports[1024];
  size_t host_port_count;
  long pid;              // of `exec`
  char **command;        // ends with NULL; never NULL itself
};

// A step of the preparation that failed.
struct agent_failure {
  const char *step;
  int code;
};

// How far the preparation came.
struct agent_place {
  bool has_ipv6;
  const char *variant;
};

// setup.c: enters the namespaces and lays out what is inside.
bool agent_unshare(struct agent_failure *failure);
bool agent_lay_network(const struct agent_options *options, struct agent_place *place, struct agent_failure *failure);
// mounts.c: resolv.conf and nsswitch.conf of the app's own. Failing is no harm: port 53 is ours whatever they say.
int agent_lay_files(const char *resolver);

// netlink.c
int netlink_raise_loopback(void);
int netlink_add_local(int family);  // our own address, and the route by which all others are local
int netlink_load_rules(bool with_socket_expression, const uint16_t *host_ports, size_t count);

// sockets.c
int agent_inside_socket(int family, int *result);
int agent_listen(uint16_t port, int type, int *result);

// children.c
void children_signal_all(int signal);
bool children_exist(void);
long long monotonic_milliseconds(void);

// memory.c: after it nothing may be called but the C library and the agent itself, and the process ends by _exit.
void agent_release_libraries(void);

int agent_run(const struct agent_options *options);
int agent_exec(const struct agent_options *options);
int agent_probe(const struct agent_options *options);

// Writes a short text to a file of /proc.
int write_file(const char *path, const char *text);

#endif
