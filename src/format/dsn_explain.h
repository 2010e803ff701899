/*
 * What a delivery's outcome means and what to do about it, in plain words: for the text of bounces, for
 * `postrider queue` and for `postrider trace`. One table, so that all three say the same.
 */
#ifndef FORMAT_DSN_EXPLAIN_H
#define FORMAT_DSN_EXPLAIN_H

#include "format/dsn_reply.h"

/*
 * What went wrong without a word from the next host, or before its words mattered. A record keeps a trouble
 * as its phrase (trouble_phrase), where otherwise the remote's reply stands: a person can read it, and
 * trouble_from_text finds it again.
 */
enum trouble {
	TROUBLE_NONE,          /* the next host said it: see its reply */
	TROUBLE_NO_DOMAIN,     /* the domain does not exist */
	TROUBLE_NO_HOST,       /* the domain exists, but no host takes its mail: neither MX nor address */
	TROUBLE_NULL_MX,       /* the domain says that it takes no mail: RFC 7505 */
	TROUBLE_DNS,           /* names could not be looked up: no or a broken answer */
	TROUBLE_REFUSED,       /* nobody listens there */
	TROUBLE_TIMED_OUT,     /* no answer in time, at connect or later */
	TROUBLE_UNREACHABLE,   /* no way there: network or host unreachable */
	TROUBLE_LOST,          /* the connection ended within the dialogue */
	TROUBLE_PROTOCOL,      /* what answers there does not speak SMTP as it must */
	TROUBLE_TLS_MISSING,   /* encryption is demanded, the next host offers none */
	TROUBLE_TLS_FAILED,    /* the handshake failed */
	TROUBLE_TLS_UNTRUSTED, /* its certificate is not the one that DANE, MTA-STS or a setting demands */
	TROUBLE_REQUIRETLS,    /* the next host knows no REQUIRETLS: RFC 8689 */
	TROUBLE_AUTH,          /* the smart host refuses our login */
	TROUBLE_NO_SMTPUTF8,  /* an address or a header field beyond ASCII; the next host knows no SMTPUTF8 */
	TROUBLE_CONVERSION,   /* the next host takes 7-bit text only, and this message can't be converted */
	TROUBLE_TOO_LARGE,    /* larger than the next host takes (its SIZE) */
	TROUBLE_EXPIRED,      /* the queue's time is over */
	TROUBLE_DEADLINE,     /* the sender's own time is over: DELIVERBY, RFC 2852 */
	TROUBLE_LOOP,         /* too many hops, or the best host for the domain is this one */
	TROUBLE_HELD,         /* an administrator holds it, or a rule does */
	TROUBLE_DELETED,      /* an administrator took it out of the queue */
	TROUBLE_RATE,         /* a limit of this server: so many messages at a time */
	TROUBLE_LOCAL,        /* this server: no disk, no memory, a wrong setting */
	TROUBLE_MAILBOX_FULL, /* a local mailbox has no room */
	TROUBLE_MAILBOX_SMALL, /* the message is larger than a local mailbox may be */
	TROUBLE_MAILBOX_GONE, /* a local mailbox was removed while the message waited */
	TROUBLE_KINDS
};

/* "connection refused": stable words, without "=" or quotes, at most 60 octets. Empty for TROUBLE_NONE. */
const char *trouble_phrase(enum trouble trouble);

/* The trouble whose phrase the text is or begins with (": details" may follow); TROUBLE_NONE for others. */
enum trouble trouble_from_text(struct view text);

/*
 * Its enhanced status code (RFC 3463): "4.4.1", or with `permanent` "5.4.1". Never empty: "4.0.0" for
 * TROUBLE_NONE. Expired keeps class 4 in either case (RFC 3464, section 2.3.4: what was tried until the end).
 */
const char *trouble_status(enum trouble trouble, bool permanent);

struct explanation {
	const char *meaning;  /* one sentence without jargon: "This address does not exist there." */
	const char *advice;   /* what the sender can do, one sentence */
	const char *operator; /* what the administrator of this server can look at or do, one sentence */
};

/*
 * What became of a recipient, and who says so. With a cause this server found or decided it, and `words` are this server's
 * own. Without one they are what the next host answered, as it said it; or, in another server's report, that server's.
 */
struct dsn_outcome {
	enum trouble cause;
	struct view status; /* "5.1.1"; may be empty */
	struct view words;  /* "550 5.1.1 No such user", its lines joined by LF or blanks; may be empty */
	struct view stage;  /* what they answer: "RCPT" (smtp_client_stage_name); may be empty */
	bool answered;      /* a host answered, though its words are not here */
};

/*
 * Its explanation: by the cause if there is one; else by the host's reply, its code and its known words (dsn_reply.h); else by
 * the enhanced status code. Never fails: what is not known gets a general sentence by its class. All three texts are static,
 * ASCII, and end with a full stop.
 */
struct explanation dsn_explain(const struct dsn_outcome *outcome);

/*
 * The same from a record's text: a reply ("550 5.1.1 No such user", lines joined by LF or blanks); a
 * trouble's phrase; or words of ours, of which some are known ("no connection to 192.0.2.1:25: Connection
 * refused") and which may hold a reply behind a colon. Without a reply code the status is one that this
 * server gave, about itself too. `status` may be empty: then it is taken from the reply, if it holds one.
 */
struct explanation dsn_explain_text(struct view status, struct view text);

#endif
