/* HISTORY_LIST, HISTORY_GET, HISTORY_RESTORE, HISTORY_MAILBOXES: what was deleted, and comes back. */
#include <errno.h>

#include "account/history.h"
#include "base/clock.h"
#include "base/container.h"
#include "base/cursor.h"
#include "base/mem.h"
#include "mail/mail_history.h"
#include "role/store/question.h"
#include "role/store/store_private.h"

enum {
	RESTORED_SIZE = 20, /* octets of an entry of HISTORY_RESTORED */
	RESTORED_AT_ONCE = 5000
};

struct right_history {
	struct question question;
	struct account_history history;
	bool listed; /* history has entries, of which `at` is the next */
	size_t at;
	struct buf rows;
	struct account_history_id *ids; /* of those that were named; NULL: all are meant */
	size_t count, taken;

	struct account_history_mailboxes mailboxes;
	struct account_restore restore;
	uint64_t *emailids;
	int *results;
	size_t told;
	int64_t restored; /* its result */
};

static struct right_history *history_of(struct question *question)
{
	return container_of(question, struct right_history, question);
}

static void release(struct question *question)
{
	struct right_history *x = history_of(question);
	if (x->listed)
		account_history_free(&x->history);
	account_history_mailboxes_free(&x->mailboxes);
	buf_done(&x->rows);
	mem_free(x->ids);
	mem_free(x->emailids);
	mem_free(x->results);
}

/* ---- rows ---- */

static void proceed(struct right_history *x);

static void go_on(struct question *question)
{
	proceed(history_of(question));
}

static const struct question_kind listing = {.go_on = go_on, .release = release};

static bool send_rows(struct right_history *x)
{
	struct history_rows m = {.rows = buf_view(&x->rows)};
	bool sent = m.rows.len == 0 || question_answer(&x->question, HISTORY_ROWS, &m);
	buf_clear(&x->rows);
	return sent;
}

static bool put(struct right_history *x, const struct account_history_entry *e)
{
	struct history_row row = {.email = e->id.emailid,
	    .expires = e->id.expiry,
	    .mailbox = e->mailbox,
	    .deleted = e->deleted,
	    .received = e->received,
	    .size = e->size,
	    .flags = e->flags & (FLAGS_SYSTEM | FLAG_HAS_ATTACHMENT),
	    .summary = e->summary};
	if (history_row_put(&x->rows, &row))
		return true;
	if (!send_rows(x))
		return false;
	if (history_row_put(&x->rows, &row))
		return true;
	question_fail(&x->question, -ENOMEM);
	return false;
}

static void listed(struct account_history *h, int result)
{
	struct right_history *x = container_of(h, struct right_history, history);
	x->listed = true;
	x->at = 0;
	if (!question_back(&x->question))
		return;
	if (result)
		question_fail(&x->question, result);
	else
		proceed(x);
}

static void list(struct right_history *x)
{
	struct account_key from = x->history.next;
	x->history =
	    (struct account_history){.shard = x->question.right->account, .done = listed, .from = from};
	if (x->ids) {
		size_t left = x->count - x->taken;
		x->history.ids = x->ids + x->taken;
		x->history.id_count = left < ACCOUNT_HISTORY_MAX ? left : ACCOUNT_HISTORY_MAX;
		x->history.summaries = true;
		x->taken += x->history.id_count;
	}
	question_call(&x->question);
	account_history(&store_role.accounts, &x->history);
}

static void proceed(struct right_history *x)
{
	if (!right_has_room(x->question.right))
		return;
	for (; x->listed && x->at < x->history.count; x->at++)
		if (!put(x, &x->history.entries[x->at]))
			return;
	if (!send_rows(x))
		return;
	bool more = x->ids ? x->taken < x->count : x->history.more;
	account_history_free(&x->history);
	x->listed = false;
	if (more)
		list(x);
	else
		question_done(&x->question, &(struct mail_done){.error = 0});
}

static struct right_history *begin(struct right *r, uint32_t request, const struct question_kind *kind)
{
	struct right_history *x = question_begin(r, request, sizeof *x, kind);
	buf_init(&x->rows, HISTORY_ROWS_BYTES);
	return x;
}

static int take_ids(struct right_history *x, struct view ids)
{
	struct cursor in = cursor_on(ids);
	x->count = ids.len / HISTORY_ID_SIZE;
	if (ids.len % HISTORY_ID_SIZE || x->count > HISTORY_IDS_MAX)
		return -EINVAL;
	x->ids = mem_try((x->count ? x->count : 1) * sizeof *x->ids);
	if (x->ids == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < x->count; i++) {
		x->ids[i].emailid = cursor_u64(&in);
		x->ids[i].expiry = (int64_t)(cursor_u64(&in) & INT64_MAX);
	}
	return 0;
}

void right_history_list(struct right *r, uint32_t request, const void *message)
{
	struct right_history *x = begin(r, request, &listing);
	(void)message;
	list(x);
}

void right_history_get(struct right *r, uint32_t request, const void *message)
{
	const struct history_get *m = message;
	struct right_history *x = begin(r, request, &listing);
	int error = take_ids(x, m->ids);
	if (error)
		question_fail(&x->question, error);
	else
		list(x);
}

/* ---- mailboxes ---- */

static const struct question_kind at_once = {.release = release};

/* At most ACCOUNT_REMEMBERED_MAX, with short names: the channel takes them all. */
static void mailboxes_known(struct account_history_mailboxes *h, int result)
{
	struct right_history *x = container_of(h, struct right_history, mailboxes);
	if (!question_back(&x->question))
		return;
	for (size_t i = 0; i < h->count && result == 0; i++) {
		struct history_mailbox m = {.mailbox = h->entries[i].mailbox,
		    .role = h->entries[i].role,
		    .until = (uint64_t)h->entries[i].until,
		    .path = h->entries[i].path};
		if (!question_answer(&x->question, HISTORY_MAILBOX, &m))
			return;
	}
	question_fail(&x->question, result);
}

void right_history_mailboxes(struct right *r, uint32_t request, const void *message)
{
	struct right_history *x = begin(r, request, &at_once);
	(void)message;
	x->mailboxes = (struct account_history_mailboxes){
	    .shard = r->account, .now = clock_wall(), .done = mailboxes_known};
	question_call(&x->question);
	account_history_mailboxes(&store_role.accounts, &x->mailboxes);
}

/* ---- bringing back ---- */

static void tell(struct right_history *x);

static void go_on_telling(struct question *question)
{
	tell(history_of(question));
}

static const struct question_kind restoring = {.go_on = go_on_telling, .release = release};

static void tell(struct right_history *x)
{
	uint64_t restored = 0;
	while (x->told < x->count) {
		struct history_restored m;
		if (!right_has_room(x->question.right))
			return;
		for (size_t n = 0; n < RESTORED_AT_ONCE && x->told < x->count; n++, x->told++) {
			if (x->results[x->told] == -ECANCELED)
				continue;
			buf_append_u64(&x->rows, x->ids[x->told].emailid);
			buf_append_u64(&x->rows, x->emailids[x->told]);
			buf_append_u32(&x->rows, (uint32_t)-x->results[x->told]);
		}
		m.entries = buf_view(&x->rows);
		if (m.entries.len > 0 && !question_answer(&x->question, HISTORY_RESTORED, &m))
			return;
		buf_clear(&x->rows);
	}
	for (size_t i = 0; i < x->count; i++)
		restored += x->results[i] == 0;
	question_done(&x->question, &(struct mail_done){.error = x->restored, .number = restored});
}

static void restored(struct account_restore *r, int result)
{
	struct right_history *x = container_of(r, struct right_history, restore);
	if (!question_back(&x->question))
		return;
	x->restored = result;
	tell(x);
}

void right_history_restore(struct right *r, uint32_t request, const void *message)
{
	const struct history_restore *m = message;
	struct right_history *x = begin(r, request, &restoring);
	int error = take_ids(x, m->ids);
	if (error == 0) {
		x->emailids = mem_try((x->count + 1) * sizeof *x->emailids);
		x->results = mem_try((x->count + 1) * sizeof *x->results);
		error = x->emailids && x->results ? 0 : -ENOMEM;
	}
	if (error) {
		question_fail(&x->question, error);
		return;
	}
	x->restore = (struct account_restore){.shard = r->account,
	    .ids = x->ids,
	    .id_count = x->count,
	    .mailbox = (uint32_t)m->mailbox,
	    .quota_default = store_role.process->settings.quota_default,
	    .quota_messages_default = store_role.process->settings.quota_messages_default,
	    .emailids = x->emailids,
	    .results = x->results,
	    .done = restored};
	question_call(&x->question);
	account_restore(&store_role.accounts, &x->restore);
}
