// Rules of the host's own network namespace, for one app of it. They match the app alone, by its cgroup, else by a group id: neither the
// proxy nor anybody else is touched. Everything is called pillion-PID-NS by the agent's pid and the number of its pid namespace, so that what
// an agent could not take away is known to those who can see that it is gone.
#include "agent.h"
#include "cgroup.h"
#include "netlink.h"
#include "nft.h"

#include <grp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

// The same port in every run where it is free: the kernel keeps the translation of a connection for two minutes after its end, and
// leads another from the same port to where that one went.
enum { FIRST_PORT = 28151, PORT_TRIES = 64, ARRIVAL_MILLISECONDS = 50 };

static const char prefix[] = "pillion-";

static struct {
  char name[48];
  int netlink;        // the table's owner
  bool has_table;
  bool is_owned;      // the kernel takes the table away with its owner's end
  bool refuses_others;
  bool has_cgroup;
  struct cgroup cgroup;
} laid = {.netlink = -1};

// MARK: The table

struct ports {
  uint16_t capture, dns_udp, dns_tcp;
};

static void match_app(bool by_cgroup) {
  if (by_cgroup) nft_match_cgroup(laid.cgroup.level, laid.cgroup.id);
  else nft_match_group(PL_NS_GROUP);
}

static void redirect(uint8_t protocol, uint16_t port, uint16_t target) {
  nft_begin_rule("app");
  nft_match_protocol(protocol);
  if (port != 0) nft_match_destination_port(port);
  nft_redirect(target);
  nft_end_rule();
}

static void accept_loopback(const char *chain) {
  static const uint8_t v4[4] = {127}, mask_v4[4] = {255}, v6[16] = {[15] = 1};
  nft_begin_rule(chain);
  nft_match_destination(NFPROTO_IPV4, v4, mask_v4);
  nft_verdict(NF_ACCEPT, NULL);
  nft_end_rule();
  nft_begin_rule(chain);
  nft_match_destination(NFPROTO_IPV6, v6, NULL);
  nft_verdict(NF_ACCEPT, NULL);
  nft_end_rule();
}

// What does not come to the proxy: datagrams but for DNS, and raw packets. By then what was redirected goes to loopback. Answers to those who
// ask the app are no way out.
static void drop_others(bool by_cgroup) {
  nft_add_chain("others");
  nft_add_base_chain("rest", "filter", NF_INET_LOCAL_OUT, 0);
  nft_begin_rule("rest");
  match_app(by_cgroup);
  nft_verdict(NFT_JUMP, "others");
  nft_end_rule();
  nft_begin_rule("others");
  nft_match_protocol(IPPROTO_TCP);
  nft_verdict(NF_ACCEPT, NULL);
  nft_end_rule();
  accept_loopback("others");
  nft_begin_rule("others");
  nft_match_known_flow();
  nft_verdict(NF_ACCEPT, NULL);
  nft_end_rule();
  nft_begin_rule("others");
  nft_verdict(NF_DROP, NULL);
  nft_end_rule();
}

// `pillion run --intercept rootful` prints the same (RootfulRules.swift).
static int lay_table(const struct ports *ports, bool by_cgroup, bool owned) {
  nft_begin();
  nft_add_table(laid.name, owned ? NFT_TABLE_F_OWNER : 0);
  nft_add_chain("app");
  nft_add_base_chain("out", "nat", NF_INET_LOCAL_OUT, -100);
  nft_begin_rule("out");
  match_app(by_cgroup);
  nft_verdict(NFT_JUMP, "app");
  nft_end_rule();
  // Before loopback, where many a host has its resolver.
  redirect(IPPROTO_UDP, PL_NS_DNS_PORT, ports->dns_udp);
  redirect(IPPROTO_TCP, PL_NS_DNS_PORT, ports->dns_tcp);
  accept_loopback("app");
  redirect(IPPROTO_TCP, 0, ports->capture);
  if (laid.refuses_others) drop_others(by_cgroup);
  return nft_send_on(laid.netlink);
}

static int remove_own_table(void) {
  nft_begin();
  nft_delete_table(laid.name);
  return nft_send_on(laid.netlink);
}

// Whether the rules know the app: a question of one who is as the app will be has to come to the DNS socket. Before Linux 6.12 levels were
// counted from the host's root, of which a container sees nothing.
static bool table_matches(int dns_udp) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(PL_NS_DNS_PORT)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  pid_t child = fork();
  if (child == 0) {
    int fd = rootful_enter() == 0 ? socket(AF_INET, SOCK_DGRAM, 0) : -1;
    _exit(fd < 0 || sendto(fd, "", 1, 0, (struct sockaddr *)&address, sizeof address) < 0);
  }
  if (child > 0) waitpid(child, NULL, 0);
  // loopback hands it on a moment later, where the machine is busy; those of earlier tries are none of this one's.
  struct pollfd arrived = {.fd = dns_udp, .events = POLLIN};
  bool matches = poll(&arrived, 1, ARRIVAL_MILLISECONDS) > 0;
  char question[16];
  while (recv(dns_udp, question, sizeof question, MSG_DONTWAIT) >= 0) continue;
  return matches;
}

// The best that this kernel takes: by cgroup since 5.13, owned since 5.12.
static int lay_best_table(const struct ports *ports, int dns_udp) {
  int code = netlink_open(NETLINK_NETFILTER, &laid.netlink);
  if (code != 0) return code;
  for (int choice = laid.has_cgroup ? 0 : 2; choice < 4; choice++) {
    bool by_cgroup = choice < 2;
    if (!by_cgroup && laid.has_cgroup) laid.has_cgroup = cgroup_remove(laid.cgroup.path) != 0;
    laid.is_owned = choice % 2 == 0;
    if ((code = lay_table(ports, by_cgroup, laid.is_owned)) != 0) continue;
    laid.has_table = true;
    if (table_matches(dns_udp)) return 0;
    code = remove_own_table();
    laid.has_table = false;
    if (code == 0) code = ENOTSUP;
  }
  return code;
}

// MARK: Sockets

static int listen_for_names(int type, int *fd, uint16_t *port) {
  int code = agent_listen((struct agent_listener){.type = type, .reach = REACHED_BY_LO}, fd);
  return code == 0 ? agent_port_of(*fd, port) : code;
}

// Where REDIRECT leads, 127.0.0.1 and ::1, at one port. At no other address: one's connection there would go round for ever.
static int listen_at_loopback(struct agent_place *place, uint16_t port) {
  struct agent_listener wanted = {
      .port = port, .type = SOCK_STREAM, .reach = REACHED_AT_LOOPBACK, .family = AF_INET};
  int code = agent_listen(wanted, &place->captures[0]);
  if (code != 0) return code;
  place->capture_count = 1;
  wanted.family = AF_INET6;
  code = agent_listen(wanted, &place->captures[1]);
  if (code == 0) place->capture_count = 2;
  if (code != EADDRINUSE) return 0;
  close(place->captures[--place->capture_count]);
  return code;
}

static int listen_on_host(struct agent_place *place, struct ports *ports) {
  int code = EADDRINUSE;
  for (int tries = 0; code == EADDRINUSE && tries < PORT_TRIES; tries++) {
    ports->capture = (uint16_t)(FIRST_PORT + tries);
    code = listen_at_loopback(place, ports->capture);
  }
  if (code == 0) code = listen_for_names(SOCK_DGRAM, &place->dns_udp, &ports->dns_udp);
  return code == 0 ? listen_for_names(SOCK_STREAM, &place->dns_tcp, &ports->dns_tcp) : code;
}

// Whether there is a way to the IPv6 addresses of names; nothing is sent.
static bool has_ipv6_route(void) {
  struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_port = htons(PL_NS_DNS_PORT)};
  memcpy(&address.sin6_addr, (uint8_t[16]){0x20, 0x01, 0, 2, [15] = 1}, 16);
  int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  bool found = connect(fd, (struct sockaddr *)&address, sizeof address) == 0;
  close(fd);
  return found;
}

// MARK: What is left of others

static unsigned long pid_namespace(void) {
  struct stat status;
  return stat("/proc/self/ns/pid", &status) == 0 ? status.st_ino : 0;
}

static void name_it(void) { snprintf(laid.name, sizeof laid.name, "%s%d-%lu", prefix, getpid(), pid_namespace()); }

// Whether its agent is gone; false for a name that is not an agent's, and for those whose processes are not ours to see.
static bool is_stale(const char *name) {
  if (strncmp(name, prefix, sizeof prefix - 1) != 0) return false;
  char *end, path[64], state = 'Z';
  long pid = strtol(name + sizeof prefix - 1, &end, 10);
  if (pid <= 0 || *end != '-') return false;
  char *last;
  unsigned long namespace = strtoul(end + 1, &last, 10);
  if (last == end + 1 || *last != 0 || namespace != pid_namespace()) return false;
  if (pid == getpid()) return !laid.has_table;
  snprintf(path, sizeof path, "/proc/%ld/stat", pid);
  FILE *file = fopen(path, "re");
  if (file == NULL) return errno == ENOENT;
  bool is_agent = fscanf(file, "%*d (" PL_NS_NAME ") %c", &state) == 1;
  fclose(file);
  // One that has ended, and whom nobody has waited for, is gone.
  return !is_agent || state == 'Z' || state == 'X';
}

enum { STALE_LIMIT = 64 };

struct stale {
  char tables[STALE_LIMIT][48];
  size_t count;
};

static void note_table(const char *name, void *context) {
  struct stale *stale = context;
  if (stale->count == STALE_LIMIT || strlen(name) >= sizeof *stale->tables || !is_stale(name)) return;
  strcpy(stale->tables[stale->count++], name);
}

static int remove_table(const char *name) {
  nft_begin();
  nft_delete_table(name);
  return nft_send();
}

struct search {
  bool removes;
  void (*found)(const char *what, int code);
};

static void found_cgroup(const char *path, const char *name, void *context) {
  const struct search *search = context;
  if (!is_stale(name)) return;
  char what[PATH_MAX + 16];
  snprintf(what, sizeof what, "cgroup %s", path);
  search->found(what, search->removes ? cgroup_remove(path) : 0);
}

void rootful_find_stale(bool removes, void (*found)(const char *what, int code)) {
  static struct stale stale;
  stale.count = 0;
  nft_each_table(note_table, &stale);
  for (size_t index = 0; index < stale.count; index++) {
    char what[64];
    snprintf(what, sizeof what, "table inet %s", stale.tables[index]);
    found(what, removes ? remove_table(stale.tables[index]) : 0);
  }
  struct search search = {removes, found};
  cgroup_each(prefix, found_cgroup, &search);
}

// MARK: Begin and end

bool rootful_lay(bool refuses_others, struct agent_place *place, struct agent_failure *failure) {
  struct ports ports;
  *failure = (struct agent_failure){.step = "root", .code = EPERM};
  if (geteuid() != 0) return false;
  name_it();
  laid.refuses_others = refuses_others;
  *failure = (struct agent_failure){.step = "sockets", .code = listen_on_host(place, &ports)};
  if (failure->code != 0) return false;
  place->has_ipv6 = has_ipv6_route();
  laid.has_cgroup = cgroup_make(&laid.cgroup, laid.name) == 0;
  *failure = (struct agent_failure){.step = "rules", .code = lay_best_table(&ports, place->dns_udp)};
  if (failure->code != 0) {
    rootful_take_away();
    return false;
  }
  place->variant = laid.has_cgroup ? "rules of the host for its cgroup" : "rules of the host for its group";
  return true;
}

void rootful_probe(void (*report)(const char *step, int code)) {
  static const struct ports ports = {1, 1, 1};
  name_it();
  int code = netlink_open(NETLINK_NETFILTER, &laid.netlink);
  if (code == 0) code = lay_table(&ports, false, false);
  if (code == 0) code = remove_own_table();
  report("rules", code);
  if (code != 0) return;
  code = cgroup_make(&laid.cgroup, laid.name);
  laid.has_cgroup = code == 0;
  if (code == 0) code = lay_table(&ports, true, false);
  report("cgroup", code);
  rootful_take_away();
}

int rootful_enter(void) {
  if (!laid.has_table) return 0;
  if (laid.has_cgroup) return cgroup_enter(&laid.cgroup);
  // The group that it had it keeps beside.
  gid_t groups[256];
  int count = getgroups(255, groups);
  if (count < 0) return errno;
  groups[count++] = getegid();
  return setgroups((size_t)count, groups) == 0 && setgid(PL_NS_GROUP) == 0 ? 0 : errno;
}

void rootful_take_away(void) {
  if (laid.has_table && !laid.is_owned) remove_own_table();
  laid.has_table = false;
  if (laid.netlink >= 0) close(laid.netlink);
  laid.netlink = -1;
  if (laid.has_cgroup) cgroup_remove(laid.cgroup.path);
  laid.has_cgroup = false;
}
