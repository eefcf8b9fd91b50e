// netlink spoken directly: no program and no library is needed for it.
#include "agent.h"
#include "netlink.h"

#include <arpa/inet.h>
#include <sys/socket.h>

enum { BATCH_SIZE = 32768 };

// Messages in the making. Nothing is ever written beyond the end; `overflow` says that something would have been.
struct batch {
  _Alignas(8) char bytes[BATCH_SIZE];
  size_t length;
  uint32_t sequence;
  bool overflow;
};

static struct batch batch;

void netlink_begin(void) {
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

struct nlmsghdr *netlink_begin_message(int type, int flags, const void *head, size_t head_size) {
  struct nlmsghdr *header = reserve(NLMSG_LENGTH(head_size));
  header->nlmsg_type = (uint16_t)type;
  header->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
  header->nlmsg_seq = batch.sequence++;
  memcpy(NLMSG_DATA(header), head, head_size);
  return header;
}

void netlink_end_message(struct nlmsghdr *header) {
  header->nlmsg_len = (uint32_t)(batch.bytes + batch.length - (char *)header);
}

void netlink_put(int type, const void *data, size_t size) {
  struct nlattr *attribute = reserve(NLA_HDRLEN + size);
  attribute->nla_type = (uint16_t)type;
  attribute->nla_len = (uint16_t)(NLA_HDRLEN + size);
  memcpy((char *)attribute + NLA_HDRLEN, data, size);
}

void netlink_put_text(int type, const char *text) { netlink_put(type, text, strlen(text) + 1); }

void netlink_put_u32(int type, uint32_t value) {
  uint32_t big = htonl(value);
  netlink_put(type, &big, sizeof big);
}

struct nlattr *netlink_begin_nest(int type) {
  struct nlattr *attribute = reserve(NLA_HDRLEN);
  attribute->nla_type = (uint16_t)(type | NLA_F_NESTED);
  return attribute;
}

void netlink_end_nest(struct nlattr *attribute) {
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

int netlink_open(int protocol, int *netlink) {
  *netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
  if (*netlink < 0) return errno;
  // Errors without the message that they are about, which may be longer than what we read.
  int yes = 1;
  setsockopt(*netlink, SOL_NETLINK, NETLINK_CAP_ACK, &yes, sizeof yes);
  return 0;
}

static int put_forth(int netlink) {
  if (batch.overflow) return EMSGSIZE;
  struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
  return sendto(netlink, batch.bytes, batch.length, 0, (struct sockaddr *)&kernel, sizeof kernel) < 0 ? errno : 0;
}

int netlink_send_on(int netlink) {
  int code = put_forth(netlink);
  // The kernel has answered before sendto returns.
  return code == 0 ? read_replies(netlink) : code;
}

int netlink_send(int protocol) {
  int netlink;
  int code = netlink_open(protocol, &netlink);
  if (code != 0) return code;
  code = netlink_send_on(netlink);
  close(netlink);
  return code;
}

// MARK: Questions

// Calls back for the messages of a datagram; EAGAIN until the answer is complete.
static int take_answer(const char *reply, size_t length, void (*each)(const struct nlmsghdr *, void *), void *context) {
  int code = first_error(reply, length);
  if (code != 0) return code;
  for (size_t offset = 0; length - offset >= NLMSG_HDRLEN;) {
    const struct nlmsghdr *header = (const struct nlmsghdr *)(reply + offset);
    if (header->nlmsg_len < NLMSG_HDRLEN || header->nlmsg_len > length - offset) return EPROTO;
    if (header->nlmsg_type == NLMSG_DONE || header->nlmsg_type == NLMSG_ERROR) return 0;
    each(header, context);
    size_t size = NLMSG_ALIGN(header->nlmsg_len);
    offset = size < length - offset ? offset + size : length;
  }
  return EAGAIN;
}

int netlink_dump(int protocol, void (*each)(const struct nlmsghdr *, void *), void *context) {
  _Alignas(8) char reply[16384];
  int netlink;
  int code = netlink_open(protocol, &netlink);
  if (code != 0) return code;
  code = put_forth(netlink);
  bool is_complete = code != 0;
  while (!is_complete) {
    ssize_t length = recv(netlink, reply, sizeof reply, 0);
    if (length < 0) code = errno;
    else code = length == 0 ? 0 : take_answer(reply, (size_t)length, each, context);
    is_complete = length < 0 || code != EAGAIN;
  }
  close(netlink);
  return code;
}
