/* See snooze.h. */
#include "account/snooze.h"

#include <errno.h>
#include <string.h>

#include "account/change.h"
#include "base/container.h"

enum { VERSION = 1 };

/* ---- keys and values ---- */

static void add(struct account_key *k, size_t bytes, uint64_t n)
{
	entry_write_fixed(k->data + k->len, bytes, n);
	k->len += bytes;
}

static struct account_key sort_key(char sort)
{
	struct account_key k = key_letter('C');
	k.data[k.len++] = sort;
	return k;
}

/* C 'Z' mailbox uid. */
static struct account_key place_key(uint32_t mailbox, uint32_t uid)
{
	struct account_key k = sort_key('Z');
	add(&k, 4, mailbox);
	add(&k, 4, uid);
	return k;
}

/* C 'W' time mailbox uid. */
static struct account_key time_key(int64_t time, struct account_place place)
{
	struct account_key k = sort_key('W');
	add(&k, 8, time > 0 ? (uint64_t)time : 0);
	add(&k, 4, place.mailbox);
	add(&k, 4, place.uid);
	return k;
}

static bool read_time_key(struct view key, int64_t *time, struct account_place *place)
{
	struct cursor c = cursor_on(view_skip(key, 2));
	*time = (int64_t)cursor_u64(&c);
	place->mailbox = cursor_u32(&c);
	place->uid = cursor_u32(&c);
	return cursor_ok(&c) && cursor_at_end(&c);
}

static int encode(const struct account_snooze *z, struct entry *out)
{
	struct buf text;
	buf_init(&text, SNOOZE_BYTES_MAX);
	int error = mail_snooze_put(&text, &z->s);
	entry_begin(out, VERSION);
	entry_add_number(out, z->email);
	entry_add_number(out, z->awake);
	entry_add_text(out, buf_view(&text));
	buf_done(&text);
	return error;
}

static int decode(struct view value, struct account_place place, struct account_snooze *z)
{
	struct cursor c = entry_read(value, VERSION);
	z->email = entry_take_number(&c);
	z->awake = entry_take_limited(&c, 1);
	struct view text = entry_take_text(&c);
	if (!cursor_ok(&c) || text.len > sizeof z->texts)
		return -EBADMSG;
	if (text.len)
		memcpy(z->texts, text.data, text.len);
	z->place = place;
	return mail_snooze_get(view_of(z->texts, text.len), &z->s) ? 0 : -EBADMSG;
}

/* ---- within a transaction ---- */

int snooze_get(struct txn *t, uint64_t shard, struct account_place place, struct account_snooze *out)
{
	struct view value;
	int error = key_get(t, shard, place_key(place.mailbox, place.uid), &value);
	if (error == 0)
		error = decode(value, place, out);
	if (error)
		out->place.mailbox = 0;
	return error == -EBADMSG ? -ENOENT : error;
}

int snooze_add(struct account_change *c, const struct account_snooze *z)
{
	struct entry value;
	if (c->head.snoozes >= ACCOUNT_SNOOZES_MAX)
		return -EDQUOT;
	int error = encode(z, &value);
	if (error == 0)
		error = change_put(c, place_key(z->place.mailbox, z->place.uid), &value);
	entry_begin(&value, VERSION);
	if (error == 0)
		error = change_put(c, time_key(account_snooze_due(z), z->place), &value);
	c->head.snoozes++;
	c->head_changed = true;
	return error;
}

int snooze_drop(struct account_change *c, const struct account_snooze *z)
{
	int error = change_delete(c, place_key(z->place.mailbox, z->place.uid));
	c->head.snoozes = (uint32_t)less(c->head.snoozes, 1);
	c->head_changed = true;
	return error ? error : change_delete(c, time_key(account_snooze_due(z), z->place));
}

int snooze_forget_time(struct account_change *c, struct account_place place, int64_t time)
{
	return change_delete(c, time_key(time, place));
}

struct times {
	struct account_snooze_time *out;
	size_t count;
};

static int take_time(void *arg, struct view key, struct view value)
{
	struct times *times = arg;
	struct account_snooze z;
	struct cursor c = cursor_on(view_skip(key, 2));
	struct account_place place = {.mailbox = cursor_u32(&c)};
	place.uid = cursor_u32(&c);
	if (cursor_ok(&c) && decode(value, place, &z) == 0 && !z.s.unless_answered)
		times->out[times->count++] = (struct account_snooze_time){place.uid, z.s.until};
	return 0;
}

int snooze_times(struct txn *t, uint64_t shard, uint32_t mailbox, uint32_t from, uint32_t to,
    struct account_snooze_time *out, size_t room, size_t *count)
{
	struct account_key first = place_key(mailbox, from), behind = place_key(mailbox, to);
	struct times times = {.out = out};
	struct txn_range range = {
	    .shard = shard, .from = key_view(&first), .to = key_view(&behind), .limit = room};
	int error = room > 0 && from < to ? txn_range(t, &range, take_time, &times) : 0;
	*count = times.count;
	return error;
}

/* ---- what is due ---- */

struct due_walk {
	int64_t first;
};

static int take_first(void *arg, struct view key, struct view value)
{
	struct due_walk *w = arg;
	struct account_place place;
	(void)value;
	return read_time_key(key, &w->first, &place) ? 1 : 0;
}

int account_due_first(struct txn *t, uint64_t shard, int64_t now, int64_t *at)
{
	int64_t look = now + ACCOUNT_ACTS_LOOK_SECONDS;
	struct account_head head;
	struct due_walk w = {.first = 0};
	struct account_key from = sort_key('W'), to = sort_key('X');
	struct txn_range range = {.shard = shard, .from = key_view(&from), .to = key_view(&to)};
	int error = head_get(t, shard, &head);
	if (error == 0 && head.snoozes > 0)
		error = txn_range(t, &range, take_first, &w);
	if (error >= 0 && head.acts_at_work > 0 && (w.first == 0 || w.first > look))
		w.first = look;
	*at = w.first;
	return error < 0 ? error : 0;
}

static int take_due(void *arg, struct view key, struct view value)
{
	struct account_due *d = arg;
	int64_t time;
	(void)value;
	if (!read_time_key(key, &time, &d->places[d->count]))
		return -EBADMSG;
	d->times[d->count] = time;
	if (time > d->now) {
		d->next = time;
		return 1;
	}
	d->next = d->now;
	return ++d->count == ACCOUNT_DUE_MAX;
}

static int run_due(struct txn *t, void *arg)
{
	struct account_due *d = arg;
	struct account_head head;
	struct account_snooze z;
	struct account_key from = sort_key('W'), to = sort_key('X');
	struct txn_range range = {.shard = d->shard, .from = key_view(&from), .to = key_view(&to)};
	d->count = 0;
	d->next = 0;
	int error = head_get(t, d->shard, &head);
	d->acts = error == 0 && head.acts_at_work > 0;
	if (error == 0 && head.snoozes > 0)
		error = txn_range(t, &range, take_due, d);
	for (size_t i = 0; i < d->count && error >= 0; i++) {
		error = snooze_get(t, d->shard, d->places[i], &z);
		d->emails[i] = error ? 0 : z.email;
		error = error == -ENOENT ? 0 : error;
	}
	return error < 0 ? error : 0;
}

static void due_read(struct store_read *read, int result)
{
	struct account_due *d = container_of(read, struct account_due, read);
	d->done(d, result);
}

void account_due(struct accounts *a, struct account_due *d)
{
	d->read = (struct store_read){.shard = d->shard, .run = run_due, .arg = d, .done = due_read};
	store_read(a->store, &d->read);
}
