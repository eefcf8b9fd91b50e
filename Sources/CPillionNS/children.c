#include "agent.h"

#include <sys/wait.h>
#include <time.h>

// By /proc: without CONFIG_PROC_CHILDREN there is none. Those of the main thread, which is the one that starts any and gets the orphans.
void children_each(void (*each)(pid_t pid, void *context), void *context) {
  char path[64];
  snprintf(path, sizeof path, "/proc/self/task/%d/children", getpid());
  FILE *file = fopen(path, "re");
  if (file == NULL) return;
  int pid;
  while (fscanf(file, "%d", &pid) == 1) {
    if (pid > 1) each(pid, context);
  }
  fclose(file);
}

static void signal_one(pid_t pid, void *number) { kill(pid, *(const int *)number); }

void children_signal_all(int number) { children_each(signal_one, &number); }

bool children_exist(void) {
  siginfo_t info;
  return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

long long monotonic_milliseconds(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000LL + time.tv_nsec / 1000000;
}

// MARK: For the proxy

struct pid_list {
  pid_t *pids;
  size_t capacity, count;
};

static void note(pid_t pid, void *context) {
  struct pid_list *list = context;
  if (list->count < list->capacity) list->pids[list->count] = pid;
  list->count++;
}

size_t pl_ns_list_children(pid_t *pids, size_t capacity) {
  struct pid_list list = {pids, capacity, 0};
  children_each(note, &list);
  return list.count;
}

void pl_ns_kill_child(pid_t pid) {
  kill(pid, SIGKILL);
  waitpid(pid, NULL, WNOHANG);
}
