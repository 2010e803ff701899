/* A list of mail is thousands of short strings, so runs of plain bytes are copied as they are. */
#include "format/json_out.h"

#include <string.h>

#include "base/utf8.h"

/* Room for so many bytes, mostly without a call; NULL: there is none, and the buffer is marked. */
static inline char *room_for(struct buf *b, size_t n)
{
	if (b->data && b->len + n <= b->max && b->start + b->len + n <= b->cap)
		return b->data + b->start + b->len;
	return buf_reserve(b, n);
}

static inline void put_byte(struct json_out *w, char c)
{
	char *at = room_for(w->out, 1);
	if (at == NULL)
		return;
	*at = c;
	w->out->len++;
}

/* ---- containers ---- */

static inline void separate(struct json_out *w)
{
	if (w->comma)
		put_byte(w, ',');
}

static void open_container(struct json_out *w, bool array)
{
	separate(w);
	if (w->depth == JSON_OUT_DEPTH_MAX) {
		w->out->failed = 1;
		return;
	}
	uint64_t bit = (uint64_t)1 << w->depth % 64, *word = &w->arrays[w->depth / 64];
	*word = array ? *word | bit : *word & ~bit;
	w->depth++;
	w->comma = false;
	put_byte(w, array ? '[' : '{');
}

void json_out_object(struct json_out *w)
{
	open_container(w, false);
}

void json_out_array(struct json_out *w)
{
	open_container(w, true);
}

void json_out_end(struct json_out *w)
{
	if (w->depth == 0)
		return;
	w->depth--;
	put_byte(w, w->arrays[w->depth / 64] >> w->depth % 64 & 1 ? ']' : '}');
	w->comma = true;
}

/* ---- strings ---- */

/* Bytes that stand in a string as they are: RFC 8259 section 7 without what is above ASCII, which must be
 * UTF-8. */
static bool is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

static void escape(struct buf *out, unsigned char c)
{
	static const char hex[] = "0123456789abcdef";
	char text[6] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
	size_t len = 2;

	switch (c) {
	case '"':
	case '\\':
		text[1] = (char)c;
		break;
	case '\n':
		text[1] = 'n';
		break;
	case '\r':
		text[1] = 'r';
		break;
	case '\t':
		text[1] = 't';
		break;
	default:
		len = sizeof text;
		break;
	}
	(void)buf_append(out, view_of(text, len));
}

/* Whether any of eight bytes is zero. */
static inline uint64_t has_zero(uint64_t x)
{
	return (x - 0x0101010101010101) & ~x & 0x8080808080808080;
}

/* Whether eight bytes are all plain. */
static inline bool are_plain(const char *at)
{
	uint64_t x, special;
	memcpy(&x, at, sizeof x);
	special = (x | ((x - 0x2020202020202020) & ~x)) & 0x8080808080808080;
	special |= has_zero(x ^ 0x2222222222222222) | has_zero(x ^ 0x5c5c5c5c5c5c5c5c);
	return special == 0;
}

/* How many bytes at the front can be copied: plain ones, and whole characters above ASCII. */
static size_t plain_run(struct view text)
{
	size_t n = 0;

	while (n + 8 <= text.len && are_plain(text.data + n))
		n += 8;
	while (n < text.len) {
		unsigned char c = (unsigned char)text.data[n];
		if (is_plain(c)) {
			n++;
		} else if (c >= 0x80) {
			struct view rest = view_skip(text, n);
			if (utf8_next(&rest) < 0)
				break;
			n = text.len - rest.len;
		} else {
			break;
		}
	}
	return n;
}

void json_out_string_begin(struct json_out *w)
{
	separate(w);
	put_byte(w, '"');
}

void json_out_string_piece(struct json_out *w, struct view text)
{
	while (text.len && !buf_failed(w->out)) {
		size_t n = plain_run(text);
		if (n)
			(void)buf_append(w->out, view_take(text, n));
		text = view_skip(text, n);
		if (text.len == 0)
			break;
		unsigned char c = (unsigned char)text.data[0];
		if (c < 0x80)
			escape(w->out, c);
		else
			(void)buf_append(w->out, VIEW("\xef\xbf\xbd"));
		text = view_skip(text, 1);
	}
}

void json_out_string_end(struct json_out *w)
{
	put_byte(w, '"');
	w->comma = true;
}

/* A whole string with what stands behind it, in one piece if nothing of it needs an escape. */
static void put_string(struct json_out *w, struct view text, struct view behind)
{
	size_t comma = w->comma;
	char *at = plain_run(text) == text.len ? room_for(w->out, comma + text.len + 2 + behind.len) : NULL;
	if (at == NULL) {
		json_out_string_begin(w);
		json_out_string_piece(w, text);
		json_out_string_end(w);
		(void)buf_append(w->out, behind);
		return;
	}
	if (comma)
		*at++ = ',';
	*at++ = '"';
	if (text.len > 0)
		memcpy(at, text.data, text.len);
	at[text.len] = '"';
	if (behind.len > 0)
		memcpy(at + text.len + 1, behind.data, behind.len);
	w->out->len += comma + text.len + 2 + behind.len;
	w->comma = true;
}

void json_out_string(struct json_out *w, struct view text)
{
	put_string(w, text, (struct view){0});
}

void json_out_name(struct json_out *w, struct view name)
{
	put_string(w, name, VIEW(":"));
	w->comma = false;
}

/* ---- other values ---- */

void json_out_raw(struct json_out *w, struct view json)
{
	separate(w);
	(void)buf_append(w->out, json);
	w->comma = true;
}

static void put_number(struct json_out *w, bool negative, uint64_t n)
{
	char digits[24];
	size_t at = sizeof digits;

	do
		digits[--at] = (char)('0' + n % 10);
	while (n /= 10);
	if (negative)
		digits[--at] = '-';
	json_out_raw(w, view_of(digits + at, sizeof digits - at));
}

void json_out_number(struct json_out *w, int64_t n)
{
	put_number(w, n < 0, n < 0 ? -(uint64_t)n : (uint64_t)n);
}

void json_out_unsigned(struct json_out *w, uint64_t n)
{
	put_number(w, false, n);
}

void json_out_bool(struct json_out *w, bool yes)
{
	json_out_raw(w, yes ? VIEW("true") : VIEW("false"));
}

void json_out_null(struct json_out *w)
{
	json_out_raw(w, VIEW("null"));
}
