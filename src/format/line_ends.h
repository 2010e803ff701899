/*
 * Where lines end: CR LF and nothing else (RFC 5321 section 2.3.8, RFC 1939 section 3). Bare ones are found
 * as a message passes, in pieces of any size: text that holds it is refused, and of a binary message (RFC
 * 3030) it is known how long it becomes as text.
 */
#ifndef FORMAT_LINE_ENDS_H
#define FORMAT_LINE_ENDS_H

#include "base/view.h"

struct line_ends {
	uint64_t bare; /* CRs and LFs alone; a CR at the end of what came is not counted yet */
	bool after_cr;
	bool open; /* the last line has no end */
};

void line_ends_feed(struct line_ends *l, struct view bytes);

/* CRs and LFs alone, if this is the end. */
static inline uint64_t line_ends_bare(const struct line_ends *l)
{
	return l->bare + l->after_cr;
}

/* Octets by which it grows when each line gets the end that dot_stuff (format/dot_stuff.h) gives it. */
static inline uint64_t line_ends_growth(const struct line_ends *l)
{
	return line_ends_bare(l) + (l->open ? 2 : 0);
}

#endif
