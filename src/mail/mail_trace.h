/*
 * Where a message is: a question on an account's channel, as mail/mail.h has them. Of what the account itself
 * sent, and of what it got; and of that only what is its owner's business.
 */
#ifndef MAIL_TRACING_ASK_H
#define MAIL_TRACING_ASK_H

#include "base/view.h"

enum tracing_type {
	TRACING_ASK = 1380,  /* TRACING_STEP for each */
	TRACING_STEP = 1390, /* in the order of time */
	TRACING_TYPES_END
};

enum {
	TRACING_STEPS_MAX = 500, /* of one message; further ones are left out */
	TRACING_TEXT_MAX = 4096,
	TRACING_WORD_MAX = 512
};

/*
 * A submission (mail/submission.h) of the account, or an email that lies there and came by mail: one of them,
 * the other is 0. Done: number: 1 when steps were left out. Nothing is known of what is older than the
 * setting trace_days. -ENOENT: there is no such submission or email.
 */
struct tracing_ask {
	uint64_t submission, email;
};

/* Texts of trace_line.h's fields, empty where there are none; `text` says it in words. */
struct tracing_step {
	uint64_t at, next;   /* seconds since 1970; next: when it is tried again; 0: it is not */
	struct view event;   /* "accepted", "relayed" ... */
	struct view message; /* the id by which queue and trace know it */
	struct view recipient, host, reply, tls, text;
};

#endif
