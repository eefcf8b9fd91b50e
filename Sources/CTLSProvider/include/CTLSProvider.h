// OpenSSL's default provider, cut down to what TLS with X.509 needs.
#pragma once

#include <openssl/types.h>

// A library context of OpenSSL whose only provider is the default one's algorithms without those that no TLS session or
// certificate of ours uses. NULL where OpenSSL cannot make one. To be called once, and kept for ever.
OSSL_LIB_CTX *pl_tls_library_context(void);
