/* See acts.h. */
#include "account/acts.h"

#include <errno.h>
#include <string.h>

#include "account/change.h"
#include "account/slices.h"
#include "base/clock.h"
#include "base/container.h"
#include "base/mem.h"
#include "format/wire.h"
#include "mail/email_wire.h"

enum {
	VERSION = 1,
	CHUNK = 200,       /* ids of an entry: five octets each at most */
	PART_BYTES = 1900, /* of changes that undo, in an entry */
	/* The state of an act that nobody is told of any more: upkeep takes away what is left of it. */
	FORGOTTEN = ACT_STATE_LAST + 1,
	FORGOTTEN_MAX = ACT_COUNT_MAX
};

/* ---- entries ---- */

static struct account_key key_of(char sort, uint64_t number)
{
	struct account_key k = key_letter('C');
	k.data[k.len++] = sort;
	entry_write_fixed(k.data + k.len, 8, number);
	k.len += 8;
	return k;
}

static struct account_key piece_key(char sort, uint64_t number, uint32_t piece)
{
	struct account_key k = key_of(sort, number);
	entry_write_fixed(k.data + k.len, 4, piece);
	k.len += 4;
	return k;
}

static void encode(const struct account_act *a, struct entry *out)
{
	entry_begin(out, VERSION);
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

static int decode(struct view key, struct view value, struct account_act *a)
{
	struct cursor c = entry_read(value, VERSION), k = cursor_on(view_skip(key, 2));
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
	struct account_key key = key_of('A', number);
	struct view value;
	int error = key_get(t, shard, key, &value);
	if (error == 0)
		error = decode(key_view(&key), value, out);
	if (error == 0 && out->state == FORGOTTEN)
		error = -ENOENT;
	return error == -EBADMSG ? -ENOENT : error;
}

static int act_put(struct account_change *c, const struct account_act *a)
{
	struct entry value;
	encode(a, &value);
	return change_put(c, key_of('A', a->number), &value);
}

static bool is_at_work(const struct account_act *a)
{
	return a->state == ACT_RUNNING || a->state == ACT_UNDOING;
}

/* It begins or ends to be worked on: the head says whether any is. */
static void set_state(struct account_change *c, struct account_act *a, uint8_t state)
{
	bool before = is_at_work(a);
	a->state = state;
	if (is_at_work(a) && !before)
		c->head.acts_at_work++;
	else if (!is_at_work(a) && before)
		c->head.acts_at_work = (uint32_t)less(c->head.acts_at_work, 1);
	a->ended = is_at_work(a) ? 0 : c->now;
	c->head_changed = true;
}

/* ---- lists ---- */

static int put_chunk(
    struct account_change *c, uint64_t number, uint32_t piece, const uint64_t *ids, size_t count)
{
	struct entry value;
	uint64_t before = 0;
	if (count == 0)
		return change_delete(c, piece_key('B', number, piece));
	entry_begin(&value, VERSION);
	for (size_t i = 0; i < count; i++) {
		entry_add_number(&value, ids[i] - before);
		before = ids[i];
	}
	return change_put(c, piece_key('B', number, piece), &value);
}

/* Into changes: the act's own, with each id. */
static int chunk_changes(struct view value, struct view change, struct buf *out)
{
	struct cursor c = entry_read(value, VERSION), form = cursor_on(change);
	struct email_change one;
	if (!email_change_get(&form, &one))
		return -EBADMSG;
	one.id = 0;
	while (cursor_ok(&c) && !cursor_at_end(&c)) {
		one.id += entry_take_number(&c);
		if (cursor_ok(&c) && !email_change_put(out, &one))
			return -ENOMEM;
	}
	return entry_result(&c);
}

struct first {
	char sort;
	bool found;
	uint32_t piece;
	struct account_act *act;
	struct buf *out;
	struct view change;
};

static int take_piece(void *arg, struct view key, struct view value)
{
	struct first *f = arg;
	struct cursor k = cursor_on(view_skip(key, 10));
	f->piece = cursor_u32(&k);
	f->found = cursor_ok(&k);
	if (f->sort == 'B')
		return chunk_changes(value, f->change, f->out) == 0 ? 1 : -EBADMSG;
	struct cursor c = entry_read(value, VERSION);
	return buf_append(f->out, c.rest) == 0 ? 1 : -ENOMEM;
}

/* Appends what its first piece says. */
static int first_piece(struct txn *t, uint64_t shard, struct first *f)
{
	struct account_key from = piece_key(f->sort, f->act->number, 0),
	                   to = key_of(f->sort, f->act->number + 1);
	struct txn_range range = {.shard = shard, .from = key_view(&from), .to = key_view(&to), .limit = 1};
	int error = txn_range(t, &range, take_piece, f);
	return error < 0 ? error : 0;
}

/* ---- an end ---- */

static int collect_pieces(struct txn *t, uint64_t shard, char sort, uint64_t number, struct slice *slice)
{
	struct account_key from = piece_key(sort, number, 0), to = key_of(sort, number + 1);
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
		error = change_delete(c, key_of('A', number));
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
	return a->state == ACT_GATHERING ? now - a->created > ACT_GATHER_SECONDS : !is_at_work(a);
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
	if (decode(key, value, &o->next) != 0)
		return 0;
	if (o->next.state == FORGOTTEN)
		o->forgotten++;
	else if (!o->found && is_over(&o->next, o->now))
		o->found = decode(key, value, &o->act) == 0;
	return 0;
}

/* The oldest act that is over makes room for a new one. -EBUSY: none is, or too much waits for upkeep. */
static int make_room(struct account_change *c)
{
	struct oldest *o = mem_alloc(sizeof *o);
	struct account_key from = key_of('A', 0), to = key_of('A', UINT64_MAX);
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
	for (size_t i = 0; i < r->count && error == 0; i += CHUNK)
		error = put_chunk(
		    c, a->number, a->chunks++, r->ids + i, r->count - i < CHUNK ? r->count - i : CHUNK);
	if (error == 0 && r->number == 0) {
		c->head.last_act = a->number;
		c->head.acts++;
	}
	a->total += r->count;
	if (error == 0)
		set_state(c, a, r->more ? ACT_GATHERING : ACT_RUNNING);
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
	if (error == 0 && !is_at_work(a) && !(undo && (a->state == ACT_DONE || a->state == ACT_STOPPED)))
		error = -EBUSY;
	if (error == 0 && undo && a->state == ACT_UNDOING)
		error = -EBUSY;
	if (error == 0) {
		set_state(c, a, undo ? ACT_UNDOING : ACT_STOPPED);
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
	l->count +=
	    decode(key, value, a) == 0 && a->state != FORGOTTEN && (l->number == 0 || l->number == a->number);
	a->change = (struct view){0};
	return 0;
}

static int run_list(struct txn *t, void *arg)
{
	struct account_acts *l = arg;
	struct account_head head;
	struct account_key from = key_of('A', 0), to = key_of('A', UINT64_MAX);
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

/* ---- a step ---- */

static int take_worked(void *arg, struct view key, struct view value)
{
	struct account_act_step *s = arg;
	return decode(key, value, &s->act) == 0 && is_at_work(&s->act);
}

/* The act, and the changes of its first piece; none: it has come to its end. */
static int run_find(struct txn *t, void *arg)
{
	struct account_act_step *s = arg;
	struct account_head head;
	struct account_key from = key_of('A', 0), to = key_of('A', UINT64_MAX);
	struct txn_range range = {.shard = s->shard, .from = key_view(&from), .to = key_view(&to)};
	s->act.number = 0;
	s->working = false;
	buf_clear(&s->changes);
	int error = head_get(t, s->shard, &head);
	if (error || head.acts_at_work == 0)
		return error;
	error = txn_range(t, &range, take_worked, s);
	s->working = error > 0;
	if (error <= 0)
		return error;
	struct first f = {.sort = s->act.state == ACT_RUNNING ? 'B' : 'D',
	    .act = &s->act,
	    .out = &s->changes,
	    .change = s->act.change};
	error = first_piece(t, s->shard, &f);
	s->piece = f.piece;
	return error;
}

static void end_step(struct account_act_step *s, int result)
{
	buf_done(&s->changes);
	mem_free(s->results);
	s->results = NULL;
	s->done(s, result);
}

static int put_parts(struct account_change *c, struct account_act *a, struct view changes)
{
	struct cursor in = cursor_on(changes);
	struct email_change change;
	struct entry value;
	int error = 0;
	while (changes.len > 0 && error == 0) {
		size_t len = 0;
		/* As many whole ones as fit. */
		while (email_change_get(&in, &change) && changes.len - in.rest.len <= PART_BYTES)
			len = changes.len - in.rest.len;
		if (len == 0)
			return -EMSGSIZE;
		entry_begin(&value, VERSION);
		entry_add_bytes(&value, view_take(changes, len));
		error = change_put(c, piece_key('D', a->number, a->parts++), &value);
		changes = view_skip(changes, len);
		in = cursor_on(changes);
	}
	return error;
}

static size_t failures(const int *results, size_t count)
{
	size_t failed = 0;
	for (size_t i = 0; i < count; i++)
		failed += results[i] != 0;
	return failed;
}

/* What is left of the piece, behind the changes of this step. */
static int put_rest(struct account_act_step *s, struct account_change *c, struct view rest)
{
	uint64_t ids[CHUNK];
	size_t count = 0;
	struct cursor in = cursor_on(rest);
	struct email_change change;
	struct entry value;
	if (s->act.state == ACT_RUNNING) {
		while (count < CHUNK && email_change_get(&in, &change))
			ids[count++] = change.id;
		return put_chunk(c, s->act.number, s->piece, ids, count);
	}
	if (rest.len == 0)
		return change_delete(c, piece_key('D', s->act.number, s->piece));
	entry_begin(&value, VERSION);
	entry_add_bytes(&value, rest);
	return change_put(c, piece_key('D', s->act.number, s->piece), &value);
}

/* In the commit of the changes. -ECANCELED: somebody has stopped it meanwhile, and nothing is done. */
static int note_step(struct account_email_set *set, struct account_change *c, bool before)
{
	struct account_act_step *s = container_of(set, struct account_act_step, set);
	const int *results = set->results + set->finished;
	struct account_act now;
	int error = act_get(c->txn, c->shard, s->act.number, &now);
	if (error == 0 && now.state != s->act.state)
		error = -ECANCELED;
	if (before || error)
		return error;
	size_t failed = failures(results, set->step.finished);
	if (now.state == ACT_RUNNING) {
		now.finished += set->step.finished;
		now.failed += failed;
		error = put_parts(c, &now, buf_view(set->inverse));
	} else {
		now.undone += set->step.finished - failed;
	}
	if (error == 0)
		error = put_rest(s, c, set->step.next.rest);
	return error ? error : act_put(c, &now);
}

static void changed(struct account_email_set *set, int result)
{
	struct account_act_step *s = container_of(set, struct account_act_step, set);
	buf_done(set->inverse);
	mem_free(set->inverse);
	end_step(s, result == -ECANCELED ? 0 : result);
}

static int run_end(struct txn *t, void *arg)
{
	struct account_act_step *s = arg;
	struct account_change *c = mem_alloc(sizeof *c);
	struct account_act now;
	int error = change_begin(c, t, s->shard, s->now);
	if (error == 0)
		error = act_get(t, s->shard, s->act.number, &now);
	if (error == 0 && now.state == s->act.state) {
		set_state(c, &now, now.state == ACT_RUNNING ? ACT_DONE : ACT_UNDONE);
		error = act_put(c, &now);
	}
	if (error == 0)
		error = change_end(c);
	mem_free(c);
	return error == -ENOENT ? 0 : error;
}

static void ended(struct store_commit *commit, int result)
{
	end_step(container_of(commit, struct account_act_step, commit), result);
}

static size_t count_changes(struct view changes)
{
	struct cursor in = cursor_on(changes);
	struct email_change change;
	size_t count = 0;
	while (email_change_get(&in, &change))
		count++;
	return count;
}

static void found(struct store_read *read, int result)
{
	enum { NOTE_WRITES = 40 /* the act, a piece, parts of what undoes a slice */ };
	struct account_act_step *s = container_of(read, struct account_act_step, read);
	size_t count = count_changes(buf_view(&s->changes));
	s->results = result || count == 0 ? NULL : mem_try((count + 1) * sizeof *s->results);
	if (result || !s->working) {
		end_step(s, result);
	} else if (count == 0) {
		s->commit = (struct store_commit){.run = run_end, .arg = s, .large = true, .done = ended};
		store_commit(s->accounts->store, &s->commit);
	} else if (s->results == NULL) {
		end_step(s, -ENOMEM);
	} else {
		s->set = (struct account_email_set){.shard = s->shard,
		    .actor = s->shard,
		    .changes = buf_view(&s->changes),
		    .count = count,
		    .if_modseq = UINT64_MAX,
		    .quota_default = s->quota_default,
		    .results = s->results,
		    .with = note_step,
		    .with_writes = NOTE_WRITES,
		    .inverse = mem_alloc(sizeof *s->set.inverse),
		    .done = changed};
		buf_init(s->set.inverse, EMAIL_SET_BYTES);
		account_email_set(s->accounts, &s->set);
	}
}

void account_act_step(struct accounts *a, struct account_act_step *s)
{
	s->accounts = a;
	s->now = clock_wall();
	s->set.events = NULL;
	s->set.event_count = 0;
	buf_init(&s->changes, EMAIL_SET_BYTES);
	s->read = (struct store_read){.shard = s->shard, .run = run_find, .arg = s, .done = found};
	store_read(a->store, &s->read);
}

/* ---- upkeep ---- */

struct expired {
	struct account_act act;
	int64_t now;
};

static int take_expired(void *arg, struct view key, struct view value)
{
	struct expired *x = arg;
	if (decode(key, value, &x->act) != 0)
		return 0;
	if (x->act.state == ACT_GATHERING || x->act.state == FORGOTTEN)
		return x->act.state == FORGOTTEN || is_over(&x->act, x->now);
	return !is_at_work(&x->act) && x->now - x->act.ended > ACT_KEPT_SECONDS;
}

int acts_expired(struct txn *t, uint64_t shard, int64_t now, bool *found)
{
	struct account_head head;
	struct expired *x = mem_alloc(sizeof *x);
	struct account_key from = key_of('A', 0), to = key_of('A', UINT64_MAX);
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
	struct account_key from = key_of('A', 0), to = key_of('A', UINT64_MAX);
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
