/* Sieve scripts (RFC 9661): SieveScript/get, /query and /validate; /set is in jmap_sieve_set.c. */
#include "jmap/jmap_sieve.h"

#include <errno.h>
#include <stdio.h>

#include "format/fold.h"

/* ---- SieveScript/get ---- */

static const char *const names[] = {"id", "name", "blobId", "isActive", NULL};
enum { HAS_NAME = 1 << 1, HAS_BLOB = 1 << 2, HAS_ACTIVE = 1 << 3, HAS_ALL = 0xf };

struct getting {
	struct jmap_get get;
	struct jmap_scripts scripts;
};

static void put_script(struct jmap_call *c, uint64_t properties, const struct script_entry *e)
{
	struct json_out *w = jmap_respond(c);
	json_out_object(w);
	json_out_name(w, VIEW("id"));
	jmap_put_id(w, MAIL_ID_SCRIPT, jmap_account(c)->number, e->number);
	if (properties & HAS_NAME) {
		json_out_name(w, VIEW("name"));
		json_out_string(w, e->name);
	}
	if (properties & HAS_BLOB) {
		json_out_name(w, VIEW("blobId"));
		jmap_put_script_blob(c, w, e->number, e->version);
	}
	if (properties & HAS_ACTIVE) {
		json_out_name(w, VIEW("isActive"));
		json_out_bool(w, e->active != 0);
	}
	json_out_end(w);
}

static void got(struct jmap_call *c, unsigned type, const void *answer)
{
	struct getting *g = jmap_data(c);
	if (!jmap_scripts_take(c, &g->scripts, type, answer))
		return;
	jmap_get_list(c);
	for (size_t i = 0; i < g->scripts.count && g->get.all; i++)
		put_script(c, g->get.properties, &g->scripts.items[i]);
	for (size_t i = 0; i < g->get.count; i++) {
		const struct script_entry *e = jmap_scripts_by_id(c, &g->scripts, g->get.ids[i]);
		if (e)
			put_script(c, g->get.properties, e);
		else
			jmap_get_missing(c, g->get.ids[i]);
	}
	jmap_get_end(c, (struct jmap_state){.modseq = g->scripts.state});
}

static void run_get(struct jmap_call *c)
{
	struct getting *g = jmap_call_data(c, sizeof *g, NULL);
	if (jmap_get_begin(c, &g->get, names, HAS_ALL, NULL, NULL))
		jmap_scripts_ask(c, got);
}

/* ---- SieveScript/query ---- */

struct querying {
	struct jmap_query query;
	struct jmap_scripts scripts;
	struct view folded[SCRIPT_COUNT_MAX]; /* the names of the scripts */
	size_t found[SCRIPT_COUNT_MAX], count;
};

struct matching { /* a script, and what its names and those of conditions are folded with */
	struct jmap_call *call;
	const struct script_entry *entry;
	struct view folded;
};

static bool is_condition(void *arg, const json_t *condition)
{
	const char *name;
	json_t *value;
	(void)arg;
	json_object_foreach((json_t *)(uintptr_t)condition, name, value)
	{
		struct view n = view_from_string(name);
		if (!(view_equal(n, VIEW("name")) && json_is_string(value)) &&
		    !(view_equal(n, VIEW("isActive")) && json_is_boolean(value)))
			return false;
	}
	return true;
}

static bool fold(struct jmap_call *c, struct view text, struct view *folded)
{
	struct buf out;
	buf_init(&out, JMAP_SIZE_REQUEST_MAX);
	bool good = fold_casemap(text, &out) == 0 && arena_copy(jmap_arena(c), buf_view(&out), folded);
	buf_done(&out);
	if (!good)
		jmap_error_of(c, -ENOMEM, "the query");
	return good;
}

static bool contains(struct view text, struct view part)
{
	for (size_t i = 0; i + part.len <= text.len; i++)
		if (view_equal(view_take(view_skip(text, i), part.len), part))
			return true;
	return false;
}

static bool matches(void *arg, const json_t *condition)
{
	const struct matching *m = arg;
	const json_t *name = json_object_get(condition, "name"),
	             *active = json_object_get(condition, "isActive");
	struct view folded = {0};
	if (active && json_is_true(active) != (m->entry->active != 0))
		return false;
	return name == NULL || (fold(m->call, jmap_string(name), &folded) && contains(m->folded, folded));
}

/* By what the query says, then by name. */
static int compare(const struct querying *q, size_t a, size_t b)
{
	for (size_t i = 0; i < q->query.sort_count; i++) {
		bool by_name = view_equal(q->query.sort[i].property, VIEW("name"));
		int order = by_name ? view_compare(q->folded[a], q->folded[b])
		                    : (q->scripts.items[a].active != 0) - (q->scripts.items[b].active != 0);
		if (order)
			return q->query.sort[i].descending ? -order : order;
	}
	return view_compare(q->scripts.items[a].name, q->scripts.items[b].name);
}

static void insert(struct querying *q, size_t script)
{
	size_t at = q->count++;
	for (; at > 0 && compare(q, q->found[at - 1], script) > 0; at--)
		q->found[at] = q->found[at - 1];
	q->found[at] = script;
}

static void put_found(struct jmap_call *c, struct json_out *w, size_t i, void *arg)
{
	const struct querying *q = arg;
	jmap_put_id(w, MAIL_ID_SCRIPT, jmap_account(c)->number, q->scripts.items[q->found[i]].number);
}

static ptrdiff_t find(struct jmap_call *c, struct view id, void *arg)
{
	struct querying *q = arg;
	const struct script_entry *e = jmap_scripts_by_id(c, &q->scripts, id);
	for (size_t i = 0; e && i < q->count; i++)
		if (&q->scripts.items[q->found[i]] == e)
			return (ptrdiff_t)i;
	return -1;
}

static void queried(struct jmap_call *c, unsigned type, const void *answer)
{
	struct querying *q = jmap_data(c);
	char state[24];
	if (!jmap_scripts_take(c, &q->scripts, type, answer))
		return;
	for (size_t i = 0; i < q->scripts.count; i++)
		if (!fold(c, q->scripts.items[i].name, &q->folded[i]))
			return;
	for (size_t i = 0; i < q->scripts.count; i++) {
		struct matching m = {.call = c, .entry = &q->scripts.items[i], .folded = q->folded[i]};
		if (jmap_filter_matches(q->query.filter, matches, &m))
			insert(q, i);
	}
	struct jmap_results results = {.count = q->count, .put = put_found, .find = find, .arg = q};
	snprintf(state, sizeof state, "%llu", (unsigned long long)q->scripts.state);
	jmap_query_end(c, &q->query, &results, view_from_string(state), false);
}

static void run_query(struct jmap_call *c)
{
	static const char *const sorts[] = {"name", "isActive", NULL};
	struct querying *q = jmap_call_data(c, sizeof *q, NULL);
	if (!jmap_query_begin(c, &q->query, sorts, NULL))
		return;
	if (jmap_filter_each(q->query.filter, is_condition, NULL))
		jmap_scripts_ask(c, queried);
	else
		jmap_error(c, "unsupportedFilter",
		    "a condition is neither \"name\" with a string nor \"isActive\" with a boolean");
}

/* ---- SieveScript/validate ---- */

static void release_text(void *data)
{
	jmap_script_text_done(data);
}

static void judged(struct jmap_call *c, int64_t error)
{
	const struct jmap_script_text *t = jmap_data(c);
	struct json_out *w = jmap_respond(c);
	if (error && error != -ENOEXEC && error != -EFBIG) {
		jmap_error_of(c, error, "the script");
		return;
	}
	json_out_name(w, VIEW("error"));
	if (error) {
		json_out_object(w);
		json_out_name(w, VIEW("type"));
		json_out_string(w, view_from_string(jmap_script_error_type(error)));
		jmap_put_script_error(w, t, error);
		json_out_end(w);
	} else {
		json_out_null(w);
	}
	jmap_end(c);
}

static void checked(struct jmap_call *c, unsigned type, const void *answer)
{
	jmap_script_text_hear(jmap_data(c), type, answer);
	if (type == MAIL_DONE)
		judged(c, ((const struct mail_done *)answer)->error);
}

static void is_missing(struct jmap_call *c)
{
	struct json_out *w = jmap_respond(c);
	json_out_name(w, VIEW("error"));
	json_out_object(w);
	json_out_name(w, VIEW("type"));
	json_out_string(w, VIEW("blobNotFound"));
	json_out_name(w, VIEW("description"));
	json_out_string(w, VIEW("there is no such blob"));
	json_out_end(w);
	jmap_end(c);
}

static void text_is_read(struct jmap_call *c, int64_t error)
{
	struct jmap_script_text *t = jmap_data(c);
	if (error == -ENOENT) {
		is_missing(c);
	} else if (error) {
		judged(c, error);
	} else {
		jmap_script_text_tell(c, t);
		jmap_ask(c, SCRIPT_CHECK, &(struct script_check){0}, checked);
	}
}

static void on_blob(struct jmap_call *c, unsigned type, const void *answer)
{
	jmap_script_text_take(c, jmap_data(c), type, answer);
}

static void run_validate(struct jmap_call *c)
{
	struct jmap_script_text *t = jmap_call_data(c, sizeof *t, release_text);
	struct view blob = {0};
	if (!jmap_arguments_known(c, "blobId", NULL) ||
	    !jmap_take_string(c, jmap_arguments(c), "blobId", &blob))
		return;
	if (blob.data == NULL)
		jmap_error(c, "invalidArguments", "\"blobId\" is missing");
	else if (!jmap_script_text_begin(c, t, blob, on_blob, text_is_read))
		is_missing(c);
}

const struct jmap_method jmap_methods_sieve[] = {
    {"SieveScript/get", JMAP_SIEVE, JMAP_NEEDS_ACCOUNT | JMAP_OWN_ONLY, run_get},
    {"SieveScript/query", JMAP_SIEVE, JMAP_NEEDS_ACCOUNT | JMAP_OWN_ONLY, run_query},
    {"SieveScript/validate", JMAP_SIEVE, JMAP_NEEDS_ACCOUNT | JMAP_OWN_ONLY, run_validate},
    {"SieveScript/set", JMAP_SIEVE, JMAP_NEEDS_ACCOUNT | JMAP_OWN_ONLY | JMAP_WRITES, jmap_sieve_set},
    {0},
};
