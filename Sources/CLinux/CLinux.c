#define _GNU_SOURCE 1
#include "CLinux.h"

#include <pthread.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

int pl_accept4(int fd, struct sockaddr *address, socklen_t *length, int flags) {
  return accept4(fd, address, length, flags);
}

ssize_t pl_recv(int fd, void *buffer, size_t length, int flags) {
  return syscall(SYS_recvfrom, fd, buffer, length, flags, NULL, NULL);
}

ssize_t pl_send(int fd, const void *buffer, size_t length, int flags) {
  return syscall(SYS_sendto, fd, buffer, length, flags, NULL, 0);
}

ssize_t pl_sendmsg(int fd, const struct msghdr *message, int flags) {
  return syscall(SYS_sendmsg, fd, message, flags);
}

int pl_set_thread_name(const char *name) { return pthread_setname_np(pthread_self(), name); }

// Set by the linker: where the program's read-only part begins, and where its code ends.
extern const char __executable_start;
extern const char etext;

void pl_release_program_pages(void) {
  uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
  uintptr_t start = (uintptr_t)&__executable_start & ~(page - 1);
  uintptr_t end = (uintptr_t)&etext & ~(page - 1);
  if (end > start) madvise((void *)start, end - start, MADV_DONTNEED);
}
