/*
 * The work of an act, a commit at a time: see acts.h. Emails that are damaged are done one by one, and passed
 * over: those that are to be changed at once, those that are to come back only after a day, since what undoes
 * an act may be all that is left of them.
 */
#include "account/acts_private.h"

#include <errno.h>

#include "base/clock.h"
#include "base/container.h"
#include "base/mem.h"
#include "mail/email_wire.h"

enum { PART_BYTES = 1900 /* of changes that undo, in an entry */ };

/* ---- lists ---- */

/* Into changes: the act's own, with each id. */
static int chunk_changes(struct view value, struct view change, struct buf *out)
{
	struct cursor c = entry_read(value, ACT_VERSION), form = cursor_on(change);
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
	struct cursor c = entry_read(value, ACT_VERSION);
	return buf_append(f->out, c.rest) == 0 ? 1 : -ENOMEM;
}

/* Appends what its first piece says. */
static int first_piece(struct txn *t, uint64_t shard, struct first *f)
{
	struct account_key from = act_piece_key(f->sort, f->act->number, 0),
	                   to = act_key(f->sort, f->act->number + 1);
	struct txn_range range = {.shard = shard, .from = key_view(&from), .to = key_view(&to), .limit = 1};
	int error = txn_range(t, &range, take_piece, f);
	return error < 0 ? error : 0;
}

/* ---- a step ---- */

static int take_worked(void *arg, struct view key, struct view value)
{
	struct account_act_step *s = arg;
	return act_decode(key, value, &s->act) == 0 && act_is_at_work(&s->act);
}

/* The act, and the changes of its first piece; none: it has come to its end. */
static int run_find(struct txn *t, void *arg)
{
	struct account_act_step *s = arg;
	struct account_head head;
	struct account_key from = act_key('A', 0), to = act_key('A', UINT64_MAX);
	struct txn_range range = {.shard = s->shard, .from = key_view(&from), .to = key_view(&to)};
	s->act.number = 0;
	s->working = s->unreadable = false;
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
	s->unreadable = f.found && (error == -EBADMSG || (error == 0 && s->changes.len == 0));
	return s->unreadable ? 0 : error;
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
		entry_begin(&value, ACT_VERSION);
		entry_add_bytes(&value, view_take(changes, len));
		error = change_put(c, act_piece_key('D', a->number, a->parts++), &value);
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
	uint64_t ids[ACT_CHUNK];
	size_t count = 0;
	struct cursor in = cursor_on(rest);
	struct email_change change;
	struct entry value;
	if (s->act.state == ACT_RUNNING) {
		while (count < ACT_CHUNK && email_change_get(&in, &change))
			ids[count++] = change.id;
		return act_put_chunk(c, s->act.number, s->piece, ids, count);
	}
	if (rest.len == 0)
		return change_delete(c, act_piece_key('D', s->act.number, s->piece));
	entry_begin(&value, ACT_VERSION);
	entry_add_bytes(&value, rest);
	return change_put(c, act_piece_key('D', s->act.number, s->piece), &value);
}

/* Behind the changes that the step has finished. */
static struct view rest_of(const struct account_act_step *s)
{
	size_t done = s->set.changes.len - s->set.step.next.rest.len;
	return view_skip(buf_view(&s->changes), done);
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
		error = put_rest(s, c, rest_of(s));
	return error ? error : act_put(c, &now);
}

/* ---- what is damaged ---- */

/* A commit that changes the act itself, unless it is gone or somebody has stopped it meanwhile. */
static int change_act(struct txn *t, struct account_act_step *s,
    int (*apply)(struct account_act_step *s, struct account_change *c, struct account_act *now))
{
	struct account_change *c = mem_alloc(sizeof *c);
	struct account_act now;
	int error = change_begin(c, t, s->shard, s->now);
	if (error == 0)
		error = act_get(t, s->shard, s->act.number, &now);
	if (error == 0 && now.state == s->act.state) {
		error = apply(s, c, &now);
		if (error == 0)
			error = act_put(c, &now);
	}
	if (error == 0)
		error = change_end(c);
	mem_free(c);
	return error == -ENOENT ? 0 : error;
}

/* A change, or a whole piece that cannot be read: its emails are counted when the act ends. */
static int note_damage(struct account_act_step *s, struct account_change *c, struct account_act *now)
{
	now->finished += now->state == ACT_RUNNING && !s->unreadable;
	now->failed += now->state == ACT_RUNNING && !s->unreadable;
	return put_rest(s, c, s->unreadable ? (struct view){0} : rest_of(s));
}

static int run_pass_over(struct txn *t, void *arg)
{
	return change_act(t, arg, note_damage);
}

static void passed_over(struct store_commit *commit, int result)
{
	struct account_act_step *s = container_of(commit, struct account_act_step, commit);
	s->passed_over = result == 0;
	end_step(s, result);
}

static void pass_over(struct account_act_step *s)
{
	s->alone = false;
	s->commit = (struct store_commit){.run = run_pass_over, .arg = s, .large = true, .done = passed_over};
	store_commit(s->accounts->store, &s->commit);
}

/* Of this email alone, as far as is known; -EIO is what an undelete that meets damage says, or a disk. */
static bool is_damage(const struct account_act_step *s, int error)
{
	return error == -EBADMSG || (error == -EIO && s->act.state == ACT_UNDOING);
}

/* What cannot be brought back now may come back when somebody has mended the store. */
static bool may_pass_over(const struct account_act_step *s)
{
	return s->act.state == ACT_RUNNING || s->now - (int64_t)s->act.last > ACT_KEPT_SECONDS;
}

static void changed(struct account_email_set *set, int result)
{
	struct account_act_step *s = container_of(set, struct account_act_step, set);
	buf_done(set->inverse);
	mem_free(set->inverse);
	if (is_damage(s, result) && set->count > 1) {
		/* One of these: they are done one by one. */
		s->alone = true;
		s->alone_piece = s->piece;
		end_step(s, 0);
	} else if (is_damage(s, result) && may_pass_over(s)) {
		/* Nothing of the step was done; its one change goes. */
		struct email_change one;
		set->step.next = cursor_on(set->changes);
		(void)email_change_get(&set->step.next, &one);
		pass_over(s);
	} else {
		end_step(s, result == -ECANCELED ? 0 : result);
	}
}

/* ---- the end ---- */

static int note_end(struct account_act_step *s, struct account_change *c, struct account_act *now)
{
	(void)s;
	if (now->state == ACT_RUNNING && now->finished < now->total) {
		now->failed += now->total - now->finished;
		now->finished = now->total;
	}
	act_set_state(c, now, now->state == ACT_RUNNING ? ACT_DONE : ACT_UNDONE);
	return 0;
}

static int run_end(struct txn *t, void *arg)
{
	return change_act(t, arg, note_end);
}

static void ended(struct store_commit *commit, int result)
{
	end_step(container_of(commit, struct account_act_step, commit), result);
}

/* The changes that are whole, at most so many: their number, and octets. */
static size_t whole_changes(struct view changes, size_t at_most, size_t *len)
{
	struct cursor in = cursor_on(changes);
	struct email_change change;
	size_t count = 0;
	*len = 0;
	while (count < at_most && email_change_get(&in, &change)) {
		*len = changes.len - in.rest.len;
		count++;
	}
	return count;
}

static void found(struct store_read *read, int result)
{
	enum { NOTE_WRITES = 40 /* the act, a piece, parts of what undoes a slice */ };
	struct account_act_step *s = container_of(read, struct account_act_step, read);
	struct view all = buf_view(&s->changes);
	size_t len, at_most = s->alone && s->alone_piece == s->piece ? 1 : SIZE_MAX;
	size_t count = whole_changes(all, at_most, &len);
	s->unreadable = s->unreadable || (count == 0 && all.len > 0);
	s->results = result || count == 0 ? NULL : mem_try((count + 1) * sizeof *s->results);
	if (result || !s->working) {
		end_step(s, result);
	} else if (s->unreadable) {
		pass_over(s);
	} else if (count == 0) {
		s->commit = (struct store_commit){.run = run_end, .arg = s, .large = true, .done = ended};
		store_commit(s->accounts->store, &s->commit);
	} else if (s->results == NULL) {
		end_step(s, -ENOMEM);
	} else {
		s->set = (struct account_email_set){.shard = s->shard,
		    .actor = s->shard,
		    .changes = view_take(all, len),
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
	s->passed_over = false;
	s->set.events = NULL;
	s->set.event_count = 0;
	buf_init(&s->changes, EMAIL_SET_BYTES);
	s->read = (struct store_read){.shard = s->shard, .run = run_find, .arg = s, .done = found};
	store_read(a->store, &s->read);
}
