// How connections are captured inside: the first way that this kernel takes.
#include "agent.h"

#include <sys/socket.h>

struct way {
  const char *name;
  // Lays it out; the capture sockets go to the place.
  int (*lay)(const struct agent_options *options, struct agent_place *place);
};

static int listen_at(struct agent_place *place, uint16_t port) {
  if (place->capture_count == sizeof place->captures / sizeof *place->captures) return EMFILE;
  int code = agent_listen((struct agent_listener){.port = port, .type = SOCK_STREAM}, &place->captures[place->capture_count]);
  if (code == 0) place->capture_count++;
  return code;
}

// Datagrams are captured by TPROXY only: with REDIRECT nobody could tell where they were to go.
static int receive_datagrams(struct agent_place *place) {
  struct agent_listener wanted = {.port = PL_NS_CAPTURE_PORT, .type = SOCK_DGRAM, .tells_destination = true};
  return agent_listen(wanted, &place->datagrams);
}

static int lay_rules(enum rules_kind kind, const struct agent_options *options, struct agent_place *place) {
  int code = listen_at(place, PL_NS_CAPTURE_PORT);
  // TPROXY hands connections to transparent sockets only.
  if (code == 0 && kind != RULES_REDIRECT && !agent_is_transparent(place->captures[0])) code = EPERM;
  if (code == 0 && kind != RULES_REDIRECT && options->relays_datagrams) code = receive_datagrams(place);
  if (code != 0) return code;
  return rules_load(kind, options->host_ports.list, options->host_ports.count, options->relays_datagrams);
}

static int lay_tproxy(const struct agent_options *options, struct agent_place *place) {
  return lay_rules(RULES_TPROXY, options, place);
}

// WSL2's kernel has no socket expression: there a port of the host's goes before the app's own.
static int lay_tproxy_without_socket(const struct agent_options *options, struct agent_place *place) {
  return lay_rules(RULES_TPROXY_WITHOUT_SOCKET, options, place);
}

static int lay_redirect(const struct agent_options *options, struct agent_place *place) {
  return lay_rules(RULES_REDIRECT, options, place);
}

// Every address is the machine's own, and so a listener at each port that is known gets what goes to it.
static int lay_listeners(const struct agent_options *options, struct agent_place *place) {
  if (options->captured_ports.is_cut) return E2BIG;
  for (size_t index = 0; index < options->captured_ports.count; index++) {
    int code = listen_at(place, options->captured_ports.list[index]);
    if (code != 0) return code;
  }
  return place->capture_count > 0 && agent_is_transparent(place->captures[0]) ? 0 : EPERM;
}

static const struct way ways[] = {
    {"tproxy", lay_tproxy},
    {"tproxy-without-socket", lay_tproxy_without_socket},
    {"redirect", lay_redirect},
    {"anyip", lay_listeners},
};
enum { WAY_COUNT = sizeof ways / sizeof *ways };

static void close_captures(struct agent_place *place) {
  while (place->capture_count > 0) close(place->captures[--place->capture_count]);
  if (place->datagrams >= 0) close(place->datagrams);
  place->datagrams = -1;
}

bool agent_lay_capture(const struct agent_options *options, struct agent_place *place, struct agent_failure *failure) {
  failure->code = 0;
  for (size_t index = 0; index < WAY_COUNT; index++) {
    if (options->variant != NULL && strcmp(options->variant, ways[index].name) != 0) continue;
    int code = ways[index].lay(options, place);
    place->variant = ways[index].name;
    if (code == 0) return true;
    close_captures(place);
    // The best way's refusal is what is worth mending.
    if (failure->code == 0) *failure = (struct agent_failure){.step = ways[index].name, .code = code};
  }
  if (failure->code == 0) *failure = (struct agent_failure){.step = "variant", .code = EINVAL};
  return false;
}

void agent_probe_capture(const struct agent_options *options, void (*report)(const char *step, int code)) {
  for (size_t index = 0; index < WAY_COUNT; index++) {
    struct agent_place place = {.datagrams = -1};
    int code = ways[index].lay(options, &place);
    report(ways[index].name, code);
    close_captures(&place);
    if (code == 0) rules_remove();
  }
}
