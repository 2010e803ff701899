/*
 * The entries are few and all in one shard, so that one read knows all of them; memory has a copy. Until the
 * first read is done nothing is handed out.
 */
#include "queue/queue_pause.h"

#include <errno.h>
#include <string.h>

#include "base/container.h"
#include "base/log.h"
#include "base/mem.h"
#include "queue/queue_private.h"

enum { SHARD = 0, VERSION = 1, TEXT_MAX = QUEUE_PAUSES_MAX * (QUEUE_NAME_MAX + 2 * QUEUE_WORDS_MAX) };

struct paused {
	char *name, *by, *why;
	int64_t since;
};

struct queue_pauses {
	struct queue *queue;
	struct map by_name;
	struct store_read read;
	struct buf text; /* entries as they were read: name, value; each behind its length */
	bool known, busy, again;
};

static struct queue_key key_of(struct view name)
{
	struct queue_key k = queue_key_letter('P');
	name = view_take(name, QUEUE_NAME_MAX);
	memcpy(k.data + k.len, name.data, name.len);
	k.len += name.len;
	return k;
}

/* ---- on the disk ---- */

static int count_one(void *arg, struct view key, struct view value)
{
	(void)key;
	(void)value;
	return ++*(size_t *)arg > QUEUE_PAUSES_MAX;
}

static int put(struct spool *s, struct view key, const struct queue_pause *pause)
{
	struct entry e;
	if (s->reserved + s->writes + 1 > STORE_WRITE_KEYS_MAX)
		return -E2BIG;
	entry_begin(&e, VERSION);
	entry_add_fixed(&e, 8, (uint64_t)pause->since);
	entry_add_text(&e, view_take(pause->by, QUEUE_WORDS_MAX));
	entry_add_text(&e, view_take(pause->why, QUEUE_WORDS_MAX));
	s->writes++;
	return entry_put(s->txn, queue_shard(SHARD), key, &e);
}

int queue_pause_run(struct spool *s, const struct queue_pause *pause)
{
	struct queue_key key = key_of(pause->name), from = queue_key_letter('P'),
	                 to = queue_key_behind_letter('P');
	struct txn_range range = {
	    .shard = queue_shard(SHARD), .from = queue_key_view(&from), .to = queue_key_view(&to)};
	struct view value;
	size_t count = 0;
	int error = txn_get(s->txn, queue_shard(SHARD), queue_key_view(&key), &value);
	if (error != -ENOENT)
		return error ? error : -EEXIST;
	error = txn_range(s->txn, &range, count_one, &count);
	if (error < 0 || count >= QUEUE_PAUSES_MAX)
		return error < 0 ? error : -EDQUOT;
	return put(s, queue_key_view(&key), pause);
}

int queue_resume_run(struct spool *s, struct view name)
{
	struct queue_key key = key_of(name);
	struct view value;
	int error = txn_get(s->txn, queue_shard(SHARD), queue_key_view(&key), &value);
	if (error)
		return error;
	if (s->reserved + s->writes + 1 > STORE_WRITE_KEYS_MAX)
		return -E2BIG;
	s->writes++;
	return txn_delete(s->txn, queue_shard(SHARD), queue_key_view(&key));
}

/* ---- in memory ---- */

static void forget(struct queue_pauses *p)
{
	size_t position = 0;
	void *value;
	while (map_each(&p->by_name, &position, NULL, &value)) {
		struct paused *x = value;
		mem_free(x->name);
		mem_free(x->by);
		mem_free(x->why);
		mem_free(x);
	}
	map_done(&p->by_name);
	map_init(&p->by_name);
}

static int take_entry(void *arg, struct view key, struct view value)
{
	struct queue_pauses *p = arg;
	uint32_t len[2] = {(uint32_t)key.len, (uint32_t)value.len};
	int error = buf_append(&p->text, view_of((char *)len, sizeof len));
	error = error ? error : buf_append(&p->text, key);
	error = error ? error : buf_append(&p->text, value);
	return error ? -ENOMEM : 0;
}

static int run(struct txn *t, void *arg)
{
	struct queue_pauses *p = arg;
	struct queue_key from = queue_key_letter('P'), to = queue_key_behind_letter('P');
	struct txn_range range = {
	    .shard = queue_shard(SHARD), .from = queue_key_view(&from), .to = queue_key_view(&to)};
	buf_clear(&p->text);
	int error = txn_range(t, &range, take_entry, p);
	return error < 0 ? error : 0;
}

static void remember(struct queue_pauses *p, struct view key, struct view value)
{
	struct cursor c = entry_read(value, VERSION);
	struct paused *x = mem_alloc(sizeof *x);
	key = view_skip(key, 1);
	x->since = (int64_t)cursor_u64(&c);
	x->by = mem_string(entry_take_text(&c));
	x->why = mem_string(entry_take_text(&c));
	x->name = mem_string(key);
	/* One that cannot be read pauses all the same: it was meant to. */
	map_set(&p->by_name, key, x);
}

static void look(struct queue_pauses *p);

static void known(struct store_read *read, int result)
{
	struct queue_pauses *p = container_of(read, struct queue_pauses, read);
	struct view rest = buf_view(&p->text);
	uint32_t len[2];
	p->busy = false;
	if (result)
		log_event(LOG_ERROR, "-", "queue-pauses-unreadable", log_errno(result));
	if (result == 0)
		forget(p);
	while (result == 0 && rest.len >= sizeof len) {
		memcpy(len, rest.data, sizeof len);
		rest = view_skip(rest, sizeof len);
		remember(p, view_take(rest, len[0]), view_take(view_skip(rest, len[0]), len[1]));
		rest = view_skip(rest, (size_t)len[0] + len[1]);
	}
	/* What cannot be read holds no mail back for ever. */
	p->known = true;
	buf_done(&p->text);
	if (p->again)
		look(p);
	else if (!p->queue->stopping)
		queue_look_everywhere(p->queue);
}

static void look(struct queue_pauses *p)
{
	p->again = p->busy;
	if (p->busy)
		return;
	p->busy = true;
	buf_init(&p->text, 2 * TEXT_MAX);
	p->read = (struct store_read){.shard = queue_shard(SHARD), .run = run, .arg = p, .done = known};
	store_read(p->queue->store, &p->read);
}

void queue_pauses_new(struct queue *q)
{
	q->pauses = mem_alloc(sizeof *q->pauses);
	*q->pauses = (struct queue_pauses){.queue = q};
	map_init(&q->pauses->by_name);
	look(q->pauses);
}

void queue_pauses_free(struct queue *q)
{
	forget(q->pauses);
	map_done(&q->pauses->by_name);
	buf_done(&q->pauses->text);
	mem_free(q->pauses);
}

bool queue_pauses_are_known(const struct queue *q)
{
	return q->pauses->known;
}

bool queue_pauses_are_busy(const struct queue *q)
{
	return q->pauses->busy;
}

void queue_pause_done(struct queue *q)
{
	look(q->pauses);
}

static void give(const struct paused *x, struct queue_pause *pause)
{
	if (pause)
		*pause = (struct queue_pause){.name = view_from_string(x->name),
		    .by = view_from_string(x->by),
		    .why = view_from_string(x->why),
		    .since = x->since};
}

bool queue_is_paused(struct queue *q, struct view name, struct queue_pause *pause)
{
	struct view destination, route;
	if (q->pauses->by_name.count == 0 || name.len == 0 || name.data[0] == '@')
		return false;
	spool_split_name(name, &destination, &route);
	const struct paused *x = map_get(&q->pauses->by_name, destination);
	if (x == NULL)
		x = map_get(&q->pauses->by_name, QUEUE_PAUSE_ALL);
	if (x)
		give(x, pause);
	return x != NULL;
}

bool queue_pause_each(struct queue *q, size_t *position, struct queue_pause *pause)
{
	void *value;
	if (!map_each(&q->pauses->by_name, position, NULL, &value))
		return false;
	give(value, pause);
	return true;
}
