// `pillion doctor`: each capability tried to the end, in a process that is thrown away. A message each: the step, and an
// errno (0: it works). With `trap`, of that mode.
#include "agent.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

enum { PROBE_SECONDS = 3 };

static int channel;

static void report_with(const char *step, int code, const int *descriptor) {
  struct pl_ns_message message = {.header = {.type = PL_NS_PROBE, .a = (uint32_t)code, .b = (uint32_t)getpid()}};
  snprintf(message.text, sizeof message.text, "%s", step);
  pl_ns_send(channel, &message, descriptor, descriptor != NULL);
}

static void report(const char *step, int code) { report_with(step, code, NULL); }

static int probe_dns(int type) {
  int fd = -1;
  int code = agent_listen((struct agent_listener){.port = PL_NS_DNS_PORT, .type = type}, &fd);
  if (code == 0) close(fd);
  return code;
}

static int probe_inside(void) {
  int fd = -1;
  int code = agent_inside_socket(AF_INET, SOCK_STREAM, &fd);
  if (code == 0) close(fd);
  return code;
}

// A connect that is trapped, to an address that nobody has (RFC 5737), so that success is the proxy's doing.
static int probe_trap(void) {
  int notifications = -1;
  int code = pl_ns_trap(false, &notifications);
  report_with("seccomp", code, code == 0 ? &notifications : NULL);
  if (code != 0) return 1;
  close(notifications);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(PL_NS_PROBE_PORT)};
  inet_pton(AF_INET, PL_NS_PROBE_ADDRESS, &address.sin_addr);
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  // Should it not be trapped, and nobody answer, this process is ended.
  alarm(PROBE_SECONDS);
  report("connect", fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0 ? errno : 0);
  return 0;
}

static int probe_rootful(void) {
  struct agent_failure failure;
  report("root", geteuid() == 0 ? 0 : EPERM);
  if (geteuid() != 0) return 1;
  if (agent_unshare(&failure)) rootful_probe(report);
  else report(failure.step, failure.code);
  return 0;
}

int agent_probe(const struct agent_options *options) {
  channel = options->control;
  if (options->traps) return probe_trap();
  if (options->is_rootful) return probe_rootful();
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
