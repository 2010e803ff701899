/* See acts.h. */
#include "account/acts.h"

#include <errno.h>
#include <string.h>

#include "account/acts_private.h"
#include "account/slices.h"
#include "base/clock.h"
#include "base/container.h"
#include "base/mem.h"
#include "format/wire.h"
#include "mail/email_wire.h"

enum {
	/* The state of an act that nobody is told of any more: upkeep takes away what is left of it. */
	FORGOTTEN = ACT_STATE_LAST + 1,
	FORGOTTEN_MAX = ACT_COUNT_MAX
};

/* ---- entries ---- */

struct account_key act_key(char sort, uint64_t number)
{
	struct account_key k = key_letter('C');
	k.data[k.len++] = sort;
	entry_write_fixed(k.data + k.len, 8, number);
	k.len += 8;
	return k;
}

struct account_key act_piece_key(char sort, uint64_t number, uint32_t piece)
{
	struct account_key k = act_key(sort, number);
	entry_write_fixed(k.data + k.len, 4, piece);
	k.len += 4;
	return k;
}

static void encode(const struct account_act *a, struct entry *out)
{
	entry_begin(out, ACT_VERSION);
	entry_add_number(out, a->state);
	entry_add_number(out, (uint64_t)a->created);
	entry_add_number(out, (uint64_t)a->ended);
	entry_add_number(out, a->total);
	entry_add_number(out, a->finished);
	entry_add_number(out, a->failed);
	entry_add_number(out, a->undone);
	entry_add_number(out, a->last);
	entry_add_number(out, a->chunks);
	entry_add_number(out, a->parts);
	entry_add_text(out, a->change);
}

int act_decode(struct view key, struct view value, struct account_act *a)
{
	struct cursor c = entry_read(value, ACT_VERSION), k = cursor_on(view_skip(key, 2));
	a->number = cursor_u64(&k);
	a->state = (uint8_t)entry_take_limited(&c, FORGOTTEN);
	a->created = (int64_t)entry_take_number(&c);
	a->ended = (int64_t)entry_take_number(&c);
	a->total = entry_take_number(&c);
	a->finished = entry_take_number(&c);
	a->failed = entry_take_number(&c);
	a->undone = entry_take_number(&c);
	a->last = entry_take_number(&c);
	a->chunks = (uint32_t)entry_take_limited(&c, UINT32_MAX);
	a->parts = (uint32_t)entry_take_limited(&c, UINT32_MAX);
	struct view change = entry_take_text(&c);
	if (!cursor_ok(&c) || !cursor_ok(&k) || change.len > sizeof a->text)
		return -EBADMSG;
	if (change.len)
		memcpy(a->text, change.data, change.len);
	a->change = view_of(a->text, change.len);
	return 0;
}

int act_get(struct txn *t, uint64_t shard, uint64_t number, struct account_act *out)
{
	struct account_key key = act_key('A', number);
	struct view value;
	int error = key_get(t, shard, key, &value);
	if (error == 0)
		error = act_decode(key_view(&key), value, out);
	if (error == 0 && out->state == FORGOTTEN)
		error = -ENOENT;
	return error == -EBADMSG ? -ENOENT : error;
}

int act_put(struct account_change *c, const struct account_act *a)
{
	struct entry value;
	encode(a, &value);
	return change_put(c, act_key('A', a->number), &value);
}

bool act_is_at_work(const struct account_act *a)
{
	return a->state == ACT_RUNNING || a->state == ACT_UNDOING;
}

/* It begins or ends to be worked on: the head says whether any is. */
void act_set_state(struct account_change *c, struct account_act *a, uint8_t state)
{
	bool before = act_is_at_work(a);
	a->state = state;
	if (act_is_at_work(a) && !before)
		c->head.acts_at_work++;
	else if (!act_is_at_work(a) && before)
		c->head.acts_at_work = (uint32_t)less(c->head.acts_at_work, 1);
	a->ended = act_is_at_work(a) ? 0 : c->now;
	c->head_changed = true;
}

/* ---- lists ---- */

int act_put_chunk(
    struct account_change *c, uint64_t number, uint32_t piece, const uint64_t *ids, size_t count)
{
	struct entry value;
	uint64_t before = 0;
	if (count == 0)
		return change_delete(c, act_piece_key('B', number, piece));
	entry_begin(&value, ACT_VERSION);
	for (size_t i = 0; i < count; i++) {
		entry_add_number(&value, ids[i] - before);
		before = ids[i];
	}
	return change_put(c, act_piece_key('B', number, piece), &value);
}

/* ---- an end ---- */

static int collect_pieces(struct txn *t, uint64_t shard, char sort, uint64_t number, struct slice *slice)
{
	struct account_key from = act_piece_key(sort, number, 0), to = act_key(sort, number + 1);
	return slice_collect(slice, t, shard, key_view(&from), key_view(&to), SLICE_KEYS - 1);
}

/* Deletes a slice of an act, and the act itself when that was the last one: *whole. */
static int delete_slice(struct account_change *c, uint64_t number, bool *whole)
{
	struct slice *slice = slice_new();
	int error = collect_pieces(c->txn, c->shard, 'B', number, slice);
	if (error == 0)
		error = collect_pieces(c->txn, c->shard, 'D', number, slice);
	*whole = slice->count < SLICE_KEYS - 1;
	for (size_t i = 0; i < slice->count && error == 0; i++)
		error = change_delete(c, slice->keys[i]);
	if (error == 0 && *whole)
		error = change_delete(c, act_key('A', number));
	slice_free(slice);
	return error;
}

static void count_out(struct account_change *c)
{
	c->head.acts = (uint32_t)less(c->head.acts, 1);
	c->head_changed = true;
}

/* It waits for nothing: it has ended, or nobody goes on with its list. */
static bool is_over(const struct account_act *a, int64_t now)
{
	return a->state == ACT_GATHERING ? now - a->created > ACT_GATHER_SECONDS : !act_is_at_work(a);
}

struct oldest {
	struct account_act act, next;
	bool found;
	size_t forgotten;
	int64_t now;
};

static int take_oldest(void *arg, struct view key, struct view value)
{
	struct oldest *o = arg;
	if (act_decode(key, value, &o->next) != 0)
		return 0;
	if (o->next.state == FORGOTTEN)
		o->forgotten++;
	else if (!o->found && is_over(&o->next, o->now))
		o->found = act_decode(key, value, &o->act) == 0;
	return 0;
}

/* The oldest act that is over makes room for a new one. -EBUSY: none is, or too much waits for upkeep. */
static int make_room(struct account_change *c)
{
	struct oldest *o = mem_alloc(sizeof *o);
	struct account_key from = act_key('A', 0), to = act_key('A', UINT64_MAX);
	struct txn_range range = {.shard = c->shard, .from = key_view(&from), .to = key_view(&to)};
	bool whole = true;
	o->now = c->now;
	int error = txn_range(c->txn, &range, take_oldest, o);
	if (error == 0 && (!o->found || o->forgotten >= FORGOTTEN_MAX))
		error = -EBUSY;
	if (error == 0)
		error = delete_slice(c, o->act.number, &whole);
	if (error == 0 && !whole) {
		o->act.state = FORGOTTEN;
		error = act_put(c, &o->act);
	}
	if (error == 0)
		count_out(c);
	mem_free(o);
	return error;
}

/* ---- requests ---- */

static int run_begin(struct account_change *c, struct account_act_request *r)
{
	struct account_act *a = mem_alloc(sizeof *a);
	struct cursor in = cursor_on(r->change);
	struct email_change change;
	int error = 0;
	if (r->number == 0) {
		if (r->change.len > ACT_CHANGE_MAX || !email_change_get(&in, &change) ||
		    !cursor_at_end(&in) || change.what & (EMAIL_CHANGE_WAKE | EMAIL_CHANGE_RESTORE))
			error = -EINVAL;
		else if (c->head.acts >= ACT_COUNT_MAX)
			error = make_room(c);
		*a = (struct account_act){
		    .number = c->head.last_act + 1, .created = c->now, .change = r->change};
	} else {
		error = act_get(c->txn, c->shard, r->number, a);
		if (error == 0 && a->state != ACT_GATHERING)
			error = -ENOENT;
	}
	for (size_t i = 0; i < r->count && error == 0; i++) {
		if (r->ids[i] <= a->last || r->ids[i] >= EMAIL_ID_END)
			error = -EINVAL;
		a->last = r->ids[i];
	}
	if (error == 0 && a->total + r->count > ACT_EMAILS_MAX)
		error = -E2BIG;
	for (size_t i = 0; i < r->count && error == 0; i += ACT_CHUNK)
		error = act_put_chunk(c, a->number, a->chunks++, r->ids + i,
		    r->count - i < ACT_CHUNK ? r->count - i : ACT_CHUNK);
	if (error == 0 && r->number == 0) {
		c->head.last_act = a->number;
		c->head.acts++;
	}
	a->total += r->count;
	if (error == 0)
		act_set_state(c, a, r->more ? ACT_GATHERING : ACT_RUNNING);
	if (error == 0)
		error = act_put(c, a);
	r->number = a->number;
	r->works = error == 0 && !r->more;
	mem_free(a);
	return error;
}

static int run_order(struct account_change *c, struct account_act_request *r)
{
	struct account_act *a = mem_alloc(sizeof *a);
	bool undo = r->verb == ACCOUNT_ACT_UNDO;
	int error = act_get(c->txn, c->shard, r->number, a);
	if (error == 0 && !act_is_at_work(a) && !(undo && (a->state == ACT_DONE || a->state == ACT_STOPPED)))
		error = -EBUSY;
	if (error == 0 && undo && a->state == ACT_UNDOING)
		error = -EBUSY;
	if (error == 0) {
		act_set_state(c, a, undo ? ACT_UNDOING : ACT_STOPPED);
		if (undo)
			a->last = (uint64_t)c->now;
		error = act_put(c, a);
	}
	r->works = error == 0 && undo;
	mem_free(a);
	return error;
}

static int run_request(struct txn *t, void *arg)
{
	struct account_act_request *r = arg;
	struct account_change *c = mem_alloc(sizeof *c);
	uint64_t number = r->number;
	int error = change_begin(c, t, r->shard, r->now);
	if (error == 0)
		error = r->verb == ACCOUNT_ACT_BEGIN ? run_begin(c, r) : run_order(c, r);
	if (error == 0)
		error = change_end(c);
	if (error == 0 && r->works && r->accounts->alarm)
		error = r->accounts->alarm(t, r->shard, r->now);
	if (error)
		r->number = number;
	mem_free(c);
	return error;
}

static void requested(struct store_commit *commit, int result)
{
	struct account_act_request *r = container_of(commit, struct account_act_request, commit);
	r->done(r, result);
}

void account_act(struct accounts *a, struct account_act_request *r)
{
	r->accounts = a;
	r->now = clock_wall();
	r->commit = (struct store_commit){.run = run_request, .arg = r, .done = requested};
	store_commit(a->store, &r->commit);
}

/* ---- looking ---- */

static int take_act(void *arg, struct view key, struct view value)
{
	struct account_acts *l = arg;
	if (l->count == ACT_COUNT_MAX)
		return 1;
	struct account_act *a = &l->list[l->count];
	l->count += act_decode(key, value, a) == 0 && a->state != FORGOTTEN &&
	            (l->number == 0 || l->number == a->number);
	a->change = (struct view){0};
	return 0;
}

static int run_list(struct txn *t, void *arg)
{
	struct account_acts *l = arg;
	struct account_head head;
	struct account_key from = act_key('A', 0), to = act_key('A', UINT64_MAX);
	struct txn_range range = {.shard = l->shard, .from = key_view(&from), .to = key_view(&to)};
	l->count = 0;
	int error = head_get(t, l->shard, &head);
	if (error == 0 && head.acts > 0)
		error = txn_range(t, &range, take_act, l);
	return error < 0 ? error : 0;
}

static void listed(struct store_read *read, int result)
{
	struct account_acts *l = container_of(read, struct account_acts, read);
	l->done(l, result);
}

void account_acts(struct accounts *a, struct account_acts *l)
{
	l->read = (struct store_read){.shard = l->shard, .run = run_list, .arg = l, .done = listed};
	store_read(a->store, &l->read);
}

/* ---- upkeep ---- */

struct expired {
	struct account_act act;
	int64_t now;
};

static int take_expired(void *arg, struct view key, struct view value)
{
	struct expired *x = arg;
	if (act_decode(key, value, &x->act) != 0)
		return 0;
	if (x->act.state == ACT_GATHERING || x->act.state == FORGOTTEN)
		return x->act.state == FORGOTTEN || is_over(&x->act, x->now);
	return !act_is_at_work(&x->act) && x->now - x->act.ended > ACT_KEPT_SECONDS;
}

int acts_expired(struct txn *t, uint64_t shard, int64_t now, bool *found)
{
	struct account_head head;
	struct expired *x = mem_alloc(sizeof *x);
	struct account_key from = act_key('A', 0), to = act_key('A', UINT64_MAX);
	struct txn_range range = {.shard = shard, .from = key_view(&from), .to = key_view(&to)};
	x->now = now;
	int error = head_get(t, shard, &head);
	if (error == 0 && head.acts > 0)
		error = txn_range(t, &range, take_expired, x);
	*found = error > 0;
	mem_free(x);
	return error < 0 ? error : 0;
}

int acts_forget(struct txn *t, uint64_t shard, int64_t now, bool *more)
{
	struct account_change *c = mem_alloc(sizeof *c);
	struct expired *x = mem_alloc(sizeof *x);
	struct account_key from = act_key('A', 0), to = act_key('A', UINT64_MAX);
	struct txn_range range = {.shard = shard, .from = key_view(&from), .to = key_view(&to)};
	bool whole = false;
	x->now = now;
	int error = change_begin(c, t, shard, now);
	int found = error == 0 && c->head.acts > 0 ? txn_range(t, &range, take_expired, x) : error;
	if (found > 0)
		error = delete_slice(c, x->act.number, &whole);
	if (found > 0 && error == 0 && whole && x->act.state != FORGOTTEN)
		count_out(c);
	if (found < 0)
		error = found;
	*more = found > 0;
	if (error == 0)
		error = change_end(c);
	mem_free(x);
	mem_free(c);
	return error;
}
