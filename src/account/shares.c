/* Others' mailboxes that an account knows of: see shares.h. */
#include "account/shares.h"

#include <errno.h>
#include <string.h>

#include "account/change.h"
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

/* Its share; whoever has as many as there is room for has the right all the same, and can ask for it. */
static int put_share(struct account_change *c, const struct account_share *share, bool is_new)
{
	struct entry value;
	if (is_new && c->head.shares >= ACCOUNT_SHARES_MAX)
		return -EMLINK;
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
	share = (struct account_share){.owner = owner, .mailbox = mailbox, .address = address};
	*invited = c->head.shares < ACCOUNT_SHARES_MAX;
	return *invited ? put_share(c, &share, error == -ENOENT) : 0;
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
