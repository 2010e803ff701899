/* Writing and reading the lines of log_line.h. */
#include "base/log_line.h"

#include <string.h>

#include "base/buf.h"

static const char hex[] = "0123456789abcdef";

void log_line_byte(struct log_line *l, char c)
{
	if (l->len < sizeof l->data - 1)
		l->data[l->len++] = c;
}

void log_line_string(struct log_line *l, const char *s)
{
	while (*s)
		log_line_byte(l, *s++);
}

static bool needs_quotes(struct view v)
{
	if (v.len == 0)
		return true;
	for (size_t i = 0; i < v.len; i++)
		if (!ascii_is_print(v.data[i]) || v.data[i] == ' ' || v.data[i] == '"' || v.data[i] == '\\' ||
		    v.data[i] == '=')
			return true;
	return false;
}

static void put_text(struct log_line *l, struct view v)
{
	bool cut = v.len > LOG_TEXT_MAX;
	v = view_take(v, LOG_TEXT_MAX);
	bool quotes = cut || needs_quotes(v);
	if (quotes)
		log_line_byte(l, '"');
	for (size_t i = 0; i < v.len; i++) {
		unsigned char c = (unsigned char)v.data[i];
		if (c == '"' || c == '\\')
			log_line_byte(l, '\\');
		/* UTF-8 stays readable; control characters and DEL could fool a terminal or a log reader. */
		if (c >= ' ' && c != 0x7f) {
			log_line_byte(l, (char)c);
			continue;
		}
		log_line_string(l, "\\x");
		log_line_byte(l, hex[c >> 4]);
		log_line_byte(l, hex[c & 15]);
	}
	if (cut)
		log_line_string(l, "...");
	if (quotes)
		log_line_byte(l, '"');
}

static void put_number(struct log_line *l, uint64_t n)
{
	char digits[20];
	size_t at = sizeof digits;
	do
		digits[--at] = (char)('0' + n % 10);
	while (n /= 10);
	while (at < sizeof digits)
		log_line_byte(l, digits[at++]);
}

void log_line_field(struct log_line *l, const struct log_field *f)
{
	log_line_byte(l, ' ');
	log_line_string(l, f->key);
	log_line_byte(l, '=');
	if (f->kind == LOG_TEXT) {
		put_text(l, f->text);
	} else if (f->kind == LOG_SIGNED && f->s < 0) {
		log_line_byte(l, '-');
		put_number(l, 0 - (uint64_t)f->s);
	} else {
		put_number(l, f->u);
	}
}

void log_line_end(struct log_line *l)
{
	l->data[l->len++] = '\n';
}

/* ---- reading ---- */

static size_t quoted_length(struct view v)
{
	for (size_t i = 1; i < v.len; i++) {
		if (v.data[i] == '\\')
			i++;
		else if (v.data[i] == '"')
			return i + 1;
	}
	return v.len; /* the line was cut within it */
}

bool log_field_next(struct view *rest, struct view *key, struct view *value)
{
	struct view v = view_trim(*rest);
	ptrdiff_t equals = view_find(v, '=');
	if (equals <= 0 || view_find(view_take(v, (size_t)equals), ' ') >= 0)
		return false;
	*key = view_take(v, (size_t)equals);
	v = view_skip(v, (size_t)equals + 1);
	ptrdiff_t blank = view_find(v, ' ');
	size_t len = v.len && v.data[0] == '"' ? quoted_length(v) : blank < 0 ? v.len : (size_t)blank;
	*value = view_take(v, len);
	*rest = view_skip(v, len);
	return true;
}

static int hex_value(char c)
{
	const char *at = c ? strchr(hex, c) : NULL;
	return at ? (int)(at - hex) : -1;
}

int log_value_append(struct view value, struct buf *out)
{
	size_t before = out->len;
	if (value.len == 0 || value.data[0] != '"')
		return buf_append(out, value);
	value = view_take(view_skip(value, 1), quoted_length(value) - 1);
	if (value.len && value.data[value.len - 1] == '"')
		value.len--;
	int error = 0;
	for (size_t i = 0; i < value.len && error == 0; i++) {
		char c = value.data[i];
		int high = -1, low = -1;
		if (c == '\\' && value.len - i > 3 && value.data[i + 1] == 'x') {
			high = hex_value(value.data[i + 2]);
			low = hex_value(value.data[i + 3]);
		}
		if (high >= 0 && low >= 0) {
			c = (char)(high << 4 | low);
			i += 3;
		} else if (c == '\\' && value.len - i > 1) {
			c = value.data[++i];
		}
		error = buf_append_byte(out, c);
	}
	if (error)
		buf_truncate(out, before);
	return error;
}
