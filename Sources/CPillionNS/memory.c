// The agent lives as long as its app, and shares a program with the proxy: pages that the dynamic linker wrote for libraries
// that only the proxy calls are given back.
#include "agent.h"

#include <link.h>
#include <sys/mman.h>

// The C library and the dynamic linker are what the agent runs on; the program itself (no name) is it.
static bool is_needed(const char *name) {
  return name[0] == 0 || strstr(name, "/libc.so") != NULL || strstr(name, "/ld-") != NULL || strchr(name, '/') == NULL;
}

static int release_library(struct dl_phdr_info *object, size_t size, void *page_size) {
  (void)size;
  if (is_needed(object->dlpi_name)) return 0;
  uintptr_t mask = ~(*(uintptr_t *)page_size - 1);
  for (int index = 0; index < object->dlpi_phnum; index++) {
    const ElfW(Phdr) *segment = &object->dlpi_phdr[index];
    if (segment->p_type != PT_LOAD || !(segment->p_flags & PF_W)) continue;
    uintptr_t start = (object->dlpi_addr + segment->p_vaddr) & mask;
    uintptr_t end = (object->dlpi_addr + segment->p_vaddr + segment->p_memsz + ~mask) & mask;
    madvise((void *)start, end - start, MADV_DONTNEED);
  }
  return 0;
}

void agent_release_libraries(void) {
  uintptr_t page_size = (uintptr_t)sysconf(_SC_PAGESIZE);
  dl_iterate_phdr(release_library, &page_size);
}
