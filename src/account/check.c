/* The check of an account: see check.h. */
#include "account/check.h"

#include <errno.h>
#include <string.h>

#include "base/container.h"
#include "base/log.h"
#include "base/mem.h"

/* A mailbox that changes all the time is left: its next check may find it quiet. */
enum { TRIES = 5 };

static void look_at_mailbox(struct account_check *x);
static void list_more(struct account_check *x);

static void end(struct account_check *x, int result)
{
	account_tree_free(&x->tree);
	account_uids_free(&x->uids);
	mem_free(x->listed);
	x->listed = NULL;
	x->done(x, result);
}

static const struct account_tree_mailbox *mailbox_of(const struct account_check *x)
{
	return &x->tree.mailboxes[x->at];
}

static void next_mailbox(struct account_check *x)
{
	x->at++;
	x->tries = 0;
	look_at_mailbox(x);
}

static uint64_t count_of(const struct account_uids *u)
{
	uint64_t count = 0;
	for (size_t i = 0; i < u->count; i++)
		count += (uint64_t)u->ranges[i].last - u->ranges[i].first + 1;
	return count;
}

/* All of it has been seen, and nothing has changed since. Bytes with \Deleted are in the tree alone, which
 * may be of an earlier moment. */
static void compare(struct account_check *x)
{
	const struct account_uids *u = &x->uids;
	const struct account_tree_mailbox *m = mailbox_of(x);
	bool same_moment = m->messages_modseq == u->modseq;
	bool wrong = x->seen.strange || x->seen.messages != u->messages || x->seen.unseen != u->unseen ||
	             x->seen.deleted != u->deleted || x->seen.bytes != u->bytes ||
	             (u->next == 0 && count_of(u) != x->seen.messages) ||
	             (same_moment && x->seen.deleted_bytes != m->deleted_bytes);
	x->mailboxes++;
	x->messages += x->seen.messages;
	if (wrong) {
		x->wrong++;
		log_event(LOG_ERROR, "-", "mailbox-contradicts", log_u64("account", x->shard),
		    log_u64("mailbox", m->number), log_u64("messages", x->seen.messages),
		    log_u64("counted", u->messages), log_u64("uids", count_of(u)));
	}
	next_mailbox(x);
}

/* Both ascend. */
static bool is_known(struct account_check *x, uint32_t uid)
{
	const struct account_uids *u = &x->uids;
	while (x->range < u->count && u->ranges[x->range].last < uid)
		x->range++;
	if (x->range == u->count)
		return u->next != 0 && uid >= u->next;
	return u->ranges[x->range].first <= uid;
}

static void add(struct account_check *x, const struct account_listed *m)
{
	x->seen.messages++;
	x->seen.bytes += m->size;
	x->seen.unseen += !(m->flags & FLAG_SEEN);
	if (m->flags & FLAG_DELETED) {
		x->seen.deleted++;
		x->seen.deleted_bytes += m->size;
	}
	if (!is_known(x, m->uid) || m->uid >= x->uids.uidnext)
		x->seen.strange = true;
}

static void listed(struct account_list *l, int result)
{
	struct account_check *x = container_of(l, struct account_check, list);
	if (result == -ENOENT) { /* removed meanwhile */
		next_mailbox(x);
		return;
	}
	if (result) {
		end(x, result);
		return;
	}
	if (l->modseq != x->uids.modseq) {
		if (++x->tries < TRIES)
			look_at_mailbox(x);
		else
			next_mailbox(x);
		return;
	}
	for (size_t i = 0; i < l->count; i++)
		add(x, &l->messages[i]);
	if (l->more) {
		l->first = l->next;
		list_more(x);
	} else {
		compare(x);
	}
}

static void list_more(struct account_check *x)
{
	account_list(x->accounts, &x->list);
}

static void uids_read(struct account_uids *u, int result)
{
	struct account_check *x = container_of(u, struct account_check, uids);
	if (result == -ENOENT) {
		next_mailbox(x);
		return;
	}
	if (result) {
		end(x, result);
		return;
	}
	memset(&x->seen, 0, sizeof x->seen);
	x->range = 0;
	x->list = (struct account_list){.shard = x->shard,
	    .mailbox = mailbox_of(x)->number,
	    .first = 1,
	    .last = UINT32_MAX,
	    .messages = x->listed,
	    .room = ACCOUNT_LIST_MAX,
	    .done = listed};
	list_more(x);
}

static void scripts_checked(struct account_check_scripts *scripts, int result)
{
	struct account_check *x = scripts->arg;
	x->wrong += result == 0 && scripts->wrong;
	mem_free(scripts);
	end(x, result == -ENOENT ? 0 : result); /* -ENOENT: removed meanwhile */
}

static void noted_checked(struct account_check_noted *noted, int result)
{
	struct account_check *x = container_of(noted, struct account_check, noted);
	x->wrong += noted->wrong;
	if (result) {
		end(x, result == -ENOENT ? 0 : result);
		return;
	}
	x->scripts = mem_alloc(sizeof *x->scripts);
	*x->scripts = (struct account_check_scripts){.shard = x->shard, .done = scripts_checked, .arg = x};
	account_check_scripts(x->accounts, x->scripts);
}

static void emails_checked(struct account_check_emails *emails, int result)
{
	struct account_check *x = container_of(emails, struct account_check, emails);
	x->wrong += emails->wrong > 0;
	if (result) {
		end(x, result == -ENOENT ? 0 : result);
		return;
	}
	x->noted = (struct account_check_noted){.shard = x->shard, .done = noted_checked};
	account_check_noted(x->accounts, &x->noted);
}

static void look_at_mailbox(struct account_check *x)
{
	while (x->at < x->tree.count && mailbox_of(x)->number == 0)
		x->at++;
	if (x->at == x->tree.count) {
		x->emails = (struct account_check_emails){.shard = x->shard, .done = emails_checked};
		account_check_emails(x->accounts, &x->emails);
		return;
	}
	account_uids_free(&x->uids);
	x->uids =
	    (struct account_uids){.shard = x->shard, .mailbox = mailbox_of(x)->number, .done = uids_read};
	account_uids(x->accounts, &x->uids);
}

static void tree_read(struct account_tree *tree, int result)
{
	struct account_check *x = container_of(tree, struct account_check, tree);
	if (result)
		end(x, result);
	else
		look_at_mailbox(x);
}

void account_check(struct accounts *a, struct account_check *x)
{
	x->accounts = a;
	x->mailboxes = x->messages = x->wrong = 0;
	x->at = x->tries = 0;
	x->uids = (struct account_uids){.shard = x->shard};
	x->listed = mem_array(ACCOUNT_LIST_MAX, sizeof *x->listed);
	x->tree = (struct account_tree){.shard = x->shard, .done = tree_read};
	account_tree(a, &x->tree);
}
