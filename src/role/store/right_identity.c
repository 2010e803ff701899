/*
 * Identities. Before they are looked at they are brought into step with the addresses that lead to the
 * account, which mostly means: read, and found to be so.
 */
#include <errno.h>

#include "account/identities.h"
#include "account/log_gone.h"
#include "base/clock.h"
#include "base/container.h"
#include "directory/addresses.h"
#include "role/store/question.h"
#include "role/store/right_changed.h"
#include "role/store/store_private.h"
#include "role/store/submit_addresses.h"

enum { ARENA_MAX = 256 * 1024 /* a question's texts: two signatures, and what is shorter */ };

struct right_identity {
	struct question question;
	struct arena arena;
	int64_t now;
	void (*then)(struct right_identity *x);
	/* The addresses. */
	struct directory_addresses addresses;
	struct view lines[DIRECTORY_ADDRESSES_MAX];
	size_t line_count;
	struct store_read read;
	struct store_commit commit;
	/* What there is. */
	struct account_identities list;
	struct account_log_gone gone;
	bool listed, with_gone, telling;
	size_t next;
	uint64_t since;
	/* A change. */
	struct identity_set asked;
	struct account_identity with;
	struct submit_addresses look;
	int verdict;
	uint64_t number, modseq;
};

static struct right_identity *identity_of(struct question *question)
{
	return container_of(question, struct right_identity, question);
}

static void release(struct question *question)
{
	struct right_identity *x = identity_of(question);
	if (x->listed)
		account_identities_free(&x->list);
	if (x->with_gone)
		account_log_gone_free(&x->gone);
	directory_addresses_done(&x->addresses);
	arena_done(&x->arena);
}

static void tell_more(struct right_identity *x);

static void go_on(struct question *question)
{
	if (identity_of(question)->telling)
		tell_more(identity_of(question));
}

static const struct question_kind kind = {.go_on = go_on, .release = release};

static struct right_identity *begin(struct right *r, uint32_t request)
{
	struct right_identity *x = question_begin(r, request, sizeof *x, &kind);
	arena_init(&x->arena, ARENA_MAX);
	directory_addresses_init(&x->addresses, r->account);
	x->now = clock_wall();
	return x;
}

/* ---- in step with the addresses ---- */

static int run_follow(struct txn *t, void *arg)
{
	struct right_identity *x = arg;
	return account_identities_follow(t, x->question.right->account, x->now, x->lines, x->line_count);
}

static void followed(struct store_commit *c, int result)
{
	struct right_identity *x = container_of(c, struct right_identity, commit);
	if (!question_back(&x->question))
		return;
	if (result)
		question_fail(&x->question, result);
	else
		x->then(x);
}

static void compared(struct store_read *read, int result)
{
	struct right_identity *x = container_of(read, struct right_identity, read);
	if (!question_back(&x->question))
		return;
	if (result == 0) {
		x->then(x);
	} else if (result == -EROFS) {
		/* There is something to do. */
		x->commit = (struct store_commit){.run = run_follow, .arg = x, .done = followed};
		question_call(&x->question);
		store_commit(store_role.store, &x->commit);
	} else {
		question_fail(&x->question, result);
	}
}

static void compare(struct right_identity *x)
{
	struct view lines = buf_view(&x->addresses.lines), line;
	while (x->line_count < DIRECTORY_ADDRESSES_MAX && lines.len > 0 && view_next(&lines, '\n', &line))
		x->lines[x->line_count++] = line;
	x->read = (struct store_read){
	    .shard = x->question.right->account, .run = run_follow, .arg = x, .done = compared};
	question_call(&x->question);
	store_read(store_role.store, &x->read);
}

static int run_addresses(struct txn *t, void *arg)
{
	return directory_addresses(t, &((struct right_identity *)arg)->addresses);
}

static void addresses_read(struct store_read *read, int result);

static void read_addresses(struct right_identity *x)
{
	x->read = (struct store_read){
	    .shard = DIRECTORY_SHARD, .run = run_addresses, .arg = x, .done = addresses_read};
	question_call(&x->question);
	store_read(store_role.store, &x->read);
}

static void addresses_read(struct store_read *read, int result)
{
	struct right_identity *x = container_of(read, struct right_identity, read);
	if (!question_back(&x->question))
		return;
	if (result)
		question_fail(&x->question, result);
	else if (directory_addresses_more(&x->addresses))
		read_addresses(x);
	else
		compare(x);
}

static void in_step(struct right_identity *x, void (*then)(struct right_identity *))
{
	x->then = then;
	read_addresses(x);
}

/* ---- what there is ---- */

static void tell_more(struct right_identity *x)
{
	x->telling = true;
	for (; x->next < x->list.count; x->next++) {
		const struct account_identity *i = &x->list.list[x->next];
		if (!right_has_room(x->question.right))
			return;
		struct identity_entry m = {.number = i->number,
		    .created = i->created,
		    .modseq = i->modseq,
		    .may_delete = !i->derived,
		    .name = i->name,
		    .email = i->email,
		    .reply_to = i->reply_to,
		    .bcc = i->bcc,
		    .text = i->text,
		    .html = i->html};
		if (!question_answer(&x->question, IDENTITY_ENTRY, &m))
			return;
	}
	question_done(&x->question, &(struct mail_done){.modseq = x->list.state});
}

static void listed(struct account_identities *list, int result)
{
	struct right_identity *x = container_of(list, struct right_identity, list);
	x->listed = result == 0;
	if (!question_back(&x->question))
		return;
	if (result)
		question_fail(&x->question, result);
	else
		tell_more(x);
}

static void list(struct right_identity *x, void (*done)(struct account_identities *, int))
{
	x->list.shard = x->question.right->account;
	x->list.since = x->since;
	x->list.done = done;
	question_call(&x->question);
	account_identities(&store_role.accounts, &x->list);
}

static void list_all(struct right_identity *x)
{
	list(x, listed);
}

void right_identity_get(struct right *r, uint32_t request, const void *message)
{
	(void)message;
	in_step(begin(r, request), list_all);
}

/* ---- what has changed ---- */

static void gone_known(struct account_log_gone *gone, int result)
{
	struct right_identity *x = container_of(gone, struct right_identity, gone);
	x->with_gone = result == 0;
	if (!question_back(&x->question))
		return;
	if (result) {
		question_fail(&x->question, result);
		return;
	}
	struct right_changed changed;
	right_changed_init(&changed, x->since);
	for (size_t i = 0; i < x->list.count; i++)
		right_changed_add(&changed, x->list.list[i].number, x->list.list[i].created);
	for (size_t i = 0; i < gone->count; i++)
		right_changed_gone(&changed, gone->numbers[i]);
	struct identity_changed m = {.created = buf_view(&changed.created),
	    .updated = buf_view(&changed.updated),
	    .destroyed = buf_view(&changed.destroyed)};
	bool whole = right_changed_is_whole(&changed) && m.destroyed.len <= 2 * IDENTITY_COUNT_MAX * 8;
	bool up = !whole || question_answer(&x->question, IDENTITY_CHANGED, &m);
	right_changed_done(&changed);
	if (!whole)
		question_fail(&x->question, -ESTALE);
	else if (up)
		question_done(&x->question, &(struct mail_done){.modseq = x->list.state});
}

static void changes_listed(struct account_identities *list, int result)
{
	struct right_identity *x = container_of(list, struct right_identity, list);
	x->listed = result == 0;
	if (!question_back(&x->question))
		return;
	if (result == 0 && x->since > list->state)
		result = -ESTALE;
	if (result) {
		question_fail(&x->question, result);
	} else if (x->since == list->state) {
		question_done(&x->question, &(struct mail_done){.modseq = list->state});
	} else {
		x->gone = (struct account_log_gone){
		    .shard = list->shard, .since = x->since, .kind = KIND_IDENTITY, .done = gone_known};
		question_call(&x->question);
		account_log_gone(&store_role.accounts, &x->gone);
	}
}

static void list_changes(struct right_identity *x)
{
	list(x, changes_listed);
}

void right_identity_changes(struct right *r, uint32_t request, const void *message)
{
	struct right_identity *x = begin(r, request);
	x->since = ((const struct identity_changes *)message)->since;
	in_step(x, list_changes);
}

/* ---- changing ---- */

static void changed(struct store_commit *c, int result)
{
	struct right_identity *x = container_of(c, struct right_identity, commit);
	if (!question_back(&x->question))
		return;
	if (result)
		question_fail(&x->question, result);
	else
		question_done(&x->question, &(struct mail_done){.number = x->number, .modseq = x->modseq});
}

static void commit(struct right_identity *x, int (*run)(struct txn *, void *), bool frees)
{
	x->commit = (struct store_commit){.run = run, .arg = x, .done = changed, .frees_space = frees};
	question_call(&x->question);
	store_commit(store_role.store, &x->commit);
}

static int run_set(struct txn *t, void *arg)
{
	struct right_identity *x = arg;
	x->number = x->asked.number;
	return account_identity_set(
	    t, x->question.right->account, x->now, &x->number, (unsigned)x->asked.has, &x->with, &x->modseq);
}

static void looked(struct submit_addresses *look, int result)
{
	struct right_identity *x = container_of(look, struct right_identity, look);
	if (!question_back(&x->question))
		return;
	if (result == 0 && x->verdict)
		result = -EPERM;
	if (result)
		question_fail(&x->question, result);
	else
		commit(x, run_set, false);
}

void right_identity_set(struct right *r, uint32_t request, const void *message)
{
	struct right_identity *x = begin(r, request);
	const struct identity_set *m = message;
	x->asked = *m;
	if (!arena_copy(&x->arena, m->name, &x->with.name) ||
	    !arena_copy(&x->arena, m->email, &x->with.email) ||
	    !arena_copy(&x->arena, m->reply_to, &x->with.reply_to) ||
	    !arena_copy(&x->arena, m->bcc, &x->with.bcc) || !arena_copy(&x->arena, m->text, &x->with.text) ||
	    !arena_copy(&x->arena, m->html, &x->with.html)) {
		question_fail(&x->question, -ENOMEM);
		return;
	}
	if (m->number) {
		commit(x, run_set, false);
		return;
	}
	x->look = (struct submit_addresses){.account = r->account,
	    .addresses = &x->with.email,
	    .count = 1,
	    .own = 1,
	    .results = &x->verdict,
	    .done = looked};
	question_call(&x->question);
	submit_addresses(store_role.store, &x->look);
}

static int run_remove(struct txn *t, void *arg)
{
	struct right_identity *x = arg;
	return account_identity_remove(t, x->question.right->account, x->now, x->number, &x->modseq);
}

void right_identity_remove(struct right *r, uint32_t request, const void *message)
{
	struct right_identity *x = begin(r, request);
	x->number = ((const struct identity_number *)message)->number;
	commit(x, run_remove, true);
}
