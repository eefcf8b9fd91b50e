// Mode `trap`: the filters under which the app stops in connect(), and in what sends to an address, until the proxy has
// said what becomes of it.
#include "agent.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

#if defined(__x86_64__)
#define OWN_ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define OWN_ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#define OWN_ARCHITECTURE 0
#endif

// Numbers of calls of 32-bit programs that such a machine runs as well, i386's or ARM's.
enum {
#if defined(__aarch64__)
  OTHER_SOCKET = 281, OTHER_CONNECT = 283, OTHER_SENDTO = 290, OTHER_SENDMSG = 296, OTHER_SENDMMSG = 374,
#else
  OTHER_SOCKET = 359, OTHER_CONNECT = 362, OTHER_SENDTO = 369, OTHER_SENDMSG = 370, OTHER_SENDMMSG = 345,
#endif
  OTHER_SOCKETCALL = 102,
  X32_NUMBERS = 0x40000000,  // from here on, under x86-64's own name
};

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (field))
#define IF_EQUAL(value, then, otherwise) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), (then), (otherwise))
#define RETURN(value) BPF_STMT(BPF_RET | BPF_K, (value))
// The low word, on machines that have it first.
#define ARGUMENT(index) ((unsigned)offsetof(struct seccomp_data, args) + 8 * (index))

// Calls of another architecture (32-bit programs) pass. io_uring would connect without asking anybody: those who find it
// missing do without. Who receives and asks from whom is told so by the proxy, where the answer to a question is our own.
// Messages that may have an address stop where the app is to get nowhere unnamed, but for the one that hands over the
// notifications themselves.
static struct sock_filter filter[] = {
    LOAD(offsetof(struct seccomp_data, arch)),
    IF_EQUAL(OWN_ARCHITECTURE, 1, 0),
    RETURN(SECCOMP_RET_ALLOW),
    LOAD(offsetof(struct seccomp_data, nr)),
    IF_EQUAL(SYS_io_uring_setup, 16, 0),
    IF_EQUAL(SYS_connect, 14, 0),
    IF_EQUAL(SYS_sendto, 0, 2),
    LOAD(ARGUMENT(5)),
    IF_EQUAL(0, 13, 7),
    IF_EQUAL(SYS_recvfrom, 6, 0),  // RECEIVES
    IF_EQUAL(SYS_sendmsg, 1, 0),
    IF_EQUAL(SYS_sendmmsg, 8, 10),
    LOAD(ARGUMENT(1)),
    IF_EQUAL(0, 0, 6),  // OWN_LOW
    LOAD(ARGUMENT(1) + 4),
    IF_EQUAL(0, 6, 4),  // OWN_HIGH
    LOAD(ARGUMENT(4)),
    IF_EQUAL(0, 0, 2),
    LOAD(ARGUMENT(4) + 4),
    IF_EQUAL(0, 2, 0),
    RETURN(SECCOMP_RET_USER_NOTIF),
    RETURN(SECCOMP_RET_ERRNO | ENOSYS),
    RETURN(SECCOMP_RET_ALLOW),
};
enum { RECEIVES = 9, OWN_LOW = 13, OWN_HIGH = 15, RECEIVES_TO_ALLOW = 12 };

// What else an app must not have that is to get nowhere unnamed: calls of another architecture by which it would, packets
// of its own making, and SCTP, which also connects by an option.
static struct sock_filter gate[] = {
    LOAD(offsetof(struct seccomp_data, arch)),
    IF_EQUAL(OWN_ARCHITECTURE, 9, 0),
    LOAD(offsetof(struct seccomp_data, nr)),
    IF_EQUAL(OTHER_SOCKETCALL, 21, 0),
    IF_EQUAL(OTHER_SOCKET, 20, 0),
    IF_EQUAL(OTHER_CONNECT, 19, 0),
    IF_EQUAL(OTHER_SENDTO, 18, 0),
    IF_EQUAL(OTHER_SENDMSG, 17, 0),
    IF_EQUAL(OTHER_SENDMMSG, 16, 0),
    IF_EQUAL(SYS_io_uring_setup, 15, 0),
    RETURN(SECCOMP_RET_ALLOW),
    LOAD(offsetof(struct seccomp_data, nr)),
    BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, X32_NUMBERS, 12, 0),
    IF_EQUAL(SYS_socket, 0, 12),
    LOAD(ARGUMENT(0)),
    IF_EQUAL(AF_PACKET, 9, 0),
    IF_EQUAL(AF_XDP, 8, 0),
    IF_EQUAL(AF_INET, 1, 0),
    IF_EQUAL(AF_INET6, 0, 7),
    LOAD(ARGUMENT(1)),
    BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xf),  // the rest are flags
    IF_EQUAL(SOCK_RAW, 3, 0),
    IF_EQUAL(SOCK_PACKET, 2, 0),
    LOAD(ARGUMENT(2)),
    IF_EQUAL(IPPROTO_SCTP, 0, 1),
    RETURN(SECCOMP_RET_ERRNO | EPERM),
    RETURN(SECCOMP_RET_ALLOW),
};

// Where sockets cannot be taken (Docker's default profile), nobody could receive for the app.
static bool sockets_can_be_taken(void) {
  int process = pl_ns_open_process(getpid());
  if (process < 0) return false;
  int taken = pl_ns_take_descriptor(process, process);
  if (taken >= 0) close(taken);
  close(process);
  return taken >= 0;
}

// What the call returns, or -errno.
static int install(struct sock_filter *steps, size_t count, unsigned long flags) {
  struct sock_fprog program = {.len = (unsigned short)count, .filter = steps};
  long result = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
  return result < 0 ? -errno : (int)result;
}

static void aim(bool is_strict) {
  uintptr_t own = (uintptr_t)channel_datagram();
  filter[OWN_LOW].k = (uint32_t)own;
  filter[OWN_HIGH].k = (uint32_t)((uint64_t)own >> 32);
  filter[RECEIVES].jf = is_strict ? 0 : RECEIVES_TO_ALLOW;
  if (!sockets_can_be_taken()) filter[RECEIVES].jt = filter[RECEIVES].jf;
}

int pl_ns_trap(bool is_strict, int *notifications) {
  if (OWN_ARCHITECTURE == 0) return ENOSYS;
  aim(is_strict);
  size_t count = sizeof filter / sizeof *filter;
  // Without it (before Linux 5.19) a signal, such as those by which Go preempts, has the call begin anew.
  unsigned long flags = SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
  int result = install(filter, count, flags);
  if (result == -EINVAL) result = install(filter, count, flags = SECCOMP_FILTER_FLAG_NEW_LISTENER);
  // Who may not administer the system gives up setuid programs for it.
  if (result == -EACCES && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0) result = install(filter, count, flags);
  if (result < 0) return -result;
  int code = is_strict ? -install(gate, sizeof gate / sizeof *gate, 0) : 0;
  if (code != 0) {
    close(result);
    return code;
  }
  *notifications = result;
  return 0;
}
