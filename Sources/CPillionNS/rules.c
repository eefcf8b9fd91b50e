// The rules inside: what the app sends out goes to the capture socket, but for what goes to its own addresses.
#include "agent.h"
#include "nft.h"

#include <netinet/in.h>

static const char table[] = "pillion", host_ports[] = "hostports";

// What goes to the app's own addresses is its own matter, and goes by `verdict`.
static void pass_own_addresses(const char *chain, int verdict, const char *target) {
  static const uint8_t loopback_v4[4] = {127}, mask_v4[4] = {255};
  static const uint8_t loopback_v6[16] = {[15] = 1};
  const struct {
    uint8_t family;
    const uint8_t *address, *mask;
  } own[] = {
      {NFPROTO_IPV4, loopback_v4, mask_v4}, {NFPROTO_IPV6, loopback_v6, NULL},
      {NFPROTO_IPV4, agent_own_v4, NULL}, {NFPROTO_IPV6, agent_own_v6, NULL}};
  for (size_t index = 0; index < sizeof own / sizeof *own; index++) {
    nft_begin_rule(chain);
    nft_match_destination(own[index].family, own[index].address, own[index].mask);
    nft_verdict(verdict, target);
    nft_end_rule();
  }
}

static void accept_marked(const char *chain) {
  nft_begin_rule(chain);
  nft_match_mark(PL_NS_MARK);
  nft_verdict(NF_ACCEPT, NULL);
  nft_end_rule();
}

// DNS lands on the socket that is bound to port 53 of every address, as it does over UDP by itself.
static void accept_dns(const char *chain) {
  nft_begin_rule(chain);
  nft_match_protocol(IPPROTO_TCP);
  nft_match_destination_port(PL_NS_DNS_PORT);
  nft_verdict(NF_ACCEPT, NULL);
  nft_end_rule();
}

static void accept_all(const char *chain) {
  nft_begin_rule(chain);
  nft_verdict(NF_ACCEPT, NULL);
  nft_end_rule();
}

// All addresses being local, the kernel would answer for the whole world.
static void drop_echoes(const char *chain) {
  static const uint8_t families[] = {NFPROTO_IPV4, NFPROTO_IPV6};
  for (size_t index = 0; index < sizeof families; index++) {
    nft_begin_rule(chain);
    nft_match_echo_request(families[index]);
    nft_verdict(NF_DROP, NULL);
    nft_end_rule();
  }
}

// MARK: TPROXY

// But for DNS. What belongs to a flow that has its socket goes there by itself.
static void capture_datagrams(const char *chain) {
  nft_begin_rule(chain);
  nft_match_protocol(IPPROTO_UDP);
  nft_match_destination_port(PL_NS_DNS_PORT);
  nft_verdict(NF_ACCEPT, NULL);
  nft_end_rule();
  nft_begin_rule(chain);
  nft_match_protocol(IPPROTO_UDP);
  nft_tproxy(PL_NS_CAPTURE_PORT);
  nft_verdict(NF_ACCEPT, NULL);
  nft_end_rule();
}

static void fill_tproxy(bool with_socket_expression, bool with_datagrams) {
  nft_add_chain("own");
  nft_add_base_chain("pre", "filter", NF_INET_PRE_ROUTING, -150);
  if (with_socket_expression) {
    // The app's own listeners and connections come before the host's ports.
    nft_begin_rule("own");
    nft_match_plain_socket();
    nft_verdict(NF_ACCEPT, NULL);
    nft_end_rule();
  }
  nft_begin_rule("own");
  nft_match_syn();
  nft_match_destination_ports(host_ports);
  nft_tproxy(PL_NS_CAPTURE_PORT);
  nft_end_rule();
  accept_all("own");
  accept_marked("pre");
  pass_own_addresses("pre", NFT_JUMP, "own");
  accept_dns("pre");
  nft_begin_rule("pre");
  nft_match_syn();
  nft_tproxy(PL_NS_CAPTURE_PORT);
  nft_verdict(NF_ACCEPT, NULL);
  nft_end_rule();
  if (with_datagrams) capture_datagrams("pre");
  drop_echoes("pre");
}

// MARK: REDIRECT

static void redirect_tcp(const char *chain, const char *ports) {
  nft_begin_rule(chain);
  nft_match_protocol(IPPROTO_TCP);
  if (ports != NULL) nft_match_destination_ports(ports);
  nft_redirect(PL_NS_CAPTURE_PORT);
  nft_end_rule();
}

// The first packet of a connection decides, before it leaves: who listens where it goes cannot be asked there.
static void fill_redirect(void) {
  nft_add_chain("own");
  nft_add_base_chain("out", "nat", NF_INET_LOCAL_OUT, -100);
  nft_add_base_chain("pre", "filter", NF_INET_PRE_ROUTING, -150);
  redirect_tcp("own", host_ports);
  accept_all("own");
  accept_marked("out");
  pass_own_addresses("out", NFT_JUMP, "own");
  accept_dns("out");
  redirect_tcp("out", NULL);
  pass_own_addresses("pre", NF_ACCEPT, NULL);
  drop_echoes("pre");
}

int rules_load(enum rules_kind kind, const uint16_t *ports, size_t count, bool with_datagrams) {
  nft_begin();
  nft_add_table(table, 0);
  nft_add_port_set(host_ports, ports, count);
  if (kind == RULES_REDIRECT) fill_redirect();
  else fill_tproxy(kind == RULES_TPROXY, with_datagrams);
  return nft_send();
}

int pl_ns_change_host_ports(int netlink, const uint16_t *opened, size_t opened_count, const uint16_t *closed, size_t closed_count) {
  nft_begin();
  nft_change_port_set(table, host_ports, true, opened, opened_count);
  nft_change_port_set(table, host_ports, false, closed, closed_count);
  return nft_send_on(netlink);
}

int rules_remove(void) {
  nft_begin();
  nft_delete_table(table);
  return nft_send();
}
