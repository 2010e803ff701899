/* Relay's memos (ledger/memo.h): handed out in parts, kept in one commit, and dropped by upkeep when they are
 * of no use any more. */
#include <errno.h>

#include "base/clock.h"
#include "base/container.h"
#include "base/log.h"
#include "base/mem.h"
#include "ledger/memo.h"
#include "role/store/store_private.h"

/* ---- handing out ---- */

struct memo_list {
	struct store_read read;
	struct asked asked;
	unsigned kind;
	char *after;
	struct arena arena;
	struct message_memo memos[MEMO_LIST_MAX];
	size_t count;
	struct buf last;
	bool more;
};

static int take_memo(void *arg, const struct memo *memo)
{
	struct memo_list *l = arg;
	struct message_memo *m = &l->memos[l->count];
	m->expires = (uint64_t)memo->expires;
	if (!arena_copy(&l->arena, memo->name, &m->name) || !arena_copy(&l->arena, memo->value, &m->value))
		return -ENOMEM;
	l->count++;
	return 0;
}

static int run_list(struct txn *t, void *arg)
{
	struct memo_list *l = arg;
	l->count = 0;
	arena_reset(&l->arena);
	return memo_list(
	    t, l->kind, view_from_string(l->after), clock_wall(), take_memo, l, &l->last, &l->more);
}

static void listed(struct store_read *read, int result)
{
	struct memo_list *l = container_of(read, struct memo_list, read);
	struct message_memos m = {.error = result};
	if (result == 0)
		m = (struct message_memos){.more = l->more,
		    .last = buf_view(&l->last),
		    .memos = {.items = l->memos, .count = l->count}};
	asked_answer(&l->asked, MESSAGE_MEMOS, &m);
	arena_done(&l->arena);
	buf_done(&l->last);
	mem_free(l->after);
	mem_free(l);
}

void store_memo_list(struct link *link, struct channel_frame *frame, const void *message)
{
	const struct message_memo_list *m = message;
	struct memo_list *l = mem_alloc(sizeof *l);
	if (!asked_begin(&l->asked, link, frame)) {
		struct message_memos busy = {.error = -EBUSY};
		ipc_send(&link->channel, MESSAGE_MEMOS, frame->request, &busy, -1);
		mem_free(l);
		return;
	}
	l->kind = (unsigned)m->kind;
	l->after = mem_string(m->after);
	arena_init(&l->arena, MEMO_LIST_BYTES + MEMO_VALUE_MAX + MEMO_LIST_MAX * 64);
	buf_init(&l->last, MEMO_NAME_MAX);
	l->read = (struct store_read){.shard = LEDGER_SHARD, .run = run_list, .done = listed, .arg = l};
	store_read(store_role.store, &l->read);
}

/* ---- keeping ---- */

struct memo_set {
	struct store_commit commit;
	struct asked asked;
	unsigned kind;
	struct arena arena;
	struct memo *memos;
	size_t count;
};

static int run_set(struct txn *t, void *arg)
{
	struct memo_set *s = arg;
	int error = 0;
	for (size_t i = 0; i < s->count && error == 0; i++) {
		error = memo_put(t, s->kind, &s->memos[i]);
		/* Without room it is not kept, and the others are. */
		if (error == -EDQUOT)
			error = 0;
	}
	return error;
}

static void kept(struct store_commit *commit, int result)
{
	struct memo_set *s = container_of(commit, struct memo_set, commit);
	struct message_result m = {.error = result};
	asked_answer(&s->asked, MESSAGE_MEMO_KEPT, &m);
	arena_done(&s->arena);
	mem_free(s);
}

static bool copy_memos(struct memo_set *s, const struct message_memo_set *m)
{
	const struct message_memo *from = m->memos.items;
	s->memos = arena_array(&s->arena, m->memos.count, sizeof *s->memos);
	if (s->memos == NULL)
		return false;
	for (; s->count < m->memos.count; s->count++, from++) {
		struct memo *memo = &s->memos[s->count];
		memo->expires = (int64_t)from->expires;
		if (!arena_copy(&s->arena, from->name, &memo->name) ||
		    !arena_copy(&s->arena, from->value, &memo->value))
			return false;
	}
	return true;
}

void store_memo_set(struct link *link, struct channel_frame *frame, const void *message)
{
	const struct message_memo_set *m = message;
	struct memo_set *s = mem_alloc(sizeof *s);
	if (!asked_begin(&s->asked, link, frame)) {
		struct message_result busy = {.error = -EBUSY};
		ipc_send(&link->channel, MESSAGE_MEMO_KEPT, frame->request, &busy, -1);
		mem_free(s);
		return;
	}
	s->kind = (unsigned)m->kind;
	arena_init(&s->arena, 1 << 20); /* twice what a frame holds */
	s->commit = (struct store_commit){.run = run_set, .arg = s, .done = kept, .large = true};
	if (!copy_memos(s, m)) {
		kept(&s->commit, -ENOMEM);
		return;
	}
	store_commit(store_role.store, &s->commit);
}

/* ---- upkeep ---- */

static struct {
	struct store_commit commit;
	struct buf at, next;
	int64_t now;
	bool running, more;
} expiry;

static int run_expire(struct txn *t, void *arg)
{
	(void)arg;
	buf_clear(&expiry.next);
	buf_append(&expiry.next, buf_view(&expiry.at));
	return memo_expire(t, expiry.now, &expiry.next, &expiry.more);
}

static void expired(struct store_commit *commit, int result)
{
	if (result == 0 && expiry.more && !store_role.draining) {
		buf_clear(&expiry.at);
		buf_append(&expiry.at, buf_view(&expiry.next));
		store_commit(store_role.store, commit);
		return;
	}
	if (result)
		log_event(LOG_WARNING, "-", "memos-not-expired", log_errno(result));
	buf_done(&expiry.at);
	buf_done(&expiry.next);
	expiry.running = false;
}

void store_memo_expire(void)
{
	if (expiry.running)
		return;
	expiry.running = true;
	expiry.now = clock_wall();
	buf_init(&expiry.at, MEMO_EXPIRE_AT);
	buf_init(&expiry.next, MEMO_EXPIRE_AT);
	expiry.commit =
	    (struct store_commit){.run = run_expire, .done = expired, .large = true, .frees_space = true};
	store_commit(store_role.store, &expiry.commit);
}
