/* Email/query, RFC 8621 section 4.4. */
#include "jmap/jmap_email_query.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "jmap/jmap_email_methods.h"
#include "jmap/jmap_mail_state.h"
#include "jmap/jmap_order.h"

const char *const jmap_email_query_arguments[] = {"collapseThreads", NULL};

void jmap_email_query_end(struct jmap_email_query *q)
{
	buf_done(&q->key);
	jmap_search_end(&q->search);
}

/* Results are kept under what was asked. 0 or -ENOMEM. */
static int make_key(struct jmap_call *c, struct jmap_email_query *q)
{
	static const char *const names[] = {"filter", "sort"};
	buf_init(&q->key, JMAP_ORDER_KEY_MAX);
	buf_append_byte(&q->key, q->collapse ? 't' : 'e');
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const json_t *value = json_object_get(jmap_arguments(c), names[i]);
		char *text =
		    value ? json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY) : NULL;
		if (value && text == NULL)
			return -ENOMEM;
		/* "#k" is another id in another request: results of it are not kept. */
		if (text && strstr(text, "\"#"))
			q->key.failed = 1;
		/* What is longer than a key may be is just not kept either. */
		buf_append_string(&q->key, text ? text : "null");
		buf_append_byte(&q->key, '\n');
		free(text);
	}
	return 0;
}

static void searched(struct jmap_call *c)
{
	struct jmap_email_query *q = jmap_data(c);
	struct jmap_search *s = &q->search;
	q->rows = s->rows;
	q->count = s->count;
	if (s->complete && !buf_failed(&q->key)) {
		jmap_order_keep(s->use.table, buf_view(&q->key), s->rows, s->count);
		s->rows = NULL;
	}
	q->found(c);
}

static void table_ready(struct jmap_call *c, struct jmap_table *t)
{
	struct jmap_email_query *q = jmap_data(c);
	if (!jmap_email_filter_read(c, q->query.filter, &q->program) ||
	    !jmap_email_sort_read(c, &q->query, &q->sort))
		return;
	if (make_key(c, q) != 0) {
		jmap_error_of(c, -ENOMEM, "the emails");
		return;
	}
	/* What is thought of a signature, and of a sender, changes while no email does: not kept. */
	if (jmap_email_filter_is_fleeting(&q->program))
		q->key.failed = 1;
	if (!buf_failed(&q->key) && jmap_order_find(t, buf_view(&q->key), &q->rows, &q->count)) {
		q->found(c);
		return;
	}
	q->search.program = &q->program;
	q->search.sort = &q->sort;
	q->search.collapse = q->collapse;
	q->search.enough = q->enough;
	q->search.done = searched;
	jmap_search_start(c);
}

void jmap_email_query_run(struct jmap_call *c, void (*found)(struct jmap_call *c))
{
	struct jmap_email_query *q = jmap_data(c);
	q->found = found;
	jmap_table_refresh(c, table_ready);
}

struct jmap_state jmap_email_query_state(const struct jmap_table *t)
{
	return (struct jmap_state){.modseq = t->modseq, .access = t->access};
}

ptrdiff_t jmap_email_query_index(struct jmap_call *c, const struct jmap_email_query *q, struct view id)
{
	uint64_t account, number;
	if (!mail_id_read(id, MAIL_ID_EMAIL, &account, &number) || account != jmap_account(c)->number)
		return -1;
	uint32_t row = jmap_table_find(q->search.use.table, number);
	for (uint32_t i = 0; i < q->count && row != JMAP_NO_ROW; i++)
		if (q->rows[i] == row)
			return i;
	return -1;
}

/* ---- the method ---- */

static void put(struct jmap_call *c, struct json_out *w, size_t i, void *arg)
{
	const struct jmap_email_query *q = arg;
	jmap_put_id(w, MAIL_ID_EMAIL, jmap_account(c)->number, q->search.use.table->rows[q->rows[i]].id);
}

static ptrdiff_t find(struct jmap_call *c, struct view id, void *arg)
{
	return jmap_email_query_index(c, arg, id);
}

static void found(struct jmap_call *c)
{
	struct jmap_email_query *q = jmap_data(c);
	char state[JMAP_STATE_TEXT_MAX];
	struct jmap_results results = {.count = q->count, .put = put, .find = find, .arg = q};
	jmap_query_end(c, &q->query, &results,
	    jmap_state_text(jmap_email_query_state(q->search.use.table), state),
	    !jmap_email_filter_is_fleeting(&q->program));
}

static void release(void *data)
{
	jmap_email_query_end(data);
}

void jmap_email_query(struct jmap_call *c)
{
	struct jmap_email_query *q = jmap_call_data(c, sizeof *q, release);
	if (!jmap_query_begin(c, &q->query, jmap_email_sorts, jmap_email_query_arguments) ||
	    !jmap_take_bool(c, jmap_arguments(c), "collapseThreads", &q->collapse))
		return;
	q->enough = UINT32_MAX;
	/* The beginning is enough when nobody asks for more: neither for their number nor for a place in
	 * them. */
	if (q->query.has_limit && !q->query.calculate_total && !q->query.has_anchor &&
	    q->query.position >= 0 && (uint64_t)q->query.position < UINT32_MAX / 2 &&
	    q->query.limit < UINT32_MAX / 2)
		q->enough = (uint32_t)q->query.position + (uint32_t)q->query.limit;
	jmap_email_query_run(c, found);
}
