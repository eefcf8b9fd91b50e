#include "agent.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/stat.h>

// MARK: The command line

static void read_ports(struct agent_ports *ports, const char *list) {
  while (*list != 0 && ports->count < AGENT_PORTS) {
    char *end;
    unsigned long port = strtoul(list, &end, 10);
    if (end == list) return;
    if (port > 0 && port < 65536) ports->list[ports->count++] = (uint16_t)port;
    list = *end == ',' ? end + 1 : end;
  }
}

// The value of "key=value"; NULL where it is another key's.
static const char *value_of(const char *argument, const char *key) {
  size_t length = strlen(key);
  return strncmp(argument, key, length) == 0 && argument[length] == '=' ? argument + length + 1 : NULL;
}

static void read_option(struct agent_options *options, const char *argument) {
  const char *value;
  if ((value = value_of(argument, "control")) != NULL) options->control = atoi(value);
  if ((value = value_of(argument, "sockets")) != NULL) options->sockets = atoi(value);
  if ((value = value_of(argument, "host")) != NULL) options->stays_on_host = true;
  if ((value = value_of(argument, "trap")) != NULL) options->traps = true;
  if ((value = value_of(argument, "rootful")) != NULL) options->is_rootful = true;
  if ((value = value_of(argument, "remove")) != NULL) options->removes = true;
  if ((value = value_of(argument, "name")) != NULL) options->name = value;
  if ((value = value_of(argument, "resolver")) != NULL) options->resolver = value;
  if ((value = value_of(argument, "ports")) != NULL) read_ports(&options->host_ports, value);
  if ((value = value_of(argument, "captured")) != NULL) read_ports(&options->captured_ports, value);
  if ((value = value_of(argument, "datagrams")) != NULL) options->relays_datagrams = true;
  if ((value = value_of(argument, "changing")) != NULL) options->changes_ports = true;
  if ((value = value_of(argument, "variant")) != NULL) options->variant = value;
  if ((value = value_of(argument, "pid")) != NULL) options->pid = atol(value);
}

static void read_options(struct agent_options *options, int argc, char **argv) {
  *options = (struct agent_options){.control = -1, .sockets = -1, .name = "", .command = argv + argc};
  for (int index = 2; index < argc; index++) {
    if (strcmp(argv[index], "--") == 0) {
      options->command = argv + index + 1;
      return;
    }
    read_option(options, argv[index]);
  }
}

void pl_ns_enter(int argc, char **argv) {
  if (argc < 2 || strcmp(argv[0], PL_NS_NAME) != 0) return;
  prctl(PR_SET_NAME, PL_NS_NAME, 0, 0, 0);
  struct agent_options options;
  read_options(&options, argc, argv);
  if (strcmp(argv[1], "agent") == 0 && options.control >= 0 && options.sockets >= 0 && options.command[0] != NULL) {
    _exit(agent_run(&options));
  }
  if (strcmp(argv[1], "exec") == 0 && options.pid > 0 && options.command[0] != NULL) _exit(agent_exec(&options));
  if (strcmp(argv[1], "stale") == 0 && options.control >= 0) _exit(agent_stale(&options));
  if (strcmp(argv[1], "probe") == 0 && options.control >= 0) _exit(agent_probe(&options));
  _exit(2);
}

// MARK: exec

// Joins a namespace of another process, unless it is ours already.
static int join(long pid, const char *kind, int flag) {
  char path[64], own[64];
  struct stat theirs, ours;
  snprintf(path, sizeof path, "/proc/%ld/ns/%s", pid, kind);
  snprintf(own, sizeof own, "/proc/self/ns/%s", kind);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return errno;
  int code = fstat(fd, &theirs) != 0 || stat(own, &ours) != 0 ? errno : 0;
  if (code == 0 && theirs.st_ino != ours.st_ino && setns(fd, flag) != 0) code = errno;
  close(fd);
  return code;
}

int agent_exec(const struct agent_options *options) {
  char folder[4096];
  if (getcwd(folder, sizeof folder) == NULL) folder[0] = 0;
  int code = join(options->pid, "user", CLONE_NEWUSER);
  if (code == 0) code = join(options->pid, "net", CLONE_NEWNET);
  if (code == 0) code = join(options->pid, "mnt", CLONE_NEWNS);
  if (code != 0) {
    dprintf(STDERR_FILENO, "pillion: cannot join process %ld: %s\n", options->pid, strerror(code));
    return 125;
  }
  // The mount namespace starts at its root.
  if (folder[0] != 0 && chdir(folder) != 0) dprintf(STDERR_FILENO, "pillion: %s: %s\n", folder, strerror(errno));
  execvp(options->command[0], options->command);
  code = errno;
  dprintf(STDERR_FILENO, "pillion: cannot run '%s': %s\n", options->command[0], strerror(code));
  return code == ENOENT ? 127 : 126;
}
