/*
 * A message as DATA carries it (RFC 5321 sections 4.5.2 and 2.3.8): dots at the beginning of lines are
 * doubled, the last line is ended, and a CR or LF alone becomes CR LF, so that no host can read two messages
 * where there is one. The counterpart of smtp_dot.h.
 */
#ifndef SMTP_SMTP_STUFF_H
#define SMTP_SMTP_STUFF_H

#include "base/buf.h"
#include "base/view.h"

struct smtp_stuff {
	bool within_line; /* the line under way has at least one byte */
	bool after_cr;    /* a CR that is not written yet */
};

/* Appends a piece, and behind the last piece the end with its dot. Whether it could: buf_failed. */
void smtp_stuff(struct smtp_stuff *stuff, struct view bytes, struct buf *out);
void smtp_stuff_end(struct smtp_stuff *stuff, struct buf *out);

#endif
