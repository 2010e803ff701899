/* See right_noted.h. Nothing of it is kept: a session that is not there now reads what it wants to know. */
#include "role/store/right_noted.h"

#include "account/mailboxes.h"
#include "base/container.h"
#include "base/mem.h"
#include "directory/groups.h"
#include "mail/uid_ranges.h"
#include "role/store/question.h"
#include "role/store/store_private.h"

enum {
	/* Looks at another's access list that are under way for one listener. They take a moment each; a
	 * program that sets entries faster has the listener told that it does not know all. */
	CHECKS_MAX = 32
};

struct noted_listener {
	struct noted_listener *next;
	struct right *right;
	uint64_t account, shard;
	uint32_t mailbox, request;
	unsigned checks; /* under way */
	bool lost;       /* more was noted than could be told */
	bool left;
};

static struct noted_listener *listeners;

struct noted_listener *noted_listen(
    struct right *r, uint32_t request, uint64_t account, uint64_t shard, uint32_t mailbox)
{
	struct noted_listener *l = mem_alloc(sizeof *l);
	*l = (struct noted_listener){.next = listeners,
	    .right = r,
	    .account = account,
	    .shard = shard,
	    .mailbox = mailbox,
	    .request = request};
	listeners = l;
	return l;
}

static void free_if_unused(struct noted_listener *l)
{
	if (l->left && l->checks == 0)
		mem_free(l);
}

void noted_leave(struct noted_listener *l)
{
	struct noted_listener **at = &listeners;
	if (l == NULL)
		return;
	while (*at != l)
		at = &(*at)->next;
	*at = l->next;
	l->left = true;
	free_if_unused(l);
}

static void deliver(struct noted_listener *l, struct mail_noted *m)
{
	m->account = l->account;
	l->lost |= !right_has_room(l->right) ||
	           ipc_send(&l->right->link.channel, MAIL_NOTED, l->request, m, -1) != 0;
}

void noted_drained(struct noted_listener *l)
{
	if (l == NULL || !l->lost || !right_has_room(l->right))
		return;
	l->lost = false;
	deliver(l, &(struct mail_noted){.account = l->account});
}

bool noted_pass(const struct right *r, struct buf *unsent)
{
	struct buf payload;
	bool good = true;
	buf_init(&payload, 4096);
	for (const struct noted_listener *l = listeners; l && good; l = l->next) {
		const struct mail_noted m = {.account = l->account};
		if (l->right != r || !l->lost)
			continue;
		buf_clear(&payload);
		good = ipc_encode(&payload, MAIL_NOTED, &m) == 0 &&
		       channel_frame_append(unsent, MAIL_NOTED, l->request, buf_view(&payload)) == 0;
	}
	buf_done(&payload);
	return good;
}

/* ---- another's mailbox ---- */

struct check {
	struct noted_listener *listener;
	struct store_read groups_read;
	struct account_who who;
	uint64_t groups[DIRECTORY_GROUPS_OF_ACCOUNT_MAX];
	struct account_access access;
	struct mail_noted told;
	char *name;
	struct buf uids;
};

/* False: there is nobody to be told any more, and the check is gone. */
static bool check_back(struct check *c)
{
	struct noted_listener *l = c->listener;
	bool there = right_back(l->right) && !l->left;
	l->checks--;
	if (there)
		return true;
	free_if_unused(l);
	mem_free(c->name);
	buf_done(&c->uids);
	mem_free(c);
	return false;
}

static void check_begin(struct check *c)
{
	c->listener->checks++;
	right_begin(c->listener->right);
}

static void access_known(struct account_access *access, int result)
{
	struct check *c = container_of(access, struct check, access);
	if (!check_back(c))
		return;
	if (result == 0 && (access->rights & (RIGHT_LOOKUP | RIGHT_READ)) == (RIGHT_LOOKUP | RIGHT_READ))
		deliver(c->listener, &c->told);
	mem_free(c->name);
	buf_done(&c->uids);
	mem_free(c);
}

static int run_groups(struct txn *t, void *arg)
{
	struct check *c = arg;
	return directory_groups_of(t, c->who.user, c->groups, &c->who.group_count);
}

/* A group that cannot be read gives no right. */
static void groups_read(struct store_read *read, int result)
{
	struct check *c = container_of(read, struct check, groups_read);
	if (!check_back(c))
		return;
	if (result)
		c->who.group_count = 0;
	check_begin(c);
	account_access(&store_role.accounts, &c->access);
}

static void tell_if_allowed(struct noted_listener *l, const struct mail_noted *m)
{
	if (l->checks >= CHECKS_MAX) {
		l->lost = true;
		noted_drained(l);
		return;
	}
	struct check *c = mem_alloc(sizeof *c);
	*c = (struct check){.listener = l, .told = *m, .name = mem_string(m->name)};
	buf_init(&c->uids, MAIL_NOTED_UIDS_MAX);
	buf_append(&c->uids, m->uids);
	c->told.name = view_of(c->name, m->name.len);
	c->told.uids = buf_view(&c->uids);
	c->who = (struct account_who){.user = l->right->account, .groups = c->groups};
	c->access = (struct account_access){
	    .shard = l->shard, .mailbox = (uint32_t)m->mailbox, .who = &c->who, .done = access_known};
	c->groups_read =
	    (struct store_read){.shard = DIRECTORY_SHARD, .run = run_groups, .arg = c, .done = groups_read};
	check_begin(c);
	store_read(store_role.store, &c->groups_read);
}

/* ---- telling ---- */

static bool hears(const struct noted_listener *l, const struct right *by, const struct note *note)
{
	return l->right != by && !l->right->ended && l->shard == note->shard &&
	       (l->mailbox == 0 || l->mailbox == note->mailbox) &&
	       (note->user == 0 || note->user == l->right->account);
}

/* False: they are too many for one frame. */
static bool add_uids(struct buf *ranges, const struct note *note)
{
	int error = 0;
	for (size_t i = 0; i < note->uid_count && error == 0; i++)
		error = uid_ranges_add(ranges, note->uids[i], note->uids[i]);
	return error == 0;
}

/* What this server keeps for itself beside mailboxes has names that no client can ask for. */
static bool is_public(const struct note *note)
{
	return note->uids || view_starts(note->name, VIEW("/private/")) ||
	       view_starts(note->name, VIEW("/shared/"));
}

void noted_tell(const struct right *by, const struct note *note)
{
	struct buf ranges;
	if (listeners == NULL || !is_public(note))
		return;
	buf_init(&ranges, MAIL_NOTED_UIDS_MAX);
	bool fits = add_uids(&ranges, note);
	struct mail_noted m = {.mailbox = note->mailbox,
	    .uids = fits ? buf_view(&ranges) : (struct view){0},
	    .name = fits ? note->name : (struct view){0}};
	for (struct noted_listener *l = listeners, *next; l; l = next) {
		next = l->next;
		if (!hears(l, by, note))
			continue;
		if (right_is_own(l->right, l->account))
			deliver(l, &m);
		else
			tell_if_allowed(l, &m);
	}
	buf_done(&ranges);
}
