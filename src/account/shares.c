/* Grants, and the shares of those who have them: see shares.h. */
#include "account/shares.h"

#include <errno.h>
#include <string.h>

#include "account/change.h"
#include "base/clock.h"
#include "base/container.h"
#include "base/mem.h"

/* ---- grants ---- */

static bool same_grantee(const struct account_grant *a, const struct account_grant *b)
{
	return a->kind == b->kind && a->who == b->who && a->negative == b->negative;
}

static int set_grant(struct account_mailbox *m, const struct account_grant *grant)
{
	size_t i = 0;
	while (i < m->grant_count && !same_grantee(&m->grants[i], grant))
		i++;
	if (i == m->grant_count && grant->rights == 0)
		return 0;
	if (i == ACCOUNT_GRANTS_MAX)
		return -EMLINK;
	if (grant->rights) {
		m->grants[i] = *grant;
		m->grant_count += i == m->grant_count;
		return 0;
	}
	memmove(&m->grants[i], &m->grants[i + 1], (m->grant_count - i - 1) * sizeof *m->grants);
	m->grant_count--;
	return 0;
}

static int get_share(
    struct txn *t, uint64_t shard, uint64_t owner, uint32_t mailbox, struct account_share *share)
{
	struct view value;
	int error = key_get(t, shard, key_share(owner, mailbox), &value);
	share->owner = owner;
	share->mailbox = mailbox;
	return error ? error : share_decode(value, share);
}

/* Its share; whoever has as many as there is room for has the right all the same, and can ask for it. */
static int put_share(struct account_change *c, const struct account_share *share, bool is_new)
{
	struct entry value;
	if (is_new && c->head.shares >= ACCOUNT_SHARES_MAX)
		return -EMLINK;
	c->head.shares += is_new;
	share_encode(share, &value);
	return change_put(c, key_share(share->owner, share->mailbox), &value);
}

/* -ENXIO when there is no such account to be invited. All this is in the sharer's shard. */
static int invite(struct txn *t, struct account_granting *g, struct account_change *c)
{
	struct account_share share;
	int error = change_begin(c, t, g->grant.who, g->now);
	if (error)
		return error == -ENOENT ? -ENXIO : error;
	error = get_share(t, c->shard, g->shard, g->mailbox, &share);
	if (error != -ENOENT && error != -EBADMSG)
		return error;
	share = (struct account_share){.owner = g->shard, .mailbox = g->mailbox, .address = g->address};
	g->invited = c->head.shares < ACCOUNT_SHARES_MAX;
	return g->invited ? put_share(c, &share, error == -ENOENT) : 0;
}

static bool is_invitation(const struct account_granting *g)
{
	return g->grant.kind == GRANT_USER && !g->grant.negative && (g->grant.rights & RIGHT_LOOKUP) &&
	       g->grant.who != g->shard;
}

/* Refusals come first: of the mailbox, then of the user; then both accounts are written. */
static int run_grant(struct txn *t, void *arg)
{
	struct account_granting *g = arg;
	struct account_change *own = mem_alloc(sizeof *own), *other = mem_alloc(sizeof *other);
	struct change_mailbox *box;
	g->invited = false;
	int error = change_begin(own, t, g->shard, g->now);
	if (error == 0)
		error = change_mailbox(own, g->mailbox, &box);
	if (error == 0)
		error = set_grant(&box->m, &g->grant);
	if (error == 0 && is_invitation(g)) {
		error = invite(t, g, other);
		if (error == 0)
			error = change_end(other);
	}
	if (error == 0) {
		change_mark_mailbox(own, box);
		error = change_end(own);
	}
	mem_free(own);
	mem_free(other);
	return error;
}

static void granted(struct store_commit *commit, int result)
{
	struct account_granting *g = container_of(commit, struct account_granting, commit);
	g->done(g, result);
}

void account_grant(struct accounts *a, struct account_granting *g)
{
	g->now = clock_wall();
	g->commit = (struct store_commit){.run = run_grant, .arg = g, .done = granted};
	store_commit(a->store, &g->commit);
}

static int run_grants(struct txn *t, void *arg)
{
	struct account_grants *g = arg;
	struct account_mailbox m;
	int error = mailbox_get(t, g->shard, g->mailbox, &m);
	if (error)
		return error;
	g->count = m.grant_count;
	if (g->count)
		memcpy(g->grants, m.grants, g->count * sizeof *g->grants);
	return 0;
}

static void grants_read(struct store_read *read, int result)
{
	struct account_grants *g = container_of(read, struct account_grants, read);
	g->done(g, result);
}

void account_grants(struct accounts *a, struct account_grants *g)
{
	g->read = (struct store_read){.shard = g->shard, .run = run_grants, .arg = g, .done = grants_read};
	store_read(a->store, &g->read);
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
