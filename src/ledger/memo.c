/* Memos, entry by entry: see memo.h. A value is cut into parts, since an entry has room for 2,000 octets; the
 * first part says how many there are, and when it expires. */
#include "ledger/memo.h"

#include <errno.h>
#include <string.h>

enum {
	VERSION = 1,
	PART = 1600, /* of a value: with the key below STORE_ENTRY_MAX */
	PARTS_MAX = (MEMO_VALUE_MAX + PART - 1) / PART,
	/* Of one memo_expire: entries that it looks at, and memos that it removes. */
	EXPIRE_LOOK = 1000,
	EXPIRE_MAX = 50
};
_Static_assert(PARTS_MAX < ' ', "a part's number is no letter of a name");

/* ---- keys ---- */

static struct ledger_key amount_key(unsigned kind)
{
	struct ledger_key k = ledger_key('N');
	ledger_key_add_fixed(&k, 1, kind);
	return k;
}

static struct ledger_key kind_key(unsigned kind)
{
	struct ledger_key k = ledger_key('M');
	ledger_key_add_fixed(&k, 1, kind);
	return k;
}

static struct ledger_key part_key(unsigned kind, struct view name, unsigned part)
{
	struct ledger_key k = kind_key(kind);
	ledger_key_add(&k, name);
	ledger_key_add_fixed(&k, 1, part);
	return k;
}

static bool is_name(struct view name)
{
	for (size_t i = 0; i < name.len; i++)
		if (name.data[i] <= ' ' || name.data[i] > '~')
			return false;
	return name.len > 0 && name.len <= MEMO_NAME_MAX;
}

/* "M", kind, name, part. */
static bool read_key(struct view key, unsigned *kind, struct view *name, unsigned *part)
{
	if (key.len < 4)
		return false;
	*kind = (unsigned char)key.data[1];
	*name = view_of(key.data + 2, key.len - 3);
	*part = (unsigned char)key.data[key.len - 1];
	return true;
}

/* ---- the first part ---- */

struct first {
	int64_t expires;
	unsigned parts;
	uint64_t bytes; /* of the whole value */
	struct view piece;
};

static int read_first(struct view value, struct first *out)
{
	struct cursor c = entry_read(value, VERSION);
	out->expires = (int64_t)entry_take_fixed(&c, 8);
	out->parts = (unsigned)entry_take_limited(&c, PARTS_MAX);
	out->bytes = entry_take_limited(&c, MEMO_VALUE_MAX);
	out->piece = c.rest;
	return entry_result(&c);
}

static int look(struct txn *t, unsigned kind, struct view name, struct first *out)
{
	struct ledger_key k = part_key(kind, name, 0);
	struct view value;
	int error = txn_get(t, LEDGER_SHARD, ledger_key_view(&k), &value);
	*out = (struct first){0};
	if (error == 0 && read_first(value, out) != 0)
		*out = (struct first){.parts = PARTS_MAX}; /* damaged: no part of it shall stay */
	return error == -ENOENT ? 0 : error;
}

/* ---- writing ---- */

static int put_parts(struct txn *t, unsigned kind, const struct memo *memo, unsigned parts)
{
	struct view rest = memo->value;
	for (unsigned i = 0; i < parts; i++) {
		struct ledger_key k = part_key(kind, memo->name, i);
		struct entry e;
		entry_begin(&e, VERSION);
		if (i == 0) {
			entry_add_fixed(&e, 8, (uint64_t)memo->expires);
			entry_add_number(&e, parts);
			entry_add_number(&e, memo->value.len);
		}
		entry_add_bytes(&e, view_take(rest, PART));
		rest = view_skip(rest, PART);
		int error = entry_put(t, LEDGER_SHARD, ledger_key_view(&k), &e);
		if (error)
			return error;
	}
	return 0;
}

static int drop_parts(struct txn *t, unsigned kind, struct view name, unsigned from, unsigned to)
{
	int error = 0;
	for (unsigned i = from; i < to && error == 0; i++) {
		struct ledger_key k = part_key(kind, name, i);
		error = txn_delete(t, LEDGER_SHARD, ledger_key_view(&k));
	}
	return error;
}

int memo_put(struct txn *t, unsigned kind, const struct memo *memo)
{
	struct first old;
	struct ledger_amount amount;
	if (kind == 0 || kind >= MEMO_KINDS || !is_name(memo->name))
		return -EINVAL;
	if (memo->value.len > MEMO_VALUE_MAX)
		return -EMSGSIZE;
	struct ledger_key counted = amount_key(kind);
	int error = look(t, kind, memo->name, &old);
	if (error == 0)
		error = ledger_amount_get(t, &counted, &amount);
	if (error)
		return error;
	unsigned parts = (unsigned)((memo->value.len + PART - 1) / PART);
	if (old.parts > 0) {
		amount.count -= amount.count > 0;
		uint64_t had = old.bytes + memo->name.len;
		amount.bytes -= amount.bytes < had ? amount.bytes : had;
	}
	if (parts > 0) {
		amount.count++;
		amount.bytes += memo->value.len + memo->name.len;
	}
	if (parts > 0 && (amount.count > MEMO_NAMES_MAX || amount.bytes > MEMO_BYTES_MAX))
		return -EDQUOT;
	error = put_parts(t, kind, memo, parts);
	if (error == 0)
		error = drop_parts(t, kind, memo->name, parts, old.parts);
	return error ? error : ledger_amount_put(t, &counted, &amount);
}

/* ---- reading ---- */

struct listing {
	int64_t now;
	int (*visit)(void *arg, const struct memo *memo);
	void *arg;
	struct buf *last;
	struct buf value;
	struct first first; /* of the memo that is being put together; parts 0: of none */
	unsigned next;      /* part */
	size_t looked, bytes;
	bool full;
};

static int give(struct listing *l)
{
	struct memo memo = {
	    .name = buf_view(l->last), .value = buf_view(&l->value), .expires = l->first.expires};
	l->bytes += memo.value.len + memo.name.len;
	l->first.parts = 0;
	return memo.expires > l->now && memo.value.len == l->first.bytes ? l->visit(l->arg, &memo) : 0;
}

static int take_first(struct listing *l, struct view name, struct view value)
{
	/* The memos before it are complete: the slice may end here. */
	if (l->looked == MEMO_LIST_MAX || l->bytes >= MEMO_LIST_BYTES) {
		l->full = true;
		return 1;
	}
	if (read_first(value, &l->first) != 0)
		l->first.parts = 0; /* nobody can use it */
	l->looked++;
	l->next = 1;
	buf_clear(l->last);
	buf_clear(&l->value);
	buf_append(l->last, name);
	buf_append(&l->value, l->first.piece);
	return l->first.parts == 1 ? give(l) : 0;
}

static int take_entry(void *arg, struct view key, struct view value)
{
	struct listing *l = arg;
	unsigned kind, part;
	struct view name;
	if (!read_key(key, &kind, &name, &part))
		return 0;
	if (part == 0)
		return take_first(l, name, value);
	if (part != l->next || l->first.parts == 0 || !view_equal(name, buf_view(l->last)))
		return 0; /* its beginning is missing: nobody can use it */
	struct cursor c = entry_read(value, VERSION);
	if (entry_result(&c) != 0) {
		l->first.parts = 0;
		return 0;
	}
	buf_append(&l->value, c.rest);
	l->next++;
	return l->next == l->first.parts ? give(l) : 0;
}

int memo_list(struct txn *t, unsigned kind, struct view after, int64_t now,
    int (*visit)(void *arg, const struct memo *memo), void *arg, struct buf *last, bool *more)
{
	struct listing l = {.now = now, .visit = visit, .arg = arg, .last = last};
	struct ledger_key from = kind_key(kind), all = kind_key(kind), to = ledger_key_behind(&all);
	if (kind == 0 || kind >= MEMO_KINDS || after.len > MEMO_NAME_MAX)
		return -EINVAL;
	ledger_key_add(&from, after);
	if (after.len > 0)
		ledger_key_add_fixed(&from, 1, PARTS_MAX + 1); /* behind its parts, before longer names */
	struct txn_range range = {
	    .shard = LEDGER_SHARD, .from = ledger_key_view(&from), .to = ledger_key_view(&to)};
	buf_init(&l.value, MEMO_VALUE_MAX);
	buf_clear(last);
	int error = txn_range(t, &range, take_entry, &l);
	buf_done(&l.value);
	*more = l.full;
	return error == 1 && l.full ? 0 : error;
}

/* ---- expiry ---- */

struct expired {
	unsigned kind;
	char name[MEMO_NAME_MAX];
	size_t len;
};

struct expiring {
	int64_t now;
	struct expired *found;
	size_t count, looked;
	struct buf *at;
	bool more;
};

static int find_expired(void *arg, struct view key, struct view value)
{
	struct expiring *x = arg;
	struct first first;
	struct view name;
	unsigned kind, part;
	if (x->looked == EXPIRE_LOOK || x->count == EXPIRE_MAX) {
		x->more = true;
		return 1;
	}
	x->looked++;
	buf_clear(x->at);
	buf_append(x->at, key);
	if (!read_key(key, &kind, &name, &part) || part != 0 || name.len > MEMO_NAME_MAX ||
	    (read_first(value, &first) == 0 && first.expires > x->now))
		return 0;
	struct expired *e = &x->found[x->count++];
	e->kind = kind;
	e->len = name.len;
	memcpy(e->name, name.data, name.len);
	return 0;
}

int memo_expire(struct txn *t, int64_t now, struct buf *at, bool *more)
{
	struct expired found[EXPIRE_MAX];
	struct expiring x = {.now = now, .found = found, .at = at};
	struct ledger_key letter = ledger_key('M'), from = letter, to = ledger_key_behind(&letter);
	struct view behind = buf_view(at);
	if (behind.len > 1) {
		from.len = 0;
		ledger_key_add(&from, behind);
		ledger_key_add_fixed(&from, 1, 0); /* the next key that there can be */
	}
	struct txn_range range = {
	    .shard = LEDGER_SHARD, .from = ledger_key_view(&from), .to = ledger_key_view(&to)};
	int error = txn_range(t, &range, find_expired, &x);
	for (size_t i = 0; i < x.count && error >= 0; i++) {
		struct memo gone = {.name = view_of(found[i].name, found[i].len)};
		if (found[i].kind > 0 && found[i].kind < MEMO_KINDS)
			error = memo_put(t, found[i].kind, &gone);
	}
	*more = x.more;
	return error < 0 ? error : 0;
}
