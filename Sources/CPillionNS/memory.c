// The agent lives as long as its app, and shares a program with the proxy: pages that the dynamic linker wrote for
// libraries that only the proxy calls are given back. Only of those that are known: any other may stand behind fork
// or malloc.
#include "agent.h"

#include <link.h>
#include <sys/mman.h>

// None of them registers a handler of fork.
static const char *const known_libraries[] = {
    "libcrypto.so", "libssl.so", "libnghttp2.so", "libyaml-0.so", "libre2.so", "libstdc++.so", "libgcc_s.so", "libm.so",
    "libswiftCore.so", "libswift_Concurrency.so", "libswift_StringProcessing.so", "libswift_RegexParser.so",
    "libFoundationEssentials.so",
};

static bool is_known(const char *path) {
  const char *slash = strrchr(path, '/');
  if (slash == NULL) return false;
  for (size_t index = 0; index < sizeof known_libraries / sizeof *known_libraries; index++) {
    if (strncmp(slash + 1, known_libraries[index], strlen(known_libraries[index])) == 0) return true;
  }
  return false;
}

// What is preloaded stands before the C library, and calls whom it likes.
static bool has_preloaded(void) { return getenv("LD_PRELOAD") != NULL || access("/etc/ld.so.preload", F_OK) == 0; }

static int release_library(struct dl_phdr_info *object, size_t size, void *page_size) {
  (void)size;
  if (!is_known(object->dlpi_name)) return 0;
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
  if (has_preloaded()) return;
  uintptr_t page_size = (uintptr_t)sysconf(_SC_PAGESIZE);
  dl_iterate_phdr(release_library, &page_size);
}
