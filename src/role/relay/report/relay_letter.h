/*
 * A mail that this server writes of its own accord, to an address anywhere: signed, and handed to store for a
 * mailbox here or for the queue. Its sender is the null one (RFC 5321 section 4.5.5): nothing answers it.
 */
#ifndef ROLE_RELAY_REPORT_RELAY_LETTER_H
#define ROLE_RELAY_REPORT_RELAY_LETTER_H

#include "base/buf.h"
#include "base/random.h"

struct relay_letter;

enum relay_letter_end {
	LETTER_SENT,  /* store has it */
	LETTER_NEVER, /* there is no such address */
	LETTER_LATER  /* something is away, or full */
};

struct relay_letter_request {
	struct view address; /* without brackets, ASCII */
	struct view domain;  /* of From, in A-labels: it signs */
	struct view text;    /* the message, with CRLF */
	const char *id; /* of the message, 12 letters and digits: one that is sent again changes nothing */
	struct view client; /* who gave it to us, in words, for the trace */
	void (*done)(void *arg, enum relay_letter_end how);
	void *arg;
};

/* Everything is copied. `done` is called once, later; the letter is gone then. Not after relay_letter_free.
 */
struct relay_letter *relay_letter_send(const struct relay_letter_request *r);
void relay_letter_free(struct relay_letter *l); /* NULL is allowed */

#endif
