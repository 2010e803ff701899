/*
 * Looking through the queue, in slices: for whoever lists it or changes many messages. Nothing of it is kept
 * in memory but the slice, so a million messages take time and no room.
 */
#ifndef QUEUE_QUEUE_WALK_H
#define QUEUE_QUEUE_WALK_H

#include "base/map.h"
#include "queue/queue.h"

enum { WALK_IDS_MAX = 100 };

/* What a message must be like: all that is given. */
struct queue_filter {
	struct queue_id ids[WALK_IDS_MAX];
	size_t id_count;    /* any of them */
	struct view sender; /* without case; "@example.com": of that domain */
	struct view domain; /* a recipient's destination */
	struct view error;  /* a part of what was last said to it, or of its destination's last failure */
	int64_t before;     /* arrived at this time or earlier; 0: any */
};

/* Where a message is. */
struct queue_place {
	int64_t arrived;
	struct queue_id id;
	uint8_t shard;
};

/* One that was found. Views live during the call. */
struct queue_found {
	struct queue_place place;
	const struct queue_record *record;
};

struct queue_walk {
	/* The caller's. */
	struct queue *queue;
	struct queue_filter filter; /* its views must live as long as the walk */
	bool destinations;          /* queue_walk_destination is wanted */
	/* Called for each; between two slices queue_walk_pause holds the walk up. */
	void (*found)(struct queue_walk *w, const struct queue_found *f);
	void (*done)(struct queue_walk *w, int result);
	void *arg;

	/* The walk's. */
	struct store_read read;
	const struct queue_place *places; /* NULL: through everything */
	size_t place_count, next_place, next_id;
	unsigned shard;
	struct queue_key from;
	struct buf raw;
	struct walk_record *records;
	size_t count;
	bool shard_ended, paused, waiting, stopped;
	struct arena arena;
	struct map known; /* destinations, by name */
	struct arena known_arena;
	struct view *wanted; /* destinations to be read: of one home after the other */
	size_t wanted_count, wanted_room, wanted_next;
};

/* Through everything that fits the filter, in no order. */
void queue_walk_start(struct queue_walk *w);

/* These, in this order; those that are gone or don't fit are passed over. `places` lives as long as the walk.
 */
void queue_walk_places(struct queue_walk *w, const struct queue_place *places, size_t count);

/* From `found`: no further slice until queue_walk_go. */
void queue_walk_pause(struct queue_walk *w);
void queue_walk_go(struct queue_walk *w);

/* Ends it soon, with `done` and -ECANCELED. */
void queue_walk_stop(struct queue_walk *w);

/* During `found`: what is known of a destination (by its name in keys), or NULL. */
const struct queue_destination *queue_walk_destination(struct queue_walk *w, struct view name);

/* Counting, by the small entries alone. */
enum { QUEUE_AGES = 5 };
struct queue_count {
	struct queue *queue;
	void (*done)(struct queue_count *c, int result);
	void *arg;
	/* oldest: up to `want` of them are put there, in order, if `oldest` is given. */
	struct queue_place *oldest;
	size_t want, oldest_count;
	int64_t before; /* for `oldest`: as in a filter */
	uint64_t messages, bytes, held, notifying, destinations;
	uint64_t
	    ages[QUEUE_AGES]; /* younger than an hour, 4 hours, a day, 3 days, older: if `now` is given */
	int64_t now;
	int64_t first, last; /* when the oldest and the youngest arrived; 0: none */

	struct store_read read;
	unsigned shard;
	struct queue_key from;
	char letter;
	bool more, stopped;
	struct queue_place slice[STORE_READ_KEYS_MAX];
	size_t slice_count;
	struct queue_count_sums {
		uint64_t messages, bytes, held, notifying, destinations;
	} sums; /* of the slice */
};
void queue_count_start(struct queue_count *c);

/* A heap of the oldest: adds one, and drops the youngest past `want`. */
void queue_oldest_add(
    struct queue_place *places, size_t *count, size_t want, const struct queue_place *place);
/* Into order, oldest first. */
void queue_oldest_sort(struct queue_place *places, size_t count);

#endif
