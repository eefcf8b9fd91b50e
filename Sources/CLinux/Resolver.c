// Apart from the rest: <resolv.h> brings macros with everybody's names.
#include "CLinux.h"

#include <resolv.h>

int pl_res_send(const uint8_t *query, int length, uint8_t *answer, int size) {
  return res_send(query, length, answer, size);
}
