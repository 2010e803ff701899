/*
 * A clock that was set back. Due mail is found by its time (keys.h), so mail whose next attempt stands ten
 * days ahead would wait ten days. When the wall clock has gone back, and once a day in case it did so while
 * nobody looked, what stands further ahead than any rule allows is looked for: destinations are due at
 * once, and the times of records are mended by believe.h. After each start all records are walked: what was
 * attempted while the clock was ahead need not show, when it had arrived before, and its destination has
 * earlier mail.
 */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/container.h"
#include "base/log.h"
#include "base/mem.h"
#include "queue/believe.h"
#include "queue/queue_private.h"

enum {
	SET_BACK_MS = 60 * 1000, /* less delays nothing by more than that */
	SLACK_SECONDS = 60,
	LOOK_AGAIN_MS = 24 * 3600 * 1000,
	FAR_NAMES = 64 /* destinations that one read brings */
};

struct queue_clock {
	struct queue *queue;
	int64_t offset_ms; /* of the wall clock from the monotonic one, at the last look */
	int64_t look_again_ms;
	bool known, busy, again;
	bool certain; /* something has shown that the clock was set back, or nobody knows whether it was */
	bool walked;  /* since the start */
	int64_t now;

	struct store_read read; /* of destinations far ahead */
	unsigned shard;
	struct queue_key from;
	size_t count;
	bool more;
	struct view names[FAR_NAMES];
	struct buf text;

	struct queue_count events;
	struct queue_walk walk;
};

/* ---- items ---- */

struct clock_item {
	struct queue_item item;
	struct queue_id id;
	unsigned shard;
	char *name; /* of a destination; NULL: it is about a record */
};

static int run_destination(struct spool *s, struct queue_item *item)
{
	const struct clock_item *i = (const struct clock_item *)item;
	arena_reset(&s->arena);
	int error = spool_destination_retry(s, view_from_string(i->name));
	return error == -ENOENT || error == -EBADMSG ? 0 : error;
}

static int run_record(struct spool *s, struct queue_item *item)
{
	const struct clock_item *i = (const struct clock_item *)item;
	struct spool_message m;
	int error = spool_load(s, i->shard, &i->id, &m);
	if (error)
		return error == -ENOENT || error == -EBADMSG ? 0 : error;
	return queue_record_believe(&m.record, s->now, &s->config) ? spool_save(s, &m, false) : 0;
}

static void go_on(struct queue_clock *c)
{
	if (c->walk.paused && c->queue->item_count < ITEMS_ENOUGH)
		queue_walk_go(&c->walk);
}

static void item_done(struct queue *q, struct queue_item *item, int result)
{
	struct clock_item *i = (struct clock_item *)item;
	(void)result; /* what could not be written is found again tomorrow */
	mem_free(i->name);
	mem_free(i);
	if (!q->stopping)
		go_on(q->clock);
}

static void submit(struct queue *q, struct clock_item *i)
{
	i->item = (struct queue_item){
	    .run = i->name ? run_destination : run_record, .done = item_done, .frees = true};
	queue_submit(q, &i->item);
}

/* ---- the looks, one after the other ---- */

static void begin(struct queue_clock *c);

static void ended(struct queue_clock *c)
{
	c->busy = false;
	if (c->again && !c->queue->stopping)
		begin(c);
}

static void record_found(struct queue_walk *w, const struct queue_found *f)
{
	struct queue_clock *c = w->arg;
	if (queue_record_is_believable(f->record, c->now, &c->queue->config))
		return;
	struct clock_item *i = mem_alloc(sizeof *i);
	*i = (struct clock_item){.id = f->place.id, .shard = f->place.shard};
	submit(c->queue, i);
	if (c->queue->item_count >= ITEMS_ENOUGH)
		queue_walk_pause(w);
}

static void records_walked(struct queue_walk *w, int result)
{
	struct queue_clock *c = w->arg;
	c->walked = c->walked || result == 0;
	ended(c);
}

static void walk_records(struct queue_clock *c)
{
	c->walk =
	    (struct queue_walk){.queue = c->queue, .found = record_found, .done = records_walked, .arg = c};
	queue_walk_start(&c->walk);
}

/* Has anything arrived in the future? */
static void events_counted(struct queue_count *events, int result)
{
	struct queue_clock *c = events->arg;
	if (result == 0 && events->last > c->now + SLACK_SECONDS)
		c->certain = true;
	if (c->certain && !c->queue->stopping)
		walk_records(c);
	else
		ended(c);
}

static int note_far(void *arg, struct view key, struct view value)
{
	struct queue_clock *c = arg;
	int64_t time;
	struct view name;
	(void)value;
	if (!queue_key_read_due(key, &time, &name))
		return -EBADMSG;
	if (c->count == FAR_NAMES)
		return 1;
	c->names[c->count++] = view_of((const char *)(uintptr_t)buf_view(&c->text).len, name.len);
	memcpy(c->from.data, key.data, key.len);
	c->from.len = key.len;
	return buf_append(&c->text, name);
}

static int run_far(struct txn *t, void *arg)
{
	struct queue_clock *c = arg;
	struct queue_key from = c->from, end = queue_key_behind_letter('T');
	struct txn_range range = {
	    .shard = queue_shard(c->shard), .from = queue_key_view(&from), .to = queue_key_view(&end)};
	c->count = 0;
	buf_clear(&c->text);
	int error = txn_range(t, &range, note_far, c);
	c->more = error > 0;
	if (error < 0)
		c->from = from;
	return error < 0 ? error : 0;
}

static void look_far(struct queue_clock *c);

static void far_known(struct store_read *read, int result)
{
	struct queue_clock *c = container_of(read, struct queue_clock, read);
	struct queue *q = c->queue;
	if (result || q->stopping) {
		ended(c);
		return;
	}
	for (size_t i = 0; i < c->count; i++) {
		struct view name =
		    view_of(buf_view(&c->text).data + (uintptr_t)c->names[i].data, c->names[i].len);
		struct clock_item *item = mem_alloc(sizeof *item);
		*item = (struct clock_item){.name = mem_string(name)};
		submit(q, item);
		c->certain = true;
	}
	if (c->more) {
		if (c->from.len < sizeof c->from.data)
			c->from.data[c->from.len++] = '\0';
	} else {
		c->shard++;
		c->from = queue_key_due(
		    c->now + schedule_most(&q->config.schedule) + SLACK_SECONDS, (struct view){0});
	}
	look_far(c);
}

static void look_far(struct queue_clock *c)
{
	if (c->shard < QUEUE_SHARDS) {
		c->read = (struct store_read){
		    .shard = queue_shard(c->shard), .run = run_far, .arg = c, .done = far_known};
		store_read(c->queue->store, &c->read);
		return;
	}
	c->events = (struct queue_count){.queue = c->queue, .done = events_counted, .arg = c};
	queue_count_start(&c->events);
}

static void begin(struct queue_clock *c)
{
	struct queue *q = c->queue;
	c->busy = true;
	c->certain = c->again || !c->walked;
	c->again = false;
	c->now = clock_wall();
	c->shard = 0;
	c->from =
	    queue_key_due(c->now + schedule_most(&q->config.schedule) + SLACK_SECONDS, (struct view){0});
	look_far(c);
}

void queue_clock_work(struct queue *q)
{
	struct queue_clock *c = q->clock;
	int64_t now_ms = clock_monotonic_ms(), offset = clock_wall_ms() - now_ms;
	bool back = c->known && offset < c->offset_ms - SET_BACK_MS;
	if (back) {
		log_event(
		    LOG_WARNING, "-", "clock-set-back", log_i64("seconds", (c->offset_ms - offset) / 1000));
		c->again = true;
		queue_look_everywhere(q);
	}
	c->known = true;
	c->offset_ms = offset;
	if (!back && now_ms < c->look_again_ms)
		return;
	c->look_again_ms = now_ms + LOOK_AGAIN_MS;
	if (!c->busy)
		begin(c);
}

bool queue_clock_is_busy(const struct queue *q)
{
	return q->clock->busy;
}

void queue_clock_new(struct queue *q)
{
	q->clock = mem_alloc(sizeof *q->clock);
	*q->clock = (struct queue_clock){.queue = q};
	buf_init(&q->clock->text, FAR_NAMES * QUEUE_DESTINATION_MAX);
}

void queue_clock_stop(struct queue *q)
{
	q->clock->again = false;
	q->clock->events.stopped = true;
	if (q->clock->busy && q->clock->walk.queue)
		queue_walk_stop(&q->clock->walk);
}

void queue_clock_free(struct queue *q)
{
	buf_done(&q->clock->text);
	mem_free(q->clock);
}
