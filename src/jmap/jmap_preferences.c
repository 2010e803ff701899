/*
 * Preferences of a person for the programs that show mail: one object for an account, whose property `values`
 * is a map of names to any JSON (doc/jmap.md). Each is kept as an entry of the account's metadata (RFC 5464),
 * so that two programs which set different ones at the same time lose nothing.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "jmap/jmap_numbered.h"

#define FOLDER "/private/vendor/postrider/preferences/"

enum {
	NAME_MAX_LEN = 64,
	VALUE_MAX = 16 * 1024,
	/* So many names there are, since one answer of store lists as many (account/metadata.h); so many are
	   set by one update: each is a question to store. */
	NAMES_MAX = 200,
	CHANGES_MAX = 200,
	HAS_VALUES = 1 << 1
};

static const char *const names[] = {"id", "values", NULL};

struct preferring {
	struct jmap_get get;
	json_t *values; /* as they are kept */
	json_t *wanted; /* as they will be */
	uint64_t hash;  /* of what is kept: the state */
	size_t asked;
	int64_t error;
	void (*then)(struct jmap_call *c);
};

static void release(void *data)
{
	struct preferring *x = data;
	json_decref(x->values);
	json_decref(x->wanted);
}

/* ---- what is kept ---- */

/* Lower-case letters, digits, ".", "-" and "_": names of metadata know no capitals. */
static bool is_name(struct view name)
{
	for (size_t i = 0; i < name.len; i++) {
		char byte = name.data[i];
		if (!(byte >= 'a' && byte <= 'z') && !(byte >= '0' && byte <= '9') && !memchr(".-_", byte, 3))
			return false;
	}
	return name.len > 0 && name.len <= NAME_MAX_LEN;
}

static void keep_value(struct preferring *x, const struct mail_metadata_entry *m)
{
	struct view name = view_skip(m->name, sizeof FOLDER - 1);
	if (m->none || !view_starts(m->name, VIEW(FOLDER)) || !is_name(name))
		return;
	json_t *value =
	    json_loadb(m->value.data, m->value.len, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL);
	if (value == NULL)
		return;
	/* Whatever the order in which they are told. */
	x->hash += jmap_hash(jmap_hash(JMAP_HASH_BEGIN, name), m->value);
	if (json_object_setn_new(x->values, name.data, name.len, value) != 0)
		x->error = -ENOMEM;
}

static void value_told(struct jmap_call *c, unsigned type, const void *answer)
{
	struct preferring *x = jmap_data(c);
	const struct mail_done *done = answer;
	if (type == MAIL_METADATA_ENTRY)
		keep_value(x, answer);
	else if (done->error || x->error)
		jmap_error_of(c, done->error ? done->error : x->error, "the preferences");
	else
		x->then(c);
}

static void ask_values(struct jmap_call *c, void (*then)(struct jmap_call *c))
{
	struct preferring *x = jmap_data(c);
	struct mail_metadata ask = {.depth = 1, .name = view_of(FOLDER, sizeof FOLDER - 2)};
	json_decref(x->values);
	x->values = json_object();
	x->hash = 0;
	x->error = x->values ? 0 : -ENOMEM;
	x->then = then;
	if (x->error)
		jmap_error_of(c, x->error, "the preferences");
	else
		jmap_ask(c, MAIL_METADATA, &ask, value_told);
}

static struct jmap_state state_of(const struct preferring *x)
{
	return (struct jmap_state){.modseq = x->hash & INT64_MAX};
}

/* ---- Preferences/get, Preferences/changes ---- */

static void answer_get(struct jmap_call *c)
{
	const struct preferring *x = jmap_data(c);
	bool wanted = x->get.all;
	struct json_out *w = jmap_get_list(c);
	for (size_t i = 0; i < x->get.count; i++)
		if (view_equal(x->get.ids[i], JMAP_SINGLETON))
			wanted = true;
	if (wanted) {
		json_out_object(w);
		json_out_name(w, VIEW("id"));
		json_out_string(w, JMAP_SINGLETON);
		if (x->get.properties & HAS_VALUES) {
			json_out_name(w, VIEW("values"));
			jmap_put_json(w, x->values);
		}
		json_out_end(w);
	}
	for (size_t i = 0; i < x->get.count; i++)
		if (!view_equal(x->get.ids[i], JMAP_SINGLETON))
			jmap_get_missing(c, x->get.ids[i]);
	jmap_get_end(c, state_of(x));
}

static void run_get(struct jmap_call *c)
{
	struct preferring *x = jmap_call_data(c, sizeof *x, release);
	if (jmap_get_begin(c, &x->get, names, HAS_VALUES | 1, NULL, NULL))
		ask_values(c, answer_get);
}

/* ---- Preferences/set ---- */

static void state_known(struct jmap_call *c)
{
	jmap_set_state(c, state_of(jmap_data(c)));
}

static void set_state(struct jmap_call *c)
{
	ask_values(c, state_known);
}

static void fail(struct jmap_call *c, const char *property, const char *why)
{
	jmap_set_failed(c, JMAP_SINGLETON, "invalidProperties", property, "%s", why);
	jmap_set_next(c);
}

/* One of the values has been put down; behind the last one the update ends. */
static void put_down(struct jmap_call *c, unsigned type, const void *answer)
{
	struct preferring *x = jmap_data(c);
	const struct mail_done *done = answer;
	if (type != MAIL_DONE)
		return;
	if (done->error && x->error == 0)
		x->error = done->error;
	if (--x->asked)
		return;
	if (x->error)
		jmap_set_failed(
		    c, JMAP_SINGLETON, jmap_set_error_type(x->error), NULL, "not all could be set");
	else
		jmap_set_updated(c, JMAP_SINGLETON);
	jmap_set_next(c);
}

/* False: the call has ended. */
static bool put_value(struct jmap_call *c, const char *name, const json_t *value)
{
	char entry[sizeof FOLDER + NAME_MAX_LEN];
	size_t prefix = sizeof FOLDER - 1, len = strlen(name);
	memcpy(entry, FOLDER, prefix);
	memcpy(entry + prefix, name, len);
	char *text = value ? json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
	struct mail_metadata_entry m = {.none = value == NULL,
	    .name = view_of(entry, prefix + len),
	    .value = text ? view_from_string(text) : (struct view){0}};
	bool has_text = value == NULL || text;
	bool asked = has_text && jmap_ask(c, MAIL_METADATA_SET, &m, put_down) != 0;
	free(text);
	if (!has_text)
		jmap_error_of(c, -ENOMEM, "the preferences");
	return asked;
}

/* Whether all of the values may be kept; else it was answered. */
static bool are_good(struct jmap_call *c, json_t *values)
{
	const char *name;
	json_t *value;
	if (!json_is_object(values)) {
		fail(c, "values", "it is an object");
		return false;
	}
	json_object_foreach(values, name, value)
	{
		if (!is_name(view_from_string(name)) ||
		    json_dumpb(value, NULL, 0, JSON_COMPACT | JSON_ENCODE_ANY) > VALUE_MAX) {
			fail(c, "values",
			    "a name has lower-case letters, digits, '.', '-' and '_', at most 64; a value at "
			    "most 16 KB");
			return false;
		}
	}
	return true;
}

/* Asks for all that differs. The answers come later, never from within. */
static void put_differences(struct jmap_call *c, json_t *wanted)
{
	struct preferring *x = jmap_data(c);
	const char *name;
	json_t *value;
	size_t count = 0;
	json_object_foreach(wanted, name, value) count +=
	    !json_equal(value, json_object_get(x->values, name));
	json_object_foreach(x->values, name, value) count += json_object_get(wanted, name) == NULL;
	/* One that has too many already may lose some. */
	if (json_object_size(wanted) > NAMES_MAX && json_object_size(wanted) > json_object_size(x->values)) {
		jmap_set_failed(c, JMAP_SINGLETON, "tooLarge", NULL, "there are at most 200 preferences");
		jmap_set_next(c);
		return;
	}
	if (count > CHANGES_MAX) {
		jmap_set_failed(
		    c, JMAP_SINGLETON, "tooLarge", NULL, "at most 200 preferences are set at once");
		jmap_set_next(c);
		return;
	}
	if (count == 0) {
		jmap_set_updated(c, JMAP_SINGLETON);
		jmap_set_next(c);
		return;
	}
	x->asked = count;
	x->error = 0;
	json_object_foreach(wanted, name, value)
	{
		if (!json_equal(value, json_object_get(x->values, name)) && !put_value(c, name, value))
			return;
	}
	json_object_foreach(x->values, name, value)
	{
		if (json_object_get(wanted, name) == NULL && !put_value(c, name, NULL))
			return;
	}
}

static void update(struct jmap_call *c, struct view id, json_t *patch)
{
	struct preferring *x = jmap_data(c);
	if (!view_equal(id, JMAP_SINGLETON)) {
		jmap_set_failed(c, id, "notFound", NULL, "there is one object, \"singleton\"");
		jmap_set_next(c);
		return;
	}
	json_decref(x->wanted);
	x->wanted = json_object();
	/* A path may lead into a value: what is kept stays as it is, to be compared with. */
	json_t *values = json_deep_copy(x->values);
	if (x->wanted == NULL || json_object_set_new(x->wanted, "id", json_string("singleton")) != 0 ||
	    json_object_set_new(x->wanted, "values", values) != 0) {
		jmap_error_of(c, -ENOMEM, "the preferences");
		return;
	}
	if (!jmap_patch_apply(x->wanted, patch)) {
		jmap_set_failed(c, id, "invalidPatch", NULL, "a path of it leads nowhere");
		jmap_set_next(c);
		return;
	}
	const char *name;
	json_t *value;
	json_object_foreach(x->wanted, name, value)
	{
		bool is_id = strcmp(name, "id") == 0 && view_equal(jmap_string(value), JMAP_SINGLETON);
		if (!is_id && strcmp(name, "values") != 0) {
			fail(c, name, "it has no such property, or cannot have this value");
			return;
		}
	}
	values = json_object_get(x->wanted, "values");
	if (are_good(c, values))
		put_differences(c, values);
}

static void run_set(struct jmap_call *c)
{
	static const struct jmap_set set = {.state = set_state,
	    .create = jmap_set_create_singleton,
	    .update = update,
	    .destroy = jmap_set_destroy_singleton};
	jmap_call_data(c, sizeof(struct preferring), release);
	jmap_set_run(c, &set);
}

const struct jmap_method jmap_methods_preferences[] = {
    {"Preferences/get", JMAP_PREFERENCES, JMAP_NEEDS_ACCOUNT | JMAP_OWN_ONLY, run_get},
    {"Preferences/set", JMAP_PREFERENCES, JMAP_NEEDS_ACCOUNT | JMAP_OWN_ONLY | JMAP_WRITES, run_set},
    {0},
};
