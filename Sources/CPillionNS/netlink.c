// rtnetlink and nf_tables, spoken directly: no program and no library is needed for it.
#include "agent.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

// The address that is the app's own, beside loopback: without one getaddrinfo takes the machine for offline.
static const uint8_t own_v4[4] = {10, 244, 0, 2};
static const uint8_t own_v6[16] = {0xfd, 0, 0x02, 0x44, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2};

enum { LOOPBACK_INDEX = 1, BATCH_SIZE = 32768 };

// Messages in the making. Nothing is ever written beyond the end; `overflow` says that something would have been.
struct batch {
  _Alignas(8) char bytes[BATCH_SIZE];
  size_t length;
  uint32_t sequence;
  bool overflow;
};

static struct batch batch;

static void begin_batch(void) {
  batch.length = 0;
  batch.sequence = 1;
  batch.overflow = false;
}

// Room for so many bytes, all zero.
static void *reserve(size_t size) {
  size_t aligned = NLMSG_ALIGN(size);
  if (batch.overflow || aligned > sizeof batch.bytes - batch.length) {
    batch.overflow = true;
    batch.length = 0;
    aligned = size < sizeof batch.bytes ? NLMSG_ALIGN(size) : 0;
  }
  void *place = batch.bytes + batch.length;
  memset(place, 0, aligned);
  batch.length += aligned;
  return place;
}

static struct nlmsghdr *begin_message(int type, int flags, const void *head, size_t head_size) {
  struct nlmsghdr *header = reserve(NLMSG_LENGTH(head_size));
  header->nlmsg_type = (uint16_t)type;
  header->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
  header->nlmsg_seq = batch.sequence++;
  memcpy(NLMSG_DATA(header), head, head_size);
  return header;
}

static void end_message(struct nlmsghdr *header) {
  header->nlmsg_len = (uint32_t)(batch.bytes + batch.length - (char *)header);
}

static void put(int type, const void *data, size_t size) {
  struct nlattr *attribute = reserve(NLA_HDRLEN + size);
  attribute->nla_type = (uint16_t)type;
  attribute->nla_len = (uint16_t)(NLA_HDRLEN + size);
  memcpy((char *)attribute + NLA_HDRLEN, data, size);
}

static void put_text(int type, const char *text) { put(type, text, strlen(text) + 1); }

// Integers of nf_tables are big-endian.
static void put_u32(int type, uint32_t value) {
  uint32_t big = htonl(value);
  put(type, &big, sizeof big);
}

static struct nlattr *begin_nest(int type) {
  struct nlattr *attribute = reserve(NLA_HDRLEN);
  attribute->nla_type = (uint16_t)(type | NLA_F_NESTED);
  return attribute;
}

static void end_nest(struct nlattr *attribute) {
  attribute->nla_len = (uint16_t)(batch.bytes + batch.length - (char *)attribute);
}

// The first error among the messages of a datagram.
static int first_error(const char *reply, size_t length) {
  for (size_t offset = 0; length - offset >= NLMSG_HDRLEN;) {
    const struct nlmsghdr *header = (const struct nlmsghdr *)(reply + offset);
    if (header->nlmsg_len < NLMSG_HDRLEN || header->nlmsg_len > length - offset) return EPROTO;
    if (header->nlmsg_type == NLMSG_ERROR && header->nlmsg_len >= NLMSG_LENGTH(sizeof(struct nlmsgerr))) {
      int code = -((const struct nlmsgerr *)NLMSG_DATA(header))->error;
      if (code != 0) return code;
    }
    size_t size = NLMSG_ALIGN(header->nlmsg_len);
    offset = size < length - offset ? offset + size : length;
  }
  return 0;
}

// The first error among the replies that wait.
static int read_replies(int netlink) {
  _Alignas(8) char reply[8192];
  for (;;) {
    ssize_t length = recv(netlink, reply, sizeof reply, MSG_DONTWAIT);
    if (length < 0) return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : errno;
    if (length == 0) return 0;
    int code = first_error(reply, (size_t)length);
    if (code != 0) return code;
  }
}

static int send_batch(int protocol) {
  if (batch.overflow) return EMSGSIZE;
  int netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
  if (netlink < 0) return errno;
  struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
  int code = 0;
  if (sendto(netlink, batch.bytes, batch.length, 0, (struct sockaddr *)&kernel, sizeof kernel) < 0) code = errno;
  // The kernel has answered before sendto returns.
  if (code == 0) code = read_replies(netlink);
  close(netlink);
  return code;
}

// MARK: Routes

int netlink_raise_loopback(void) {
  begin_batch();
  struct ifinfomsg link = {.ifi_index = LOOPBACK_INDEX, .ifi_flags = IFF_UP, .ifi_change = IFF_UP};
  end_message(begin_message(RTM_NEWLINK, NLM_F_ACK, &link, sizeof link));
  return send_batch(NETLINK_ROUTE);
}

static void put_address(int family) {
  const void *own = family == AF_INET ? (const void *)own_v4 : (const void *)own_v6;
  size_t size = family == AF_INET ? sizeof own_v4 : sizeof own_v6;
  struct ifaddrmsg address = {
      .ifa_family = (uint8_t)family, .ifa_prefixlen = (uint8_t)(size * 8), .ifa_index = LOOPBACK_INDEX,
      .ifa_flags = family == AF_INET6 ? IFA_F_NODAD : 0};
  struct nlmsghdr *header = begin_message(RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE, &address, sizeof address);
  put(IFA_LOCAL, own, size);
  put(IFA_ADDRESS, own, size);
  end_message(header);
}

int netlink_add_local(int family) {
  begin_batch();
  put_address(family);
  struct rtmsg route = {
      .rtm_family = (uint8_t)family, .rtm_table = RT_TABLE_LOCAL, .rtm_protocol = RTPROT_STATIC,
      .rtm_scope = RT_SCOPE_HOST, .rtm_type = RTN_LOCAL};
  struct nlmsghdr *header = begin_message(RTM_NEWROUTE, NLM_F_ACK | NLM_F_CREATE, &route, sizeof route);
  uint32_t index = LOOPBACK_INDEX;
  put(RTA_OIF, &index, sizeof index);
  if (family == AF_INET) put(RTA_PREFSRC, own_v4, sizeof own_v4);
  else put(RTA_PREFSRC, own_v6, sizeof own_v6);
  end_message(header);
  return send_batch(NETLINK_ROUTE);
}

// MARK: Rules

static const char table[] = "pillion";

static struct nlmsghdr *begin_nft(int type, int flags) {
  struct nfgenmsg head = {.nfgen_family = NFPROTO_INET, .version = NFNETLINK_V0};
  return begin_message(NFNL_SUBSYS_NFTABLES << 8 | type, NLM_F_CREATE | flags, &head, sizeof head);
}

static void mark_batch(int type) {
  struct nfgenmsg head = {.nfgen_family = AF_UNSPEC, .version = NFNETLINK_V0, .res_id = htons(NFNL_SUBSYS_NFTABLES)};
  end_message(begin_message(type, 0, &head, sizeof head));
}

static void put_value(int type, const void *data, size_t size) {
  struct nlattr *nest = begin_nest(type);
  put(NFTA_DATA_VALUE, data, size);
  end_nest(nest);
}

// An expression is a nest in a nest; both ends are kept.
struct expression {
  struct nlattr *element, *data;
};

static struct expression begin_expression(const char *name) {
  struct expression expression;
  expression.element = begin_nest(NFTA_LIST_ELEM);
  put_text(NFTA_EXPR_NAME, name);
  expression.data = begin_nest(NFTA_EXPR_DATA);
  return expression;
}

static void end_expression(struct expression expression) {
  end_nest(expression.data);
  end_nest(expression.element);
}

static void load_meta(uint32_t key) {
  struct expression expression = begin_expression("meta");
  put_u32(NFTA_META_DREG, NFT_REG_1);
  put_u32(NFTA_META_KEY, key);
  end_expression(expression);
}

static void load_payload(uint32_t base, uint32_t offset, uint32_t length) {
  struct expression expression = begin_expression("payload");
  put_u32(NFTA_PAYLOAD_DREG, NFT_REG_1);
  put_u32(NFTA_PAYLOAD_BASE, base);
  put_u32(NFTA_PAYLOAD_OFFSET, offset);
  put_u32(NFTA_PAYLOAD_LEN, length);
  end_expression(expression);
}

static void mask_with(const void *mask, uint32_t length) {
  static const uint8_t zeros[16];
  struct expression expression = begin_expression("bitwise");
  put_u32(NFTA_BITWISE_SREG, NFT_REG_1);
  put_u32(NFTA_BITWISE_DREG, NFT_REG_1);
  put_u32(NFTA_BITWISE_LEN, length);
  put_value(NFTA_BITWISE_MASK, mask, length);
  put_value(NFTA_BITWISE_XOR, zeros, length);
  end_expression(expression);
}

static void compare(const void *value, size_t length) {
  struct expression expression = begin_expression("cmp");
  put_u32(NFTA_CMP_SREG, NFT_REG_1);
  put_u32(NFTA_CMP_OP, NFT_CMP_EQ);
  put_value(NFTA_CMP_DATA, value, length);
  end_expression(expression);
}

static void compare_u8(uint8_t value) { compare(&value, sizeof value); }

static void match_l4(uint8_t protocol) {
  load_meta(NFT_META_L4PROTO);
  compare_u8(protocol);
}

static void match_family(uint8_t family) {
  load_meta(NFT_META_NFPROTO);
  compare_u8(family);
}

// tcp flags syn / fin,syn,rst,ack
static void match_syn(void) {
  match_l4(IPPROTO_TCP);
  load_payload(NFT_PAYLOAD_TRANSPORT_HEADER, 13, 1);
  uint8_t mask = 0x17;
  mask_with(&mask, 1);
  compare_u8(0x02);
}

static void to_proxy(void) {
  uint16_t port = htons(PL_NS_CAPTURE_PORT);
  struct expression immediate = begin_expression("immediate");
  put_u32(NFTA_IMMEDIATE_DREG, NFT_REG_1);
  put_value(NFTA_IMMEDIATE_DATA, &port, sizeof port);
  end_expression(immediate);
  struct expression tproxy = begin_expression("tproxy");
  put_u32(NFTA_TPROXY_FAMILY, NFPROTO_UNSPEC);
  put_u32(NFTA_TPROXY_REG_PORT, NFT_REG_1);
  end_expression(tproxy);
}

static void verdict(int code, const char *chain) {
  struct expression expression = begin_expression("immediate");
  put_u32(NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
  struct nlattr *data = begin_nest(NFTA_IMMEDIATE_DATA);
  struct nlattr *nest = begin_nest(NFTA_DATA_VERDICT);
  put_u32(NFTA_VERDICT_CODE, (uint32_t)code);
  if (chain != NULL) put_text(NFTA_VERDICT_CHAIN, chain);
  end_nest(nest);
  end_nest(data);
  end_expression(expression);
}

struct rule {
  struct nlmsghdr *header;
  struct nlattr *expressions;
};

static struct rule begin_rule(const char *chain) {
  struct rule rule;
  rule.header = begin_nft(NFT_MSG_NEWRULE, NLM_F_APPEND);
  put_text(NFTA_RULE_TABLE, table);
  put_text(NFTA_RULE_CHAIN, chain);
  rule.expressions = begin_nest(NFTA_RULE_EXPRESSIONS);
  return rule;
}

static void end_rule(struct rule rule) {
  end_nest(rule.expressions);
  end_message(rule.header);
}

static void add_table(void) {
  struct nlmsghdr *header = begin_nft(NFT_MSG_NEWTABLE, NLM_F_ACK);
  put_text(NFTA_TABLE_NAME, table);
  end_message(header);
}

// Ports of the host's loopback that the app may use.
static void add_host_ports(const uint16_t *ports, size_t count) {
  struct nlmsghdr *header = begin_nft(NFT_MSG_NEWSET, 0);
  put_text(NFTA_SET_TABLE, table);
  put_text(NFTA_SET_NAME, "hostports");
  put_u32(NFTA_SET_KEY_TYPE, 13);
  put_u32(NFTA_SET_KEY_LEN, 2);
  put_u32(NFTA_SET_ID, 1);
  put_u32(NFTA_SET_FLAGS, 0);
  end_message(header);
  if (count == 0) return;
  header = begin_nft(NFT_MSG_NEWSETELEM, 0);
  put_text(NFTA_SET_ELEM_LIST_TABLE, table);
  put_text(NFTA_SET_ELEM_LIST_SET, "hostports");
  put_u32(NFTA_SET_ELEM_LIST_SET_ID, 1);
  struct nlattr *elements = begin_nest(NFTA_SET_ELEM_LIST_ELEMENTS);
  for (size_t index = 0; index < count; index++) {
    uint16_t port = htons(ports[index]);
    struct nlattr *element = begin_nest(NFTA_LIST_ELEM);
    put_value(NFTA_SET_ELEM_KEY, &port, sizeof port);
    end_nest(element);
  }
  end_nest(elements);
  end_message(header);
}

static void add_chain(const char *name, bool is_base) {
  struct nlmsghdr *header = begin_nft(NFT_MSG_NEWCHAIN, 0);
  put_text(NFTA_CHAIN_TABLE, table);
  put_text(NFTA_CHAIN_NAME, name);
  if (is_base) {
    struct nlattr *hook = begin_nest(NFTA_CHAIN_HOOK);
    put_u32(NFTA_HOOK_HOOKNUM, NF_INET_PRE_ROUTING);
    put_u32(NFTA_HOOK_PRIORITY, (uint32_t)-150);
    end_nest(hook);
    put_u32(NFTA_CHAIN_POLICY, NF_ACCEPT);
    put_text(NFTA_CHAIN_TYPE, "filter");
  }
  end_message(header);
}

// What goes to the app's own addresses: its own listeners and connections first, then the host's ports.
static void fill_own_chain(bool with_socket_expression) {
  struct rule rule;
  if (with_socket_expression) {
    rule = begin_rule("own");
    struct expression expression = begin_expression("socket");
    put_u32(NFTA_SOCKET_KEY, NFT_SOCKET_TRANSPARENT);
    put_u32(NFTA_SOCKET_DREG, NFT_REG_1);
    end_expression(expression);
    compare_u8(0);
    verdict(NF_ACCEPT, NULL);
    end_rule(rule);
  }
  rule = begin_rule("own");
  match_syn();
  load_payload(NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2);
  struct expression lookup = begin_expression("lookup");
  put_text(NFTA_LOOKUP_SET, "hostports");
  put_u32(NFTA_LOOKUP_SREG, NFT_REG_1);
  end_expression(lookup);
  to_proxy();
  end_rule(rule);
  rule = begin_rule("own");
  verdict(NF_ACCEPT, NULL);
  end_rule(rule);
}

static void jump_to_own(uint8_t family, const void *address, const void *mask, uint32_t length) {
  struct rule rule = begin_rule("pre");
  match_family(family);
  load_payload(NFT_PAYLOAD_NETWORK_HEADER, family == NFPROTO_IPV4 ? 16 : 24, length);
  if (mask != NULL) mask_with(mask, length);
  compare(address, length);
  verdict(NFT_JUMP, "own");
  end_rule(rule);
}

static void drop_echo(uint8_t family, uint8_t protocol, uint8_t type) {
  struct rule rule = begin_rule("pre");
  match_family(family);
  match_l4(protocol);
  load_payload(NFT_PAYLOAD_TRANSPORT_HEADER, 0, 1);
  compare_u8(type);
  verdict(NF_DROP, NULL);
  end_rule(rule);
}

static void fill_main_chain(void) {
  struct rule rule = begin_rule("pre");
  uint32_t mark = PL_NS_MARK;
  load_meta(NFT_META_MARK);
  compare(&mark, sizeof mark);
  verdict(NF_ACCEPT, NULL);
  end_rule(rule);
  static const uint8_t loopback_v4[4] = {127}, mask_v4[4] = {255};
  static const uint8_t loopback_v6[16] = {[15] = 1};
  jump_to_own(NFPROTO_IPV4, loopback_v4, mask_v4, 4);
  jump_to_own(NFPROTO_IPV6, loopback_v6, NULL, 16);
  jump_to_own(NFPROTO_IPV4, own_v4, NULL, 4);
  jump_to_own(NFPROTO_IPV6, own_v6, NULL, 16);
  // DNS lands on the socket that is bound to port 53 of every address, as it does over UDP by itself.
  uint16_t dns = htons(PL_NS_DNS_PORT);
  rule = begin_rule("pre");
  match_l4(IPPROTO_TCP);
  load_payload(NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2);
  compare(&dns, sizeof dns);
  verdict(NF_ACCEPT, NULL);
  end_rule(rule);
  rule = begin_rule("pre");
  match_syn();
  to_proxy();
  verdict(NF_ACCEPT, NULL);
  end_rule(rule);
  // All addresses being local, the kernel would answer for the whole world.
  drop_echo(NFPROTO_IPV4, IPPROTO_ICMP, 8);
  drop_echo(NFPROTO_IPV6, IPPROTO_ICMPV6, 128);
}

int netlink_load_rules(bool with_socket_expression, const uint16_t *host_ports, size_t count) {
  begin_batch();
  mark_batch(NFNL_MSG_BATCH_BEGIN);
  add_table();
  add_host_ports(host_ports, count);
  add_chain("own", false);
  add_chain("pre", true);
  fill_own_chain(with_socket_expression);
  fill_main_chain();
  mark_batch(NFNL_MSG_BATCH_END);
  return send_batch(NETLINK_NETFILTER);
}
