/*
 * A message on its way in: from the bytes of DATA or BDAT to the bytes that are kept. Puts the trace field in
 * front, completes the header of a submitted message (RFC 6409 section 8), counts the hops, measures, and
 * reads the MIME structure as it passes.
 */
#ifndef SMTP_SMTP_BODY_H
#define SMTP_SMTP_BODY_H

#include "base/buf.h"
#include "base/view.h"
#include "format/mail_terms.h"

struct authors;
struct message_digest;
struct smtp_body;

enum smtp_body_fault {
	SMTP_BODY_GOOD,
	SMTP_BODY_TOO_LARGE,
	SMTP_BODY_LOOP,     /* more Received fields than allowed */
	SMTP_BODY_BARE_END, /* a CR or LF alone, where only lines of text may be (RFC 5321 section 2.3.8) */
	SMTP_BODY_NUL, /* in text (RFC 2045 sections 2.7 and 2.8), or in a header, which is always text (RFC
	                  5322) */
	SMTP_BODY_HEADER_TOO_LARGE, /* a submitted one, past SUBMITTED_HEADER_MAX */
	SMTP_BODY_ASKS, /* none: smtp_body_end only, when the header has ended no earlier; see smtp_body_asks
	                 */
	SMTP_BODY_NO_MEMORY
};

struct smtp_body_config {
	bool submission;
	bool keeps_results; /* fields Authentication-Results in our name are believed: a filter of ours wrote
	                       them */
	enum smtp_body_kind
	    kind;    /* what the client says; only SMTP_BINARYMIME may hold more than lines of text */
	bool chunks; /* it comes by BDAT: nobody has looked at its line ends, and the last line may have none
	              */
	uint64_t size_max;
	uint32_t received_max; /* hops; more of them are a loop: RFC 5321 section 6.3 */
	int64_t now;
	struct view hostname;
	/*
	 * A submission's Sender field is ours to write (RFC 6409 section 8.1): it is `sender`, unless the one
	 * author is that or `login`, or the answer to smtp_body_asks says that it is the user. Both are the
	 * user's own addresses, and outlive the body.
	 */
	bool writes_sender;
	struct view sender, login;
	/* Takes the message; false when too much is under way (the bytes are taken all the same). */
	bool (*sink)(void *arg, struct view bytes);
	/*
	 * NULL, or takes the octets as they came, before anything is added or repaired; a piece each time,
	 * before the sink gets what becomes of it.
	 */
	void (*came)(void *arg, struct view bytes);
	void *arg;
};

/* `trace` is the field to put in front; an empty one (there was no memory for it) is a fault. Nothing is
 * handed to the sink before the first bytes arrive. */
struct smtp_body *smtp_body_new(const struct smtp_body_config *config, struct view trace);
void smtp_body_free(struct smtp_body *b); /* NULL is allowed */

/* False: the sink wants a pause. After a fault the bytes are dropped. */
bool smtp_body_write(struct smtp_body *b, struct view bytes);

/*
 * A submission's header is complete, and it must be said whether its author (smtp_body_authors) is its user,
 * under whatever address, before it goes on. What is written until then is held: at most SMTP_BODY_HELD_MAX
 * octets, so no more than that may be written at once while smtp_body_in_header. The answer's result is as
 * smtp_body_write's.
 */
enum { SMTP_BODY_HELD_MAX = 64 * 1024 };
bool smtp_body_in_header(const struct smtp_body *b);
bool smtp_body_asks(const struct smtp_body *b);
bool smtp_body_answer(struct smtp_body *b, bool own_author);

/*
 * The end: flushes what was held. On SMTP_BODY_GOOD *digest holds views into the body object. SMTP_BODY_ASKS:
 * answer, then call it again. Not to be called while smtp_body_asks.
 */
enum smtp_body_fault smtp_body_end(struct smtp_body *b, struct message_digest *digest);

/* Of a submitted message, once its header is complete; else NULL. */
const struct authors *smtp_body_authors(const struct smtp_body *b);

enum smtp_body_fault smtp_body_fault(const struct smtp_body *b);

/* It holds octets beyond ASCII, though the client spoke of 7 bits: BODY=8BITMIME is the truth. Not of a
 * binary one. */
bool smtp_body_has_8bit(const struct smtp_body *b);

#endif
