#include "agent.h"
#include "cgroup.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

enum { REMOVAL_TRIES = 100, REMOVAL_PAUSE_MICROSECONDS = 5000, DEPTH_LIMIT = 16 };

// "… ROOT MOUNTPOINT … - cgroup2 …", of /proc/self/mountinfo; what is shown of the tree begins at its root. The last, which lies on
// top; not one of a tree above the root of our cgroup namespace.
static bool find_mount(char root[PATH_MAX], char point[PATH_MAX]) {
  FILE *file = fopen("/proc/self/mountinfo", "re");
  if (file == NULL) return false;
  char line[3 * PATH_MAX];
  bool found = false;
  while (fgets(line, sizeof line, file) != NULL) {
    _Static_assert(PATH_MAX > 4095, "the widths below");
    char its_root[PATH_MAX], its_point[PATH_MAX];
    if (strstr(line, " - cgroup2 ") == NULL) continue;
    if (sscanf(line, "%*d %*d %*s %4095s %4095s", its_root, its_point) != 2 || strncmp(its_root, "/..", 3) == 0) continue;
    found = true;
    memcpy(root, its_root, PATH_MAX);
    memcpy(point, its_point, PATH_MAX);
  }
  fclose(file);
  return found;
}

// "0::PATH", of /proc/self/cgroup.
static bool find_own(char path[PATH_MAX]) {
  FILE *file = fopen("/proc/self/cgroup", "re");
  if (file == NULL) return false;
  char line[PATH_MAX + 8];
  bool found = false;
  while (!found && fgets(line, sizeof line, file) != NULL) {
    if (strncmp(line, "0::/", 4) != 0) continue;
    line[strcspn(line, "\n")] = 0;
    found = snprintf(path, PATH_MAX, "%s", line + 3) < PATH_MAX;
  }
  fclose(file);
  return found;
}

static uint32_t depth(const char *path) {
  uint32_t count = 0;
  for (; *path != 0; path++) count += path[0] == '/' && path[1] != 0 && path[1] != '/';
  return count;
}

int cgroup_make(struct cgroup *cgroup, const char *name) {
  char root[PATH_MAX], point[PATH_MAX], own[PATH_MAX];
  if (!find_mount(root, point) || !find_own(own)) return ENOENT;
  size_t shown = strcmp(root, "/") == 0 ? 0 : strlen(root);
  if (strncmp(own, root, shown) != 0) return ENOENT;
  const char *below = strcmp(own, "/") == 0 ? "" : own + shown;
  if (snprintf(cgroup->path, sizeof cgroup->path, "%s%s/%s", point, below, name) >= PATH_MAX) return ENAMETOOLONG;
  if (mkdir(cgroup->path, 0755) != 0) return errno;
  struct stat status;
  if (stat(cgroup->path, &status) != 0) {
    int code = errno;
    rmdir(cgroup->path);
    return code;
  }
  cgroup->id = status.st_ino;
  cgroup->level = depth(own) + 1;
  return 0;
}

int cgroup_enter(const struct cgroup *cgroup) {
  char path[PATH_MAX + 16];
  snprintf(path, sizeof path, "%s/cgroup.procs", cgroup->path);
  return write_file(path, "0");
}

// The app may have made some of its own below.
static int remove_tree(const char *path, int depth) {
  DIR *entries = depth < DEPTH_LIMIT ? opendir(path) : NULL;
  struct dirent *entry;
  while (entries != NULL && (entry = readdir(entries)) != NULL) {
    char below[PATH_MAX];
    if (entry->d_type != DT_DIR || strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    if (snprintf(below, sizeof below, "%s/%s", path, entry->d_name) < PATH_MAX) remove_tree(below, depth + 1);
  }
  if (entries != NULL) closedir(entries);
  return rmdir(path);
}

int cgroup_remove(const char *path) {
  for (int tries = 0; remove_tree(path, 0) != 0; tries++) {
    if (errno != EBUSY || tries == REMOVAL_TRIES) return errno;
    usleep(REMOVAL_PAUSE_MICROSECONDS);
  }
  return 0;
}

static void search(
    const char *folder, int depth, const char *prefix, void (*each)(const char *, const char *, void *), void *context) {
  DIR *entries = opendir(folder);
  if (entries == NULL) return;
  struct dirent *entry;
  while ((entry = readdir(entries)) != NULL) {
    if (entry->d_type != DT_DIR || entry->d_name[0] == '.') continue;
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s/%s", folder, entry->d_name) >= PATH_MAX) continue;
    if (strncmp(entry->d_name, prefix, strlen(prefix)) == 0) each(path, entry->d_name, context);
    else if (depth < DEPTH_LIMIT) search(path, depth + 1, prefix, each, context);
  }
  closedir(entries);
}

void cgroup_each(const char *prefix, void (*each)(const char *, const char *, void *), void *context) {
  char root[PATH_MAX], point[PATH_MAX];
  if (find_mount(root, point)) search(point, 0, prefix, each, context);
}
