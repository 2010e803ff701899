/* SHARING_NOTES, SHARING_NOTES_CHANGES, SHARING_NOTE_REMOVE: what the session was told of sharing
 * (mail/sharing.h). */
#include <errno.h>

#include "account/log_gone.h"
#include "account/share_notes.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/container.h"
#include "role/store/question.h"
#include "role/store/right_changed.h"
#include "role/store/store_private.h"

enum { ARENA_MAX = 2 << 20 /* texts of SHARING_NOTES_MAX: an entry of each at most */ };

struct right_share_notes {
	struct question question;
	struct arena arena;
	struct store_read read;
	struct store_commit commit;
	struct account_log_gone gone;
	struct account_share_note list[SHARING_NOTES_MAX];
	size_t count, told;
	bool listed, with_gone;
	uint64_t state, since, number;
	int64_t now;
};

static struct right_share_notes *notes_of(struct question *question)
{
	return container_of(question, struct right_share_notes, question);
}

static void release(struct question *question)
{
	struct right_share_notes *x = notes_of(question);
	arena_done(&x->arena);
	if (x->with_gone)
		account_log_gone_free(&x->gone);
}

/* ---- what there is ---- */

static void tell(struct right_share_notes *x)
{
	for (; x->told < x->count; x->told++) {
		const struct account_share_note *n = &x->list[x->told];
		struct sharing_note m = {.number = n->number,
		    .created = (uint64_t)n->created,
		    .modseq = n->modseq,
		    .by = n->by % MAIL_ACCOUNT_END,
		    .by_address = n->by_address,
		    .owner = n->owner % MAIL_ACCOUNT_END,
		    .mailbox = n->mailbox,
		    .old_rights = n->old_rights,
		    .new_rights = n->new_rights,
		    .path = n->path};
		if (!right_has_room(x->question.right) || !question_answer(&x->question, SHARING_NOTE, &m))
			return;
	}
	question_done(&x->question, &(struct mail_done){.modseq = x->state});
}

static void go_on(struct question *question)
{
	if (notes_of(question)->listed)
		tell(notes_of(question));
}

static const struct question_kind kind = {.go_on = go_on, .release = release};

static int add(void *arg, const struct account_share_note *n)
{
	struct right_share_notes *x = arg;
	struct account_share_note *to = &x->list[x->count];
	if (x->count == SHARING_NOTES_MAX)
		return 0;
	*to = *n;
	if (!arena_copy(&x->arena, n->by_address, &to->by_address) ||
	    !arena_copy(&x->arena, n->path, &to->path))
		return -ENOMEM;
	x->count++;
	return 0;
}

static int run_list(struct txn *t, void *arg)
{
	struct right_share_notes *x = arg;
	arena_reset(&x->arena);
	x->count = 0;
	return account_share_notes_each(t, x->question.right->account, &x->state, add, x);
}

static struct right_share_notes *begin(struct right *r, uint32_t request)
{
	struct right_share_notes *x = question_begin(r, request, sizeof *x, &kind);
	arena_init(&x->arena, ARENA_MAX);
	return x;
}

static void read_list(struct right_share_notes *x, void (*done)(struct store_read *read, int result))
{
	x->read =
	    (struct store_read){.shard = x->question.right->account, .run = run_list, .arg = x, .done = done};
	question_call(&x->question);
	store_read(store_role.store, &x->read);
}

static void listed(struct store_read *read, int result)
{
	struct right_share_notes *x = container_of(read, struct right_share_notes, read);
	if (!question_back(&x->question))
		return;
	x->listed = result == 0;
	if (result)
		question_fail(&x->question, result);
	else
		tell(x);
}

void right_share_notes(struct right *r, uint32_t request, const void *message)
{
	(void)message;
	read_list(begin(r, request), listed);
}

/* ---- what has changed ---- */

static void tell_changed(struct right_share_notes *x)
{
	struct right_changed changed;
	right_changed_init(&changed, x->since);
	for (size_t i = 0; i < x->count; i++)
		if (x->list[i].modseq > x->since)
			right_changed_add(&changed, x->list[i].number, x->list[i].modseq);
	for (size_t i = 0; i < x->gone.count; i++)
		right_changed_gone(&changed, x->gone.numbers[i]);
	struct sharing_notes_changed m = {
	    .created = buf_view(&changed.created), .destroyed = buf_view(&changed.destroyed)};
	bool whole = right_changed_is_whole(&changed);
	bool up = !whole || question_answer(&x->question, SHARING_NOTES_CHANGED, &m);
	right_changed_done(&changed);
	if (!whole)
		question_fail(&x->question, -ESTALE);
	else if (up)
		question_done(&x->question, &(struct mail_done){.modseq = x->state});
}

static void gone_known(struct account_log_gone *gone, int result)
{
	struct right_share_notes *x = container_of(gone, struct right_share_notes, gone);
	x->with_gone = result == 0;
	if (!question_back(&x->question))
		return;
	if (result)
		question_fail(&x->question, result);
	else
		tell_changed(x);
}

static void changes_listed(struct store_read *read, int result)
{
	struct right_share_notes *x = container_of(read, struct right_share_notes, read);
	if (!question_back(&x->question))
		return;
	if (result == 0 && x->since > x->state)
		result = -ESTALE;
	if (result) {
		question_fail(&x->question, result);
	} else if (x->since == x->state) {
		/* However long ago that is. */
		question_done(&x->question, &(struct mail_done){.modseq = x->state});
	} else {
		x->gone = (struct account_log_gone){.shard = x->question.right->account,
		    .since = x->since,
		    .kind = KIND_SHARE_NOTE,
		    .done = gone_known};
		question_call(&x->question);
		account_log_gone(&store_role.accounts, &x->gone);
	}
}

void right_share_notes_changes(struct right *r, uint32_t request, const void *message)
{
	struct right_share_notes *x = begin(r, request);
	x->since = ((const struct sharing_notes_changes *)message)->since;
	read_list(x, changes_listed);
}

/* ---- one goes ---- */

static int run_remove(struct txn *t, void *arg)
{
	struct right_share_notes *x = arg;
	return account_share_note_remove(t, x->question.right->account, x->now, x->number, &x->state);
}

static void removed(struct store_commit *commit, int result)
{
	struct right_share_notes *x = container_of(commit, struct right_share_notes, commit);
	if (!question_back(&x->question))
		return;
	question_done(&x->question, &(struct mail_done){.error = result, .modseq = result ? 0 : x->state});
}

void right_share_note_remove(struct right *r, uint32_t request, const void *message)
{
	struct right_share_notes *x = begin(r, request);
	x->number = ((const struct sharing_note_remove *)message)->number;
	x->now = clock_wall();
	x->commit = (struct store_commit){.run = run_remove, .arg = x, .frees_space = true, .done = removed};
	question_call(&x->question);
	store_commit(store_role.store, &x->commit);
}
