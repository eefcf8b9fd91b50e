#include "agent.h"

static size_t count_of(char *const list[]) {
  size_t count = 0;
  while (list[count] != NULL) count++;
  return count;
}

static bool is_replaced(const char *old, char *const variables[]) {
  size_t length = strcspn(old, "=");
  for (; *variables != NULL; variables++) {
    if (strncmp(old, *variables, length) == 0 && ((*variables)[length] == '=' || (*variables)[length] == 0)) return true;
  }
  return false;
}

char **environment_with(char *const variables[]) {
  char **list = calloc(count_of(environ) + count_of(variables) + 1, sizeof *list);
  if (list == NULL) return NULL;
  size_t count = 0;
  for (char **old = environ; *old != NULL; old++) {
    if (!is_replaced(*old, variables)) list[count++] = *old;
  }
  for (; *variables != NULL; variables++) {
    if (strchr(*variables, '=') != NULL) list[count++] = *variables;
  }
  return list;
}
