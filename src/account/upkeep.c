/*
 * What time does to an account: deleted mail goes for good, old changes, delivery ids, kept bodies, marks and
 * file links expire. Most of them are kept in the order of time, so that what expires stands first: a look is
 * a read of one entry, and what it finds goes in commits of a slice each. An account in which nothing has
 * expired is not written at all.
 */
#include <errno.h>
#include <string.h>

#include "account/acts.h"
#include "account/file_link.h"
#include "account/mailbox.h"
#include "account/marks.h"
#include "account/message.h"
#include "account/slices.h"
#include "base/clock.h"
#include "base/container.h"

/* An erased email: its U, E, V and Z. */
enum { ERASE_WRITES = 4, ERASE_AT_ONCE = (STORE_SLICE_KEYS - CHANGE_END_WRITES) / ERASE_WRITES };

enum upkeep_phase {
	UPKEEP_DELETED,
	UPKEEP_TOO_LONG,
	UPKEEP_LOG,
	UPKEEP_DELIVERIES,
	UPKEEP_KEPT,
	UPKEEP_REMEMBERED,
	UPKEEP_MARKS,
	UPKEEP_ACTS,
	UPKEEP_FILE_LINKS,
	UPKEEP_DONE
};

/* A clock that was set back leaves deleted mail with a time further ahead than any may have: it is kept as
 * long as the rule says from now on, and no longer. By less than this it may be off. */
enum { CLOCK_SLACK = 86400 };

/* ---- deleted mail ---- */

/* Room for one more? Keywords of deleted mail have been counted until now. */
static bool has_room(const struct account_change *c)
{
	return c->writes + ERASE_WRITES + 2 * ACCOUNT_MORE_KEYWORDS_MAX + CHANGE_END_WRITES <=
	       STORE_SLICE_KEYS;
}

static int erase_deleted(struct account_change *c, struct account_key key)
{
	struct view value;
	struct account_deleted d;
	int64_t expiry;
	uint64_t emailid;
	if (!key_read_deleted(key_view(&key), &expiry, &emailid))
		return -EBADMSG;
	int error = change_get(c, key, &value);
	if (error == 0 && deleted_decode(value, &d) == 0) {
		struct message_flags flags = {.bits = d.flags, .more = d.more};
		c->head.deleted_bytes = less(c->head.deleted_bytes, d.size);
		error = keywords_count(c, &flags, -1);
	}
	if (error == 0)
		error = message_erase(c, emailid);
	return error ? error : change_delete(c, key);
}

/* The U entries up to an expiry time, which is how they are sorted; r->more until none is left. */
static int erase_until(struct txn *t, struct account_request *r, const struct account_key *to)
{
	struct account_change c;
	struct account_key from = key_letter('U');
	struct slice *slice = slice_new();
	size_t i = 0;
	int error = change_begin(&c, t, r->shard, r->now);
	r->counted = 0;
	if (error == 0)
		error = slice_collect(slice, t, r->shard, key_view(&from), key_view(to), ERASE_AT_ONCE);
	for (; i < slice->count && error == 0 && has_room(&c); i++)
		error = erase_deleted(&c, slice->keys[i]);
	r->counted = i;
	r->more = i < slice->count || i == ERASE_AT_ONCE;
	slice_free(slice);
	return error ? error : change_end(&c);
}

/* Names of removed mailboxes, of which no mail can come back. */
static int forget_mailboxes(struct txn *t, struct account_request *r, int64_t now)
{
	struct account_change c;
	size_t forgotten = 0;
	r->more = false;
	int error = change_begin(&c, t, r->shard, r->now);
	if (error == 0)
		error = mailbox_forget_removed(&c, now, &forgotten);
	r->counted = 0; /* they are no mail */
	return error ? error : change_end(&c);
}

static int run_purge(struct txn *t, void *arg)
{
	struct account_request *r = arg;
	struct account_key to = key_behind_letter('U');
	int error = erase_until(t, r, &to);
	if (error == 0 && r->counted == 0)
		return forget_mailboxes(t, r, INT64_MAX);
	r->more = true;
	return error;
}

void account_purge(struct accounts *a, struct account_request *r)
{
	request_commit(a, r, run_purge, true);
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

/* ---- the log ---- */

static bool is_old_change(const struct account_request *r, struct view value, uint64_t left)
{
	struct account_log log;
	/* One that cannot be read tells nobody anything. */
	return left > ACCOUNT_LOG_MAX || log_decode(value, &log) != 0 ||
	       log.time <= r->now - ACCOUNT_LOG_SECONDS;
}

struct old_changes {
	struct account_request *r;
	struct slice *slice;
	uint64_t left, floor;
};

static int collect_change(void *arg, struct view key, struct view value)
{
	struct old_changes *old = arg;
	uint64_t id;
	enum account_kind kind;
	if (!is_old_change(old->r, value, old->left) || !slice_add(old->slice, key))
		return 1;
	key_read_log(key, &old->floor, &kind, &id);
	old->left -= old->left > 0;
	return 0;
}

static int drop_log(
    struct txn *t, struct account_request *r, const struct account_key *from, const struct account_key *to)
{
	struct account_head head;
	struct old_changes old = {.r = r, .slice = r->slice};
	struct txn_range range = {
	    .shard = r->shard, .from = key_view(from), .to = key_view(to), .limit = SLICE_KEYS};
	int error = head_get(t, r->shard, &head);
	old.left = head.log_entries;
	old.floor = head.log_floor;
	r->slice->count = 0;
	if (error == 0)
		error = txn_range(t, &range, collect_change, &old);
	for (size_t i = 0; i < r->slice->count && error >= 0; i++)
		error = txn_delete(t, r->shard, slice_key(r->slice, i));
	if (error < 0)
		return error;
	r->counted = r->slice->count;
	r->more = r->counted == SLICE_KEYS;
	head.log_entries = old.left;
	head.log_floor = old.floor;
	return r->counted == 0 ? 0 : head_put(t, r->shard, &head);
}

/* ---- delivery ids and kept bodies ---- */

static int drop_keys(
    struct txn *t, struct account_request *r, const struct account_key *from, const struct account_key *to)
{
	struct account_head head;
	uint64_t kept = 0, bytes = 0;
	r->slice->count = 0;
	int error = head_get(t, r->shard, &head);
	if (error == 0)
		error = slice_collect(r->slice, t, r->shard, key_view(from), key_view(to), SLICE_KEYS);
	for (size_t i = 0; i < r->slice->count && error == 0; i++) {
		struct view key = slice_key(r->slice, i), value;
		struct account_kept k;
		if (r->phase == UPKEEP_KEPT && txn_get(t, r->shard, key, &value) == 0 &&
		    kept_decode(value, &k) == 0)
			bytes += k.size;
		kept++;
		error = txn_delete(t, r->shard, key);
	}
	r->counted = r->slice->count;
	r->more = r->counted == SLICE_KEYS;
	if (error || r->phase != UPKEEP_KEPT || kept == 0)
		return error;
	head.kept = less(head.kept, kept);
	head.kept_bytes = less(head.kept_bytes, bytes);
	return head_put(t, r->shard, &head);
}

/* ---- the phases ---- */

/* Where what may have expired stands. */
static void range_of(const struct account_request *r, struct account_key *from, struct account_key *to)
{
	uint32_t period = delivery_period(r->now);
	switch ((enum upkeep_phase)r->phase) {
	case UPKEEP_TOO_LONG:
		*from = key_deleted(r->now + r->accounts->undelete_seconds + CLOCK_SLACK, 0);
		*to = key_behind_letter('U');
		return;
	case UPKEEP_LOG:
		*from = key_letter('L');
		*to = key_behind_letter('L');
		return;
	case UPKEEP_DELIVERIES:
		*from = key_letter('D');
		*to = key_delivery_period(period > 0 ? period - 1 : 0);
		return;
	case UPKEEP_KEPT:
		*from = key_letter('X');
		*to = key_kept(r->now + 1 - ACCOUNT_KEPT_GRACE_SECONDS, 0);
		return;
	case UPKEEP_REMEMBERED:
		*from = key_remembered(0);
		*to = key_remembered(UINT32_MAX);
		return;
	case UPKEEP_DELETED:
	case UPKEEP_MARKS:
	case UPKEEP_ACTS:
	case UPKEEP_FILE_LINKS:
	case UPKEEP_DONE:
		break;
	}
	*from = key_letter('U');
	*to = key_deleted(r->now + 1, 0);
}

static int run_drop(struct txn *t, void *arg)
{
	struct account_request *r = arg;
	struct account_key from, to;
	r->counted = 0;
	if (r->phase == UPKEEP_MARKS)
		return marks_drop(t, r->shard, r->now, &r->more);
	if (r->phase == UPKEEP_ACTS)
		return acts_forget(t, r->shard, r->now, &r->more);
	if (r->phase == UPKEEP_FILE_LINKS)
		return account_file_links_drop(t, r->shard, r->now, &r->counted, &r->more);
	range_of(r, &from, &to);
	if (r->phase == UPKEEP_DELETED)
		return erase_until(t, r, &to);
	if (r->phase == UPKEEP_LOG)
		return drop_log(t, r, &from, &to);
	if (r->phase == UPKEEP_REMEMBERED)
		return forget_mailboxes(t, r, r->now);
	return drop_keys(t, r, &from, &to);
}

struct first {
	const struct account_request *r;
	uint64_t log_entries;
	bool found;
};

static int look_at_first(void *arg, struct view key, struct view value)
{
	struct first *first = arg;
	struct account_remembered m;
	(void)key;
	/* These few stand in the order of their numbers. */
	if (first->r->phase == UPKEEP_REMEMBERED) {
		first->found = remembered_decode(value, &m) != 0 || m.until <= first->r->now;
		return first->found;
	}
	first->found = first->r->phase != UPKEEP_LOG || is_old_change(first->r, value, first->log_entries);
	return 1;
}

static int run_look(struct txn *t, void *arg)
{
	struct account_request *r = arg;
	struct account_head head;
	struct account_key from, to;
	if (r->phase == UPKEEP_MARKS)
		return marks_ended(t, r->shard, r->now, &r->more);
	if (r->phase == UPKEEP_ACTS)
		return acts_expired(t, r->shard, r->now, &r->more);
	if (r->phase == UPKEEP_FILE_LINKS)
		return account_file_links_expired(t, r->shard, r->now, &r->more);
	range_of(r, &from, &to);
	struct txn_range range = {
	    .shard = r->shard, .from = key_view(&from), .to = key_view(&to), .limit = ACCOUNT_REMEMBERED_MAX};
	struct first first = {.r = r};
	int error = head_get(t, r->shard, &head);
	first.log_entries = error == 0 ? head.log_entries : 0;
	if (error == 0)
		error = txn_range(t, &range, look_at_first, &first);
	r->more = first.found;
	return error > 0 ? 0 : error;
}

/* Two changes each. */
static int run_look_too_long(struct txn *t, void *arg)
{
	struct account_request *r = arg;
	struct account_key from, to;
	range_of(r, &from, &to);
	r->slice->count = 0;
	int error = slice_collect(r->slice, t, r->shard, key_view(&from), key_view(&to), SLICE_KEYS / 2);
	r->more = r->slice->count > 0;
	return error;
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
	if (!r->more)
		r->phase++;
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
	if (result) {
		end_upkeep(r, result);
	} else if (r->more) {
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
	    .run = r->phase == UPKEEP_TOO_LONG ? run_look_too_long : run_look};
	store_read(r->accounts->store, &r->read);
}

void account_upkeep(struct accounts *a, struct account_request *r)
{
	r->accounts = a;
	r->now = clock_wall();
	r->count = r->counted = 0;
	r->phase = UPKEEP_DELETED;
	r->slice = slice_new();
	look(r);
}
