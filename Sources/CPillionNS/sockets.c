#include "agent.h"

#include <netinet/in.h>
#include <sys/socket.h>

// From <linux/in.h> and <linux/in6.h>, which do not go with glibc's.
enum { OPT_IP_PKTINFO = 8, OPT_IP_TRANSPARENT = 19, OPT_IPV6_TRANSPARENT = 75, OPT_IPV6_RECVPKTINFO = 49 };

static int set(int fd, int level, int option, int value) {
  return setsockopt(fd, level, option, &value, sizeof value) == 0 ? 0 : errno;
}

// Marked as ours and transparent: rules pass it by, and it may have any address.
static int make_own(int fd, int family) {
  int code = set(fd, SOL_SOCKET, SO_MARK, PL_NS_MARK);
  if (code == 0) code = set(fd, IPPROTO_IP, OPT_IP_TRANSPARENT, 1);
  if (code == 0 && family == AF_INET6) code = set(fd, IPPROTO_IPV6, OPT_IPV6_TRANSPARENT, 1);
  return code;
}

int agent_inside_socket(int family, int *result) {
  int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return errno;
  int code = make_own(fd, family);
  if (code != 0) {
    close(fd);
    return code;
  }
  *result = fd;
  return 0;
}

static int bind_any(int fd, int family, uint16_t port) {
  struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
  struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
  const struct sockaddr *address = family == AF_INET6 ? (struct sockaddr *)&v6 : (struct sockaddr *)&v4;
  socklen_t length = family == AF_INET6 ? sizeof v6 : sizeof v4;
  return bind(fd, address, length) == 0 ? 0 : errno;
}

static int configure(int fd, int family, uint16_t port, int type) {
  int code = set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  if (code == 0) code = make_own(fd, family);
  if (code == 0 && family == AF_INET6) code = set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
  if (code == 0 && type == SOCK_DGRAM) {
    code = family == AF_INET6 ? set(fd, IPPROTO_IPV6, OPT_IPV6_RECVPKTINFO, 1) : set(fd, IPPROTO_IP, OPT_IP_PKTINFO, 1);
  }
  if (code == 0) code = bind_any(fd, family, port);
  if (code == 0 && type == SOCK_STREAM && listen(fd, 4096) != 0) code = errno;
  return code;
}

static int listen_on(int family, uint16_t port, int type, int *result) {
  int fd = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return errno;
  int code = configure(fd, family, port, type);
  if (code != 0) close(fd);
  else *result = fd;
  return code;
}

// For both families, or for IPv4 where there is no other.
int agent_listen(uint16_t port, int type, int *result) {
  int code = listen_on(AF_INET6, port, type, result);
  return code == 0 ? 0 : listen_on(AF_INET, port, type, result);
}
