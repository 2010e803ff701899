/* The frame of Foo/get (RFC 8620 section 5.1). */
#include "jmap/jmap_state.h"

#include <errno.h>

#include "base/map.h"
#include "base/mem.h"

struct jmap_get_state {
	struct buf missing; /* notFound, as items of a list */
	struct json_out missing_writer;
};

void jmap_get_release(struct jmap_call *c)
{
	if (c->get)
		buf_done(&c->get->missing);
	mem_free(c->get);
}

/* ---- ids ---- */

static bool take_ids(struct jmap_call *c, struct jmap_get *get)
{
	json_t *ids = NULL, *id;
	struct map seen;
	size_t i;

	if (!jmap_take_array(c, c->arguments, "ids", &ids))
		return false;
	get->all = ids == NULL;
	if (json_array_size(ids) > JMAP_OBJECTS_GET_MAX) {
		jmap_error(c, "requestTooLarge", "more than %d ids", JMAP_OBJECTS_GET_MAX);
		return false;
	}
	get->ids = arena_array(&c->arena, json_array_size(ids) + 1, sizeof *get->ids);
	if (get->ids == NULL) {
		jmap_error_of(c, -ENOMEM, "the list");
		return false;
	}
	map_init(&seen);
	json_array_foreach(ids, i, id)
	{
		struct view text = jmap_string(id), meant = jmap_creation(c, text);
		if (!json_is_string(id)) {
			jmap_error(c, "invalidArguments", "\"ids\" holds something else than ids");
			break;
		}
		if (map_set(&seen, text, c))
			continue;
		if (meant.len == 0 || !jmap_is_id(meant))
			jmap_get_missing(c, text);
		else if (view_equal(meant, text) || map_set(&seen, meant, c) == NULL)
			get->ids[get->count++] = meant;
	}
	map_done(&seen);
	return !c->ended;
}

/* ---- properties ---- */

static bool take_properties(struct jmap_call *c, struct jmap_get *get, const char *const *names,
    uint64_t usual, bool (*other)(struct view name))
{
	json_t *properties = NULL, *name;
	size_t i;

	if (!jmap_take_array(c, c->arguments, "properties", &properties))
		return false;
	get->properties = 1 | (properties ? 0 : usual);
	if (properties == NULL)
		return true;
	get->names = arena_array(&c->arena, json_array_size(properties) + 1, sizeof *get->names);
	if (get->names == NULL) {
		jmap_error_of(c, -ENOMEM, "the list");
		return false;
	}
	json_array_foreach(properties, i, name)
	{
		struct view text = jmap_string(name);
		unsigned k = 0;
		while (names[k] && !view_equal(view_from_string(names[k]), text))
			k++;
		if (names[k])
			get->properties |= (uint64_t)1 << k;
		else if (!json_is_string(name) || other == NULL || !other(text)) {
			jmap_error(c, "invalidArguments", "\"properties\": there is no property \"%.*s\"",
			    VIEW_FMT(text));
			return false;
		}
		get->names[get->names_count++] = text;
	}
	return true;
}

bool jmap_get_begin(struct jmap_call *c, struct jmap_get *get, const char *const *names, uint64_t usual,
    bool (*other)(struct view name), const char *const *extra)
{
	static const char *const own[] = {"ids", "properties", NULL};

	*get = (struct jmap_get){0};
	c->get = mem_alloc(sizeof *c->get);
	buf_init(&c->get->missing, JMAP_RESPONSE_MAX);
	c->get->missing_writer = json_out_on(&c->get->missing);
	return jmap_arguments_are(c, own, extra) && take_ids(c, get) &&
	       take_properties(c, get, names, usual, other);
}

/* ---- the answer ---- */

struct json_out *jmap_get_list(struct jmap_call *c)
{
	struct json_out *w = jmap_respond(c);

	json_out_name(w, VIEW("list"));
	json_out_array(w);
	return w;
}

void jmap_get_missing(struct jmap_call *c, struct view id)
{
	if (!c->ended)
		json_out_string(&c->get->missing_writer, id);
}

static void put_missing_and_end(struct jmap_call *c)
{
	struct json_out *w = jmap_respond(c);
	struct view missing = buf_view(&c->get->missing);

	json_out_name(w, VIEW("notFound"));
	json_out_array(w);
	if (missing.len)
		json_out_raw(w, missing);
	json_out_end(w);
	if (buf_failed(&c->get->missing))
		jmap_error_of(c, -ENOMEM, "the answer");
	else
		jmap_end(c);
}

void jmap_get_end(struct jmap_call *c, struct jmap_state state)
{
	if (c->ended)
		return;
	json_out_end(jmap_respond(c));
	jmap_put_state(jmap_respond(c), "state", state);
	put_missing_and_end(c);
}

void jmap_get_end_without_state(struct jmap_call *c)
{
	if (c->ended)
		return;
	json_out_end(jmap_respond(c));
	put_missing_and_end(c);
}
