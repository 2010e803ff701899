/*
 * SASL (RFC 4422), the server's side, as pure machines: messages in, challenges out, decoded (base64 is the
 * protocol's). When a machine needs what is known of an identity it stops with SASL_WAIT, says what, and goes
 * on when it is answered. It holds no key store, no clock and no randomness: nonces come with the set-up.
 *
 * Unknown identities are answered like known ones with a wrong password: same messages, same number of steps.
 */
#ifndef TRUST_LOGIN_SASL_H
#define TRUST_LOGIN_SASL_H

#include "base/view.h"
#include "trust/login/scram.h"

enum sasl_step {
	SASL_CHALLENGE, /* send sasl_server_output (which may be empty), feed what comes back */
	SASL_WAIT,      /* answer what sasl_server_want says */
	SASL_DONE,      /* authenticated; nothing more to send */
	SASL_FAILED,    /* refused, or a message that breaks the grammar: sasl_server_error tells */
};

enum {
	SASL_PLAINTEXT = 1, /* shows the password to whoever listens: within TLS only */
	SASL_BINDS = 2,     /* offered only where the channel has data to bind to */
	SASL_SECRET = 4,    /* works with app passwords that the server can read, and with no other */
	SASL_SCRAM = 8,     /* works with SCRAM verifiers */
};

struct sasl_mechanism;

/* By name, without case; NULL if there is none. sasl_mechanism_at walks them, best first; NULL at the end. */
const struct sasl_mechanism *sasl_mechanism_find(struct view name);
const struct sasl_mechanism *sasl_mechanism_at(size_t n);
const char *sasl_mechanism_name(const struct sasl_mechanism *mechanism);

/* What the machines need from outside. All views must live as long as the machine. */
struct sasl_setup {
	struct view nonce; /* fresh printable text without "," and ">", 18 random octets in base64 or more */
	struct view host;  /* this server's name, for CRAM-MD5 */
	struct view server_secret; /* 32 octets, the same for years: from it fake salts of unknown identities
	                              are made */
	/*
	 * Channel binding data (RFC 5929, 9266); empty where the channel has none: tls_exporter for TLS 1.3
	 * and 1.2 with extended master secret, tls_unique for TLS 1.2, tls_server_end_point for both.
	 */
	struct view tls_exporter, tls_unique, tls_server_end_point;
};

/* Whether a mechanism can be offered: those that bind need binding data. TLS for plain text is the caller's
 * rule. */
bool sasl_mechanism_is_usable(const struct sasl_mechanism *mechanism, const struct sasl_setup *setup);

enum sasl_want_kind {
	SASL_WANT_PASSWORD, /* is `password` the identity's? Answer with sasl_server_answer_password */
	SASL_WANT_SCRAM,    /* verifiers for `hash`: sasl_server_answer_scram */
	SASL_WANT_SECRETS,  /* readable app passwords: sasl_server_answer_secrets */
};

struct sasl_want {
	enum sasl_want_kind kind;
	struct view identity; /* prepared (saslprep.h); whose record is wanted */
	struct view password; /* as sent */
	enum scram_hash hash;
};

struct sasl_server;

struct sasl_server *sasl_server_new(const struct sasl_mechanism *mechanism, const struct sasl_setup *setup);

/* Wipes what it held. NULL is accepted. */
void sasl_server_free(struct sasl_server *s);

/* Begins, with the client's initial response, or without one (initial.data NULL; empty is not the same). */
enum sasl_step sasl_server_start(struct sasl_server *s, struct view initial);

/* The client's answer to a challenge. */
enum sasl_step sasl_server_feed(struct sasl_server *s, struct view message);

/* After SASL_WAIT; valid until it is answered. */
const struct sasl_want *sasl_server_want(const struct sasl_server *s);

/*
 * Answers. `credential` is an identifier of the caller's choice (which app password it was), handed back by
 * sasl_server_credential after success.
 */
enum sasl_step sasl_server_answer_password(struct sasl_server *s, bool right, uint64_t credential);

struct sasl_scram_key {
	struct scram_verifier verifier;
	uint64_t credential;
};

/*
 * All of an identity's verifiers, which share salt and iterations; any of them may match. Without keys none
 * does, but the salt is the account's all the same; without a salt the identity is unknown.
 */
struct sasl_scram_record {
	struct view salt;
	uint32_t iterations;
	const struct sasl_scram_key *keys; /* copied */
	size_t count;
};
enum sasl_step sasl_server_answer_scram(struct sasl_server *s, const struct sasl_scram_record *record);

struct sasl_secret {
	struct view secret;
	uint64_t credential;
};
enum sasl_step sasl_server_answer_secrets(
    struct sasl_server *s, const struct sasl_secret *secrets, size_t count);

/* The challenge; valid until the next call that steps. */
struct view sasl_server_output(const struct sasl_server *s);

/*
 * After SASL_DONE: who it is, on whose behalf it wants to act (empty: its own; the caller judges whether it
 * may), which credential it used. After SASL_FAILED the identity, if it came so far, is for throttling.
 */
struct view sasl_server_identity(const struct sasl_server *s);
struct view sasl_server_authorization(const struct sasl_server *s);
uint64_t sasl_server_credential(const struct sasl_server *s);

enum sasl_error {
	SASL_WRONG,     /* wrong password or unknown identity: 535, NO [AUTHENTICATIONFAILED] */
	SASL_MALFORMED, /* breaks the grammar, or the client cancelled: 501, BAD */
	SASL_BINDING,   /* the channel is not the one that the client bound to: somebody sits between */
};
enum sasl_error sasl_server_error(const struct sasl_server *s);

#endif
