/*
 * Email/queryChanges, RFC 8621 section 4.5. The query is made anew, and what has changed is told: by the
 * table, which knows since when it is kept what happened to each row, or by store where the state is older.
 *
 * An email is told as removed and added again when something changed of it that the filter or the sort looks
 * at. Where emails of a thread stand for each other, all of a thread that was touched are told so.
 */
#include <errno.h>

#include "base/cursor.h"
#include "base/mem.h"
#include "jmap/jmap_email_methods.h"
#include "jmap/jmap_email_query.h"

struct changing {
	struct jmap_email_query query;
	struct jmap_query_changes changes;
	struct jmap_state since;
	uint64_t epoch;
	struct query_set touched, fresh; /* rows that may stand elsewhere now; those that are new */
	struct query_set threads;        /* groups that were touched */
	struct buf gone;                 /* ids, 8 octets each */
	int error;
};

static void release(void *data)
{
	struct changing *g = data;
	query_set_done(&g->touched);
	query_set_done(&g->fresh);
	query_set_done(&g->threads);
	buf_done(&g->gone);
	jmap_email_query_end(&g->query);
}

static struct jmap_table *table_of(const struct changing *g)
{
	return g->query.search.use.table;
}

static bool by_threads(const struct changing *g)
{
	return g->query.collapse || g->query.program.by_threads || g->query.sort.by_threads;
}

static bool by_keywords(const struct changing *g)
{
	return g->query.program.by_keywords || g->query.sort.by_keywords;
}

/* Only what never changes of an email decides whether it is found, and where. */
static bool is_immutable(const struct changing *g)
{
	return !by_threads(g) && !by_keywords(g) && !g->query.program.by_mailboxes;
}

/* ---- telling ---- */

/* Where emails of a thread stand for each other, all of it is touched. */
static void spread(struct changing *g)
{
	const struct jmap_table *t = table_of(g);
	if (!by_threads(g))
		return;
	for (uint32_t row = query_set_next(&g->touched, 0); row < g->touched.size;
	     row = query_set_next(&g->touched, row + 1))
		query_set_put(&g->threads, t->rows[row].group);
	for (uint32_t row = 0; row < t->count; row++)
		if (!t->rows[row].gone && query_set_has(&g->threads, t->rows[row].group))
			query_set_put(&g->touched, row);
}

/* Of results that only grow and shrink those behind upToId need not be told. */
static uint32_t told_until(struct jmap_call *c, const struct changing *g)
{
	ptrdiff_t last = g->changes.has_up_to && is_immutable(g)
	                     ? jmap_email_query_index(c, &g->query, g->changes.up_to)
	                     : -1;
	return last < 0 ? g->query.count : (uint32_t)last + 1;
}

static uint64_t count_removed(const struct changing *g)
{
	uint64_t count = buf_view(&g->gone).len / EMAIL_ID_SIZE;
	for (uint32_t row = query_set_next(&g->touched, 0); row < g->touched.size;
	     row = query_set_next(&g->touched, row + 1))
		count += !query_set_has(&g->fresh, row);
	return count;
}

static void write_removed(struct jmap_call *c, const struct changing *g)
{
	struct json_out *out = jmap_respond(c);
	uint64_t account = jmap_account(c)->number;
	json_out_name(out, VIEW("removed"));
	json_out_array(out);
	for (struct cursor in = cursor_on(buf_view(&g->gone)); !cursor_at_end(&in);)
		jmap_put_id(out, MAIL_ID_EMAIL, account, cursor_u64(&in));
	for (uint32_t row = query_set_next(&g->touched, 0); row < g->touched.size;
	     row = query_set_next(&g->touched, row + 1))
		if (!query_set_has(&g->fresh, row))
			jmap_put_id(out, MAIL_ID_EMAIL, account, table_of(g)->rows[row].id);
	json_out_end(out);
}

static void write_added(struct jmap_call *c, const struct changing *g, uint32_t until)
{
	struct json_out *out = jmap_respond(c);
	json_out_name(out, VIEW("added"));
	json_out_array(out);
	for (uint32_t i = 0; i < until; i++) {
		if (!query_set_has(&g->touched, g->query.rows[i]))
			continue;
		json_out_object(out);
		json_out_name(out, VIEW("id"));
		jmap_put_id(
		    out, MAIL_ID_EMAIL, jmap_account(c)->number, table_of(g)->rows[g->query.rows[i]].id);
		json_out_name(out, VIEW("index"));
		json_out_unsigned(out, i);
		json_out_end(out);
	}
	json_out_end(out);
}

static void tell(struct jmap_call *c, struct changing *g)
{
	struct json_out *out = jmap_respond(c);
	spread(g);
	uint32_t until = told_until(c, g);
	uint64_t count = count_removed(g);
	for (uint32_t i = 0; i < until; i++)
		count += query_set_has(&g->touched, g->query.rows[i]);
	if (g->changes.max && count > g->changes.max) {
		jmap_error(c, "tooManyChanges", "there are %llu changes", (unsigned long long)count);
		return;
	}
	jmap_put_state(out, "oldQueryState", g->since);
	jmap_put_state(out, "newQueryState", jmap_email_query_state(table_of(g)));
	if (g->changes.query.calculate_total) {
		json_out_name(out, VIEW("total"));
		json_out_unsigned(out, g->query.count);
	}
	write_removed(c, g);
	write_added(c, g, until);
	jmap_end(c);
}

/* ---- what has changed ---- */

static int begin(struct changing *g)
{
	const struct jmap_table *t = table_of(g);
	int error = query_set_init(&g->touched, t->count, false);
	if (error == 0)
		error = query_set_init(&g->fresh, t->count, false);
	if (error == 0)
		error = query_set_init(&g->threads, t->group_count, false);
	return error;
}

static void touch_thread(struct changing *g, uint64_t thread)
{
	uint32_t group = jmap_table_group(table_of(g), thread);
	if (group < g->threads.size)
		query_set_put(&g->threads, group);
}

/* The table has been kept since then. */
static void look_at_table(struct changing *g)
{
	const struct jmap_table *t = table_of(g);
	for (uint32_t i = 0; i < t->count; i++) {
		const struct jmap_row *row = &t->rows[i];
		if (row->gone)
			continue;
		if (row->created > g->since.modseq)
			query_set_put(&g->fresh, i);
		if (row->created > g->since.modseq ||
		    (g->query.program.by_mailboxes && row->moved > g->since.modseq) ||
		    (by_keywords(g) && row->flagged > g->since.modseq))
			query_set_put(&g->touched, i);
	}
	for (uint32_t i = 0; i < t->gone_count; i++) {
		if (t->gone[i].modseq <= g->since.modseq)
			continue;
		g->error = buf_append_u64(&g->gone, t->gone[i].id) ? -ENOMEM : g->error;
		touch_thread(g, t->gone[i].thread);
	}
}

static void take_changed(struct changing *g, const struct email_changed *changed)
{
	const struct jmap_table *t = table_of(g);
	for (struct cursor in = cursor_on(changed->ids); in.rest.len >= EMAIL_ID_SIZE;) {
		uint64_t id = cursor_u64(&in);
		uint32_t row = JMAP_NO_ROW;
		switch (changed->kind) {
		case EMAIL_CREATED:
		case EMAIL_UPDATED:
			row = jmap_table_find(t, id);
			if (row < g->touched.size)
				query_set_put(&g->touched, row);
			if (row < g->fresh.size && changed->kind == EMAIL_CREATED)
				query_set_put(&g->fresh, row);
			break;
		case EMAIL_DESTROYED:
			g->error = buf_append_u64(&g->gone, id) ? -ENOMEM : g->error;
			break;
		case THREAD_CREATED:
		case THREAD_UPDATED:
			touch_thread(g, id);
			break;
		default:
			break;
		}
	}
}

static void changes_answered(struct jmap_call *c, unsigned type, const void *answer)
{
	struct changing *g = jmap_data(c);
	const struct mail_done *done = answer;
	if (type == EMAIL_CHANGED)
		take_changed(g, answer);
	if (type != MAIL_DONE)
		return;
	if (g->epoch != table_of(g)->epoch)
		jmap_error(c, "serverUnavailable", "the account is being looked through: try again");
	else if (done->error == -ESTALE || done->error == -E2BIG || (done->error == 0 && done->number != 0))
		jmap_error(c, "cannotCalculateChanges", "what has changed since then is not known any more");
	else if (done->error || g->error)
		jmap_error_of(c, done->error ? done->error : g->error, "the emails");
	else
		tell(c, g);
}

static void found(struct jmap_call *c)
{
	struct changing *g = jmap_data(c);
	const struct jmap_table *t = table_of(g);
	if (jmap_email_filter_is_fleeting(&g->query.program)) {
		jmap_error(c, "cannotCalculateChanges",
		    "what is thought of signatures and senders changes while no email does: ask for the "
		    "query "
		    "anew");
		return;
	}
	g->epoch = t->epoch;
	g->error = begin(g);
	if (g->error == 0 && g->since.access == t->access && g->since.modseq <= t->modseq &&
	    g->since.modseq >= t->base) {
		look_at_table(g);
		if (g->error == 0) {
			tell(c, g);
			return;
		}
	}
	if (g->error) {
		jmap_error_of(c, g->error, "the emails");
		return;
	}
	if (g->since.access != t->access || g->since.modseq > t->modseq) {
		jmap_error(c, "cannotCalculateChanges", "what has changed since then is not known");
		return;
	}
	/* Results must not go while store is asked: those that are kept are the table's. */
	uint32_t *rows = mem_try(g->query.count * sizeof *rows + 1);
	if (rows == NULL) {
		jmap_error_of(c, -ENOMEM, "the emails");
		return;
	}
	for (uint32_t i = 0; i < g->query.count; i++)
		rows[i] = g->query.rows[i];
	mem_free(g->query.search.rows);
	g->query.rows = g->query.search.rows = rows;
	struct email_changes question = {.account = jmap_account(c)->ask,
	    .want = EMAIL_CHANGES_EMAILS | EMAIL_CHANGES_THREADS,
	    .since = g->since.modseq,
	    .access = g->since.access};
	jmap_ask(c, EMAIL_CHANGES, &question, changes_answered);
}

void jmap_email_query_changes(struct jmap_call *c)
{
	struct changing *g = jmap_call_data(c, sizeof *g, release);
	buf_init(&g->gone, SIZE_MAX >> 2);
	if (!jmap_query_changes_begin(c, &g->changes, jmap_email_sorts, jmap_email_query_arguments) ||
	    !jmap_take_bool(c, jmap_arguments(c), "collapseThreads", &g->query.collapse))
		return;
	if (!jmap_state_read(g->changes.since, &g->since)) {
		jmap_error(c, "cannotCalculateChanges", "\"sinceQueryState\" is no state of a query");
		return;
	}
	g->query.query = g->changes.query;
	g->query.enough = UINT32_MAX;
	jmap_email_query_run(c, found);
}
