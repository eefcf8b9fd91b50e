// Mode `trap`: the filter under which the app stops in connect(), and in sendto() with an address, until the proxy has
// said what becomes of it.
#include "agent.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
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

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (field))
#define IF_EQUAL(value, then, otherwise) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), (then), (otherwise))
#define RETURN(value) BPF_STMT(BPF_RET | BPF_K, (value))
// The low word, on machines that have it first.
#define ARGUMENT(index) ((unsigned)offsetof(struct seccomp_data, args) + 8 * (index))

// Calls of another architecture (32-bit programs) pass. io_uring would connect without asking anybody: those who find it
// missing do without. Who receives and asks from whom is told so by the proxy, where the answer to a question is our own.
static struct sock_filter filter[] = {
    LOAD(offsetof(struct seccomp_data, arch)),
    IF_EQUAL(OWN_ARCHITECTURE, 1, 0),
    RETURN(SECCOMP_RET_ALLOW),
    LOAD(offsetof(struct seccomp_data, nr)),
    IF_EQUAL(SYS_io_uring_setup, 10, 0),
    IF_EQUAL(SYS_connect, 8, 0),
    IF_EQUAL(SYS_sendto, 0, 2),
    LOAD(ARGUMENT(5)),
    IF_EQUAL(0, 7, 5),
    IF_EQUAL(SYS_recvfrom, 0, 6),  // RECEIVES
    LOAD(ARGUMENT(4)),
    IF_EQUAL(0, 0, 2),
    LOAD(ARGUMENT(4) + 4),
    IF_EQUAL(0, 2, 0),
    RETURN(SECCOMP_RET_USER_NOTIF),
    RETURN(SECCOMP_RET_ERRNO | ENOSYS),
    RETURN(SECCOMP_RET_ALLOW),
};
enum { RECEIVES = 9 };

// Where sockets cannot be taken (Docker's default profile), nobody could receive for the app.
static bool sockets_can_be_taken(void) {
  int process = pl_ns_open_process(getpid());
  if (process < 0) return false;
  int taken = pl_ns_take_descriptor(process, process);
  if (taken >= 0) close(taken);
  close(process);
  return taken >= 0;
}

// The descriptor of the notifications, or -errno.
static int install(unsigned long flags) {
  struct sock_fprog program = {.len = sizeof filter / sizeof *filter, .filter = filter};
  long result = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
  return result < 0 ? -errno : (int)result;
}

int pl_ns_trap(int *notifications) {
  if (OWN_ARCHITECTURE == 0) return ENOSYS;
  if (!sockets_can_be_taken()) filter[RECEIVES].jt = filter[RECEIVES].jf;
  // Without it (before Linux 5.19) a signal, such as those by which Go preempts, has the call begin anew.
  unsigned long flags = SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
  int result = install(flags);
  if (result == -EINVAL) result = install(flags = SECCOMP_FILTER_FLAG_NEW_LISTENER);
  // Who may not administer the system gives up setuid programs for it.
  if (result == -EACCES && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0) result = install(flags);
  if (result < 0) return -result;
  *notifications = result;
  return 0;
}
