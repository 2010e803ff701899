/* What the files of queue.h's implementation share. */
#ifndef QUEUE_QUEUE_PRIVATE_H
#define QUEUE_QUEUE_PRIVATE_H

#include "base/map.h"
#include "queue/queue.h"
#include "queue/queue_walk.h"

enum {
	BATCHES_MAX = 2, /* commits of items under way: more would only be smaller ones */
	BATCH_ITEMS = 256,
	ITEMS_ENOUGH = 1024, /* that wait to be committed: nothing new is given out meanwhile */
	TAKES_MAX = 4,       /* takes being read at once */
	READS_MAX = 8,
	CREDIT_MAX = 20000, /* destinations given out: some 20 MB */
	SCAN_MAX = 32,      /* destinations that one look at a shard brings */
	TURN_SECONDS = 60,  /* by so much may a younger one of the same shard go first: it saves looks */
	EVENTS_MAX = 64,
	DAMAGED_MAX = 1000, /* that are remembered; with more of them a take reads some in vain, and goes on
	                       behind them */
	KEPT_SECONDS = 1,
	AGAIN_SECONDS = 5, /* until what can't be done now is looked at again */
	LOOK_SECONDS = 60  /* the clock may have been set: nothing waits longer unlooked at */
};

#define NEVER INT64_MAX
#define UNKNOWN INT64_C(-1) /* of a shard that was not looked at yet */

struct destination;

/* A message that somebody has. */
struct held {
	struct queue_id id;
	unsigned shard;
	struct blob_id blob;
	struct lease *leases;
};

/* That a destination's taker has it. */
struct lease {
	struct held *held;
	struct destination *destination;
	struct lease *next_of_held;
	struct lease *next, *previous; /* of the destination */
	bool decided; /* its outcome is known, and not on the disk yet: it outlives the taker */
};

/* One that somebody has, or had while outcomes are still to be written. */
struct destination {
	struct view name; /* owned */
	uint64_t number;  /* 0: nobody has it */
	uint64_t shards;
	struct lease *leases;
	size_t lease_count;
	bool local;
	bool resting;   /* it has been given back, and the commit is under way */
	bool told_more; /* since the last take */
	size_t takes;   /* that wait or are under way */
	size_t handed;  /* messages, since it was offered */

	/* queue_set_doing; doing_since 0: nothing. */
	int64_t doing_since;
	bool connecting;
	char *doing_host, *doing_address;
};

struct shard {
	int64_t next_due, next_event; /* not before; NEVER: nothing */
	struct queue_key due_from;    /* what stands before it in T has been offered */
	struct queue_key event_from;
	/* Told while a look was under way, whose result does not know it. */
	int64_t due_meanwhile, event_meanwhile;
	bool due_busy, event_busy;
	bool events_left; /* something due was passed over: leased, or failed */
	size_t event_items;
};

struct take;
struct part_read;
struct queue_clock;
struct queue_pauses;

struct queue {
	struct store *store;
	struct queue_config config;
	const struct queue_handlers *handlers;
	void *arg;

	struct map by_name, by_number; /* of destinations */
	struct map held;               /* by id */
	struct map
	    damaged; /* ids of records that can't be read: told once, and not tried until the next start */
	size_t lease_count;
	uint64_t last_number, credit;

	struct shard shards[QUEUE_SHARDS];
	int64_t local_due;
	bool local_busy;
	bool due_look, event_look; /* one of each at a time */

	struct queue_item *items, **items_end; /* gathered */
	struct queue_item *later, **later_end; /* patient ones, put off a little since `later_since` */
	size_t later_count;
	int64_t later_since;
	struct queue_item *kept, **kept_end; /* refused by a full or failing disk: again at kept_until */
	size_t kept_count;
	int64_t kept_until;
	size_t batches, item_count; /* item_count: gathered, put off or being committed */

	struct take *takes, **takes_end; /* that wait */
	size_t takes_busy;
	struct part_read *reads, **reads_end;
	size_t reads_busy;
	size_t dying; /* destinations whose mail fails, slice by slice */

	uint64_t freed;
	bool woken, stopping;

	struct queue_clock *clock;
	struct queue_pauses *pauses;
};

/* Further ahead than it can have been set: the clock has been set back. */
static inline bool queue_is_kept(const struct queue *q, int64_t now)
{
	return q->kept_until > now && q->kept_until <= now + KEPT_SECONDS;
}

/* queue.c */
void queue_wake(struct queue *q);
struct destination *queue_destination_named(struct queue *q, struct view name);
struct destination *queue_destination_numbered(struct queue *q, uint64_t number);
struct destination *queue_destination_new(struct queue *q, struct view name);
/* Forgets it if nobody has it and it has no lease. */
void queue_destination_drop(struct queue *q, struct destination *d);
void queue_note_due(struct queue *q, unsigned shard, int64_t time);
void queue_note_event(struct queue *q, unsigned shard, int64_t time);
/* All is as if nobody had looked yet. */
void queue_look_everywhere(struct queue *q);
struct lease *queue_lease_new(struct queue *q, struct destination *d, const struct queue_id *id,
    unsigned shard, const struct blob_id *blob);
struct lease *queue_lease_of(struct queue *q, const struct destination *d, const struct queue_id *id);
void queue_lease_free(struct queue *q, struct lease *l);
/* Its record can't be read. */
void queue_note_damaged(struct queue *q, const struct queue_id *id);

/* queue_items.c */
void queue_items_work(struct queue *q);
/* Tries the item again in a second: the disk did not take it. */
void queue_keep(struct queue *q, struct queue_item *item);

/* queue_due.c: looks at what is due. */
void queue_due_work(struct queue *q, int64_t now);

/* queue_clock.c: notices when the clock has been set back, and mends what was written before. */
void queue_clock_new(struct queue *q);
void queue_clock_work(struct queue *q);
void queue_clock_stop(struct queue *q);
void queue_clock_free(struct queue *q);
bool queue_clock_is_busy(const struct queue *q);

/* queue_pause.c */
void queue_pauses_new(struct queue *q);
void queue_pauses_free(struct queue *q);
bool queue_pauses_are_known(const struct queue *q);
bool queue_pauses_are_busy(const struct queue *q);

/* queue_take.c */
void queue_take_work(struct queue *q);
void queue_take_forget(struct queue *q, uint64_t number);

#endif
