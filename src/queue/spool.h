/*
 * What happens to records inside a transaction: the only place that changes the queue's entries. A record is
 * loaded, changed in memory, and saved; saving brings the entries that follow from it into line. All of it
 * runs in `run` functions of the store.
 */
#ifndef QUEUE_SPOOL_H
#define QUEUE_SPOOL_H

#include "queue/keys.h"
#include "queue/schedule.h"

struct queue_note;

struct queue_config {
	struct schedule schedule;
	int64_t warn_seconds; /* until a delay is told; 0: never */
	int64_t give_up_seconds;
	/*
	 * Takes what has become of submissions to them, in the commit in which it happens: the notes from
	 * this one on. It changes at most QUEUE_NEWS_WRITES entries for each, and of NOTE_DELETED one for
	 * each recipient besides. A negative errno takes the whole commit with it. NULL: nobody wants to
	 * know.
	 */
	int (*news)(struct txn *t, int64_t now, const struct queue_note *notes);
};
enum { QUEUE_NEWS_WRITES = 8 };

/* What happened to a message, for log and trace, told when the commit is done. Empty views: not known. */
enum queue_note_kind {
	NOTE_QUEUED,    /* recipient, destination */
	NOTE_DELIVERED, /* recipient, ... */
	NOTE_RELAYED,
	NOTE_DEFERRED, /* and `next` */
	NOTE_FAILED,
	NOTE_EXPIRED,
	NOTE_DELAYED,  /* the sender is to be told that it takes longer */
	NOTE_EXPANDED, /* recipient */
	NOTE_NOTIFIED, /* recipient, action, to, dsn */
	NOTE_UNTOLD,   /* what could not be told is given up: recipient, action, to */
	NOTE_HELD,     /* by, why */
	NOTE_RELEASED,
	NOTE_DELETED,
	NOTE_REROUTED, /* destination, route */
	NOTE_RETRIED,
	NOTE_REQUEUED,  /* its recipients were resolved anew */
	NOTE_SUBMITTED, /* of "@submit": dsn: the id of the message that was made of it */
	NOTE_DONE       /* the message has left the queue */
};

struct queue_note {
	struct queue_note *next;
	enum queue_note_kind kind;
	struct queue_id id;
	enum queue_action action;       /* what of it the sender will be told */
	int64_t at;                     /* of the next attempt */
	uint8_t cause;                  /* as in the record: without one the reply is the host's own */
	uint64_t submitter, submission; /* as in the record */
	struct view recipient, destination, route, status, reply, stage, host, address, tls, verified, to,
	    dsn, by, why, forwarder;
};

/* A wait that was put: whoever has the destination is told of new mail. */
struct spool_awaited {
	struct spool_awaited *next;
	struct view name;
	unsigned shard;
	int64_t time;
};

/*
 * One commit's work on the queue. `now` and `seed` are set before the commit, so that the run gives the same
 * each time; the rest is begun anew by spool_begin.
 */
struct spool {
	struct queue_config config;
	int64_t now;
	uint64_t seed;
	size_t reserved; /* entries that others change in the same transaction */

	struct txn *txn;
	size_t writes;
	/* What now has an earlier time than it may have had: for the memory of what is due. INT64_MAX:
	 * nothing. */
	int64_t due[QUEUE_SHARDS], event[QUEUE_SHARDS], local_due;
	uint64_t freed; /* bytes that nothing names any more */
	struct queue_note *notes, **notes_end;
	struct queue_note **untold; /* from here on `news` has not taken them */
	size_t news;                /* entries that it may change */
	struct spool_awaited *awaited;
	struct arena notes_arena, arena;
	struct buf raw, encoded;
	uint64_t submitter, submission; /* of the record at work: its notes have them */
};

void spool_init(struct spool *s, const struct queue_config *config, int64_t now);
void spool_done(struct spool *s);

/* At the beginning of a run. */
void spool_begin(struct spool *s, struct txn *t);

/* A message's waiting for a destination: what becomes a W entry. */
struct spool_wait {
	struct view destination, route;
	int64_t time;
};

/* The entries that follow from a record. */
struct spool_entries {
	struct spool_wait *waits; /* room for each recipient, and one to tell */
	size_t count;
	uint8_t rank;
	int64_t event;
	struct queue_event told; /* in the event's value */
	bool any;                /* false: nothing is left to do, the record goes */
};

struct spool_message {
	unsigned shard; /* 0 to 63 */
	struct queue_id id;
	struct queue_record record;
	struct spool_entries *before;
	unsigned parts; /* that it has on the disk */
};

/*
 * Reads a record; its views are good until the next load. `shard` is where it is if it is anywhere. 0,
 * -ENOENT, -EBADMSG.
 */
int spool_load(struct spool *s, unsigned shard, const struct queue_id *id, struct spool_message *m)
    __attribute__((warn_unused_result));

/* Looks in all shards. */
int spool_find(struct spool *s, const struct queue_id *id, unsigned *shard)
    __attribute__((warn_unused_result));

/*
 * Saves a loaded record, or a new one (m->parts 0, m->before NULL), or removes it when nothing is left to do.
 * tidy: a destination for which nothing waits any more goes too; without, it stays until it rests.
 * 0; -E2BIG when this commit has no room for it any more (nothing was written); -EMSGSIZE; or the engine's.
 */
int spool_save(struct spool *s, struct spool_message *m, bool tidy) __attribute__((warn_unused_result));

/* The name under which keys have it: with the route behind a ">". Points into `space`, or is the destination.
 */
struct view spool_destination_name(
    struct view destination, struct view route, char space[QUEUE_DESTINATION_MAX]);
void spool_split_name(struct view name, struct view *destination, struct view *route);

/* A destination's entry, copied into the spool's arena. 0, -ENOENT, -EBADMSG. */
int spool_destination(struct spool *s, struct view name, struct queue_destination *d)
    __attribute__((warn_unused_result));

/*
 * How a destination rests: removed when nothing waits, else due again; see enum queue_rest (not REST_DEAD:
 * what waits must have failed before). -E2BIG as above.
 */
struct spool_rest {
	struct view name;
	enum queue_rest how;
	int64_t seconds;
	uint8_t cause; /* as in struct queue_destination */
	struct view status, text, host, stage;
};
int spool_rest(struct spool *s, const struct spool_rest *rest) __attribute__((warn_unused_result));

/* Due at once, its failures forgotten; or with another route (empty: none). -ENOENT: nothing waits for it. */
int spool_destination_retry(struct spool *s, struct view name) __attribute__((warn_unused_result));
int spool_destination_route(struct spool *s, struct view name, struct view route)
    __attribute__((warn_unused_result));

/* Adds a note about a recipient (or NULL); without memory it is dropped. */
struct queue_note *spool_note(struct spool *s, enum queue_note_kind kind, const struct queue_id *id,
    const struct record_recipient *recipient);
void spool_note_text(struct spool *s, struct view *to, struct view text);

/* Behind a step that has succeeded: its notes go to the submissions that they are about. */
int spool_news(struct spool *s) __attribute__((warn_unused_result));

#endif
