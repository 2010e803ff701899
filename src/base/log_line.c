/* Writing and reading the lines of log_line.h. */
#include "base/log_line.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/show.h"

static const char hex[] = "0123456789abcdef";
static const char *const levels[] = {"debug", "info", "warning", "error"};

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

void log_line_head(
    struct log_line *l, enum log_level level, const char *role, const char *id, const char *event)
{
	struct timespec now;
	struct tm utc;
	char stamp[40];
	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	size_t n = strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &utc);
	snprintf(stamp + n, sizeof stamp - n, ".%03ldZ ", now.tv_nsec / 1000000);
	log_line_string(l, stamp);
	log_line_string(l, levels[level]);
	log_line_byte(l, ' ');
	log_line_string(l, role);
	log_line_byte(l, ' ');
	log_line_string(l, id ? id : "-");
	log_line_byte(l, ' ');
	log_line_string(l, event);
}

/* ASCII of ours: as much as there is room for. */
static void put_bytes(struct log_line *l, struct view v)
{
	v = view_take(v, sizeof l->data - 1 - l->len);
	memcpy(l->data + l->len, v.data, v.len);
	l->len += v.len;
}

/* A character or an escape: all of it, or dots to the end, so that neither half of it nor what follows it
 * gets into the line. */
static void put_whole(struct log_line *l, struct view v)
{
	size_t room = sizeof l->data - 1 - l->len;
	if (v.len <= room) {
		put_bytes(l, v);
		return;
	}
	memset(l->data + l->len, '.', room);
	l->len += room;
}

static void put_escaped(struct log_line *l, struct view bytes)
{
	char text[16];
	size_t len = 0;
	for (size_t i = 0; i < bytes.len && len < sizeof text; i++) {
		unsigned char c = (unsigned char)bytes.data[i];
		text[len++] = '\\';
		text[len++] = 'x';
		text[len++] = hex[c >> 4];
		text[len++] = hex[c & 15];
	}
	put_whole(l, view_of(text, len));
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

/* The first LOG_TEXT_MAX octets, without a half character at their end. */
static struct view cut_text(struct view v)
{
	size_t len = LOG_TEXT_MAX;
	for (int i = 0; i < 3 && ((unsigned char)v.data[len] & 0xc0) == 0x80; i++)
		len--;
	return view_take(v, len);
}

static void put_text(struct log_line *l, struct view v)
{
	struct show show = {0};
	bool cut = v.len > LOG_TEXT_MAX;
	if (cut)
		v = cut_text(v);
	if (!cut && !needs_quotes(v)) {
		put_bytes(l, v);
		return;
	}
	log_line_byte(l, '"');
	while (v.len) {
		struct view bytes = show_take_ascii(&show, &v);
		for (size_t i = 0; i < bytes.len; i++) {
			if (bytes.data[i] == '"' || bytes.data[i] == '\\')
				log_line_byte(l, '\\');
			log_line_byte(l, bytes.data[i]);
		}
		if (v.len == 0)
			break;
		if (show_next(&show, &v, &bytes) == SHOW_PLAIN)
			put_whole(l, bytes);
		else
			put_escaped(l, bytes);
	}
	if (cut)
		log_line_string(l, "...");
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

static bool is_stamp(struct view v)
{
	static const char form[] = "0000-00-00T00:00:00.000Z";
	if (v.len != sizeof form - 1)
		return false;
	for (size_t i = 0; i < v.len; i++)
		if (form[i] == '0' ? !ascii_is_digit(v.data[i]) : v.data[i] != form[i])
			return false;
	return true;
}

static bool is_level(struct view v)
{
	for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++)
		if (view_equal(v, view_from_string(levels[i])))
			return true;
	return false;
}

bool log_line_is_good(struct view line, const char *role)
{
	struct view word;
	if (line.len == 0 || line.len > LOG_LINE_MAX || line.data[line.len - 1] != '\n')
		return false;
	line.len--;
	if (!show_is_plain(line))
		return false;
	return view_next(&line, ' ', &word) && is_stamp(word) && view_next(&line, ' ', &word) &&
	       is_level(word) && view_next(&line, ' ', &word) && view_equal(word, view_from_string(role)) &&
	       view_next(&line, ' ', &word) && word.len > 0 && view_next(&line, ' ', &word) && word.len > 0;
}

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
