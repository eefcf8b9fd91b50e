// `pillion doctor`: each capability tried to the end, in a process that is thrown away. A message each: the step, and an
// errno (0: it works).
#include "agent.h"

#include <sys/socket.h>

static int channel;

static void report(const char *step, int code) {
  struct pl_ns_message message = {.header = {.type = PL_NS_PROBE, .a = (uint32_t)code}};
  snprintf(message.text, sizeof message.text, "%s", step);
  pl_ns_send(channel, &message, NULL, 0);
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

int agent_probe(const struct agent_options *options) {
  channel = options->control;
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
  if (code != 0) {
    code = netlink_load_rules(false, NULL, 0);
    report("nftables-without-socket", code);
  }
  if (code != 0) return 1;
  report("mount", agent_lay_files("nameserver 127.0.0.1"));
  code = probe_listen(PL_NS_CAPTURE_PORT, SOCK_STREAM);
  if (code == 0) code = probe_listen(PL_NS_DNS_PORT, SOCK_DGRAM);
  if (code == 0) code = probe_inside();
  report("sockets", code);
  return code == 0 ? 0 : 1;
}
