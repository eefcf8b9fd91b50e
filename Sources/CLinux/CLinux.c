#define _GNU_SOURCE 1
#include "CLinux.h"

#include <elf.h>
#include <link.h>
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

// Segments that nothing ever writes to: what is relocated lies in writable ones, also where it is protected afterwards.
static int release_pages(struct dl_phdr_info *object, size_t size, void *page_mask) {
  uintptr_t mask = *(uintptr_t *)page_mask;
  (void)size;
  for (int index = 0; index < object->dlpi_phnum; index++) {
    if (object->dlpi_phdr[index].p_type == PT_DYNAMIC) {
      const ElfW(Dyn) *entry = (const ElfW(Dyn) *)(object->dlpi_addr + object->dlpi_phdr[index].p_vaddr);
      for (; entry->d_tag != DT_NULL; entry++) {
        if (entry->d_tag == DT_TEXTREL || (entry->d_tag == DT_FLAGS && (entry->d_un.d_val & DF_TEXTREL))) return 0;
      }
    }
  }
  for (int index = 0; index < object->dlpi_phnum; index++) {
    const ElfW(Phdr) *segment = &object->dlpi_phdr[index];
    if (segment->p_type != PT_LOAD || (segment->p_flags & PF_W)) continue;
    uintptr_t start = (object->dlpi_addr + segment->p_vaddr + ~mask) & mask;
    uintptr_t end = (object->dlpi_addr + segment->p_vaddr + segment->p_memsz) & mask;
    if (end > start) madvise((void *)start, end - start, MADV_DONTNEED);
  }
  return 0;
}

void pl_release_program_pages(void) {
  uintptr_t page_mask = ~((uintptr_t)sysconf(_SC_PAGESIZE) - 1);
  dl_iterate_phdr(release_pages, &page_mask);
}
