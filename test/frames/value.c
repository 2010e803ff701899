#include "value.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

enum { TEXT_MAX = 1 << 20, SHOWN_MAX = 200 };

void script_name(struct value_names *names, struct view name, const struct value *value)
{
	struct value *v = arena_array(&names->arena, 1, sizeof *v);
	*v = *value;
	v->next = names->first;
	if (!arena_copy(&names->arena, name, &v->name) || !arena_copy(&names->arena, value->text, &v->text))
		abort();
	names->first = v;
}

const struct value *script_named(const struct value_names *names, struct view name)
{
	for (const struct value *v = names->first; v; v = v->next)
		if (view_equal(v->name, name))
			return v;
	return NULL;
}

/* ---- reading ---- */

struct reader {
	struct view rest;
	struct value_names *names;
	const char *problem;
};

static void skip_blanks(struct reader *r)
{
	while (r->rest.len && (r->rest.data[0] == ' ' || r->rest.data[0] == '\t'))
		r->rest = view_skip(r->rest, 1);
}

static bool take(struct reader *r, char c)
{
	skip_blanks(r);
	if (r->rest.len == 0 || r->rest.data[0] != c)
		return false;
	r->rest = view_skip(r->rest, 1);
	return true;
}

static bool fail(struct reader *r, const char *problem)
{
	if (r->problem == NULL)
		r->problem = problem;
	return false;
}

static struct view take_name(struct reader *r)
{
	size_t len = 0;
	skip_blanks(r);
	while (len < r->rest.len && (ascii_is_alpha(r->rest.data[len]) || ascii_is_digit(r->rest.data[len]) ||
	                                strchr("_.-", r->rest.data[len])))
		len++;
	struct view name = view_take(r->rest, len);
	r->rest = view_skip(r->rest, len);
	return name;
}

static int hex(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, c) : NULL;
	return at ? (int)(at - digits) : -1;
}

static bool take_escape(struct reader *r, struct buf *out)
{
	if (r->rest.len < 2)
		return fail(r, "a text ends in a backslash");
	char c = r->rest.data[1];
	size_t used = 2;
	if (c == 'x') {
		if (r->rest.len < 4 || hex(r->rest.data[2]) < 0 || hex(r->rest.data[3]) < 0)
			return fail(r, "\\x needs two digits, 0 to f");
		c = (char)(hex(r->rest.data[2]) * 16 + hex(r->rest.data[3]));
		used = 4;
	} else {
		c = c == 'r' ? '\r' : c == 'n' ? '\n' : c == 't' ? '\t' : c == '0' ? '\0' : c;
	}
	r->rest = view_skip(r->rest, used);
	return buf_append_byte(out, c) == 0;
}

/* Behind the opening quote. "text"*3 stands there three times. */
static bool take_text(struct reader *r, struct value *out)
{
	struct buf text, all;
	uint64_t times = 1;
	bool good = true;
	buf_init(&text, TEXT_MAX);
	buf_init(&all, TEXT_MAX);
	while (good && r->rest.len && r->rest.data[0] != '"') {
		if (r->rest.data[0] == '\\') {
			good = take_escape(r, &text);
		} else {
			buf_append(&text, view_take(r->rest, 1));
			r->rest = view_skip(r->rest, 1);
		}
	}
	good = good && (take(r, '"') || fail(r, "a text does not end"));
	if (good && r->rest.len && r->rest.data[0] == '*') {
		r->rest = view_skip(r->rest, 1);
		good = view_to_u64(take_name(r), TEXT_MAX, &times) || fail(r, "how many times?");
	}
	for (uint64_t i = 0; good && i < times; i++)
		good = buf_append(&all, buf_view(&text)) == 0 || fail(r, "a text is too long");
	out->kind = VALUE_TEXT;
	good = good && arena_copy(&r->names->arena, buf_view(&all), &out->text);
	buf_done(&text);
	buf_done(&all);
	return good;
}

/* number(7): eight bytes, as numbers stand in the directory's fields. */
static bool take_word(struct reader *r, struct value *out)
{
	bool negative = take(r, '-');
	struct view word = take_name(r);
	if (!negative && view_equal(word, VIEW("number")) && take(r, '(')) {
		uint64_t n;
		struct buf bytes;
		buf_init(&bytes, 8);
		bool good = view_to_u64(take_name(r), INT64_MAX, &n) && take(r, ')');
		buf_append_u64(&bytes, good ? n : 0);
		out->kind = VALUE_TEXT;
		good = good && arena_copy(&r->names->arena, buf_view(&bytes), &out->text);
		buf_done(&bytes);
		return good || fail(r, "number(...) takes a number");
	}
	out->kind = VALUE_NUMBER;
	if (!view_to_u64(word, UINT64_MAX, &out->number))
		return fail(r, "a value is a number, \"text\", number(N), $NAME, ?NAME, [list] or {fields}");
	if (negative)
		out->number = 0 - out->number;
	return true;
}

static bool take_fields(struct reader *r, struct value *out, char end);

static bool take_value(struct reader *r, struct value *out)
{
	if (take(r, '"'))
		return take_text(r, out);
	if (take(r, '{'))
		return take_fields(r, out, '}');
	if (take(r, '?')) {
		out->kind = VALUE_BOUND;
		out->text = take_name(r);
		return true;
	}
	if (take(r, '$')) {
		struct view name = out->name;
		const struct value *v = script_named(r->names, take_name(r));
		if (v == NULL)
			return fail(r, "nothing has this name");
		*out = *v;
		out->name = name;
		out->next = NULL;
		return true;
	}
	if (!take(r, '['))
		return take_word(r, out);
	out->kind = VALUE_LIST;
	for (struct value **end = &out->first; !take(r, ']'); end = &(*end)->next) {
		*end = arena_array(&r->names->arena, 1, sizeof **end);
		**end = (struct value){0};
		if (r->rest.len == 0 || !take_value(r, *end))
			return fail(r, "a list does not end");
	}
	return true;
}

static bool take_fields(struct reader *r, struct value *out, char end)
{
	out->kind = VALUE_FIELDS;
	for (struct value **at = &out->first; !take(r, end); at = &(*at)->next) {
		if (r->rest.len == 0)
			return end == '\0' || fail(r, "fields do not end");
		*at = arena_array(&r->names->arena, 1, sizeof **at);
		**at = (struct value){.name = take_name(r)};
		if ((*at)->name.len == 0 || !take(r, '=') || !take_value(r, *at))
			return fail(r, "a field is written name=value");
	}
	return true;
}

bool script_parse_fields(struct view line, struct value_names *names, struct value *out, const char **problem)
{
	struct reader r = {.rest = line, .names = names};
	*out = (struct value){0};
	bool good = take_fields(&r, out, '\0');
	*problem = r.problem;
	return good;
}

/* ---- into a message, and against one ---- */

static const struct codec_field *field_of(const struct codec_schema *schema, struct view name)
{
	for (size_t i = 0; i < schema->count; i++)
		if (view_equal(name, view_from_string(schema->fields[i].name)))
			return &schema->fields[i];
	return NULL;
}

static bool is_number(const struct codec_field *f)
{
	return f->kind == CODEC_U64 || f->kind == CODEC_SIGNED;
}

static bool put_one(const struct value *v, const struct codec_field *f, void *member, struct arena *arena,
    const char **problem);

/* A bare value in a list is the first field of its element. */
static bool put_element(const struct value *v, const struct codec_schema *schema, void *element,
    struct arena *arena, const char **problem)
{
	if (v->kind == VALUE_FIELDS)
		return script_put(v, schema, element, arena, problem);
	return put_one(v, &schema->fields[0], (char *)element + schema->fields[0].offset, arena, problem);
}

static bool put_one(const struct value *v, const struct codec_field *f, void *member, struct arena *arena,
    const char **problem)
{
	struct codec_list *list = member;
	if (is_number(f) && v->kind == VALUE_NUMBER) {
		*(uint64_t *)member = v->number;
		return true;
	}
	if (codec_is_view(f->kind) && v->kind == VALUE_TEXT) {
		*(struct view *)member = v->text;
		return true;
	}
	*problem = "a value is of another kind than its field";
	if (f->kind != CODEC_LIST || v->kind != VALUE_LIST)
		return false;
	for (const struct value *i = v->first; i; i = i->next)
		list->count++;
	list->items = arena_array(arena, list->count + 1, f->element->size);
	memset(list->items, 0, (list->count + 1) * f->element->size);
	char *at = list->items;
	for (const struct value *i = v->first; i; i = i->next, at += f->element->size)
		if (!put_element(i, f->element, at, arena, problem))
			return false;
	return true;
}

bool script_put(const struct value *fields, const struct codec_schema *schema, void *message,
    struct arena *arena, const char **problem)
{
	for (size_t i = 0; i < schema->count; i++)
		if (schema->fields[i].kind == CODEC_U64)
			*(uint64_t *)((char *)message + schema->fields[i].offset) = schema->fields[i].min;
	for (const struct value *v = fields->first; v; v = v->next) {
		const struct codec_field *f = field_of(schema, v->name);
		*problem = "this message has no such field";
		if (f == NULL || !put_one(v, f, (char *)message + f->offset, arena, problem))
			return false;
	}
	return true;
}

static bool match_one(
    const struct value *v, const struct codec_field *f, const void *member, struct value_names *names);

static bool match_element(
    const struct value *v, const struct codec_schema *schema, const char *element, struct value_names *names)
{
	if (v->kind == VALUE_FIELDS)
		return script_match(v, schema, element, names);
	return match_one(v, &schema->fields[0], element + schema->fields[0].offset, names);
}

static bool match_one(
    const struct value *v, const struct codec_field *f, const void *member, struct value_names *names)
{
	const struct codec_list *list = member;
	if (v->kind == VALUE_BOUND) {
		if (f->kind == CODEC_LIST)
			return false;
		struct value bound = {.kind = is_number(f) ? VALUE_NUMBER : VALUE_TEXT};
		if (is_number(f))
			bound.number = *(const uint64_t *)member;
		else
			bound.text = *(const struct view *)member;
		script_name(names, v->text, &bound);
		return true;
	}
	if (is_number(f))
		return v->kind == VALUE_NUMBER && v->number == *(const uint64_t *)member;
	if (codec_is_view(f->kind))
		return v->kind == VALUE_TEXT && view_equal(v->text, *(const struct view *)member);
	size_t at = 0;
	for (const struct value *i = v->first; v->kind == VALUE_LIST && i; i = i->next, at++)
		if (at == list->count ||
		    !match_element(i, f->element, (const char *)list->items + at * f->element->size, names))
			return false;
	return v->kind == VALUE_LIST && at == list->count;
}

bool script_match(const struct value *fields, const struct codec_schema *schema, const void *message,
    struct value_names *names)
{
	for (const struct value *v = fields->first; v; v = v->next) {
		const struct codec_field *f = field_of(schema, v->name);
		if (f == NULL || !match_one(v, f, (const char *)message + f->offset, names))
			return false;
	}
	return true;
}

/* ---- showing ---- */

static void show_text(struct view v, struct buf *out)
{
	buf_append_byte(out, '"');
	for (size_t i = 0; i < v.len && i < SHOWN_MAX; i++) {
		unsigned char c = (unsigned char)v.data[i];
		if (c == '"' || c == '\\')
			buf_printf(out, "\\%c", c);
		else if (c < ' ' || c > '~')
			buf_printf(out, "\\x%02x", c);
		else
			buf_append_byte(out, (char)c);
	}
	buf_printf(out, v.len > SHOWN_MAX ? "\" (%zu bytes)" : "\"", v.len);
}

void script_show(const struct codec_schema *schema, const void *message, struct buf *out)
{
	for (size_t i = 0; i < schema->count; i++) {
		const struct codec_field *f = &schema->fields[i];
		const void *member = (const char *)message + f->offset;
		const struct codec_list *list = member;
		buf_printf(out, "%s%s=", i ? " " : "", f->name);
		if (f->kind == CODEC_SIGNED)
			buf_printf(out, "%" PRId64, *(const int64_t *)member);
		else if (f->kind == CODEC_U64)
			buf_printf(out, "%" PRIu64, *(const uint64_t *)member);
		else if (codec_is_view(f->kind))
			show_text(*(const struct view *)member, out);
		for (size_t k = 0; f->kind == CODEC_LIST && k < list->count; k++) {
			buf_append_string(out, k ? " {" : "[{");
			script_show(f->element, (const char *)list->items + k * f->element->size, out);
			buf_append_byte(out, '}');
		}
		if (f->kind == CODEC_LIST)
			buf_append_string(out, list->count ? "]" : "[]");
	}
}
