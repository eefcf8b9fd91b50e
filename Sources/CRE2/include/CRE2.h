// RE2 for Swift: the few calls that Envoy's safe_regex needs, as C.
#ifndef PILLION_CRE2_H
#define PILLION_CRE2_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct cre2_regex cre2_regex;

// Compiles `pattern`. Never NULL; ask cre2_error for what was wrong with it.
cre2_regex *cre2_new(const char *pattern, size_t length);
void cre2_free(cre2_regex *regex);

// The reason the pattern was refused, or NULL when it compiled.
const char *cre2_error(const cre2_regex *regex);

// RE2's program size, the measure of Envoy's max_program_size.
int cre2_program_size(const cre2_regex *regex);

// Whether all of `text` matches. Linear in `length`.
bool cre2_full_match(const cre2_regex *regex, const char *text, size_t length);

// Whether some part of `text` matches. Linear in `length`.
bool cre2_partial_match(const cre2_regex *regex, const char *text, size_t length);

// Replaces every match in `text` by `substitution` (\0 to \9 name groups). The result is malloc'd and
// its length stored; NULL when memory ran out.
char *cre2_replace_all(const cre2_regex *regex, const char *text, size_t length, const char *substitution,
                       size_t substitution_length, size_t *result_length);

// Whether `substitution` names only groups that the pattern has.
bool cre2_check_substitution(const cre2_regex *regex, const char *substitution, size_t length);

#ifdef __cplusplus
}
#endif
#endif
