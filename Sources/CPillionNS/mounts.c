// Files of the app's own: resolv.conf that names our resolver, and nsswitch.conf that asks nobody else. They lie on a
// tmpfs that only this mount namespace sees.
#include "agent.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/mount.h>
#include <sys/stat.h>

enum { FILE_SIZE = 8192 };

static const char *parent_folder(void) {
  const char *folder = getenv("XDG_RUNTIME_DIR");
  if (folder != NULL && access(folder, W_OK) == 0) return folder;
  folder = getenv("TMPDIR");
  return folder != NULL && access(folder, W_OK) == 0 ? folder : "/tmp";
}

// Writes a file in the tmpfs and lays it over another.
static int lay_over(const char *folder, const char *name, const char *text, size_t length, const char *target) {
  char path[PATH_MAX];
  if (snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path) return ENAMETOOLONG;
  int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (fd < 0) return errno;
  // Whatever the user's mask.
  int code = fchmod(fd, 0644) != 0 ? errno : write(fd, text, length) == (ssize_t)length ? 0 : EIO;
  close(fd);
  if (code == 0 && mount(path, target, NULL, MS_BIND, NULL) != 0) code = errno;
  return code;
}

static int lay_resolver(const char *folder, const char *resolver) {
  char target[PATH_MAX], text[FILE_SIZE];
  if (realpath("/etc/resolv.conf", target) == NULL) return errno;
  size_t length = strlen(resolver);
  if (length + 1 > sizeof text) return ENAMETOOLONG;
  for (size_t index = 0; index < length; index++) text[index] = resolver[index] == ';' ? '\n' : resolver[index];
  text[length++] = '\n';
  return lay_over(folder, "resolv.conf", text, length, target);
}

static size_t read_whole(const char *path, char *text, size_t size) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  ssize_t length = read(fd, text, size);
  close(fd);
  return length > 0 && (size_t)length < size ? (size_t)length : 0;
}

static bool is_of_hosts(const char *line, size_t length) {
  while (length > 0 && (*line == ' ' || *line == '\t')) line++, length--;
  return length >= 6 && strncmp(line, "hosts:", 6) == 0;
}

// The machine's own, but for its line of hosts.
static int lay_switch(const char *folder) {
  static const char path[] = "/etc/nsswitch.conf", hosts[] = "hosts: files dns\n";
  char old[FILE_SIZE], text[FILE_SIZE + sizeof hosts + 1];
  size_t length = read_whole(path, old, sizeof old), written = 0;
  if (length == 0) return 0;
  for (size_t start = 0; start < length;) {
    size_t end = start;
    while (end < length && old[end] != '\n') end++;
    if (!is_of_hosts(old + start, end - start)) {
      memcpy(text + written, old + start, end - start);
      written += end - start;
      text[written++] = '\n';
    }
    start = end + 1;
  }
  memcpy(text + written, hosts, sizeof hosts - 1);
  return lay_over(folder, "nsswitch.conf", text, written + sizeof hosts - 1, path);
}

// Sockets through which libc would ask others for names.
static void hide_other_resolvers(void) {
  static const char *const paths[] = {
      "/run/nscd/socket", "/run/systemd/resolve/io.systemd.Resolve", "/run/avahi-daemon/socket"};
  for (size_t index = 0; index < sizeof paths / sizeof *paths; index++) {
    if (access(paths[index], F_OK) == 0) mount("/dev/null", paths[index], NULL, MS_BIND, NULL);
  }
}

int agent_lay_files(const char *resolver) {
  if (resolver == NULL) return 0;
  // Ours are not seen outside, the user's later ones are seen here.
  if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) != 0) return errno;
  char folder[PATH_MAX];
  if (snprintf(folder, sizeof folder, "%s/pillion-XXXXXX", parent_folder()) >= (int)sizeof folder) return ENAMETOOLONG;
  if (mkdtemp(folder) == NULL) return errno;
  int code = mount("pillion", folder, "tmpfs", MS_NOSUID | MS_NODEV, "size=64k,mode=755") == 0 ? 0 : errno;
  if (code == 0) {
    code = lay_resolver(folder, resolver);
    int second = lay_switch(folder);
    if (code == 0) code = second;
    hide_other_resolvers();
    umount2(folder, MNT_DETACH);
  }
  rmdir(folder);
  return code;
}
