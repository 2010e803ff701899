/* What the ManageSieve session's files share. */
#ifndef MANAGESIEVE_MANAGESIEVE_PRIVATE_H
#define MANAGESIEVE_MANAGESIEVE_PRIVATE_H

#include "mail/mail.h"
#include "managesieve/managesieve_session.h"

enum managesieve_state {
	MANAGESIEVE_NOT_AUTHENTICATED = 1,
	MANAGESIEVE_AUTHENTICATED = 2,
	MANAGESIEVE_ENDED = 4 /* the last response was given: nothing more is read */
};

enum managesieve_wait {
	MANAGESIEVE_NO_WAIT,
	MANAGESIEVE_WAIT_LOGIN,    /* an answer of auth */
	MANAGESIEVE_WAIT_RESPONSE, /* the client's next SASL response: input is read */
	MANAGESIEVE_WAIT_TLS,
	MANAGESIEVE_WAIT_ACCOUNT
};

enum managesieve_input { MANAGESIEVE_LINE, MANAGESIEVE_LITERAL, MANAGESIEVE_SKIPPED };

/* Why a command cannot be carried out though it came whole: it was not kept. */
enum managesieve_drop { MANAGESIEVE_KEPT, MANAGESIEVE_TOO_LARGE, MANAGESIEVE_NO_MEMORY };

/* What store answers to the command under way: `type` is SCRIPT_* or MAIL_DONE, which is the last one. */
typedef void managesieve_answered(struct managesieve_session *s, unsigned type, const void *answer);

struct managesieve_session {
	struct managesieve_config config;
	const struct managesieve_backend *backend;
	void *arg;
	struct buf *out;
	enum managesieve_state state;
	enum managesieve_wait wait;
	unsigned errors, futile;

	/* The command that comes in: its lines and literals as they are, without the last line's end. */
	struct buf text;
	size_t line_start; /* where in it the line under way begins */
	enum managesieve_input input;
	uint64_t literal_left;
	enum managesieve_drop drop;

	bool login_garbled; /* the login was cancelled by us: its response was no base64 */
	struct buf final;   /* what the mechanism says last: it goes with the OK */
	bool scram;         /* the mechanism under way is one of SCRAM */
	char *owner;        /* whose scripts these are; NULL before the login */

	/* The question under way. */
	uint32_t last_request;
	managesieve_answered *answered;
	struct buf found;  /* of the answer, as it has come so far */
	uint64_t expected; /* octets of a script that are still to come */
	bool warns;        /* a complaint was told that is a warning alone */
};

/* ---- what is said: managesieve_reply.c ---- */

/* A string (RFC 5804 section 1.2): quoted, or a literal if it is long or has more than one line. */
void managesieve_put_string(struct buf *out, struct view text);

/*
 * The response that ends a command: "OK", "NO" with a code (RFC 5804 section 1.3), or NULL, and a text. A NO
 * of the client's making counts as one of its errors: managesieve_wrong.
 */
void managesieve_ok(struct managesieve_session *s, const char *code, struct view text);
void managesieve_no(struct managesieve_session *s, const char *code, const char *text);
void managesieve_no_text(struct managesieve_session *s, struct view text); /* of several lines, maybe */
void managesieve_wrong(struct managesieve_session *s, const char *code, const char *text);

/* ---- what came: managesieve_parse.c ---- */

/* The arguments of a command, taken one by one. What is wrong with one is noted, and told by the end. */
struct managesieve_in {
	char *data; /* of the session's text: quoted strings lose their escapes where they stand */
	size_t at, len;
	const char *problem;
};

/* A space and a string behind it. False: there is none, or it is wrong (see managesieve_in_end). */
bool managesieve_in_string(struct managesieve_in *in, struct view *string);
/* The whole line of a SASL exchange: a string, or an asterisk. */
bool managesieve_in_response(struct managesieve_in *in, struct view *string);
bool managesieve_in_number(struct managesieve_in *in, uint64_t *number);
bool managesieve_in_more(const struct managesieve_in *in); /* whether an argument follows */
/* True when all arguments were read and were right; else NO has been said. */
bool managesieve_in_end(struct managesieve_session *s, struct managesieve_in *in);

/* Whether a line ends in a literal: its size; or in one that a client may not send. */
enum managesieve_literal { MANAGESIEVE_NO_LITERAL, MANAGESIEVE_IS_LITERAL, MANAGESIEVE_BAD_LITERAL };
enum managesieve_literal managesieve_literal_of(struct view line, uint64_t *size);

/* ---- commands ---- */

typedef void managesieve_handler(struct managesieve_session *s, struct managesieve_in *in);
managesieve_handler managesieve_authenticate, managesieve_starttls,
    managesieve_unauthenticate;                                     /* managesieve_login.c */
managesieve_handler managesieve_capability;                         /* managesieve_capability.c */
managesieve_handler managesieve_putscript, managesieve_checkscript; /* managesieve_put.c */
managesieve_handler managesieve_havespace, managesieve_listscripts, managesieve_getscript,
    managesieve_setactive, managesieve_deletescript, managesieve_renamescript; /* managesieve_scripts.c */

/* The capabilities, a line each (RFC 5804 section 1.7). */
void managesieve_put_capabilities(struct managesieve_session *s);

/* The client's response within a SASL exchange. */
void managesieve_respond(struct managesieve_session *s, struct managesieve_in *in);

/* ---- the account: managesieve_ask.c ---- */

/* Asks the account; `answered` hears the answers. More of the same question: managesieve_say. */
void managesieve_ask(
    struct managesieve_session *s, unsigned type, const void *question, managesieve_answered *answered);
void managesieve_say(struct managesieve_session *s, unsigned type, const void *question);
/* NO for an error that the account's answer named; all but those that a command has words for itself. */
void managesieve_failed(struct managesieve_session *s, int error);

/* The name of a script (RFC 5804 section 1.6); else NO has been said. */
bool managesieve_take_name(struct managesieve_session *s, struct view name);

#endif
