// What the proxy needs to answer for a trapped call (seccomp_unotify(2)): to hear of it, to look into the process that
// made it, and to say what becomes of it.
#include "agent.h"

#include <fcntl.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/xattr.h>

#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS SECCOMP_IOW(4, __u64)
#endif

enum {
  FLAG_SYNC_WAKE_UP = 1,      // SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP, Linux 6.6
  FLAG_PIDFD_THREAD = O_EXCL, // Linux 6.9
  OPT_NETNS_COOKIE = 71,      // SO_NETNS_COOKIE, Linux 5.14
  RECORD_SIZE = 512,          // of the kernel's structures, which may grow
};

int pl_ns_notify_prepare(int notifications) {
  struct seccomp_notif_sizes sizes;
  if (syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes) != 0) return errno;
  if (sizes.seccomp_notif > RECORD_SIZE || sizes.seccomp_notif_resp > RECORD_SIZE) return EOVERFLOW;
  // The kernel then wakes whom it waits for on the same processor. Older ones do without.
  ioctl(notifications, SECCOMP_IOCTL_NOTIF_SET_FLAGS, FLAG_SYNC_WAKE_UP);
  return 0;
}

int pl_ns_notify_receive(int notifications, struct pl_ns_call *call) {
  union {
    struct seccomp_notif record;
    char bytes[RECORD_SIZE];
  } notice;
  memset(&notice, 0, sizeof notice);
  if (ioctl(notifications, SECCOMP_IOCTL_NOTIF_RECV, &notice) != 0) return errno;
  const __u64 *arguments = notice.record.data.args;
  *call = (struct pl_ns_call){
      .id = notice.record.id, .task = (int32_t)notice.record.pid, .socket = (int32_t)arguments[0]};
  switch (notice.record.data.nr) {
    case SYS_connect:
      call->kind = PL_NS_CONNECT;
      call->address = arguments[1];
      call->length = (uint32_t)arguments[2];
      break;
    case SYS_sendto:
      call->kind = PL_NS_SENDTO;
      call->flags = (uint32_t)arguments[3];
      call->address = arguments[4];
      call->length = (uint32_t)arguments[5];
      break;
    case SYS_sendmsg:
    case SYS_sendmmsg: {
      bool is_one = notice.record.data.nr == SYS_sendmsg;
      call->kind = PL_NS_SENDMSG;
      call->buffer = arguments[1];
      call->size = is_one ? sizeof(struct msghdr) : sizeof(struct mmsghdr);
      call->count = is_one ? 1 : (uint32_t)arguments[2];
      call->flags = (uint32_t)arguments[is_one ? 2 : 3];
      break;
    }
    default:
      call->kind = PL_NS_RECVFROM;
      call->buffer = arguments[1];
      call->size = arguments[2];
      call->flags = (uint32_t)arguments[3];
      call->address = arguments[4];
      call->length_address = arguments[5];
  }
  return 0;
}

static int answer(int notifications, uint64_t id, int error, int64_t value, uint32_t flags) {
  union {
    struct seccomp_notif_resp record;
    char bytes[RECORD_SIZE];
  } reply;
  memset(&reply, 0, sizeof reply);
  reply.record.id = id;
  reply.record.error = -error;
  reply.record.val = value;
  reply.record.flags = flags;
  return ioctl(notifications, SECCOMP_IOCTL_NOTIF_SEND, &reply) == 0 ? 0 : errno;
}

int pl_ns_notify_answer(int notifications, uint64_t id, int error) { return answer(notifications, id, error, 0, 0); }

int pl_ns_notify_return(int notifications, uint64_t id, int64_t value) { return answer(notifications, id, 0, value, 0); }

int pl_ns_notify_continue(int notifications, uint64_t id) {
  return answer(notifications, id, 0, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE);
}

bool pl_ns_notify_is_valid(int notifications, uint64_t id) {
  return ioctl(notifications, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0;
}

// MARK: The process

// The process of a thread; 0 where it is gone.
static pid_t group_of(pid_t task) {
  char path[64], text[1024];
  snprintf(path, sizeof path, "/proc/%d/status", task);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  ssize_t length = read(fd, text, sizeof text - 1);
  close(fd);
  text[length > 0 ? length : 0] = 0;
  const char *line = strstr(text, "\nTgid:");
  return line == NULL ? 0 : (pid_t)strtol(line + 6, NULL, 10);
}

int pl_ns_open_process(pid_t task) {
  long fd = syscall(SYS_pidfd_open, task, FLAG_PIDFD_THREAD);
  if (fd < 0 && errno == EINVAL) {
    pid_t group = group_of(task);
    if (group <= 0) return -ESRCH;
    fd = syscall(SYS_pidfd_open, group, 0);
    if (fd >= 0) fcntl((int)fd, F_SETFD, FD_CLOEXEC);
  }
  return fd < 0 ? -errno : (int)fd;
}

int pl_ns_take_descriptor(int process, int descriptor) {
  long fd = syscall(SYS_pidfd_getfd, process, descriptor, 0);
  return fd < 0 ? -errno : (int)fd;
}

ssize_t pl_ns_read_memory(pid_t task, uint64_t address, void *buffer, size_t size) {
  struct iovec here = {.iov_base = buffer, .iov_len = size}, there = {.iov_base = (void *)address, .iov_len = size};
  ssize_t count = process_vm_readv(task, &here, 1, &there, 1, 0);
  return count < 0 ? -errno : count;
}

ssize_t pl_ns_write_memory(pid_t task, uint64_t address, const void *buffer, size_t size) {
  struct iovec here = {.iov_base = (void *)buffer, .iov_len = size}, there = {.iov_base = (void *)address, .iov_len = size};
  ssize_t count = process_vm_writev(task, &here, 1, &there, 1, 0);
  return count < 0 ? -errno : count;
}

int pl_ns_read_message(const struct pl_ns_call *call, uint32_t index, struct pl_ns_call *message) {
  struct msghdr header;
  ssize_t count = pl_ns_read_memory(call->task, call->buffer + index * call->size, &header, sizeof header);
  if (count < 0) return (int)-count;
  if (count != (ssize_t)sizeof header) return EFAULT;
  *message = *call;
  message->address = (uint64_t)(uintptr_t)header.msg_name;
  message->length = header.msg_name == NULL ? 0 : header.msg_namelen;
  return 0;
}

// MARK: Its sockets

static bool has_device(int socket) {
  char name[IF_NAMESIZE] = "";
  socklen_t size = sizeof name;
  if (getsockopt(socket, SOL_SOCKET, SO_BINDTODEVICE, name, &size) != 0 || size == 0) return false;
  return name[0] != 0 && strncmp(name, "lo", sizeof name) != 0;
}

// What is bound keeps IPV6_V6ONLY, and its address.
static bool is_ipv6_only(int socket) {
  struct sockaddr_in6 own = {.sin6_family = AF_UNSPEC};
  socklen_t size = sizeof own;
  if (getsockname(socket, (struct sockaddr *)&own, &size) != 0 || own.sin6_family != AF_INET6) return false;
  bool has_address = !IN6_IS_ADDR_UNSPECIFIED(&own.sin6_addr) && !IN6_IS_ADDR_V4MAPPED(&own.sin6_addr);
  if (has_address || own.sin6_port == 0) return has_address;
  int value = 0;
  size = sizeof value;
  return getsockopt(socket, IPPROTO_IPV6, IPV6_V6ONLY, &value, &size) == 0 && value != 0;
}

int pl_ns_inspect_socket(int socket, struct pl_ns_socket *facts) {
  socklen_t size = sizeof facts->protocol;
  memset(facts, 0, sizeof *facts);
  if (getsockopt(socket, SOL_SOCKET, SO_PROTOCOL, &facts->protocol, &size) != 0) return errno;
  size = sizeof facts->family;
  if (getsockopt(socket, SOL_SOCKET, SO_DOMAIN, &facts->family, &size) != 0) return errno;
  size = sizeof facts->network;
  // A kernel that has no cookies of networks gives the same to all.
  if (getsockopt(socket, SOL_SOCKET, OPT_NETNS_COOKIE, &facts->network, &size) != 0) facts->network = 0;
  facts->has_device = has_device(socket);
  facts->is_ipv6_only = is_ipv6_only(socket);
  return 0;
}

int pl_ns_protocol_name(pid_t task, int socket, char *name, size_t size) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/fd/%d", task, socket);
  ssize_t length = getxattr(path, "system.sockprotoname", name, size - 1);
  if (length < 0) return errno;
  name[length] = 0;
  return 0;
}

bool pl_ns_shares_network(pid_t task) {
  char path[64];
  struct stat ours, theirs;
  snprintf(path, sizeof path, "/proc/%d/ns/net", task);
  if (stat("/proc/self/ns/net", &ours) != 0 || stat(path, &theirs) != 0) return true;
  return ours.st_ino == theirs.st_ino;
}
