/* What the SMTP session's files share. */
#ifndef SMTP_SMTP_PRIVATE_H
#define SMTP_SMTP_PRIVATE_H

#include "smtp/smtp_body.h"
#include "smtp/smtp_dot.h"
#include "smtp/smtp_session.h"

/* What has been said so far; a command's row names the states in which it is allowed. */
enum smtp_state {
	SMTP_NEW = 1,     /* before EHLO */
	SMTP_READY = 2,   /* no transaction */
	SMTP_MAIL = 4,    /* after MAIL */
	SMTP_RCPT = 8,    /* after a RCPT that was accepted */
	SMTP_CHUNKS = 16, /* after a BDAT that was not the last */
	SMTP_SILENT = 32, /* before the greeting */
	SMTP_OVER = 64    /* nothing more is read */
};

enum smtp_wait {
	SMTP_NO_WAIT,
	SMTP_WAIT_CONNECT,
	SMTP_WAIT_CHECK,
	SMTP_WAIT_LOGIN,
	SMTP_WAIT_RESPONSE, /* the client's next SASL line: input is read */
	SMTP_WAIT_TLS,
	SMTP_WAIT_BODY, /* room for more of the body */
	SMTP_WAIT_DELIVERY,
	SMTP_WAIT_ETRN,
	SMTP_WAIT_URL /* a piece of what it names */
};

enum smtp_mode { SMTP_COMMANDS, SMTP_DATA, SMTP_BDAT, SMTP_URL };

struct smtp_session {
	struct smtp_config config;
	const struct smtp_backend *backend;
	void *arg;
	struct buf *out;
	enum smtp_state state;
	enum smtp_wait wait;
	enum smtp_mode mode;
	bool esmtp, skipping_line, in_feed;
	bool login_garbled; /* the login was cancelled by us: its line was no base64 */
	unsigned errors;
	unsigned futile, recipients_said; /* since a message was taken: smtp_futile */
	struct buf helo, login;

	/* The transaction. */
	struct arena arena;
	struct smtp_envelope envelope;
	size_t recipient_room;
	struct smtp_recipient pending; /* the RCPT that is being checked */
	bool priority_ignored, held;   /* what its parameters said */
	enum smtp_stage checking;
	struct smtp_dot dot;
	struct smtp_body *body;       /* while a message arrives */
	struct message_digest digest; /* of the body, from its end on */
	uint64_t chunk_left, chunk_size;
	uint64_t chunks, chunk_octets; /* of this message */
	bool last_chunk, chunk_refused, discard;
	struct view url;             /* of BURL */
	struct buf shown;            /* what it names, as far as it was not taken yet */
	bool shown_last;             /* the URL shows nothing more */
	bool asking;                 /* within the question about the header */
	bool ending;                 /* the message's end waits for its answer */
	struct smtp_verdict refused; /* its verdict, to be said at the end; else SMTP_ACCEPT */
	const char *note;            /* what stands before the reply to a message that was kept; or NULL */
	struct smtp_verdict *each;   /* of the recipients, with LMTP; or NULL */
};

/* ---- replies: smtp_reply.c ---- */
/* "code enhanced text"; a 4xx or 5xx that is the client's fault is counted by smtp_fault. */
void smtp_reply(struct smtp_session *s, unsigned code, const char *enhanced, const char *text);
/* A line of it before the last one. */
void smtp_reply_line(struct smtp_session *s, unsigned code, const char *enhanced, const char *text);
void smtp_fault(struct smtp_session *s, unsigned code, const char *enhanced, const char *text);
/*
 * What is no error, and may not be repeated for ever: a command that brings no message nearer (NOOP, RSET,
 * EHLO), or a temporary refusal of one; and RCPT. Both end the connection at their limits (smtp_limits.h),
 * and begin anew with a message that was taken, or a login.
 */
void smtp_futile(struct smtp_session *s);
void smtp_progress(struct smtp_session *s);
/* Called after each reply that may have been one too many. */
void smtp_end_if_too_many(struct smtp_session *s);
void smtp_reply_verdict(struct smtp_session *s, const struct smtp_verdict *verdict);
void smtp_greet(struct smtp_session *s);
void smtp_close(struct smtp_session *s);

/* ---- commands: the argument is what follows the word, without blanks at both ends ---- */
typedef void smtp_handler(struct smtp_session *s, struct view argument);
smtp_handler smtp_helo_command, smtp_ehlo, smtp_lhlo, smtp_rset, smtp_noop, smtp_quit, smtp_vrfy, smtp_help,
    smtp_starttls;                 /* smtp_commands.c */
smtp_handler smtp_mail, smtp_rcpt; /* smtp_envelope.c */
smtp_handler smtp_data, smtp_bdat; /* smtp_data.c */
smtp_handler smtp_burl;            /* smtp_burl.c */
smtp_handler smtp_auth;            /* smtp_auth.c */
smtp_handler smtp_xclient_command; /* smtp_xclient.c */
smtp_handler smtp_etrn;            /* smtp_etrn.c */

void smtp_sasl_line(struct smtp_session *s, struct view line);
size_t smtp_feed_data(struct smtp_session *s, struct view bytes);
size_t smtp_feed_chunk(struct smtp_session *s, struct view bytes);

/* A message begins; its next bytes of these, no more than are held while its header is read; and a chunk of
 * it is complete: smtp_data.c. */
void smtp_begin_body(struct smtp_session *s, bool chunks);
struct view smtp_body_step(const struct smtp_session *s, struct view bytes);
void smtp_end_chunk(struct smtp_session *s);

/* In the mode SMTP_URL: what was shown goes into the message, unless something is awaited. */
void smtp_take_shown(struct smtp_session *s);

/* Ends the transaction, whatever its state: smtp_state.c. */
void smtp_reset(struct smtp_session *s);
/* The answers to MAIL's and RCPT's checks. */
void smtp_mail_checked(struct smtp_session *s, const struct smtp_verdict *verdict);

/* ---- the message's end: smtp_end.c ---- */
/* Its last byte is there. Goes on by itself through the questions to the reply. */
void smtp_end_body(struct smtp_session *s);
/* Says what is wrong with it; false when nothing is. `last`: at the message's end, where LMTP has a reply for
 * each recipient; a BDAT before has one (RFC 2033 section 4.3). */
bool smtp_refuse_fault(struct smtp_session *s, enum smtp_body_fault fault, bool last);
/* Asks about the header. False when the answer is still awaited: then smtp_header_checked goes on. */
bool smtp_ask_header(struct smtp_session *s);
/* The header's verdict refuses it: what comes is read and dropped. */
bool smtp_is_refused(const struct smtp_session *s);
/* A verdict whose words live as long as the transaction. */
struct smtp_verdict smtp_keep_verdict(struct smtp_session *s, const struct smtp_verdict *verdict);
void smtp_header_checked(struct smtp_session *s, const struct smtp_verdict *verdict);
void smtp_end_checked(struct smtp_session *s, const struct smtp_verdict *verdict);
void smtp_rcpt_checked(struct smtp_session *s, const struct smtp_verdict *verdict);

/* When, and how urgently: MAIL's parameters in smtp_schedule.c. When they are refused, the reply is written.
 */
enum smtp_schedule { SCHEDULE_UNKNOWN, SCHEDULE_TAKEN, SCHEDULE_REFUSED };
enum smtp_schedule smtp_schedule_parameter(struct smtp_session *s, struct view name, struct view value);
bool smtp_schedule_agrees(struct smtp_session *s);
void smtp_announce_schedule(struct smtp_session *s);

/* The trace field of RFC 5321 section 4.4. */
void smtp_trace_field(const struct smtp_session *s, struct buf *out);

#endif
