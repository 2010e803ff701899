/*
 * A reading position in bytes that somebody else made. Reading past the end fails, gives zero or an empty
 * view, and marks the cursor: a parser may read many fields and check cursor_ok once, before it uses them.
 */
#ifndef BASE_CURSOR_H
#define BASE_CURSOR_H

#include "base/view.h"

struct cursor {
	struct view rest;
	bool failed;
};

static inline struct cursor cursor_on(struct view v)
{
	return (struct cursor){.rest = v};
}

/* Big-endian integers. */
uint8_t cursor_u8(struct cursor *c);
uint16_t cursor_u16(struct cursor *c);
uint32_t cursor_u32(struct cursor *c);
uint64_t cursor_u64(struct cursor *c);

/* The next n bytes; the view points into the cursor's input. */
struct view cursor_bytes(struct cursor *c, size_t n);

/* Text: takes the byte, or the word (without case), if it comes next. */
bool cursor_accept(struct cursor *c, char byte);
bool cursor_accept_nocase(struct cursor *c, struct view word);

/* The next byte, or -1 at the end; nothing is taken and nothing marked. */
int cursor_peek(const struct cursor *c);

/* The longest run of bytes for which `belongs` holds. */
struct view cursor_while(struct cursor *c, bool (*belongs)(char));

/* Everything was read, and nothing past the end. */
static inline bool cursor_at_end(const struct cursor *c)
{
	return c->rest.len == 0;
}

static inline bool cursor_ok(const struct cursor *c)
{
	return !c->failed;
}

#endif
