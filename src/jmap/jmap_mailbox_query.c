/* Mailbox/query and Mailbox/queryChanges: RFC 8621 sections 2.3 and 2.4. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "base/mem.h"
#include "format/fold.h"
#include "jmap/jmap_mailbox.h"
#include "jmap/jmap_mailboxes.h"

static const char *const sorts[] = {"sortOrder", "name", NULL};
static const char *const extra[] = {"sortAsTree", "filterAsTree", NULL};

enum {
	/* Levels that are walked up from a mailbox: more than names can have. */
	DEPTH_MAX = 64,
	FOLDED_MAX = 18 * MAIL_PATH_MAX
};

struct querying {
	struct jmap_mailboxes_use use;
	struct jmap_query query;
	struct jmap_query_changes changes;
	bool sort_as_tree, filter_as_tree, tells_changes;
	struct jmap_mailbox **results;
	size_t count;
	struct view *folded; /* names, by the place in the list */
	bool *matches;       /* by the same: meets the filter */

	/* What has changed. */
	struct jmap_state since;
	bool *touched, *fresh;
	struct buf gone; /* numbers, 8 octets each */
};

static void release(void *data)
{
	struct querying *q = data;
	jmap_table_leave(&q->use.table);
	buf_done(&q->gone);
}

static size_t place_of(const struct querying *q, const struct jmap_mailbox *m)
{
	return (size_t)(m - q->use.list.items);
}

/* ---- the filter ---- */

struct matching {
	struct jmap_call *c;
	const struct querying *q;
	const struct jmap_mailbox *m;
};

static bool fold(struct jmap_call *c, struct view text, struct view *folded)
{
	struct buf out;
	buf_init(&out, FOLDED_MAX);
	bool kept = fold_casemap(text, &out) == 0 && arena_copy(jmap_arena(c), buf_view(&out), folded);
	buf_done(&out);
	return kept;
}

static bool name_has(const struct matching *on, const json_t *value)
{
	struct view sought, name = on->q->folded[place_of(on->q, on->m)];
	if (!fold(on->c, jmap_string(value), &sought))
		return false;
	return sought.len == 0 || memmem(name.data, name.len, sought.data, sought.len) != NULL;
}

static bool parent_is(const struct matching *on, const json_t *value)
{
	uint64_t account, number;
	if (json_is_null(value))
		return on->m->parent == NULL;
	return on->m->parent &&
	       mail_id_read(jmap_creation(on->c, jmap_string(value)), MAIL_ID_MAILBOX, &account, &number) &&
	       account == jmap_account(on->c)->number && number == on->m->parent->mailbox.mailbox;
}

static bool role_is(const struct matching *on, const json_t *value)
{
	const char *role = jmap_mailbox_role(on->m->mailbox.role);
	if (json_is_null(value))
		return role == NULL;
	return role && view_equal(jmap_string(value), view_from_string(role));
}

static bool matches(void *arg, const json_t *condition)
{
	const struct matching *on = arg;
	const json_t *parent = json_object_get(condition, "parentId"),
	             *name = json_object_get(condition, "name"), *role = json_object_get(condition, "role"),
	             *any = json_object_get(condition, "hasAnyRole"),
	             *subscribed = json_object_get(condition, "isSubscribed");
	if ((parent && !parent_is(on, parent)) || (role && !role_is(on, role)) ||
	    (name && !name_has(on, name)))
		return false;
	if (any && json_is_true(any) != (jmap_mailbox_role(on->m->mailbox.role) != NULL))
		return false;
	return subscribed == NULL || json_is_true(subscribed) == (on->m->mailbox.subscribed != 0);
}

static bool is_known(void *arg, const json_t *condition)
{
	union { /* jansson walks no constant object */
		const json_t *given;
		json_t *walked;
	} object = {.given = condition};
	struct jmap_call *c = arg;
	const char *key;
	json_t *value;
	json_object_foreach(object.walked, key, value)
	{
		bool text = strcmp(key, "parentId") == 0 || strcmp(key, "role") == 0;
		bool flag = strcmp(key, "hasAnyRole") == 0 || strcmp(key, "isSubscribed") == 0;
		bool name = strcmp(key, "name") == 0;
		if (!text && !flag && !name) {
			jmap_error(c, "unsupportedFilter", "there is no condition \"%s\"", key);
			return false;
		}
		if (((text || name) && !json_is_string(value) && !(text && json_is_null(value))) ||
		    (flag && !json_is_boolean(value))) {
			jmap_error(c, "invalidArguments", "\"filter\": \"%s\" is not of its type", key);
			return false;
		}
	}
	return true;
}

/* ---- the order ---- */

/* sort(3) has no argument for it; a call is sorted at a time. */
static const struct querying *sorting;

static int compare_by(const struct querying *q, const struct jmap_mailbox *a, const struct jmap_mailbox *b)
{
	for (size_t i = 0; i < q->query.sort_count; i++) {
		int order = 0;
		if (view_equal(q->query.sort[i].property, VIEW("sortOrder")))
			order =
			    a->mailbox.order < b->mailbox.order ? -1 : a->mailbox.order > b->mailbox.order;
		else
			order = view_compare(q->folded[place_of(q, a)], q->folded[place_of(q, b)]);
		if (order)
			return q->query.sort[i].descending ? -order : order;
	}
	return a->mailbox.mailbox < b->mailbox.mailbox ? -1 : a->mailbox.mailbox > b->mailbox.mailbox;
}

static size_t depth_of(const struct jmap_mailbox *m)
{
	size_t depth = 0;
	for (; m->parent && depth < DEPTH_MAX; m = m->parent)
		depth++;
	return depth;
}

/* sortAsTree: what is above comes first, and others by the nearest ones above that have the same parent. */
static int compare_in_tree(
    const struct querying *q, const struct jmap_mailbox *a, const struct jmap_mailbox *b)
{
	size_t depth_a = depth_of(a), depth_b = depth_of(b);
	const struct jmap_mailbox *x = a, *y = b;
	for (size_t i = depth_a; i > depth_b; i--)
		x = x->parent;
	for (size_t i = depth_b; i > depth_a; i--)
		y = y->parent;
	if (x == y)
		return depth_a < depth_b ? -1 : depth_a > depth_b;
	for (size_t i = 0; x->parent != y->parent && i < DEPTH_MAX; i++) {
		x = x->parent;
		y = y->parent;
	}
	return compare_by(q, x, y);
}

static int compare(const void *one, const void *other)
{
	const struct jmap_mailbox *const *a = one, *const *b = other;
	return sorting->sort_as_tree ? compare_in_tree(sorting, *a, *b) : compare_by(sorting, *a, *b);
}

/* ---- the results ---- */

/* filterAsTree: only what is below mailboxes that are all found. */
static bool is_found(const struct querying *q, const struct jmap_mailbox *m)
{
	for (size_t i = 0; m && i < DEPTH_MAX; m = m->parent, i++) {
		if (!q->matches[place_of(q, m)])
			return false;
		if (!q->filter_as_tree)
			return true;
	}
	return true;
}

static bool find_results(struct jmap_call *c, struct querying *q)
{
	struct arena *arena = jmap_arena(c);
	const struct jmap_mailboxes *list = &q->use.list;
	q->results = arena_array(arena, list->count + 1, sizeof(struct jmap_mailbox *));
	q->folded = arena_array(arena, list->count + 1, sizeof *q->folded);
	q->matches = arena_array(arena, list->count + 1, sizeof *q->matches);
	bool room = q->results && q->folded && q->matches;
	for (size_t i = 0; i < list->count && room; i++)
		room = fold(c, list->items[i].name, &q->folded[i]);
	for (size_t i = 0; i < list->count && room; i++) {
		struct matching on = {.c = c, .q = q, .m = &list->items[i]};
		q->matches[i] = jmap_filter_matches(q->query.filter, matches, &on);
	}
	for (size_t i = 0; i < list->count && room; i++)
		if (is_found(q, &list->items[i]))
			q->results[q->count++] = &list->items[i];
	if (!room) {
		jmap_error_of(c, -ENOMEM, "the mailboxes");
		return false;
	}
	sorting = q;
	qsort(q->results, q->count, sizeof *q->results, compare);
	return true;
}

static void put(struct jmap_call *c, struct json_out *w, size_t i, void *arg)
{
	const struct querying *q = arg;
	jmap_put_id(w, MAIL_ID_MAILBOX, jmap_account(c)->number, q->results[i]->mailbox.mailbox);
}

static ptrdiff_t find(struct jmap_call *c, struct view id, void *arg)
{
	const struct querying *q = arg;
	uint64_t account, number;
	if (!mail_id_read(id, MAIL_ID_MAILBOX, &account, &number) || account != jmap_account(c)->number)
		return -1;
	for (size_t i = 0; i < q->count; i++)
		if (q->results[i]->mailbox.mailbox == number)
			return (ptrdiff_t)i;
	return -1;
}

/* What is in mailboxes changes no result: only names and the like do. */
static struct jmap_state state_of(const struct querying *q)
{
	return (struct jmap_state){
	    .modseq = q->use.states.modseqs[MAIL_STATE_MAILBOXES], .access = q->use.states.access};
}

/* ---- Mailbox/query ---- */

static void query_ready(struct jmap_call *c, struct jmap_mailboxes *list)
{
	struct querying *q = jmap_data(c);
	char state[JMAP_STATE_TEXT_MAX];
	(void)list;
	if (!find_results(c, q))
		return;
	struct jmap_results results = {.count = q->count, .put = put, .find = find, .arg = q};
	jmap_query_end(c, &q->query, &results, jmap_state_text(state_of(q), state), true);
}

static bool take_trees(struct jmap_call *c, struct querying *q)
{
	return jmap_filter_each(q->query.filter, is_known, c) &&
	       jmap_take_bool(c, jmap_arguments(c), "sortAsTree", &q->sort_as_tree) &&
	       jmap_take_bool(c, jmap_arguments(c), "filterAsTree", &q->filter_as_tree);
}

void jmap_mailbox_query(struct jmap_call *c)
{
	struct querying *q = jmap_call_data(c, sizeof *q, release);
	if (jmap_query_begin(c, &q->query, sorts, extra) && take_trees(c, q))
		jmap_mailboxes_load(c, query_ready);
}

/* ---- Mailbox/queryChanges ---- */

/* Where mailboxes stand by those above them, what is below changes its place with these. */
static void spread(struct querying *q)
{
	const struct jmap_mailboxes *list = &q->use.list;
	for (size_t i = 0; (q->sort_as_tree || q->filter_as_tree) && i < list->count; i++)
		for (const struct jmap_mailbox *m = list->items[i].parent; m && !q->touched[i]; m = m->parent)
			q->touched[i] = q->touched[place_of(q, m)];
}

static size_t count_changes(const struct querying *q)
{
	size_t count = buf_view(&q->gone).len / EMAIL_ID_SIZE;
	for (size_t i = 0; i < q->use.list.count; i++)
		count += q->touched[i] && !q->fresh[i];
	for (size_t i = 0; i < q->count; i++)
		count += q->touched[place_of(q, q->results[i])];
	return count;
}

static void tell(struct jmap_call *c, struct querying *q)
{
	struct json_out *out = jmap_respond(c);
	uint64_t account = jmap_account(c)->number;
	spread(q);
	if (q->changes.max && count_changes(q) > q->changes.max) {
		jmap_error(c, "tooManyChanges", "there are %zu changes", count_changes(q));
		return;
	}
	jmap_put_state(out, "oldQueryState", q->since);
	jmap_put_state(out, "newQueryState", state_of(q));
	if (q->query.calculate_total) {
		json_out_name(out, VIEW("total"));
		json_out_unsigned(out, q->count);
	}
	json_out_name(out, VIEW("removed"));
	json_out_array(out);
	for (struct cursor in = cursor_on(buf_view(&q->gone)); !cursor_at_end(&in);)
		jmap_put_id(out, MAIL_ID_MAILBOX, account, cursor_u64(&in));
	for (size_t i = 0; i < q->use.list.count; i++)
		if (q->touched[i] && !q->fresh[i])
			jmap_put_id(out, MAIL_ID_MAILBOX, account, q->use.list.items[i].mailbox.mailbox);
	json_out_end(out);
	json_out_name(out, VIEW("added"));
	json_out_array(out);
	for (size_t i = 0; i < q->count; i++) {
		if (!q->touched[place_of(q, q->results[i])])
			continue;
		json_out_object(out);
		json_out_name(out, VIEW("id"));
		put(c, out, i, q);
		json_out_name(out, VIEW("index"));
		json_out_unsigned(out, i);
		json_out_end(out);
	}
	json_out_end(out);
	jmap_end(c);
}

static void take_changed(struct querying *q, const struct email_changed *changed)
{
	if (changed->kind == MAILBOX_DESTROYED)
		buf_append(&q->gone, changed->ids);
	if (changed->kind != MAILBOX_CREATED && changed->kind != MAILBOX_UPDATED)
		return;
	for (struct cursor in = cursor_on(changed->ids); in.rest.len >= EMAIL_ID_SIZE;) {
		const struct jmap_mailbox *m = jmap_mailboxes_find(&q->use.list, cursor_u64(&in));
		if (m == NULL)
			continue;
		q->touched[place_of(q, m)] = true;
		q->fresh[place_of(q, m)] |= changed->kind == MAILBOX_CREATED;
	}
}

static void changes_answered(struct jmap_call *c, unsigned type, const void *answer)
{
	struct querying *q = jmap_data(c);
	const struct mail_done *done = answer;
	if (type == EMAIL_CHANGED)
		take_changed(q, answer);
	if (type != MAIL_DONE)
		return;
	if (done->error == -ESTALE || done->error == -E2BIG)
		jmap_error(c, "cannotCalculateChanges", "what has changed since then is not known any more");
	else if (done->error || buf_failed(&q->gone))
		jmap_error_of(c, done->error ? done->error : -ENOMEM, "the mailboxes");
	else
		tell(c, q);
}

static void changes_ready(struct jmap_call *c, struct jmap_mailboxes *list)
{
	struct querying *q = jmap_data(c);
	struct jmap_state now = state_of(q);
	if (!find_results(c, q))
		return;
	q->touched = arena_array(jmap_arena(c), list->count + 1, sizeof *q->touched);
	q->fresh = arena_array(jmap_arena(c), list->count + 1, sizeof *q->fresh);
	if (q->touched == NULL || q->fresh == NULL) {
		jmap_error_of(c, -ENOMEM, "the mailboxes");
		return;
	}
	if (q->since.access != now.access || q->since.modseq > now.modseq) {
		jmap_error(c, "cannotCalculateChanges", "what has changed since then is not known");
		return;
	}
	struct email_changes question = {.account = jmap_account(c)->ask,
	    .want = EMAIL_CHANGES_MAILBOXES,
	    .since = q->since.modseq,
	    .access = q->since.access};
	jmap_ask(c, EMAIL_CHANGES, &question, changes_answered);
}

void jmap_mailbox_query_changes(struct jmap_call *c)
{
	struct querying *q = jmap_call_data(c, sizeof *q, release);
	buf_init(&q->gone, JMAP_RESPONSE_MAX);
	if (!jmap_query_changes_begin(c, &q->changes, sorts, extra))
		return;
	q->query = q->changes.query;
	if (!take_trees(c, q))
		return;
	if (jmap_state_read(q->changes.since, &q->since))
		jmap_mailboxes_load(c, changes_ready);
	else
		jmap_error(c, "cannotCalculateChanges", "\"sinceQueryState\" is no state of a query");
}
