/* Others' mailboxes that an account knows of: see shares.h. */
#include "account/shares.h"

#include <errno.h>
#include <string.h>

#include "account/change.h"
#include "account/mailbox.h"
#include "base/clock.h"
#include "base/container.h"
#include "base/mem.h"

static int get_share(
    struct txn *t, uint64_t shard, uint64_t owner, uint32_t mailbox, struct account_share *share)
{
	struct view value;
	int error = key_get(t, shard, key_share(owner, mailbox), &value);
	share->owner = owner;
	share->mailbox = mailbox;
	return error ? error : share_decode(value, share);
}

/* ---- room ---- */

enum { DROPPED_AT_ONCE = 20 /* shares that lead nowhere: not each new one looks at all of them */ };

struct listed {
	size_t count;
	struct account_share shares[ACCOUNT_SHARES_MAX];
};

static int note_share(void *arg, struct view key, struct view value)
{
	struct listed *l = arg;
	struct account_share *share = &l->shares[l->count];
	l->count += key_read_share(key, &share->owner, &share->mailbox) && share_decode(value, share) == 0;
	return l->count == ACCOUNT_SHARES_MAX;
}

/* Those of these owners. Their addresses are not to be used. */
static int list_shares(struct account_change *c, uint64_t first, uint64_t last, struct listed *l)
{
	struct account_key from = key_share(first, 0), to = key_share(last, UINT32_MAX);
	struct txn_range range = {.shard = c->shard, .from = key_view(&from), .to = key_view(&to)};
	l->count = 0;
	int error = txn_range(c->txn, &range, note_share, l);
	return error < 0 ? error : 0;
}

static bool is_invitation(const struct account_share *share)
{
	return share->state == SHARE_INVITED && !share->subscribed;
}

bool share_is_granted(const struct account_mailbox *m, uint64_t user)
{
	for (size_t i = 0; i < m->grant_count; i++) {
		const struct account_grant *g = &m->grants[i];
		if (!g->negative && g->rights & RIGHT_LOOKUP && (g->kind != GRANT_USER || g->who == user))
			return true;
	}
	return false;
}

static int drop_share(struct account_change *c, uint64_t owner, uint32_t mailbox)
{
	c->head.shares = (uint32_t)less(c->head.shares, 1);
	change_mark_state(c, MAIL_STATE_MAILBOXES);
	return change_delete(c, key_share(owner, mailbox));
}

/* What cannot be read may lead somewhere. */
static bool leads_nowhere(struct account_change *c, const struct account_share *share)
{
	struct account_mailbox m;
	int error = mailbox_get(c->txn, share->owner, share->mailbox, &m);
	if (error)
		return error == -ENOENT;
	return m.removing || (is_invitation(share) && !share_is_granted(&m, c->shard));
}

/* -EMLINK: all of them are of use. */
static int drop_useless(struct account_change *c, const struct listed *l)
{
	size_t dropped = 0;
	int error = 0;
	for (size_t i = 0; i < l->count && dropped < DROPPED_AT_ONCE && error == 0; i++) {
		if (!leads_nowhere(c, &l->shares[i]))
			continue;
		error = drop_share(c, l->shares[i].owner, l->shares[i].mailbox);
		dropped++;
	}
	return error ? error : dropped ? 0 : -EMLINK;
}

static int make_room(struct account_change *c)
{
	if (c->head.shares < ACCOUNT_SHARES_MAX)
		return 0;
	struct listed *l = mem_alloc(sizeof *l);
	int error = list_shares(c, 0, UINT64_MAX, l);
	if (error == 0)
		error = drop_useless(c, l);
	mem_free(l);
	return error;
}

/* For one more invitation of this owner's. */
static int make_room_for(struct account_change *c, uint64_t owner)
{
	struct listed *l = mem_alloc(sizeof *l);
	size_t invitations = 0;
	int error = list_shares(c, owner, owner, l);
	for (size_t i = 0; i < l->count && error == 0; i++)
		invitations += is_invitation(&l->shares[i]);
	if (error == 0 && invitations >= SHARE_INVITATIONS_MAX)
		error = drop_useless(c, l);
	mem_free(l);
	return error ? error : make_room(c);
}

/* ---- one of them ---- */

static int put_share(struct account_change *c, const struct account_share *share, bool is_new)
{
	struct entry value;
	int error = is_new ? make_room(c) : 0;
	if (error)
		return error;
	c->head.shares += is_new;
	/* What is shared with it is watched by whoever watches its mailboxes. */
	change_mark_state(c, MAIL_STATE_MAILBOXES);
	share_encode(share, &value);
	return change_put(c, key_share(share->owner, share->mailbox), &value);
}

int share_invite(
    struct account_change *c, uint64_t owner, uint32_t mailbox, struct view address, bool *invited)
{
	struct account_share share;
	int error = get_share(c->txn, c->shard, owner, mailbox, &share);
	*invited = false;
	if (error != -ENOENT && error != -EBADMSG)
		return error;
	bool is_new = error == -ENOENT;
	error = is_new ? make_room_for(c, owner) : 0;
	if (error)
		return error == -EMLINK ? 0 : error;
	share = (struct account_share){.owner = owner, .mailbox = mailbox, .address = address};
	*invited = true;
	return put_share(c, &share, is_new);
}

int share_withdraw(struct account_change *c, uint64_t owner, uint32_t mailbox)
{
	struct account_share share;
	int error = get_share(c->txn, c->shard, owner, mailbox, &share);
	if (error == -ENOENT || error == -EBADMSG || (error == 0 && !is_invitation(&share)))
		return 0;
	return error ? error : drop_share(c, owner, mailbox);
}

static bool is_among(const uint64_t *groups, size_t count, uint64_t group)
{
	size_t i = 0;
	while (i < count && groups[i] != group)
		i++;
	return i < count;
}

/* What cannot be read may lead somewhere. */
static bool finds(
    struct account_change *c, const struct account_share *share, const uint64_t *groups, size_t count)
{
	struct account_mailbox m;
	int error = mailbox_get(c->txn, share->owner, share->mailbox, &m);
	if (error)
		return error != -ENOENT;
	for (size_t i = 0; i < m.grant_count; i++) {
		const struct account_grant *g = &m.grants[i];
		bool is_its_own = (g->kind != GRANT_USER && g->kind != GRANT_GROUP) ||
		                  (g->kind == GRANT_USER && g->who == c->shard) ||
		                  (g->kind == GRANT_GROUP && is_among(groups, count, g->who));
		if (is_its_own && !g->negative && g->rights & RIGHT_LOOKUP)
			return !m.removing;
	}
	return false;
}

int shares_withdraw_ungranted(struct account_change *c, const uint64_t *groups, size_t count)
{
	struct listed *l = mem_alloc(sizeof *l);
	int error = list_shares(c, 0, UINT64_MAX, l);
	for (size_t i = 0; i < l->count && error == 0; i++)
		if (is_invitation(&l->shares[i]) && !finds(c, &l->shares[i], groups, count))
			error = drop_share(c, l->shares[i].owner, l->shares[i].mailbox);
	mem_free(l);
	return error;
}

static int end_one(
    struct account_change *c, struct txn *t, uint64_t user, uint64_t owner, uint32_t mailbox, int64_t now)
{
	struct view value;
	int error = change_begin(c, t, user, now);
	if (error == 0)
		error = key_get(t, user, key_share(owner, mailbox), &value);
	if (error == 0)
		error = drop_share(c, owner, mailbox);
	if (error)
		return error == -ENOENT ? 0 : error;
	return change_end(c);
}

int shares_end(struct txn *t, uint64_t owner, uint32_t mailbox, const struct account_mailbox *m, int64_t now)
{
	struct account_change *c = mem_alloc(sizeof *c);
	int error = 0;
	for (size_t i = 0; i < m->grant_count && error == 0; i++)
		if (m->grants[i].kind == GRANT_USER && !m->grants[i].negative && m->grants[i].who != owner)
			error = end_one(c, t, m->grants[i].who, owner, mailbox, now);
	mem_free(c);
	return error;
}

/* ---- shares ---- */

/* The address's place in the texts, which may still move. */
static int add_share(void *arg, struct view key, struct view value)
{
	struct account_shares *s = arg;
	struct account_share *share = &s->shares[s->count];
	if (s->count == ACCOUNT_SHARES_MAX || !key_read_share(key, &share->owner, &share->mailbox) ||
	    share_decode(value, share) != 0)
		return 0; /* what cannot be read is shared with nobody */
	s->count++;
	struct view place = view_of((const char *)(uintptr_t)s->texts->len, share->address.len);
	int error = buf_append(s->texts, share->address);
	share->address = place;
	return error ? -ENOMEM : 0;
}

static int run_shares(struct txn *t, void *arg)
{
	struct account_shares *s = arg;
	struct account_head head;
	struct account_key from = key_share(0, 0), to = key_share(UINT64_MAX, UINT32_MAX);
	struct txn_range range = {.shard = s->shard, .from = key_view(&from), .to = key_view(&to)};
	s->count = 0;
	buf_clear(s->texts);
	int error = head_get(t, s->shard, &head);
	return error || head.shares == 0 ? error : txn_range(t, &range, add_share, s);
}

static void shares_read(struct store_read *read, int result)
{
	struct account_shares *s = container_of(read, struct account_shares, read);
	for (size_t i = 0; i < s->count && result == 0; i++) {
		struct view *address = &s->shares[i].address;
		address->data = buf_view(s->texts).data + (uintptr_t)address->data;
	}
	if (result)
		account_shares_free(s);
	s->done(s, result);
}

void account_shares(struct accounts *a, struct account_shares *s)
{
	s->count = 0;
	s->shares = mem_array(ACCOUNT_SHARES_MAX, sizeof *s->shares);
	s->texts = mem_alloc(sizeof *s->texts);
	buf_init(s->texts, ACCOUNT_SHARES_MAX * STORE_ENTRY_MAX);
	s->read = (struct store_read){.shard = s->shard, .run = run_shares, .arg = s, .done = shares_read};
	store_read(a->store, &s->read);
}

void account_shares_free(struct account_shares *s)
{
	mem_free(s->shares);
	if (s->texts)
		buf_done(s->texts);
	mem_free(s->texts);
	s->shares = NULL;
	s->texts = NULL;
	s->count = 0;
}

static int run_share(struct txn *t, void *arg)
{
	struct account_sharing *s = arg;
	struct account_change *c = mem_alloc(sizeof *c);
	struct account_share share;
	char address[STORE_ENTRY_MAX];
	int error = change_begin(c, t, s->shard, s->now);
	int found = error ? error : get_share(t, s->shard, s->share.owner, s->share.mailbox, &share);
	/* A subscription alone does not know whose it is. */
	if (found == -ENOENT && !(s->set & SHARE_SET_STATE))
		error = -ENOENT;
	else if (found == -ENOENT)
		share = s->share;
	else if (found == 0) { /* its text ends with the first write */
		memcpy(address, share.address.data, share.address.len);
		share.address.data = address;
	} else {
		error = found;
	}
	if (s->set & SHARE_SET_STATE)
		share.state = s->share.state;
	if (s->set & SHARE_SET_SUBSCRIBED)
		share.subscribed = s->share.subscribed;
	if (error == 0)
		error = put_share(c, &share, found == -ENOENT);
	if (error == 0)
		error = change_end(c);
	mem_free(c);
	return error;
}

static void share_written(struct store_commit *commit, int result)
{
	struct account_sharing *s = container_of(commit, struct account_sharing, commit);
	s->done(s, result);
}

void account_share_set(struct accounts *a, struct account_sharing *s)
{
	s->now = clock_wall();
	s->commit = (struct store_commit){.run = run_share, .arg = s, .done = share_written};
	store_commit(a->store, &s->commit);
}
