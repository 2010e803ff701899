/*
 * Sets of UIDs as ranges (mail/uid_ranges.h), put together. All of these append to `out`, take ascending
 * ranges, and are false without memory or past the maximum of `out`.
 */
#ifndef IMAP_IMAP_RANGES_H
#define IMAP_IMAP_RANGES_H

#include "mail/uid_ranges.h"

/* What is in both. */
bool imap_ranges_both(struct buf *out, struct view a, struct view b);

/* What is in `a` and not in `b`. */
bool imap_ranges_without(struct buf *out, struct view a, struct view b);

/* What is in one of them at least. */
bool imap_ranges_either(struct buf *out, struct view a, struct view b);

#endif
