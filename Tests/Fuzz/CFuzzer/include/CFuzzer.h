#pragma once
#include <stddef.h>
#include <stdint.h>

/* libFuzzer's driver (llvm.org/docs/LibFuzzer.html, "Using libFuzzer as a library"): parses the arguments, and calls
   `test` with input after input. */
int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*test)(const uint8_t *data, size_t size));
