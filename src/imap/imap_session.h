/*
 * An IMAP session (RFC 9051, RFC 3501) as a pure machine: bytes go in with imap_feed, answers of other roles
 * with the functions below, output is appended to a buffer, and what it wants from others it asks through a
 * table of functions. No descriptor, no clock, no TLS inside. What it asks of the account are the questions
 * of mail/mail.h.
 */
#ifndef IMAP_IMAP_SESSION_H
#define IMAP_IMAP_SESSION_H

#include "base/buf.h"
#include "base/view.h"
#include "format/login_failure.h"
#include "mail/mail.h"

enum {
	/* RFC 9585 section 3 leaves it to us: before a person or a program loses patience, and no flood. */
	IMAP_PROGRESS_SECONDS = 10,
	/* Long answers pause at this; the driver calls imap_drained when it was reached and left. */
	IMAP_OUTPUT_HIGH = 256 * 1024
};

struct imap_session;

struct imap_login {
	struct view mechanism; /* "PLAIN", ...; LOGIN comes as PLAIN */
	struct view initial;
	bool has_initial;
};

struct imap_backend {
	void (*login)(
	    void *arg, const struct imap_login *login); /* imap_challenge, imap_logged_in, imap_refused */
	void (*login_more)(void *arg, struct view response, bool cancel); /* the same */
	/*
	 * A question of mail/mail.h, under a number of the session's; copied before it returns. The answers
	 * come by imap_answer, never within this call. Several may be under way; they are answered in their
	 * order.
	 */
	void (*ask)(void *arg, uint32_t request, enum mail_type type, const void *question);
	void (*logout_account)(
	    void *arg); /* UNAUTHENTICATE: gives the account's channel back; no answers come any more */
	void (*start_tls)(void *arg);     /* imap_secured */
	void (*start_deflate)(void *arg); /* RFC 4978: what is in the output goes first, all behind it is
	                                     deflated, both ways; at once */
	void (*close)(void *arg);         /* the output, then the connection's end */
	int64_t (*now)(void *arg);        /* seconds since 1970 */
};

struct imap_config {
	struct view hostname;
	const char *const *mechanisms;                /* SASL mechanisms that are accepted, NULL at the end */
	const char *const *(*announced)(bool secure); /* those that are told */
	bool tls_available, secure;                   /* secure: TLS is on already */
	bool deflate_available;
	bool clear_login; /* passwords are taken without TLS (loopback) */
	struct view
	    language; /* of LANGUAGE "default", if there are texts in it (imap_texts.h); else English */
	unsigned errors_max;  /* of the client: then the connection ends */
	uint64_t message_max; /* APPENDLIMIT: octets of one message */
	/* Messages of one command: MESSAGELIMIT; or SAVELIMIT, of COPY and APPEND alone (RFC 9738). 0: no
	   limit. The first one, if it is set, is the limit of these too. */
	uint32_t message_limit, save_limit;
	/* Scripts run at events (RFC 6785), and people edit them here: host and port, as a URL has them.
	   Empty: there is no such service, so none is announced. */
	struct view sieve;
	/* The URL of JMAP's Session resource (RFC 9698); empty: there is no such service. */
	struct view jmap;
};

/* `out` and the views of `config` must outlive the session. The greeting is written at once. */
struct imap_session *imap_session_new(
    const struct imap_config *config, const struct imap_backend *backend, void *arg, struct buf *out);
void imap_session_free(struct imap_session *s); /* NULL is allowed */

/* Takes input; returns how much was consumed: 0 while an answer or room in the output is awaited. */
size_t imap_feed(struct imap_session *s, struct view bytes);

/* The output fell below IMAP_OUTPUT_HIGH. */
void imap_drained(struct imap_session *s);

void imap_secured(struct imap_session *s);
void imap_challenge(struct imap_session *s, struct view text);
/* account: its number, which makes ids unique among accounts. address: its own. */
void imap_logged_in(struct imap_session *s, uint64_t account, struct view address);
void imap_refused(struct imap_session *s, enum login_failure why);

/* An answer to a question: its type, and the struct of mail/mail.h, which is valid during the call. */
void imap_answer(struct imap_session *s, uint32_t request, enum mail_type type, const void *answer);

/* The account's channel is gone: "* BYE [UNAVAILABLE]", then close. */
void imap_lost(struct imap_session *s);
/* The server stops, or the client was idle too long: "* BYE" with this text, then close. */
void imap_bye(struct imap_session *s, const char *code, const char *text);

/* To be called every IMAP_PROGRESS_SECONDS while the session is busy: says how far a long command is (RFC
 * 9585). */
void imap_tick(struct imap_session *s);

/* For the driver's deadlines, limits and log. */
bool imap_is_authenticated(const struct imap_session *s);
bool imap_is_busy(const struct imap_session *s);   /* a command is being carried out: input waits */
bool imap_is_idling(const struct imap_session *s); /* IDLE, or NOTIFY: a quiet client is no idle one */

#endif
