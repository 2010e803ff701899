/*
 * What the files of a login share: auth_login.c (the conversation) stands on auth_sasl.c (the machine and
 * what it is told), auth_brake.c (guessing) and auth_password.c (passwords, and what is remembered of right
 * ones).
 */
#ifndef ROLE_AUTH_AUTH_LOGIN_H
#define ROLE_AUTH_AUTH_LOGIN_H

#include <sodium.h>

#include "role/auth/auth_private.h"
#include "trust/login/credentials.h"
#include "trust/login/sasl.h"
#include "trust/login/throttle.h"

struct login {
	struct login *next, *previous;
	struct link *edge;
	uint64_t generation;
	uint32_t request;
	int64_t began; /* clock_monotonic_ms */
	char session[32];
	unsigned protocol; /* CREDENTIAL_*, and CREDENTIAL_APPS_ONLY while the brake has locked it */
	const struct service_row *service;
	bool is_apop, finished, cancelled, delayed;
	bool noted; /* that it succeeded; its channel may have to be asked for again */
	struct sockaddr_storage client;
	unsigned char address[16];
	size_t address_len;
	struct buf client_text, nonce, binding, hostname, stamp, apop_name, apop_digest;
	struct sasl_setup setup;
	struct sasl_server *sasl;
	struct loop_timer delay;

	/* What the brake knows: see auth_brake.c. */
	struct buf brake_name; /* by which it counts: the same for every way to write an address */
	bool counted, known_place, has_place;
	unsigned char place[PLACE_HASH_SIZE];
	const char *lock_reason;

	/* Whose login it is, as the directory had it in that epoch. */
	struct buf identity, record, normal;
	uint64_t epoch;
	uint64_t account;
	bool known;
	struct view renewed; /* the main password's hash, made anew and in no record yet; in the arena */
	struct credentials credentials;
	struct arena arena;
	uint32_t asked; /* of store */
	uint64_t fingerprint, credential;
	unsigned char memory_key[crypto_generichash_BYTES];
	struct password_work *work;
};

/* ---- auth_login.c ---- */

/* A login's own buffers, of one that is no part of a conversation of SASL: see auth_sign.c. */
void auth_login_prepare(struct login *l);
/* By which name the log knows it, and where its client is. */
void auth_login_name(struct login *l, struct view session, struct view client);

/* ---- auth_sasl.c ---- */

/* What a login's machine came to: a step; or nothing yet; or why it failed. */
struct auth_sasl_answer {
	enum { AUTH_SASL_STEP, AUTH_SASL_LATER, AUTH_SASL_FAILURE } kind;
	enum sasl_step step;
	enum login_failure why;
};

/* Begins: by the mechanism and the first message. Then by the client's further ones. */
struct auth_sasl_answer auth_sasl_begin(struct login *l, const struct message_login *m);
struct auth_sasl_answer auth_sasl_more(struct login *l, struct view response);

/* At SASL_CHALLENGE, what to say. At SASL_WAIT, whose credentials are wanted. */
struct view auth_sasl_challenge(const struct login *l);
struct view auth_sasl_identity(const struct login *l);

/* The credentials are known, or that there are none. AUTH_SASL_LATER: `checked` follows, with what
 * auth_sasl_checked takes. */
struct auth_sasl_answer auth_sasl_look(struct login *l, void (*checked)(struct login *l, int result));

/* The password was looked at in a thread. */
struct auth_sasl_answer auth_sasl_checked(struct login *l, int result);

/* At SASL_DONE: whether the one who logs in acts for nobody else, and l->credential. */
bool auth_sasl_is_for_itself(struct login *l);

/* At SASL_FAILED: it was no SASL, and says nothing of the password. */
bool auth_sasl_is_malformed(const struct login *l);

void auth_sasl_end(struct login *l);

/* ---- auth_brake.c ---- */

void auth_brake_start(void);

/* Before the password of this login is looked at, and after the directory has said whose it is. Milliseconds
 * to wait; the attempt counts from now on. A locked one gets CREDENTIAL_APPS_ONLY instead. */
int64_t auth_brake_begin(struct login *l);

/* How it ended; a login that ends without a word stays counted. Succeeded: what it counted for is given back,
 * and the place and the app password are noted. */
void auth_brake_succeeded(struct login *l);
/* The two apart: it was right; and the place, in the credentials, for whoever writes them. */
void auth_brake_given_back(struct login *l);
void auth_brake_touch_place(struct login *l);
void auth_brake_failed(struct login *l);
void auth_brake_withdrawn(struct login *l); /* by our own trouble */

/* ---- auth_password.c ---- */

void auth_password_start(void);

/*
 * Checks a password: 0 or -EACCES at once, when it was right within the hour or only app passwords count;
 * else -EINPROGRESS, and `checked` is called with one of these, or with -ENOMEM. -EAGAIN: too many wait.
 */
int auth_password_check(struct login *l, struct view password, void (*checked)(struct login *l, int result));

/* Behind a check that was right: the hash that was made anew, if there is one, into the credentials, for
 * whoever writes them. */
void auth_password_put_renewed(struct login *l);

/* Nobody waits for it any more. */
void auth_password_abandon(struct login *l);

/* Passwords that were right within the last hour are no longer remembered. */
void auth_password_forget(void);
/* Those of one account. */
void auth_password_forget_account(uint64_t account);

#endif
