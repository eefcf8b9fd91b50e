// For each public key in a certificate OpenSSL 3.0 asks all decoders of all providers whether they would lead to one of
// all the kinds of key there are: a million instructions and more a certificate, four times in a mutual handshake
// (twice for the tickets), more than all of its cryptography. The search goes through every algorithm that the library
// context knows. So sessions get a library context of their own, whose only provider shows what TLS and its certificates
// use, as far as Envoy's (BoringSSL's) TLS goes. The algorithms are the default provider's.

#include "CTLSProvider.h"

#include <openssl/core.h>
#include <openssl/core_dispatch.h>
#include <openssl/crypto.h>
#include <openssl/provider.h>
#include <string.h>

enum { LIMIT = 24, OPERATIONS = OSSL_OP__HIGHEST + 1 };

// What is kept of an operation's algorithms: by name, and where `property` is there, by that too. Operations that do not
// stand here are none of TLS's.
struct selection {
  int operation;
  const char *property;
  const char *names[LIMIT + 1];
};

static const struct selection selections[] = {
  {OSSL_OP_DIGEST, NULL, {"SHA1", "SHA2-224", "SHA2-256", "SHA2-384", "SHA2-512", "MD5", "MD5-SHA1"}},
  {OSSL_OP_CIPHER, NULL, {
    "AES-128-GCM", "AES-256-GCM", "ChaCha20-Poly1305", "AES-128-CBC", "AES-256-CBC", "AES-128-CBC-HMAC-SHA1",
    "AES-256-CBC-HMAC-SHA1", "AES-128-CBC-HMAC-SHA256", "AES-256-CBC-HMAC-SHA256", "AES-128-CTR", "AES-256-CTR",
    "AES-128-ECB", "AES-256-ECB", "NULL",
  }},
  {OSSL_OP_MAC, NULL, {"HMAC"}},
  {OSSL_OP_KDF, NULL, {"HKDF", "TLS13-KDF", "TLS1-PRF"}},
  {OSSL_OP_RAND, NULL, {"CTR-DRBG", "SEED-SRC"}},
  {OSSL_OP_KEYMGMT, NULL, {"RSA", "RSA-PSS", "EC", "X25519", "ED25519", "HMAC"}},
  {OSSL_OP_KEYEXCH, NULL, {"ECDH", "X25519"}},
  {OSSL_OP_SIGNATURE, NULL, {"RSA", "ECDSA", "ED25519", "HMAC"}},
  {OSSL_OP_ASYM_CIPHER, NULL, {"RSA"}},
  {OSSL_OP_DECODER, "structure=SubjectPublicKeyInfo", {"RSA", "RSA-PSS", "EC", "ED25519"}},
};

static OSSL_PROVIDER *source;
static OSSL_ALGORITHM kept[OPERATIONS][LIMIT + 1];

// The first of an algorithm's names ("EC:id-ecPublicKey:1.2.840.10045.2.1") is among those.
static int is_selected(const OSSL_ALGORITHM *algorithm, const struct selection *selection) {
  size_t length = strcspn(algorithm->algorithm_names, ":");
  if (selection->property != NULL) {
    if (algorithm->property_definition == NULL) return 0;
    if (strstr(algorithm->property_definition, selection->property) == NULL) return 0;
  }
  for (const char *const *name = selection->names; *name != NULL; name++) {
    if (strlen(*name) == length && strncmp(algorithm->algorithm_names, *name, length) == 0) return 1;
  }
  return 0;
}

static void keep(const struct selection *selection) {
  int no_cache = 0, count = 0;
  const OSSL_ALGORITHM *all = OSSL_PROVIDER_query_operation(source, selection->operation, &no_cache);
  for (; all != NULL && all->algorithm_names != NULL && count < LIMIT; all++) {
    if (is_selected(all, selection)) kept[selection->operation][count++] = *all;
  }
}

static const OSSL_ALGORITHM *query(void *context, int operation, int *no_cache) {
  *no_cache = 0;
  return operation > 0 && operation < OPERATIONS && kept[operation][0].algorithm_names ? kept[operation] : NULL;
}

static const OSSL_PARAM *gettable_parameters(void *context) { return OSSL_PROVIDER_gettable_params(source); }

static int get_parameters(void *context, OSSL_PARAM *parameters) {
  return OSSL_PROVIDER_get_params(source, parameters);
}

static int get_capabilities(void *context, const char *capability, OSSL_CALLBACK *callback, void *argument) {
  return OSSL_PROVIDER_get_capabilities(source, capability, callback, argument);
}

// The source lives as long as the process.
static void teardown(void *context) {}

static const OSSL_DISPATCH functions[] = {
  {OSSL_FUNC_PROVIDER_TEARDOWN, (void (*)(void))teardown},
  {OSSL_FUNC_PROVIDER_GETTABLE_PARAMS, (void (*)(void))gettable_parameters},
  {OSSL_FUNC_PROVIDER_GET_PARAMS, (void (*)(void))get_parameters},
  {OSSL_FUNC_PROVIDER_QUERY_OPERATION, (void (*)(void))query},
  {OSSL_FUNC_PROVIDER_GET_CAPABILITIES, (void (*)(void))get_capabilities},
  {0, NULL},
};

// The algorithms' own functions get the default provider's context.
static int initialize(
    const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *core, const OSSL_DISPATCH **out, void **context) {
  *out = functions;
  *context = OSSL_PROVIDER_get0_provider_ctx(source);
  return 1;
}

OSSL_LIB_CTX *pl_tls_library_context(void) {
  OSSL_LIB_CTX *origin = OSSL_LIB_CTX_new();
  if (origin == NULL || (source = OSSL_PROVIDER_load(origin, "default")) == NULL) return NULL;
  for (size_t index = 0; index < sizeof selections / sizeof *selections; index++) keep(&selections[index]);
  OSSL_LIB_CTX *context = OSSL_LIB_CTX_new();
  if (context == NULL || !OSSL_PROVIDER_add_builtin(context, "pillion", initialize)
      || OSSL_PROVIDER_load(context, "pillion") == NULL) {
    return NULL;
  }
  return context;
}
