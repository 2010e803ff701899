/*
 * Writes answers that come by the hundred thousand: straight into the output, without a call for each word.
 * imap_write.h's functions do for everything else.
 *
 * Whatever finds no room is left out, and the output is marked as failed (base/buf.h); the session ends then.
 * Between imap_pen_begin and imap_pen_end nobody else may append to the output.
 */
#ifndef IMAP_IMAP_PEN_H
#define IMAP_IMAP_PEN_H

#include <string.h>

#include "base/buf.h"

struct imap_pen {
	struct buf *out;
	char *at, *end; /* the room that is reserved */
	char *from;     /* where it began */
	bool utf8;      /* quoted strings may hold UTF-8 (RFC 9051, RFC 9755), and the client reads it */
};

void imap_pen_begin(struct imap_pen *p, struct buf *out, bool utf8);
void imap_pen_end(struct imap_pen *p);

/* Makes room for n octets; false when there is none. For the functions below. */
bool imap_pen_grow(struct imap_pen *p, size_t n);

static inline bool imap_pen_room(struct imap_pen *p, size_t n)
{
	return (size_t)(p->end - p->at) >= n || imap_pen_grow(p, n);
}

static inline void imap_pen_byte(struct imap_pen *p, char c)
{
	if (imap_pen_room(p, 1))
		*p->at++ = c;
}

static inline void imap_pen_view(struct imap_pen *p, struct view v)
{
	if (v.len == 0 || !imap_pen_room(p, v.len))
		return;
	memcpy(p->at, v.data, v.len);
	p->at += v.len;
}

void imap_pen_number(struct imap_pen *p, uint64_t n);

/*
 * string: quoted where that is possible, else a literal. A NUL, which neither may hold (RFC 9051 section 9,
 * CHAR8), is left out.
 */
void imap_pen_string(struct imap_pen *p, struct view text);

/* nstring: NIL for a text whose data is NULL. */
void imap_pen_nstring(struct imap_pen *p, struct view text);

/*
 * The same for text of a header: UTF-8 that stands there as it is (RFC 6532) becomes encoded words for a
 * client that does not read UTF-8 (RFC 9755 section 7, RFC 6858 section 2.1); other octets stay as they are.
 */
void imap_pen_header_text(struct imap_pen *p, struct view text);

/*
 * A literal's content: NULs become octets 0x80, so that the length stays what was announced. Mail that came
 * as BINARYMIME may hold them; only BINARY (RFC 3516) shows them.
 */
void imap_pen_octets(struct imap_pen *p, struct view bytes);

/* date-time, in quotes (RFC 9051 section 9): " 1-Feb-2026 03:04:05 +0000", in UTC. */
void imap_pen_date_time(struct imap_pen *p, int64_t time);

#endif
