/*
 * A mail that this server writes of its own accord, to an address anywhere: signed, and handed to store for a
 * mailbox here or for the queue. Its sender is the null one (RFC 5321 section 4.5.5): nothing answers it.
 */
#ifndef PROCESS_LETTER_H
#define PROCESS_LETTER_H

#include "base/random.h"
#include "process/role.h"

struct letter;

enum letter_end {
	LETTER_SENT,  /* store has it */
	LETTER_NEVER, /* there is no such address */
	LETTER_LATER  /* something is away, or full */
};

/* Whom it takes: the role's channels, which outlive the letter. */
struct letter_way {
	struct role_process *process;
	struct calls *store, *auth, *keys;
};

struct letter_request {
	const struct letter_way *way; /* outlives the letter */
	struct view address;          /* without brackets, ASCII */
	struct view domain;           /* of From, in A-labels: it signs */
	struct view text;             /* the message, with CRLF */
	const char *id; /* of the message, 12 letters and digits: one that is sent again changes nothing */
	struct view client; /* who gave it to us, in words, for the trace */
	void (*done)(void *arg, enum letter_end how);
	void *arg;
};

/* Everything is copied. `done` is called once, later; the letter is gone then. Not after letter_free.
 */
struct letter *letter_send(const struct letter_request *r);
void letter_free(struct letter *l); /* NULL is allowed */

#endif
