/*
 * EMAIL_TABLE: what queries need of all emails. All of them are walked through, mailbox by mailbox, and the
 * state is that of the beginning: what changes on the way is told the next time, when what changed behind a
 * state is told by the emails that it concerns. Each query asks, and mostly nothing has changed: of the own
 * account that is known without a read, as long as no commit has touched it.
 */
#include <errno.h>

#include "base/container.h"
#include "base/mem.h"
#include "role/store/question.h"
#include "role/store/store_private.h"

struct right_email_table {
	struct question question;
	struct right_account account;
	uint64_t since, access;
	bool all; /* whatever was known is to be forgotten */
	uint64_t modseq;

	struct account_states states;
	struct account_email_changes changes;
	uint64_t *ids; /* of the changes */
	struct account_rows rows;
	struct buf out;
	struct right_keywords keywords;
};

/* The own account, since its table was asked for the last time. */
struct right_unchanged {
	struct store_watch watch;
	bool holds;      /* no commit has touched it */
	uint64_t modseq; /* that was told; 0: none yet */
};

static struct right_email_table *table_of(struct question *question)
{
	return container_of(question, struct right_email_table, question);
}

static void release(struct question *question)
{
	struct right_email_table *t = table_of(question);
	account_email_changes_free(&t->changes);
	right_keywords_free(&t->keywords);
	mem_free(t->ids);
	buf_done(&t->out);
}

static void proceed(struct right_email_table *t);

static void go_on(struct question *question)
{
	proceed(table_of(question));
}

static const struct question_kind kind = {.go_on = go_on, .release = release};

/* ---- whether anything changed ---- */

static void changed(struct store_watch *watch)
{
	container_of(watch, struct right_unchanged, watch)->holds = false;
}

/* What is read from now on, and told with the state `modseq` of later, holds until the next commit. */
static void begin_to_hold(struct right *r)
{
	if (r->unchanged == NULL) {
		r->unchanged = mem_alloc(sizeof *r->unchanged);
		r->unchanged->watch = (struct store_watch){.shard = r->account, .changed = changed};
		store_watch(store_role.store, &r->unchanged->watch);
	}
	r->unchanged->holds = true;
	r->unchanged->modseq = 0;
}

static bool is_unchanged(const struct right *r, uint64_t since)
{
	return r->unchanged && r->unchanged->holds && r->unchanged->modseq == since;
}

void right_email_table_close(struct right *r)
{
	if (r->unchanged)
		store_unwatch(store_role.store, &r->unchanged->watch);
	mem_free(r->unchanged);
	r->unchanged = NULL;
}

/* ---- rows ---- */

/* Rows that may go together; one alone is smaller than a frame. False when the question has ended. */
static bool send_rows(struct right_email_table *t)
{
	struct email_rows m = {.rows = buf_view(&t->out)};
	bool sent = m.rows.len == 0 || question_answer(&t->question, EMAIL_ROWS, &m);
	buf_clear(&t->out);
	return sent;
}

static void names_told(struct question *question, int error)
{
	struct right_email_table *t = table_of(question);
	if (error)
		question_fail(question, error);
	else if (send_rows(t))
		proceed(t);
}

static void rows_read(struct account_rows *rows, int result)
{
	struct right_email_table *t = container_of(rows, struct right_email_table, rows);
	if (!question_back(&t->question))
		return;
	if (result)
		question_fail(&t->question, result);
	else if (rows->keywords)
		right_keywords(&t->question, &t->keywords, &t->account.box, NULL, 0, names_told);
	else if (send_rows(t))
		proceed(t);
}

static void read_rows(struct right_email_table *t)
{
	question_call(&t->question);
	account_rows(&store_role.accounts, &t->rows);
}

static void begin_rows(struct right_email_table *t, const uint64_t *ids, size_t count)
{
	t->rows = (struct account_rows){.shard = t->account.box.shard,
	    .who = t->account.who,
	    .ids = ids,
	    .count = count,
	    .more = true,
	    .rows = &t->out,
	    .done = rows_read};
}

/* ---- changes ---- */

static bool forget(struct right_email_table *t, const uint64_t *ids, size_t count)
{
	struct buf out;
	bool goes_on = true;
	buf_init(&out, EMAIL_IDS_BYTES);
	for (size_t i = 0; i < count && goes_on; i++) {
		buf_append_u64(&out, ids[i]);
		if (buf_view(&out).len < EMAIL_IDS_BYTES && i + 1 < count)
			continue;
		struct email_forget m = {.ids = buf_view(&out)};
		goes_on = question_answer(&t->question, EMAIL_FORGET, &m);
		buf_clear(&out);
	}
	buf_done(&out);
	return goes_on;
}

static void walk(struct right_email_table *t);

static void changes_read(struct account_email_changes *c, int result)
{
	struct right_email_table *t = container_of(c, struct right_email_table, changes);
	if (!question_back(&t->question))
		return;
	if (result == -ESTALE || result == -E2BIG) {
		walk(t);
		return;
	}
	mem_free(t->ids);
	t->ids = result ? NULL : mem_try((c->email_count + 1) * sizeof *t->ids);
	if (t->ids == NULL) {
		question_fail(&t->question, result ? result : -ENOMEM);
		return;
	}
	for (size_t i = 0; i < c->email_count; i++)
		t->ids[i] = c->emails[i].id;
	t->modseq = c->modseq;
	begin_rows(t, t->ids, c->email_count);
	t->rows.more = c->email_count > 0;
	if (forget(t, t->ids, c->email_count))
		proceed(t);
}

static void read_changes(struct right_email_table *t)
{
	account_email_changes_free(&t->changes);
	t->changes = (struct account_email_changes){.shard = t->account.box.shard,
	    .who = t->account.who,
	    .want = EMAIL_CHANGES_EMAILS,
	    .since = t->modseq,
	    .access = t->account.access,
	    .done = changes_read};
	question_call(&t->question);
	account_email_changes(&store_role.accounts, &t->changes);
}

/* ---- all ---- */

static void states_read(struct account_states *states, int result)
{
	struct right_email_table *t = container_of(states, struct right_email_table, states);
	if (!question_back(&t->question))
		return;
	if (result) {
		question_fail(&t->question, result);
		return;
	}
	t->modseq = states->modseq;
	t->account.access = states->access;
	begin_rows(t, NULL, 0);
	proceed(t);
}

static void walk(struct right_email_table *t)
{
	t->all = true;
	t->states = (struct account_states){
	    .shard = t->account.box.shard, .who = t->account.who, .done = states_read};
	question_call(&t->question);
	account_states(&store_role.accounts, &t->states);
}

static void finish(struct right_email_table *t)
{
	struct right *r = t->question.right;
	if (t->account.who == NULL && r->unchanged)
		r->unchanged->modseq = t->modseq;
	question_done(&t->question,
	    &(struct mail_done){.modseq = t->modseq, .number = t->all, .uidnext = t->account.access});
}

static void proceed(struct right_email_table *t)
{
	if (!right_has_room(t->question.right))
		return;
	if (t->rows.more)
		read_rows(t);
	else
		finish(t);
}

static void granted(struct question *question)
{
	struct right_email_table *t = table_of(question);
	bool own = t->account.who == NULL;
	t->modseq = t->since;
	if (own && t->since && is_unchanged(question->right, t->since)) {
		finish(t);
		return;
	}
	if (own)
		begin_to_hold(question->right);
	if (t->since == 0 || t->access != t->account.access)
		walk(t);
	else
		read_changes(t);
}

void right_email_table(struct right *r, uint32_t request, const void *message)
{
	const struct email_table_question *m = message;
	struct right_email_table *t = question_begin(r, request, sizeof *t, &kind);
	t->since = m->since;
	t->access = m->access;
	buf_init(&t->out, EMAIL_ROWS_BYTES);
	right_account(&t->question, m->account, &t->account, granted);
}
