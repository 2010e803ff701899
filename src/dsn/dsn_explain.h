/*
 * What a delivery's outcome means and what to do about it, in plain words: for the text of bounces, for
 * `postrider queue` and for `postrider trace`. One table, so that all three say the same.
 */
#ifndef DSN_DSN_EXPLAIN_H
#define DSN_DSN_EXPLAIN_H

#include "dsn/dsn_reply.h"

/*
 * What this server found or decided itself, in whatever words: nobody else said it. Queue records and
 * messages between roles hold the numbers: new ones come at the end.
 */
enum trouble {
	TROUBLE_NONE,          /* none: the next host said it, see its reply */
	TROUBLE_NO_DOMAIN,     /* the domain does not exist */
	TROUBLE_NO_HOST,       /* the domain exists, but no host takes its mail: neither MX nor address */
	TROUBLE_NULL_MX,       /* the domain says that it takes no mail: RFC 7505 */
	TROUBLE_DNS,           /* names could not be looked up: no or a broken answer */
	TROUBLE_REFUSED,       /* nobody listens there */
	TROUBLE_TIMED_OUT,     /* no answer in time, not even a first one */
	TROUBLE_UNREACHABLE,   /* no way there: network or host unreachable */
	TROUBLE_LOST,          /* the connection ended within the dialogue */
	TROUBLE_PROTOCOL,      /* what answers there does not speak SMTP as it must */
	TROUBLE_TLS_MISSING,   /* encryption is demanded, the next host offers none */
	TROUBLE_TLS_FAILED,    /* the handshake failed */
	TROUBLE_TLS_UNTRUSTED, /* its certificate is not the one that DANE, MTA-STS or a setting demands */
	TROUBLE_REQUIRETLS,    /* the next host knows no REQUIRETLS, or cannot be verified as it demands: RFC
	                          8689 */
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
	TROUBLE_MAILBOX_GONE,  /* a local mailbox was removed while the message waited */
	TROUBLE_NO_DELIVERBY,  /* the next host does not promise the time that the sender asked for: RFC 2852
	                        */
	TROUBLE_UNWRITABLE,    /* an address or a parameter cannot be said in SMTP */
	TROUBLE_SILENT,        /* the host answered, and then no more: not in time, within the dialogue */
	TROUBLE_SLOW,          /* the host takes mail so slowly that its connection was given up */
	TROUBLE_KINDS
};

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
 * TROUBLE_NONE. Expired keeps class 4 in either case (RFC 3464, section 2.3.4: what was tried until the end).
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
