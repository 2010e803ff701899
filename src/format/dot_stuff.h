/*
 * A message as DATA and RETR carry it (RFC 5321 sections 4.5.2 and 2.3.8, RFC 1939 section 3): dots at the
 * beginning of lines are doubled, the last line is ended, and a CR or LF alone becomes CR LF, so that nobody
 * can read two messages, or a message and a reply, where there is one message. smtp_dot.h reads it; by how
 * much it grows, without the doubled dots and the end, line_ends.h says.
 */
#ifndef FORMAT_DOT_STUFF_H
#define FORMAT_DOT_STUFF_H

#include "base/buf.h"
#include "base/view.h"

struct dot_stuff {
	bool within_line; /* the line under way has at least one byte */
	bool after_cr;    /* a CR that is not written yet */
};

/* Appends a piece, and behind the last piece the end with its dot. Whether it could: buf_failed. */
void dot_stuff(struct dot_stuff *stuff, struct view bytes, struct buf *out);
void dot_stuff_end(struct dot_stuff *stuff, struct buf *out);

#endif
