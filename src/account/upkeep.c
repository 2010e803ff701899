/* What time does to an account: deleted mail comes back or goes for good, tombstones and delivery ids expire.
 */
#include <errno.h>
#include <string.h>

#include "account/message.h"
#include "account/slices.h"
#include "base/clock.h"
#include "base/container.h"

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
static int drop_deleted(
    struct txn *t, struct account_request *r, const struct slice *slice, size_t count, uint64_t *bytes)
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

/*
 * Upkeep. Its walks are long: all changes since the oldest tombstone, all delivery ids. So they are reads, of
 * a slice each, which hold nobody up; only what they find to be expired is then looked at again and dropped
 * in a commit. An account in which nothing has expired is not written at all.
 */
enum upkeep_phase { UPKEEP_DELETED, UPKEEP_TOO_LONG, UPKEEP_TOMBSTONES, UPKEEP_DELIVERIES, UPKEEP_DONE };

/* A clock that was set back leaves deleted mail with a time further ahead than any may have: it is kept as
 * long as the rule says from now on, and no longer. By less than this it may be off. */
enum { CLOCK_SLACK = 86400 };

/* Is the change log's entry a tombstone that may go? `left`: tombstones that there would still be with it. */
static bool is_old_tombstone(
    const struct account_request *r, const struct account_change *change, uint64_t left)
{
	return change->destroyed &&
	       (change->time <= r->now - ACCOUNT_TOMBSTONE_SECONDS || left > ACCOUNT_TOMBSTONES_MAX);
}

struct look {
	struct account_request *r;
	size_t seen;
	uint64_t left;
	bool ended; /* nothing behind this entry can be expired */
};

static void stand_behind(struct look *l, struct view key)
{
	struct account_key *next = &l->r->next;
	l->seen++;
	memcpy(next->data, key.data, key.len);
	next->data[key.len] = '\0';
	next->len = key.len + 1;
}

static int look_at_change(void *arg, struct view key, struct view value)
{
	struct look *l = arg;
	struct account_change change;
	int error = key.len < sizeof l->r->next.data ? change_decode(value, &change) : -EBADMSG;
	if (error)
		return error;
	if (change.destroyed && !is_old_tombstone(l->r, &change, l->left)) {
		l->ended = true; /* they are in the order of time */
		return 1;
	}
	if (change.destroyed && !slice_add(l->r->slice, key))
		return 1;
	l->left -= change.destroyed;
	stand_behind(l, key);
	return 0;
}

static int look_at_delivery(void *arg, struct view key, struct view value)
{
	struct look *l = arg;
	int64_t time;
	uint64_t emailid;
	int error = key.len < sizeof l->r->next.data ? delivered_decode(value, &time, &emailid) : -EBADMSG;
	if (error)
		return error;
	if (time <= l->r->now - ACCOUNT_DELIVERY_ID_SECONDS && !slice_add(l->r->slice, key))
		return 1;
	stand_behind(l, key);
	return 0;
}

static int run_look(struct txn *t, void *arg)
{
	struct account_request *r = arg;
	struct account_head head;
	struct look l = {.r = r};
	bool tombstones = r->phase == UPKEEP_TOMBSTONES;
	r->slice->count = 0;
	r->next = r->from;
	r->more = false;
	int error = head_get(t, r->shard, &head);
	if (error)
		return error;
	if (tombstones && head.tombstones == 0)
		return 0;
	struct account_key from = tombstones ? key_change(head.tombstone_floor + 1, 0, 0) : key_letter('D');
	struct account_key to = key_behind_letter(tombstones ? 'C' : 'D');
	struct txn_range range = {.shard = r->shard,
	    .from = r->from.len ? key_view(&r->from) : key_view(&from),
	    .to = key_view(&to),
	    .limit = STORE_READ_KEYS_MAX - 1};
	l.left = head.tombstones;
	error = txn_range(t, &range, tombstones ? look_at_change : look_at_delivery, &l);
	r->more = error >= 0 && !l.ended && (error > 0 || l.seen == range.limit);
	return error > 0 ? 0 : error;
}

/* What the look has found is looked at again: a message may have come or gone since. */
static int drop_tombstone(
    struct txn *t, struct account_request *r, struct account_head *head, struct view key)
{
	struct account_change change;
	struct view value;
	uint64_t modseq, id;
	enum account_kind kind;
	int error = txn_get(t, r->shard, key, &value);
	if (error)
		return error == -ENOENT ? 0 : error;
	error = change_decode(value, &change);
	if (error == 0 && !key_read_change(key, &modseq, &kind, &id))
		error = -EBADMSG;
	if (error || !is_old_tombstone(r, &change, head->tombstones))
		return error;
	r->counted++;
	head->tombstones -= head->tombstones > 0;
	head->tombstone_floor = modseq;
	return txn_delete(t, r->shard, key);
}

static int drop_delivery(struct txn *t, struct account_request *r, struct view key)
{
	struct view value;
	int64_t time;
	uint64_t emailid;
	int error = txn_get(t, r->shard, key, &value);
	if (error)
		return error == -ENOENT ? 0 : error;
	error = delivered_decode(value, &time, &emailid);
	if (error || time > r->now - ACCOUNT_DELIVERY_ID_SECONDS)
		return error;
	r->counted++;
	return txn_delete(t, r->shard, key);
}

/* Under a new time, which is in its key. */
static int shorten_deleted(struct txn *t, struct account_request *r, struct view key)
{
	char copy[STORE_ENTRY_MAX];
	struct view value;
	int64_t expiry;
	uint64_t emailid;
	int error = txn_get(t, r->shard, key, &value);
	if (error)
		return error == -ENOENT ? 0 : error;
	if (!key_read_deleted(key, &expiry, &emailid))
		return -EBADMSG;
	memcpy(copy, value.data, value.len);
	struct account_key shorter = key_deleted(r->now + r->accounts->undelete_seconds, emailid);
	error = txn_put(t, r->shard, key_view(&shorter), view_of(copy, value.len));
	return error ? error : txn_delete(t, r->shard, key);
}

static int run_shorten(struct txn *t, void *arg)
{
	struct account_request *r = arg;
	int error = 0;
	r->counted = 0;
	for (size_t i = 0; i < r->slice->count && error == 0; i++)
		error = shorten_deleted(t, r, slice_key(r->slice, i));
	return error;
}

/* Two changes each. */
static int run_look_too_long(struct txn *t, void *arg)
{
	struct account_request *r = arg;
	struct account_key from = key_deleted(r->now + r->accounts->undelete_seconds + CLOCK_SLACK, 0);
	struct account_key to = key_behind_letter('U');
	r->slice->count = 0;
	int error = slice_collect(r->slice, t, r->shard, key_view(&from), key_view(&to), SLICE_KEYS / 2);
	r->more = r->slice->count == SLICE_KEYS / 2;
	return error;
}

static int run_drop(struct txn *t, void *arg)
{
	struct account_request *r = arg;
	struct account_head head;
	r->counted = 0;
	int error = head_get(t, r->shard, &head);
	if (error == 0 && r->phase == UPKEEP_DELETED)
		error = purge_until(t, r, &head, r->now);
	for (size_t i = 0; i < r->slice->count && error == 0 && r->phase != UPKEEP_DELETED; i++) {
		struct view key = slice_key(r->slice, i);
		error = r->phase == UPKEEP_TOMBSTONES ? drop_tombstone(t, r, &head, key)
		                                      : drop_delivery(t, r, key);
	}
	bool head_changed = r->counted > 0 && r->phase != UPKEEP_DELIVERIES;
	return error || !head_changed ? error : head_put(t, r->shard, &head);
}

/* Is anything of the deleted mail past its time? It stands in the order of that. */
static int look_at_deleted(void *arg, struct view key, struct view value)
{
	struct account_request *r = arg;
	int64_t expiry;
	uint64_t emailid;
	(void)value;
	if (!key_read_deleted(key, &expiry, &emailid))
		return -EBADMSG;
	r->more = expiry <= r->now;
	return 1;
}

static int run_look_deleted(struct txn *t, void *arg)
{
	struct account_request *r = arg;
	struct account_key from = key_letter('U'), to = key_behind_letter('U');
	struct txn_range range = {
	    .shard = r->shard, .from = key_view(&from), .to = key_view(&to), .limit = 1};
	struct account_head head;
	r->more = false;
	r->slice->count = 0;
	int error = head_get(t, r->shard, &head);
	if (error == 0)
		error = txn_range(t, &range, look_at_deleted, r);
	return error > 0 ? 0 : error;
}

static void end_upkeep(struct account_request *r, int result)
{
	slice_free(r->slice);
	r->slice = NULL;
	r->done(r, result);
}

static void look(struct account_request *r);

static void go_on(struct account_request *r)
{
	if (r->more) {
		r->from = r->next;
	} else {
		r->phase++;
		r->from = (struct account_key){.len = 0};
	}
	if (r->phase == UPKEEP_DONE || r->stop)
		end_upkeep(r, 0);
	else
		look(r);
}

static void dropped(struct store_commit *c, int result)
{
	struct account_request *r = container_of(c, struct account_request, commit);
	if (result) {
		end_upkeep(r, result);
		return;
	}
	r->count += r->counted;
	go_on(r);
}

static void looked(struct store_read *read, int result)
{
	struct account_request *r = container_of(read, struct account_request, read);
	bool found = r->phase == UPKEEP_DELETED ? r->more : r->slice->count > 0;
	if (result) {
		end_upkeep(r, result);
	} else if (found) {
		r->commit = (struct store_commit){.run = r->phase == UPKEEP_TOO_LONG ? run_shorten : run_drop,
		    .arg = r,
		    .frees_space = true,
		    .large = true,
		    .done = dropped};
		store_commit(r->accounts->store, &r->commit);
	} else {
		go_on(r);
	}
}

static void look(struct account_request *r)
{
	r->read = (struct store_read){.shard = r->shard,
	    .arg = r,
	    .done = looked,
	    .run = r->phase == UPKEEP_DELETED    ? run_look_deleted
	           : r->phase == UPKEEP_TOO_LONG ? run_look_too_long
	                                         : run_look};
	store_read(r->accounts->store, &r->read);
}

void account_upkeep(struct accounts *a, struct account_request *r)
{
	r->accounts = a;
	r->now = clock_wall();
	r->count = r->counted = 0;
	r->phase = UPKEEP_DELETED;
	r->from = r->next = (struct account_key){.len = 0};
	r->slice = slice_new();
	look(r);
}
