#include "agent.h"
#include "netlink.h"
#include "nft.h"

#include <arpa/inet.h>
#include <linux/netfilter/nfnetlink.h>
#include <netinet/in.h>
#include <sys/socket.h>

enum { PORT_SET_ID = 1, INET_SERVICE = 13 };

static const char *table = "";

// MARK: Messages

static struct nlmsghdr *begin_message(int type, int flags) {
  struct nfgenmsg head = {.nfgen_family = NFPROTO_INET, .version = NFNETLINK_V0};
  return netlink_begin_message(NFNL_SUBSYS_NFTABLES << 8 | type, flags, &head, sizeof head);
}

static void mark_batch(int type) {
  struct nfgenmsg head = {.nfgen_family = AF_UNSPEC, .version = NFNETLINK_V0, .res_id = htons(NFNL_SUBSYS_NFTABLES)};
  netlink_end_message(netlink_begin_message(type, 0, &head, sizeof head));
}

void nft_begin(void) {
  netlink_begin();
  mark_batch(NFNL_MSG_BATCH_BEGIN);
}

int nft_send(void) {
  mark_batch(NFNL_MSG_BATCH_END);
  return netlink_send(NETLINK_NETFILTER);
}

int nft_send_on(int netlink) {
  mark_batch(NFNL_MSG_BATCH_END);
  return netlink_send_on(netlink);
}

// MARK: Tables

void nft_add_table(const char *name, uint32_t flags) {
  table = name;
  struct nlmsghdr *header = begin_message(NFT_MSG_NEWTABLE, NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK);
  netlink_put_text(NFTA_TABLE_NAME, name);
  netlink_put_u32(NFTA_TABLE_FLAGS, flags);
  netlink_end_message(header);
}

void nft_delete_table(const char *name) {
  struct nlmsghdr *header = begin_message(NFT_MSG_DELTABLE, NLM_F_ACK);
  netlink_put_text(NFTA_TABLE_NAME, name);
  netlink_end_message(header);
}

struct table_reader {
  void (*each)(const char *name, void *context);
  void *context;
};

static void read_table(const struct nlmsghdr *header, void *context) {
  const struct table_reader *reader = context;
  size_t offset = NLMSG_SPACE(sizeof(struct nfgenmsg));
  while (header->nlmsg_len >= offset + NLA_HDRLEN) {
    const struct nlattr *attribute = (const struct nlattr *)((const char *)header + offset);
    if (attribute->nla_len <= NLA_HDRLEN || attribute->nla_len > header->nlmsg_len - offset) return;
    const char *name = (const char *)attribute + NLA_HDRLEN;
    bool is_text = name[attribute->nla_len - NLA_HDRLEN - 1] == 0;
    if ((attribute->nla_type & NLA_TYPE_MASK) == NFTA_TABLE_NAME && is_text) reader->each(name, reader->context);
    offset += NLA_ALIGN(attribute->nla_len);
  }
}

int nft_each_table(void (*each)(const char *name, void *context), void *context) {
  struct table_reader reader = {each, context};
  netlink_begin();
  netlink_end_message(begin_message(NFT_MSG_GETTABLE, NLM_F_DUMP));
  return netlink_dump(NETLINK_NETFILTER, read_table, &reader);
}

// MARK: Chains and sets

static void add_chain(const char *name, const char *type, uint32_t hook, int32_t priority) {
  struct nlmsghdr *header = begin_message(NFT_MSG_NEWCHAIN, NLM_F_CREATE);
  netlink_put_text(NFTA_CHAIN_TABLE, table);
  netlink_put_text(NFTA_CHAIN_NAME, name);
  if (type != NULL) {
    struct nlattr *nest = netlink_begin_nest(NFTA_CHAIN_HOOK);
    netlink_put_u32(NFTA_HOOK_HOOKNUM, hook);
    netlink_put_u32(NFTA_HOOK_PRIORITY, (uint32_t)priority);
    netlink_end_nest(nest);
    netlink_put_u32(NFTA_CHAIN_POLICY, NF_ACCEPT);
    netlink_put_text(NFTA_CHAIN_TYPE, type);
  }
  netlink_end_message(header);
}

void nft_add_chain(const char *name) { add_chain(name, NULL, 0, 0); }

void nft_add_base_chain(const char *name, const char *type, uint32_t hook, int32_t priority) {
  add_chain(name, type, hook, priority);
}

static void put_value(int type, const void *data, size_t size) {
  struct nlattr *nest = netlink_begin_nest(type);
  netlink_put(NFTA_DATA_VALUE, data, size);
  netlink_end_nest(nest);
}

// The set may be of the same batch, where it is known by its id too.
static void put_ports(int type, const char *set, const uint16_t *ports, size_t count) {
  if (count == 0) return;
  struct nlmsghdr *header = begin_message(type, NLM_F_CREATE | NLM_F_ACK);
  netlink_put_text(NFTA_SET_ELEM_LIST_TABLE, table);
  netlink_put_text(NFTA_SET_ELEM_LIST_SET, set);
  netlink_put_u32(NFTA_SET_ELEM_LIST_SET_ID, PORT_SET_ID);
  struct nlattr *elements = netlink_begin_nest(NFTA_SET_ELEM_LIST_ELEMENTS);
  for (size_t index = 0; index < count; index++) {
    uint16_t port = htons(ports[index]);
    struct nlattr *element = netlink_begin_nest(NFTA_LIST_ELEM);
    put_value(NFTA_SET_ELEM_KEY, &port, sizeof port);
    netlink_end_nest(element);
  }
  netlink_end_nest(elements);
  netlink_end_message(header);
}

void nft_add_port_set(const char *name, const uint16_t *ports, size_t count) {
  struct nlmsghdr *header = begin_message(NFT_MSG_NEWSET, NLM_F_CREATE);
  netlink_put_text(NFTA_SET_TABLE, table);
  netlink_put_text(NFTA_SET_NAME, name);
  netlink_put_u32(NFTA_SET_KEY_TYPE, INET_SERVICE);
  netlink_put_u32(NFTA_SET_KEY_LEN, sizeof(uint16_t));
  netlink_put_u32(NFTA_SET_ID, PORT_SET_ID);
  netlink_put_u32(NFTA_SET_FLAGS, 0);
  netlink_end_message(header);
  put_ports(NFT_MSG_NEWSETELEM, name, ports, count);
}

void nft_change_port_set(const char *of_table, const char *name, bool adds, const uint16_t *ports, size_t count) {
  table = of_table;
  put_ports(adds ? NFT_MSG_NEWSETELEM : NFT_MSG_DELSETELEM, name, ports, count);
}

// MARK: Rules

static struct {
  struct nlmsghdr *header;
  struct nlattr *expressions;
} rule;

void nft_begin_rule(const char *chain) {
  rule.header = begin_message(NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND);
  netlink_put_text(NFTA_RULE_TABLE, table);
  netlink_put_text(NFTA_RULE_CHAIN, chain);
  rule.expressions = netlink_begin_nest(NFTA_RULE_EXPRESSIONS);
}

void nft_end_rule(void) {
  netlink_end_nest(rule.expressions);
  netlink_end_message(rule.header);
}

// MARK: Expressions

// A nest in a nest; both ends are kept.
struct expression {
  struct nlattr *element, *data;
};

static struct expression begin_expression(const char *name) {
  struct expression expression;
  expression.element = netlink_begin_nest(NFTA_LIST_ELEM);
  netlink_put_text(NFTA_EXPR_NAME, name);
  expression.data = netlink_begin_nest(NFTA_EXPR_DATA);
  return expression;
}

static void end_expression(struct expression expression) {
  netlink_end_nest(expression.data);
  netlink_end_nest(expression.element);
}

static void load_meta(uint32_t key) {
  struct expression expression = begin_expression("meta");
  netlink_put_u32(NFTA_META_DREG, NFT_REG_1);
  netlink_put_u32(NFTA_META_KEY, key);
  end_expression(expression);
}

static void load_payload(uint32_t base, uint32_t offset, uint32_t length) {
  struct expression expression = begin_expression("payload");
  netlink_put_u32(NFTA_PAYLOAD_DREG, NFT_REG_1);
  netlink_put_u32(NFTA_PAYLOAD_BASE, base);
  netlink_put_u32(NFTA_PAYLOAD_OFFSET, offset);
  netlink_put_u32(NFTA_PAYLOAD_LEN, length);
  end_expression(expression);
}

static void mask_with(const void *mask, uint32_t length) {
  static const uint8_t zeros[16];
  struct expression expression = begin_expression("bitwise");
  netlink_put_u32(NFTA_BITWISE_SREG, NFT_REG_1);
  netlink_put_u32(NFTA_BITWISE_DREG, NFT_REG_1);
  netlink_put_u32(NFTA_BITWISE_LEN, length);
  put_value(NFTA_BITWISE_MASK, mask, length);
  put_value(NFTA_BITWISE_XOR, zeros, length);
  end_expression(expression);
}

static void compare_by(int operation, const void *value, size_t length) {
  struct expression expression = begin_expression("cmp");
  netlink_put_u32(NFTA_CMP_SREG, NFT_REG_1);
  netlink_put_u32(NFTA_CMP_OP, (uint32_t)operation);
  put_value(NFTA_CMP_DATA, value, length);
  end_expression(expression);
}

static void compare(const void *value, size_t length) { compare_by(NFT_CMP_EQ, value, length); }

static void compare_u8(uint8_t value) { compare(&value, sizeof value); }

static void load_immediate_port(uint16_t port) {
  uint16_t big = htons(port);
  struct expression expression = begin_expression("immediate");
  netlink_put_u32(NFTA_IMMEDIATE_DREG, NFT_REG_1);
  put_value(NFTA_IMMEDIATE_DATA, &big, sizeof big);
  end_expression(expression);
}

void nft_match_protocol(uint8_t protocol) {
  load_meta(NFT_META_L4PROTO);
  compare_u8(protocol);
}

void nft_match_family(uint8_t family) {
  load_meta(NFT_META_NFPROTO);
  compare_u8(family);
}

void nft_match_mark(uint32_t mark) {
  load_meta(NFT_META_MARK);
  compare(&mark, sizeof mark);
}

void nft_match_group(uint32_t group) {
  load_meta(NFT_META_SKGID);
  compare(&group, sizeof group);
}

void nft_match_syn(void) {
  static const uint8_t mask = 0x17;
  nft_match_protocol(IPPROTO_TCP);
  load_payload(NFT_PAYLOAD_TRANSPORT_HEADER, 13, 1);
  mask_with(&mask, sizeof mask);
  compare_u8(0x02);
}

void nft_match_destination(uint8_t family, const void *address, const void *mask) {
  uint32_t length = family == NFPROTO_IPV4 ? 4 : 16;
  nft_match_family(family);
  load_payload(NFT_PAYLOAD_NETWORK_HEADER, family == NFPROTO_IPV4 ? 16 : 24, length);
  if (mask != NULL) mask_with(mask, length);
  compare(address, length);
}

void nft_match_destination_port(uint16_t port) {
  uint16_t big = htons(port);
  load_payload(NFT_PAYLOAD_TRANSPORT_HEADER, 2, sizeof big);
  compare(&big, sizeof big);
}

void nft_match_destination_ports(const char *set) {
  load_payload(NFT_PAYLOAD_TRANSPORT_HEADER, 2, sizeof(uint16_t));
  struct expression expression = begin_expression("lookup");
  netlink_put_text(NFTA_LOOKUP_SET, set);
  netlink_put_u32(NFTA_LOOKUP_SREG, NFT_REG_1);
  end_expression(expression);
}

void nft_match_echo_request(uint8_t family) {
  nft_match_family(family);
  nft_match_protocol(family == NFPROTO_IPV4 ? IPPROTO_ICMP : IPPROTO_ICMPV6);
  load_payload(NFT_PAYLOAD_TRANSPORT_HEADER, 0, 1);
  compare_u8(family == NFPROTO_IPV4 ? 8 : 128);
}

void nft_match_plain_socket(void) {
  struct expression expression = begin_expression("socket");
  netlink_put_u32(NFTA_SOCKET_KEY, NFT_SOCKET_TRANSPARENT);
  netlink_put_u32(NFTA_SOCKET_DREG, NFT_REG_1);
  end_expression(expression);
  compare_u8(0);
}

void nft_match_known_flow(void) {
  static const uint32_t known = 1 << 1 | 1 << 2, none = 0;  // NF_CT_STATE_BIT of IP_CT_ESTABLISHED and IP_CT_RELATED: 1 << (number + 1)
  struct expression expression = begin_expression("ct");
  netlink_put_u32(NFTA_CT_DREG, NFT_REG_1);
  netlink_put_u32(NFTA_CT_KEY, NFT_CT_STATE);
  end_expression(expression);
  mask_with(&known, sizeof known);
  compare_by(NFT_CMP_NEQ, &none, sizeof none);
}

void nft_match_cgroup(uint32_t level, uint64_t id) {
  struct expression expression = begin_expression("socket");
  netlink_put_u32(NFTA_SOCKET_KEY, NFT_SOCKET_CGROUPV2);
  netlink_put_u32(NFTA_SOCKET_DREG, NFT_REG_1);
  netlink_put_u32(NFTA_SOCKET_LEVEL, level);
  end_expression(expression);
  compare(&id, sizeof id);
}

void nft_tproxy(uint16_t port) {
  load_immediate_port(port);
  struct expression expression = begin_expression("tproxy");
  netlink_put_u32(NFTA_TPROXY_FAMILY, NFPROTO_UNSPEC);
  netlink_put_u32(NFTA_TPROXY_REG_PORT, NFT_REG_1);
  end_expression(expression);
}

void nft_redirect(uint16_t port) {
  load_immediate_port(port);
  struct expression expression = begin_expression("redir");
  netlink_put_u32(NFTA_REDIR_REG_PROTO_MIN, NFT_REG_1);
  end_expression(expression);
}

void nft_verdict(int code, const char *chain) {
  struct expression expression = begin_expression("immediate");
  netlink_put_u32(NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
  struct nlattr *data = netlink_begin_nest(NFTA_IMMEDIATE_DATA);
  struct nlattr *nest = netlink_begin_nest(NFTA_DATA_VERDICT);
  netlink_put_u32(NFTA_VERDICT_CODE, (uint32_t)code);
  if (chain != NULL) netlink_put_text(NFTA_VERDICT_CHAIN, chain);
  netlink_end_nest(nest);
  netlink_end_nest(data);
  end_expression(expression);
}
