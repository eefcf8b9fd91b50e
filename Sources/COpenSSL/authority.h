// What Security/Authority needs of OpenSSL and Swift does not see: macros, variadic functions, stacks and unions.
#pragma once

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

static inline EVP_PKEY *pl_EVP_EC_gen(const char *curve) { return EVP_EC_gen(curve); }
static inline EVP_PKEY *pl_EVP_RSA_gen(unsigned bits) { return EVP_RSA_gen(bits); }

// Adds an extension by its textual value (x509v3_config(5)); 1 on success.
static inline int pl_X509_add_ext_text(X509 *certificate, X509 *issuer, int nid, const char *value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
  X509_EXTENSION *extension = X509V3_EXT_nconf_nid(NULL, &context, nid, value);
  if (extension == NULL) return 0;
  int added = X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
  return added;
}

static inline GENERAL_NAMES *pl_GENERAL_NAMES_new(void) { return sk_GENERAL_NAME_new_null(); }

// Appends a name that is an IA5String (GEN_URI, GEN_DNS, GEN_EMAIL); 1 on success.
static inline int pl_GENERAL_NAMES_push_text(GENERAL_NAMES *names, int type, const void *bytes, int count) {
  GENERAL_NAME *name = GENERAL_NAME_new();
  ASN1_IA5STRING *text = ASN1_IA5STRING_new();
  if (name == NULL || text == NULL || !ASN1_STRING_set(text, bytes, count)) {
    GENERAL_NAME_free(name);
    ASN1_IA5STRING_free(text);
    return 0;
  }
  GENERAL_NAME_set0_value(name, type, text);
  if (sk_GENERAL_NAME_push(names, name) > 0) return 1;
  GENERAL_NAME_free(name);
  return 0;
}

static inline STACK_OF(X509) *pl_sk_X509_new(void) { return sk_X509_new_null(); }
// The stack does not own what is pushed: free it by pl_sk_X509_free alone.
static inline int pl_sk_X509_push(STACK_OF(X509) *stack, X509 *certificate) { return sk_X509_push(stack, certificate); }
static inline void pl_sk_X509_free(STACK_OF(X509) *stack) { sk_X509_free(stack); }

static const int pl_MBSTRING_UTF8 = MBSTRING_UTF8;
// Names on one line, "O=cluster.local, CN=web": UTF-8, and what a terminal would act on escaped.
static const unsigned long pl_NAME_ON_ONE_LINE =
    (XN_FLAG_ONELINE & ~XN_FLAG_SPC_EQ & ~ASN1_STRFLGS_ESC_MSB & ~ASN1_STRFLGS_ESC_QUOTE) | ASN1_STRFLGS_ESC_CTRL;
