#include "agent.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <sys/uio.h>
#include <sys/wait.h>

union fd_control {
  struct cmsghdr header;
  char bytes[CMSG_SPACE(PL_NS_MAX_FDS * sizeof(int))];
};

// Not on the stack, so that a filter can know it by its address.
static _Thread_local struct msghdr datagram;

const void *channel_datagram(void) { return &datagram; }

int pl_ns_send(int channel, const struct pl_ns_message *message, const int *fds, size_t count) {
  if (count > PL_NS_MAX_FDS) return EINVAL;
  union fd_control control;
  memset(&control, 0, sizeof control);
  struct iovec part = {.iov_base = (void *)message, .iov_len = sizeof *message};
  datagram = (struct msghdr){.msg_iov = &part, .msg_iovlen = 1};
  if (count > 0) {
    datagram.msg_control = control.bytes;
    datagram.msg_controllen = CMSG_SPACE(count * sizeof(int));
    struct cmsghdr *header = CMSG_FIRSTHDR(&datagram);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(count * sizeof(int));
    memcpy(CMSG_DATA(header), fds, count * sizeof(int));
  }
  ssize_t sent;
  do sent = sendmsg(channel, &datagram, MSG_NOSIGNAL);
  while (sent < 0 && errno == EINTR);
  return sent < 0 ? errno : 0;
}

// Takes the descriptors that came; those beyond the capacity are closed.
static size_t take_descriptors(struct msghdr *received, int *fds, size_t capacity) {
  size_t taken = 0;
  for (struct cmsghdr *header = CMSG_FIRSTHDR(received); header != NULL; header = CMSG_NXTHDR(received, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t index = 0; index < count; index++) {
      int fd;
      memcpy(&fd, CMSG_DATA(header) + index * sizeof fd, sizeof fd);
      if (taken < capacity) fds[taken++] = fd;
      else close(fd);
    }
  }
  return taken;
}

int pl_ns_receive(int channel, struct pl_ns_message *message, int *fds, size_t capacity, size_t *count) {
  union fd_control control;
  struct iovec part = {.iov_base = message, .iov_len = sizeof *message};
  struct msghdr incoming = {
      .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
  memset(message, 0, sizeof *message);
  *count = 0;
  ssize_t received;
  do received = recvmsg(channel, &incoming, MSG_CMSG_CLOEXEC);
  while (received < 0 && errno == EINTR);
  if (received < 0) return -errno;
  *count = take_descriptors(&incoming, fds, capacity);
  if (received == 0) return 0;
  message->text[PL_NS_TEXT_SIZE - 1] = 0;
  return (size_t)received < sizeof message->header ? -EPROTO : 1;
}

int pl_ns_socket_pair(int pair[2]) {
  return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0 ? 0 : errno;
}

pid_t pl_ns_spawn(char *const argv[], const int *keep) {
  posix_spawn_file_actions_t actions;
  int code = posix_spawn_file_actions_init(&actions);
  if (code != 0) return -code;
  // A descriptor duplicated onto itself loses close-on-exec, and the user's own keep their numbers.
  for (; *keep >= 0 && code == 0; keep++) code = posix_spawn_file_actions_adddup2(&actions, *keep, *keep);
  pid_t pid = -1;
  if (code == 0) code = posix_spawn(&pid, "/proc/self/exe", &actions, NULL, argv, environ);
  posix_spawn_file_actions_destroy(&actions);
  return code == 0 ? pid : -code;
}

bool pl_ns_mind_children(void) { return signal(SIGCHLD, SIG_DFL) == SIG_IGN; }

int pl_ns_become_subreaper(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0 ? 0 : errno; }

void pl_ns_die_by(int signal_number) {
  struct rlimit none = {0, 0};
  setrlimit(RLIMIT_CORE, &none);
  // Where cores go to a program, the limit does not count.
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  signal(signal_number, SIG_DFL);
  sigset_t all;
  sigfillset(&all);
  sigdelset(&all, signal_number);
  kill(getpid(), signal_number);
  sigprocmask(SIG_SETMASK, &all, NULL);
}

bool pl_ns_exited(int status) { return WIFEXITED(status); }
int pl_ns_exit_code(int status) { return WEXITSTATUS(status); }
int pl_ns_term_signal(int status) { return WTERMSIG(status); }

// A datagram with what the kernel says of it.
struct told_datagram {
  _Alignas(struct cmsghdr) char control[256];
  struct msghdr header;
};

static ssize_t receive_told(
    int socket, void *buffer, size_t size, void *name, socklen_t name_size, struct told_datagram *datagram) {
  struct iovec part = {.iov_base = buffer, .iov_len = size};
  datagram->header = (struct msghdr){
      .msg_name = name, .msg_namelen = name_size, .msg_iov = &part, .msg_iovlen = 1,
      .msg_control = datagram->control, .msg_controllen = sizeof datagram->control};
  ssize_t received;
  do received = recvmsg(socket, &datagram->header, MSG_DONTWAIT);
  while (received < 0 && errno == EINTR);
  datagram->header.msg_iov = NULL;  // it ends here
  return received < 0 ? -errno : received;
}

ssize_t pl_ns_receive_from(int socket, void *buffer, size_t size, struct pl_ns_peer *peer) {
  struct told_datagram datagram;
  ssize_t received = receive_told(socket, buffer, size, peer->name, sizeof peer->name, &datagram);
  if (received < 0) return received;
  peer->name_length = datagram.header.msg_namelen;
  peer->control_length = 0;
  struct msghdr *told = &datagram.header;
  for (struct cmsghdr *header = CMSG_FIRSTHDR(told); header != NULL; header = CMSG_NXTHDR(told, header)) {
    bool is_address = (header->cmsg_level == IPPROTO_IPV6 && header->cmsg_type == 50 /* IPV6_PKTINFO */) ||
                      (header->cmsg_level == IPPROTO_IP && header->cmsg_type == 8 /* IP_PKTINFO */);
    if (!is_address || header->cmsg_len > sizeof peer->control) continue;
    memcpy(peer->control, header, header->cmsg_len);
    peer->control_length = (uint32_t)header->cmsg_len;
    if (header->cmsg_level == IPPROTO_IPV6) break;
  }
  return received;
}

ssize_t pl_ns_receive_redirected(int socket, void *buffer, size_t size, struct pl_ns_flow *flow) {
  struct told_datagram datagram;
  ssize_t received = receive_told(socket, buffer, size, flow->from, sizeof flow->from, &datagram);
  if (received < 0) return received;
  flow->from_length = datagram.header.msg_namelen;
  flow->to_length = 0;
  struct msghdr *told = &datagram.header;
  for (struct cmsghdr *header = CMSG_FIRSTHDR(told); header != NULL; header = CMSG_NXTHDR(told, header)) {
    bool is_destination = (header->cmsg_level == IPPROTO_IPV6 && header->cmsg_type == 74 /* IPV6_ORIGDSTADDR */) ||
                          (header->cmsg_level == IPPROTO_IP && header->cmsg_type == 20 /* IP_ORIGDSTADDR */);
    size_t length = header->cmsg_len - CMSG_LEN(0);
    if (!is_destination || length > sizeof flow->to) continue;
    memcpy(flow->to, CMSG_DATA(header), length);
    flow->to_length = (uint32_t)length;
  }
  return received;
}

int pl_ns_send_to(int socket, const void *buffer, size_t size, const struct pl_ns_peer *peer) {
  union {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(64)];
  } control;
  memset(&control, 0, sizeof control);
  memcpy(control.bytes, peer->control, peer->control_length);
  if (peer->control_length > 0 && control.header.cmsg_level == IPPROTO_IP) {
    // in_pktinfo {ifindex, spec_dst, addr}: the address that was asked is the one to answer from.
    memset(CMSG_DATA(&control.header), 0, 4);
    memcpy(CMSG_DATA(&control.header) + 4, CMSG_DATA(&control.header) + 8, 4);
  } else if (peer->control_length > 0) {
    memset(CMSG_DATA(&control.header) + 16, 0, 4);
  }
  struct iovec part = {.iov_base = (void *)buffer, .iov_len = size};
  struct msghdr datagram = {
      .msg_name = (void *)peer->name, .msg_namelen = peer->name_length, .msg_iov = &part, .msg_iovlen = 1};
  if (peer->control_length > 0) {
    datagram.msg_control = control.bytes;
    datagram.msg_controllen = CMSG_ALIGN(peer->control_length);
  }
  ssize_t sent;
  do sent = sendmsg(socket, &datagram, MSG_NOSIGNAL | MSG_DONTWAIT);
  while (sent < 0 && errno == EINTR);
  return sent < 0 ? errno : 0;
}
