/*
 * The records of TLS 1.3 (RFC 8446 section 5) of a server's connection whose handshake OpenSSL has made. From
 * then on they are sealed and opened here, by OpenSSL's ciphers, and OpenSSL's own state of the connection is
 * freed: it takes 14 KB, and this takes 300 octets. That is for connections which mostly wait.
 *
 * A machine: it opens no descriptor. What comes after a handshake is data, alerts and new keys (section
 * 4.6.3); anything else is refused, and so is a record that was changed on its way.
 */
#ifndef IO_TLS_RECORDS_H
#define IO_TLS_RECORDS_H

#include <openssl/types.h>

#include "base/buf.h"

enum {
	TLS_RECORD_HEADER = 5,
	TLS_RECORD_PLAIN_MAX = 16384,                                    /* RFC 8446 section 5.1 */
	TLS_RECORD_MAX = TLS_RECORD_HEADER + TLS_RECORD_PLAIN_MAX + 256, /* section 5.2 */
	TLS_RECORD_SEALED_MAX =
	    TLS_RECORD_HEADER + TLS_RECORD_PLAIN_MAX + 64 /* with a record of new keys before it */
};

struct tls_records;

/* What a record holds. */
enum tls_content { TLS_ALERT = 21, TLS_HANDSHAKE = 22, TLS_DATA = 23 };

/* A direction's secret, and how many records it has protected. */
struct tls_secret {
	struct view bytes;
	uint64_t records;
};

/* suite: its number (RFC 8446 appendix B.4). NULL: it is unknown here, or a secret has not its length. */
struct tls_records *tls_records_new(
    unsigned suite, const struct tls_secret *in, const struct tls_secret *out);

/* Has the connections of a context note what tls_records_take needs. Before the first of them begins. */
void tls_records_prepare(SSL_CTX *ctx);

/*
 * Takes over from OpenSSL; the caller frees `ssl`. NULL: OpenSSL must go on with it, since it is no TLS 1.3,
 * its context was not prepared, or octets of it wait inside OpenSSL.
 */
struct tls_records *tls_records_take(SSL *ssl);
void tls_records_free(struct tls_records *r); /* NULL is allowed; wipes the keys */

/* Seals at most TLS_RECORD_PLAIN_MAX octets into a record, behind one of new keys when it is time for them.
 * Returns their octets; 0: it failed, and the connection must end. */
size_t tls_records_seal(
    struct tls_records *r, enum tls_content is, struct view plain, char out[TLS_RECORD_SEALED_MAX]);

/* The octets of the record that begins here, header included; 0: too few are there to say. Above
 * TLS_RECORD_MAX it is none. */
size_t tls_records_length(struct view bytes);

enum tls_record {
	TLS_RECORD_DATA,    /* `plain`, which may be empty */
	TLS_RECORD_NOTHING, /* new keys: nothing for anybody else */
	TLS_RECORD_ENDED,   /* the peer has said goodbye */
	TLS_RECORD_FAILED   /* the connection must end */
};

/* Opens a whole record where it lies. What is to be answered is appended to `out`: new keys, or the alert of
 * a failure. */
enum tls_record tls_records_open(
    struct tls_records *r, char *record, size_t len, struct view *plain, struct buf *out);

/* Appends our goodbye (section 6.1). */
void tls_records_end(struct tls_records *r, struct buf *out);

#endif
