/* Looking at what was deleted, and bringing it back by name: see history.h. */
#include "account/history.h"

#include <errno.h>

#include "account/undelete.h"
#include "base/clock.h"
#include "base/container.h"
#include "base/mem.h"

/* ---- emails ---- */

static int take_summary(struct txn *t, struct account_history *h, uint64_t emailid,
    const struct account_email *email, struct view *out)
{
	struct view value, summary = email->summary;
	int error = 0;
	if (email->summary_apart) {
		error = key_get(t, h->shard, key_summary(emailid), &value);
		if (error == 0)
			error = summary_decode(value, &summary);
	}
	/* The rest is worth telling without it. */
	if (error == -ENOENT || error == -EBADMSG)
		return 0;
	if (error == 0 && !arena_copy(&h->texts, summary, out))
		return -ENOMEM;
	return error;
}

static int add(struct txn *t, struct account_history *h, const struct account_history_id *id,
    const struct account_deleted *d)
{
	struct account_email email;
	struct view value;
	struct account_history_entry *e = &h->entries[h->count];
	*e = (struct account_history_entry){
	    .id = *id, .mailbox = d->mailbox, .flags = d->flags, .size = d->size, .deleted = d->deleted};
	int error = key_get(t, h->shard, key_email(id->emailid), &value);
	if (error == 0)
		error = email_decode(id->emailid, value, &email);
	if (error)
		return error == -ENOENT || error == -EBADMSG ? 0 : error;
	e->received = email.internaldate;
	if (h->summaries)
		error = take_summary(t, h, id->emailid, &email, &e->summary);
	h->count += error == 0;
	return error;
}

struct gathering {
	struct account_history *h;
	size_t count;
	struct account_history_id ids[ACCOUNT_HISTORY_MAX];
	struct account_deleted deleted[ACCOUNT_HISTORY_MAX];
};

static int gather(void *arg, struct view key, struct view value)
{
	struct gathering *g = arg;
	struct account_history_id *id = &g->ids[g->count];
	if (g->count == ACCOUNT_HISTORY_MAX) {
		g->h->more = true;
		return 1;
	}
	/* Behind this one it goes on. */
	if (!account_key_behind(key, &g->h->next))
		return -EBADMSG;
	if (key_read_deleted(key, &id->expiry, &id->emailid) &&
	    deleted_decode(value, &g->deleted[g->count]) == 0)
		g->count++;
	return 0;
}

static int run_all(struct txn *t, struct account_history *h)
{
	struct account_key from = h->from.len ? h->from : key_letter('U'), to = key_behind_letter('U');
	struct txn_range range = {.shard = h->shard, .from = key_view(&from), .to = key_view(&to)};
	struct gathering *g = mem_alloc(sizeof *g);
	g->h = h;
	g->count = 0;
	int error = txn_range(t, &range, gather, g);
	error = error > 0 ? 0 : error;
	for (size_t i = 0; i < g->count && error == 0; i++)
		error = add(t, h, &g->ids[i], &g->deleted[i]);
	mem_free(g);
	return error;
}

static int find_deleted(
    struct txn *t, uint64_t shard, const struct account_history_id *id, struct account_deleted *d)
{
	struct view value;
	int error = key_get(t, shard, key_deleted(id->expiry, id->emailid), &value);
	return error ? error : deleted_decode(value, d);
}

static int run_ids(struct txn *t, struct account_history *h)
{
	struct account_deleted d;
	int error = 0;
	for (size_t i = 0; i < h->id_count && i < ACCOUNT_HISTORY_MAX && error == 0; i++) {
		error = find_deleted(t, h->shard, &h->ids[i], &d);
		if (error == 0)
			error = add(t, h, &h->ids[i], &d);
		if (error == -ENOENT || error == -EBADMSG)
			error = 0;
	}
	return error;
}

static int run_read(struct txn *t, void *arg)
{
	struct account_history *h = arg;
	h->count = 0;
	h->more = false;
	arena_reset(&h->texts);
	return h->ids ? run_ids(t, h) : run_all(t, h);
}

static void read_done(struct store_read *read, int result)
{
	struct account_history *h = container_of(read, struct account_history, read);
	h->done(h, result);
}

void account_history(struct accounts *a, struct account_history *h)
{
	h->entries = mem_array(ACCOUNT_HISTORY_MAX, sizeof *h->entries);
	arena_init(&h->texts, ACCOUNT_HISTORY_MAX * (STORE_ENTRY_MAX + 64));
	h->read = (struct store_read){.shard = h->shard, .run = run_read, .arg = h, .done = read_done};
	store_read(a->store, &h->read);
}

void account_history_free(struct account_history *h)
{
	mem_free(h->entries);
	h->entries = NULL;
	arena_done(&h->texts);
}

/* ---- mailboxes ---- */

static int add_mailbox(void *arg, struct view key, struct view value)
{
	struct account_history_mailboxes *h = arg;
	struct account_remembered m;
	struct account_history_mailbox e;
	if (!key_read_remembered(key, &e.mailbox) || remembered_decode(value, &m) != 0 || m.until <= h->now)
		return 0;
	e.role = m.role;
	e.until = m.until;
	if (!arena_copy(&h->texts, m.path, &e.path))
		return -ENOMEM;
	if (h->count == h->room) {
		h->room = h->room ? 2 * h->room : 16;
		h->entries = mem_resize(h->entries, h->room * sizeof *h->entries);
	}
	h->entries[h->count++] = e;
	return 0;
}

static int run_mailboxes(struct txn *t, void *arg)
{
	struct account_history_mailboxes *h = arg;
	struct account_key from = key_remembered(0), to = key_remembered(UINT32_MAX);
	struct txn_range range = {.shard = h->shard, .from = key_view(&from), .to = key_view(&to)};
	h->count = 0;
	arena_reset(&h->texts);
	return txn_range(t, &range, add_mailbox, h);
}

static void mailboxes_done(struct store_read *read, int result)
{
	struct account_history_mailboxes *h = container_of(read, struct account_history_mailboxes, read);
	h->done(h, result);
}

void account_history_mailboxes(struct accounts *a, struct account_history_mailboxes *h)
{
	arena_init(&h->texts, ACCOUNT_REMEMBERED_MAX * (STORE_ENTRY_MAX + 64));
	h->read =
	    (struct store_read){.shard = h->shard, .run = run_mailboxes, .arg = h, .done = mailboxes_done};
	store_read(a->store, &h->read);
}

void account_history_mailboxes_free(struct account_history_mailboxes *h)
{
	mem_free(h->entries);
	h->entries = NULL;
	arena_done(&h->texts);
}

/* ---- bringing back ---- */

/* What comes back counts for the quota again. */
static int check_quota(const struct account_change *c, const struct account_restore *r, uint64_t size)
{
	uint64_t quota = c->head.quota ? c->head.quota : r->quota_default, used = head_bytes(&c->head);
	if (quota && (used > quota || size > quota - used))
		return -EDQUOT;
	uint64_t messages = c->head.quota_messages ? c->head.quota_messages : r->quota_messages_default;
	return messages && c->head.messages >= messages ? -EDQUOT : 0;
}

static bool is_own(int error)
{
	return error == -ENOENT || error == -EBADMSG || error == -ENXIO || error == -EDQUOT;
}

static int restore_one(struct account_change *c, struct account_restore *r, size_t i)
{
	const struct account_history_id *id = &r->ids[i];
	struct account_deleted d;
	int error = find_deleted(c->txn, c->shard, id, &d);
	if (error == 0)
		error = check_quota(c, r, d.size);
	if (error == 0)
		error =
		    undelete_one(c, key_deleted(id->expiry, id->emailid), &d, r->mailbox, &r->emailids[i]);
	if (error && !is_own(error))
		return error;
	r->results[i] = error;
	if (error)
		r->emailids[i] = 0;
	return 0;
}

static int run_restore(struct txn *t, void *arg)
{
	struct account_restore *r = arg;
	struct account_change c;
	int error = change_begin(&c, t, r->shard, r->now);
	r->reached = r->finished;
	while (r->reached < r->id_count && error == 0 && undelete_has_room(&c))
		error = restore_one(&c, r, r->reached++);
	return error ? error : change_end(&c);
}

static void step(struct account_restore *r);

static void restored(struct store_commit *commit, int result)
{
	struct account_restore *r = container_of(commit, struct account_restore, commit);
	if (result == 0)
		r->finished = r->reached;
	if (result == 0 && r->finished < r->id_count) {
		step(r);
		return;
	}
	for (size_t i = r->finished; i < r->id_count; i++) {
		r->results[i] = -ECANCELED;
		r->emailids[i] = 0;
	}
	r->done(r, result);
}

static void step(struct account_restore *r)
{
	r->now = clock_wall();
	r->commit = (struct store_commit){.run = run_restore, .arg = r, .done = restored};
	store_commit(r->accounts->store, &r->commit);
}

void account_restore(struct accounts *a, struct account_restore *r)
{
	r->accounts = a;
	r->finished = 0;
	step(r);
}
