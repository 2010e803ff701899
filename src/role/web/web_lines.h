/*
 * Lines: branches of a user's channel (MAIL_BRANCH), for what carries many bytes. Each carries one upload or
 * one download at a time, so that a telephone that takes a large attachment slowly holds up nothing else of
 * the same person. When all lines are in use, the next transfer waits for one; that its client's bytes wait
 * too is the transfer's matter.
 */
#ifndef ROLE_WEB_WEB_LINES_H
#define ROLE_WEB_WEB_LINES_H

#include "role/web/web_user.h"

enum {
	/* Of one user at once, uploads and downloads each: with two, one slow transfer would halve the rest.
	 * Together they are within MAIL_BRANCHES_MAX. */
	WEB_LINES_EACH = 4
};

struct web_line;

/* Something that is carried: a part of an upload's or a download's own struct. */
struct web_transfer {
	const struct web_transfer_handler *handler;
	struct web_user *user;
	struct web_line *line;     /* NULL: it waits for one */
	struct web_transfer *next; /* of those who wait */
	uint32_t request;          /* the question under way */
	bool upload;
};

struct web_transfer_handler {
	/* It has a line, and may ask. Not called from within web_line_take. */
	void (*ready)(struct web_transfer *t);
	/* An answer to the last question, or MAIL_UPLOAD_CREDIT. */
	void (*answer)(struct web_transfer *t, unsigned type, const void *answer);
	/* Whether it takes no answers now: then store waits, until web_line_go_on. NULL: it takes all. */
	bool (*is_full)(struct web_transfer *t);
	/* There is no line, or it is gone. No other function is called any more. */
	void (*lost)(struct web_transfer *t);
};

/* handler, user and upload are set. */
void web_line_take(struct web_transfer *t);
/* Ends it, wherever it is; what was asked is stopped. */
void web_line_give_back(struct web_transfer *t);

/* Asks; one question at a time, but for what has no answer (MAIL_UPLOAD, MAIL_UPLOAD_ABORT). */
void web_line_ask(struct web_transfer *t, unsigned type, const void *question);
void web_line_go_on(struct web_transfer *t);
/* For a new upload: its line never has that number again. */
uint64_t web_line_upload_number(struct web_transfer *t);

extern const struct web_user_part web_lines_part;

#endif
