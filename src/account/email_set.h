/*
 * Changing emails by their ids, as JMAP does (RFC 8621 section 4.6): flags and keywords, mailboxes, and their
 * end. Used as account.h is. Each email is changed whole or not at all; as many as fit go in one step.
 */
#ifndef ACCOUNT_EMAIL_SET_H
#define ACCOUNT_EMAIL_SET_H

#include "account/emails.h"

struct account_change;

/* What was done to a message in its mailbox. */
struct account_email_event {
	uint32_t mailbox, uid;
	bool came;        /* it was put there; else its flags are not as before: */
	uint64_t changed; /* these; of keywords beyond the first ones none is named */
};

struct account_email_set {
	uint64_t shard;
	const struct account_who *who; /* NULL: the owner */
	uint64_t actor;                /* whose annotations go with what is moved or copied */
	struct view changes;           /* entries of mail/email_wire.h; the caller's until done */
	size_t count;                  /* of them */
	uint64_t if_modseq;            /* all ones: whatever the state is. -ESTALE: it is another */
	uint64_t quota_default;        /* annotations count for the quota */
	int *results; /* the caller's, for each change: 0 or a negative errno, as struct email_set_failed has
	                 them */
	/* What undoes each change that is made, likewise entries, is put here: of one step. One that finds no
	   room for that is refused (-E2BIG). NULL: nobody wants to know. The owner's alone. */
	struct buf *inverse;
	/* In the commit of each step: before its first change, and behind its last one, when `step` tells
	   what it did; it may write with_writes entries. An error takes the step with it. NULL: nothing. */
	int (*with)(struct account_email_set *s, struct account_change *c, bool before);
	size_t with_writes;
	struct store_upload *upload; /* goes with the only step, of one change; NULL: there is none */
	void (*done)(struct account_email_set *s, int result);
	void *arg;

	/* Results, of what was done before an error too. -EINVAL: the changes are none. */
	size_t finished;                    /* so many changes have their result */
	size_t changed;                     /* emails that are other than before */
	uint64_t before, modseq;            /* MAIL_STATE_EMAILS, at the beginning and behind the last step */
	struct account_email_event *events; /* the caller frees it */
	size_t event_count;
	bool events_lost; /* some had no memory: the changes come first */
	int64_t alarm;    /* when the next of these emails is to come back; 0: none is put off */

	/* Internal. */
	struct accounts *accounts;
	struct store_commit commit;
	int64_t now;
	struct cursor from;
	struct email_set_step {
		struct cursor next;
		size_t finished, changed, events;
		uint64_t before, modseq;
		int64_t alarm;
	} step;
	size_t event_room;
	char language[16]; /* transactions run on other threads */
};

void account_email_set(struct accounts *a, struct account_email_set *s);

#endif
