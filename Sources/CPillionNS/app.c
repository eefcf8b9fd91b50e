// The app's process, from its fork to its exec: in between it may be trapped, and it waits to be let go.
#include "agent.h"

#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

// glibc's posix_spawn, by which we came, leaves its two own signals ignored, and lets nobody set them.
static void restore_own_signals(void) {
  char default_action[64] = {0};
  for (int number = 32; number <= 33; number++) syscall(SYS_rt_sigaction, number, default_action, NULL, 8);
}

static bool tell(int channel, uint32_t type, int code, const int *descriptor) {
  struct pl_ns_message message = {.header = {.type = type, .a = (uint32_t)code}};
  return pl_ns_send(channel, &message, descriptor, descriptor != NULL) == 0;
}

// Says that it is there, and waits for GO.
static bool wait_for_go(const struct agent_options *options, int channel) {
  int notifications = -1;
  int code = options->traps ? pl_ns_trap(options->traps_strictly, &notifications) : 0;
  bool is_heard = tell(channel, code == 0 ? PL_NS_READY : PL_NS_ERROR, code, notifications < 0 ? NULL : &notifications);
  if (notifications >= 0) close(notifications);
  struct pl_ns_message message;
  size_t count;
  return is_heard && code == 0 && pl_ns_receive(channel, &message, NULL, 0, &count) == 1;
}

static void end_with(pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  if (getppid() != parent) _exit(EXIT_FAILED);
}

// All that the user's own shell would have given it.
static int restore_users(const struct agent_options *options, const struct users_own *users) {
  restore_own_signals();
  if (options->ignores_children) signal(SIGCHLD, SIG_IGN);
  setrlimit(RLIMIT_NOFILE, &users->descriptors);
  sigprocmask(SIG_SETMASK, &users->mask, NULL);
  environ = environment_with(options->variables);
  return environ == NULL ? ENOMEM : 0;
}

static void be_the_app(const struct agent_options *options, const struct users_own *users, pid_t parent, int channel) {
  end_with(parent);
  if (!wait_for_go(options, channel)) _exit(EXIT_FAILED);
  int code = rootful_enter();
  // Another group makes the kernel forget it.
  end_with(parent);
  if (code == 0) code = restore_users(options, users);
  if (code == 0) {
    execvp(options->command[0], options->command);
    code = errno;
  }
  tell(channel, PL_NS_ERROR, code, NULL);
  _exit(EXIT_FAILED);
}

int app_fork(const struct agent_options *options, const struct users_own *users, struct app *app) {
  int pair[2];
  int code = pl_ns_socket_pair(pair);
  if (code != 0) return code;
  pid_t parent = getpid();
  app->pid = fork();
  if (app->pid == 0) be_the_app(options, users, parent, pair[1]);
  code = app->pid < 0 ? errno : 0;
  close(pair[1]);
  app->channel = pair[0];
  app->notifications = -1;
  struct pl_ns_message message;
  size_t count = 0;
  if (code != 0) return code;
  if (pl_ns_receive(pair[0], &message, &app->notifications, 1, &count) != 1) return ESRCH;
  return message.header.type == PL_NS_READY ? 0 : (int)message.header.a;
}

int app_release(struct app *app) {
  struct pl_ns_message message;
  size_t count;
  // The end of the channel is its exec.
  int code = 0;
  if (tell(app->channel, PL_NS_GO, 0, NULL) && pl_ns_receive(app->channel, &message, NULL, 0, &count) == 1) {
    code = (int)message.header.a;
  }
  close(app->channel);
  return code;
}
