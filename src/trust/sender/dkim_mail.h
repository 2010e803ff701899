/*
 * A message that signatures are verified of, or made for: its header is kept, its body is hashed as it
 * streams by. One pass serves DKIM and ARC:
 *
 *     dkim_mail_init(&mail);
 *     n = dkim_mail_header(&mail, piece);        (until mail.header_ended; n octets of the piece were taken)
 *     dkim_begin(&dkim, &mail, now);             (these read the header and say which hashes they want;
 *     arc_begin(&arc, &mail, now);                they can name their questions to DNS at once)
 *     dkim_mail_body(&mail, piece);              (the rest of that piece, and all others)
 *     dkim_mail_end(&mail);
 *     while (!dkim_judge(&dkim, &answers)) ...   (trust/dns/answers.h)
 *
 * Octets are those that came, after the dots of SMTP were taken away and before anything is added or
 * repaired.
 */
#ifndef TRUST_SENDER_DKIM_MAIL_H
#define TRUST_SENDER_DKIM_MAIL_H

#include "trust/sender/dkim_body.h"

struct dkim_mail {
	struct buf block;          /* the header, with the empty line while it is looked for */
	struct dkim_header header; /* after header_ended */
	struct dkim_body body;
	bool header_ended;
	int error; /* 0; -E2BIG: the header is past a limit; -ENOMEM. Then `header` has no fields. */
};

void dkim_mail_init(struct dkim_mail *m);
void dkim_mail_done(struct dkim_mail *m);

/*
 * Gathers a header: takes octets of `bytes` up to the empty line, that included, and returns how many. *block
 * gets them, in the end without the empty line; it is made with DKIM_BLOCK_ROOM. *error is 0, -E2BIG past
 * DKIM_HEADER_MAX or -ENOMEM; any of these, and the empty line, set *ended. Not to be called after that.
 */
enum { DKIM_BLOCK_ROOM = DKIM_HEADER_MAX + 4096 };
size_t dkim_gather_header(struct buf *block, struct view bytes, bool *ended, int *error);

/* Takes octets up to the empty line, that included; returns how many. Afterwards nothing is taken. */
size_t dkim_mail_header(struct dkim_mail *m, struct view bytes);

/* The message ended within its header. Does nothing after header_ended; to be called before dkim_begin. */
void dkim_mail_header_end(struct dkim_mail *m);

void dkim_mail_body(struct dkim_mail *m, struct view bytes);
void dkim_mail_end(struct dkim_mail *m);

#endif
