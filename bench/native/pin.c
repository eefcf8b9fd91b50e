// Starts a program on one CPU and tells when.
//
//   pin CPU REPORT_FD PROGRAM ARGUMENT...
//
// The program gets a process group of its own (so that it can be ended whole, workers included), a SIGTERM when the
// harness dies, and only the given CPU. Just before exec the monotonic time in ns goes to REPORT_FD, which is then
// closed: a start-up time so counts nothing of the harness. REPORT_FD -1 reports nothing.
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

int main(int count, char **words) {
  if (count < 4) return fprintf(stderr, "usage: pin CPU REPORT_FD PROGRAM ARGUMENT...\n"), 2;
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(atoi(words[1]), &set);
  if (sched_setaffinity(0, sizeof set, &set) != 0) return perror("sched_setaffinity"), 1;
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  setpgid(0, 0);
  int report = atoi(words[2]);
  if (report >= 0) {
    struct timespec now;
    fcntl(report, F_SETFD, FD_CLOEXEC);
    clock_gettime(CLOCK_MONOTONIC, &now);
    uint64_t ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
    if (write(report, &ns, sizeof ns) != sizeof ns) return perror("write"), 1;
  }
  execvp(words[3], words + 3);
  return perror(words[3]), 127;
}
