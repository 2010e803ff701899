/* See http_range.h. */
#include "http/http_range.h"

/* "-500": the last 500 octets. */
static enum http_range_result choose_last(
    struct view digits, uint64_t size, uint64_t *first, uint64_t *length)
{
	uint64_t n;
	if (!view_to_u64(digits, UINT64_MAX, &n))
		return HTTP_RANGE_ALL;
	if (n == 0 || size == 0)
		return HTTP_RANGE_IMPOSSIBLE;
	*length = n < size ? n : size;
	*first = size - *length;
	return HTTP_RANGE_ONE;
}

enum http_range_result http_range_choose(struct view field, uint64_t size, uint64_t *first, uint64_t *length)
{
	uint64_t from, to = UINT64_MAX;
	if (!view_starts_nocase(field, VIEW("bytes=")))
		return HTTP_RANGE_ALL;
	struct view range = view_trim(view_skip(field, 6));
	ptrdiff_t dash = view_find(range, '-');
	if (dash < 0 || view_find(range, ',') >= 0)
		return HTTP_RANGE_ALL;
	struct view left = view_take(range, (size_t)dash), right = view_skip(range, (size_t)dash + 1);
	if (left.len == 0)
		return choose_last(right, size, first, length);
	if (!view_to_u64(left, UINT64_MAX, &from) || (right.len && !view_to_u64(right, UINT64_MAX, &to)) ||
	    to < from)
		return HTTP_RANGE_ALL;
	if (from >= size)
		return HTTP_RANGE_IMPOSSIBLE;
	if (to >= size)
		to = size - 1;
	*first = from;
	*length = to - from + 1;
	return HTTP_RANGE_ONE;
}
