#include "agent.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/socket.h>

int write_file(const char *path, const char *text) {
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return errno;
  size_t length = strlen(text);
  int code = write(fd, text, length) == (ssize_t)length ? 0 : errno;
  close(fd);
  return code;
}

static bool fail(struct agent_failure *failure, const char *step, int code) {
  failure->step = step;
  failure->code = code;
  return false;
}

// The app keeps its own uid and gid, and has no others.
static bool map_user(uid_t uid, gid_t gid, struct agent_failure *failure) {
  char text[64];
  int code = write_file("/proc/self/setgroups", "deny");
  if (code != 0 && code != ENOENT) return fail(failure, "setgroups", code);
  snprintf(text, sizeof text, "%u %u 1", uid, uid);
  if ((code = write_file("/proc/self/uid_map", text)) != 0) return fail(failure, "uid_map", code);
  snprintf(text, sizeof text, "%u %u 1", gid, gid);
  if ((code = write_file("/proc/self/gid_map", text)) != 0) return fail(failure, "gid_map", code);
  return true;
}

bool agent_unshare(struct agent_failure *failure) {
  uid_t uid = geteuid();
  gid_t gid = getegid();
  // Root that may needs no user namespace: what the app does with its rights stays as it was.
  if (uid == 0 && unshare(CLONE_NEWNET | CLONE_NEWNS) == 0) return true;
  if (unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS) != 0) return fail(failure, "unshare", errno);
  return map_user(uid, gid, failure);
}

// What a container may keep read-only: the app does without.
static void set_limits(void) {
  char range[64];
  write_file("/proc/sys/net/ipv4/ip_unprivileged_port_start", "0");
  write_file("/proc/sys/net/ipv4/tcp_tw_reuse", "1");
  snprintf(range, sizeof range, "%u %u", getegid(), getegid());
  write_file("/proc/sys/net/ipv4/ping_group_range", range);
}

bool agent_lay_network(struct agent_place *place, struct agent_failure *failure) {
  int code = routes_raise_loopback();
  if (code != 0) return fail(failure, "loopback", code);
  if ((code = routes_add_local(AF_INET)) != 0) return fail(failure, "routes", code);
  place->has_ipv6 = routes_add_local(AF_INET6) == 0;
  set_limits();
  return true;
}
