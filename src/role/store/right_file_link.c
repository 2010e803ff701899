/* FILE_LINK_GET, FILE_LINK_CREATE, FILE_LINK_UPDATE, FILE_LINK_REMOVE: mail/file_link.h. It is the channel
 * that says whose they are. */
#include <errno.h>

#include "account/file_link.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/container.h"
#include "base/random.h"
#include "role/store/question.h"
#include "role/store/right_kept.h"
#include "role/store/store_hourly.h"
#include "role/store/store_private.h"

enum {
	DAY = 86400,
	ARENA_MAX = 2 << 20 /* texts of all of an account's, with what it copies while the list grows */
};
_Static_assert(FILE_LINKS_MAX *(FILE_LINK_NAME_MAX + FILE_LINK_TYPE_MAX +
                                4 * sizeof(struct account_file_link)) < ARENA_MAX,
    "they have room");

struct right_file_link {
	struct question question;
	struct arena arena;
	struct store_read read;
	struct store_commit commit;
	struct account_file_link *list;
	size_t count, room, told;
	int64_t now, latest; /* latest: when one may end */
	/* A change. */
	struct file_link_update update;
	uint32_t number;
	uint64_t owner, kept, space;
	struct account_file_link link; /* made, or changed; its texts are in the arena */
};

static struct hourly made; /* how many each account has made within an hour */

static struct right_file_link *links_of(struct question *question)
{
	return container_of(question, struct right_file_link, question);
}

static void release(struct question *question)
{
	arena_done(&links_of(question)->arena);
}

/* ---- what there is ---- */

static void tell(struct right_file_link *x)
{
	for (; x->told < x->count; x->told++) {
		const struct account_file_link *l = &x->list[x->told];
		struct file_link_entry e = {.number = l->number,
		    .created = (uint64_t)l->created,
		    .expires = (uint64_t)l->expires,
		    .size = l->size,
		    .downloads = l->downloads,
		    .last = (uint64_t)l->last,
		    .secret = view_of(l->secret, sizeof l->secret),
		    .name = l->name,
		    .type = l->type};
		if (!right_has_room(x->question.right) || !question_answer(&x->question, FILE_LINK_ENTRY, &e))
			return;
	}
	question_done(&x->question, &(struct mail_done){.number = x->link.number});
}

static void go_on(struct question *question)
{
	tell(links_of(question));
}

static const struct question_kind kind = {.go_on = go_on, .release = release};

static struct right_file_link *begin(struct right *r, uint32_t request)
{
	struct right_file_link *x = question_begin(r, request, sizeof *x, &kind);
	arena_init(&x->arena, ARENA_MAX);
	x->owner = r->account;
	x->now = clock_wall();
	x->latest = x->now + (int64_t)store_role.process->settings.file_link_days * DAY;
	x->space = store_role.process->settings.file_link_space;
	return x;
}

static bool copy(struct right_file_link *x, struct account_file_link *l)
{
	return arena_copy(&x->arena, l->name, &l->name) && arena_copy(&x->arena, l->type, &l->type);
}

static bool grow(struct right_file_link *x)
{
	size_t room = x->room ? 2 * x->room : 64;
	struct account_file_link *list = arena_array(&x->arena, room, sizeof *list);
	if (list == NULL)
		return false;
	for (size_t i = 0; i < x->count; i++)
		list[i] = x->list[i];
	x->list = list;
	x->room = room;
	return true;
}

static int add(void *arg, const struct account_file_link *l)
{
	struct right_file_link *x = arg;
	if (l->expires <= x->now)
		return 0;
	if (x->count == x->room && !grow(x))
		return -ENOMEM;
	x->list[x->count] = *l;
	if (!copy(x, &x->list[x->count]))
		return -ENOMEM;
	x->count++;
	return 0;
}

static int run_list(struct txn *t, void *arg)
{
	struct right_file_link *x = arg;
	arena_reset(&x->arena);
	x->list = NULL;
	x->count = x->room = 0;
	return account_file_links_each(t, x->owner, add, x);
}

static void listed(struct store_read *read, int result)
{
	struct right_file_link *x = container_of(read, struct right_file_link, read);
	if (!question_back(&x->question))
		return;
	if (result)
		question_fail(&x->question, result);
	else
		tell(x);
}

void right_file_link_get(struct right *r, uint32_t request, const void *message)
{
	struct right_file_link *x = begin(r, request);
	(void)message;
	x->read = (struct store_read){.shard = r->account, .run = run_list, .arg = x, .done = listed};
	question_call(&x->question);
	store_read(store_role.store, &x->read);
}

/* ---- changes ---- */

static void changed(struct store_commit *c, int result)
{
	struct right_file_link *x = container_of(c, struct right_file_link, commit);
	if (!question_back(&x->question))
		return;
	if (result) {
		question_fail(&x->question, result);
		return;
	}
	x->list = &x->link;
	x->count = 1;
	tell(x);
}

static void commit(struct right_file_link *x, int (*run)(struct txn *t, void *arg),
    void (*done)(struct store_commit *c, int result))
{
	x->commit = (struct store_commit){.run = run, .arg = x, .done = done};
	question_call(&x->question);
	store_commit(store_role.store, &x->commit);
}

static int run_create(struct txn *t, void *arg)
{
	struct right_file_link *x = arg;
	return account_file_link_make(
	    t, x->owner, kept_id_of(x->kept), kept_expiry_of(x->kept), x->space, &x->link);
}

/* A client's clock is not ours: what is only a little too late is as late as may be. */
static bool take_expiry(struct right_file_link *x, int64_t wanted, int64_t as_it_is)
{
	if (wanted > x->latest && wanted <= x->latest + FILE_LINK_SLACK)
		wanted = x->latest;
	x->link.expires = wanted;
	return wanted > x->now && (wanted <= x->latest || wanted <= as_it_is);
}

void right_file_link_create(struct right *r, uint32_t request, const void *message)
{
	const struct file_link_create *m = message;
	struct right_file_link *x = begin(r, request);
	x->kept = m->kept;
	x->link = (struct account_file_link){.created = x->now, .name = m->name, .type = m->type};
	random_bytes(x->link.secret, sizeof x->link.secret);
	if (!copy(x, &x->link))
		question_fail(&x->question, -ENOMEM);
	else if (x->latest == x->now)
		question_fail(&x->question, -EOPNOTSUPP);
	else if (!take_expiry(x, m->expires ? (int64_t)m->expires : x->latest, 0))
		question_fail(&x->question, -EINVAL);
	else if (!hourly_take(&made, r->account, x->now, 1, FILE_LINK_HOUR_MAX))
		question_fail(&x->question, -EUSERS);
	else
		commit(x, run_create, changed);
}

static int run_update(struct txn *t, void *arg)
{
	struct right_file_link *x = arg;
	uint64_t owner = x->owner;
	int error = account_file_link_get(t, owner, (uint32_t)x->update.number, x->now, &x->link);
	if (error)
		return error;
	if (x->update.has & FILE_LINK_HAS_EXPIRES &&
	    !take_expiry(x, (int64_t)x->update.expires, x->link.expires))
		return -EINVAL;
	if (x->update.has & FILE_LINK_HAS_NAME)
		x->link.name = x->update.name;
	/* What was read lives until the first write. */
	return copy(x, &x->link) ? account_file_link_put(t, owner, &x->link) : -ENOMEM;
}

void right_file_link_update(struct right *r, uint32_t request, const void *message)
{
	struct right_file_link *x = begin(r, request);
	x->update = *(const struct file_link_update *)message;
	if (arena_copy(&x->arena, x->update.name, &x->update.name))
		commit(x, run_update, changed);
	else
		question_fail(&x->question, -ENOMEM);
}

static int run_remove(struct txn *t, void *arg)
{
	struct right_file_link *x = arg;
	return account_file_link_remove(t, x->owner, x->number);
}

static void removed(struct store_commit *c, int result)
{
	struct right_file_link *x = container_of(c, struct right_file_link, commit);
	if (result == 0)
		right_file_end(x->owner, x->number);
	if (question_back(&x->question))
		question_fail(&x->question, result);
}

void right_file_link_remove(struct right *r, uint32_t request, const void *message)
{
	const struct file_link_remove *m = message;
	struct right_file_link *x = begin(r, request);
	x->number = (uint32_t)m->number;
	commit(x, run_remove, removed);
}
