#include "agent.h"

#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/stat.h>

// MARK: The command line

static void read_ports(struct agent_ports *ports, const char *list) {
  while (*list != 0 && !ports->is_cut) {
    char *end;
    unsigned long port = strtoul(list, &end, 10);
    if (end == list) return;
    ports->is_cut = ports->count == AGENT_PORTS;
    if (port > 0 && port < 65536 && !ports->is_cut) ports->list[ports->count++] = (uint16_t)port;
    list = *end == ',' ? end + 1 : end;
  }
}

static void add_variable(struct agent_options *options, const char *variable) {
  size_t count = 0;
  while (options->variables[count] != NULL) count++;
  options->variables[count] = (char *)variable;
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
  if ((value = value_of(argument, "strict")) != NULL) options->traps_strictly = true;
  if ((value = value_of(argument, "rootful")) != NULL) options->is_rootful = true;
  if ((value = value_of(argument, "remove")) != NULL) options->removes = true;
  if ((value = value_of(argument, "name")) != NULL) options->name = value;
  if ((value = value_of(argument, "resolver")) != NULL) options->resolver = value;
  if ((value = value_of(argument, "ports")) != NULL) read_ports(&options->host_ports, value);
  if ((value = value_of(argument, "captured")) != NULL) read_ports(&options->captured_ports, value);
  if ((value = value_of(argument, "datagrams")) != NULL) options->relays_datagrams = true;
  if ((value = value_of(argument, "changing")) != NULL) options->changes_ports = true;
  if ((value = value_of(argument, "variant")) != NULL) options->variant = value;
  if ((value = value_of(argument, "refuse")) != NULL) options->refuses_others = true;
  if ((value = value_of(argument, "nochildren")) != NULL) options->ignores_children = true;
  if ((value = value_of(argument, "env")) != NULL) add_variable(options, value);
  if ((value = value_of(argument, "pid")) != NULL) options->pid = atol(value);
}

static void read_options(struct agent_options *options, int argc, char **argv) {
  *options = (struct agent_options){.control = -1, .sockets = -1, .name = "", .command = argv + argc};
  options->variables = calloc((size_t)argc, sizeof *options->variables);
  if (options->variables == NULL) _exit(EXIT_FAILED);
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

// What `exec` joins: a process, by a descriptor, so that another that gets its number is not taken for it.
struct neighbour {
  int folder;  // its own of /proc
  uid_t user;
  gid_t group;
  gid_t others[256];
  size_t other_count;
};

// The first bytes of a file of its; how many.
static size_t read_from(const struct neighbour *neighbour, const char *name, char *text, size_t size) {
  int fd = openat(neighbour->folder, name, O_RDONLY | O_CLOEXEC);
  ssize_t count = fd < 0 ? -1 : read(fd, text, size - 1);
  if (fd >= 0) close(fd);
  text[count < 0 ? 0 : count] = 0;
  return count < 0 ? 0 : (size_t)count;
}

// Whose it is, as we see those numbers: the effective ones of four each.
static bool read_owner(struct neighbour *neighbour) {
  char status[8192];
  unsigned user, group;
  read_from(neighbour, "status", status, sizeof status);
  const char *users = strstr(status, "\nUid:"), *groups = strstr(status, "\nGid:"), *others = strstr(status, "\nGroups:");
  if (users == NULL || groups == NULL || others == NULL) return false;
  if (sscanf(users, "\nUid: %*u %u", &user) != 1 || sscanf(groups, "\nGid: %*u %u", &group) != 1) return false;
  neighbour->user = user;
  neighbour->group = group;
  others += strlen("\nGroups:");
  while (neighbour->other_count < sizeof neighbour->others / sizeof *neighbour->others) {
    while (*others == ' ' || *others == '\t') others++;
    if (*others < '0' || *others > '9') break;
    neighbour->others[neighbour->other_count++] = (gid_t)strtoul(others, (char **)&others, 10);
  }
  return true;
}

static int open_neighbour(long pid, struct neighbour *neighbour) {
  static const char agent[] = PL_NS_NAME "\0agent";
  char path[64], line[64];
  snprintf(path, sizeof path, "/proc/%ld", pid);
  *neighbour = (struct neighbour){.folder = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC)};
  if (neighbour->folder < 0) return errno;
  size_t length = read_from(neighbour, "cmdline", line, sizeof line);
  return length >= sizeof agent && memcmp(line, agent, sizeof agent) == 0 && read_owner(neighbour) ? 0 : ESRCH;
}

// What a user has laid in namespaces is nothing that root should run.
static int become_owner(const struct neighbour *neighbour) {
  if (geteuid() != 0 || neighbour->user == 0) return 0;
  if (setgroups(neighbour->other_count, neighbour->others) != 0) return errno;
  if (setresgid(neighbour->group, neighbour->group, neighbour->group) != 0) return errno;
  return setresuid(neighbour->user, neighbour->user, neighbour->user) == 0 ? 0 : errno;
}

// Joins a namespace, unless it is ours already.
static int join(int fd, const char *own, int flag) {
  struct stat theirs, ours;
  if (fstat(fd, &theirs) != 0 || stat(own, &ours) != 0) return errno;
  return theirs.st_ino == ours.st_ino || setns(fd, flag) == 0 ? 0 : errno;
}

static int join_neighbour(long pid) {
  static const struct {
    const char *theirs, *own;
    int flag;
  } kinds[3] = {
      {"ns/user", "/proc/self/ns/user", CLONE_NEWUSER},
      {"ns/net", "/proc/self/ns/net", CLONE_NEWNET},
      {"ns/mnt", "/proc/self/ns/mnt", CLONE_NEWNS}};
  struct neighbour neighbour;
  int fds[3];
  int code = open_neighbour(pid, &neighbour);
  for (int index = 0; index < 3 && code == 0; index++) {
    fds[index] = openat(neighbour.folder, kinds[index].theirs, O_RDONLY | O_CLOEXEC);
    if (fds[index] < 0) code = errno;
  }
  if (code == 0) code = become_owner(&neighbour);
  for (int index = 0; index < 3 && code == 0; index++) code = join(fds[index], kinds[index].own, kinds[index].flag);
  return code;
}

int agent_exec(const struct agent_options *options) {
  char folder[4096];
  if (getcwd(folder, sizeof folder) == NULL) folder[0] = 0;
  int code = join_neighbour(options->pid);
  if (code != 0) {
    dprintf(STDERR_FILENO, "pillion: cannot join process %ld: %s\n", options->pid, strerror(code));
    return EXIT_FAILED;
  }
  // The mount namespace starts at its root.
  if (folder[0] != 0 && chdir(folder) != 0) dprintf(STDERR_FILENO, "pillion: %s: %s\n", folder, strerror(errno));
  execvp(options->command[0], options->command);
  code = errno;
  dprintf(STDERR_FILENO, "pillion: cannot run '%s': %s\n", options->command[0], strerror(code));
  return code == ENOENT ? 127 : 126;
}
