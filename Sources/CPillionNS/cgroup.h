// A cgroup (v2) of an app's own, below that of whoever starts it, so that what limits that one limits the app.
#ifndef PILLION_CGROUP_H
#define PILLION_CGROUP_H

#include <limits.h>
#include <stdint.h>

struct cgroup {
  char path[PATH_MAX];
  uint64_t id;     // the kernel's: the inode's number
  uint32_t level;  // 1: right below the root
};

// Makes it. Returns 0, ENOENT where cgroup2 is not mounted, or an errno.
int cgroup_make(struct cgroup *cgroup, const char *name);
// This process joins it. Returns 0, or an errno.
int cgroup_enter(const struct cgroup *cgroup);
// Removes it and those below, once those that end are gone. Returns 0, or an errno.
int cgroup_remove(const char *path);
// Calls back for each whose name begins so.
void cgroup_each(const char *prefix, void (*each)(const char *path, const char *name, void *context), void *context);

#endif
