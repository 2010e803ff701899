/* Seeing, disowning and finding mailing lists: see lists.h. */
#include "account/lists.h"

#include <errno.h>

#include "base/container.h"

enum { VERSION = 1, DAY = 24 * 60 * 60 };

struct list {
	uint64_t number;
	uint32_t first, last, days; /* days since 1970; how many of them had mail */
	bool disowned;
};

struct lists {
	size_t count;
	struct list at[ACCOUNT_LISTS_MAX];
};

static void encode(const struct lists *l, struct entry *out)
{
	entry_begin(out, VERSION);
	entry_add_number(out, l->count);
	for (size_t i = 0; i < l->count; i++) {
		entry_add_fixed(out, 8, l->at[i].number);
		entry_add_number(out, l->at[i].first);
		entry_add_number(out, l->at[i].last);
		entry_add_number(out, l->at[i].days);
		entry_add_number(out, l->at[i].disowned);
	}
}

static int decode(struct view value, struct lists *l)
{
	struct cursor c = entry_read(value, VERSION);
	struct lists r = {.count = (size_t)entry_take_limited(&c, ACCOUNT_LISTS_MAX)};
	for (size_t i = 0; i < r.count; i++) {
		r.at[i].number = entry_take_fixed(&c, 8);
		r.at[i].first = (uint32_t)entry_take_limited(&c, UINT32_MAX);
		r.at[i].last = (uint32_t)entry_take_limited(&c, UINT32_MAX);
		r.at[i].days = (uint32_t)entry_take_limited(&c, UINT32_MAX);
		r.at[i].disowned = entry_take_limited(&c, 1) != 0;
	}
	if (cursor_ok(&c))
		*l = r;
	return entry_result(&c);
}

/* What was learnt may be lost: a damaged entry is as none. */
static int get(struct txn *t, uint64_t shard, struct lists *l)
{
	struct view value;
	*l = (struct lists){.count = 0};
	int error = key_get(t, shard, key_lists(), &value);
	if (error == 0 && decode(value, l) != 0)
		*l = (struct lists){.count = 0};
	return error == -ENOENT ? 0 : error;
}

static int put(struct account_change *c, const struct lists *l)
{
	struct entry value;
	encode(l, &value);
	return change_put(c, key_lists(), &value);
}

static bool is_read(const struct list *l)
{
	return !l->disowned && l->days >= ACCOUNT_LIST_DAYS && l->last - l->first >= ACCOUNT_LIST_PERIOD;
}

static struct list *find(struct lists *l, uint64_t number)
{
	for (size_t i = 0; i < l->count; i++)
		if (l->at[i].number == number)
			return &l->at[i];
	return NULL;
}

/* A place for a new one. What is read or disowned gives way last: nobody else's lists may drive it out. */
static struct list *make_place(struct lists *l)
{
	struct list *oldest = NULL;
	if (l->count < ACCOUNT_LISTS_MAX)
		return &l->at[l->count++];
	for (int settled = 0; settled <= 1 && oldest == NULL; settled++)
		for (size_t i = 0; i < l->count; i++) {
			struct list *one = &l->at[i];
			if ((is_read(one) || one->disowned) == settled &&
			    (oldest == NULL || one->last < oldest->last))
				oldest = one;
		}
	return oldest;
}

int lists_see(struct account_change *c, uint64_t list, int64_t now)
{
	struct lists l;
	uint32_t today = now > 0 ? (uint32_t)(now / DAY) : 0;
	int error = get(c->txn, c->shard, &l);
	struct list *one = error ? NULL : find(&l, list);
	if (error || (one && (one->last >= today || one->disowned)))
		return error;
	if (one == NULL) {
		one = make_place(&l);
		*one = (struct list){.number = list, .first = today};
	}
	if (one->days > 0 && today - one->last > ACCOUNT_LIST_SILENCE)
		*one = (struct list){.number = list, .first = today};
	one->last = today;
	one->days++;
	return put(c, &l);
}

int lists_disown(struct account_change *c, uint64_t emailid)
{
	struct account_email email;
	struct view value;
	struct lists l;
	int error = change_get(c, key_email(emailid), &value);
	/* A damaged email can be put into Junk like others. */
	if (error || email_decode(emailid, value, &email) != 0 || email.list == 0)
		return error == -ENOENT ? 0 : error;
	uint64_t number = email.list;
	error = get(c->txn, c->shard, &l);
	if (error)
		return error;
	struct list *one = find(&l, number);
	if (one && one->disowned)
		return 0;
	if (one == NULL)
		one = make_place(&l);
	*one = (struct list){.number = number, .disowned = true, .last = one->last};
	return put(c, &l);
}

/* ---- from outside ---- */

static int run_read(struct txn *t, void *arg)
{
	const struct account_list_question *l = arg;
	struct lists lists;
	int error = get(t, l->shard, &lists);
	const struct list *one = error ? NULL : find(&lists, l->list);
	if (error)
		return error;
	return one && is_read(one) && l->now / DAY - one->last <= ACCOUNT_LIST_SILENCE ? 0 : -ENOENT;
}

static void read_done(struct store_read *read, int result)
{
	struct account_list_question *l = container_of(read, struct account_list_question, read);
	l->done(l, result);
}

void account_reads_list(struct accounts *a, struct account_list_question *l)
{
	l->read = (struct store_read){.shard = l->shard, .run = run_read, .arg = l, .done = read_done};
	store_read(a->store, &l->read);
}
