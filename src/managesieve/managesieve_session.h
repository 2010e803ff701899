/*
 * A ManageSieve session (RFC 5804) as a pure machine: bytes go in with managesieve_feed, answers of other
 * roles with the functions below, output is appended to a buffer, and what it wants from others it asks
 * through a table of functions. No descriptor, no clock, no TLS inside. What it asks of the account are the
 * questions of mail/script.h.
 */
#ifndef MANAGESIEVE_MANAGESIEVE_SESSION_H
#define MANAGESIEVE_MANAGESIEVE_SESSION_H

#include "base/buf.h"
#include "base/view.h"
#include "format/login_failure.h"
#include "mail/script.h"

enum {
	/*
	 * Octets of a line, literals not counted. RFC 5804 section 4 allows quoted strings of 1,024 octets,
	 * with escapes twice that, and a command has two; a SASL response of ours takes up to 12,288.
	 */
	MANAGESIEVE_LINE_MAX = 12290,
	/* Octets of one command, literals and all, before the login: SASL responses come as literals, too. */
	MANAGESIEVE_STRANGER_MAX = 2 * MANAGESIEVE_LINE_MAX,
	/* The same after it: the longest script, and a name. */
	MANAGESIEVE_COMMAND_MAX = SCRIPT_SIZE_MAX + 2 * MANAGESIEVE_LINE_MAX,
	/* A literal that is too large is read and dropped, so that its command gets an answer; one above this
	 * ends the session, since whoever sends it does not send a script. */
	MANAGESIEVE_SKIP_MAX = 16 << 20,
	/* Strings up to this are quoted (RFC 5804 section 4), others are sent as literals. */
	MANAGESIEVE_QUOTED_MAX = 1024,
	MANAGESIEVE_OUTPUT_HIGH = 256 * 1024, /* no command is taken while so much waits for the client */
	/* Commands before the login: a client asks for the capabilities, starts TLS and logs in. */
	MANAGESIEVE_FUTILE_MAX = 100
};

struct managesieve_session;

struct managesieve_login {
	struct view mechanism; /* "PLAIN", ... */
	struct view initial;
	bool has_initial;
};

struct managesieve_backend {
	/* managesieve_challenge, managesieve_logged_in or managesieve_refused answers both of these. */
	void (*login)(void *arg, const struct managesieve_login *login);
	void (*login_more)(void *arg, struct view response, bool cancel);
	/*
	 * A question of mail/script.h, under a number of the session's; copied before it returns. The answers
	 * come by managesieve_answer, never within this call.
	 */
	void (*ask)(void *arg, uint32_t request, unsigned type, const void *question);
	void (*logout_account)(void *arg); /* gives the account's channel back; no answers come any more */
	void (*start_tls)(void *arg);      /* managesieve_secured */
	void (*close)(void *arg);          /* the output, then the connection's end */
};

struct managesieve_config {
	struct view hostname;
	const char *const *mechanisms;                /* SASL mechanisms that are accepted, NULL at the end */
	const char *const *(*announced)(bool secure); /* those that are told */
	bool tls_available, secure;                   /* secure: TLS is on already */
	bool clear_login;                             /* passwords are taken without TLS (loopback) */
	unsigned errors_max;                          /* of the client: then the connection ends */
	struct view extensions;                       /* of Sieve, with a space between two */
	struct view notify;                           /* methods of RFC 5435, likewise; empty: none */
	unsigned redirects_max;                       /* of one run of a script */
};

/* `out` and `config`'s views must outlive the session. The greeting is written at once. */
struct managesieve_session *managesieve_session_new(const struct managesieve_config *config,
    const struct managesieve_backend *backend, void *arg, struct buf *out);
void managesieve_session_free(struct managesieve_session *s); /* NULL is allowed */

/* Takes input; returns how much was consumed: 0 while an answer or room in the output is awaited. */
size_t managesieve_feed(struct managesieve_session *s, struct view bytes);

/* TLS is on: the capabilities are told anew. */
void managesieve_secured(struct managesieve_session *s);

void managesieve_challenge(struct managesieve_session *s, struct view text);
/* address: the account's own. */
void managesieve_logged_in(struct managesieve_session *s, struct view address);
void managesieve_refused(struct managesieve_session *s, enum login_failure why);

/* An answer to a question: its type, and the struct of mail/script.h or mail/mail.h, which is valid during
 * the call. */
void managesieve_answer(struct managesieve_session *s, uint32_t request, unsigned type, const void *answer);

/* The account's channel is gone: BYE, then close. */
void managesieve_lost(struct managesieve_session *s);
/* The server stops, or the client was idle for too long: BYE with this text, then close. `code`: TRYLATER, or
 * NULL. */
void managesieve_bye(struct managesieve_session *s, const char *code, const char *text);

/* For the driver's deadlines, limits and log. */
bool managesieve_is_authenticated(const struct managesieve_session *s);
bool managesieve_is_busy(const struct managesieve_session *s); /* waits for an answer */

#endif
