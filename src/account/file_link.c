/* See file_link.h. */
#include "account/file_link.h"

#include <errno.h>

#include "account/change.h"
#include "base/cursor.h"

enum {
	/* So long past its time a file stays on the disk: a fetch that was begun in time goes on. */
	GRACE_SECONDS = 6 * 3600,
	DROP_AT_ONCE = 64 /* of one commit */
};
_Static_assert((int)FILE_LINKS_MAX < (int)STORE_READ_KEYS_MAX, "one slice reads all of them");

struct walk {
	int (*visit)(void *arg, const struct account_file_link *l);
	void *arg;
};

static int visit(void *arg, struct view key, struct view value)
{
	const struct walk *w = arg;
	struct account_file_link l;
	uint32_t number;
	if (!key_read_file_link(key, &number) || file_link_decode(number, value, &l) != 0)
		return 0;
	return w->visit(w->arg, &l);
}

static int visit_all(struct txn *t, uint64_t shard, int (*each)(void *arg, const struct account_file_link *l),
    void *arg, size_t *damaged)
{
	struct account_key from = key_file_link(0), to = key_file_link(UINT32_MAX);
	struct txn_range range = {
	    .shard = shard, .from = key_view(&from), .to = key_view(&to), .passed = damaged};
	struct walk w = {each, arg};
	return txn_range(t, &range, visit, &w);
}

int account_file_links_each(
    struct txn *t, uint64_t shard, int (*each)(void *arg, const struct account_file_link *l), void *arg)
{
	struct account_head head;
	size_t damaged = 0;
	int error = head_get(t, shard, &head);
	return error ? error : visit_all(t, shard, each, arg, &damaged);
}

struct living {
	int64_t now;
	uint64_t count, bytes;
};

static int add_living(void *arg, const struct account_file_link *l)
{
	struct living *s = arg;
	if (l->expires > s->now) {
		s->count++;
		s->bytes += l->size;
	}
	return 0;
}

int account_file_links_sum(struct txn *t, uint64_t shard, int64_t now, uint64_t *count, uint64_t *bytes)
{
	struct living s = {.now = now};
	struct account_head head;
	size_t damaged = 0;
	int error = head_get(t, shard, &head);
	if (error == 0)
		error = visit_all(t, shard, add_living, &s, &damaged);
	if (error == 0) {
		*count = s.count + damaged;
		*bytes = s.bytes;
	}
	return error;
}

static int get(struct txn *t, uint64_t shard, uint32_t number, struct account_file_link *l)
{
	struct account_head head;
	struct view value;
	int error = head_get(t, shard, &head);
	if (error == 0)
		error = key_get(t, shard, key_file_link(number), &value);
	return error ? error : file_link_decode(number, value, l);
}

int account_file_link_get(
    struct txn *t, uint64_t shard, uint32_t number, int64_t now, struct account_file_link *l)
{
	int error = get(t, shard, number, l);
	return error == 0 && l->expires <= now ? -ENOENT : error;
}

int account_file_link_put(struct txn *t, uint64_t shard, const struct account_file_link *l)
{
	struct entry value;
	file_link_encode(l, &value);
	return value_put(t, shard, key_file_link(l->number), &value);
}

int account_file_link_remove(struct txn *t, uint64_t shard, uint32_t number)
{
	struct account_head head;
	struct view value;
	int error = head_get(t, shard, &head);
	if (error)
		return error;
	error = key_get(t, shard, key_file_link(number), &value);
	return error && error != -EBADMSG ? error : key_delete(t, shard, key_file_link(number));
}

/* ---- those that are over ---- */

struct over {
	int64_t now;
	size_t count, room;
	uint32_t numbers[DROP_AT_ONCE];
};

static int find_over(void *arg, const struct account_file_link *l)
{
	struct over *o = arg;
	if (l->expires > o->now - GRACE_SECONDS)
		return 0;
	o->numbers[o->count++] = l->number;
	return o->count == o->room;
}

static int look(struct txn *t, uint64_t shard, struct over *o)
{
	int error = account_file_links_each(t, shard, find_over, o);
	return error > 0 ? 0 : error;
}

static int drop(struct txn *t, uint64_t shard, const struct over *o)
{
	int error = 0;
	for (size_t i = 0; i < o->count && error == 0; i++)
		error = key_delete(t, shard, key_file_link(o->numbers[i]));
	return error;
}

int account_file_links_expired(struct txn *t, uint64_t shard, int64_t now, bool *more)
{
	struct over o = {.now = now, .room = 1};
	int error = look(t, shard, &o);
	*more = o.count > 0;
	return error;
}

int account_file_links_drop(struct txn *t, uint64_t shard, int64_t now, uint64_t *dropped, bool *more)
{
	struct over o = {.now = now, .room = DROP_AT_ONCE};
	int error = look(t, shard, &o);
	*dropped = o.count;
	*more = o.count == o.room;
	return error ? error : drop(t, shard, &o);
}

/* ---- making ---- */

struct sum {
	struct over over;
	uint64_t count, bytes; /* bytes: of those whose time is not over */
};

static int add(void *arg, const struct account_file_link *l)
{
	struct sum *s = arg;
	s->count++;
	if (l->expires > s->over.now)
		s->bytes += l->size;
	/* Upkeep comes once a day: what it would drop shall not be in the way until then. */
	if (s->over.count < s->over.room)
		(void)find_over(&s->over, l);
	return 0;
}

static int find_kept(
    struct txn *t, uint64_t shard, uint64_t id, int64_t expires, int64_t now, struct account_file_link *l)
{
	struct account_kept kept;
	struct view value;
	int error = expires <= now ? -ENOENT : key_get(t, shard, key_kept(expires, id), &value);
	if (error == 0)
		error = kept_decode(value, &kept);
	if (error == 0) {
		l->blob = kept.blob;
		l->size = kept.size;
	}
	return error;
}

int account_file_link_make(struct txn *t, uint64_t shard, uint64_t kept_id, int64_t kept_expires,
    uint64_t space, struct account_file_link *l)
{
	struct account_head head;
	struct sum s = {.over = {.now = l->created, .room = DROP_AT_ONCE}};
	size_t damaged = 0;
	int error = find_kept(t, shard, kept_id, kept_expires, l->created, l);
	if (error == 0)
		error = head_get(t, shard, &head);
	if (error == 0)
		error = visit_all(t, shard, add, &s, &damaged);
	if (error)
		return error;
	if (s.count + damaged - s.over.count >= FILE_LINKS_MAX || head.last_file_link == UINT32_MAX - 1)
		return -EMLINK;
	if (l->size > space || s.bytes > space - l->size)
		return -EDQUOT;
	error = drop(t, shard, &s.over);
	l->number = ++head.last_file_link;
	if (error == 0)
		error = head_put(t, shard, &head);
	return error ? error : account_file_link_put(t, shard, l);
}
