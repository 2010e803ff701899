/* The inside of SASL machines: for sasl.c and the mechanisms, one file each. */
#ifndef TRUST_LOGIN_SASL_PRIVATE_H
#define TRUST_LOGIN_SASL_PRIVATE_H

#include "base/buf.h"
#include "trust/login/limits.h"
#include "trust/login/sasl.h"

enum { SASL_SCRAM_KEYS_MAX = APP_PASSWORDS_MAX + 1 };

/* Which call may come next; any other fails the exchange. */
enum sasl_phase { SASL_READING, SASL_WAITING, SASL_OVER };

struct sasl_server {
	enum sasl_phase phase;
	const struct sasl_mechanism *mechanism;
	struct sasl_setup setup;
	unsigned round; /* messages of the client so far; what they mean is the mechanism's */
	struct buf output, identity, authorization, password;
	struct sasl_want want;
	uint64_t credential;
	enum sasl_error error;

	/* SCRAM: the parts of AuthMessage as they go by, and the record. */
	struct buf gs2_header, client_first_bare, server_first;
	struct view binding; /* the data that the client bound to */
	struct sasl_scram_key *keys;
	size_t key_count;

	struct buf digest; /* CRAM-MD5: what the client sent, in hexadecimal */
};

struct sasl_mechanism {
	const char *name;
	unsigned flags;
	enum scram_hash hash;
	bool server_first; /* the first message is the server's */
	/*
	 * One message of the client; for server-first mechanisms first without data, to make the challenge.
	 */
	enum sasl_step (*feed)(struct sasl_server *s, struct view message);
	/* SCRAM and secrets: the answer to the want. */
	enum sasl_step (*answer_scram)(struct sasl_server *s, const struct sasl_scram_record *record);
	enum sasl_step (*answer_secrets)(
	    struct sasl_server *s, const struct sasl_secret *secrets, size_t count);
};

/* Refuses, and says why. */
enum sasl_step sasl_fail(struct sasl_server *s, enum sasl_error error);

/*
 * Takes an identity: prepared, into s->identity. False if it can't be prepared; it then counts as unknown,
 * and s->identity holds nothing.
 */
bool sasl_take_identity(struct sasl_server *s, struct view name);

/* Waits for the verdict on s->password. */
enum sasl_step sasl_want_password(struct sasl_server *s);

enum sasl_step sasl_plain_feed(struct sasl_server *s, struct view message);
enum sasl_step sasl_login_feed(struct sasl_server *s, struct view message);
enum sasl_step sasl_cram_md5_feed(struct sasl_server *s, struct view message);
enum sasl_step sasl_cram_md5_answer(struct sasl_server *s, const struct sasl_secret *secrets, size_t count);
enum sasl_step sasl_scram_feed(struct sasl_server *s, struct view message);
enum sasl_step sasl_scram_answer(struct sasl_server *s, const struct sasl_scram_record *record);

#endif
