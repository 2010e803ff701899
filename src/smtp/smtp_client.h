/*
 * An SMTP or LMTP client session (RFC 5321, RFC 2033) as a pure machine: what the host says goes in with
 * smtp_client_feed, what is said to it is appended to a buffer, and what the machine wants from others it
 * asks through a table of functions. No descriptor, no clock, no TLS inside.
 *
 * Its life: greeting, EHLO (HELO where EHLO is refused), TLS and login as demanded, then `ready`. From there
 * transactions follow one another: smtp_client_send, `body`, one `recipient` for each recipient, `done`,
 * `ready`. It ends with smtp_client_quit, or with `failed`; `close` is its last word in both cases.
 *
 * The functions of the table are called from within smtp_client_feed, _secured, _send, _drained, _body, _quit
 * and _closed. They may call back into the machine (`ready` sends, `body` writes); only smtp_client_free,
 * _closed and _feed must wait until the outer call has returned.
 */
#ifndef SMTP_SMTP_CLIENT_H
#define SMTP_SMTP_CLIENT_H

#include "base/buf.h"
#include "base/view.h"
#include "dsn/dsn_explain.h"
#include "format/mail_terms.h"

struct smtp_client;

enum smtp_client_kind { SMTP_CLIENT_SMTP, SMTP_CLIENT_LMTP };

enum smtp_client_tls {
	SMTP_CLIENT_TLS_NEVER,
	SMTP_CLIENT_TLS_IF_OFFERED, /* goes on in clear where STARTTLS is not offered, or refused */
	SMTP_CLIENT_TLS_REQUIRED,   /* failed with SMTP_CLIENT_NO_TLS there */
	SMTP_CLIENT_TLS_PRESENT     /* the connection began inside TLS */
};

/* Login mechanisms that the machine knows, as bits. Of what host and configuration allow, the highest is
 * taken. */
enum smtp_client_mechanism {
	SMTP_CLIENT_LOGIN = 1,
	SMTP_CLIENT_PLAIN = 2,
	SMTP_CLIENT_SCRAM_SHA_1 = 4,
	SMTP_CLIENT_SCRAM_SHA_256 = 8,
	SMTP_CLIENT_SCRAM_SHA_1_PLUS = 16, /* the -PLUS ones need the channel's binding data */
	SMTP_CLIENT_SCRAM_SHA_256_PLUS = 32,
	SMTP_CLIENT_ANY_MECHANISM = 63
};

/* The views belong to the caller and must outlive the client, the login's until `ready`. */
struct smtp_client_config {
	enum smtp_client_kind kind;
	struct view hostname; /* ours, for EHLO: a domain name or an address literal */
	enum smtp_client_tls tls;
	struct view user, password; /* no user: no login */
	unsigned mechanisms;        /* allowed ones; 0: any */
	bool clear_login;           /* PLAIN and LOGIN are allowed without TLS */
	struct view nonce;          /* fresh printable text without ",", 24 octets or more; empty: no SCRAM */
	struct view tls_exporter;   /* RFC 9266, with SMTP_CLIENT_TLS_PRESENT; empty: there is none */
};

/* ---- what the host says ---- */

/* What a reply, or its lack, answered. */
enum smtp_client_stage {
	SMTP_CLIENT_AT_GREETING,
	SMTP_CLIENT_AT_EHLO, /* HELO and LHLO as well */
	SMTP_CLIENT_AT_STARTTLS,
	SMTP_CLIENT_AT_AUTH,
	SMTP_CLIENT_AT_IDLE, /* between transactions, nothing was asked */
	SMTP_CLIENT_AT_RSET,
	SMTP_CLIENT_AT_MAIL,
	SMTP_CLIENT_AT_RCPT,
	SMTP_CLIENT_AT_DATA, /* DATA, the body on its way, and a BDAT before the last */
	SMTP_CLIENT_AT_END,  /* the final dot, and the last BDAT: the message may have been taken */
	SMTP_CLIENT_AT_QUIT
};

/* "EHLO", "end of data": for logs and bounces. */
const char *smtp_client_stage_name(enum smtp_client_stage stage);

/*
 * A reply. The views live as long as the call that gives it. Code 0: there is none, the connection ended
 * before; with stage SMTP_CLIENT_AT_END the message may nevertheless have been taken, and sending it again
 * may double it.
 */
struct smtp_client_reply {
	unsigned code;        /* 200 to 599, or 0 */
	struct view enhanced; /* "5.1.1" (RFC 2034, RFC 3463), of the code's class; or empty */
	struct view text;     /* without codes, lines joined by LF; UTF-8, "?" for what is not printable or
	                         not valid; at most SMTP_CLIENT_TEXT_MAX octets */
	enum smtp_client_stage stage;
};

/*
 * RFC 5321 section 4.5.3.1.10: what a host says about too many recipients is about this transaction, not the
 * recipient, and 552 is as temporary as 452 then. Without an enhanced code it means that, unless its words
 * say that the mailbox or the message is meant.
 */
bool smtp_client_is_too_many(const struct smtp_client_reply *r);

/* The extensions that the host announced in its reply to the last EHLO: after STARTTLS, the second one. */
struct smtp_client_host {
	bool esmtp; /* answered EHLO or LHLO, not HELO */
	bool pipelining, eight_bit, utf8, chunking, binary, dsn, start_tls, require_tls, enhanced_codes;
	bool size, deliver_by, priority, future_release, auth;
	uint64_t size_max;       /* SIZE's, 0: no limit is told */
	uint32_t deliver_by_min; /* DELIVERBY's minimum in seconds, 0: none */
	unsigned mechanisms;     /* AUTH's, as bits; others are not kept */
	/* FUTURERELEASE's (RFC 4865): most seconds to hold; 0: not told */
	uint32_t hold_max;
	/* LIMITS (RFC 9422): 0: not told */
	uint32_t mail_max, rcpt_max;
};

/* ---- transactions ---- */

struct smtp_client_recipient {
	struct view address; /* the mailbox as SMTP writes it, without brackets */
	struct view notify;  /* the value of NOTIFY=; empty: none */
	struct view orcpt;   /* the value of ORCPT=, in its encoding; empty: none */
};

/*
 * A message to be sent. It and all that it points to must live until `done` or `failed`. The body is what
 * smtp_client_body is given: lines with CR LF. With DATA the machine adds what transparency needs, turns a CR
 * or LF alone into CR LF, and ends a last line that has no end; with BDAT (always with SMTP_BINARYMIME) the
 * octets go as they are.
 */
struct smtp_client_transaction {
	struct mail_terms terms; /* but by_time and hold_until: there is no clock here, and nothing is held */
	int64_t by_seconds;      /* RFC 2852: from now, with terms.by_mode */
	bool lines_unsure;       /* it may hold a CR or LF alone, which BDAT would carry: it goes by DATA */
	uint64_t size;           /* of the body in octets, exactly; 0: not known */
	struct view auth;        /* the value of AUTH= (RFC 4954); empty: none */
	const struct smtp_client_recipient *recipients;
	size_t count;
};

/* ---- what the machine asks for ---- */

enum smtp_client_failure {
	SMTP_CLIENT_REFUSED,       /* by the greeting, EHLO and HELO: the reply says how */
	SMTP_CLIENT_NO_TLS,        /* demanded, and not offered (code 0) or refused */
	SMTP_CLIENT_NO_LOGIN,      /* demanded, and no mechanism is offered that may be used here */
	SMTP_CLIENT_LOGIN_REFUSED, /* by the host; code 0: it did not prove that it knows the password */
	SMTP_CLIENT_SHUT, /* 421 at any time after EHLO; an error while the body was on its way, or idle */
	SMTP_CLIENT_NONSENSE, /* what came is no reply, or none to what was asked */
	SMTP_CLIENT_LOST,     /* smtp_client_closed was called */
	SMTP_CLIENT_NO_MEMORY /* the output buffer is full or there is no memory */
};

/* In words, for logs: "no TLS". */
const char *smtp_client_failure_name(enum smtp_client_failure failure);

struct smtp_client_backend {
	/*
	 * The host is ready for TLS: discard what was read and not consumed (it came in clear, RFC 3207),
	 * make the handshake, then smtp_client_secured. When it fails: smtp_client_closed.
	 */
	void (*start_tls)(void *arg);
	/* No transaction is open and one may be sent, now or later. */
	void (*ready)(void *arg);
	/*
	 * The body is wanted: write it with smtp_client_body, in pieces of any size (64 KB is good), now or
	 * later, until that says false; then this is called again when more is wanted.
	 */
	void (*body)(void *arg);
	/*
	 * The final result of a recipient, exactly once each, in any order: 2xx after the end of the data
	 * (with LMTP its own, with SMTP the common one), or what refused it before. Code 0: see the reply.
	 */
	void (*recipient)(void *arg, size_t index, const struct smtp_client_reply *reply);
	/* Every recipient has its result. No more of the body is wanted, even if its end was not reached. */
	void (*done)(void *arg);
	/*
	 * The connection cannot be used, or no longer. Recipients without a result get theirs before, and
	 * `done` is called for an open transaction. The reply is never NULL, its code may be 0.
	 */
	void (*failed)(void *arg, enum smtp_client_failure failure, const struct smtp_client_reply *reply);
	/* The output, then the connection's end. Not after smtp_client_closed. */
	void (*close)(void *arg);
};

enum {
	/* The output buffer should hold STREAM_OUTPUT_MAX (io/stream.h) or at least twice this. */
	SMTP_CLIENT_OUTPUT_HIGH = 256 * 1024, /* above it `body` rests until smtp_client_drained */
	SMTP_CLIENT_PIECE_MAX = 1 << 20,      /* of the body at once; more is NO_MEMORY */
	SMTP_CLIENT_RECIPIENTS_MAX = 1000,    /* of a transaction, whatever the host allows */
	SMTP_CLIENT_TEXT_MAX = 500            /* of a reply's text: a bounce shows it, a record keeps it */
};

/* `out`, `backend` and what `config` points to must outlive the client. It waits for the greeting. Never
 * NULL. */
struct smtp_client *smtp_client_new(const struct smtp_client_config *config,
    const struct smtp_client_backend *backend, void *arg, struct buf *out);
void smtp_client_free(struct smtp_client *c); /* NULL is allowed; calls nothing */

/*
 * Takes whole lines; returns how many octets were consumed. The rest is to come again with more behind it:
 * less than SMTP_CLIENT_LINE_MAX, or what follows the reply to STARTTLS. After the end everything is
 * consumed.
 */
size_t smtp_client_feed(struct smtp_client *c, struct view bytes);

/* TLS is on; tls_exporter is its binding data (RFC 9266), which is copied, or empty. EHLO follows. */
void smtp_client_secured(struct smtp_client *c, struct view tls_exporter);

/*
 * The stream has ended, or the driver gives the connection up (a deadline, a body that cannot be had, the end
 * of the program). Nothing more is written: a body that was cut is never ended with a dot. Recipients without
 * a result get code 0, then `failed` with SMTP_CLIENT_LOST. After QUIT and after `close` nothing is called.
 */
void smtp_client_closed(struct smtp_client *c);

/* The end: says QUIT as soon as nothing is under way, instead of `ready`; `close` when it is answered. */
void smtp_client_quit(struct smtp_client *c);

const struct smtp_client_host *smtp_client_host(const struct smtp_client *c);
bool smtp_client_is_secure(const struct smtp_client *c);

/* How many recipients a transaction may have here, and how many transactions may follow (RFC 9422: LIMITS).
 * The driver splits what is more: the body is then wanted again. A host that takes fewer answers the others
 * with 452 4.5.3: they may be sent again on the same connection. */
size_t smtp_client_recipients_max(const struct smtp_client *c);
size_t smtp_client_transactions_left(const struct smtp_client *c);

/* What must be done before the host can be sent a message. */
enum smtp_client_verdict {
	SMTP_CLIENT_TAKES,    /* nothing */
	SMTP_CLIENT_CONVERTS, /* convert the body to 7 bit (mime/downgrade.h), then ask again */
	SMTP_CLIENT_CANNOT    /* nothing helps: *lack is the result for every recipient */
};

/* What the host has not announced and the message needs. No reply of the host: it was not asked, and never
 * has these words. */
struct smtp_client_lack {
	enum trouble cause;
	const char *enhanced, *text; /* "5.3.4"; constants */
};

/*
 * Judges after `ready`, without asking the host. Cannot: 5.3.4 larger than SIZE allows; 5.6.7 needs
 * SMTPUTF8; 5.7.30 needs REQUIRETLS, or TLS is not on; 5.4.7 must be delivered in a time or returned,
 * and the host does not know DELIVERBY, or not below a minimum (RFC 2852). *lack is set with
 * SMTP_CLIENT_CANNOT only. Parameters that only ask for a service and that the host
 * does not know (DSN, priority, deliver-by to notify, AUTH) are left out when sending.
 */
enum smtp_client_verdict smtp_client_accepts(
    const struct smtp_client *c, const struct smtp_client_transaction *t, struct smtp_client_lack *lack);

/*
 * Sends. 0: results follow. Without any call of the table: -EBUSY not ready; -E2BIG more recipients than
 * smtp_client_recipients_max, or no more transactions; -EINVAL no recipient, or a value that cannot be
 * written (a control character, a blank in a parameter, UTF-8 without `utf8`); -ENOTSUP smtp_client_accepts
 * says otherwise than SMTP_CLIENT_TAKES; -ENOMEM.
 */
int smtp_client_send(struct smtp_client *c, const struct smtp_client_transaction *t);

/*
 * A piece of the body; `last` with the last one, which may be empty. All of it is taken. False: nothing more
 * is wanted before `body` is called again, or `done` was. Without being asked for it is dropped.
 */
bool smtp_client_body(struct smtp_client *c, struct view bytes, bool last);

/* The output has fallen below SMTP_CLIENT_OUTPUT_HIGH (the stream's `drained`): goes on with `body`. */
void smtp_client_drained(struct smtp_client *c);

/* What is waited for: the class of the driver's deadline. */
enum smtp_client_waiting {
	SMTP_CLIENT_FOR_GREETING, /* RFC 5321 section 4.5.3.2: 5 minutes */
	SMTP_CLIENT_FOR_EHLO,     /* STARTTLS and AUTH as well: 5 */
	SMTP_CLIENT_FOR_MAIL,     /* 5 */
	SMTP_CLIENT_FOR_RCPT,     /* 5 */
	SMTP_CLIENT_FOR_DATA,     /* 2 */
	SMTP_CLIENT_FOR_BLOCK,    /* the body is being written: 3, anew whenever the host takes some of it */
	SMTP_CLIENT_FOR_END,      /* 10; a BDAT too */
	SMTP_CLIENT_FOR_RSET,     /* 5 */
	SMTP_CLIENT_FOR_QUIT,     /* 5; nothing is lost with less */
	SMTP_CLIENT_FOR_US,       /* the driver: TLS */
	SMTP_CLIENT_IDLE          /* ready, no transaction; how long is the driver's choice */
};
enum smtp_client_waiting smtp_client_waits_for(const struct smtp_client *c);

/* What its reply, or the lack of one, is about. */
enum smtp_client_stage smtp_client_stage(const struct smtp_client *c);

/* The RFC's times in seconds, 0 for the last two. */
unsigned smtp_client_patience(enum smtp_client_waiting waiting);

/* Grows with each whole reply: the deadline begins anew when this or the class has changed, not with each
 * byte. */
uint64_t smtp_client_progress(const struct smtp_client *c);

#endif
