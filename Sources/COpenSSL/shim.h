// OpenSSL 3. Its macros do not reach Swift, so each one that is used has a function here.
#pragma once
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

// Built in C because an OSSL_PARAM keeps the pointers it is given, its own name among them, and Swift's strings only
// lend theirs for one call. Without a salt HKDF uses zeroes (RFC 5869 section 2.2).
static inline int shim_hkdf_sha256(
    EVP_KDF_CTX *context, const unsigned char *key, size_t key_count, const unsigned char *salt, size_t salt_count,
    const unsigned char *info, size_t info_count, unsigned char *output, size_t output_count) {
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)"SHA256", 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)key, key_count),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, (void *)salt, salt_count),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)info, info_count),
        OSSL_PARAM_construct_end(),
    };
    return EVP_KDF_derive(context, output, output_count, parameters);
}

// The digest of one message, with the state on the stack: EVP makes and frees it anew for each, which costs as much as
// hashing a short message. They are deprecated because they ask no provider (so that one for FIPS has no say in them), and
// are in every release of OpenSSL 3; a library that was built without them has EVP's.
#ifdef OPENSSL_NO_DEPRECATED_3_0
static inline int shim_sha1(const unsigned char *message, size_t count, unsigned char *digest) {
    return EVP_Digest(message, count, digest, NULL, EVP_sha1(), NULL);
}

static inline int shim_sha256(const unsigned char *message, size_t count, unsigned char *digest) {
    return EVP_Digest(message, count, digest, NULL, EVP_sha256(), NULL);
}
#else
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wdeprecated-declarations"
static inline int shim_sha1(const unsigned char *message, size_t count, unsigned char *digest) {
    SHA_CTX state;
    return SHA1_Init(&state) && SHA1_Update(&state, message, count) && SHA1_Final(digest, &state);
}

static inline int shim_sha256(const unsigned char *message, size_t count, unsigned char *digest) {
    SHA256_CTX state;
    int is_hashed = SHA256_Init(&state) && SHA256_Update(&state, message, count) && SHA256_Final(digest, &state);
    // The digest stays in it, and some are keys; what else holds one is its caller's.
    OPENSSL_cleanse(&state, sizeof state);
    return is_hashed;
}
#pragma clang diagnostic pop
#endif

// TLS: what ssl.h offers as macros only.
static const uint64_t shim_SSL_OP_NO_COMPRESSION = SSL_OP_NO_COMPRESSION;
static const uint64_t shim_SSL_OP_NO_RENEGOTIATION = SSL_OP_NO_RENEGOTIATION;
static const uint64_t shim_SSL_OP_CIPHER_SERVER_PREFERENCE = SSL_OP_CIPHER_SERVER_PREFERENCE;

static inline int shim_SSL_CTX_set_min_proto_version(SSL_CTX *context, int version) {
    return (int)SSL_CTX_set_min_proto_version(context, version);
}

static inline void shim_SSL_CTX_set_mode(SSL_CTX *context, long mode) {
    SSL_CTX_set_mode(context, mode);
}

static inline void shim_SSL_CTX_set_session_cache_mode(SSL_CTX *context, long mode) {
    SSL_CTX_set_session_cache_mode(context, mode);
}

static inline int shim_SSL_set_tlsext_host_name(SSL *connection, const char *name) {
    return (int)SSL_set_tlsext_host_name(connection, name);
}

static inline void shim_BIO_set_mem_eof_return(BIO *memory, int value) {
    BIO_set_mem_eof_return(memory, value);
}

// In C because the answer points into this very array, which has to outlive the call.
static inline int shim_select_http11(
    SSL *connection, const unsigned char **chosen, unsigned char *chosen_count, const unsigned char *offered,
    unsigned int offered_count, void *unused) {
    static const unsigned char spoken[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
    (void)connection;
    (void)unused;
    int found = SSL_select_next_proto(
        (unsigned char **)chosen, chosen_count, spoken, sizeof spoken, offered, offered_count);
    return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}
