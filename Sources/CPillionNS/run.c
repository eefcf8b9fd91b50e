// The agent beside its app: prepares the namespace, gives sockets to the proxy, starts the app, and ends with it.
#include "agent.h"
#include "netlink.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>

enum {
  LEFT_BEHIND_MILLISECONDS = 1000,  // those whose app has ended, from TERM to KILL
  ORPHANED_MILLISECONDS = 2000,     // the app whose proxy has ended, from TERM to KILL
  KILL_AGAIN_MILLISECONDS = 20,
  TOLD_LIMIT = 256,
};

struct agent {
  const struct agent_options *options;
  int signals;
  struct users_own users;
  struct app app;
  bool has_ended;    // the app
  int exit_code;
  bool is_killing;   // TERM has been said to all
  long long kill_at; // milliseconds of the monotonic clock
  pid_t told[TOLD_LIMIT];  // to whom TERM was sent; those beyond may hear it again
  size_t told_count;
};

static void tell(const struct agent *agent, uint32_t type, uint32_t a, uint32_t b) {
  struct pl_ns_message message = {.header = {.type = type, .a = a, .b = b}};
  pl_ns_send(agent->options->control, &message, NULL, 0);
}

static int tell_failure(const struct agent_options *options, const char *step, int code, int exit_code) {
  struct pl_ns_message message = {
      .header = {.type = PL_NS_ERROR, .a = (uint32_t)code, .b = (uint32_t)exit_code}};
  snprintf(message.text, sizeof message.text, "%s", step);
  pl_ns_send(options->control, &message, NULL, 0);
  return exit_code;
}

// MARK: Sockets

static void serve_sockets(const struct agent *agent) {
  struct pl_ns_message request, reply = {.header = {.type = PL_NS_SOCKETS}};
  int fds[PL_NS_MAX_FDS];
  size_t count;
  if (pl_ns_receive(agent->options->sockets, &request, fds, 0, &count) != 1) return;
  if (request.header.type != PL_NS_WANT_SOCKETS) return;
  int family = request.header.b == AF_INET6 ? AF_INET6 : AF_INET;
  int type = request.header.c == SOCK_DGRAM ? SOCK_DGRAM : SOCK_STREAM;
  uint32_t wanted = request.header.a < PL_NS_MAX_FDS ? request.header.a : PL_NS_MAX_FDS;
  for (count = 0; count < wanted; count++) {
    int code = agent_inside_socket(family, type, &fds[count]);
    if (code == 0) continue;
    reply.header.b = (uint32_t)code;
    break;
  }
  reply.header.a = (uint32_t)count;
  reply.header.c = pl_ns_kind(family, type);
  int failure = pl_ns_send(agent->options->sockets, &reply, fds, count);
  if (failure != 0) {
    // ETOOMANYREFS: too many are under way. The question is answered all the same.
    reply.header.a = 0;
    reply.header.b = (uint32_t)failure;
    pl_ns_send(agent->options->sockets, &reply, NULL, 0);
  }
  while (count > 0) close(fds[--count]);
}

// MARK: Ends

static void terminate(pid_t pid, void *context) {
  struct agent *agent = context;
  for (size_t index = 0; index < agent->told_count; index++) {
    if (agent->told[index] == pid) return;
  }
  if (agent->told_count < TOLD_LIMIT) agent->told[agent->told_count++] = pid;
  kill(pid, SIGTERM);
  kill(pid, SIGCONT);
}

static void kill_later(struct agent *agent, int milliseconds) {
  if (agent->is_killing) return;
  agent->is_killing = true;
  agent->kill_at = monotonic_milliseconds() + milliseconds;
  children_each(terminate, agent);
}

static void kill_if_due(struct agent *agent) {
  if (!agent->is_killing || monotonic_milliseconds() < agent->kill_at) return;
  children_signal_all(SIGKILL);
  agent->kill_at = monotonic_milliseconds() + KILL_AGAIN_MILLISECONDS;
}

static void app_ended(struct agent *agent, int status) {
  agent->has_ended = true;
  agent->exit_code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  bool others = children_exist();
  tell(agent, PL_NS_EXIT, (uint32_t)status, others);
  if (others) kill_later(agent, LEFT_BEHIND_MILLISECONDS);
}

// A child has ended: ours, or one that came to us as an orphan.
static void reap(struct agent *agent) {
  int status;
  pid_t pid;
  while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
    if (pid == agent->app.pid) app_ended(agent, status);
  }
  // Somebody preloaded may have waited for it.
  if (pid < 0 && errno == ECHILD && agent->app.pid > 0 && !agent->has_ended) app_ended(agent, W_EXITCODE(EXIT_FAILED, 0));
  // Whose parent is killed comes to us only then.
  bool is_asking = agent->is_killing && agent->kill_at - monotonic_milliseconds() > KILL_AGAIN_MILLISECONDS;
  if (is_asking) children_each(terminate, agent);
}

static void read_signals(struct agent *agent) {
  struct signalfd_siginfo info;
  while (read(agent->signals, &info, sizeof info) == (ssize_t)sizeof info) {
    if (info.ssi_signo == SIGCHLD) reap(agent);
  }
}

// MARK: The proxy's wishes

// False at the end of the channel.
static bool read_control(struct agent *agent, bool *go) {
  struct pl_ns_message message;
  size_t count;
  int result = pl_ns_receive(agent->options->control, &message, NULL, 0, &count);
  if (result <= 0) return result == -EAGAIN;
  switch (message.header.type) {
    case PL_NS_GO: *go = true; break;
    case PL_NS_SIGNAL:
      if (agent->app.pid > 0 && !agent->has_ended) kill(agent->app.pid, (int)message.header.a);
      break;
    case PL_NS_KILL_ALL:
      agent->is_killing = true;
      agent->kill_at = monotonic_milliseconds();
      break;
    default: break;
  }
  return true;
}

static int wait_milliseconds(const struct agent *agent) {
  if (!agent->is_killing) return -1;
  long long left = agent->kill_at - monotonic_milliseconds();
  return left > 0 ? (int)left : 0;
}

// One round of waiting; false once the proxy is gone.
static bool turn(struct agent *agent, bool has_proxy, bool *go) {
  struct pollfd ready[3] = {
      {.fd = agent->signals, .events = POLLIN},
      {.fd = has_proxy ? agent->options->control : -1, .events = POLLIN},
      {.fd = has_proxy ? agent->options->sockets : -1, .events = POLLIN},
  };
  if (poll(ready, 3, wait_milliseconds(agent)) < 0) return true;
  if (ready[0].revents != 0) read_signals(agent);
  if (ready[2].revents & POLLIN) serve_sockets(agent);
  return ready[1].revents == 0 || read_control(agent, go);
}

static int watch_app(struct agent *agent) {
  bool has_proxy = true, go = false;
  while (!agent->has_ended || children_exist()) {
    if (has_proxy && !turn(agent, has_proxy, &go)) {
      has_proxy = false;
      kill_later(agent, ORPHANED_MILLISECONDS);
    } else if (!has_proxy) {
      turn(agent, false, &go);
    }
    kill_if_due(agent);
  }
  return agent->exit_code;
}

// MARK: The beginning

// What is told about others: the agent has one proxy.
static const struct agent_options *listener;

static void tell_stale(const char *what, int code) {
  struct pl_ns_message message = {
      .header = {.type = PL_NS_STALE, .a = (uint32_t)code, .b = listener->removes || listener->is_rootful}};
  snprintf(message.text, sizeof message.text, "%s", what);
  pl_ns_send(listener->control, &message, NULL, 0);
}

int agent_stale(const struct agent_options *options) {
  listener = options;
  rootful_find_stale(options->removes, tell_stale);
  return 0;
}

static int prepare_host(const struct agent_options *options, struct agent_place *place) {
  struct agent_failure failure;
  listener = options;
  // Before: one of them may have had our number.
  if (geteuid() == 0) rootful_find_stale(true, tell_stale);
  if (rootful_lay(options->refuses_others, place, &failure)) return 0;
  return tell_failure(options, failure.step, failure.code, EXIT_FAILED);
}

static int listen_for_names(struct agent_place *place) {
  int code = agent_listen((struct agent_listener){.port = PL_NS_DNS_PORT, .type = SOCK_DGRAM}, &place->dns_udp);
  if (code != 0) return code;
  return agent_listen((struct agent_listener){.port = PL_NS_DNS_PORT, .type = SOCK_STREAM}, &place->dns_tcp);
}

static int prepare(const struct agent_options *options, struct agent_place *place) {
  struct agent_failure failure;
  if (!agent_unshare(&failure) || !agent_lay_network(place, &failure) || !agent_lay_capture(options, place, &failure)) {
    return tell_failure(options, failure.step, failure.code, EXIT_FAILED);
  }
  agent_lay_files(options->resolver);
  int code = listen_for_names(place);
  return code == 0 ? 0 : tell_failure(options, "sockets", code, EXIT_FAILED);
}

// Capture sockets beyond the first, as many as a message carries at a time.
static int hand_over_captures(const struct agent_options *options, const struct agent_place *place) {
  int code = 0;
  for (size_t first = 1; code == 0 && first < place->capture_count; first += PL_NS_MAX_FDS) {
    size_t left = place->capture_count - first, count = left < PL_NS_MAX_FDS ? left : PL_NS_MAX_FDS;
    struct pl_ns_message message = {.header = {.type = PL_NS_CAPTURES, .a = (uint32_t)count}};
    code = pl_ns_send(options->control, &message, place->captures + first, count);
  }
  for (size_t index = 1; index < place->capture_count; index++) close(place->captures[index]);
  return code;
}

// Only where the app's own listeners come first: whatever the host opens would go before them.
static int hand_over_ports(const struct agent_options *options, const struct agent_place *place) {
  int netlink;
  if (!options->changes_ports || strcmp(place->variant, "tproxy") != 0) return 0;
  int code = netlink_open(NETLINK_NETFILTER, &netlink);
  if (code != 0) return code;
  struct pl_ns_message message = {.header = {.type = PL_NS_PORTS}};
  code = pl_ns_send(options->control, &message, &netlink, 1);
  close(netlink);
  return code;
}

// Prepares the namespace, or the app itself where it is to be trapped, and tells the proxy what there is.
static int become_ready(struct agent *agent) {
  const struct agent_options *options = agent->options;
  struct agent_place place = {.variant = "", .datagrams = -1};
  struct pl_ns_message message = {.header = {.type = PL_NS_READY, .a = (uint32_t)getpid()}};
  int fds[4];
  if (options->traps) {
    int code = app_fork(options, &agent->users, &agent->app);
    if (code != 0) return tell_failure(options, "seccomp", code, EXIT_FAILED);
    fds[message.header.b++] = agent->app.notifications;
    message.header.c = (uint32_t)agent->app.pid;
  } else if (!options->stays_on_host || options->is_rootful) {
    int code = options->is_rootful ? prepare_host(options, &place) : prepare(options, &place);
    if (code != 0) return code;
    code = hand_over_captures(options, &place);
    if (code == 0) code = hand_over_ports(options, &place);
    if (code != 0) return tell_failure(options, "sockets", code, EXIT_FAILED);
    fds[message.header.b++] = place.captures[0];
    fds[message.header.b++] = place.dns_udp;
    fds[message.header.b++] = place.dns_tcp;
    if (place.datagrams >= 0) fds[message.header.b++] = place.datagrams;
    message.header.c = place.has_ipv6;
  }
  snprintf(message.text, sizeof message.text, "%s", place.variant);
  int code = pl_ns_send(options->control, &message, fds, message.header.b);
  while (message.header.b > 0) close(fds[--message.header.b]);
  return code == 0 ? 0 : tell_failure(options, "sockets", code, EXIT_FAILED);
}

// Every capture socket is one more; what the user's limit is the app's too.
static int raise_limit(struct users_own *users) {
  if (getrlimit(RLIMIT_NOFILE, &users->descriptors) != 0) return errno;
  struct rlimit raised = {users->descriptors.rlim_max, users->descriptors.rlim_max};
  setrlimit(RLIMIT_NOFILE, &raised);
  return 0;
}

static int watch_signals(struct agent *agent) {
  sigset_t all;
  sigfillset(&all);
  if (sigprocmask(SIG_SETMASK, &all, &agent->users.mask) != 0) return errno;
  agent->signals = signalfd(-1, &all, SFD_NONBLOCK | SFD_CLOEXEC);
  return agent->signals < 0 ? errno : 0;
}

// The proxy is gone before the app was let go.
static int give_up(const struct agent *agent) {
  if (agent->app.pid > 0) kill(agent->app.pid, SIGKILL);
  while (waitpid(-1, NULL, 0) > 0) continue;
  return 0;
}

// From GO to the end of all that the app started.
static int live(struct agent *agent) {
  bool go = false;
  while (!go) {
    if (!turn(agent, true, &go)) return give_up(agent);
  }
  int code = agent->app.pid > 0 ? 0 : app_fork(agent->options, &agent->users, &agent->app);
  if (code == 0) code = app_release(&agent->app);
  if (code != 0) {
    while (waitpid(-1, NULL, 0) > 0) continue;
    return tell_failure(agent->options, "exec", code, code == ENOENT ? 127 : 126);
  }
  tell(agent, PL_NS_STARTED, (uint32_t)agent->app.pid, 0);
  return watch_app(agent);
}

int agent_run(const struct agent_options *options) {
  fcntl(options->control, F_SETFD, FD_CLOEXEC);
  fcntl(options->sockets, F_SETFD, FD_CLOEXEC);
  struct agent agent = {.options = options};
  int code = watch_signals(&agent);
  if (code != 0) return tell_failure(options, "signals", code, EXIT_FAILED);
  if ((code = raise_limit(&agent.users)) != 0) return tell_failure(options, "limits", code, EXIT_FAILED);
  if (options->host_ports.is_cut) return tell_failure(options, "ports", E2BIG, EXIT_FAILED);
  if ((code = become_ready(&agent)) != 0) return code;
  prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  agent_release_libraries();
  code = live(&agent);
  rootful_take_away();
  return code;
}
