/* Counting the queue by its small entries, in slices: queue_walk.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/container.h"
#include "queue/queue_walk.h"

/* ---- the oldest ---- */

static bool is_younger(const struct queue_place *a, const struct queue_place *b)
{
	return a->arrived != b->arrived ? a->arrived > b->arrived : memcmp(&a->id, &b->id, sizeof a->id) > 0;
}

static void swap(struct queue_place *a, struct queue_place *b)
{
	struct queue_place c = *a;
	*a = *b;
	*b = c;
}

static void sink(struct queue_place *heap, size_t count, size_t i)
{
	for (;;) {
		size_t top = i, left = 2 * i + 1, right = left + 1;
		if (left < count && is_younger(&heap[left], &heap[top]))
			top = left;
		if (right < count && is_younger(&heap[right], &heap[top]))
			top = right;
		if (top == i)
			return;
		swap(&heap[i], &heap[top]);
		i = top;
	}
}

/* The youngest stands first, so that it is the one to go. */
void queue_oldest_add(struct queue_place *heap, size_t *count, size_t want, const struct queue_place *place)
{
	if (*count == want) {
		if (want == 0 || !is_younger(&heap[0], place))
			return;
		heap[0] = *place;
		sink(heap, *count, 0);
		return;
	}
	size_t i = (*count)++;
	heap[i] = *place;
	for (; i > 0 && is_younger(&heap[i], &heap[(i - 1) / 2]); i = (i - 1) / 2)
		swap(&heap[i], &heap[(i - 1) / 2]);
}

static int compare_ages(const void *a, const void *b)
{
	return is_younger(a, b) ? 1 : is_younger(b, a) ? -1 : 0;
}

void queue_oldest_sort(struct queue_place *places, size_t count)
{
	if (count)
		qsort(places, count, sizeof *places, compare_ages);
}

/* ---- slices ---- */

static int count_event(void *arg, struct view key, struct view value)
{
	struct queue_count *c = arg;
	struct queue_event e;
	struct queue_place *p = &c->slice[c->slice_count];
	int64_t time;
	if (!queue_key_read_event(key, &time, &p->id) || queue_event_decode(value, &e) != 0)
		return -EBADMSG;
	p->arrived = e.arrived;
	p->shard = (uint8_t)c->shard;
	c->sums.messages++;
	c->sums.bytes += e.size;
	c->sums.held += (e.flags & QUEUE_EVENT_HELD) != 0;
	c->sums.notifying += (e.flags & QUEUE_EVENT_NOTIFYING) != 0;
	c->from.len = key.len;
	memcpy(c->from.data, key.data, key.len);
	return ++c->slice_count == STORE_READ_KEYS_MAX;
}

static int count_destination(void *arg, struct view key, struct view value)
{
	struct queue_count *c = arg;
	(void)value;
	c->sums.destinations += key.len > 1 && key.data[1] != '@';
	c->from.len = key.len;
	memcpy(c->from.data, key.data, key.len);
	return ++c->slice_count == STORE_READ_KEYS_MAX;
}

static int run(struct txn *t, void *arg)
{
	struct queue_count *c = arg;
	struct queue_key from = c->from, end = queue_key_behind_letter(c->letter);
	struct txn_range range = {
	    .shard = queue_shard(c->shard), .from = queue_key_view(&from), .to = queue_key_view(&end)};
	c->slice_count = 0;
	c->sums = (struct queue_count_sums){0};
	int error = txn_range(t, &range, c->letter == 'E' ? count_event : count_destination, c);
	c->more = error > 0;
	if (error < 0)
		c->from = from;
	return error < 0 ? error : 0;
}

static size_t age_of(int64_t seconds)
{
	static const int64_t below[QUEUE_AGES - 1] = {3600, 4 * 3600, 86400, 3 * 86400};
	size_t k = 0;
	while (k < QUEUE_AGES - 1 && seconds >= below[k])
		k++;
	return k;
}

static void next(struct queue_count *c);

static void counted(struct store_read *read, int result)
{
	struct queue_count *c = container_of(read, struct queue_count, read);
	if (result || c->stopped) {
		c->done(c, result ? result : -ECANCELED);
		return;
	}
	c->messages += c->sums.messages;
	c->bytes += c->sums.bytes;
	c->held += c->sums.held;
	c->notifying += c->sums.notifying;
	c->destinations += c->sums.destinations;
	for (size_t i = 0; c->letter == 'E' && i < c->slice_count; i++) {
		const struct queue_place *p = &c->slice[i];
		if (c->first == 0 || p->arrived < c->first)
			c->first = p->arrived;
		c->last = p->arrived > c->last ? p->arrived : c->last;
		c->ages[age_of(c->now - p->arrived)]++;
		if (c->oldest && (c->before == 0 || p->arrived <= c->before))
			queue_oldest_add(c->oldest, &c->oldest_count, c->want, p);
	}
	if (c->more) {
		if (c->from.len < sizeof c->from.data)
			c->from.data[c->from.len++] = '\0';
	} else if (c->letter == 'D') {
		c->letter = 'E';
		c->from = queue_key_letter('E');
	} else {
		c->shard++;
		c->letter = 'D';
		c->from = queue_key_letter('D');
	}
	next(c);
}

static void next(struct queue_count *c)
{
	if (c->shard == QUEUE_SHARDS) {
		queue_oldest_sort(c->oldest, c->oldest_count);
		c->done(c, 0);
		return;
	}
	c->read = (struct store_read){.shard = queue_shard(c->shard), .run = run, .arg = c, .done = counted};
	store_read(queue_store(c->queue), &c->read);
}

void queue_count_start(struct queue_count *c)
{
	c->shard = 0;
	c->letter = 'D';
	c->from = queue_key_letter('D');
	c->messages = c->bytes = c->held = c->notifying = c->destinations = 0;
	c->first = c->last = 0;
	c->oldest_count = 0;
	c->stopped = false;
	next(c);
}
