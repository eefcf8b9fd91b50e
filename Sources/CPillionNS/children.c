#include "agent.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <time.h>

enum { KILL_PATIENCE_MILLISECONDS = 2000 };

// Calls `signal` on each direct child.
void children_signal_all(int signal_number) {
  char path[64], list[4096];
  snprintf(path, sizeof path, "/proc/self/task/%d/children", getpid());
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return;
  ssize_t length = read(fd, list, sizeof list - 1);
  close(fd);
  if (length <= 0) return;
  list[length] = 0;
  // A number that the buffer cuts off is another process's: only those with a blank behind them count.
  for (char *place = list, *end; (end = strchr(place, ' ')) != NULL; place = end + 1) {
    long pid = strtol(place, NULL, 10);
    if (pid > 1) kill((pid_t)pid, signal_number);
  }
}

bool children_exist(void) {
  siginfo_t info;
  return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

long long monotonic_milliseconds(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000LL + time.tv_nsec / 1000000;
}

// One that sleeps in the kernel, or whom a kernel without lists of children hides, is not waited for.
void pl_ns_kill_children(void) {
  long long end = monotonic_milliseconds() + KILL_PATIENCE_MILLISECONDS;
  while (children_exist() && monotonic_milliseconds() < end) {
    children_signal_all(SIGKILL);
    while (waitpid(-1, NULL, WNOHANG) > 0) continue;
    usleep(2000);
  }
}
