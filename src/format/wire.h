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
/* A text of items of so many octets each. */
struct view wire_items(struct cursor *c, size_t size);

/* Whether all that was put since `before` found room; if not, it is taken back, so that the buffer can be
 * sent and the same be put anew. A buffer that had failed before stays so. */
bool wire_settle(struct buf *out, size_t before, bool failed_before);

#endif
