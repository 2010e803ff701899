/*
 * The header of a message that is being accepted: a filter through which its bytes go, which counts what
 * stops loops (RFC 5321 section 6.3), repairs what is irregular (RFC 5321 section 6.4), notices what a
 * submission server must add (RFC 6409 section 8), takes out the fields that no recipient may see, and sees
 * to it that all readers behind us find the same fields.
 *
 * What it gives out holds fields and nothing else. A field that only lenient readers find (header.h:
 * header_field_name_repaired) gets its proper name; a broken line within the header becomes the field
 * X-Broken-Line, the "From " line of mbox X-Mailbox-Line, in US-ASCII; a byte order mark, stray empty lines
 * before the first field and what is no text go. A bare CR ends a line. Where lines that are no fields are
 * followed by none that is known, they are the body.
 */
#ifndef MIME_SUBMISSION_H
#define MIME_SUBMISSION_H

#include "base/buf.h"
#include "format/limits.h"

enum {
	/*
	 * Bcc and Resent-Bcc: RFC 5322 section 3.6.3; RFC 6409, section 8. Where no blank line ends the
	 * header they are taken out of the lines up to the next one too, and a broken line that speaks of
	 * them goes. So do the broken lines right behind them, which are addresses that were folded badly:
	 * all of them where the header goes on behind them, else those before which a value is open (it is
	 * empty, or ends in a comma), so that no text is lost.
	 */
	DROP_BCC = 1,
	DROP_RETURN_PATH = 2, /* only the final delivery writes one: RFC 5321 section 4.4 */
	DROP_SENDER = 4,      /* the submission server says who has sent it: RFC 6409 section 8.1 */
};

struct header_filter {
	unsigned drop;
	bool ended;      /* the header is over: the caller adds its own now */
	bool blank_line; /* a blank line follows; if not, the caller inserts one */
	bool over;       /* what follows goes past the filter */
	bool has_date, has_message_id, has_from, has_sender, has_mime_version;
	unsigned received, delivered_to; /* how many of these fields there are */
	uint64_t dropped;                /* octets of fields taken out */

	enum { AT_LINE, IN_FIELD, IN_DROPPED, IN_BROKEN } state;
	enum {
		NOTHING_BEFORE,
		FIELD_BEFORE,
		DROPPED_BEFORE,
		BROKEN_BEFORE
	} before; /* the last line's kind */
	bool after_cr,
	    bare_cr;       /* a CR was the last octet; or ended a line alone, and no text came behind it */
	bool after_bcc;    /* only broken lines came behind Bcc, or behind a broken line that speaks of it */
	char last_dropped; /* the last octet taken out that is no blank; "," at the beginning of a value */
	char line[FIELD_NAME_MAX]; /* the line's beginning, until it shows what it is; what is held of a
	                              broken one */
	size_t line_len;
	/*
	 * Lines that are no fields, held back until a known field shows that the header goes on, or something
	 * else that it doesn't. `leading`: they are empty, and nothing came before them.
	 */
	bool in_doubt, leading;
	struct buf doubt;
	size_t doubt_line,
	    doubt_part; /* where its last line begins, with and without the lines that it continues */
	unsigned broken_lines;
};

void header_filter_init(struct header_filter *f, unsigned drop);
void header_filter_done(struct header_filter *f);

/*
 * Takes bytes and appends what stays to `out`: at most twice as many, and what was held back; *consumed is
 * how many were taken. It returns early when `ended` is set, and takes nothing more when `over` is: the
 * caller appends fields of its own (and CRLF if blank_line is false), then passes on what the filter holds
 * (header_filter_held), then feeds the remaining bytes until `over`, and passes on what is left as it is. 0,
 * or the result of buf_append.
 */
int header_filter_feed(struct header_filter *f, struct view in, size_t *consumed, struct buf *out);

/* At the end of the input: what was held back is given out, or held as the body's beginning. Sets `ended`. */
int header_filter_end(struct header_filter *f, struct buf *out);

/* Bytes that were taken but belong behind the header: the blank line, or the body's first lines. */
struct view header_filter_held(const struct header_filter *f);

#endif
