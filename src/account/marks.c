/*
 * Marks, see marks.h. Each has an entry under its name's hash, which says all of it, so that two names of one
 * hash are not taken for each other; and one under the time when it ends, so that what ends first stands
 * first. How many there are is counted in an entry beside these, so that no delivery without answers pays for
 * it.
 */
#include "account/marks.h"

#include <errno.h>
#include <string.h>

#include "account/change.h"
#include "account/slices.h"
#include "base/container.h"
#include "base/mem.h"

enum { VERSION = 1, READ_AT_ONCE = 1000 };

/* ---- keys and values ---- */

static void add(struct account_key *k, size_t bytes, uint64_t n)
{
	entry_write_fixed(k->data + k->len, bytes, n);
	k->len += bytes;
}

/* C 'M' kind hash: the mark. C 'N' until kind hash: its end. C 'N': the counts, before all ends. */
static struct account_key sort_key(char sort)
{
	struct account_key k = key_letter('C');
	k.data[k.len++] = sort;
	return k;
}

static uint64_t hash_more(uint64_t hash, struct view text)
{
	for (size_t i = 0; i < text.len; i++)
		hash = (hash ^ (unsigned char)text.data[i]) * 0x100000001b3u;
	return (hash ^ 0xff) * 0x100000001b3u; /* no octet of UTF-8: it parts the two texts */
}

static struct account_key mark_key(uint8_t kind, uint64_t hash)
{
	struct account_key k = sort_key('M');
	add(&k, 1, kind);
	add(&k, 8, hash);
	return k;
}

static uint64_t hash_of(const struct account_mark *m)
{
	return hash_more(hash_more(0xcbf29ce484222325u, m->handle), m->who);
}

static struct account_key end_key(int64_t until, uint8_t kind, uint64_t hash)
{
	struct account_key k = sort_key('N');
	add(&k, 8, until > 0 ? (uint64_t)until : 0);
	add(&k, 1, kind);
	add(&k, 8, hash);
	return k;
}

static bool read_end_key(struct view key, uint8_t *kind, uint64_t *hash)
{
	if (key.len != 2 + 8 + 1 + 8 || (uint8_t)key.data[10] >= MARK_KINDS)
		return false;
	*kind = (uint8_t)key.data[10];
	*hash = 0;
	for (size_t i = 11; i < key.len; i++)
		*hash = *hash << 8 | (unsigned char)key.data[i];
	return true;
}

static void encode(const struct account_mark *m, struct entry *out)
{
	entry_begin(out, VERSION);
	entry_add_fixed(out, 8, (uint64_t)m->since);
	entry_add_fixed(out, 8, (uint64_t)m->until);
	entry_add_number(out, m->times);
	entry_add_text(out, m->handle);
	entry_add_text(out, m->who);
}

static int decode(struct view value, struct account_mark *m)
{
	struct cursor c = entry_read(value, VERSION);
	struct account_mark r = {.since = (int64_t)entry_take_fixed(&c, 8)};
	r.until = (int64_t)entry_take_fixed(&c, 8);
	r.times = entry_take_number(&c);
	r.handle = entry_take_text(&c);
	r.who = entry_take_text(&c);
	if (cursor_ok(&c))
		*m = r;
	return entry_result(&c);
}

/* ---- counts ---- */

struct counts {
	uint64_t of[MARK_KINDS];
};

/* A damaged entry is as none: counts only bound. */
static int get_counts(struct txn *t, uint64_t shard, struct counts *counts)
{
	struct view value;
	*counts = (struct counts){{0}};
	int error = key_get(t, shard, sort_key('N'), &value);
	if (error)
		return error == -ENOENT ? 0 : error;
	struct cursor c = entry_read(value, VERSION);
	for (size_t i = 0; i < MARK_KINDS; i++)
		counts->of[i] = entry_take_number(&c);
	if (entry_result(&c))
		*counts = (struct counts){{0}};
	return 0;
}

static int put_counts(struct txn *t, uint64_t shard, const struct counts *counts)
{
	struct entry value;
	entry_begin(&value, VERSION);
	for (size_t i = 0; i < MARK_KINDS; i++)
		entry_add_number(&value, counts->of[i]);
	return value_put(t, shard, sort_key('N'), &value);
}

/* ---- in a run ---- */

static bool has_ended(const struct account_mark *m, int64_t now)
{
	return m->until <= now || m->since > now + ACCOUNT_MARK_SLACK;
}

/* What lies at the name's place. -ENOENT: nothing that can be read. */
static int get(struct txn *t, uint64_t shard, const struct account_mark *name, struct account_mark *found)
{
	struct view value;
	int error = key_get(t, shard, mark_key(name->kind, hash_of(name)), &value);
	if (error == 0 && decode(value, found) != 0)
		error = -ENOENT;
	return error;
}

static bool same_name(const struct account_mark *a, const struct account_mark *b)
{
	return view_equal(a->handle, b->handle) && view_equal(a->who, b->who);
}

int marks_find(struct txn *t, uint64_t shard, const struct account_mark *name, int64_t now, bool *found)
{
	struct account_mark mark;
	int error = get(t, shard, name, &mark);
	*found = error == 0 && same_name(&mark, name) && !has_ended(&mark, now);
	return error == -ENOENT ? 0 : error;
}

struct first {
	uint8_t kind;
	struct account_key key;
	bool found;
};

static int take_first(void *arg, struct view key, struct view value)
{
	struct first *f = arg;
	uint8_t kind;
	uint64_t hash;
	(void)value;
	if (!read_end_key(key, &kind, &hash) || kind != f->kind)
		return 0;
	memcpy(f->key.data, key.data, key.len);
	f->key.len = key.len;
	f->found = true;
	return 1;
}

/* The mark whose end this is, and the end. */
static int drop(struct txn *t, uint64_t shard, struct view end, struct counts *counts)
{
	struct account_key copy;
	uint8_t kind;
	uint64_t hash;
	memcpy(copy.data, end.data, end.len);
	copy.len = end.len;
	int error = key_delete(t, shard, copy);
	if (error || !read_end_key(key_view(&copy), &kind, &hash))
		return error;
	counts->of[kind] = less(counts->of[kind], 1);
	return key_delete(t, shard, mark_key(kind, hash));
}

static int make_room(struct txn *t, uint64_t shard, uint8_t kind, struct counts *counts)
{
	struct account_key from = end_key(0, 0, 0), to = sort_key('O');
	struct first first = {.kind = kind};
	struct txn_range range = {.shard = shard,
	    .from = key_view(&from),
	    .to = key_view(&to),
	    .limit = MARK_KINDS * ACCOUNT_MARKS_MAX};
	if (counts->of[kind] < ACCOUNT_MARKS_MAX)
		return 0;
	int error = txn_range(t, &range, take_first, &first);
	if (error < 0)
		return error;
	if (!first.found) {
		counts->of[kind] = 0; /* counted wrongly: there is none */
		return 0;
	}
	return drop(t, shard, key_view(&first.key), counts);
}

static int replace(struct txn *t, uint64_t shard, const struct account_mark *mark, struct counts *counts)
{
	struct account_mark old = {.times = 0}, next = *mark;
	struct entry value, empty;
	int error = get(t, shard, mark, &old);
	next.times = error == 0 && same_name(&old, mark) ? old.times + 1 : 1;
	if (error == 0)
		error = key_delete(t, shard, end_key(old.until, mark->kind, hash_of(mark)));
	else if (error == -ENOENT)
		error = make_room(t, shard, mark->kind, counts);
	if (error)
		return error;
	counts->of[mark->kind] += old.times == 0;
	encode(&next, &value);
	entry_begin(&empty, VERSION);
	error = value_put(t, shard, mark_key(mark->kind, hash_of(mark)), &value);
	return error ? error : value_put(t, shard, end_key(next.until, mark->kind, hash_of(mark)), &empty);
}

int marks_set(struct txn *t, uint64_t shard, const struct account_mark *mark)
{
	struct account_head head;
	struct counts counts;
	if (mark->handle.len > ACCOUNT_MARK_HANDLE_MAX || mark->who.len > ACCOUNT_MARK_WHO_MAX)
		return -EMSGSIZE;
	int error = head_get(t, shard, &head);
	if (error == 0)
		error = get_counts(t, shard, &counts);
	if (error == 0)
		error = replace(t, shard, mark, &counts);
	return error ? error : put_counts(t, shard, &counts);
}

int marks_ended(struct txn *t, uint64_t shard, int64_t now, bool *any)
{
	struct account_key from = end_key(0, 0, 0), to = end_key(now + 1, 0, 0);
	struct slice *slice = slice_new();
	int error = slice_collect(slice, t, shard, key_view(&from), key_view(&to), 1);
	*any = slice->count > 0;
	slice_free(slice);
	return error;
}

int marks_drop(struct txn *t, uint64_t shard, int64_t now, bool *more)
{
	enum { AT_ONCE = SLICE_KEYS / 2 };
	struct account_key from = end_key(0, 0, 0), to = end_key(now + 1, 0, 0);
	struct slice *slice = slice_new();
	struct counts counts;
	int error = get_counts(t, shard, &counts);
	if (error == 0)
		error = slice_collect(slice, t, shard, key_view(&from), key_view(&to), AT_ONCE);
	for (size_t i = 0; i < slice->count && error == 0; i++)
		error = drop(t, shard, slice_key(slice, i), &counts);
	if (error == 0 && slice->count > 0)
		error = put_counts(t, shard, &counts);
	*more = slice->count == AT_ONCE;
	slice_free(slice);
	return error;
}

/* ---- from outside ---- */

static int list_one(void *arg, struct view key, struct view value)
{
	struct account_marks *m = arg;
	struct account_mark mark;
	m->seen++;
	/* The next read begins right behind it. */
	memcpy(m->next.data, key.data, key.len);
	m->next.data[key.len] = '\0';
	m->next.len = key.len + 1;
	if (decode(value, &mark) != 0 || has_ended(&mark, m->now) || !view_starts(mark.handle, m->handle) ||
	    m->count == ACCOUNT_MARKS_MAX)
		return 0;
	mark.kind = m->kind;
	if (!arena_copy(&m->texts, mark.handle, &mark.handle) || !arena_copy(&m->texts, mark.who, &mark.who))
		return -ENOMEM;
	m->marks[m->count++] = mark;
	return 0;
}

static int run_list(struct txn *t, void *arg)
{
	struct account_marks *m = arg;
	struct account_key to = mark_key((uint8_t)(m->kind + 1), 0);
	struct account_head head;
	struct txn_range range = {
	    .shard = m->shard, .from = key_view(&m->from), .to = key_view(&to), .limit = READ_AT_ONCE};
	int error = head_get(t, m->shard, &head);
	m->seen = 0;
	m->count = m->before;
	return error ? error : txn_range(t, &range, list_one, m);
}

static void listed(struct store_read *read, int result)
{
	struct account_marks *m = container_of(read, struct account_marks, read);
	m->before = m->count;
	if (result == 0 && m->seen == READ_AT_ONCE) {
		m->from = m->next;
		store_read(m->accounts->store, read);
		return;
	}
	m->done(m, result);
}

void account_marks(struct accounts *a, struct account_marks *m)
{
	m->accounts = a;
	m->marks = mem_array(ACCOUNT_MARKS_MAX, sizeof *m->marks);
	m->count = m->before = 0;
	/* Twice, since a read may run again. */
	arena_init(&m->texts, 2 * (size_t)ACCOUNT_MARKS_MAX *
	                          (ACCOUNT_MARK_HANDLE_MAX + ACCOUNT_MARK_WHO_MAX + 2 * sizeof(void *)));
	m->from = mark_key(m->kind, 0);
	m->read = (struct store_read){.shard = m->shard, .run = run_list, .arg = m, .done = listed};
	store_read(a->store, &m->read);
}

void account_marks_free(struct account_marks *m)
{
	mem_free(m->marks);
	arena_done(&m->texts);
	m->marks = NULL;
	m->count = 0;
}
