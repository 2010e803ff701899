/* Both forms begin with "${", and what only looks like them is text. */
#include "sieve/sieve_text.h"

#include <errno.h>
#include <string.h>

#include "base/utf8.h"

static int hex_value(char c)
{
	if (ascii_is_digit(c))
		return c - '0';
	c = ascii_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Numbers in hexadecimal, with blanks between them; all that is between the colon and the brace. */
static bool next_number(struct view *rest, struct view *digits)
{
	size_t len = 0;

	*rest = view_trim(*rest);
	while (len < rest->len && hex_value(rest->data[len]) >= 0)
		len++;
	*digits = view_take(*rest, len);
	*rest = view_skip(*rest, len);
	return len > 0 && (view_empty(*rest) || strchr(" \t\r\n", rest->data[0]));
}

static bool has_form(struct view inside, bool unicode)
{
	struct view digits;
	bool any = false;

	for (inside = view_trim(inside); !view_empty(inside); any = true)
		if (!next_number(&inside, &digits) || (!unicode && digits.len > 2))
			return false;
	return any;
}

static int32_t code_point(struct view digits, bool unicode)
{
	int64_t n = 0;

	for (size_t i = 0; i < digits.len && n <= 0x10ffff; i++)
		n = n * 16 + hex_value(digits.data[i]);
	return unicode && (n > 0x10ffff || (n >= 0xd800 && n <= 0xdfff)) ? -1 : (int32_t)n;
}

/* At "${": the length of the whole, 0 if it is no encoded character. */
static size_t encoded(struct view v, struct view *inside, bool *unicode)
{
	size_t name = view_starts_nocase(v, VIEW("${hex:"))       ? 6
	              : view_starts_nocase(v, VIEW("${unicode:")) ? 10
	                                                          : 0;
	ptrdiff_t end = name ? view_find(v, '}') : -1;

	if (end < 0)
		return 0;
	*unicode = name == 10;
	*inside = view_skip(view_take(v, (size_t)end), name);
	return has_form(*inside, *unicode) ? (size_t)end + 1 : 0;
}

static size_t put_character(char *out, int32_t c, bool unicode)
{
	struct buf text;
	size_t len;

	if (!unicode || c < 0x80) {
		*out = (char)c;
		return 1;
	}
	buf_init(&text, 8);
	utf8_append(&text, c);
	len = buf_view(&text).len;
	memcpy(out, buf_view(&text).data, len);
	buf_done(&text);
	return len;
}

int sieve_text_decode(struct view *text, struct arena *arena, struct view *wrong)
{
	struct view rest = *text, inside, digits;
	size_t len = 0, size;
	bool unicode;
	char *out;

	if (text->len == 0 || !memmem(text->data, text->len, "${", 2))
		return 0;
	out = arena_alloc(arena, text->len); /* the form is longer than what it stands for */
	if (!out)
		return -ENOMEM;
	while (!view_empty(rest)) {
		size = view_starts(rest, VIEW("${")) ? encoded(rest, &inside, &unicode) : 0;
		if (size == 0) {
			out[len++] = rest.data[0];
			rest = view_skip(rest, 1);
			continue;
		}
		while (next_number(&inside, &digits)) {
			int32_t c = code_point(digits, unicode);

			if (c < 0) {
				*wrong = digits;
				return -EINVAL;
			}
			len += put_character(out + len, c, unicode);
		}
		rest = view_skip(rest, size);
	}
	*text = view_of(out, len);
	return 0;
}

static bool is_name(char c)
{
	return ascii_is_alnum(c) || c == '_';
}

bool sieve_variable_is_name(struct view name)
{
	struct view part, rest = name;
	bool digits = true;

	for (size_t i = 0; i < name.len; i++) {
		digits = digits && ascii_is_digit(name.data[i]);
		if (!is_name(name.data[i]) && name.data[i] != '.')
			return false;
	}
	if (name.len == 0 || digits || name.data[name.len - 1] == '.')
		return name.len > 0 && digits;
	while (view_next(&rest, '.', &part))
		if (view_empty(part) || ascii_is_digit(part.data[0]))
			return false;
	return true;
}

bool sieve_text_next(struct view *text, struct view *before, struct view *name)
{
	size_t at = 0, end;

	while (at + 2 < text->len) {
		const char *found = memchr(text->data + at, '$', text->len - at);

		if (!found)
			return false;
		at = (size_t)(found - text->data);
		if (at + 2 >= text->len || text->data[at + 1] != '{') {
			at++;
			continue;
		}
		end = at + 2;
		while (end < text->len && (is_name(text->data[end]) || text->data[end] == '.'))
			end++;
		*name = view_of(text->data + at + 2, end - at - 2);
		if (end < text->len && text->data[end] == '}' && sieve_variable_is_name(*name)) {
			*before = view_take(*text, at);
			*text = view_skip(*text, end + 1);
			return true;
		}
		at += 2;
	}
	return false;
}
