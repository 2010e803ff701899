/* A conversation with a service, a line at a time, in clear or by TLS. Each call waits, for some seconds at
 * most. */
#ifndef CLI_DOCTOR_TALK_H
#define CLI_DOCTOR_TALK_H

#include "io/connect.h"
#include "io/stream.h"

enum { TALK_REPLY_MAX = 16 * 1024, TALK_MS = 5000 /* a healthy server answers in milliseconds */ };

struct talk {
	struct loop loop;
	struct loop_timer timer;
	struct connecting connecting;
	struct stream stream;
	bool streaming, secured, ended, late;
	int error; /* negative errno */
	struct buf in;
	bool (*enough)(struct view in); /* what is waited for */
	char why[200];                  /* why the last call failed */
};

/* Connects. 0 or a negative errno, with `why`. talk_close in any case. */
int talk_open(struct talk *t, const struct sockaddr_storage *address);
void talk_close(struct talk *t);

/* The handshake, whatever the certificate is. `host` is the name that is asked for. False, with `why`. */
bool talk_secure(struct talk *t, struct tls_context *tls, const char *host);

/*
 * Sends (NULL: nothing), and reads until `enough` says so. The view lives until the next call; empty, with
 * `why`, when that did not come.
 */
struct view talk_ask(struct talk *t, const char *text, bool (*enough)(struct view in));

/* What ends an answer: of SMTP (a line with a space behind its code), of the others a line with such a
 * beginning. */
bool talk_smtp_reply(struct view in);
bool talk_one_line(struct view in);
bool talk_dot(struct view in);   /* POP3's list, or one line that refuses it */
bool talk_tag_a(struct view in); /* IMAP: a line that begins with "a " */
bool talk_sieve(struct view in); /* ManageSieve: OK, NO or BYE */
bool talk_http(struct view in);  /* the header is whole */

#endif
