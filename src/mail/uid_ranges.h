/* UIDs as they travel: ranges, 4 octets (big-endian) for the first and 4 for the last of each. */
#ifndef MAIL_UID_RANGES_H
#define MAIL_UID_RANGES_H

#include "base/buf.h"
#include "base/cursor.h"

enum { UID_RANGE_SIZE = 8 };

/* Appends a range, first <= last, of one UID or more. One that begins right behind the last range's end makes
 * that one longer. The result of buf_append. */
int uid_ranges_add(struct buf *ranges, uint32_t first, uint32_t last);

/* The next range of the cursor; false at the end. One that is cut off, or is none (0, or the last before the
 * first), ends it too and marks the cursor. Order is not looked at: that is for uid_ranges_valid. */
bool uid_ranges_next(struct cursor *in, uint32_t *first, uint32_t *last);

/* Whole, each with first <= last, from 1 on; and ascending without overlap, unless they stand in the order of
 * another list (any_order). */
bool uid_ranges_valid(struct view ranges, bool any_order) __attribute__((warn_unused_result));

/* How many UIDs, of valid ranges. */
uint64_t uid_ranges_count(struct view ranges);

/* Whether the UID is among them; the ranges are valid and ascending. */
bool uid_ranges_have(struct view ranges, uint32_t uid);

#endif
