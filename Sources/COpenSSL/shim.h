// OpenSSL's macros and stacks that Swift does not see, under names of ours. No logic.
#pragma once

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

// SSL_CTX and SSL

static const uint64_t pl_tls_OP_NO_TICKET = SSL_OP_NO_TICKET;
static const uint64_t pl_tls_OP_NO_RENEGOTIATION = SSL_OP_NO_RENEGOTIATION;
static const uint64_t pl_tls_OP_NO_COMPRESSION = SSL_OP_NO_COMPRESSION;
static const uint64_t pl_tls_OP_CIPHER_SERVER_PREFERENCE = SSL_OP_CIPHER_SERVER_PREFERENCE;
static const uint64_t pl_tls_OP_PRIORITIZE_CHACHA = SSL_OP_PRIORITIZE_CHACHA;

static const long pl_tls_MODES = SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER
  | SSL_MODE_NO_AUTO_CHAIN;

static inline void pl_tls_set_modes(SSL_CTX *context) { SSL_CTX_set_mode(context, pl_tls_MODES); }
static inline int pl_tls_set_min_version(SSL_CTX *context, int version) {
  return (int)SSL_CTX_set_min_proto_version(context, version);
}
static inline int pl_tls_set_max_version(SSL_CTX *context, int version) {
  return (int)SSL_CTX_set_max_proto_version(context, version);
}
static inline int pl_tls_set_groups(SSL_CTX *context, const char *list) {
  return (int)SSL_CTX_set1_groups_list(context, list);
}
static inline int pl_tls_set_signature_algorithms(SSL_CTX *context, const char *list) {
  return (int)SSL_CTX_set1_sigalgs_list(context, list);
}
static inline int pl_tls_set_client_signature_algorithms(SSL_CTX *context, const char *list) {
  return (int)SSL_CTX_set1_client_sigalgs_list(context, list);
}
static inline void pl_tls_set_session_cache(SSL_CTX *context, long mode) {
  SSL_CTX_set_session_cache_mode(context, mode);
}
static inline int pl_tls_add_chain_certificate(SSL_CTX *context, X509 *certificate) {
  return (int)SSL_CTX_add1_chain_cert(context, certificate);
}
static inline void pl_tls_set_server_name_callback(SSL_CTX *context, int (*callback)(SSL *, int *, void *)) {
  SSL_CTX_set_tlsext_servername_callback(context, callback);
}
static inline int pl_tls_set_server_name(SSL *session, const char *name) {
  return (int)SSL_set_tlsext_host_name(session, name);
}
static inline int pl_tls_new_session_index(void) { return SSL_get_ex_new_index(0, NULL, NULL, NULL, NULL); }
static inline int pl_tls_set_ticket_key_callback(
  SSL_CTX *context, int (*callback)(SSL *, unsigned char *, unsigned char *, EVP_CIPHER_CTX *, EVP_MAC_CTX *, int)) {
  return (int)SSL_CTX_set_tlsext_ticket_key_evp_cb(context, callback);
}

static inline int pl_tls_group(SSL *session) { return (int)SSL_get_negotiated_group(session); }
static inline int pl_tls_peer_signature_digest(SSL *session) {
  int nid = NID_undef;
  return SSL_get_peer_signature_nid(session, &nid) ? nid : NID_undef;
}

static inline int pl_tls_start_ticket_mac(EVP_MAC_CTX *mac, const void *key, size_t count) {
  const OSSL_PARAM parameters[] = {
    OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, (void *)key, count),
    OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)"SHA256", 0),
    OSSL_PARAM_construct_end(),
  };
  return EVP_MAC_CTX_set_params(mac, parameters);
}

// BIO

static inline void pl_tls_retry_read(BIO *bio) { BIO_set_retry_read(bio); }
static inline void pl_tls_retry_write(BIO *bio) { BIO_set_retry_write(bio); }
static inline void pl_tls_clear_retry(BIO *bio) { BIO_clear_retry_flags(bio); }
static inline long pl_tls_memory_contents(BIO *bio, char **data) { return BIO_get_mem_data(bio, data); }
static inline void pl_tls_free(void *memory) { OPENSSL_free(memory); }

// Errors

static inline int pl_tls_error_library(unsigned long code) { return ERR_GET_LIB(code); }
static inline int pl_tls_error_reason(unsigned long code) { return ERR_GET_REASON(code); }

// Stacks

static inline int pl_tls_certificate_count(const STACK_OF(X509) *stack) { return stack ? sk_X509_num(stack) : 0; }
static inline X509 *pl_tls_certificate_at(const STACK_OF(X509) *stack, int index) {
  return sk_X509_value(stack, index);
}
static inline void pl_tls_free_certificates(STACK_OF(X509) *stack) { sk_X509_pop_free(stack, X509_free); }
static inline STACK_OF(X509_NAME) *pl_tls_new_names(void) { return sk_X509_NAME_new_null(); }
static inline int pl_tls_push_name(STACK_OF(X509_NAME) *stack, X509_NAME *name) {
  return sk_X509_NAME_push(stack, name);
}

static inline GENERAL_NAMES *pl_tls_alternative_names(const X509 *certificate) {
  return (GENERAL_NAMES *)X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
}
static inline int pl_tls_name_count(const GENERAL_NAMES *names) { return sk_GENERAL_NAME_num(names); }
static inline GENERAL_NAME *pl_tls_name_at(const GENERAL_NAMES *names, int index) {
  return sk_GENERAL_NAME_value(names, index);
}
// The bytes of a name that is a string or an address; NULL for other kinds.
static inline const ASN1_STRING *pl_tls_name_string(const GENERAL_NAME *name, int *type) {
  const void *value = GENERAL_NAME_get0_value(name, type);
  return *type == GEN_URI || *type == GEN_DNS || *type == GEN_EMAIL || *type == GEN_IPADD ? value : NULL;
}

// Names and text

static const unsigned long pl_tls_RFC2253 = XN_FLAG_RFC2253;
