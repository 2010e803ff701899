/*
 * Composes what is sent on behalf of an account's rules: answers (RFC 5230, RFC 3834), notifications by mail
 * (RFC 5436), and the words with which a message is refused (RFC 5429). Pure functions: date and random
 * letters are the caller's. Every text may come from a stranger: what is written holds it as text, never as
 * another field, line or recipient.
 */
#ifndef ANSWER_ANSWER_H
#define ANSWER_ANSWER_H

#include "base/arena.h"
#include "base/buf.h"
#include "format/date.h"
#include "format/mailto.h"
#include "sieve/sieve_outcome.h"

enum {
	/* Octets of a subject; of a longer one the end is left out. */
	ANSWER_SUBJECT_MAX = 500,
	/* Message-IDs in References: RFC 5322 section 3.6.4 has all, which grows for ever; the first one and
	   the last ones keep a thread together. */
	ANSWER_REFERENCES_MAX = 20,
	/* Octets of a Message-ID that is repeated: longer ones are nobody's, and would need a line of their
	   own. */
	ANSWER_ID_MAX = 400,
	/* Octets of a text that a script wrote: with its attachments, if it is a MIME entity. */
	ANSWER_TEXT_MAX = 512 << 10,
	/* Octets of a composed message: base64 makes a text longer by a third, and a header stands above it.
	 */
	ANSWER_MESSAGE_MAX = 1 << 20,
	/* Octets, and lines, of a refusal: what fits a dialogue and a report. Scripts refuse with some lines.
	 */
	ANSWER_REFUSAL_MAX = 2000,
	ANSWER_REFUSAL_LINES = 20,
	/* Octets of a line of it: RFC 5321 section 4.5.3.1.5 allows 512 with code and status. */
	ANSWER_REFUSAL_LINE = 400
};

/* Addresses are as SMTP says them, without brackets. */
struct answer_context {
	struct view message;           /* that came; of it only the header is read */
	struct view sender, recipient; /* of its envelope; an empty sender is the one of reports */
	const struct view *addresses;  /* the owner's, the account's own name first; at least one */
	size_t address_count;
	struct date now;
	struct view id;       /* random letters and digits for the Message-ID */
	struct view boundary; /* COMPOSE_BOUNDARY_MIN random letters and digits, or more */
	struct arena *arena;
};

struct answer {
	struct view sender; /* for MAIL FROM; empty: <> */
	struct view author; /* the address in From, whose domain may sign */
	struct view recipients[MAILTO_ADDRESSES_MAX];
	size_t recipient_count;
	bool utf8;      /* needs SMTPUTF8 on its way */
	bool eight_bit; /* needs 8BITMIME */
};

/*
 * The answer of `vacation`. Whether there may be one is not asked here (sieve_vacation: silent). From is the
 * address that the script gives if it is the owner's, else the one that was written to if that is, else the
 * account's. Appends the message. 0; -EINVAL with *problem, a sentence: nothing can be sent; the result of
 * buf_append; -ENOBUFS when the arena is full.
 */
int answer_vacation(const struct answer_context *c, const struct sieve_vacation *vacation,
    struct answer *answer, struct buf *message, const char **problem);

/*
 * The mail of `notify` with a mailto URI. What in the URI would give the message another author, date, way or
 * structure is left out (RFC 5436 section 2.7). The same results.
 */
int answer_notify(const struct answer_context *c, const struct sieve_notify *notify, struct answer *answer,
    struct buf *message, const char **problem);

/*
 * The words of `reject` and `ereject`, fit for an SMTP reply: lines joined by LF. utf8: the sender's host
 * reads UTF-8 (SMTPUTF8). False: in a dialogue the text cannot be said as the script has it, since it is not
 * ASCII; *out holds a text in its place. Then a message that is only rejected should be refused by a report,
 * where the text can stand, and one with ereject in the dialogue all the same (RFC 5429 sections 2.1
 * and 2.2).
 */
bool answer_refusal(struct view reason, bool utf8, struct buf *out);

/*
 * Whether a text is an entity that :mime may have (RFC 5230 section 4.4): a header of Content- fields in
 * ASCII, and a body of lines. NULL, or what is wrong with it, as a sentence.
 */
const char *answer_entity_problem(struct view entity);

#endif
