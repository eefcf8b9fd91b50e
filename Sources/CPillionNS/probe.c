// `pillion doctor`: each capability tried to the end, in a process that is thrown away. A line each on standard output: the step, a
// tab, an errno (0: it works).
#include "agent.h"

#include <sys/socket.h>

static void report(const char *step, int code) {
  dprintf(STDOUT_FILENO, "%s\t%d\n", step, code);
}

static int probe_listen(uint16_t port, int type) {
  int fd = -1;
  int code = agent_listen(port, type, &fd);
  if (code == 0) close(fd);
  return code;
}

static int probe_inside(void) {
  int fd = -1;
  int code = agent_inside_socket(AF_INET, &fd);
  if (code == 0) close(fd);
  return code;
}

int agent_probe(void) {
  struct agent_failure failure;
  if (!agent_unshare(&failure)) {
    report(failure.step, failure.code);
    return 1;
  }
  report("unshare", 0);
  int code = netlink_raise_loopback();
  report("loopback", code);
  if (code != 0) return 1;
  code = netlink_add_local(AF_INET);
  report("routes", code);
  if (code != 0) return 1;
  report("ipv6", netlink_add_local(AF_INET6));
  code = netlink_load_rules(true, NULL, 0);
  report("nftables", code);
  if (code != 0) report("nftables-without-socket", code = netlink_load_rules(false, NULL, 0));
  if (code != 0) return 1;
  report("mount", agent_lay_files("nameserver 127.0.0.1"));
  code = probe_listen(PL_NS_CAPTURE_PORT, SOCK_STREAM);
  if (code == 0) code = probe_listen(PL_NS_DNS_PORT, SOCK_DGRAM);
  if (code == 0) code = probe_inside();
  report("sockets", code);
  return code == 0 ? 0 : 1;
}
