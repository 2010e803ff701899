/* See received.h. */
#include "ledger/received.h"

#include <errno.h>
#include <string.h>

enum { VERSION = 1, EXPIRE_MAX = 50 };

/* ---- mails ---- */

static struct ledger_key mail_key(const struct received_mail *m)
{
	struct ledger_key k = ledger_key('I');
	ledger_key_add_fixed(&k, 8, (uint64_t)m->at);
	ledger_key_add(&k, view_of(m->id, sizeof m->id));
	return k;
}

static struct view cut(struct view text)
{
	return view_take(text, RECEIVED_TEXT_MAX);
}

static int count_one(void *arg, struct view key, struct view value)
{
	(void)key;
	(void)value;
	return ++*(size_t *)arg == RECEIVED_WAITING_MAX;
}

int received_mail_put(struct txn *t, const struct received_mail *m)
{
	struct ledger_key all = ledger_key('I'), behind = ledger_key_behind(&all), k = mail_key(m);
	struct txn_range range = {
	    .shard = LEDGER_SHARD, .from = ledger_key_view(&all), .to = ledger_key_view(&behind)};
	size_t count = 0;
	struct entry e;
	int error = txn_range(t, &range, count_one, &count);
	if (error)
		return error < 0 ? error : -EDQUOT;
	entry_begin(&e, VERSION);
	entry_add_blob(&e, &m->body);
	entry_add_number(&e, m->length);
	entry_add_text(&e, cut(m->from));
	return entry_put(t, LEDGER_SHARD, ledger_key_view(&k), &e);
}

static int take_first(void *arg, struct view key, struct view value)
{
	struct received_mail *m = arg;
	struct cursor k = cursor_on(view_skip(key, 1)), c = entry_read(value, VERSION);
	*m = (struct received_mail){.at = (int64_t)cursor_u64(&k)};
	struct view id = cursor_bytes(&k, sizeof m->id);
	if (!cursor_ok(&k))
		return 0;
	memcpy(m->id, id.data, id.len);
	entry_take_blob(&c, &m->body);
	m->length = entry_take_number(&c);
	m->from = entry_take_text(&c);
	if (entry_result(&c) != 0) {
		m->length = 0; /* damaged: it is dropped, and the next one has its turn */
		m->from = (struct view){0};
	}
	return 1;
}

int received_mail_first(struct txn *t, struct received_mail *out)
{
	struct ledger_key all = ledger_key('I'), behind = ledger_key_behind(&all);
	struct txn_range range = {
	    .shard = LEDGER_SHARD, .from = ledger_key_view(&all), .to = ledger_key_view(&behind)};
	int error = txn_range(t, &range, take_first, out);
	return error == 1 ? 0 : error ? error : -ENOENT;
}

int received_mail_drop(struct txn *t, const struct received_mail *m)
{
	struct ledger_key k = mail_key(m);
	return txn_delete(t, LEDGER_SHARD, ledger_key_view(&k));
}

/* ---- reports ---- */

static struct ledger_key amount_key(void)
{
	return ledger_key('V');
}

static struct ledger_key report_key(unsigned kind, uint64_t hash)
{
	struct ledger_key k = ledger_key('R');
	ledger_key_add_fixed(&k, 1, kind);
	ledger_key_add_fixed(&k, 8, hash);
	return k;
}

static uint64_t hash_more(uint64_t h, struct view bytes)
{
	for (size_t i = 0; i < bytes.len; i++)
		h = (h ^ (unsigned char)bytes.data[i]) * UINT64_C(0x100000001b3);
	return (h ^ 0xff) * UINT64_C(0x100000001b3);
}

/* RFC 9990, "Definition of Report-ID": unique among the reports of one reporter to one domain. Who has sent
 * it belongs to it, or a forged one that came first would keep the true one out. */
static uint64_t hash_of(const struct received_report *r)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);
	h = hash_more(h, r->domain);
	h = hash_more(h, r->org);
	h = hash_more(h, r->id);
	h = hash_more(h, r->from);
	return hash_more(h, view_of(&r->begin, sizeof r->begin));
}

int received_put(struct txn *t, struct received_report *r)
{
	struct ledger_key counted = amount_key(), k;
	struct ledger_amount amount;
	struct view there;
	struct entry e;
	r->hash = hash_of(r);
	k = report_key(r->kind, r->hash);
	int error = txn_get(t, LEDGER_SHARD, ledger_key_view(&k), &there);
	if (error != -ENOENT)
		return error ? error : -EEXIST;
	error = ledger_amount_get(t, &counted, &amount);
	if (error)
		return error;
	amount.count++;
	amount.bytes += blob_length(&r->bytes);
	unsigned part = (r->from.len > 0 ? 1 : RECEIVED_UNPROVEN_PART) *
	                (r->kind == RECEIVED_FAILURE_KIND ? RECEIVED_FAILURE_PART : 1);
	if (amount.count > RECEIVED_MAX / part || amount.bytes > RECEIVED_BYTES_MAX / part)
		return -EDQUOT;
	entry_begin(&e, VERSION);
	entry_add_fixed(&e, 8, (uint64_t)r->at);
	entry_add_blob(&e, &r->bytes);
	entry_add_number(&e, r->begin);
	entry_add_number(&e, r->end);
	entry_add_text(&e, cut(r->domain));
	entry_add_text(&e, cut(r->org));
	entry_add_text(&e, cut(r->id));
	entry_add_text(&e, cut(r->from));
	error = entry_put(t, LEDGER_SHARD, ledger_key_view(&k), &e);
	return error ? error : ledger_amount_put(t, &counted, &amount);
}

static bool read_report(struct view key, struct view value, struct received_report *r)
{
	struct cursor k = cursor_on(view_skip(key, 1)), c = entry_read(value, VERSION);
	r->kind = cursor_u8(&k);
	r->hash = cursor_u64(&k);
	r->at = (int64_t)entry_take_fixed(&c, 8);
	entry_take_blob(&c, &r->bytes);
	r->begin = entry_take_number(&c);
	r->end = entry_take_number(&c);
	r->domain = entry_take_text(&c);
	r->org = entry_take_text(&c);
	r->id = entry_take_text(&c);
	r->from = entry_take_text(&c);
	return cursor_ok(&k) && entry_result(&c) == 0;
}

struct listing {
	struct received_place *place;
	int (*visit)(void *arg, const struct received_report *r);
	void *arg;
	unsigned count, max;
	bool damaged_too, more;
};

/* One that is damaged is older than all others, and has no octets that could be counted. */
static int take_report(void *arg, struct view key, struct view value)
{
	struct listing *l = arg;
	struct received_report r = {.kind = 0};
	if (l->count == l->max) {
		l->more = true;
		return 1;
	}
	l->count++;
	bool good = read_report(key, value, &r);
	*l->place = (struct received_place){.kind = r.kind, .hash = r.hash, .begun = true};
	if (!good)
		r = (struct received_report){.kind = r.kind, .hash = r.hash, .at = INT64_MIN};
	return good || l->damaged_too ? l->visit(l->arg, &r) : 0;
}

static int list(struct txn *t, struct listing *l)
{
	struct ledger_key all = ledger_key('R'), behind = ledger_key_behind(&all), from = all;
	if (l->place->begun) {
		from = report_key(l->place->kind, l->place->hash);
		ledger_key_add_fixed(&from, 1, 0); /* the next key that there can be */
	}
	struct txn_range range = {
	    .shard = LEDGER_SHARD, .from = ledger_key_view(&from), .to = ledger_key_view(&behind)};
	int error = txn_range(t, &range, take_report, l);
	return error == 1 && l->more ? 0 : error;
}

int received_list(struct txn *t, struct received_place *place,
    int (*visit)(void *arg, const struct received_report *r), void *arg, bool *more)
{
	struct listing l = {.place = place, .visit = visit, .arg = arg, .max = RECEIVED_LIST_MAX};
	int error = list(t, &l);
	*more = l.more;
	return error;
}

/* ---- expiry ---- */

struct expiring {
	int64_t before;
	struct ledger_key keys[EXPIRE_MAX];
	size_t count;
	uint64_t bytes;
};

static int find_old(void *arg, const struct received_report *r)
{
	struct expiring *x = arg;
	if (r->at >= x->before || x->count == EXPIRE_MAX)
		return 0;
	x->keys[x->count++] = report_key(r->kind, r->hash);
	x->bytes += blob_length(&r->bytes);
	return 0;
}

int received_expire(struct txn *t, int64_t before, struct received_place *place, bool *more)
{
	struct expiring x = {.before = before};
	/* No more are looked at than can be removed. */
	struct listing l = {
	    .place = place, .visit = find_old, .arg = &x, .max = EXPIRE_MAX, .damaged_too = true};
	struct ledger_key counted = amount_key();
	struct ledger_amount amount;
	int error = list(t, &l);
	if (error == 0)
		error = ledger_amount_get(t, &counted, &amount);
	*more = l.more;
	if (error || x.count == 0)
		return error;
	for (size_t i = 0; i < x.count && error == 0; i++)
		error = txn_delete(t, LEDGER_SHARD, ledger_key_view(&x.keys[i]));
	amount.count -= amount.count < x.count ? amount.count : x.count;
	amount.bytes -= amount.bytes < x.bytes ? amount.bytes : x.bytes;
	return error ? error : ledger_amount_put(t, &counted, &amount);
}

/* ---- blobs ---- */

void ledger_names_blobs(uint64_t shard, struct view key, struct view value,
    void (*found)(void *arg, const struct blob_id *id), void *arg)
{
	struct blob_id id = {{0}};
	if (store_shard_class(shard) != STORE_LEDGER || key.len == 0 ||
	    (key.data[0] != 'I' && key.data[0] != 'R'))
		return;
	struct cursor c = entry_read(value, VERSION);
	if (key.data[0] == 'R')
		entry_take_fixed(&c, 8);
	entry_take_blob(&c, &id);
	if (entry_result(&c) == 0 && !blob_is_none(&id))
		found(arg, &id);
}
