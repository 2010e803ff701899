/*
 * Email/queryAct, QueryAct/get, QueryAct/set: all Emails of a query changed at once (doc/jmap.md). The query
 * is made here, as Email/query makes it; store gets the list and does the rest by itself.
 */
#include "jmap/jmap_query_act.h"

#include <errno.h>
#include <stdlib.h>

#include "base/map.h"
#include "base/mem.h"
#include "jmap/jmap_email_patch.h"
#include "jmap/jmap_email_query.h"
#include "jmap/jmap_numbered.h"
#include "mail/act.h"

/* ---- Email/queryAct ---- */

struct acting {
	struct jmap_email_query query; /* the first member: jmap_email_query.h */
	struct jmap_email_patch patch;
	struct buf change;
	struct map except;
	struct buf ids; /* 8 octets each, ascending */
	size_t at;      /* octets of them that store has */
	uint64_t number;
};

static void release(void *data)
{
	struct acting *a = data;
	jmap_email_query_end(&a->query);
	jmap_email_patch_done(&a->patch);
	buf_done(&a->change);
	buf_done(&a->ids);
	map_done(&a->except);
}

static void respond(struct jmap_call *c, struct acting *a)
{
	struct json_out *w = jmap_respond(c);
	json_out_name(w, VIEW("queryActId"));
	if (a->number)
		jmap_put_id(w, MAIL_ID_ACT, jmap_account(c)->number, a->number);
	else
		json_out_null(w);
	json_out_name(w, VIEW("total"));
	json_out_unsigned(w, a->ids.len / EMAIL_ID_SIZE);
	jmap_end(c);
}

static void on_begun(struct jmap_call *c, unsigned type, const void *answer);

static void ask_more(struct jmap_call *c, struct acting *a)
{
	struct view rest = view_take(view_skip(buf_view(&a->ids), a->at), EMAIL_IDS_BYTES);
	struct act_begin question = {.number = a->number,
	    .more = a->at + rest.len < a->ids.len,
	    .change = a->number ? (struct view){0} : buf_view(&a->change),
	    .ids = rest};
	a->at += rest.len;
	jmap_ask(c, EMAIL_ACT_BEGIN, &question, on_begun);
}

static void on_begun(struct jmap_call *c, unsigned type, const void *answer)
{
	struct acting *a = jmap_data(c);
	const struct mail_done *done = answer;
	if (type != MAIL_DONE)
		return;
	if (done->error == -EBUSY) {
		jmap_error(c, "requestTooLarge", "%d acts are under way already", ACT_COUNT_MAX);
		return;
	}
	if (done->error) {
		jmap_error_of(c, done->error, "the Emails");
		return;
	}
	a->number = done->number;
	if (a->at < a->ids.len)
		ask_more(c, a);
	else
		respond(c, a);
}

static int compare_ids(const void *one, const void *other)
{
	const uint64_t *a = one, *b = other;
	return *a < *b ? -1 : *a > *b;
}

/* 0 or -ENOMEM. */
static int gather(struct acting *a)
{
	const struct jmap_table *t = a->query.search.use.table;
	uint64_t *ids = mem_try((a->query.count + 1) * sizeof *ids);
	size_t count = 0;
	if (ids == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < a->query.count; i++) {
		uint64_t id = t->rows[a->query.rows[i]].id;
		if (map_get_u64(&a->except, id) == NULL)
			ids[count++] = id;
	}
	qsort(ids, count, sizeof *ids, compare_ids);
	for (size_t i = 0; i < count; i++)
		buf_append_u64(&a->ids, ids[i]);
	mem_free(ids);
	return buf_failed(&a->ids) ? -ENOMEM : 0;
}

static void found(struct jmap_call *c)
{
	struct acting *a = jmap_data(c);
	if (a->query.count > ACT_EMAILS_MAX)
		jmap_error(c, "requestTooLarge", "these are more Emails than %d", ACT_EMAILS_MAX);
	else if (gather(a) != 0)
		jmap_error_of(c, -ENOMEM, "the Emails");
	else if (a->ids.len == 0)
		respond(c, a);
	else
		ask_more(c, a);
}

/* Either "update", a patch, or "destroy": true. False: the call has been answered. */
static bool read_change(struct jmap_call *c, struct acting *a)
{
	struct email_change change = {0};
	json_t *update = NULL;
	bool destroy = false;
	if (!jmap_take_object(c, jmap_arguments(c), "update", &update) ||
	    !jmap_take_bool(c, jmap_arguments(c), "destroy", &destroy))
		return false;
	if (destroy == (update != NULL) || (update && json_object_size(update) == 0)) {
		jmap_error(c, "invalidArguments", "either \"update\" says something, or \"destroy\" is true");
		return false;
	}
	if (destroy) {
		change.what = EMAIL_CHANGE_DESTROY;
	} else if (!jmap_email_patch_read(c, &a->patch, (struct view){0}, update, &change)) {
		jmap_error(c, "invalidArguments", "\"update\"%s%s: %s", a->patch.property ? ", " : "",
		    a->patch.property ? a->patch.property : "", a->patch.why);
		return false;
	}
	if (email_change_put(&a->change, &change))
		return true;
	jmap_error(c, "requestTooLarge", "\"update\" has more than %d octets", ACT_CHANGE_MAX);
	return false;
}

static bool read_except(struct jmap_call *c, struct acting *a)
{
	json_t *list = NULL, *item;
	uint64_t account, number;
	size_t i;
	if (!jmap_take_array(c, jmap_arguments(c), "exceptIds", &list))
		return false;
	json_array_foreach(list, i, item)
	{
		if (!json_is_string(item)) {
			jmap_error(c, "invalidArguments", "\"exceptIds\" holds something else than ids");
			return false;
		}
		/* One that names nothing excepts nothing. */
		if (mail_id_read(jmap_creation(c, jmap_string(item)), MAIL_ID_EMAIL, &account, &number) &&
		    account == jmap_account(c)->number)
			map_set_u64(&a->except, number, a);
	}
	return true;
}

static bool has_window(struct jmap_call *c)
{
	static const char *const names[] = {"position", "anchor", "anchorOffset", "limit", "calculateTotal"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (json_object_get(jmap_arguments(c), names[i])) {
			jmap_error(c, "invalidArguments", "\"%s\": all of the query is meant", names[i]);
			return true;
		}
	return false;
}

void jmap_email_query_act(struct jmap_call *c)
{
	static const char *const extra[] = {"collapseThreads", "exceptIds", "update", "destroy", NULL};
	struct acting *a = jmap_call_data(c, sizeof *a, release);
	jmap_email_patch_init(&a->patch);
	buf_init(&a->change, ACT_CHANGE_MAX);
	buf_init(&a->ids, (size_t)ACT_EMAILS_MAX * EMAIL_ID_SIZE);
	map_init(&a->except);
	a->query.enough = UINT32_MAX;
	if (!jmap_query_begin(c, &a->query.query, jmap_email_sorts, extra) || has_window(c) ||
	    !jmap_take_bool(c, jmap_arguments(c), "collapseThreads", &a->query.collapse) ||
	    !read_except(c, a) || !read_change(c, a))
		return;
	jmap_email_query_run(c, found);
}

/* ---- QueryAct/get ---- */

static const char *const names[] = {
    "id", "state", "created", "ended", "undoableUntil", "total", "finished", "failed", "undone", NULL};
enum { PROPERTIES = (1 << 9) - 1 };

static const char *const states[] = {[ACT_GATHERING] = "gathering",
    [ACT_RUNNING] = "running",
    [ACT_DONE] = "done",
    [ACT_STOPPED] = "stopped",
    [ACT_UNDOING] = "undoing",
    [ACT_UNDONE] = "undone"};

struct getting {
	struct jmap_get get;
	bool *seen; /* of each of get.ids */
};

static void put_date(struct json_out *w, uint64_t seconds)
{
	if (seconds)
		jmap_put_utc_date(w, (int64_t)seconds);
	else
		json_out_null(w);
}

static void put_act(struct jmap_call *c, uint64_t properties, const struct act_entry *e)
{
	struct json_out *w = jmap_respond(c);
	bool undoable = e->state == ACT_DONE || e->state == ACT_STOPPED;
	const uint64_t numbers[] = {e->total, e->finished, e->failed, e->undone};
	json_out_object(w);
	json_out_name(w, VIEW("id"));
	jmap_put_id(w, MAIL_ID_ACT, jmap_account(c)->number, e->number);
	for (unsigned i = 1; names[i]; i++) {
		if (!(properties >> i & 1))
			continue;
		json_out_name(w, view_from_string(names[i]));
		if (i == 1)
			json_out_string(w, view_from_string(states[e->state]));
		else if (i < 5)
			put_date(w, i == 2     ? e->created
			            : i == 3   ? e->ended
			            : undoable ? e->ended + ACT_KEPT_SECONDS
			                       : 0);
		else
			json_out_unsigned(w, numbers[i - 5]);
	}
	json_out_end(w);
}

static void got(struct jmap_call *c, unsigned type, const void *answer)
{
	struct getting *g = jmap_data(c);
	uint64_t number;
	if (type == EMAIL_ACT) {
		const struct act_entry *e = answer;
		bool wanted = g->get.all;
		for (size_t k = 0; k < g->get.count; k++)
			if (jmap_numbered_read(c, g->get.ids[k], MAIL_ID_ACT, &number) && number == e->number)
				wanted = g->seen[k] = true;
		if (wanted)
			put_act(c, g->get.properties, e);
		return;
	}
	const struct mail_done *done = answer;
	if (done->error) {
		jmap_error_of(c, done->error, "the acts");
		return;
	}
	for (size_t k = 0; k < g->get.count; k++)
		if (!g->seen[k])
			jmap_get_missing(c, g->get.ids[k]);
	jmap_get_end_without_state(c);
}

void jmap_query_act_get(struct jmap_call *c)
{
	struct getting *g = jmap_call_data(c, sizeof *g, NULL);
	if (!jmap_get_begin(c, &g->get, names, PROPERTIES, NULL, NULL))
		return;
	g->seen = arena_array(jmap_arena(c), g->get.count + 1, sizeof *g->seen);
	if (g->seen == NULL) {
		jmap_error_of(c, -ENOMEM, "the acts");
		return;
	}
	jmap_get_list(c);
	jmap_ask(c, EMAIL_ACTS, &(struct act_get){0}, got);
}

/* ---- QueryAct/set ---- */

struct ordering {
	struct view id;
};

static void ordered(struct jmap_call *c, unsigned type, const void *answer)
{
	struct ordering *o = jmap_data(c);
	if (type != MAIL_DONE)
		return;
	int64_t error = ((const struct mail_done *)answer)->error;
	if (error == 0)
		jmap_set_updated(c, o->id);
	else if (error == -EBUSY)
		jmap_set_failed(
		    c, o->id, "invalidProperties", "state", "it is in no state from which it gets there");
	else
		jmap_set_failed(c, o->id, jmap_set_error_type(error), NULL, "%s",
		    error == -ENOENT ? "there is no such act" : "it cannot be done now");
	jmap_set_next(c);
}

static void update(struct jmap_call *c, struct view id, json_t *patch)
{
	struct ordering *o = jmap_data(c);
	struct act_number question;
	struct view state = jmap_string(json_object_get(patch, "state"));
	bool stop = view_equal(state, VIEW("stopped")), undo = view_equal(state, VIEW("undone"));
	o->id = id;
	if (!jmap_numbered_read(c, id, MAIL_ID_ACT, &question.number) || question.number > UINT32_MAX) {
		jmap_set_failed(c, id, "notFound", NULL, "there is no such act");
	} else if (json_object_size(patch) != 1 || (!stop && !undo)) {
		jmap_set_failed(c, id, "invalidProperties", "state",
		    "\"state\" alone can be set, to \"stopped\" or \"undone\"");
	} else {
		jmap_ask(c, stop ? EMAIL_ACT_STOP : EMAIL_ACT_UNDO, &question, ordered);
		return;
	}
	jmap_set_next(c);
}

static void create(struct jmap_call *c, struct view key, json_t *object)
{
	(void)object;
	jmap_set_failed(c, key, "forbidden", NULL, "Email/queryAct makes them");
	jmap_set_next(c);
}

static void destroy(struct jmap_call *c, struct view id)
{
	jmap_set_failed(c, id, "forbidden", NULL, "it goes by itself");
	jmap_set_next(c);
}

void jmap_query_act_set(struct jmap_call *c)
{
	static const struct jmap_set set = {.create = create, .update = update, .destroy = destroy};
	(void)jmap_call_data(c, sizeof(struct ordering), NULL);
	jmap_set_run(c, &set);
}
