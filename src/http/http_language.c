/* See http_language.h. A field that is not well formed costs nobody more than the wrong language. */
#include "http/http_language.h"

enum { QUALITY_ONE = 1000, QUALITY_DIGITS = 3 };

/* RFC 9110 section 12.4.2, in thousandths. What is not understood counts as 1. */
static unsigned quality_of(struct view parameters)
{
	struct view one;
	while (view_next(&parameters, ';', &one)) {
		one = view_trim(one);
		if (!view_starts_nocase(one, VIEW("q=0")))
			continue;
		unsigned quality = 0, weight = QUALITY_ONE / 10;
		for (size_t i = 4; i < one.len && i < 4 + QUALITY_DIGITS; i++, weight /= 10)
			if (ascii_is_digit(one.data[i]))
				quality += weight * (unsigned)(one.data[i] - '0');
		return quality;
	}
	return QUALITY_ONE;
}

/* The language at the beginning of a tag or range. */
static struct view primary(struct view range)
{
	ptrdiff_t hyphen = view_find(range, '-');
	return hyphen < 0 ? range : view_take(range, (size_t)hyphen);
}

static size_t look_up(struct view range, const char *const *tags, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (view_equal_nocase(primary(range), view_from_string(tags[i])))
			return i;
	return count;
}

size_t http_language_choose(struct view field, const char *const *tags, size_t count)
{
	struct view item, range;
	size_t best = count;
	unsigned quality = 0;
	while (view_next(&field, ',', &item)) {
		if (!view_next(&item, ';', &range))
			continue;
		size_t found = look_up(view_trim(range), tags, count);
		unsigned own = quality_of(item);
		if (found < count && own > quality) {
			best = found;
			quality = own;
		}
	}
	return best;
}
