/* See tallies.h. */
#include "process/tallies.h"

#include <string.h>

#include "base/buf.h"
#include "base/cursor.h"
#include "base/log.h"
#include "base/mem.h"

enum {
	AGAIN_MS = 5000, /* after trouble */
	AT_ONCE = 200,   /* rows of one message */
	AT_ONCE_BYTES = 256 * 1024,
	SUBJECT_MAX = 255,
	BYTES_MAX = TALLIES_BYTES_MAX,
	KEY_MAX = 4 + 2 + 2 + SUBJECT_MAX + 2 * BYTES_MAX
};

struct waiting {
	uint64_t count;
};

/* Store refuses others, and with them all that goes in the same message. */
static bool is_subject(struct view s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.data[i] <= ' ' || s.data[i] > '~')
			return false;
	return s.len > 0;
}

/* Day, lengths, subject, policy, row. */
static bool make_key(struct buf *key, uint32_t day, struct view subject, struct view policy, struct view row)
{
	if (!is_subject(subject))
		return false;
	buf_append_u32(key, day);
	buf_append_u16(key, (uint16_t)subject.len);
	buf_append_u16(key, (uint16_t)policy.len);
	buf_append(key, subject);
	buf_append(key, policy);
	buf_append(key, row);
	return !buf_failed(key);
}

static struct message_tally read_key(struct view key, uint64_t count)
{
	struct cursor c = cursor_on(key);
	struct message_tally m = {.count = count, .day = cursor_u32(&c)};
	size_t subject = cursor_u16(&c), policy = cursor_u16(&c);
	m.subject = cursor_bytes(&c, subject);
	m.policy = cursor_bytes(&c, policy);
	m.row = c.rest;
	return m;
}

static void add(struct map *map, struct view key, uint64_t count)
{
	struct waiting *w = map_get(map, key);
	if (w == NULL) {
		w = mem_alloc(sizeof *w);
		map_set(map, key, w);
	}
	w->count += count;
}

static void empty(struct map *map)
{
	size_t position = 0;
	void *value;
	while (map_each(map, &position, NULL, &value))
		mem_free(value);
	map_done(map);
	map_init(map);
}

/* It was not kept: with what has come since. */
static void take_back(struct tallies *t)
{
	size_t position = 0;
	struct view key;
	void *value;
	while (map_each(&t->sending, &position, &key, &value))
		if (map_get(&t->waiting, key) || t->waiting.count < TALLIES_WAITING_MAX)
			add(&t->waiting, key, ((struct waiting *)value)->count);
	empty(&t->sending);
}

static void tick(struct tallies *t, int64_t ms)
{
	t->ticking = true;
	loop_timer_set(&t->timer, ms);
}

static bool on_added(void *arg, struct link *link, struct channel_frame *frame)
{
	struct tallies *t = arg;
	struct message_result m = {0};
	if (frame && !link_decode(link, frame, &m))
		return false;
	t->request = 0;
	if (frame && m.error == 0) {
		empty(&t->sending);
		t->full = false;
		if (t->waiting.count > 0)
			tick(t, TALLIES_SOON_MS);
		return true;
	}
	if (frame)
		log_event(LOG_WARNING, "-", "tallies-not-kept", log_errno((int)m.error));
	take_back(t);
	tick(t, AGAIN_MS);
	return true;
}

/* Takes rows out of those that wait, for one message. */
static size_t choose(struct tallies *t)
{
	size_t position = 0, bytes = 0;
	struct view key;
	void *value;
	while (map_each(&t->waiting, &position, &key, &value) && t->sending.count < AT_ONCE &&
	       bytes + key.len < AT_ONCE_BYTES) {
		bytes += key.len;
		add(&t->sending, key, ((struct waiting *)value)->count);
	}
	position = 0;
	while (map_each(&t->sending, &position, &key, &value))
		mem_free(map_remove(&t->waiting, key));
	return t->sending.count;
}

void tallies_flush(struct tallies *t)
{
	struct message_tally list[AT_ONCE];
	struct message_tally_add m = {.kind = t->kind, .tallies = {.items = list}};
	size_t position = 0;
	struct view key;
	void *value;
	if (t->request || choose(t) == 0)
		return;
	while (map_each(&t->sending, &position, &key, &value))
		list[m.tallies.count++] = read_key(key, ((struct waiting *)value)->count);
	t->request = calls_ask(t->store, MESSAGE_TALLY_ADD, &m, on_added, t);
	if (t->request == 0) {
		take_back(t);
		tick(t, AGAIN_MS);
	}
}

static void on_timer(void *arg)
{
	struct tallies *t = arg;
	t->ticking = false;
	tallies_flush(t);
}

void tallies_count(
    struct tallies *t, int64_t now, struct view subject, struct view policy, struct view row, uint64_t count)
{
	struct buf key;
	if (subject.len > SUBJECT_MAX || policy.len > BYTES_MAX || row.len > BYTES_MAX || now < 0)
		return;
	buf_init(&key, KEY_MAX);
	if (make_key(&key, (uint32_t)(now / 86400), subject, policy, row)) {
		bool room = t->waiting.count < TALLIES_WAITING_MAX;
		if (room || map_get(&t->waiting, buf_view(&key)))
			add(&t->waiting, buf_view(&key), count);
		else if (!t->full)
			log_event(LOG_WARNING, "-", "tallies-lost", log_u64("waiting", t->waiting.count));
		t->full = t->full || !room;
	}
	buf_done(&key);
	if (t->request == 0 && !t->ticking)
		tick(t, TALLIES_SOON_MS);
}

void tallies_init(struct tallies *t, struct loop *loop, struct calls *store, unsigned kind)
{
	*t = (struct tallies){.store = store, .kind = kind};
	map_init(&t->waiting);
	map_init(&t->sending);
	loop_timer_init(&t->timer, loop, on_timer, t);
}

void tallies_done(struct tallies *t)
{
	loop_timer_cancel(&t->timer);
	if (t->request)
		calls_forget(t->store, t->request);
	empty(&t->waiting);
	empty(&t->sending);
}
