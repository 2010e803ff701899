/*
 * Compact stored values: numbers of one to ten octets (LEB128) and texts with their length. Reading is
 * checked: what is cut off or too long marks the cursor.
 */
#ifndef FORMAT_WIRE_H
#define FORMAT_WIRE_H

#include "base/buf.h"
#include "base/cursor.h"

/* The results of buf_append. A text whose data is NULL is kept apart from an empty one. */
int wire_put_number(struct buf *out, uint64_t n);
int wire_put_text(struct buf *out, struct view text);

/* Past `max` the cursor fails. */
uint64_t wire_number(struct cursor *c, uint64_t max);

/* Points into the cursor's input. */
struct view wire_text(struct cursor *c);

#endif
