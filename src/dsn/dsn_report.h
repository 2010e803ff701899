/*
 * Composing delivery status notifications: RFC 3461 section 6, RFC 3464, RFC 6522 (multipart/report), RFC
 * 3834 (Auto-Submitted), RFC 6533 (addresses beyond ASCII). What is written goes *around* the returned
 * message, so that a large one needs no copy: the whole report is `head`, the returned octets, `tail`.
 */
#ifndef DSN_DSN_REPORT_H
#define DSN_DSN_REPORT_H

#include "base/buf.h"
#include "format/date.h"
#include "dsn/dsn_explain.h"

enum {
	/* Texts from outside that a report repeats; what is longer is cut, since a report is for a person. */
	DSN_SUBJECT_MAX = 200,  /* octets of the original subject */
	DSN_REPLY_MAX = 2000,   /* octets of a remote's words */
	DSN_SENTENCES_MAX = 50, /* recipients that the human part explains one by one; others are counted */
	DSN_HEAD_MAX = 8 << 20, /* a maximum for `head` that holds any report: 1,000 recipients */
	DSN_TAIL_MAX = 256
};

enum dsn_action { DSN_FAILED, DSN_DELAYED, DSN_DELIVERED, DSN_RELAYED, DSN_EXPANDED, DSN_ACTIONS };

/* "failed", "delayed" ...; and back: -1 for an unknown one. */
const char *dsn_action_name(enum dsn_action action);
int dsn_action_by_name(struct view name);

/* Empty views and zeros are left out of the report, except where something else is said. */
struct dsn_recipient {
	enum dsn_action action;
	struct view final;         /* the address, without brackets */
	struct view original_type; /* of ORCPT: "rfc822", "utf-8" */
	struct view original;      /* of ORCPT, decoded */
	struct view status;        /* "5.1.1"; empty: from the reply, the trouble or the action */
	struct view remote; /* the host that it is about, or that has the message now: a name, or [address] */
	struct view
	    reply; /* that host's words: "550 5.1.1 No such user"; several lines joined by LF or CRLF */
	enum trouble trouble;     /* what this server found or decided instead; its words are no reply, and no
	                             host said them */
	struct view trouble_text; /* them, beyond the trouble's phrase: "the next host takes 100 octets" */
	enum trouble over; /* what led to giving up in the end, whatever was said before: expired, deadline */
	struct view stage; /* what that answered: "connect", "EHLO", "RCPT", "end of data"; others are fine */
	int64_t last_attempt; /* seconds since 1970 */
	int64_t retry_until;  /* delayed: when we give up */
};

/* How much of the original message follows the report: RET of RFC 3461 section 4.3. */
enum dsn_return { DSN_RETURN_NOTHING, DSN_RETURN_HEADERS, DSN_RETURN_MESSAGE };

/* Which octets it holds. The caller knows it from BODY= and from what was counted at arrival. */
enum dsn_content { DSN_7BIT, DSN_8BIT, DSN_BINARY };

struct dsn_report {
	struct view reporting_mta; /* this host's name */
	struct view postmaster;    /* the address for From, without brackets */
	struct view to;            /* the original reverse-path, without brackets; never empty */
	struct view message_id;    /* of the report, without brackets; ours */
	struct view boundary;      /* 16 to 50 random letters and digits: no sender can have foreseen it */
	struct date now;           /* its offset is used for every time in the human part */

	/* The original. */
	struct view envid;               /* decoded */
	int64_t arrival;                 /* seconds since 1970 */
	struct view original_subject;    /* UTF-8, decoded; only for the human part */
	struct view original_message_id; /* without brackets */
	struct view queue_id;            /* under which our log and trace know it */

	/*
	 * The original came with SMTPUTF8, so that its sender's side reads UTF-8: the report is then a
	 * global one (message/global-delivery-status ...) where anything in it is beyond ASCII. Else such
	 * addresses are written as "\x{...}" (RFC 6533 section 3) and the report stays ASCII.
	 */
	bool utf8;

	enum dsn_return what;
	enum dsn_content content; /* of what is returned */

	const struct dsn_recipient *recipients; /* at least one; one report may hold several actions */
	size_t count;
};

/* What the report needs on its way: for its own envelope. */
enum { DSN_NEEDS_8BITMIME = 1, DSN_NEEDS_BINARYMIME = 2, DSN_NEEDS_SMTPUTF8 = 4 };

/*
 * Appends what comes before and after the returned octets. These are, for
 *	DSN_RETURN_NOTHING   none (head is then nearly the whole report);
 *	DSN_RETURN_HEADERS   the original's header, without the blank line behind it, ending in CRLF;
 *	DSN_RETURN_MESSAGE   the whole original as it was accepted, with our Received field.
 * They must be of the kind that `content` says: 7bit without octets above 127, lines of at most 998 octets
 * with CRLF; 8bit the same with such octets; binary anything, and then the way needs BINARYMIME or the caller
 * returns headers only. (Composite types may not be encoded: RFC 2045 section 6.4.) Needs no line end at its
 * end. No header or text of the report repeats bytes of the original but the subject, cut and escaped.
 * The DSN goes out with the null reverse-path, and with NOTIFY=NEVER (RFC 3461 section 6).
 *
 * *needs: DSN_NEEDS_*, or NULL. 0; -EINVAL without `to`, recipients or boundary; -ENOBUFS past a buffer's
 * maximum (DSN_HEAD_MAX is enough). On failure the buffers hold nothing new.
 */
int dsn_report_write(const struct dsn_report *report, struct buf *head, struct buf *tail, unsigned *needs);

/* The report's subject, ASCII, one line: for the log and for a gathering. The result of buf_append. */
int dsn_report_subject(const struct dsn_report *report, struct buf *out);

/*
 * Several reports to one sender in one mail: multipart/mixed of a summary in words and each complete report
 * as message/rfc822 (or message/global). Written around the reports, too:
 * head (dsn_gather_head), for each report its part header (dsn_gather_part, index from 0) and its octets,
 * then dsn_gather_tail.
 */
struct dsn_gather_item {
	struct view subject; /* of that report */
	bool utf8;           /* its header holds UTF-8: DSN_NEEDS_SMTPUTF8 */
	enum dsn_content content;
};

struct dsn_gather {
	struct view reporting_mta, postmaster, to, message_id, boundary; /* as in a report */
	struct date now;
	bool delays_only; /* no report of it tells a failure: the subject says so */
	const struct dsn_gather_item *items;
	size_t count;
};

/* 0; -EINVAL, -ENOBUFS as above. */
int dsn_gather_head(const struct dsn_gather *gather, struct buf *out, unsigned *needs);
int dsn_gather_part(const struct dsn_gather *gather, size_t index, struct buf *out);
int dsn_gather_tail(const struct dsn_gather *gather, struct buf *out);

#endif
