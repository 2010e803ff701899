/* See web_auth_form.h. */
#include "role/web/web_auth_form.h"

#include "base/buf.h"
#include "format/json_read.h"
#include "http/http_url.h"

bool web_form_is_form(struct view type)
{
	return view_starts_nocase(type, VIEW("application/x-www-form-urlencoded"));
}

static bool add(struct web_form *form, struct view name, struct view value)
{
	if (form->count == WEB_FORM_FIELDS_MAX)
		return false;
	form->fields[form->count].name = name;
	form->fields[form->count++].value = value;
	return true;
}

static bool decode(struct view text, struct arena *arena, struct view *out)
{
	struct buf decoded;
	buf_init(&decoded, WEB_FORM_BODY_MAX);
	bool good = http_query_decode(&decoded, text) == 0 && arena_copy(arena, buf_view(&decoded), out);
	buf_done(&decoded);
	return good;
}

static bool read_form(struct web_form *form, struct view body, struct arena *arena)
{
	struct view name, value;
	while (http_query_next(&body, &name, &value))
		if (!decode(name, arena, &name) || !decode(value, arena, &value) || !add(form, name, value))
			return false;
	return true;
}

static bool add_value(struct web_form *form, struct view name, const struct json_value *v)
{
	switch (v->kind) {
	case JSON_STRING:
	case JSON_NUMBER:
		return add(form, name, v->text);
	case JSON_TRUE:
		return add(form, name, VIEW("1"));
	case JSON_ARRAY:
		for (const struct json_value *element = v->first; element; element = element->next)
			if (element->kind != JSON_STRING || !add(form, name, element->text))
				return false;
		return true;
	default:
		return v->kind != JSON_OBJECT; /* false and null are not there */
	}
}

static bool read_json(struct web_form *form, struct view body, struct arena *arena)
{
	struct json_value object;
	if (json_parse(body, arena, &object) != 0 || object.kind != JSON_OBJECT)
		return false;
	for (const struct json_value *member = object.first; member; member = member->next)
		if (!add_value(form, member->name, member))
			return false;
	return true;
}

bool web_form_read(struct web_form *form, struct view type, struct view body, struct arena *arena)
{
	form->count = 0;
	if (web_form_is_form(type))
		return read_form(form, body, arena);
	if (body.len == 0)
		return true;
	return view_starts_nocase(type, VIEW("application/json")) && read_json(form, body, arena);
}

struct view web_form_get(const struct web_form *form, const char *name)
{
	for (size_t i = 0; i < form->count; i++)
		if (view_equal(form->fields[i].name, view_from_string(name)))
			return form->fields[i].value;
	return (struct view){0};
}

uint64_t web_form_number(const struct web_form *form, const char *name)
{
	uint64_t number = 0;
	return view_to_u64(web_form_get(form, name), INT64_MAX, &number) ? number : 0;
}
