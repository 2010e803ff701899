/*
 * An SMTP server session (RFC 5321 and its extensions; RFC 6409 for submission, RFC 2033 for LMTP) as a pure
 * machine: bytes go in with smtp_feed, answers come in through the functions below, replies are appended to a
 * buffer, and what it needs from others it asks through a table of functions. No descriptor, no clock, no TLS
 * inside.
 */
#ifndef SMTP_SMTP_SESSION_H
#define SMTP_SMTP_SESSION_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/view.h"
#include "format/login_failure.h"
#include "mime/digest.h"
#include "smtp/smtp_limits.h"
#include "format/mail_terms.h"

struct authors;
struct smtp_session;

enum smtp_kind { SMTP_RELAY, SMTP_SUBMISSION, SMTP_LMTP };

struct smtp_config {
	enum smtp_kind kind;
	struct view hostname;
	struct view client_address; /* as an address literal without brackets: 192.0.2.1, IPv6:2001:db8::1 */
	struct view id;             /* of this session, for the trace field and log */
	const char *const *mechanisms;                /* accepted */
	const char *const *(*announced)(bool secure); /* told */
	uint64_t size_max;
	uint32_t recipients_max, received_max, errors_max;
	bool tls_available, secure, clear_login, xclient;
	bool trusted;       /* a peer whose priorities are believed (RFC 6710); who has logged in is anyway */
	uint32_t hold_max;  /* seconds that a submission may be held (RFC 4865); 0: not at all */
	bool etrn;          /* RFC 1985 is possible: the relay's only */
	bool writes_sender; /* a submission's Sender field says who sent it, where From does not */
	bool names_login;   /* the trace field names the account that has logged in */
	/* A submission by a user of this machine, whom the kernel has named: no login is needed, and none is
	 * offered. Empty: it is none. */
	struct view local_user;
};

struct smtp_recipient {
	struct view path;          /* the mailbox, without brackets, as the client wrote it */
	struct view address;       /* its canonical key (format/domain.h) */
	struct view notify, orcpt; /* RFC 3461, empty when not given */
	bool dropped;              /* a verdict at SMTP_AT_END: it is not delivered to */
};

struct smtp_envelope {
	struct mail_terms terms;
	struct view sender_domain;
	bool sender_is_null;
	uint64_t size;    /* announced, 0: not */
	struct view auth; /* RFC 4954 */
	struct smtp_recipient *recipients;
	size_t count;
};

/*
 * Where verdicts are asked for. SMTP_AT_HEADER: a submission's header is complete, its body is held until the
 * answer (smtp_authors); what refuses then is said at the message's end, whose bytes are read and dropped.
 * SMTP_AT_END: the whole message is there, and has gone through the backend's `body` (smtp_message).
 */
enum smtp_stage { SMTP_AT_CONNECT, SMTP_AT_MAIL, SMTP_AT_RCPT, SMTP_AT_HEADER, SMTP_AT_END };

enum smtp_verdict_kind { SMTP_ACCEPT, SMTP_TEMPORARY, SMTP_PERMANENT, SMTP_DISCARD };

/* code: 250, 450, 550 ...; enhanced: "2.1.5" ...; texts are copied by the reply. Zero code with SMTP_ACCEPT:
 * the usual reply; at SMTP_AT_END the text, if there is one, is a line before it, when the message has been
 * kept. */
struct smtp_verdict {
	enum smtp_verdict_kind kind;
	unsigned code;
	const char *enhanced, *text;
	bool close;      /* end the connection after the reply */
	bool own_author; /* SMTP_AT_HEADER: the one author is the user, so no Sender field says so */
	/*
	 * SMTP_AT_END, with SMTP_ACCEPT: one for each recipient in the envelope's order, where single ones
	 * get another verdict; NULL: none does. Such a recipient is marked as dropped. With LMTP each has its
	 * own reply. SMTP has one for all: who refuses is dropped as with SMTP_DISCARD only when all do,
	 * and the first temporary verdict is the reply, or the first when none is; else it gets the message,
	 * since RCPT was its chance.
	 */
	const struct smtp_verdict *each;
};

struct smtp_login {
	struct view mechanism, initial;
	bool has_initial;
};

/* XCLIENT's attributes (Postfix's XCLIENT_README); empty: not given, or not known. */
struct smtp_xclient {
	bool has_address; /* it was given; when it is empty all the same, it is not known */
	struct view name, address, helo, login;
};

/*
 * The questions of the session. Each is answered, now or later, by the function named behind it; until then
 * the session takes no input.
 */
struct smtp_backend {
	/* SMTP_AT_RCPT concerns `recipient`, which is not in the envelope yet. -> smtp_checked */
	void (*check)(void *arg, enum smtp_stage stage, const struct smtp_envelope *envelope,
	    const struct smtp_recipient *recipient);
	void (*login)(
	    void *arg, const struct smtp_login *login); /* smtp_challenge, smtp_logged_in or smtp_refused */
	void (*login_more)(void *arg, struct view response, bool cancel);
	/* A part of the message. False: too much is under way, take no more input until smtp_body_ready. */
	bool (*body)(void *arg, struct view bytes);
	/* NULL, or takes a part of the message as it came, before anything is added or repaired: signatures
	 * are made of these octets. */
	void (*came)(void *arg, struct view bytes);
	/* To all recipients but those that are dropped; there is one at least. */
	void (*deliver)(void *arg, const struct smtp_envelope *envelope,
	    const struct message_digest *digest); /* smtp_delivered */
	void (*abandon)(void *arg);               /* the transaction is over: forget recipients and body */
	void (*start_tls)(void *arg);             /* smtp_secured */
	/* The client is somebody else from now on: smtp_client_changed, or an end. False, and nothing has
	 * changed: the address is none. */
	bool (*xclient)(void *arg, const struct smtp_xclient *attributes);
	/* Try what waits for this domain (lower case, A-labels) now: smtp_etrn_done. Needed with config.etrn.
	 */
	void (*etrn)(void *arg, struct view domain);
	/* The output, then the connection's end. What was asked needs no answer any more. */
	void (*close)(void *arg);
	int64_t (*now)(void *arg); /* seconds since 1970 */
	/* A submission's BURL (RFC 4468): a piece of what the URL names, from this octet on: smtp_shown. */
	void (*show)(void *arg, struct view url, uint64_t offset);
};

/* `out` and what `config` points to must outlive the session. Nothing is said before smtp_start. */
struct smtp_session *smtp_session_new(
    const struct smtp_config *config, const struct smtp_backend *backend, void *arg, struct buf *out);
void smtp_session_free(struct smtp_session *s); /* NULL is allowed */

/* Asks for the verdict on the connection; then greets. */
void smtp_start(struct smtp_session *s);

/*
 * Takes what the client sent; returns how many bytes were consumed, 0 while an answer of the backend or room
 * in the output is awaited. The driver keeps the rest and feeds it again. BDAT and DATA are taken piece by
 * piece.
 */
size_t smtp_feed(struct smtp_session *s, struct view bytes);

/* The answer to `check`: the verdict is carried out, and its texts are copied. Only while one is awaited. */
void smtp_checked(struct smtp_session *s, const struct smtp_verdict *verdict);
/* An answer to `login`: sends the mechanism's next challenge (not yet in base64); `login_more` brings the
 * reply. */
void smtp_challenge(struct smtp_session *s, struct view text);
/* An answer to `login`: 235. From here on `address`, the account's, is the session's login; it is copied. */
void smtp_logged_in(struct smtp_session *s, struct view address);

/* An answer to `login`: it failed, with the reply that RFC 4954 section 6 has for the reason. */
void smtp_refused(struct smtp_session *s, enum login_failure why);
/* The handshake that `start_tls` began is done: all that was said before is forgotten (RFC 3207 section 4.2).
 */
void smtp_secured(struct smtp_session *s);

/* The client's address, as in the configuration, whether it may log in without TLS, and is trusted. */
void smtp_client_changed(struct smtp_session *s, struct view client_address, bool clear_login, bool trusted);

/* How many messages are tried now; negative: a negative errno, -EACCES for a domain that is not ours. */
void smtp_etrn_done(struct smtp_session *s, int64_t result);
/*
 * A piece of at most SMTP_SHOWN_MAX octets, and whether it is the last; or why there is none, which fails the
 * transaction: -EINVAL: it is no such URL; -EXDEV: of another server; -EACCES: it does not authorise this
 * user; -ENOENT: it names nothing that is there; -EOPNOTSUPP: something binary; -EBADMSG; others: not now.
 */
void smtp_shown(struct smtp_session *s, struct view bytes, bool last, int error);
/* There is room again, after `body` said that too much is under way: input is taken again. */
void smtp_body_ready(struct smtp_session *s);

/*
 * How the delivery ended, for each recipient in the envelope's order (of a dropped one it does not matter):
 * 0, or a negative errno (-ENOSPC: the disk or the server is full, -EDQUOT: the mailbox is, -EFBIG: it could
 * never hold the message, -ENOENT: it is gone, -EPERM: its rules refuse the message; others: temporary). `id`
 * names the message in the reply. texts: of those that refuse it, lines joined by LF; NULL: there are none.
 */
void smtp_delivered(
    struct smtp_session *s, const int *results, const struct view *texts, size_t count, struct view id);

/* The end for a reason of ours (RFC 5321 section 3.8): 421 with this text, then close. */
void smtp_end(struct smtp_session *s, const char *enhanced, const char *text);

/* For the driver's deadlines, limits and log. */
enum smtp_waiting { SMTP_FOR_COMMAND, SMTP_FOR_DATA, SMTP_FOR_US };
enum smtp_waiting smtp_waits_for(const struct smtp_session *s);
const struct smtp_envelope *smtp_envelope(const struct smtp_session *s);
/* Of a submitted message, from SMTP_AT_HEADER on; else NULL. */
const struct authors *smtp_authors(const struct smtp_session *s);
const struct message_digest *smtp_message(const struct smtp_session *s); /* at SMTP_AT_END */
struct view smtp_login_address(const struct smtp_session *s);            /* empty before the login */
struct view smtp_helo(const struct smtp_session *s);

#endif
