/* See masked.h. */
#include "account/masked.h"

#include <errno.h>

#include "account/change.h"
#include "base/cursor.h"

enum { VERSION = 1 };

static int decode(struct view value, uint32_t number, struct account_masked *m)
{
	struct cursor c = entry_read(value, VERSION);
	*m = (struct account_masked){.number = number};
	m->state = (uint8_t)entry_take_limited(&c, MASKED_STATE_LAST);
	m->created = (int64_t)entry_take_number(&c);
	m->email = entry_take_text(&c);
	m->for_domain = entry_take_text(&c);
	m->description = entry_take_text(&c);
	m->created_by = entry_take_text(&c);
	/* Entries of before end here. */
	m->last = cursor_ok(&c) && !cursor_at_end(&c) ? (int64_t)entry_take_limited(&c, INT64_MAX) : 0;
	return entry_result(&c);
}

struct walk {
	int (*visit)(void *arg, const struct account_masked *m);
	void *arg;
};

static int visit(void *arg, struct view key, struct view value)
{
	const struct walk *w = arg;
	struct cursor c = cursor_on(view_skip(key, 2));
	struct account_masked m;
	uint32_t number = cursor_u32(&c);
	return cursor_ok(&c) && decode(value, number, &m) == 0 ? w->visit(w->arg, &m) : 0;
}

int account_masked_each(
    struct txn *t, uint64_t shard, int (*each)(void *arg, const struct account_masked *m), void *arg)
{
	struct account_key from = key_masked(0), to = key_masked(UINT32_MAX);
	size_t damaged = 0;
	struct txn_range range = {
	    .shard = shard, .from = key_view(&from), .to = key_view(&to), .passed = &damaged};
	struct walk w = {each, arg};
	return txn_range(t, &range, visit, &w);
}

struct sum {
	uint64_t all, deleted;
	uint32_t last;
};

/* Numbers follow one another, and none is ever removed: what is not known to be deleted counts. */
static int add(void *arg, struct view key, struct view value)
{
	struct sum *s = arg;
	struct cursor c = cursor_on(view_skip(key, 2));
	struct account_masked m;
	uint32_t number = cursor_u32(&c);
	if (!cursor_ok(&c))
		return 0;
	s->all++;
	s->deleted += decode(value, number, &m) == 0 && m.state == MASKED_DELETED;
	s->last = number;
	return 0;
}

int account_masked_count(struct txn *t, uint64_t shard, uint64_t *living, uint32_t *last)
{
	struct account_key from = key_masked(0), to = key_masked(UINT32_MAX);
	size_t damaged = 0;
	struct txn_range range = {
	    .shard = shard, .from = key_view(&from), .to = key_view(&to), .passed = &damaged};
	struct sum s = {0};
	struct view value;
	int error = txn_range(t, &range, add, &s);
	if (error)
		return error;
	/* Damaged ones behind the last whole one have numbers as well. */
	while (damaged > 0 && s.last < UINT32_MAX - 1 &&
	       key_get(t, shard, key_masked(s.last + 1), &value) == -EBADMSG)
		s.last++;
	*living = s.all + damaged - s.deleted;
	*last = s.last;
	return 0;
}

int account_masked_get(struct txn *t, uint64_t shard, uint32_t number, struct account_masked *m)
{
	struct view value;
	int error = key_get(t, shard, key_masked(number), &value);
	return error ? error : decode(value, number, m);
}

int account_masked_put(struct txn *t, uint64_t shard, const struct account_masked *m)
{
	struct account_key key = key_masked(m->number);
	struct entry value;
	entry_begin(&value, VERSION);
	entry_add_number(&value, m->state);
	entry_add_number(&value, (uint64_t)m->created);
	entry_add_text(&value, m->email);
	entry_add_text(&value, m->for_domain);
	entry_add_text(&value, m->description);
	entry_add_text(&value, m->created_by);
	entry_add_number(&value, (uint64_t)m->last);
	return entry_put(t, shard, key_view(&key), &value);
}
