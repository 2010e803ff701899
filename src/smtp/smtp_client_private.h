/* What the SMTP client's files share. */
#ifndef SMTP_SMTP_CLIENT_PRIVATE_H
#define SMTP_SMTP_CLIENT_PRIVATE_H

#include "smtp/smtp_client.h"
#include "format/dot_stuff.h"

enum {
	/* RFC 5321 section 4.5.3.1.5 gives a reply line 512 octets; hosts with explanations and links take
	 * more.
	 */
	SMTP_CLIENT_LINE_MAX = 2048,
	/* Of one reply: EHLO has some 30, policies' explanations as many. The greeting is a reply like
	   others. */
	SMTP_CLIENT_LINES_MAX = 100,
	SMTP_CLIENT_REPLY_MAX = 64 * 1024, /* octets of a reply, all lines: what a stream keeps unread */
	/* One recipient and no more than this: the body goes with the envelope, and is lost work if that is
	 * refused. */
	SMTP_CLIENT_SMALL = 32 * 1024,
	SMTP_CLIENT_RCPT_DEFAULT = 100, /* RFC 5321 section 4.5.3.1.8: what every host must take */
	SMTP_CLIENT_EXPORTER_MAX = 64,  /* RFC 9266: 32 */
	SMTP_CLIENT_AUTH_FIRST = 500,   /* a command line with an initial response (RFC 4954 section 4) */
};

/* What the next reply answers, or why there is none to come. */
enum smtp_client_step {
	CLIENT_GREETING,
	CLIENT_EHLO,
	CLIENT_HELO,
	CLIENT_STARTTLS,
	CLIENT_TLS, /* the driver's handshake: no input is taken */
	CLIENT_AUTH,
	CLIENT_READY, /* nothing was asked */
	CLIENT_RSET,
	CLIENT_MAIL,
	CLIENT_RCPT,
	CLIENT_DATA,
	CLIENT_BODY,  /* the body is under way, nothing was asked */
	CLIENT_CHUNK, /* a BDAT that was not the last */
	CLIENT_END,   /* the final dot, or the last BDAT */
	CLIENT_QUIT,
	CLIENT_OVER
};

/* How far a recipient is. */
enum smtp_client_fate { FATE_OPEN, FATE_ACCEPTED, FATE_TOLD };

struct smtp_client_login;

struct smtp_client {
	struct smtp_client_config config;
	const struct smtp_client_backend *backend;
	void *arg;
	struct buf *out;
	enum smtp_client_step step;
	bool secure, quitting;
	bool rset_due; /* the host still has a transaction that is over for us */
	struct smtp_client_host host;
	struct smtp_client_login *login; /* while it lasts */
	char exporter[SMTP_CLIENT_EXPORTER_MAX];
	size_t exporter_len;
	uint64_t progress, transactions;

	/* The reply that arrives. */
	unsigned code; /* 0: none yet */
	unsigned lines;
	size_t reply_size;
	char enhanced[12]; /* "5.999.999" */
	char text[SMTP_CLIENT_TEXT_MAX];
	size_t enhanced_len, text_len;

	/* The transaction. */
	const struct smtp_client_transaction *transaction;
	unsigned char *fates; /* of each recipient */
	size_t answered;      /* recipients whose RCPT was answered */
	size_t accepted;      /* recipients that were accepted and have no result yet */
	bool mail_accepted;
	bool pipelined;         /* the whole envelope is sent ahead */
	bool chunking;          /* BDAT, not DATA */
	bool lockstep;          /* each BDAT waits for its reply */
	bool body_open;         /* smtp_client_body is listened to */
	bool body_paused;       /* and `body` must be called before more comes */
	bool end_sent;          /* the final dot or the last BDAT */
	size_t chunks, replied; /* BDATs sent, and answered */
	struct dot_stuff stuff;
};

/* ---- smtp_client.c ---- */

/* Ends the session: results, `done`, `failed`, QUIT where the host still listens, `close`. */
void smtp_client_fail(struct smtp_client *c, enum smtp_client_failure failure);
/* The same with no reply to show, whatever the last one was. */
void smtp_client_fail_unanswered(struct smtp_client *c, enum smtp_client_failure failure);
/* Nothing is under way: `ready`, or QUIT if that was wished. */
void smtp_client_settle(struct smtp_client *c);

/* ---- replies: smtp_client_reply.c ---- */

enum smtp_client_line { LINE_NONSENSE, LINE_MORE, LINE_LAST };

/* Takes a line without its end into the reply. *text is what follows the code, as it is. */
enum smtp_client_line smtp_client_take_line(struct smtp_client *c, struct view line, struct view *text);
/* The reply, as whose answer the current step says; valid until the next line is taken. */
struct smtp_client_reply smtp_client_this_reply(const struct smtp_client *c);
enum smtp_client_stage smtp_client_this_stage(const struct smtp_client *c);

static inline bool smtp_client_positive(const struct smtp_client *c)
{
	return c->code < 300;
}

/* ---- before the first transaction: smtp_client_hello.c, smtp_client_login.c ---- */

void smtp_client_keyword(struct smtp_client *c, struct view line); /* a line of EHLO's reply */
void smtp_client_hello_answered(struct smtp_client *c);            /* greeting, EHLO, HELO */
void smtp_client_starttls_answered(struct smtp_client *c);
void smtp_client_keep_exporter(struct smtp_client *c, struct view tls_exporter);
void smtp_client_begin_login(struct smtp_client *c); /* `ready` follows, or a failure */
void smtp_client_login_answered(struct smtp_client *c, struct view text);
unsigned smtp_client_mechanism(struct view name);             /* 0: none that we know */
void smtp_client_login_free(struct smtp_client_login *login); /* NULL is allowed */

/* ---- transactions: smtp_client_envelope.c, smtp_client_transaction.c, smtp_client_body.c ---- */

/* Whether all values can be written as commands. */
bool smtp_client_can_write(const struct smtp_client_transaction *t);
void smtp_client_write_mail(struct smtp_client *c);
void smtp_client_write_rcpt(struct smtp_client *c, size_t index);

/* The reply to RSET, MAIL, RCPT, DATA, BDAT or the end. */
void smtp_client_transaction_answered(struct smtp_client *c);
/* Tells the result of all recipients that have none. */
void smtp_client_tell_all(struct smtp_client *c, const struct smtp_client_reply *reply);
/* The transaction is forgotten, without a call. */
void smtp_client_forget(struct smtp_client *c);

/* The body is wanted from here on. */
void smtp_client_open_body(struct smtp_client *c);
/* It goes on where it paused, if nothing is in its way. */
void smtp_client_resume_body(struct smtp_client *c);
/* Behind the envelope's replies, a chunk's reply, or a new chunk: what comes next. */
void smtp_client_await_chunk(struct smtp_client *c);

#endif
