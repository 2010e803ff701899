/*
 * Inside account/: the work of account_email_changes, and how it gathers what happened behind a state.
 * email_changes.c judges what that means.
 */
#ifndef ACCOUNT_EMAIL_EVENTS_H
#define ACCOUNT_EMAIL_EVENTS_H

#include "account/email_look.h"
#include "account/emails.h"

enum { EVENTS_SLICE = STORE_READ_KEYS_MAX - 40 };

/*
 * Something happened to a place of an email: it came, its flags changed, or it went. Of changed flags the
 * email is found later; 0: not yet, or the place went afterwards. arrived: modseq of its coming.
 */
struct email_event {
	uint64_t modseq, id, thread, arrived;
	uint32_t mailbox, uid;
	enum { EVENT_CAME, EVENT_FLAGS, EVENT_WENT } what;
	bool deleted; /* it had \Deleted before, and so was not to be seen */
};

struct email_touched {
	uint64_t id, first; /* first: modseq of the first event behind the state */
	uint64_t thread;    /* 0: not known yet */
	bool was_there;     /* a place was to be seen then to which something has happened */
	bool before, now;   /* once it has been judged */
};

/* A state lies between two of these. */
struct email_told {
	uint64_t modseq, id;
};

struct email_box {
	uint32_t number;
	bool created, changed, counts;
	uint64_t messages_modseq;
};

struct email_thread_changed {
	uint64_t id;
	bool before, now;
};

enum email_changes_phase {
	CHANGES_BEGIN,
	CHANGES_BOXES,
	CHANGES_LOG,
	CHANGES_ARRIVED,
	CHANGES_FLAGS,
	CHANGES_GATHER,
	CHANGES_JUDGE,
	CHANGES_THREADS,
	CHANGES_END
};

struct email_changes_state {
	enum email_changes_phase phase;
	struct account_key from; /* G or L */
	size_t boxes, events, destroyed;
	size_t next;     /* of boxes, events, touched or threads */
	uint32_t below;  /* ARRIVED: UIDs below it are left; 0: all */
	uint64_t behind; /* THREADS: members up to it are done */
	uint64_t access;
};

struct email_changes_work {
	struct email_changes_state saved, now;
	uint64_t upto; /* what happened later is for the next time */
	uint64_t states[MAIL_STATES];
	struct email_look look;
	struct email_box *boxes;
	size_t box_room;
	struct email_event *events;
	size_t event_room;
	uint64_t *destroyed; /* mailboxes */
	size_t destroyed_room;
	struct email_touched *touched; /* by id */
	size_t touched_count, taken;
	struct email_told *order; /* by modseq, then id; the first `taken` are told */
	struct email_thread_changed *threads;
	size_t thread_count;
};

/* What is known of an email in the state: a part of the changes of one modseq may be. */
static inline uint64_t events_known(const struct account_email_changes *c, uint64_t id)
{
	return c->since + (id <= c->part ? 1 : 0);
}

/* The phases. 0: go on with the next one; 1: the slice is full; or a negative errno. */
int events_boxes(struct txn *t, struct account_email_changes *c) __attribute__((warn_unused_result));
int events_log(struct txn *t, struct account_email_changes *c) __attribute__((warn_unused_result));
int events_arrived(struct txn *t, struct account_email_changes *c) __attribute__((warn_unused_result));
int events_flags(struct account_email_changes *c) __attribute__((warn_unused_result));

#endif
