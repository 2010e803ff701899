/* A list of mail is thousands of short strings, so runs of plain bytes are copied as they are. */
#include "format/json_out.h"

#include "base/utf8.h"

/* ---- containers ---- */

static void separate(struct json_out *w)
{
	if (w->comma)
		(void)buf_append_byte(w->out, ',');
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
	(void)buf_append_byte(w->out, array ? '[' : '{');
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
	(void)buf_append_byte(w->out, w->arrays[w->depth / 64] >> w->depth % 64 & 1 ? ']' : '}');
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

/* How many bytes at the front can be copied: plain ones, and whole characters above ASCII. */
static size_t plain_run(struct view text)
{
	size_t n = 0;

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
	(void)buf_append_byte(w->out, '"');
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
	(void)buf_append_byte(w->out, '"');
	w->comma = true;
}

void json_out_string(struct json_out *w, struct view text)
{
	json_out_string_begin(w);
	json_out_string_piece(w, text);
	json_out_string_end(w);
}

void json_out_name(struct json_out *w, struct view name)
{
	json_out_string(w, name);
	(void)buf_append_byte(w->out, ':');
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
