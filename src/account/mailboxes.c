/* Making, renaming and removing mailboxes: see mailboxes.h. All refusals come before the first write. */
#include "account/mailboxes.h"

#include <errno.h>
#include <string.h>

#include "account/intent.h"
#include "account/mailbox.h"
#include "account/shares.h"
#include "base/clock.h"
#include "base/container.h"
#include "base/mem.h"

/* Where the mailbox is to stand: the whole path. */
static int read_target(
    struct account_change *c, const struct account_mailbox_request *r, struct mailbox_path *path)
{
	if (!view_empty(r->path))
		return mailbox_path_read(r->path, path);
	int error = mailbox_path_of(c->txn, c->shard, r->parent, path);
	return error ? error : mailbox_path_add(path, r->name);
}

/* Mailboxes of one level, and of the next one below. */
struct levels {
	size_t count;
	uint32_t numbers[ACCOUNT_MAILBOXES_MAX];
};

static int note_mailbox(void *arg, struct view key, struct view value)
{
	struct levels *l = arg;
	uint64_t number;
	int error = number_decode(value, &number);
	(void)key;
	if (error == 0 && l->count == ACCOUNT_MAILBOXES_MAX)
		error = -EMLINK;
	if (error == 0)
		l->numbers[l->count++] = (uint32_t)number;
	return error;
}

static int list_children(struct account_change *c, uint32_t mailbox, size_t limit, struct levels *l)
{
	struct account_key from = key_mailbox_name(mailbox, (struct view){0}),
	                   to = key_mailbox_name(mailbox + 1, (struct view){0});
	struct txn_range range = {
	    .shard = c->shard, .from = key_view(&from), .to = key_view(&to), .limit = limit};
	return txn_range(c->txn, &range, note_mailbox, l);
}

/* May what is below a mailbox stand so much deeper? Goes down level by level; each mailbox is looked at once.
 */
static int check_height(struct account_change *c, uint32_t mailbox, unsigned depth)
{
	struct levels *l = mem_alloc(sizeof *l);
	size_t done = 0, end = 1;
	int error = 0;
	l->count = 1;
	l->numbers[0] = mailbox;
	while (done < l->count && error == 0) {
		if (++depth > ACCOUNT_DEPTH_MAX)
			error = -EMLINK;
		for (; done < end && error == 0; done++)
			error = list_children(c, l->numbers[done], 0, l);
		end = l->count;
	}
	mem_free(l);
	return error;
}

/* mailbox: whose they are to be; 0: a new one's. */
static int check_settings(
    const struct account_change *c, const struct account_mailbox_request *r, uint32_t mailbox)
{
	if (r->set & MAILBOX_SET_ROLE) {
		if (r->role > MAILBOX_ROLE_LAST)
			return -EINVAL;
		if (mailbox == MAILBOX_INBOX && r->role != MAILBOX_ROLE_INBOX)
			return -EPERM;
		uint32_t has = r->role ? c->head.roles[r->role] : 0;
		if ((has && has != mailbox) || (r->role == MAILBOX_ROLE_INBOX && mailbox != MAILBOX_INBOX))
			return -EINVAL;
	}
	if (!(r->set & MAILBOX_SET_GRANTS))
		return 0;
	for (size_t i = 0; i < r->grant_count && i < ACCOUNT_GRANTS_MAX; i++)
		if (r->grants[i].kind > GRANT_KIND_LAST || (r->grants[i].rights & ~(uint32_t)RIGHT_ALL))
			return -EINVAL;
	return r->grant_count > ACCOUNT_GRANTS_MAX ? -EMLINK : 0;
}

static void apply_settings(struct account_mailbox *m, const struct account_mailbox_request *r)
{
	if (r->set & MAILBOX_SET_ROLE)
		m->role = r->role;
	if (r->set & MAILBOX_SET_SUBSCRIBED)
		m->subscribed = r->subscribed;
	if (r->set & MAILBOX_SET_ORDER)
		m->order = r->order;
	if (r->set & MAILBOX_SET_GRANTS) {
		m->grant_count = r->grant_count;
		if (r->grant_count)
			memcpy(m->grants, r->grants, r->grant_count * sizeof *m->grants);
	}
}

/*
 * Rights to a new place are those to the nearest mailbox above it (RFC 4314 section 4), whether or not
 * whoever asks sees that one. What stands at the place itself is not looked at before: nobody else is to
 * learn of it.
 */
static int check_place(
    struct account_change *c, const struct account_mailbox_request *r, const struct mailbox_path *path)
{
	const uint32_t needs = RIGHT_LOOKUP | RIGHT_CREATE;
	struct mailbox_path above;
	struct account_mailbox m;
	size_t levels;
	uint32_t nearest;
	if (r->who == NULL)
		return 0;
	if (path->count < 2)
		return -EACCES;
	int error = mailbox_path_read(mailbox_path_view(path, path->count - 1), &above);
	if (error == 0)
		error = mailbox_follow(c->txn, c->shard, &above, 0, &levels, &nearest);
	if (error == 0)
		error = nearest == MAILBOX_ROOT ? -EACCES : mailbox_get(c->txn, c->shard, nearest, &m);
	if (error == 0 && (account_rights(&m, r->who) & needs) != needs)
		error = -EACCES;
	return error;
}

static int run_create(struct txn *t, void *arg)
{
	struct account_mailbox_request *r = arg;
	struct account_change c;
	struct account_mailbox m = {.grant_count = 0};
	struct mailbox_path path;
	size_t levels;
	uint32_t parent;
	int error = change_begin(&c, t, r->shard, r->now);
	if (error == 0)
		error = check_settings(&c, r, 0);
	if (error == 0)
		error = read_target(&c, r, &path);
	if (error == 0)
		error = check_place(&c, r, &path);
	if (error == 0)
		error = mailbox_follow(t, r->shard, &path, 0, &levels, &parent);
	if (error == 0 && levels == path.count) {
		r->mailbox = parent;
		error = -EEXIST;
	}
	if (error == 0)
		error = mailbox_room(&c, path.count - levels);
	if (error == 0)
		error = mailbox_inherit(&c, parent, &m);
	if (error)
		return error;
	apply_settings(&m, r);
	error = mailbox_make(&c, &path, levels, parent, &m, &r->mailbox);
	r->uidvalidity = m.uidvalidity;
	r->modseq = c.head.modseq;
	return error ? error : change_end(&c);
}

/* Refuses what cannot be, and makes the parents that are missing. */
static int make_way(struct account_change *c, const struct account_mailbox_request *r,
    struct mailbox_path *path, uint32_t *parent)
{
	struct account_mailbox between = {.grant_count = 0};
	struct mailbox_path above;
	size_t levels;
	uint32_t last;
	int error = mailbox_follow(c->txn, c->shard, path, r->mailbox, &levels, &last);
	if (error == 0 && levels == path->count)
		return last == r->mailbox ? 1 : -EEXIST;
	if (error == 0)
		error = mailbox_room(c, path->count - 1 - levels);
	if (error == 0)
		error = check_height(c, r->mailbox, (unsigned)path->count - 1);
	if (error)
		return error;
	*parent = last;
	if (levels + 1 == path->count)
		return 0;
	error = mailbox_path_read(mailbox_path_view(path, path->count - 1), &above);
	if (error == 0)
		error = mailbox_inherit(c, last, &between);
	return error ? error : mailbox_make(c, &above, levels, last, &between, parent);
}

/* -ELOOP: the mailbox lies on the way from `at` to the root. */
static int check_above(struct account_change *c, uint32_t at, uint32_t mailbox)
{
	struct account_mailbox m;
	int error = 0;
	for (size_t i = 0; i < ACCOUNT_DEPTH_MAX && at != MAILBOX_ROOT && error == 0; i++) {
		error = at == mailbox ? -ELOOP : mailbox_get(c->txn, c->shard, at, &m);
		at = error == 0 ? m.parent : MAILBOX_ROOT;
	}
	return error;
}

static int run_rename(struct txn *t, void *arg)
{
	struct account_mailbox_request *r = arg;
	struct account_change c;
	struct change_mailbox *box;
	struct mailbox_path path;
	bool subscribed = false;
	uint32_t parent = MAILBOX_ROOT;
	if (r->mailbox == MAILBOX_INBOX)
		return -EPERM;
	int error = change_begin(&c, t, r->shard, r->now);
	if (error == 0)
		error = change_mailbox(&c, r->mailbox, &box);
	if (error == 0 && view_empty(r->path))
		error = check_above(&c, r->parent, r->mailbox);
	if (error == 0)
		error = read_target(&c, r, &path);
	if (error == 0)
		error = check_place(&c, r, &path);
	if (error == 0)
		error = make_way(&c, r, &path, &parent);
	if (error)
		return error > 0 ? 0 : error; /* above 0: it has this name already */
	struct view name = path.names[path.count - 1];
	r->modseq = c.head.modseq;
	error = subscription_take(&c, mailbox_path_view(&path, path.count), &subscribed);
	if (error == 0)
		error = change_delete(&c, key_mailbox_name(box->m.parent, box->m.name));
	if (error == 0)
		error = mailbox_put_name(&c, parent, name, r->mailbox);
	if (error)
		return error;
	memcpy(box->name, name.data, name.len);
	box->m.name = view_of(box->name, name.len);
	box->m.parent = parent;
	box->m.subscribed = box->m.subscribed || subscribed;
	change_mark_mailbox(&c, box);
	return change_end(&c);
}

/* Its number; 0: there is none, and it is only the path that is to be subscribed or not. */
static int find_to_set(
    struct account_change *c, struct account_mailbox_request *r, struct mailbox_path *path, uint32_t *mailbox)
{
	size_t levels;
	*mailbox = r->mailbox;
	if (*mailbox)
		return 0;
	int error = mailbox_path_read(r->path, path);
	if (error == 0)
		error = mailbox_follow(c->txn, c->shard, path, 0, &levels, mailbox);
	if (error || levels == path->count)
		return error;
	*mailbox = 0;
	return r->set == MAILBOX_SET_SUBSCRIBED ? 0 : -ENOENT;
}

static int set_subscription(struct account_change *c, struct view path, bool subscribed)
{
	bool found;
	return subscribed ? subscription_put(c, path) : subscription_take(c, path, &found);
}

static int run_set(struct txn *t, void *arg)
{
	struct account_mailbox_request *r = arg;
	struct account_change c;
	struct change_mailbox *box;
	struct mailbox_path path;
	uint32_t mailbox;
	int error = change_begin(&c, t, r->shard, r->now);
	if (error == 0)
		error = find_to_set(&c, r, &path, &mailbox);
	if (error)
		return error;
	r->modseq = c.head.modseq;
	if (mailbox == 0) {
		error = set_subscription(&c, mailbox_path_view(&path, path.count), r->subscribed);
		return error ? error : change_end(&c);
	}
	error = change_mailbox(&c, mailbox, &box);
	if (error == 0)
		error = check_settings(&c, r, mailbox);
	if (error)
		return error;
	if (r->set & MAILBOX_SET_ROLE) {
		c.head.roles[box->m.role] = 0;
		c.head.roles[r->role] = r->role ? mailbox : 0;
	}
	apply_settings(&box->m, r);
	change_mark_mailbox(&c, box);
	return change_end(&c);
}

static int check_children(struct account_change *c, uint32_t mailbox)
{
	struct levels *l = mem_alloc(sizeof *l);
	l->count = 0;
	int error = list_children(c, mailbox, 1, l);
	if (error == 0 && l->count > 0)
		error = -ENOTEMPTY;
	mem_free(l);
	return error;
}

/* What stays of it: its subscription, and where its messages were. A subscription that there is no room for
 * goes.
 */
static int leave_name(struct account_change *c, const struct account_mailbox_request *r,
    const struct change_mailbox *box, const struct mailbox_path *path)
{
	int64_t until = undelete_until(r->accounts, r->now);
	int error = box->m.subscribed ? subscription_put(c, mailbox_path_view(path, path->count)) : 0;
	if (error && error != -EINVAL && error != -EMLINK)
		return error;
	return until > 0 && box->m.messages > 0 ? mailbox_remember(c, box->number, path, box->m.role, until)
	                                        : 0;
}

/* From here on it has no name and takes nothing; its messages, and then it, go as the intent says. */
static int run_remove(struct txn *t, void *arg)
{
	struct account_mailbox_request *r = arg;
	struct account_change c;
	struct change_mailbox *box;
	struct mailbox_path path;
	if (r->mailbox == MAILBOX_INBOX)
		return -EPERM;
	int error = change_begin(&c, t, r->shard, r->now);
	if (error == 0)
		error = change_mailbox(&c, r->mailbox, &box);
	if (error == 0)
		error = check_children(&c, r->mailbox);
	if (error == 0 && r->only_empty && box->m.messages > box->m.deleted)
		error = -EBUSY;
	if (error == 0)
		error = mailbox_path_of(t, r->shard, r->mailbox, &path);
	if (error)
		return error;
	struct account_intent intent = {.what = INTENT_REMOVE_MAILBOX,
	    .process = r->accounts->process,
	    .mailbox = r->mailbox,
	    .time = r->now,
	    .count = 1,
	    .ranges = {{1, UINT32_MAX}}};
	struct entry value;
	r->modseq = c.head.modseq;
	intent_encode(&intent, &value);
	r->intent = c.head.next_intent++;
	error = change_put(&c, key_intent(r->intent, 0), &value);
	if (error == 0)
		error = change_delete(&c, key_mailbox_name(box->m.parent, box->m.name));
	if (error == 0)
		error = leave_name(&c, r, box, &path);
	if (error)
		return error;
	c.head.roles[box->m.role] = 0;
	box->m.removing = true;
	change_mark_mailbox(&c, box);
	error = shares_end(t, r->shard, r->mailbox, &box->m, r->now);
	return error ? error : change_end(&c);
}

static void removed(struct account_request *repair, int result)
{
	struct account_mailbox_request *r = container_of(repair, struct account_mailbox_request, repair);
	if (result)
		intent_leave(r->accounts, r->shard, r->intent);
	r->done(r, result);
}

static void committed(struct store_commit *commit, int result)
{
	struct account_mailbox_request *r = container_of(commit, struct account_mailbox_request, commit);
	if (result || commit->run != run_remove) {
		r->done(r, result);
		return;
	}
	r->repair = (struct account_request){.shard = r->shard, .done = removed, .only = r->intent};
	account_repair(r->accounts, &r->repair);
}

static void commit(
    struct accounts *a, struct account_mailbox_request *r, int (*run)(struct txn *t, void *arg))
{
	r->accounts = a;
	r->now = clock_wall();
	r->commit =
	    (struct store_commit){.run = run, .arg = r, .frees_space = run == run_remove, .done = committed};
	store_commit(a->store, &r->commit);
}

void account_mailbox_create(struct accounts *a, struct account_mailbox_request *r)
{
	commit(a, r, run_create);
}

void account_mailbox_rename(struct accounts *a, struct account_mailbox_request *r)
{
	commit(a, r, run_rename);
}

void account_mailbox_set(struct accounts *a, struct account_mailbox_request *r)
{
	commit(a, r, run_set);
}

void account_mailbox_remove(struct accounts *a, struct account_mailbox_request *r)
{
	commit(a, r, run_remove);
}
