/* A recursive reader with a limit to its depth; RFC 8259 sections 2 to 7. */
#include "format/json_read.h"

#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "base/cursor.h"
#include "base/utf8.h"

struct reader {
	struct cursor in;
	struct arena *arena;
	int error; /* the first one */
};

static bool fail(struct reader *r, int error)
{
	if (r->error == 0)
		r->error = error;
	return false;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool accept(struct reader *r, char c)
{
	cursor_while(&r->in, is_blank);
	return cursor_accept(&r->in, c);
}

/* ---- strings ---- */

static int32_t hex4(struct reader *r)
{
	static const char digits[] = "0123456789abcdef";
	struct view v = cursor_bytes(&r->in, 4);
	int32_t n = 0;
	for (size_t i = 0; i < v.len; i++) {
		const char *at = v.data[i] ? strchr(digits, ascii_lower(v.data[i])) : NULL;
		if (at == NULL)
			return -1;
		n = n << 4 | (int32_t)(at - digits);
	}
	return v.len == 4 ? n : -1;
}

/* Behind "\u": perhaps the first half of a pair. A half alone becomes U+FFFD. */
static bool unicode_escape(struct reader *r, struct buf *out)
{
	int32_t c = hex4(r);
	if (c < 0)
		return fail(r, -EINVAL);
	if (c >= 0xd800 && c < 0xdc00 && view_starts(r->in.rest, VIEW("\\u"))) {
		struct cursor before = r->in;
		cursor_bytes(&r->in, 2);
		int32_t low = hex4(r);
		if (low >= 0xdc00 && low < 0xe000)
			c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
		else
			r->in = before;
	}
	utf8_append(out, c);
	return true;
}

static bool escape(struct reader *r, struct buf *out)
{
	static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
	struct view c = cursor_bytes(&r->in, 1);
	if (c.len && c.data[0] == 'u')
		return unicode_escape(r, out);
	const char *at = c.len && c.data[0] ? strchr(letters, c.data[0]) : NULL;
	if (at == NULL)
		return fail(r, -EINVAL);
	buf_append_byte(out, meanings[at - letters]);
	return true;
}

static bool string_content(struct reader *r, struct buf *out)
{
	for (;;) {
		struct view c = cursor_bytes(&r->in, 1);
		if (c.len == 0 || (unsigned char)c.data[0] < ' ')
			return fail(r, -EINVAL);
		if (c.data[0] == '"')
			return true;
		if (c.data[0] != '\\')
			buf_append(out, c);
		else if (!escape(r, out))
			return false;
	}
}

/* Behind the opening quote. Most strings need no copy. */
static bool string(struct reader *r, struct view *text)
{
	ptrdiff_t end = view_find(r->in.rest, '"');
	struct view plain = view_take(r->in.rest, end < 0 ? 0 : (size_t)end);
	bool copy = end < 0 || view_find(plain, '\\') >= 0;
	for (size_t i = 0; i < plain.len && !copy; i++)
		copy = (unsigned char)plain.data[i] < ' ';
	if (!copy) {
		*text = plain;
		cursor_bytes(&r->in, plain.len + 1);
		return true;
	}
	struct buf out;
	buf_init(&out, r->in.rest.len + 8);
	bool good = string_content(r, &out);
	if (good && !arena_copy(r->arena, buf_view(&out), text))
		good = fail(r, -ENOBUFS);
	buf_done(&out);
	return good;
}

/* ---- the others ---- */

/* number = [ "-" ] int [ "." 1*DIGIT ] [ ( "e" / "E" ) [ "+" / "-" ] 1*DIGIT ] */
static bool number(struct reader *r, struct view *text)
{
	struct view start = r->in.rest;
	cursor_accept(&r->in, '-');
	struct view digits = cursor_while(&r->in, ascii_is_digit);
	bool good = digits.len > 0 && (digits.len == 1 || digits.data[0] != '0');
	if (cursor_accept(&r->in, '.'))
		good = cursor_while(&r->in, ascii_is_digit).len > 0 && good;
	if (cursor_accept_nocase(&r->in, VIEW("e"))) {
		if (!cursor_accept(&r->in, '+'))
			cursor_accept(&r->in, '-');
		good = cursor_while(&r->in, ascii_is_digit).len > 0 && good;
	}
	*text = view_take(start, start.len - r->in.rest.len);
	return good || fail(r, -EINVAL);
}

static bool word(struct reader *r, struct json_value *v)
{
	static const struct {
		const char *word;
		enum json_kind kind;
	} words[] = {{"null", JSON_NULL}, {"true", JSON_TRUE}, {"false", JSON_FALSE}};
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		struct view w = view_from_string(words[i].word);
		if (view_starts(r->in.rest, w)) {
			cursor_bytes(&r->in, w.len);
			v->kind = words[i].kind;
			return true;
		}
	}
	v->kind = JSON_NUMBER;
	return number(r, &v->text);
}

static bool value(struct reader *r, unsigned depth, struct json_value *v);

static bool member_name(struct reader *r, struct json_value *v)
{
	if (!accept(r, '"') || !string(r, &v->name))
		return fail(r, -EINVAL);
	return accept(r, ':') || fail(r, -EINVAL);
}

/* Behind the opening bracket or brace. */
static bool members(struct reader *r, unsigned depth, struct json_value *v)
{
	bool object = v->kind == JSON_OBJECT;
	char close = object ? '}' : ']';
	struct json_value **end = &v->first;
	if (depth == JSON_DEPTH_MAX)
		return fail(r, -EINVAL);
	if (accept(r, close))
		return true;
	do {
		struct json_value *m = arena_alloc(r->arena, sizeof *m);
		if (m == NULL)
			return fail(r, -ENOBUFS);
		if (object && !member_name(r, m))
			return false;
		if (!value(r, depth + 1, m))
			return false;
		*end = m;
		end = &m->next;
		v->count++;
	} while (accept(r, ','));
	return accept(r, close) || fail(r, -EINVAL);
}

static bool value(struct reader *r, unsigned depth, struct json_value *v)
{
	if (accept(r, '"')) {
		v->kind = JSON_STRING;
		return string(r, &v->text);
	}
	if (cursor_accept(&r->in, '{')) {
		v->kind = JSON_OBJECT;
		return members(r, depth, v);
	}
	if (cursor_accept(&r->in, '[')) {
		v->kind = JSON_ARRAY;
		return members(r, depth, v);
	}
	return word(r, v);
}

int json_parse(struct view text, struct arena *arena, struct json_value *out)
{
	struct reader r = {.in = cursor_on(text), .arena = arena};
	struct json_value v = {0};
	if (!value(&r, 0, &v))
		return r.error;
	cursor_while(&r.in, is_blank);
	if (!cursor_at_end(&r.in))
		return -EINVAL;
	*out = v;
	return 0;
}

/* ---- use ---- */

const struct json_value *json_member(const struct json_value *v, const char *name)
{
	if (v == NULL || v->kind != JSON_OBJECT)
		return NULL;
	for (const struct json_value *m = v->first; m; m = m->next)
		if (view_equal(m->name, view_from_string(name)))
			return m;
	return NULL;
}

struct view json_text_of(const struct json_value *object, const char *name)
{
	const struct json_value *m = json_member(object, name);
	return m && m->kind == JSON_STRING ? m->text : (struct view){0};
}

int64_t json_number_of(const struct json_value *object, const char *name)
{
	const struct json_value *m = json_member(object, name);
	if (m == NULL || m->kind != JSON_NUMBER)
		return 0;
	struct view digits = m->text;
	bool negative = digits.data[0] == '-';
	uint64_t n = 0;
	struct cursor in = cursor_on(view_skip(digits, negative));
	if (!view_to_u64(cursor_while(&in, ascii_is_digit), INT64_MAX, &n))
		return 0;
	return negative ? -(int64_t)n : (int64_t)n;
}

bool json_true_of(const struct json_value *object, const char *name)
{
	const struct json_value *m = json_member(object, name);
	return m && m->kind == JSON_TRUE;
}
