/*
 * What a delivery's outcome means and what to do about it, in plain words: for the text of bounces, for
 * `postrider queue` and for `postrider trace`. One table, so that all three say the same.
 */
#ifndef DSN_DSN_EXPLAIN_H
#define DSN_DSN_EXPLAIN_H

#include "dsn/dsn_reply.h"
#include "format/outcome.h"

/* "connection refused": stable words, without "=" or quotes, at most 60 octets. Empty for TROUBLE_NONE. */
const char *trouble_phrase(enum trouble trouble);

/*
 * The trouble whose phrase the text is or begins with (": details" may follow); TROUBLE_NONE for others. For
 * what this server has written as such: a field "cause" of a trace, a diagnostic of type x-postrider. Never
 * for a host's words.
 */
enum trouble trouble_from_text(struct view text);

/* A trouble's number as it came from elsewhere: what is out of range is trouble of this server. */
enum trouble trouble_from_number(uint64_t number);

/*
 * Whether a host was spoken to when this happened: then it has a name in a report (RFC 3464 section 2.3.5).
 * `stage` as in struct dsn_outcome; empty, or "connect": no connection stood.
 */
bool trouble_met_host(enum trouble cause, struct view stage);

/*
 * Its enhanced status code (RFC 3463): "4.4.1", or with `permanent` "5.4.1". Never empty: "4.0.0" for
 * TROUBLE_NONE. Expired keeps class 4 in either case (RFC 3464 section 2.3.4: what was tried until the end).
 */
const char *trouble_status(enum trouble trouble, bool permanent);

struct explanation {
	const char *meaning;  /* one sentence without jargon: "This address does not exist there." */
	const char *advice;   /* what the sender can do, one sentence */
	const char *operator; /* what the administrator of this server can look at or do, one sentence */
};

/*
 * What became of a recipient, and who says so. With a cause this server found or decided it, and `words` are
 * this server's own. Without one they are what the next host answered, as it said it; or, in another server's
 * report, that server's.
 */
struct dsn_outcome {
	enum trouble cause;
	struct view status; /* "5.1.1"; may be empty */
	struct view words;  /* "550 5.1.1 No such user", its lines joined by LF or blanks; may be empty */
	struct view stage;  /* what they answer: "RCPT" (smtp_client_stage_name); may be empty */
	bool answered;      /* a host answered, though its words are not here */
};

/*
 * Its explanation: by the cause if there is one; else by the host's reply, its code and its known words
 * (dsn_reply.h); else by the enhanced status code. Never fails: what is not known gets a general sentence by
 * its class. All three texts are static, ASCII, and end with a full stop.
 */
struct explanation dsn_explain(const struct dsn_outcome *outcome);

#endif
