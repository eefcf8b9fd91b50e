#include "CRE2.h"

#include <re2/re2.h>

#include <cstdlib>
#include <cstring>
#include <string>

struct cre2_regex {
  RE2 re;
  cre2_regex(const re2::StringPiece &pattern, const RE2::Options &options) : re(pattern, options) {}
};

namespace {
RE2::Options quiet() {
  RE2::Options options;
  options.set_log_errors(false);
  return options;
}
}  // namespace

extern "C" {

cre2_regex *cre2_new(const char *pattern, size_t length) {
  return new cre2_regex(re2::StringPiece(pattern, length), quiet());
}

void cre2_free(cre2_regex *regex) { delete regex; }

const char *cre2_error(const cre2_regex *regex) { return regex->re.ok() ? nullptr : regex->re.error().c_str(); }

int cre2_program_size(const cre2_regex *regex) { return regex->re.ProgramSize(); }

bool cre2_full_match(const cre2_regex *regex, const char *text, size_t length) {
  return RE2::FullMatch(re2::StringPiece(text, length), regex->re);
}

bool cre2_partial_match(const cre2_regex *regex, const char *text, size_t length) {
  return RE2::PartialMatch(re2::StringPiece(text, length), regex->re);
}

char *cre2_replace_all(const cre2_regex *regex, const char *text, size_t length, const char *substitution,
                       size_t substitution_length, size_t *result_length) {
  std::string result(text, length);
  RE2::GlobalReplace(&result, regex->re, re2::StringPiece(substitution, substitution_length));
  char *copy = static_cast<char *>(std::malloc(result.size() + 1));
  if (copy == nullptr) return nullptr;
  std::memcpy(copy, result.data(), result.size());
  copy[result.size()] = 0;
  *result_length = result.size();
  return copy;
}

bool cre2_check_substitution(const cre2_regex *regex, const char *substitution, size_t length) {
  std::string error;
  return regex->re.CheckRewriteString(re2::StringPiece(substitution, length), &error);
}
}
