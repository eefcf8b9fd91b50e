#include "agent.h"

#include <netinet/in.h>
#include <sys/socket.h>

// From <linux/in.h> and <linux/in6.h>, which do not go with glibc's.
enum { OPT_IP_PKTINFO = 8, OPT_IP_FREEBIND = 15, OPT_IP_TRANSPARENT = 19, OPT_IP_RECVORIGDSTADDR = 20 };
enum { OPT_IPV6_RECVPKTINFO = 49, OPT_IPV6_RECVORIGDSTADDR = 74, OPT_IPV6_TRANSPARENT = 75, OPT_IPV6_FREEBIND = 78 };

static int set(int fd, int level, int option, int value) {
  return setsockopt(fd, level, option, &value, sizeof value) == 0 ? 0 : errno;
}

// Marked as ours and transparent: rules pass it by, and it may have any address. Whoever may not have that gets along without: see
// agent_is_transparent.
static void make_own(int fd, int family) {
  set(fd, SOL_SOCKET, SO_MARK, PL_NS_MARK);
  set(fd, IPPROTO_IP, OPT_IP_TRANSPARENT, 1);
  if (family == AF_INET6) set(fd, IPPROTO_IPV6, OPT_IPV6_TRANSPARENT, 1);
}

bool agent_is_transparent(int fd) {
  int value = 0;
  socklen_t length = sizeof value;
  return getsockopt(fd, IPPROTO_IP, OPT_IP_TRANSPARENT, &value, &length) == 0 && value != 0;
}

int agent_inside_socket(int family, int type, int *result) {
  int fd = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return errno;
  make_own(fd, family);
  // Several flows may go to one address.
  if (type == SOCK_DGRAM) set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  *result = fd;
  return 0;
}

static int bind_to(int fd, int family, const struct agent_listener *wanted) {
  struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(wanted->port)};
  struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(wanted->port)};
  if (wanted->reach == REACHED_AT_LOOPBACK) {
    v6.sin6_addr = in6addr_loopback;
    v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  }
  const struct sockaddr *address = family == AF_INET6 ? (struct sockaddr *)&v6 : (struct sockaddr *)&v4;
  socklen_t length = family == AF_INET6 ? sizeof v6 : sizeof v4;
  return bind(fd, address, length) == 0 ? 0 : errno;
}

int agent_port_of(int fd, uint16_t *port) {
  struct sockaddr_in6 address;
  socklen_t length = sizeof address;
  if (getsockname(fd, (struct sockaddr *)&address, &length) != 0) return errno;
  *port = ntohs(address.sin6_port);  // where sockaddr_in has it too
  return 0;
}

// The reply comes from the address that was asked, whosever that is.
static int tell_addresses(int fd, int family) {
  set(fd, IPPROTO_IP, OPT_IP_FREEBIND, 1);
  if (family == AF_INET) return set(fd, IPPROTO_IP, OPT_IP_PKTINFO, 1);
  set(fd, IPPROTO_IPV6, OPT_IPV6_FREEBIND, 1);
  return set(fd, IPPROTO_IPV6, OPT_IPV6_RECVPKTINFO, 1);
}

// Datagrams of IPv4 say theirs by its own option, whatever the socket's family.
static int tell_destinations(int fd, int family) {
  int code = set(fd, IPPROTO_IP, OPT_IP_RECVORIGDSTADDR, 1);
  return code == 0 && family == AF_INET6 ? set(fd, IPPROTO_IPV6, OPT_IPV6_RECVORIGDSTADDR, 1) : code;
}

// How far it can be reached, or that it is ours inside.
static int limit_reach(int fd, int family, const struct agent_listener *wanted) {
  if (wanted->reach == REACHED_FROM_ANYWHERE) make_own(fd, family);
  if (wanted->reach != REACHED_BY_LO) return 0;
  return setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "lo", sizeof "lo") == 0 ? 0 : errno;
}

static int configure(int fd, int family, const struct agent_listener *wanted) {
  int code = set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  if (code == 0) code = limit_reach(fd, family, wanted);
  if (code == 0 && family == AF_INET6) code = set(fd, IPPROTO_IPV6, IPV6_V6ONLY, wanted->family == AF_INET6);
  if (code == 0 && wanted->tells_destination) code = tell_destinations(fd, family);
  else if (code == 0 && wanted->type == SOCK_DGRAM) code = tell_addresses(fd, family);
  if (code == 0) code = bind_to(fd, family, wanted);
  if (code == 0 && wanted->type == SOCK_STREAM && listen(fd, 4096) != 0) code = errno;
  return code;
}

static int listen_on(int family, const struct agent_listener *wanted, int *result) {
  int fd = socket(family, wanted->type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return errno;
  int code = configure(fd, family, wanted);
  if (code != 0) close(fd);
  else *result = fd;
  return code;
}

int agent_listen(struct agent_listener wanted, int *result) {
  if (wanted.family != 0) return listen_on(wanted.family, &wanted, result);
  int code = listen_on(AF_INET6, &wanted, result);
  return code == 0 || code == EADDRINUSE ? code : listen_on(AF_INET, &wanted, result);
}
