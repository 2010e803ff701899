/* The ranges of uid_ranges.h. */
#include "mail/uid_ranges.h"

#include <errno.h>

static uint32_t number_at(struct view ranges, size_t offset)
{
	struct cursor c = cursor_on(view_skip(ranges, offset));
	return cursor_u32(&c);
}

int uid_ranges_add(struct buf *ranges, uint32_t first, uint32_t last)
{
	struct view v = buf_view(ranges);
	int r;
	if (v.len >= UID_RANGE_SIZE && (uint64_t)number_at(v, v.len - 4) + 1 == first) {
		buf_truncate(ranges, v.len - 4);
		return buf_append_u32(ranges, last);
	}
	r = buf_append_u32(ranges, first);
	if (r)
		return r;
	r = buf_append_u32(ranges, last);
	if (r)
		buf_truncate(ranges, v.len);
	return r;
}

bool uid_ranges_next(struct cursor *in, uint32_t *first, uint32_t *last)
{
	uint32_t from, to;
	if (cursor_at_end(in))
		return false;
	from = cursor_u32(in);
	to = cursor_u32(in);
	if (from == 0 || to < from)
		in->failed = true;
	if (!cursor_ok(in))
		return false;
	*first = from;
	*last = to;
	return true;
}

bool uid_ranges_valid(struct view ranges, bool any_order)
{
	struct cursor c = cursor_on(ranges);
	uint32_t first, last, end = 0;
	while (uid_ranges_next(&c, &first, &last)) {
		if (first <= end && !any_order)
			return false;
		end = last;
	}
	return cursor_ok(&c);
}

uint64_t uid_ranges_count(struct view ranges)
{
	struct cursor c = cursor_on(ranges);
	uint32_t first, last;
	uint64_t count = 0;
	while (uid_ranges_next(&c, &first, &last))
		count += (uint64_t)last - first + 1;
	return count;
}

bool uid_ranges_have(struct view ranges, uint32_t uid)
{
	size_t low = 0, high = ranges.len / UID_RANGE_SIZE;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (number_at(ranges, middle * UID_RANGE_SIZE + 4) < uid)
			low = middle + 1;
		else
			high = middle;
	}
	return uid > 0 && low < ranges.len / UID_RANGE_SIZE && number_at(ranges, low * UID_RANGE_SIZE) <= uid;
}
