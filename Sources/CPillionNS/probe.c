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

static int probe_dns(int type) {
  int fd = -1;
  int code = agent_listen((struct agent_listener){.port = PL_NS_DNS_PORT, .type = type}, &fd);
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
  struct agent_place place = {.has_ipv6 = false};
  if (!agent_lay_network(&place, &failure)) {
    report(failure.step, failure.code);
    return 1;
  }
  report("routes", 0);
  report("ipv6", place.has_ipv6 ? 0 : EAFNOSUPPORT);
  static struct agent_options any_port = {.captured_ports = {.list = {80}, .count = 1}};
  agent_probe_capture(&any_port, report);
  report("mount", agent_lay_files("nameserver 127.0.0.1"));
  int code = probe_dns(SOCK_DGRAM);
  if (code == 0) code = probe_dns(SOCK_STREAM);
  if (code == 0) code = probe_inside();
  report("sockets", code);
  return code == 0 ? 0 : 1;
}
