/*
 * What a message's sender asked of its way: the parameters of MAIL, which stay with the message from the
 * dialogue in which it came, over the queue, to the dialogue in which it goes on. One form for all of them:
 * the members are as messages between processes carry them (io/codec.h), and zero is "nothing was said".
 * Texts belong to whoever holds the terms.
 */
#ifndef FORMAT_MAIL_TERMS_H
#define FORMAT_MAIL_TERMS_H

#include "base/view.h"

enum smtp_body_kind { SMTP_7BIT, SMTP_8BITMIME, SMTP_BINARYMIME }; /* RFC 6152, RFC 3030 */

/* RFC 3461 section 4.3: what a report of failure returns. */
enum mail_ret { RET_UNSAID, RET_FULL, RET_HDRS };

/* RFC 2852: what is to happen when the time has passed. */
enum smtp_by_mode {
	SMTP_BY_NONE,   /* there is no such time */
	SMTP_BY_RETURN, /* the message goes back */
	SMTP_BY_NOTIFY  /* the sender is told of the delay */
};

enum {
	SMTP_BY_SECONDS_MAX = 999999999, /* RFC 2852: nine digits */
	SMTP_PRIORITY_MIN = -9,          /* RFC 6710 */
	SMTP_PRIORITY_MAX = 9
};

struct mail_terms {
	struct view sender;  /* the reverse path without brackets; empty: the null sender */
	struct view envid;   /* RFC 3461 section 4.4, as it was given (xtext), or empty */
	uint64_t ret;        /* enum mail_ret */
	uint64_t body;       /* enum smtp_body_kind */
	uint64_t utf8;       /* RFC 6531: an address or the header holds UTF-8 */
	uint64_t requiretls; /* RFC 8689 */
	/*
	 * RFC 6710. has_priority: one was said, be it 0, and is believed; the next host hears it too.
	 * priority: -9 to 9, 0 where none was said.
	 */
	uint64_t has_priority;
	int64_t priority;
	uint64_t by_mode; /* enum smtp_by_mode */
	uint64_t by_trace;
	int64_t by_time;    /* with a by_mode: seconds since 1970, perhaps in the past */
	int64_t hold_until; /* RFC 4865: not to be sent before, seconds since 1970; 0: at once */
};

/* The value of RET=; empty when it was not said. */
static inline struct view mail_ret_text(uint64_t ret)
{
	return ret == RET_FULL ? VIEW("FULL") : ret == RET_HDRS ? VIEW("HDRS") : (struct view){0};
}

#endif
