/*
 * The entries of the queue's 64 shards: their keys, and the values of those that are not records. Integers
 * are big-endian. A message lies whole in one shard, a destination in that of its name; doc/disk.md has the
 * table.
 *
 *   Q id part                        the record, cut over as many parts as it needs
 *   W destination 0 rank time id     this message waits for that destination, not before that time
 *   E time id                        the message's next event
 *   D destination                    what is known of a destination that is waited for
 *   T time destination               when it is due: the only entry that an attempt moves
 */
#ifndef QUEUE_KEYS_H
#define QUEUE_KEYS_H

#include "queue/record.h"
#include "store/entry.h"

enum { QUEUE_SHARDS = 64 };

/*
 * "@notify": senders are to be told. "@local": mail for mailboxes here, held back until now. "@submit": what
 * users send over their account (mail/submission.h), before it is completed, signed and handed in.
 */
#define QUEUE_NOTIFY VIEW("@notify")
#define QUEUE_SUBMIT VIEW("@submit")
#define QUEUE_LOCAL VIEW("@local")

struct queue_key {
	char data[STORE_KEY_MAX];
	size_t len;
};

static inline struct view queue_key_view(const struct queue_key *k)
{
	return view_of(k->data, k->len);
}

/* Of a number from 0 to 63. */
static inline uint64_t queue_shard(unsigned number)
{
	return store_shard(STORE_QUEUE, number);
}

/* The number of a destination's shard. Fixed for ever, since it is where things are looked for. */
unsigned queue_home(struct view destination);

/* The rank of a priority: higher ones come first. */
static inline uint8_t queue_rank(int64_t priority)
{
	return (uint8_t)(SMTP_PRIORITY_MAX - priority);
}

struct queue_key queue_key_record(const struct queue_id *id, unsigned part);
struct queue_key queue_key_wait(
    struct view destination, uint8_t rank, int64_t time, const struct queue_id *id);
/* The first key of a destination's, or of those of a rank; and behind all of them. */
struct queue_key queue_key_waits(struct view destination, uint8_t rank);
struct queue_key queue_key_behind_waits(struct view destination);
struct queue_key queue_key_event(
    int64_t time, const struct queue_id *id); /* id NULL: before all of that time */
struct queue_key queue_key_destination(struct view destination);
struct queue_key queue_key_due(int64_t time, struct view destination);
/* The first key of a letter, and the first behind it. */
struct queue_key queue_key_letter(char letter);
struct queue_key queue_key_behind_letter(char letter);

/* False when the key is not of that sort. Views point into it. */
bool queue_key_read_record(struct view key, struct queue_id *id, unsigned *part);
bool queue_key_read_wait(
    struct view key, struct view *destination, uint8_t *rank, int64_t *time, struct queue_id *id);
bool queue_key_read_event(struct view key, int64_t *time, struct queue_id *id);
bool queue_key_read_due(struct view key, int64_t *time, struct view *destination);

/* D. `next` is the time of its T. */
struct queue_destination {
	uint64_t shards; /* a bit for each that holds mail for it; more bits than that may be set */
	int64_t next;
	int64_t until; /* backing off until then: mail that comes meanwhile waits too */
	uint32_t failures;
	int64_t failing_since;
	uint8_t cause;                         /* of the last failure: enum trouble; 0: the host said it */
	struct view status, text, host, stage; /* of the last failure, as a record's recipient has them */
	struct view route;                     /* an administrator's, or empty */
};

/* W and T hold nothing but their version. */
void queue_mark_encode(struct entry *out);

/* E: what a count of the queue needs to know of a message. */
enum { QUEUE_EVENT_HELD = 1, QUEUE_EVENT_NOTIFYING = 2 };
struct queue_event {
	int64_t arrived;
	uint64_t size; /* of the body */
	unsigned flags;
};
void queue_event_encode(const struct queue_event *e, struct entry *out);
int queue_event_decode(struct view value, struct queue_event *e) __attribute__((warn_unused_result));

void queue_destination_encode(const struct queue_destination *d, struct entry *out);
/* 0 or -EBADMSG; views point into the value. */
int queue_destination_decode(struct view value, struct queue_destination *d)
    __attribute__((warn_unused_result));

/* The store's names_blobs for queue shards: a record's first part names its body. */
store_names_blobs queue_names_blobs;

#endif
