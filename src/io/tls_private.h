/* What tls.c (contexts, servers) and tls_client.c share. Private to src/io. */
#ifndef IO_TLS_PRIVATE_H
#define IO_TLS_PRIVATE_H

#include <openssl/ssl.h>

#include "io/tls.h"

/* A provider with more hosts than this hides them behind wildcard names or several servers. */
enum { TLS_CERTIFICATES_MAX = 256 };

struct tls_sessions;

struct tls_context {
	unsigned references;
	char *alpn;
	SSL_CTX *contexts[TLS_CERTIFICATES_MAX]; /* a server's first serves unknown names; a client has one */
	X509 *leaves[TLS_CERTIFICATES_MAX];      /* owned by the SSL_CTX */
	unsigned count;
	struct tls_ticket_key { /* a server's; the one that encrypts, then the one before */
		unsigned char name[16], mac[32], cipher[32];
	} tickets[2];
	bool cbc;                      /* a server's: also suites with CBC */
	bool lean;                     /* a server's: for stream_lean_tls */
	unsigned ticket_count;         /* 0: OpenSSL makes a key of its own */
	struct tls_sessions *sessions; /* a client's */
};

/*
 * Suites of TLS 1.2: Mozilla's intermediate configuration (5.7), for servers without its DHE, which would
 * need parameters. A client takes that from servers that have them.
 */
#define TLS_SUITES                                                                                           \
	"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"           \
	"ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305"
#define TLS_SUITES_DHE ":DHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES256-GCM-SHA384:DHE-RSA-CHACHA20-POLY1305"
#define TLS_SUITES_CBC                                                                                       \
	":ECDHE-ECDSA-AES128-SHA256:ECDHE-RSA-AES128-SHA256:ECDHE-ECDSA-AES256-SHA384:"                      \
	"ECDHE-RSA-AES256-SHA384:ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES128-SHA:ECDHE-ECDSA-AES256-SHA:"        \
	"ECDHE-RSA-AES256-SHA"

/* The settings that servers and clients have in common. NULL without memory. */
SSL_CTX *tls_new_ssl_ctx(const SSL_METHOD *method);

/* All certificates of a PEM text; sk_X509_pop_free it. NULL without memory. */
STACK_OF(X509) * tls_read_chain(struct view pem);

/* A client's part of a connection or context is over; nothing is done for a server's. */
void tls_client_release(SSL *ssl);
void tls_sessions_free(struct tls_sessions *sessions);

#endif
