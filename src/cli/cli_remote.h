/*
 * A server that a command talks to as a client (`message send`, `message fetch`): which one, how it has to
 * prove who it is, who logs in there; and the connection, on an event loop of its own that runs until the
 * conversation is over.
 */
#ifndef CLI_CLI_REMOTE_H
#define CLI_CLI_REMOTE_H

#include "cli/cli.h"
#include "io/connect.h"
#include "io/stream.h"

enum remote_tls {
	REMOTE_TLS_IF_OFFERED, /* and then without a look at the certificate, as mail servers do among
	                          themselves */
	REMOTE_TLS_COMMAND,    /* demanded, after STARTTLS or STLS */
	REMOTE_TLS_FIRST,      /* from the first byte */
	REMOTE_TLS_NONE
};

enum remote_kind { REMOTE_SMTP, REMOTE_POP3 };

enum {
	REMOTE_PASSWORD_MAX = 1024,
	REMOTE_CONNECT_MS = 30000, /* of each address: then the next one is tried */
	REMOTE_TLS_MS = 30000,
	REMOTE_TIMEOUT_MAX = 3600, /* seconds: no server thinks longer about one answer */
	REMOTE_HOST_SIZE = 256
};

struct remote_options {
	enum remote_kind kind;
	char host[REMOTE_HOST_SIZE]; /* a name in A-labels, or an address */
	unsigned port;
	enum remote_tls tls;
	bool insecure; /* no certificate is checked; without TLS a password is sent all the same */
	bool verbose;
	const char *ca_file, *tls_name; /* NULL: the system's authorities; the host */
	const char *user;               /* NULL: nobody logs in */
	struct buf password;
	bool stdin_taken; /* the password came from standard input: no text can */
	unsigned timeout; /* seconds for each answer; 0: the protocol's own */
};

/*
 * Takes the options off the command's words and decides what was left open. The password is asked for last,
 * by remote_ask_password. 0, or an exit code with the reason printed. remote_options_done wipes the password,
 * in both cases.
 */
int remote_options_take(struct cli *cli, enum remote_kind kind, struct remote_options *o);
void remote_options_done(struct remote_options *o);

/*
 * Where the password comes from, if somebody is to log in: the file, standard input, the environment variable
 * POSTRIDER_PASSWORD, or the terminal, whatever stands behind standard input. Never from the words of the
 * command, which every user of a machine can read. 0, or an exit code with the reason printed.
 */
int remote_ask_password(struct remote_options *o);

/* "HOST", "HOST:PORT", "[IPv6]:PORT" or an IPv6 address; port 0 where none is given. False: it is neither. */
bool remote_parse_server(const char *text, char host[REMOTE_HOST_SIZE], unsigned *port);

/* A whole file, or standard input for "-". 0, or an exit code with the reason printed. */
int remote_read_file(const char *name, struct buf *content);

/* ---- what is shown of a conversation ---- */

/* Hides what must stay secret: what follows AUTH, until the server has judged it, and what follows PASS. */
struct remote_dialogue {
	bool secret;
};
void remote_dialogue_sent(struct remote_dialogue *d, struct view lines, struct buf *out);
void remote_dialogue_received(struct remote_dialogue *d, struct view lines, struct buf *out);

/* ---- the connection ---- */

struct remote;

struct remote_handler {
	/* The connection is there, inside TLS with REMOTE_TLS_FIRST. */
	void (*connected)(void *arg);
	size_t (*input)(void *arg, struct view bytes);
	void (*drained)(void *arg); /* may be NULL */
	void (*secured)(void *arg); /* after remote_start_tls */
	/* The deadline passed: what was waited for, in words, or NULL when it is to go on (a new one is set).
	 */
	const char *(*deadline)(void *arg);
	/* It has ended; nothing is called any more. */
	void (*ended)(void *arg);
	/* Later work, asked for with remote_later: from outside all other functions. */
	void (*work)(void *arg);
};

struct remote {
	const struct remote_options *options;
	const struct remote_handler *handler;
	void *arg;
	struct loop loop;
	struct loop_task task;
	struct connecting connecting;
	struct stream stream;
	bool streaming, begun, securing, secure, tls_wanted;
	struct tls_context *context;
	struct addrinfo *addresses, *next;
	struct remote_dialogue dialogue;
	size_t shown; /* of the output, octets that were shown or need not be */
	char address[80], tls[100], verified[24];
	/* How it went wrong, if it did: an exit code and a sentence without a full stop. The first cause
	 * counts. */
	int status;
	char problem[600];
};

/* Connects and runs until the end; 0 or the status, which `problem` explains, unless it was printed.
 * remote_done in both cases. */
int remote_run(
    struct remote *r, const struct remote_options *options, const struct remote_handler *handler, void *arg);
void remote_done(struct remote *r);

void remote_note(struct remote *r, int status, const char *format, ...) __attribute__((format(printf, 3, 4)));
void remote_later(struct remote *r);

/* After output was written to stream_out(&r->stream): shows it if wished, and sends it. */
void remote_wrote(struct remote *r);
/* The bytes written just now belong to a message: they are sent and not shown. */
void remote_wrote_body(struct remote *r, size_t octets);
/* What the server said. */
void remote_heard(struct remote *r, struct view lines);
/* TLS on the connection that is there; `secured` follows, or the end. May be called from `input`. */
void remote_start_tls(struct remote *r);
void remote_close(struct remote *r);

#endif
