/* Views of bytes: comparing, cutting and reading numbers, always within their length. */
#include "base/view.h"

#include <string.h>

char ascii_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

bool ascii_is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool ascii_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool ascii_is_alnum(char c)
{
	return ascii_is_alpha(c) || ascii_is_digit(c);
}

bool ascii_is_print(char c)
{
	return c >= ' ' && c <= '~';
}

struct view view_from_string(const char *s)
{
	return s ? view_of(s, strlen(s)) : (struct view){0};
}

bool view_equal(struct view a, struct view b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

bool view_equal_nocase(struct view a, struct view b)
{
	return a.len == b.len && view_starts_nocase(a, b);
}

bool view_starts_nocase(struct view v, struct view prefix)
{
	if (v.len < prefix.len)
		return false;
	for (size_t i = 0; i < prefix.len; i++)
		if (ascii_lower(v.data[i]) != ascii_lower(prefix.data[i]))
			return false;
	return true;
}

bool view_starts(struct view v, struct view prefix)
{
	return view_equal(view_take(v, prefix.len), prefix);
}

bool view_ends_nocase(struct view v, struct view suffix)
{
	return v.len >= suffix.len && view_equal_nocase(view_skip(v, v.len - suffix.len), suffix);
}

int view_compare(struct view a, struct view b)
{
	size_t common = a.len < b.len ? a.len : b.len;
	int order = common ? memcmp(a.data, b.data, common) : 0;
	if (order != 0)
		return order;
	return (a.len > b.len) - (a.len < b.len);
}

ptrdiff_t view_find(struct view v, char c)
{
	const char *at = v.len ? memchr(v.data, c, v.len) : NULL;
	return at ? at - v.data : -1;
}

ptrdiff_t view_find_last(struct view v, char c)
{
	for (size_t i = v.len; i > 0; i--)
		if (v.data[i - 1] == c)
			return (ptrdiff_t)(i - 1);
	return -1;
}

struct view view_skip(struct view v, size_t offset)
{
	if (offset >= v.len)
		return view_of(v.len ? v.data + v.len : v.data, 0);
	return view_of(v.data + offset, v.len - offset);
}

struct view view_take(struct view v, size_t len)
{
	return view_of(v.data, len < v.len ? len : v.len);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct view view_trim(struct view v)
{
	while (v.len && is_blank(v.data[0]))
		v = view_skip(v, 1);
	while (v.len && is_blank(v.data[v.len - 1]))
		v.len--;
	return v;
}

bool view_next(struct view *rest, char separator, struct view *part)
{
	if (rest->data == NULL)
		return false;
	ptrdiff_t at = view_find(*rest, separator);
	if (at >= 0) {
		*part = view_take(*rest, (size_t)at);
		*rest = view_skip(*rest, (size_t)at + 1);
		return true;
	}
	*part = *rest;
	*rest = (struct view){0};
	return true;
}

bool view_to_u64(struct view v, uint64_t max, uint64_t *n)
{
	uint64_t value = 0;
	if (v.len == 0 || v.len > 20)
		return false;
	for (size_t i = 0; i < v.len; i++) {
		if (!ascii_is_digit(v.data[i]))
			return false;
		unsigned digit = (unsigned)(v.data[i] - '0');
		if (value > (UINT64_MAX - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	if (value > max)
		return false;
	*n = value;
	return true;
}

bool view_to_size(struct view v, uint64_t *n)
{
	static const char units[] = "KMGT";
	const char *unit = v.len ? memchr(units, v.data[v.len - 1] & ~0x20, 4) : NULL;
	unsigned shift = unit ? 10 * (unsigned)(unit - units + 1) : 0;
	uint64_t value;
	if (!view_to_u64(view_take(v, v.len - (unit != NULL)), UINT64_MAX >> shift, &value))
		return false;
	*n = value << shift;
	return true;
}
