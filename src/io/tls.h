/*
 * TLS: contexts for servers (SNI with several certificates, session resumption, ALPN, private keys that stay
 * in the keys role) and for clients. Only src/io includes OpenSSL's ssl.h.
 */
#ifndef IO_TLS_H
#define IO_TLS_H

#include <openssl/types.h>

#include "base/view.h"

struct tls_context;

/*
 * Signs `tbs` with the private key number `key`, elsewhere: the whole to-be-signed block goes there, not a
 * hash, so that the signer can check what it signs. `algorithm` is an OpenSSL digest name or empty (Ed25519);
 * pss tells RSASSA-PSS from PKCS#1. Fills *signature up to its size. 0 or a negative errno. Blocks for less
 * than a millisecond.
 */
typedef int (*tls_sign)(void *arg, unsigned key, struct view algorithm, bool pss, struct view tbs,
    char *signature, size_t *signature_len);

/*
 * Installs the signer for this process, once, before the first context. Without it a context cannot have
 * keys.
 */
int tls_set_signer(tls_sign sign, void *arg);

/* A server's context without certificates. alpn: the one protocol spoken here ("pop3"), or NULL. */
struct tls_context *tls_server_new(const char *alpn);

/*
 * Adds a certificate chain (PEM, end entity first) whose private key is number `key` with the signer. The
 * first one added serves clients that name no host or an unknown one; the names in the certificate decide for
 * the others. 0, -EINVAL for a chain that cannot be read, -ENOTSUP for a kind of key that is not served (RSA,
 * ECDSA and Ed25519 are).
 */
int tls_server_add(struct tls_context *context, struct view chain_pem, unsigned key);

/* Ticket keys (80 random bytes from the keys role), so that sessions resume across reloads and workers. */
int tls_server_set_ticket_key(struct tls_context *context, struct view key);

/* A client's context. verify: against the CA certificates in ca_pem (empty: nothing is verified, for
 * opportunistic TLS). */
struct tls_context *tls_client_new(struct view ca_pem);

/* Contexts are counted: connections hold one, so a reload replaces the context and closes nothing. */
struct tls_context *tls_context_ref(struct tls_context *context);
void tls_context_unref(struct tls_context *context);

/* For the stream: a connection on a socket. Blocking is the caller's matter (the socket is non-blocking).
 * NULL without memory. */
SSL *tls_accept_new(struct tls_context *context, int fd);
SSL *tls_connect_new(struct tls_context *context, int fd, const char *host);

/* Channel binding data: tls-exporter (RFC 9266) on TLS 1.3, tls-unique (RFC 5929) on TLS 1.2. 0 or -ENOENT.
 */
int tls_channel_binding(SSL *ssl, char out[64], size_t *len, const char **type);

/* "TLSv1.3" and the cipher's name, for log lines and trace headers. */
const char *tls_version(const SSL *ssl);
const char *tls_cipher(const SSL *ssl);

/* What went wrong last in this thread, in words for a log line; clears OpenSSL's queue. */
const char *tls_error_text(char *out, size_t size);

#endif
