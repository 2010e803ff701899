/* What time does to an account: deleted mail comes back or goes for good, tombstones and delivery ids expire. */
#include <errno.h>
#include <string.h>

#include "account/message.h"
#include "account/slices.h"

enum { UNDELETE_AT_ONCE = STORE_SLICE_KEYS / (MESSAGE_ADD_WRITES + SESSION_WRITES + 1) };

/* A deleted email with private copies of its texts: its entry is deleted while they are still needed. */
static int undelete_one(struct txn *t, struct account_request *r, struct view key)
{
	struct view value;
	struct account_deleted d;
	struct account_session s;
	uint64_t emailid;
	uint32_t uid;
	char copy[STORE_ENTRY_MAX];
	int error = txn_get(t, r->shard, key, &value);
	if (error)
		return error;
	memcpy(copy, value.data, value.len);
	/* One that is damaged stays where it is; the others come back. */
	if (deleted_decode(view_of(copy, value.len), &d) != 0 || d.deleted < r->since)
		return 0;
	error = session_begin(&s, t, r->shard, d.mailbox, r->now);
	if (error == -ENOENT)
		error = session_begin(&s, t, r->shard, MAILBOX_INBOX, r->now);
	if (error)
		return error;
	/* A new email: whoever had seen the old one go must notice the new one come. */
	d.email.uidl = (struct view){0};
	uint64_t size = d.email.prefix.len + d.email.body_len;
	error = message_add(&s, &d.email, d.flags & ~(uint32_t)FLAG_DELETED, NULL, 0, &emailid, &uid);
	if (error == 0)
		error = txn_delete(t, r->shard, key);
	s.head.deleted_bytes -= s.head.deleted_bytes < size ? s.head.deleted_bytes : size;
	r->counted++;
	return error ? error : session_end(&s);
}

static int collect_deleted(struct slice *slice, struct txn *t, struct account_request *r, size_t limit)
{
	struct account_key from = r->from.len ? r->from : key_letter('U'), to = key_behind_letter('U');
	return slice_collect(slice, t, r->shard, key_view(&from), key_view(&to), limit);
}

/* Where the next slice begins: right behind the last key of this one. */
static struct account_key behind_last(const struct slice *slice)
{
	struct account_key k = slice->keys[slice->count - 1];
	if (k.len < sizeof k.data)
		k.data[k.len++] = '\0';
	return k;
}

static int run_undelete(struct txn *t, void *arg)
{
	struct account_request *r = arg;
	struct account_head head;
	r->counted = 0;
	r->more = false;
	int error = head_get(t, r->shard, &head);
	if (error)
		return error;
	struct slice *slice = slice_new();
	error = collect_deleted(slice, t, r, UNDELETE_AT_ONCE);
	for (size_t i = 0; i < slice->count && error == 0; i++)
		error = undelete_one(t, r, slice_key(slice, i));
	if (error == 0 && slice->count == UNDELETE_AT_ONCE) {
		r->more = true;
		r->next = behind_last(slice);
	}
	slice_free(slice);
	return error;
}

void account_undelete(struct accounts *a, struct account_request *r)
{
	request_commit(a, r, run_undelete, false);
}

/* Deletes these U entries; the head's count of their bytes is the caller's. */
static int drop_deleted(struct txn *t, struct account_request *r, const struct slice *slice, size_t count,
			uint64_t *bytes)
{
	for (size_t i = 0; i < count; i++) {
		struct view value;
		struct account_deleted d;
		if (txn_get(t, r->shard, slice_key(slice, i), &value) == 0 && deleted_decode(value, &d) == 0)
			*bytes += d.email.prefix.len + d.email.body_len;
		int error = txn_delete(t, r->shard, slice_key(slice, i));
		if (error)
			return error;
	}
	r->counted += count;
	return 0;
}

/* The U entries up to an expiry time, which is how they are sorted. */
static int purge_until(struct txn *t, struct account_request *r, struct account_head *head, int64_t until)
{
	struct slice *slice = slice_new();
	size_t count = 0;
	uint64_t bytes = 0;
	int error = collect_deleted(slice, t, r, SLICE_KEYS);
	while (error == 0 && count < slice->count) {
		int64_t expiry;
		uint64_t emailid;
		if (!key_read_deleted(slice_key(slice, count), &expiry, &emailid))
			error = -EBADMSG;
		else if (expiry > until)
			break;
		else
			count++;
	}
	if (error == 0)
		error = drop_deleted(t, r, slice, count, &bytes);
	r->more = count == SLICE_KEYS;
	slice_free(slice);
	head->deleted_bytes -= head->deleted_bytes < bytes ? head->deleted_bytes : bytes;
	return error;
}

static int run_purge(struct txn *t, void *arg)
{
	struct account_request *r = arg;
	struct account_head head;
	r->counted = 0;
	r->more = false;
	int error = head_get(t, r->shard, &head);
	if (error == 0)
		error = purge_until(t, r, &head, INT64_MAX);
	return error || r->counted == 0 ? error : head_put(t, r->shard, &head);
}

void account_purge(struct accounts *a, struct account_request *r)
{
	request_commit(a, r, run_purge, true);
}

static int drop_expired(struct txn *t, struct account_request *r, const struct slice *expired)
{
	int error = 0;
	for (size_t i = 0; i < expired->count && error == 0; i++)
		error = txn_delete(t, r->shard, slice_key(expired, i));
	r->counted += expired->count;
	r->more = r->more || expired->count == SLICE_KEYS;
	return error;
}

struct tombstones {
	struct slice *expired;
	uint64_t left; /* that there are */
	int64_t oldest;
	uint64_t floor;
};

static int look_at_change(void *arg, struct view key, struct view value)
{
	struct tombstones *all = arg;
	struct account_change change;
	uint64_t modseq, id;
	enum account_kind kind;
	int error = change_decode(value, &change);
	if (error == 0 && !key_read_change(key, &modseq, &kind, &id))
		error = -EBADMSG;
	if (error || !change.destroyed)
		return error;
	if (change.time > all->oldest && all->left <= ACCOUNT_TOMBSTONES_MAX)
		return 1; /* they are in the order of time, so this was the last one to go */
	if (!slice_add(all->expired, key))
		return 1;
	all->left--;
	all->floor = modseq;
	return 0;
}

/* Drops the oldest tombstones, and says up to where the change log is now incomplete. */
static int drop_tombstones(struct txn *t, struct account_request *r, struct account_head *head)
{
	struct account_key from = key_change(head->tombstone_floor + 1, 0, 0), to = key_behind_letter('C');
	struct txn_range range = {.shard = r->shard, .from = key_view(&from), .to = key_view(&to)};
	struct tombstones all = {.left = head->tombstones, .oldest = r->now - ACCOUNT_TOMBSTONE_SECONDS,
				 .floor = head->tombstone_floor};
	if (head->tombstones == 0)
		return 0;
	all.expired = slice_new();
	int error = txn_range(t, &range, look_at_change, &all);
	if (error > 0)
		error = 0;
	if (error == 0)
		error = drop_expired(t, r, all.expired);
	head->tombstones = all.left;
	head->tombstone_floor = all.floor;
	slice_free(all.expired);
	return error;
}

struct old_deliveries {
	struct slice *expired;
	int64_t oldest;
};

static int look_at_delivery(void *arg, struct view key, struct view value)
{
	struct old_deliveries *all = arg;
	int64_t time;
	uint64_t emailid;
	int error = delivered_decode(value, &time, &emailid);
	if (error || time > all->oldest)
		return error;
	if (!slice_add(all->expired, key))
		return 1;
	return 0;
}

static int drop_delivery_ids(struct txn *t, struct account_request *r)
{
	struct account_key from = key_letter('D'), to = key_behind_letter('D');
	struct txn_range range = {.shard = r->shard, .from = key_view(&from), .to = key_view(&to)};
	struct old_deliveries all = {.oldest = r->now - ACCOUNT_DELIVERY_ID_SECONDS};
	all.expired = slice_new();
	int error = txn_range(t, &range, look_at_delivery, &all);
	if (error > 0)
		error = 0;
	if (error == 0)
		error = drop_expired(t, r, all.expired);
	slice_free(all.expired);
	return error;
}

/* One sort of thing per transaction, so that each stays within its limit of changes. */
static int run_upkeep(struct txn *t, void *arg)
{
	struct account_request *r = arg;
	struct account_head head;
	r->counted = 0;
	r->more = false;
	int error = head_get(t, r->shard, &head);
	if (error == 0)
		error = purge_until(t, r, &head, r->now);
	if (error == 0 && r->counted == 0)
		error = drop_tombstones(t, r, &head);
	bool head_changed = r->counted > 0;
	if (error == 0 && r->counted == 0)
		error = drop_delivery_ids(t, r);
	r->more = r->counted > 0;
	return error || !head_changed ? error : head_put(t, r->shard, &head);
}

void account_upkeep(struct accounts *a, struct account_request *r)
{
	request_commit(a, r, run_upkeep, true);
}
