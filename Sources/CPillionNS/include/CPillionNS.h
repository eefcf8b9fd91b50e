// The agent of interception (docs/architecture.md): this program, started anew as "pillion-ns", single-threaded and without Swift. Here
// also what Swift needs to speak with it. No _GNU_SOURCE here (it breaks Glibc's import).
#ifndef PILLION_NS_H
#define PILLION_NS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// argv[0] of the agent. What follows is the job ("agent", "probe", "stale" or "exec"), options "key=value", "--", and a command.
#define PL_NS_NAME "pillion-ns"

// Where the probe of `trap` connects to.
#define PL_NS_PROBE_ADDRESS "192.0.2.1"

// Where the parts meet inside. As Istio's: mark and port 0x539 and 15001.
enum {
  PL_NS_CAPTURE_PORT = 15001,
  PL_NS_DNS_PORT = 53,
  PL_NS_PROBE_PORT = 7,
  PL_NS_MARK = 0x539,
  PL_NS_GROUP = 1337,  // of a rootful app where rules cannot match its cgroup
  PL_NS_TEXT_SIZE = 240,
  PL_NS_MAX_FDS = 64,
};

// Messages, a datagram each, over SOCK_SEQPACKET.
enum pl_ns_type {
  // agent -> proxy
  PL_NS_ERROR = 1,    // a: errno, b: the exit code, text: the step that failed
  PL_NS_READY = 2,    // a: the agent's pid, b: descriptors, c: 1 with IPv6; text: the variant. Descriptors: capture, DNS over UDP, over TCP, and
                      // the capture socket of UDP where it is relayed; for
                      // `trap` the notifications alone, and c is the app's pid
  PL_NS_SOCKETS = 3,  // a: how many, b: errno where they are fewer, c: their pl_ns_kind; with them
  PL_NS_STARTED = 4,  // a: the app's pid
  PL_NS_EXIT = 5,     // a: wait status, b: 1 when it left processes behind
  PL_NS_PROBE = 6,    // a: errno, b: the pid, text: what was tried; with `seccomp` the notifications
  PL_NS_CAPTURES = 7, // before READY, a: how many; capture sockets beside READY's
  PL_NS_STALE = 8,    // text: what an earlier agent left on the host; a: errno of taking it away; b: 1 where that was tried
  PL_NS_PORTS = 9,    // before READY, with a netlink socket for pl_ns_change_host_ports
  // proxy -> agent
  PL_NS_GO = 64,           // start the app
  PL_NS_WANT_SOCKETS = 65, // a: how many (at most PL_NS_MAX_FDS), b: AF_INET or AF_INET6, c: SOCK_STREAM or SOCK_DGRAM
  PL_NS_SIGNAL = 66,       // a: the signal, for the app
  PL_NS_KILL_ALL = 67,     // a: the signal, for all that descends from it
};

// Family and type of a socket in one number.
static inline uint32_t pl_ns_kind(int family, int type) { return (uint32_t)family << 8 | (uint32_t)type; }

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

// Starts /proc/self/exe with these arguments, signals, their mask and the environment as they are here, and `keep` (a list ended by -1) left
// open. The pid, or -errno.
pid_t pl_ns_spawn(char *const argv[], const int *keep);

// A SOCK_SEQPACKET pair that is closed on exec. Returns 0, or an errno.
int pl_ns_socket_pair(int pair[2]);

// Orphans below this process come to it. Returns 0, or an errno.
int pl_ns_become_subreaper(void);

// The children of the main thread: at most so many are written; how many there are.
size_t pl_ns_list_children(pid_t *pids, size_t capacity);

// Sends SIGKILL to a child, and takes its end where it has come already.
void pl_ns_kill_child(pid_t pid);

// SIGCHLD is not ignored from now on, which is what makes waiting for children possible. Whether it was.
bool pl_ns_mind_children(void);

// Ends this process by a signal, as though it had never been caught, and without a core of its own.
void pl_ns_die_by(int signal);

// Opens ports of the host's loopback to an app, and closes others that are open, by a netlink socket of the app's network namespace: at
// most some 2,000 at a time. Of one thread only. Returns 0, or an errno.
int pl_ns_change_host_ports(
    int netlink, const uint16_t *opened, size_t opened_count, const uint16_t *closed, size_t closed_count);

// MARK: Trapped calls (seccomp_unotify(2)). Where nothing else is said: 0, or an errno.

// Traps the calls of this thread, and of all that it starts from now on; for ever. Gives the descriptor of the notifications.
// Strictly: whatever sends to an address stops, and there is no way but by sockets of TCP and UDP. Then only pl_ns_send sends, on this thread,
// until calls are answered.
int pl_ns_trap(bool is_strict, int *notifications);

enum pl_ns_call_kind { PL_NS_CONNECT, PL_NS_SENDTO, PL_NS_RECVFROM, PL_NS_SENDMSG };

// A call that waits for an answer. Addresses are of that process.
struct pl_ns_call {
  uint64_t id;
  int32_t task;             // the thread that made it
  enum pl_ns_call_kind kind;
  int32_t socket;
  uint32_t flags;           // of all but connect
  uint64_t address;         // of the sockaddr
  uint32_t length;          // of the sockaddr; not of recvfrom
  uint64_t length_address;  // of recvfrom: where that is
  uint64_t buffer, size;    // of recvfrom; of sendmsg: the headers of its messages, and how many bytes each takes
  uint32_t count;           // of sendmsg: its messages
};

// Before the first: EOVERFLOW where the kernel's structures have outgrown ours.
int pl_ns_notify_prepare(int notifications);

// The next call; ENOENT where it has gone meanwhile.
int pl_ns_notify_receive(int notifications, struct pl_ns_call *call);

// The call returns -1 with this errno, or 0 for 0.
int pl_ns_notify_answer(int notifications, uint64_t id, int error);

// The call returns this.
int pl_ns_notify_return(int notifications, uint64_t id, int64_t value);

// The call is made as it stands, by whoever made it.
int pl_ns_notify_continue(int notifications, uint64_t id);

// Whether the call still waits: what was read of the process by its number was read of the right one.
bool pl_ns_notify_is_valid(int notifications, uint64_t id);

// A descriptor of the thread's process, or -errno.
int pl_ns_open_process(pid_t task);

// A duplicate of a descriptor of its, or -errno: EPERM where a container denies it.
int pl_ns_take_descriptor(int process, int descriptor);

// How much was read or written, or -errno.
ssize_t pl_ns_read_memory(pid_t task, uint64_t address, void *buffer, size_t size);
ssize_t pl_ns_write_memory(pid_t task, uint64_t address, const void *buffer, size_t size);

// One of a sendmsg's messages, as though it were sent by itself: only `address` and `length` are new, 0 where it has none. Returns 0, or an errno.
int pl_ns_read_message(const struct pl_ns_call *call, uint32_t index, struct pl_ns_call *message);

struct pl_ns_socket {
  int32_t family;    // AF_INET…
  int32_t protocol;  // IPPROTO_TCP…
  uint64_t network;  // which network namespace it belongs to; the same for all where the kernel does not tell
  bool has_device;   // it is bound to a network interface, and not to that of loopback
  bool is_ipv6_only; // and cannot be changed: it is bound
};

int pl_ns_inspect_socket(int socket, struct pl_ns_socket *facts);

// The protocol of a process' socket in the kernel's words ("TCP", "UDPv6"), without taking it.
int pl_ns_protocol_name(pid_t task, int socket, char *name, size_t size);

// Whether the thread is in our network namespace.
bool pl_ns_shares_network(pid_t task);

// MARK: Wait statuses

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

// A datagram that TPROXY brought: from whom, and where it was to go.
struct pl_ns_flow {
  uint8_t from[28], to[28];
  uint32_t from_length, to_length;
};

// Receives such a datagram; its length, or -errno. One whose destination the kernel does not tell has a `to_length` of 0.
ssize_t pl_ns_receive_redirected(int socket, void *buffer, size_t size, struct pl_ns_flow *flow);

// Answers it. Returns 0, or an errno.
int pl_ns_send_to(int socket, const void *buffer, size_t size, const struct pl_ns_peer *peer);

#endif
