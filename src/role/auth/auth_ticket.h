/*
 * What auth remembers between two steps of signing in, or of setting something up: for ten minutes, in
 * memory. A ticket is named by random octets, which its owner is told. Those that strangers can have (who
 * asks for a passkey, and has shown nothing yet) are counted apart, so that a flood of them pushes nobody
 * else's out.
 */
#ifndef ROLE_AUTH_AUTH_TICKET_H
#define ROLE_AUTH_AUTH_TICKET_H

#include "base/view.h"
#include "trust/login/limits.h"
#include "trust/login/totp.h"
#include "trust/login/webauthn.h"

enum {
	TICKET_MS = 10 * 60 * 1000,
	TICKETS_MAX = 10000, /* of each of the two sorts: some 8 MB */
	TICKET_TRIES = 10,   /* with one ticket: then the password is asked for again */
	TICKET_NAME_SIZE = 32 + 1,
	TICKET_PASSWORD_SIZE = 16,
};

enum ticket_kind {
	TICKET_SECOND,       /* the password was right: the second step is awaited */
	TICKET_PASSKEY,      /* a passkey is awaited */
	TICKET_TOTP,         /* a secret has been shown, a code that proves it is awaited */
	TICKET_PASSKEY_MAKE, /* a new passkey is awaited */
};

struct ticket {
	struct ticket *newer, *older;
	enum ticket_kind kind;
	char name[TICKET_NAME_SIZE];
	int64_t until;
	unsigned tries;
	char address[SASL_IDENTITY_MAX + 1]; /* whose it is; empty: nobody has shown who it is */
	uint64_t session;                    /* it is a session's own; 0: of somebody who is not signed in */
	bool password_was_right;
	bool for_program; /* a token is wanted */
	unsigned char
	    password[TICKET_PASSWORD_SIZE]; /* the record that it was right for: see auth_sign_in.c */
	unsigned char challenge[WEBAUTHN_CHALLENGE_SIZE];
	unsigned char secret[TOTP_SECRET_SIZE];
};

/* A new one with a name, for the address (empty: nobody's), and a random challenge. Valid until the next
 * call. */
struct ticket *ticket_new(enum ticket_kind kind, struct view address);

/* NULL: there is none of that name and kind, or its time is over. */
struct ticket *ticket_find(struct view name, enum ticket_kind kind);

/* What was tried with it was wrong: after TICKET_TRIES of these it has ended. */
void ticket_failed(struct ticket *t);

void ticket_end(struct ticket *t);

#endif
