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
	struct txn_range range = {.shard = shard, .from = key_view(&from), .to = key_view(&to)};
	struct walk w = {each, arg};
	return txn_range(t, &range, visit, &w);
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
