// What makes every address in the world one of the app's machine.
#include "agent.h"
#include "netlink.h"

#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>

// Without an address beside loopback getaddrinfo takes the machine for offline.
const uint8_t agent_own_v4[4] = {10, 244, 0, 2};
const uint8_t agent_own_v6[16] = {0xfd, 0, 0x02, 0x44, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2};

enum { LOOPBACK_INDEX = 1 };

int routes_raise_loopback(void) {
  netlink_begin();
  struct ifinfomsg link = {.ifi_index = LOOPBACK_INDEX, .ifi_flags = IFF_UP, .ifi_change = IFF_UP};
  netlink_end_message(netlink_begin_message(RTM_NEWLINK, NLM_F_ACK, &link, sizeof link));
  return netlink_send(NETLINK_ROUTE);
}

static void put_address(int family) {
  const void *own = family == AF_INET ? (const void *)agent_own_v4 : (const void *)agent_own_v6;
  size_t size = family == AF_INET ? sizeof agent_own_v4 : sizeof agent_own_v6;
  struct ifaddrmsg address = {
      .ifa_family = (uint8_t)family, .ifa_prefixlen = (uint8_t)(size * 8), .ifa_index = LOOPBACK_INDEX,
      .ifa_flags = family == AF_INET6 ? IFA_F_NODAD : 0};
  struct nlmsghdr *header = netlink_begin_message(RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE, &address, sizeof address);
  netlink_put(IFA_LOCAL, own, size);
  netlink_put(IFA_ADDRESS, own, size);
  netlink_end_message(header);
}

int routes_add_local(int family) {
  netlink_begin();
  put_address(family);
  struct rtmsg route = {
      .rtm_family = (uint8_t)family, .rtm_table = RT_TABLE_LOCAL, .rtm_protocol = RTPROT_STATIC,
      .rtm_scope = RT_SCOPE_HOST, .rtm_type = RTN_LOCAL};
  struct nlmsghdr *header = netlink_begin_message(RTM_NEWROUTE, NLM_F_ACK | NLM_F_CREATE, &route, sizeof route);
  uint32_t index = LOOPBACK_INDEX;
  netlink_put(RTA_OIF, &index, sizeof index);
  if (family == AF_INET) netlink_put(RTA_PREFSRC, agent_own_v4, sizeof agent_own_v4);
  else netlink_put(RTA_PREFSRC, agent_own_v6, sizeof agent_own_v6);
  netlink_end_message(header);
  return netlink_send(NETLINK_ROUTE);
}
