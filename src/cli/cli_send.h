/*
 * What the files of `message send` share: a message with its envelope, the conversation that sends it
 * (cli_send_session.c), and what is said of the outcome (cli_send_report.c).
 */
#ifndef CLI_CLI_SEND_H
#define CLI_CLI_SEND_H

#include "cli/cli_remote.h"
#include "smtp/smtp_client.h"

enum {
	/* Sent in as many transactions as the server wants; more is a list server's work. */
	SEND_RECIPIENTS_MAX = 10000,
	/* It stands in memory, three times at worst; no server that people use takes as much. */
	SEND_MESSAGE_MAX = 256 * 1024 * 1024
};

struct send_reply {
	unsigned code; /* 0: there was none */
	char status[12];
	char text[SMTP_CLIENT_TEXT_MAX + 1]; /* lines joined by LF */
	enum smtp_client_stage stage;
	bool local; /* judged here: the server was not asked */
};

struct send_recipient {
	struct view address;
	bool done, replied;
	struct send_reply reply; /* with `replied` */
};

struct send {
	struct remote_options *options;
	struct view message;
	bool utf8, eight_bit; /* needs SMTPUTF8; holds octets beyond ASCII */
	struct view sender;   /* empty: the null sender */
	struct send_recipient *recipients;
	size_t count;
	struct view notify; /* RFC 3461; empty: nothing is asked for */
	enum mail_ret ret;
	struct view message_id; /* for the report; without brackets */
	bool progress;          /* a bar on standard error */

	/* The outcome, besides the recipients'. */
	int status;        /* what went wrong apart from them: an exit code, or 0 */
	char problem[600]; /* and in words; empty where it was printed already */
	char address[80], tls[100], verified[24];
};

/* Sends; the outcome stands in *s. */
void send_run(struct send *s);

enum send_fate { SEND_ACCEPTED, SEND_DEFERRED, SEND_REFUSED, SEND_UNKNOWN, SEND_NOT_TRIED };

/* UNKNOWN: the connection was lost between the end of the message and its reply: it may have been taken. */
enum send_fate send_fate(const struct send_recipient *r);

/* The server's own name of the message, out of its reply ("kept as X", "queued as X", "id=X", "X Message
 * accepted ..."); or empty. */
struct view send_queue_id(const struct send_reply *reply);

/*
 * The exit code: 0 all were accepted; else, in this order: 69 one was refused for good by the server, 65 by
 * us (the message does not fit the server), 75 one may be tried again; where no recipient was tried, what
 * went wrong before.
 */
int send_exit(const struct send *s);

/* The report, for people: a line for each recipient; or one JSON object. */
void send_report(const struct send *s, struct buf *out);
void send_report_json(const struct send *s, struct buf *out);

#endif
