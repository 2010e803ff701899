/* Tallies, entry by entry: see tally.h. */
#include "ledger/tally.h"

#include <errno.h>
#include <string.h>

enum {
	VERSION = 1,
	HEAD = 1 + 1 + 4, /* of a key: letter, kind, day */
	DROP_MAX = 200,   /* entries that one tally_drop removes */
	ENTRY_COST = 40   /* octets beside a row, for the count of them */
};

/* ---- keys ---- */

static struct ledger_key amount_key(unsigned kind)
{
	struct ledger_key k = ledger_key('U');
	ledger_key_add_fixed(&k, 1, kind);
	return k;
}

static struct ledger_key kind_key(unsigned kind)
{
	struct ledger_key k = ledger_key('T');
	ledger_key_add_fixed(&k, 1, kind);
	return k;
}

static struct ledger_key subject_key(unsigned kind, uint32_t day, struct view subject)
{
	struct ledger_key k = kind_key(kind);
	ledger_key_add_fixed(&k, 4, day);
	ledger_key_add(&k, subject);
	ledger_key_add_fixed(&k, 1, 0);
	return k;
}

/* FNV-1a: these are rows of our own making, and two that meet are told apart by their bytes. */
static uint64_t hash(struct view bytes)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);
	for (size_t i = 0; i < bytes.len; i++)
		h = (h ^ (unsigned char)bytes.data[i]) * UINT64_C(0x100000001b3);
	return h;
}

static bool is_subject(struct view s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.data[i] <= ' ' || s.data[i] > '~')
			return false;
	return s.len > 0 && s.len <= TALLY_SUBJECT_MAX;
}

struct parsed {
	uint32_t day;
	struct view subject;
	uint64_t policy, row;
	unsigned depth; /* 0 the subject's own, 1 a policy, 2 a row */
};

static bool read_key(struct view key, struct parsed *p)
{
	struct cursor c = cursor_on(view_skip(key, 2));
	p->day = cursor_u32(&c);
	ptrdiff_t end = view_find(c.rest, '\0');
	if (!cursor_ok(&c) || end <= 0 || end > TALLY_SUBJECT_MAX)
		return false;
	p->subject = cursor_bytes(&c, (size_t)end);
	cursor_u8(&c);
	p->depth = c.rest.len == 0 ? 0 : c.rest.len == 8 ? 1 : 2;
	p->policy = p->depth > 0 ? cursor_u64(&c) : 0;
	p->row = p->depth > 1 ? cursor_u64(&c) : 0;
	return cursor_ok(&c) && c.rest.len == 0;
}

/* ---- the subject's own entry ---- */

struct subject {
	uint64_t rows, left_out;
};

static int subject_decode(struct view value, struct subject *s)
{
	struct cursor c = entry_read(value, VERSION);
	s->rows = entry_take_number(&c);
	s->left_out = entry_take_number(&c);
	return entry_result(&c);
}

static int subject_get(struct txn *t, const struct ledger_key *k, struct subject *s)
{
	struct view value;
	*s = (struct subject){0};
	int error = txn_get(t, LEDGER_SHARD, ledger_key_view(k), &value);
	if (error == 0 && subject_decode(value, s) != 0)
		*s = (struct subject){0}; /* damaged: it is counted from here on */
	return error == -ENOENT ? 0 : error;
}

static int subject_put(struct txn *t, const struct ledger_key *k, const struct subject *s)
{
	struct entry e;
	entry_begin(&e, VERSION);
	entry_add_number(&e, s->rows);
	entry_add_number(&e, s->left_out);
	return entry_put(t, LEDGER_SHARD, ledger_key_view(k), &e);
}

/* ---- adding ---- */

struct adding {
	struct txn *t;
	const struct tally *add;
	struct ledger_amount amount;
	struct subject subject;
	bool full;
};

static int put_value(struct adding *a, const struct ledger_key *k, uint64_t count, struct view bytes)
{
	struct entry e;
	entry_begin(&e, VERSION);
	entry_add_number(&e, count);
	entry_add_bytes(&e, bytes);
	return entry_put(a->t, LEDGER_SHARD, ledger_key_view(k), &e);
}

/* The entry for these bytes, counted further. Another's with the same hash: the next number is its place. */
static int count_bytes(struct adding *a, struct ledger_key base, uint64_t h, struct view bytes,
    uint64_t count, struct ledger_key *at)
{
	for (unsigned tries = 0; tries < 4; tries++, h++) {
		struct view value;
		struct ledger_key k = base;
		ledger_key_add_fixed(&k, 8, h);
		*at = k;
		int error = txn_get(a->t, LEDGER_SHARD, ledger_key_view(&k), &value);
		if (error == -ENOENT) {
			a->full = a->amount.count >= TALLY_ENTRIES_MAX || a->subject.rows >= TALLY_ROWS_MAX;
			if (a->full)
				return 0;
			a->amount.count++;
			a->amount.bytes += bytes.len + k.len + ENTRY_COST;
			a->subject.rows++;
			return put_value(a, &k, count, bytes);
		}
		if (error)
			return error;
		struct cursor c = entry_read(value, VERSION);
		uint64_t had = entry_take_number(&c);
		if (entry_result(&c) != 0)
			return put_value(a, &k, count, bytes); /* damaged */
		if (view_equal(c.rest, bytes))
			return count ? put_value(a, &k, had + count, bytes) : 0;
	}
	a->full = true;
	return 0;
}

int tally_add(struct txn *t, unsigned kind, const struct tally *add)
{
	struct adding a = {.t = t, .add = add};
	if (kind == 0 || kind >= TALLY_KINDS || !is_subject(add->subject))
		return -EINVAL;
	if (add->row.len > TALLY_ROW_MAX || add->policy.len > TALLY_ROW_MAX)
		return -EMSGSIZE;
	struct ledger_key counted = amount_key(kind), own = subject_key(kind, add->day, add->subject), policy,
	                  row;
	int error = ledger_amount_get(t, &counted, &a.amount);
	if (error == 0)
		error = subject_get(t, &own, &a.subject);
	if (error)
		return error;
	/* The subject's own entry is one more of them. */
	bool fresh = a.subject.rows == 0 && a.subject.left_out == 0;
	if (fresh && a.amount.count >= TALLY_ENTRIES_MAX)
		return 1;
	a.amount.count += fresh;
	error = count_bytes(&a, own, hash(add->policy), add->policy, 0, &policy);
	if (error == 0 && !a.full)
		error = count_bytes(&a, policy, hash(add->row), add->row, add->count, &row);
	if (error)
		return error;
	if (a.full)
		a.subject.left_out += add->count;
	error = subject_put(t, &own, &a.subject);
	if (error == 0)
		error = ledger_amount_put(t, &counted, &a.amount);
	return error ? error : a.full;
}

/* ---- reading ---- */

struct finding {
	uint32_t before;
	struct tally_subject *out;
	bool found;
};

static int take_subject(void *arg, struct view key, struct view value)
{
	struct finding *f = arg;
	struct parsed p;
	struct subject s;
	if (!read_key(key, &p) || p.depth != 0)
		return 0;
	if (subject_decode(value, &s) != 0)
		s = (struct subject){0};
	f->found = p.day < f->before;
	if (f->found) {
		f->out->day = p.day;
		memcpy(f->out->name, p.subject.data, p.subject.len);
		f->out->name[p.subject.len] = '\0';
		f->out->left_out = s.left_out;
	}
	return 1;
}

int tally_next(struct txn *t, unsigned kind, uint32_t before, const struct tally_subject *after,
    struct tally_subject *out)
{
	struct finding f = {.before = before, .out = out};
	struct ledger_key from = kind_key(kind), all = from, to = ledger_key_behind(&all);
	if (kind == 0 || kind >= TALLY_KINDS)
		return -EINVAL;
	if (after && after->name[0]) {
		from = subject_key(kind, after->day, view_from_string(after->name));
		from = ledger_key_behind(&from);
	}
	struct txn_range range = {
	    .shard = LEDGER_SHARD, .from = ledger_key_view(&from), .to = ledger_key_view(&to)};
	int error = txn_range(t, &range, take_subject, &f);
	return error < 0 ? error : f.found ? 0 : -ENOENT;
}

struct listing {
	struct tally_place *place;
	int (*visit)(void *arg, const struct tally *entry);
	void *arg;
	unsigned count;
	bool more;
};

static int take_entry(void *arg, struct view key, struct view value)
{
	struct listing *l = arg;
	struct parsed p;
	if (!read_key(key, &p) || p.depth == 0)
		return 0;
	if (l->count == TALLY_LIST_MAX) {
		l->more = true;
		return 1;
	}
	struct cursor c = entry_read(value, VERSION);
	struct tally entry = {.day = p.day, .subject = p.subject, .count = entry_take_number(&c)};
	if (entry_result(&c) != 0)
		return 0; /* damaged: the report has the others */
	*(p.depth == 1 ? &entry.policy : &entry.row) = c.rest;
	l->count++;
	*l->place = (struct tally_place){.policy = p.policy, .row = p.depth == 2 ? p.row : 0, .begun = true};
	/* A row of hash 0 stands behind its policy, and would be told twice: one in 2^64. */
	return l->visit(l->arg, &entry);
}

int tally_list(struct txn *t, unsigned kind, const struct tally_subject *subject, struct tally_place *place,
    int (*visit)(void *arg, const struct tally *entry), void *arg, bool *more)
{
	struct listing l = {.place = place, .visit = visit, .arg = arg};
	if (kind == 0 || kind >= TALLY_KINDS)
		return -EINVAL;
	struct ledger_key own = subject_key(kind, subject->day, view_from_string(subject->name)),
	                  to = ledger_key_behind(&own), from = own;
	if (place->begun) {
		ledger_key_add_fixed(&from, 8, place->policy);
		if (place->row)
			ledger_key_add_fixed(&from, 8, place->row);
		ledger_key_add_fixed(&from, 1, 0); /* the next key that there can be */
	}
	struct txn_range range = {
	    .shard = LEDGER_SHARD, .from = ledger_key_view(&from), .to = ledger_key_view(&to)};
	int error = txn_range(t, &range, take_entry, &l);
	*more = l.more;
	return error == 1 && l.more ? 0 : error;
}

/* ---- removing ---- */

struct dropping {
	struct ledger_key keys[DROP_MAX];
	size_t count;
	uint64_t bytes;
	bool more;
};

static int take_key(void *arg, struct view key, struct view value)
{
	struct dropping *d = arg;
	if (d->count == DROP_MAX) {
		d->more = true;
		return 1;
	}
	struct ledger_key *k = &d->keys[d->count++];
	k->len = 0;
	ledger_key_add(k, key);
	d->bytes += value.len + key.len;
	return 0;
}

int tally_drop(struct txn *t, unsigned kind, const struct tally_subject *subject, bool *more)
{
	struct dropping d = {.count = 0};
	struct ledger_amount amount;
	if (kind == 0 || kind >= TALLY_KINDS)
		return -EINVAL;
	struct ledger_key counted = amount_key(kind),
	                  own = subject_key(kind, subject->day, view_from_string(subject->name)),
	                  to = ledger_key_behind(&own);
	struct txn_range range = {.shard = LEDGER_SHARD,
	    .from = ledger_key_view(&own),
	    .to = ledger_key_view(&to),
	    .backwards = true}; /* the subject's own entry last: until then it is found */
	int error = txn_range(t, &range, take_key, &d);
	if (error >= 0)
		error = ledger_amount_get(t, &counted, &amount);
	if (error)
		return error;
	for (size_t i = 0; i < d.count && error == 0; i++)
		error = txn_delete(t, LEDGER_SHARD, ledger_key_view(&d.keys[i]));
	amount.count -= amount.count < d.count ? amount.count : d.count;
	amount.bytes -= amount.bytes < d.bytes ? amount.bytes : d.bytes;
	*more = d.more;
	return error ? error : ledger_amount_put(t, &counted, &amount);
}
