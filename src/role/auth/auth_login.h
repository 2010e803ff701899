/* What the files of a login share: auth_login.c (the conversation), auth_brake.c (guessing), auth_password.c
 * (passwords, and what is remembered of right ones). */
#ifndef ROLE_AUTH_AUTH_LOGIN_H
#define ROLE_AUTH_AUTH_LOGIN_H

#include <sodium.h>

#include "role/auth/auth_private.h"
#include "trust/login/credentials.h"
#include "trust/login/sasl.h"
#include "trust/login/throttle.h"

enum { AUTH_SECRET_SIZE = 32 };

struct login {
	struct login *next, *previous;
	struct link *edge;
	uint64_t generation;
	uint32_t request;
	char session[32];
	unsigned protocol; /* CREDENTIAL_*, and CREDENTIAL_APPS_ONLY while the brake has locked it */
	const struct service_row *service;
	bool is_apop, finished, cancelled, delayed;
	struct sockaddr_storage client;
	unsigned char address[16];
	size_t address_len;
	struct buf client_text, nonce, binding, hostname, stamp, apop_digest;
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
	struct credentials credentials;
	struct arena arena;
	uint32_t asked; /* of store */
	uint64_t fingerprint, credential;
	unsigned char memory_key[crypto_generichash_BYTES];
	struct password_work *work;
};

/* The server's secret, the same for its whole life, once store has told it; NULL before. */
const unsigned char *auth_login_secret(void);

/* Raised with each change of the directory. */
uint64_t auth_login_epoch(void);

/* The machine goes on with a step of its own. */
void auth_login_advance(struct login *l, enum sasl_step step);

/* Ends the login without success, and frees it. */
void auth_login_fail(struct login *l, enum login_failure why);

/* ---- auth_brake.c ---- */

void auth_brake_start(void);

/* Before the password of this login is looked at, and after the directory has said whose it is. Milliseconds
 * to wait; the attempt counts from now on. A locked one gets CREDENTIAL_APPS_ONLY instead. */
int64_t auth_brake_begin(struct login *l);

/* How it ended; a login that ends without a word stays counted. */
void auth_brake_succeeded(struct login *l);
void auth_brake_failed(struct login *l);
void auth_brake_withdrawn(struct login *l); /* by our own trouble */

/* ---- auth_password.c ---- */

void auth_password_start(void);

/* Checks a password in a thread, or from memory when it was right within the hour, then advances the machine.
 */
void auth_password_check(struct login *l, struct view password);

/* Nobody waits for it any more. */
void auth_password_abandon(struct login *l);

/* Passwords that were right within the last hour are no longer remembered. */
void auth_password_forget(void);

#endif
