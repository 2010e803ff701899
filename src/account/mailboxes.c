/* Making, renaming and removing mailboxes: see mailboxes.h. All refusals come before the first write. */
#include "account/mailboxes.h"

#include <errno.h>
#include <string.h>

#include "account/intent.h"
#include "account/mailbox.h"
#include "base/clock.h"
#include "base/container.h"
#include "base/mem.h"
#include "base/utf8.h"

static bool is_name(struct view name)
{
	if (view_empty(name) || name.len > ACCOUNT_MAILBOX_NAME_MAX || !utf8_valid(name))
		return false;
	for (size_t i = 0; i < name.len; i++)
		if ((unsigned char)name.data[i] < ' ' || name.data[i] == 0x7f || name.data[i] == '/')
			return false;
	return true;
}

/* May a mailbox (0: a new one) stand there under this name? */
static int check_name(struct account_change *c, const struct account_mailbox_request *r, uint32_t mailbox)
{
	uint32_t other;
	if (!is_name(r->name))
		return -EINVAL;
	int error = mailbox_find(c->txn, c->shard, r->parent, r->name, &other);
	if (error == -ENOENT)
		return 0;
	return error == 0 && other != mailbox ? -EEXIST : error;
}

/*
 * Walks from a mailbox to the root: *depth is how many there are on the way. -ELOOP when `mailbox` is one of
 * them, -EMLINK when they are too many.
 */
static int check_parents(struct account_change *c, uint32_t parent, uint32_t mailbox, unsigned *depth)
{
	for (*depth = 0; parent != MAILBOX_ROOT; ++*depth) {
		struct account_mailbox m;
		struct view value;
		if (parent == mailbox)
			return -ELOOP;
		if (*depth + 1 >= ACCOUNT_DEPTH_MAX)
			return -EMLINK;
		/* Not kept in the change, which has room for few. */
		int error = change_get(c, key_mailbox(parent), &value);
		if (error == 0)
			error = mailbox_decode(value, &m);
		if (error == 0 && m.removing)
			error = -ENOENT;
		if (error)
			return error;
		parent = m.parent;
	}
	return 0;
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

static int check_settings(const struct account_mailbox_request *r)
{
	if ((r->set & MAILBOX_SET_ROLE) && r->role > MAILBOX_ROLE_LAST)
		return -EINVAL;
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

static int put_name(struct account_change *c, uint32_t parent, struct view name, uint32_t mailbox)
{
	struct entry value;
	number_encode(mailbox, &value);
	return change_put(c, key_mailbox_name(parent, name), &value);
}

static int run_create(struct txn *t, void *arg)
{
	struct account_mailbox_request *r = arg;
	struct account_change c;
	struct change_mailbox *box;
	unsigned depth;
	int error = change_begin(&c, t, r->shard, r->now);
	if (error == 0)
		error = check_settings(r);
	if (error == 0 && c.head.mailboxes >= ACCOUNT_MAILBOXES_MAX)
		error = -EMLINK;
	if (error == 0)
		error = check_parents(&c, r->parent, 0, &depth);
	if (error == 0)
		error = check_name(&c, r, 0);
	if (error)
		return error;
	struct account_mailbox m = {.parent = r->parent,
	    .uidvalidity = c.head.next_uidvalidity++,
	    .uidnext = 1,
	    .created_modseq = c.head.modseq,
	    .messages_modseq = c.head.modseq,
	    .name = r->name};
	if (c.head.next_uidvalidity == 0)
		c.head.next_uidvalidity = 1;
	apply_settings(&m, r);
	r->mailbox = c.head.next_mailbox++;
	r->uidvalidity = m.uidvalidity;
	r->modseq = c.head.modseq;
	c.head.mailboxes++;
	error = put_name(&c, r->parent, r->name, r->mailbox);
	if (error == 0)
		error = change_add_mailbox(&c, r->mailbox, &m, &box);
	if (error)
		return error;
	change_mark_mailbox(&c, box);
	return change_end(&c);
}

static int run_rename(struct txn *t, void *arg)
{
	struct account_mailbox_request *r = arg;
	struct account_change c;
	struct change_mailbox *box;
	unsigned depth;
	if (r->mailbox == MAILBOX_INBOX)
		return -EPERM;
	int error = change_begin(&c, t, r->shard, r->now);
	if (error == 0)
		error = change_mailbox(&c, r->mailbox, &box);
	if (error == 0)
		error = check_parents(&c, r->parent, r->mailbox, &depth);
	if (error == 0)
		error = check_height(&c, r->mailbox, depth);
	if (error == 0)
		error = check_name(&c, r, r->mailbox);
	if (error)
		return error;
	r->modseq = c.head.modseq;
	error = change_delete(&c, key_mailbox_name(box->m.parent, box->m.name));
	if (error == 0)
		error = put_name(&c, r->parent, r->name, r->mailbox);
	if (error)
		return error;
	memcpy(box->name, r->name.data, r->name.len);
	box->m.name = view_of(box->name, r->name.len);
	box->m.parent = r->parent;
	change_mark_mailbox(&c, box);
	return change_end(&c);
}

static int run_set(struct txn *t, void *arg)
{
	struct account_mailbox_request *r = arg;
	struct account_change c;
	struct change_mailbox *box;
	int error = change_begin(&c, t, r->shard, r->now);
	if (error == 0)
		error = change_mailbox(&c, r->mailbox, &box);
	if (error == 0)
		error = check_settings(r);
	if (error == 0 && r->mailbox == MAILBOX_INBOX && (r->set & MAILBOX_SET_ROLE) &&
	    r->role != MAILBOX_ROLE_INBOX)
		error = -EPERM;
	if (error)
		return error;
	r->modseq = c.head.modseq;
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

/* From here on it has no name and takes nothing; its messages, and then it, go as the intent says. */
static int run_remove(struct txn *t, void *arg)
{
	struct account_mailbox_request *r = arg;
	struct account_change c;
	struct change_mailbox *box;
	if (r->mailbox == MAILBOX_INBOX)
		return -EPERM;
	int error = change_begin(&c, t, r->shard, r->now);
	if (error == 0)
		error = change_mailbox(&c, r->mailbox, &box);
	if (error == 0)
		error = check_children(&c, r->mailbox);
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
	if (error)
		return error;
	box->m.removing = true;
	change_mark_mailbox(&c, box);
	return change_end(&c);
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
