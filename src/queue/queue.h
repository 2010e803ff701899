/*
 * The queue: mail that is on its way to somewhere else, or that a sender is still to be told of. Everything
 * lasting is in the store (spool.h, change.h); here is what is in memory: which destinations somebody has,
 * which messages they hold (leases), and when each shard has something to do next. Nothing in memory grows
 * with the number of messages or destinations that wait; after a restart it is empty, and that is right.
 *
 * Used from the store's loop thread. Requests are gathered and carried out in queue_work, which the owner
 * calls at the end of the turn after `wake`, and when the time of queue_next has come. Handlers are called
 * from queue_work and from store_dispatch; they may call everything here but queue_work and queue_free.
 */
#ifndef QUEUE_QUEUE_H
#define QUEUE_QUEUE_H

#include "queue/change.h"

struct queue;

enum {
	QUEUE_LEASES_MAX = 20000,       /* messages given out: some 5 MB */
	QUEUE_TAKE_MAX = 128,           /* messages of one take */
	QUEUE_TAKE_BYTES_MAX = 1 << 20, /* bodies of one take */
	QUEUE_WHOLE_MAX = 64 * 1024,    /* a body up to this size is given with its message */
	QUEUE_READ_MAX = 256 * 1024     /* a part of a body */
};

/* A destination that is due. It is the taker's until queue_rest, or queue_lost. */
struct queue_offer {
	uint64_t number; /* never used again */
	struct view name, route;
	uint32_t failures;
	int64_t failing_since;
	bool asked; /* somebody asked for an attempt now, although it was to wait */
};

/* A message given out, with those of its recipients that it is about. Views live during the call. */
struct queue_handout {
	uint64_t number;
	struct queue_id id;
	const struct queue_record *record;
	const uint32_t *recipients; /* their numbers in the record */
	size_t count;
	struct view bytes; /* the body, if it is small */
};

struct queue_handlers {
	void (*offer)(void *arg, const struct queue_offer *offer);
	void (*message)(void *arg, uint32_t request, const struct queue_handout *h);
	void (*taken)(void *arg, uint32_t request, uint64_t number, int error, size_t count, bool more);
	void (*data)(void *arg, uint32_t request, int error, struct view bytes);
	/* New mail has come for a destination that somebody has; at most once until the next take. */
	void (*more)(void *arg, uint64_t number);
	void (*noted)(void *arg, const struct queue_note *note);
	/* Work has been gathered: call queue_work at the end of this turn. */
	void (*wake)(void *arg);
	/* Takes and reads wait while the taker has enough to read. */
	bool (*full)(void *arg);
	/* As `wake`, after so many milliseconds. May be NULL: nothing is put off then. */
	void (*wake_in)(void *arg, int64_t milliseconds);
	/* The outcome with this ticket is on the disk, or can't be used. May be NULL. */
	void (*kept)(void *arg, uint64_t ticket, int error);
};

/* queue_free only after store_close, whose last calls of `done` still use it. */
struct queue *queue_new(
    struct store *store, const struct queue_config *config, const struct queue_handlers *handlers, void *arg);
void queue_free(struct queue *q); /* NULL is allowed */
void queue_set_config(struct queue *q, const struct queue_config *config);
const struct queue_config *queue_config(const struct queue *q);

void queue_work(struct queue *q);

/* Before the store is closed: what was said is handed to it, nothing else begins. Nothing may be called after
 * it. */
void queue_stop(struct queue *q);

/* When there is something to do although nobody asks: seconds since 1970, at most a minute ahead. */
int64_t queue_next(const struct queue *q);

/* ---- the taker ---- */

/* It takes so many more destinations. "@local" is offered without. */
void queue_credit(struct queue *q, uint64_t destinations);

/* -ENOENT: the number is no destination of the taker's, which it should know. The same for all below. */
int queue_take(struct queue *q, uint32_t request, uint64_t number, size_t messages, uint64_t bytes);

/* `data` gets it, or an error: -ENOENT when the message isn't given out, -ERANGE past its end. */
void queue_read(struct queue *q, uint32_t request, struct view id, uint64_t offset, uint64_t length);

/*
 * What became of a message: its lease ends when that is on the disk. Everything is copied. `o->notify` and
 * `o->active` are set here. A message that isn't given out is passed over (0). One with a ticket counts
 * even when the number names nothing, or "@local": it comes from a taker who was told of the message before a
 * restart.
 */
int queue_outcome(struct queue *q, uint64_t number, struct view id, const struct change_outcome *o);

/* It gives the destination back, and with it what it has of its messages. rest->name is set here. */
int queue_rest(struct queue *q, uint64_t number, const struct spool_rest *rest);

/* The taker is gone: everything comes back but what an outcome has been said of; the credit is 0. */
void queue_lost(struct queue *q);

/* ---- deliveries: the queue's part of a transaction ---- */

/*
 * The owner makes the commit; its run calls queue_delivery_check, then what others do, then
 * queue_delivery_run; its `done` calls queue_delivery_done, whatever the result.
 */
/* A share of the recipients, which becomes a record of its own. */
struct queue_part {
	struct queue_id id;
	size_t first, count;
	unsigned shard; /* the queue's */
};

/*
 * More recipients than one record or one commit can take are given in parts: the commit only writes the
 * records, held, and each is released in a commit of its own. So all of it is kept or nothing, and each
 * recipient's turn comes exactly once.
 */
struct queue_delivery {
	struct queue_id id;
	struct queue_record
	    record;          /* count 0: there is none. blob is set in the run; deadlines by the queue */
	struct blob_id body; /* of the store already; none: the commit's upload of this number */
	size_t upload;
	struct queue_part
	    *parts; /* of its recipients, the first with the message's own id; NULL: one record */
	size_t part_count;
	struct change_report *reports; /* sorted by queue_delivery_begin */
	size_t report_count;
	/*
	 * What was submitted is handed in with this message: these recipients of the record `submitted`. It
	 * is there, and whose it is, after queue_delivery_check; -ECANCELED: it was taken back.
	 */
	bool submits;
	struct queue_id submitted;
	const uint32_t *submitted_recipients;
	size_t submitted_count;
	struct change_submitter submitter;

	/* The queue's. */
	struct spool spool;
	unsigned shard;
	int8_t *hints;        /* of each report: its message's shard, or -1 */
	bool repeated, begun; /* repeated: it is there already */
};

void queue_delivery_begin(struct queue *q, struct queue_delivery *d);

/* `others`: entries that the rest of the transaction changes at most. 0; -EMSGSIZE: it would not fit one
 * commit. */
int queue_delivery_check(struct txn *t, struct queue_delivery *d, size_t others)
    __attribute__((warn_unused_result));
int queue_delivery_run(struct txn *t, struct queue_delivery *d) __attribute__((warn_unused_result));
void queue_delivery_done(struct queue *q, struct queue_delivery *d, int result);

/* ---- items: other work on records, gathered into few commits ---- */

/*
 * `run` calls one of change.h's or spool.h's steps; see there for its results. `done` gets its result, or the
 * commit's error; it may free the item or submit it again. frees: allowed on a nearly full disk.
 */
struct queue_item {
	struct queue_item *next;
	int (*run)(struct spool *s, struct queue_item *item);
	void (*done)(struct queue *q, struct queue_item *item, int result);
	bool frees;
	bool patient; /* nobody waits for it: it may come a few milliseconds later, with others */

	int result;
	bool ran;
};
void queue_submit(struct queue *q, struct queue_item *item);

/*
 * An outcome in the owner's own commit: for mail that goes into a mailbox here in the same step. The run's
 * part is change_outcome with the lease's shard; queue_lease_end afterwards, or nothing when it failed and an
 * outcome comes.
 */
bool queue_lease_shard(struct queue *q, uint64_t number, struct view id, unsigned *shard);
void queue_lease_end(struct queue *q, uint64_t number, struct view id);
/* After a commit that used a spool: notes and times are taken from it. */
void queue_take_effects(struct queue *q, const struct spool *s);

/* ---- what is known in memory ---- */

/* What the taker of a destination is doing about it: it says so, and who lists the queue is told. */
struct queue_doing {
	bool connecting;           /* else it looks up which hosts there are */
	struct view host, address; /* to which it connects */
	int64_t since;
};
/* NULL: nothing that is worth telling. A number that names nothing is passed over. */
void queue_set_doing(struct queue *q, uint64_t number, const struct queue_doing *doing);
/* The name, in keys, of the destination that a taker has under this number. False: it has none. */
bool queue_active_name(struct queue *q, uint64_t number, struct view *name);
/* False: nothing is known. Views live until the next change. */
bool queue_doing(struct queue *q, struct view name, struct queue_doing *doing);

bool queue_is_active(struct queue *q, struct view name); /* somebody has this destination */
bool queue_is_leased(struct queue *q, const struct queue_id *id);
struct store *queue_store(const struct queue *q);

struct queue_figures {
	size_t destinations, leases, waiting_outcomes;
	size_t under_way; /* reads, and items that are not on the disk yet: 0 when nothing moves but time */
	uint64_t credit;
	uint64_t freed_bytes; /* of bodies that nothing in the queue names any more, since the start */
};
void queue_figures(const struct queue *q, struct queue_figures *out);

#endif
