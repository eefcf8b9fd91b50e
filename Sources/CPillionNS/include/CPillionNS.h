// The agent of interception (docs/architecture.md): this program, started anew as "pillion-ns", single-threaded and without Swift. Here
// also what Swift needs to speak with it. No _GNU_SOURCE here (it breaks Glibc's import).
#ifndef PILLION_NS_H
#define PILLION_NS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// argv[0] of the agent. What follows is the job ("agent", "probe" or "exec"), options "key=value", "--", and a command.
#define PL_NS_NAME "pillion-ns"

// Where the parts meet inside. As Istio's: mark and port 0x539 and 15001.
enum {
  PL_NS_CAPTURE_PORT = 15001,
  PL_NS_DNS_PORT = 53,
  PL_NS_MARK = 0x539,
  PL_NS_TEXT_SIZE = 240,
  PL_NS_MAX_FDS = 64,
};

// Messages, a datagram each, over SOCK_SEQPACKET.
enum pl_ns_type {
  // agent -> proxy
  PL_NS_ERROR = 1,    // a: errno, b: the exit code, text: the step that failed
  PL_NS_READY = 2,    // a: the agent's pid, b: descriptors, c: 1 with IPv6; text: the variant. Descriptors: capture, DNS over UDP, over TCP
  PL_NS_SOCKETS = 3,  // a: how many, b: errno where they are fewer, c: their family; with them
  PL_NS_STARTED = 4,  // a: the app's pid
  PL_NS_EXIT = 5,     // a: wait status, b: 1 when it left processes behind
  PL_NS_PROBE = 6,    // a: errno, text: what was tried
  PL_NS_CAPTURES = 7, // before READY, a: how many; capture sockets beside READY's
  // proxy -> agent
  PL_NS_GO = 64,           // start the app
  PL_NS_WANT_SOCKETS = 65, // a: how many (at most PL_NS_MAX_FDS), b: AF_INET or AF_INET6
  PL_NS_SIGNAL = 66,       // a: the signal, for the app
  PL_NS_KILL_ALL = 67,     // a: the signal, for all that descends from it
};

struct pl_ns_header {
  uint32_t type, a, b, c;
};

struct pl_ns_message {
  struct pl_ns_header header;
  char text[PL_NS_TEXT_SIZE];
};

// Where this process was started as the agent, is the agent, and does not return.
void pl_ns_enter(int argc, char **argv);

// Sends a message with descriptors. Returns 0, or an errno.
int pl_ns_send(int channel, const struct pl_ns_message *message, const int *fds, size_t count);

// Receives a message and at most `capacity` descriptors, which are closed on exec; how many goes to `count`.
// Returns 1 for a message, 0 for the end, -errno (EAGAIN with a channel that does not block) for failures.
int pl_ns_receive(int channel, struct pl_ns_message *message, int *fds, size_t capacity, size_t *count);

// Starts /proc/self/exe with these arguments, signals and their mask as they are here, `variables` ("NAME=VALUE", ended by NULL) in the place of
// those of the environment that have their names, and `keep` (a list ended by -1) left open. The pid, or -errno.
pid_t pl_ns_spawn(char *const argv[], char *const variables[], const int *keep);

// A SOCK_SEQPACKET pair that is closed on exec. Returns 0, or an errno.
int pl_ns_socket_pair(int pair[2]);

// Orphans below this process come to it. Returns 0, or an errno.
int pl_ns_become_subreaper(void);

// Ends all children of this process with SIGKILL, and what comes to it by that, until there is none, for 2 s at most.
void pl_ns_kill_children(void);

// Ends this process by a signal, as though it had never been caught, and without a core of its own.
void pl_ns_die_by(int signal);

bool pl_ns_exited(int status);
int pl_ns_exit_code(int status);
int pl_ns_term_signal(int status);

// A peer of a datagram socket, and the address it spoke to, which the reply has to come from.
struct pl_ns_peer {
  uint8_t name[28];
  uint32_t name_length;
  uint8_t control[40];
  uint32_t control_length;
};

// Receives a datagram; its length, or -errno.
ssize_t pl_ns_receive_from(int socket, void *buffer, size_t size, struct pl_ns_peer *peer);

// Answers it. Returns 0, or an errno.
int pl_ns_send_to(int socket, const void *buffer, size_t size, const struct pl_ns_peer *peer);

#endif
