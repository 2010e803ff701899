/*
 * The steps of a queued message's life (doc/states.md), each inside a transaction. Each loads one record,
 * changes it and saves it; one that is gone has nothing to change, which is no error. A step that fails has
 * written nothing, unless the engine failed. Results of all: 0; -E2BIG: this commit is full, do it in the
 * next; -EBADMSG: the record can't be read; or the engine's.
 */
#ifndef QUEUE_CHANGE_H
#define QUEUE_CHANGE_H

#include "queue/spool.h"

/*
 * A new message: its deadlines are set from the configuration, its recipients' times from hold_until. One
 * that is there already stays as it is. Its shard follows from its first waiting recipient. -EMSGSIZE when it
 * doesn't fit (told before anything is written, if nothing else was).
 */
unsigned change_shard(const struct queue_record *r, const struct queue_id *id);
int change_add(struct spool *s, unsigned shard, const struct queue_id *id, struct queue_record *r)
    __attribute__((warn_unused_result));

/* What became of recipients at a destination. */
struct change_result {
	uint32_t recipient;
	enum queue_verdict verdict;
	uint8_t cause; /* enum trouble, as in the record */
	struct view status, reply, stage;
};

struct change_outcome {
	struct view host, address, tls, verified;
	const struct change_result *results;
	size_t count;
	bool notify;     /* of "@notify" */
	bool active;     /* the destination is, and will rest: it needs no tidying */
	uint64_t ticket; /* the owner's, for `kept` of queue.h; 0: nobody wants a confirmation */
};
int change_outcome(struct spool *s, unsigned shard, const struct queue_id *id, const struct change_outcome *o)
    __attribute__((warn_unused_result));

/* A report has been delivered that tells this of a recipient. */
struct change_report {
	struct queue_id id;
	uint32_t recipient;
	enum queue_action action;
};
int change_told(struct spool *s, unsigned shard, const struct queue_id *id,
    const struct change_report *reports, size_t count) __attribute__((warn_unused_result));

/*
 * Of what users submit, "@submit". Whether these recipients of it still wait, and whose it is: -ECANCELED: it
 * was taken back, or held. Then, behind what others refuse: they have been handed in, as the message `as`.
 */
struct change_submitter {
	uint64_t account, submission;
	bool whole; /* nobody else waits, and nothing is to be told: the record goes with these */
};
int change_submission(struct spool *s, unsigned shard, const struct queue_id *id, const uint32_t *recipients,
    size_t count, struct change_submitter *who) __attribute__((warn_unused_result));
int change_submitted(struct spool *s, unsigned shard, const struct queue_id *id, const uint32_t *recipients,
    size_t count, const struct queue_id *as) __attribute__((warn_unused_result));

/* Its sender takes it back. -ENOENT: it is gone; -EBUSY: some of it is. */
int change_withdrawn(struct spool *s, unsigned shard, const struct queue_id *id)
    __attribute__((warn_unused_result));

/* What time does: a delay is to be told, a deadline passes, the message expires. */
int change_event(struct spool *s, unsigned shard, const struct queue_id *id)
    __attribute__((warn_unused_result));

/* Everything that waits for this destination fails; what was to be held until a time stays. */
struct change_failure {
	struct view name; /* the destination, as keys have it */
	uint8_t cause;
	struct view status, text, host, stage;
};
int change_fail(struct spool *s, unsigned shard, const struct queue_id *id, const struct change_failure *f)
    __attribute__((warn_unused_result));

/* What an administrator does. *changed: whether there was anything to change. */
enum change_kind {
	CHANGE_HOLD,
	CHANGE_RELEASE,
	CHANGE_DELETE,
	CHANGE_BOUNCE,
	CHANGE_RETRY,
	CHANGE_ROUTE,
	CHANGE_REQUEUE
};
struct change_order {
	enum change_kind kind;
	struct view by, why;
	struct view route; /* CHANGE_ROUTE; empty: none any more */
	int64_t until;     /* CHANGE_HOLD: released by itself then; 0: not */
	/*
	 * CHANGE_REQUEUE: finds out anew for whom the loaded record waits. It may end recipients and add some
	 * behind them; none is taken out, and none changes its number. *changed: whether it did. 0, or a
	 * negative errno: nothing is to be saved.
	 */
	int (*anew)(struct spool *s, struct spool_message *m, bool *changed);
};
int change_ordered(struct spool *s, unsigned shard, const struct queue_id *id,
    const struct change_order *order, bool *changed) __attribute__((warn_unused_result));

/* Removes a wait whose record is not there. */
int change_drop_wait(struct spool *s, unsigned shard, struct view name, uint8_t rank, int64_t time,
    const struct queue_id *id) __attribute__((warn_unused_result));

#endif
