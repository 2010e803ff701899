/*
 * A POP3 session (RFC 1939, 2449, 2595, 3206, 5034, 6856) as a pure machine: bytes go in with pop3_feed,
 * answers of other roles come in through the functions below, output is appended to a buffer, and what it
 * wants from others it asks through a table of functions. No descriptor, no clock, no TLS inside.
 */
#ifndef POP3_POP3_SESSION_H
#define POP3_POP3_SESSION_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/view.h"
#include "format/login_failure.h"

enum {
	POP3_LINE_MAX = 512,         /* RFC 2449 section 4: 255 octets with CRLF; longer lines are accepted */
	POP3_AUTH_LINE_MAX = 12290,  /* RFC 5034 section 4: base64 lines of an exchange */
	POP3_MESSAGES_MAX = 2000000, /* 16 bytes each in memory */
	POP3_OUTPUT_HIGH =
	    256 *
	    1024, /* long replies pause at this; the driver calls pop3_drained when it was reached and left */
	POP3_FUTILE_MAX = 100, /* commands before the login */
	/* Commands after the login, since the last message was asked for: many a program asks for the number
	 * or the name of each message by itself, twice. */
	POP3_QUIET_MAX = 1000,
	POP3_QUIET_EACH = 4,
	POP3_TOP_PIECE = 64 * 1024 /* TOP asks for this much at a time */
};

struct pop3_session;

struct pop3_login {
	struct view mechanism; /* "PLAIN", ...; USER and PASS come as PLAIN; "APOP" with name, space, digest
	                          in `initial` */
	struct view initial;
	bool has_initial;
};

/*
 * The questions of the session. Each is answered later, or at once, by the function named behind it; until
 * then the session takes no input.
 */
struct pop3_backend {
	void (*login)(
	    void *arg, const struct pop3_login *login); /* pop3_challenge, pop3_logged_in or pop3_refused */
	void (*login_more)(void *arg, struct view response,
	    bool cancel);        /* the same; a cancelled one is answered with pop3_refused */
	void (*open)(void *arg); /* pop3_entry for each message, then pop3_opened */
	void (*fetch)(void *arg, uint32_t index, uint64_t offset, uint64_t length); /* pop3_piece */
	void (*expunge)(void *arg, const uint32_t *indexes, size_t count);          /* pop3_expunged */
	void (*start_tls)(void *arg);                                               /* pop3_secured */
	void (*close)(void *arg); /* the output, then the connection's end */
};

struct pop3_config {
	struct view hostname;
	const char *const *mechanisms;                /* SASL mechanisms that are accepted, NULL at the end */
	const char *const *(*announced)(bool secure); /* those that are told */
	bool tls_available, secure;                   /* secure: TLS is on already */
	bool clear_login;                             /* passwords are taken without TLS (loopback) */
	unsigned errors_max;                          /* of the client: then the connection ends */
	struct view apop_stamp;                       /* "<...@host>" for the greeting, or empty: no APOP */
};

/* `out` and `config`'s views must outlive the session. The greeting is written at once. */
struct pop3_session *pop3_session_new(
    const struct pop3_config *config, const struct pop3_backend *backend, void *arg, struct buf *out);
void pop3_session_free(struct pop3_session *s); /* NULL is allowed */

/* Takes input; returns how much was consumed: 0 while an answer or room in the output is awaited. */
size_t pop3_feed(struct pop3_session *s, struct view bytes);

/* The output fell below POP3_OUTPUT_HIGH: a long reply goes on. */
void pop3_drained(struct pop3_session *s);

/* TLS is on. */
void pop3_secured(struct pop3_session *s);

void pop3_challenge(struct pop3_session *s, struct view text);
void pop3_logged_in(struct pop3_session *s);

void pop3_refused(struct pop3_session *s, enum login_failure why);

struct pop3_entry {
	uint64_t size; /* octets as they are sent, without doubled dots */
	uint64_t id;
	/* It holds more than lines of text: each CR or LF alone is sent as a line's end and NUL as "?", so
	 * that no program takes a part of it for a reply (format/dot_stuff.h). */
	bool binary;
	struct view
	    uidl; /* 1 to 70 characters (RFC 1939 section 7), copied; an empty one stands for the number */
};

/* False past POP3_MESSAGES_MAX, and without memory. */
bool pop3_entry(struct pop3_session *s, const struct pop3_entry *entry);

/*
 * The account's number, below 2^56, before the entries come. A UIDL is it, a dot, and the entry's number, in
 * hexadecimal: unique where one session shows two accounts.
 */
void pop3_account(struct pop3_session *s, uint64_t number);

enum pop3_open_result { POP3_OPENED, POP3_IN_USE, POP3_OPEN_FAILED };
void pop3_opened(struct pop3_session *s, enum pop3_open_result result);

/* A part of the message asked for, in order; `last` ends it; an error (negative errno) ends it as well. */
void pop3_piece(struct pop3_session *s, struct view bytes, bool last, int error);
void pop3_expunged(struct pop3_session *s, int error);

/* For the driver's deadlines, limits and log. */
bool pop3_is_authenticated(const struct pop3_session *s);
bool pop3_is_busy(const struct pop3_session *s); /* waits for an answer */
size_t pop3_message_count(const struct pop3_session *s);
uint64_t pop3_message_size(const struct pop3_session *s, uint32_t index);

#endif
