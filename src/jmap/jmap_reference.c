/*
 * References to earlier results (RFC 8620 section 3.7). A result is text that our own writer made, so a path
 * is followed in the text, and only what it names becomes a tree: a list of mail with its bodies is passed
 * over and not built again.
 */
#include "jmap/jmap_state.h"

#include <errno.h>

/* ---- the text ---- */

/* The octets of the value at the front: a string, a container, or anything else up to what ends it. 0: none.
 */
static size_t value_len(struct view v)
{
	size_t depth = 0, i = 0;

	for (; i < v.len; i++) {
		char c = v.data[i];
		if (c == '"') {
			while (++i < v.len && v.data[i] != '"')
				i += v.data[i] == '\\';
			if (depth == 0)
				return i < v.len ? i + 1 : 0;
		} else if (c == '[' || c == '{') {
			depth++;
		} else if (c == ']' || c == '}') {
			if (depth == 0)
				return i;
			if (--depth == 0)
				return i + 1;
		} else if (c == ',' && depth == 0) {
			return i;
		}
	}
	return depth ? 0 : i;
}

/* Takes the next item off the inside of a list: "1,2]". */
static bool next_item(struct view *inside, struct view *item)
{
	size_t len;

	if (inside->len && inside->data[0] == ',')
		*inside = view_skip(*inside, 1);
	len = value_len(*inside);
	if (len == 0)
		return false;
	*item = view_take(*inside, len);
	*inside = view_skip(*inside, len);
	return true;
}

/* The member whose name, as it is written, is `name`. */
static bool find_member(struct view object, struct view name, struct view *value)
{
	struct view inside = view_skip(object, 1), key;

	while (next_item(&inside, &key) && inside.len && inside.data[0] == ':') {
		inside = view_skip(inside, 1);
		if (!next_item(&inside, value))
			return false;
		if (view_equal(key, name))
			return true;
	}
	return false;
}

/* ---- the path (RFC 6901) ---- */

struct path {
	size_t count;
	struct view steps[JMAP_REFERENCE_STEPS_MAX];  /* unescaped */
	struct view quoted[JMAP_REFERENCE_STEPS_MAX]; /* as the writer writes them as a name */
};

static bool add_step(struct jmap_call *c, struct path *path, struct view step)
{
	struct buf text, quoted;
	bool ok = path->count < JMAP_REFERENCE_STEPS_MAX;

	buf_init(&text, step.len);
	buf_init(&quoted, 6 * step.len + 2);
	for (size_t i = 0; ok && i < step.len; i++) {
		char octet = step.data[i];
		if (octet == '~') {
			i++;
			ok = i < step.len && (step.data[i] == '0' || step.data[i] == '1');
			octet = ok && step.data[i] == '1' ? '/' : '~';
		}
		(void)buf_append_byte(&text, octet);
	}
	struct json_out w = json_out_on(&quoted);
	json_out_string(&w, buf_view(&text));
	ok = ok && !buf_failed(&text) && !buf_failed(&quoted) &&
	     arena_copy(&c->arena, buf_view(&text), &path->steps[path->count]) &&
	     arena_copy(&c->arena, buf_view(&quoted), &path->quoted[path->count]);
	path->count += ok;
	buf_done(&text);
	buf_done(&quoted);
	return ok;
}

static bool read_path(struct jmap_call *c, struct view text, struct path *path)
{
	struct view step;

	path->count = 0;
	if (text.len == 0)
		return true;
	if (text.data[0] != '/')
		return false;
	text = view_skip(text, 1);
	while (view_next(&text, '/', &step))
		if (!add_step(c, path, step))
			return false;
	return true;
}

/* ---- what it names ---- */

static json_t *build(struct jmap_request *r, struct view text)
{
	size_t octets;
	bool no_memory;

	/* However often references name the same things, all that they make is no larger than a request may
	 * be. */
	if (!jmap_scan(text, &octets) || octets > JMAP_TREE_MAX - r->tree ||
	    octets > JMAP_SESSION_TREES_MAX - r->session->trees)
		return NULL;
	r->tree += octets;
	r->session->trees += octets;
	return jmap_parse(text, &no_memory);
}

static json_t *follow(struct jmap_request *r, struct view value, const struct path *path, size_t at);

/* "*": the rest of the path for each item, lists within it joined. */
static json_t *follow_each(struct jmap_request *r, struct view list, const struct path *path, size_t at)
{
	struct view inside = view_skip(list, 1), item;
	json_t *all = json_array();
	bool ok = all != NULL;

	while (ok && next_item(&inside, &item)) {
		json_t *one = follow(r, item, path, at);
		if (one == NULL)
			ok = false;
		else if (json_is_array(one))
			ok = json_array_extend(all, one) == 0;
		else
			ok = json_array_append(all, one) == 0;
		json_decref(one);
	}
	if (ok)
		return all;
	json_decref(all);
	return NULL;
}

static json_t *follow(struct jmap_request *r, struct view value, const struct path *path, size_t at)
{
	for (; at < path->count; at++) {
		struct view step = path->steps[at], inside = view_skip(value, 1);
		uint64_t n;

		if (value.data[0] == '{') {
			if (!find_member(value, path->quoted[at], &value))
				return NULL;
		} else if (value.data[0] != '[') {
			return NULL;
		} else if (view_equal(step, VIEW("*"))) {
			return follow_each(r, value, path, at + 1);
		} else {
			if (!view_to_u64(step, UINT32_MAX, &n) || (step.len > 1 && step.data[0] == '0'))
				return NULL;
			do
				if (!next_item(&inside, &value))
					return NULL;
			while (n--);
		}
	}
	return build(r, value);
}

static json_t *resolve(struct jmap_call *c, const json_t *reference)
{
	struct jmap_request *r = c->request;
	const json_t *of = json_object_get(reference, "resultOf"), *name = json_object_get(reference, "name"),
	             *path_text = json_object_get(reference, "path");
	struct path *path = arena_alloc(&c->arena, sizeof *path);

	if (!json_is_string(of) || !json_is_string(name) || !json_is_string(path_text) || path == NULL ||
	    !read_path(c, jmap_string(path_text), path))
		return NULL;
	/* The first response with the id; it must have the name. */
	for (size_t i = 0; i < r->result_count; i++) {
		const struct jmap_result *result = &r->results[i];
		if (!view_equal(result->id, jmap_string(of)))
			continue;
		if (!view_equal(view_from_string(result->name), jmap_string(name)))
			return NULL;
		if (result->len > JMAP_FOLLOWED_MAX - r->followed)
			return NULL;
		r->followed += result->len;
		struct view text = view_skip(buf_view(r->out), r->out_start + result->start);
		return follow(r, view_take(text, result->len), path, 0);
	}
	return NULL;
}

bool jmap_resolve_references(struct jmap_call *c)
{
	const char *key;
	void *next;
	json_t *value;

	json_object_foreach_safe(c->arguments, next, key, value)
	{
		if (key[0] != '#')
			continue;
		if (json_object_get(c->arguments, key + 1)) {
			jmap_error(c, "invalidArguments", "\"%s\" is given with and without \"#\"", key + 1);
			return false;
		}
		json_t *found = resolve(c, value);
		if (found == NULL || json_object_set_new(c->arguments, key + 1, found) != 0) {
			jmap_error(
			    c, "invalidResultReference", "\"%s\" refers to nothing that was answered", key);
			return false;
		}
		(void)json_object_del(c->arguments, key);
	}
	return true;
}
