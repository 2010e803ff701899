/*
 * A delivery and the rules of those that it goes to: the rules of each are asked (store_filter.h), one beside
 * the other, and become what the one commit of the delivery does: places, flags, refusals. Used by deliveries
 * of smtp and relay, and of the queue.
 */
#ifndef ROLE_STORE_STORE_FILTERING_H
#define ROLE_STORE_STORE_FILTERING_H

#include "role/store/store_filter.h"
#include "role/store/store_redirect.h"

/* What is asked of one target of the delivery, and what its rules said. */
struct filtered {
	struct filter *filter;                  /* NULL: it has no rules */
	struct view recipient, original, orcpt; /* as in struct filter */
	uint64_t notify;
	struct account_wanted_place *places;
	uint8_t place_kinds[ACCOUNT_TARGET_PLACES_MAX]; /* enum rules_action_kind, for the trace */
	bool answered;                        /* the owner's: its sender is told of the refusal at once */
	bool refused;                         /* its rules refuse the message: ... */
	struct view reason;                   /* ... with this text */
	struct view words;                    /* ... which is so in a dialogue of SMTP, ... */
	struct view report;                   /* ... and so in a report */
	bool exact;                           /* ... and is the same there, or may be another */
	const struct filter_version *version; /* the message as its rules have changed it; NULL: as it came */
	const char *not_done; /* what of the rules could not be done, as a sentence; NULL: nothing */
};

struct filtering {
	/* The owner's; texts until filtering_free. */
	struct account_delivery *delivery;
	struct filtered *targets; /* one for each of the delivery's, in arena */
	struct arena *arena;
	struct filter_mail mail;
	struct view id;             /* the message's, for log and trace */
	struct queue_record record; /* of the message, for what is sent on; without recipients */
	void (*done)(struct filtering *f);
	void (*stopped)(struct filtering *f); /* in place of done: the store is about to be closed */

	struct redirects redirects; /* for the commit; its record, body and arena are set here */

	/* Internal. */
	struct filtering *next;
	struct buf bytes;
	struct store_upload_read upload;
	struct store_blob_read read;
	struct store_blob_part part;
	size_t waiting;
	bool began, reading, stopping;
	struct loop_task end;
};

/* Whether any target may have rules; most have none, and that is known without a look. */
bool filtering_is_needed(const struct account_delivery *delivery);

/*
 * Reads the message, from the upload or, when that is NULL, from `blob`, and has all rules run. `done` is
 * called once, later: the delivery's targets then say what is wanted. Nothing but
 * filtering_stop_all ends it before.
 */
void filtering_begin(
    struct filtering *f, struct store_upload *upload, const struct blob_id *blob, uint64_t length);

/*
 * What the commit does beside the delivery itself: entries that it changes at most; a look before anything is
 * written, with what others change; and behind the delivery.
 */
size_t filtering_writes(const struct filtering *f);
int filtering_check(struct txn *t, struct filtering *f, size_t others) __attribute__((warn_unused_result));
int filtering_run(struct txn *t, struct filtering *f) __attribute__((warn_unused_result));

/* Gives the commit the messages that rules have changed, behind its other bodies. Before the delivery's own
 * begin. */
void filtering_put_versions(struct filtering *f, struct store_commit *commit);

/* Whether a mailbox keeps the message, or a redirect sends it on. */
bool filtering_needs_body(const struct filtering *f);

/* After the commit, with its result: what is told of it: to the trace, and to owners whose rules failed or
 * name mailboxes that are not there. */
void filtering_tell(struct filtering *f, int result);
/* What is traced of target i; false: it was kept as without rules. */
bool filtering_trace(const struct filtering *f, size_t i, struct view recipient, struct view original);

/* Two parts of this, for a script that runs over a message that is there (imap_event.h): what the account is
 * to remember; and what is to be sent, `id` naming the message for log and trace. */
int filtering_put_marks(struct txn *t, const struct filter *filter, int64_t now)
    __attribute__((warn_unused_result));
void filtering_send_answers(const struct filter *filter, struct view id);

/* Not while it is under way. */
void filtering_free(struct filtering *f);

/* Before the store is closed. */
void filtering_stop_all(void);

#endif
