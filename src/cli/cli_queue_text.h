/*
 * A queued message (a line of JSON: queue_command.h) for people. Pure: a record in, text out, so that every
 * sentence is tested without a server.
 */
#ifndef CLI_CLI_QUEUE_TEXT_H
#define CLI_CLI_QUEUE_TEXT_H

#include "base/arena.h"
#include "base/buf.h"

enum { QUEUE_RECORD_ARENA = 4 << 20 /* holds a record of 1,000 recipients with their replies */ };

struct queue_recipient_view {
	struct view address, destination, state, status, cause, reply, stage, host, tls;
	int64_t attempts, last_attempt, next_attempt;
};

struct queue_destination_view {
	struct view name, cause, last_error, stage, status, route;
	int64_t next_attempt, failures, failing_since;
	bool active;
	/* What is being done about it just now: "connect" or "look up". */
	struct view doing, doing_host, doing_address;
	int64_t doing_since;
	int64_t paused_since; /* 0: it is not */
	struct view paused_by, paused_why;
	bool all_paused; /* everything is, not this destination alone */
};

struct queue_record_view {
	struct view id, state, sender, held_by, held_why, message_id, submitter;
	int64_t size, arrived, expires, priority, hold_until;
	struct queue_recipient_view *recipients;
	size_t recipient_count;
	struct queue_destination_view *destinations;
	size_t destination_count;
};

/* 0; -EINVAL for what is no such record; -ENOBUFS when the arena is full. Views live as long as both. */
int queue_record_read(struct view json, struct arena *arena, struct queue_record_view *record);

/*
 * What will happen to the message next, when, and why; and, when somebody can do something about it, what.
 * One paragraph without line ends.
 */
void queue_text_next(const struct queue_record_view *record, int64_t now, struct buf *out);

/* A few lines for a list: id, state, size, age, sender, recipients, and the paragraph above. */
void queue_text_brief(const struct queue_record_view *record, int64_t now, struct buf *out);

/* Everything that is known. */
void queue_text_full(const struct queue_record_view *record, int64_t now, struct buf *out);

/* stats. False if it is no such record. */
bool queue_text_stats(struct view json, int64_t now, struct buf *out);

#endif
