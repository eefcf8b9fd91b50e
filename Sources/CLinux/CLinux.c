#define _GNU_SOURCE 1
#include "CLinux.h"

#include <pthread.h>

int pl_accept4(int fd, struct sockaddr *address, socklen_t *length, int flags) {
  return accept4(fd, address, length, flags);
}

int pl_set_thread_name(const char *name) { return pthread_setname_np(pthread_self(), name); }
