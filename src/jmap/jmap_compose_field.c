/* Header fields of Email objects, from JSON in the forms of RFC 8621 section 4.1.2: see
 * jmap_compose_private.h. */
#include <errno.h>
#include <string.h>

#include "jmap/jmap_compose_private.h"

void compose_refuse(struct composer *c, struct view path, const char *property, const char *why)
{
	if (c->out->description == NULL)
		c->out->description = why;
	size_t before = buf_view(&c->wrong).len;
	/* The list ends where it is full; one name is enough for an error. */
	buf_printf(&c->wrong, "%s%.*s%s%s", before ? "," : "", VIEW_FMT(path), path.len ? "/" : "", property);
}

struct view compose_copy(struct composer *c, struct view text)
{
	struct view copy = {0};
	c->no_memory |= !arena_copy(c->arena, text, &copy);
	return copy;
}

void *compose_alloc(struct composer *c, size_t count, size_t size)
{
	void *p = arena_array(c->arena, count ? count : 1, size);
	c->no_memory |= p == NULL;
	return p;
}

void compose_lines_init(struct composer *c, struct compose_lines *lines, size_t room)
{
	*lines = (struct compose_lines){.items = compose_alloc(c, room, sizeof *lines->items)};
	lines->room = lines->items ? room : 0;
}

const struct compose_line *compose_find(const struct compose_lines *lines, struct view name)
{
	for (size_t i = 0; i < lines->count; i++)
		if (view_equal_nocase(lines->items[i].name, name))
			return &lines->items[i];
	return NULL;
}

/* ---- values ---- */

static const char *const wrong_type = "it has another type than this property";

/* Strings of an array, in the arena. False: it is no such array. */
static bool read_strings(struct composer *c, const json_t *value, struct draft_field *f)
{
	size_t count = json_array_size(value);
	if (!json_is_array(value))
		return false;
	struct view *items = compose_alloc(c, count, sizeof *items);
	for (size_t i = 0; i < count && items; i++) {
		if (!json_is_string(json_array_get(value, i)))
			return false;
		items[i] = jmap_string(json_array_get(value, i));
	}
	f->items = items;
	f->item_count = items ? count : 0;
	return true;
}

/* Only these members, each a string or null. */
static bool read_address(const json_t *value, struct draft_address *out)
{
	json_t *object = (json_t *)value, *member;
	const char *key;
	bool has_email = false;
	if (!json_is_object(value))
		return false;
	json_object_foreach(object, key, member)
	{
		bool is_email = strcmp(key, "email") == 0;
		if (!is_email && strcmp(key, "name") != 0)
			return false;
		if (!json_is_string(member) && !(json_is_null(member) && !is_email))
			return false;
		*(is_email ? &out->email : &out->name) = jmap_string(member);
		has_email |= is_email;
	}
	return has_email;
}

static bool read_group(struct composer *c, const json_t *value, struct draft_group *group)
{
	size_t count = json_array_size(value);
	if (!json_is_array(value))
		return false;
	struct draft_address *addresses = compose_alloc(c, count, sizeof *addresses);
	for (size_t i = 0; i < count && addresses; i++)
		if (!read_address(json_array_get(value, i), &addresses[i]))
			return false;
	group->addresses = addresses;
	group->count = addresses ? count : 0;
	return true;
}

static bool read_addresses(struct composer *c, const json_t *value, struct draft_field *f)
{
	struct draft_group *group = compose_alloc(c, 1, sizeof *group);
	f->groups = group;
	f->group_count = group != NULL;
	return group == NULL || read_group(c, value, group);
}

static bool read_named_group(struct composer *c, const json_t *value, struct draft_group *group)
{
	json_t *object = (json_t *)value, *member;
	const char *key;
	bool has_addresses = false;
	if (!json_is_object(value))
		return false;
	json_object_foreach(object, key, member)
	{
		if (strcmp(key, "addresses") == 0) {
			has_addresses = true;
			if (!read_group(c, member, group))
				return false;
		} else if (strcmp(key, "name") != 0 || !(json_is_string(member) || json_is_null(member))) {
			return false;
		} else {
			group->is_named = json_is_string(member);
			group->name = jmap_string(member);
		}
	}
	return has_addresses;
}

static bool read_groups(struct composer *c, const json_t *value, struct draft_field *f)
{
	size_t count = json_array_size(value);
	if (!json_is_array(value))
		return false;
	struct draft_group *groups = compose_alloc(c, count, sizeof *groups);
	for (size_t i = 0; i < count && groups; i++)
		if (!read_named_group(c, json_array_get(value, i), &groups[i]))
			return false;
	f->groups = groups;
	f->group_count = groups ? count : 0;
	return true;
}

static bool read_date(const json_t *value, struct draft_field *f)
{
	int offset = 0;
	if (!jmap_date_read(jmap_string(value), &f->date.seconds, &offset))
		return false;
	f->date.offset_minutes = (int16_t)offset;
	f->date.zone_known = true;
	return true;
}

static bool read_value(struct composer *c, const json_t *value, struct draft_field *f)
{
	switch (f->form) {
	case HEADER_FORM_ADDRESSES:
		return read_addresses(c, value, f);
	case HEADER_FORM_GROUPED_ADDRESSES:
		return read_groups(c, value, f);
	case HEADER_FORM_MESSAGE_IDS:
	case HEADER_FORM_URLS:
		return read_strings(c, value, f);
	case HEADER_FORM_DATE:
		return read_date(value, f);
	default:
		f->text = jmap_string(value);
		return json_is_string(value);
	}
}

/* ---- fields ---- */

/* Writes it behind others of its name. */
static bool write_field(struct composer *c, struct view path, const char *property,
    const struct draft_field *field, struct buf *text)
{
	const char *why = NULL;
	int error = draft_field_write(text, field, &why);
	if (error == -EINVAL)
		compose_refuse(c, path, property, why);
	else if (error)
		c->no_memory = true;
	return error == 0;
}

static void add_line(struct composer *c, struct compose_lines *lines, struct view name, struct view path,
    const char *property, struct buf *text)
{
	c->header_octets += buf_view(text).len;
	c->out->too_large |= c->header_octets > MIME_HEADER_MAX;
	if (lines->count < lines->room && !c->out->too_large)
		lines->items[lines->count++] = (struct compose_line){.name = name,
		    .path = path,
		    .property = view_from_string(property),
		    .text = compose_copy(c, buf_view(text))};
}

void compose_add(
    struct composer *c, struct compose_lines *lines, struct view path, const struct draft_field *field)
{
	struct buf text;
	buf_init(&text, DRAFT_FIELD_MAX);
	if (write_field(c, path, "", field, &text))
		add_line(c, lines, field->name, path, "", &text);
	buf_done(&text);
}

static bool is_empty_list(const json_t *value)
{
	return json_is_array(value) && json_array_size(value) == 0;
}

static void read_one(struct composer *c, struct view path, const char *property,
    const struct header_property *p, const json_t *value, struct buf *text)
{
	struct draft_field field = {.name = p->name, .form = p->form};
	if (is_empty_list(value))
		return;
	if (!read_value(c, value, &field))
		compose_refuse(c, path, property, wrong_type);
	else if (!c->no_memory)
		write_field(c, path, property, &field, text);
}

static void read_all(struct composer *c, struct view path, const char *property,
    const struct header_property *p, const json_t *value, struct buf *text)
{
	size_t before = buf_view(&c->wrong).len;
	if (!json_is_array(value))
		compose_refuse(c, path, property, wrong_type);
	for (size_t i = 0; i < json_array_size(value) && before == buf_view(&c->wrong).len; i++)
		read_one(c, path, property, p, json_array_get(value, i), text);
}

static void read_field(struct composer *c, struct compose_lines *lines, struct view path,
    const char *property, const struct header_property *p, const json_t *value)
{
	const struct compose_line *other = compose_find(lines, p->name);
	struct buf text;
	if (other) {
		if (other->property.len)
			compose_refuse(
			    c, other->path, other->property.data, "two properties are the same header field");
		compose_refuse(c, path, property, "two properties are the same header field");
		return;
	}
	buf_init(&text, DRAFT_FIELD_MAX);
	size_t before = buf_view(&c->wrong).len;
	if (p->all)
		read_all(c, path, property, p, value, &text);
	else
		read_one(c, path, property, p, value, &text);
	c->no_memory |= buf_failed(&text) && before == buf_view(&c->wrong).len;
	if (buf_view(&text).len > 0 && before == buf_view(&c->wrong).len)
		add_line(c, lines, p->name, path, property, &text);
	buf_done(&text);
}

bool compose_field(struct composer *c, struct compose_lines *lines, struct view path, const char *property,
    const json_t *value)
{
	struct header_property p;
	struct view name = view_from_string(property);
	int error = header_property_parse(name, &p);
	if (error == -ENOENT)
		return false;
	if (error)
		compose_refuse(c, path, property,
		    error == -EACCES ? "this header field cannot be set in this form"
		                     : "it names no header field that can be set");
	else if (!json_is_null(value))
		read_field(c, lines, path, property, &p, value);
	return true;
}

bool compose_plain(struct composer *c, struct compose_lines *lines, const char *property, const json_t *value)
{
	struct header_property p;
	if (!header_property_plain(view_from_string(property), &p))
		return false;
	read_field(c, lines, (struct view){0}, property, &p, value);
	return true;
}
