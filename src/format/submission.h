/*
 * The header of a message that is being accepted: a filter through which its bytes go, which counts what
 * stops loops (RFC 5321, section 6.3), notices what a submission server must add (RFC 6409, section 8), and
 * takes out the fields that no recipient may see. It holds back a few bytes at a line's beginning, and no
 * more.
 */
#ifndef FORMAT_SUBMISSION_H
#define FORMAT_SUBMISSION_H

#include "base/buf.h"
#include "format/limits.h"

enum {
	DROP_BCC = 1,         /* Bcc and Resent-Bcc: RFC 5322, section 3.6.3; RFC 6409, section 8 */
	DROP_RETURN_PATH = 2, /* only the final delivery writes one: RFC 5321, section 4.4 */
};

struct header_filter {
	unsigned drop;
	bool ended;      /* the header is over: what follows goes past the filter */
	bool blank_line; /* a blank line follows; if not, the caller inserts one */
	bool has_date, has_message_id, has_from, has_sender, has_mime_version;
	unsigned received, delivered_to; /* how many of these fields there are */
	uint64_t dropped;                /* octets taken out */

	enum { AT_NAME, IN_FIELD, IN_DROPPED } state;
	bool any_line;
	bool after_dropped;        /* the field before this line was dropped: so are its continuations */
	char name[FIELD_NAME_MAX]; /* the line's beginning, until it shows which field it is */
	size_t name_len;
};

void header_filter_init(struct header_filter *f, unsigned drop);

/*
 * Takes bytes of the header and appends what stays to `out`; *consumed is how many were taken. Once `ended`
 * is set nothing more is taken: the caller appends fields of its own (and CRLF if blank_line is false), then
 * passes on what the filter still holds (header_filter_held), then the remaining bytes. The result of
 * buf_append.
 */
int header_filter_feed(struct header_filter *f, struct view in, size_t *consumed, struct buf *out);

/* At the end of the input: what was held back is given out, or held as the body's beginning. */
int header_filter_end(struct header_filter *f, struct buf *out);

/* Bytes that were taken but belong behind the header: the blank line, or the body's first line so far. */
struct view header_filter_held(const struct header_filter *f);

#endif
