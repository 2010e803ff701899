/* SASL, the client's side: PLAIN (RFC 4616) and SCRAM (RFC 5802, 7677). For the relay, programs and tests. */
#ifndef TRUST_LOGIN_SASL_CLIENT_H
#define TRUST_LOGIN_SASL_CLIENT_H

#include "base/buf.h"
#include "trust/login/sasl.h"

/* Appends PLAIN's one message. -EINVAL for NULs in any of them; the result of buf_append. */
int sasl_plain_message(struct view authzid, struct view authcid, struct view password, struct buf *out);

struct scram_client_setup {
	enum scram_hash hash;
	struct view authzid, authcid, password;
	struct view nonce;        /* fresh printable text without "," */
	struct view binding_name; /* "tls-exporter" with the -PLUS mechanism; empty without */
	struct view binding_data;
	bool binding_possible; /* without -PLUS: we could bind, but the server didn't offer it */
};

struct scram_client;

/* Views of the set-up must live as long as the machine. NULL is accepted by scram_client_free. */
struct scram_client *scram_client_new(const struct scram_client_setup *setup);
void scram_client_free(struct scram_client *c);

/* Appends the first message. The result of buf_append; -EINVAL for a name that can't be prepared. */
int scram_client_first(struct scram_client *c, struct buf *out);

/*
 * Appends the final message, for the server's first. -EBADMSG for what breaks the grammar, a nonce that isn't
 * ours, or more than SCRAM_ITERATIONS_MAX or fewer than 4096 iterations.
 */
int scram_client_final(struct scram_client *c, struct view server_first, struct buf *out);

/* Whether the server has proven that it knows the password: 0 or -EACCES. */
int scram_client_verify(const struct scram_client *c, struct view server_final);

#endif
