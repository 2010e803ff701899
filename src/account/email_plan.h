/*
 * Inside account/: the plan of a change of an email (email_set.c), for those who plan and carry out a part of
 * it. Planning writes nothing that belongs to the email.
 */
#ifndef ACCOUNT_EMAIL_PLAN_H
#define ACCOUNT_EMAIL_PLAN_H

#include "account/email_set.h"
#include "account/message.h"
#include "account/seen.h"
#include "account/snooze.h"
#include "mail/email_wire.h"

/* The keywords of a change, by number; 0xffffffff: a name that is new. */
struct named {
	size_t count, fresh;
	struct view names[ACCOUNT_FLAGS_KEYWORDS_MAX];
	uint32_t numbers[ACCOUNT_FLAGS_KEYWORDS_MAX];
};
#define PLAN_FRESH UINT32_MAX

/* A place where the email is, and whether it is to stay there. */
struct standing {
	struct account_place at;
	struct change_mailbox *box;
	bool goes;
	struct message_flags flags; /* everybody's */
};

struct plan {
	struct account_change c;
	struct account_email_set *set;
	struct email_change change;
	struct named add, remove;
	size_t places; /* of the email, those that can't be seen too */
	size_t count;
	struct standing standing[ACCOUNT_PLACES_MAX];
	size_t target_count;
	struct change_mailbox *targets[ACCOUNT_PLACES_MAX];
	uint32_t uids[ACCOUNT_PLACES_MAX]; /* in the targets, once it is there */
	size_t writes;
	struct seen_chunk seen;

	/* Putting off and coming back. */
	struct account_snooze was;        /* how it is put off so far; place.mailbox 0: it isn't */
	struct account_snooze new;        /* how it is from now on; likewise */
	struct account_place woken_place; /* of a wish to wake whose entry is gone; mailbox 0: none */
	int64_t woken_time;
	bool by_itself;          /* its mailboxes follow from that: */
	uint32_t leaves, enters; /* these; 0: none */
};

/* 0; -ENOENT, also for one that whoever asks may not read; 1: the change touches too many. */
int plan_mailbox(struct plan *p, uint32_t number, struct change_mailbox **box)
    __attribute__((warn_unused_result));

/* The flags that a message with these gets; names that are new are left out before they have a number. */
int plan_new_flags(const struct plan *p, const struct message_flags *old, struct message_flags *out)
    __attribute__((warn_unused_result));

/* ---- undoing: email_inverse.c ---- */

/* Entries that bringing one back writes at most: a new email with as many places, and the old one's. */
enum {
	RESTORE_WRITES = 10 + 2 * ACCOUNT_HASHES_MAX + 6 * ACCOUNT_PLACES_MAX + 2 * ACCOUNT_MORE_KEYWORDS_MAX
};

/* Appends the change that undoes this one, once it is planned. -E2BIG: it is too long. */
int plan_inverse(struct plan *p, struct buf *out) __attribute__((warn_unused_result));
/* Brings a deleted email back (EMAIL_CHANGE_RESTORE). Refusals as others. */
int plan_restore(struct plan *p) __attribute__((warn_unused_result));

/* ---- putting off and coming back: email_set_snooze.c ---- */

/* Before anything else is planned: what follows of it for flags and mailboxes. Snoozed is made here, if it is
 * needed. Refusals as struct email_set_failed has them. */
int plan_snooze(struct plan *p) __attribute__((warn_unused_result));
/* Behind places and targets. */
int plan_snooze_check(const struct plan *p) __attribute__((warn_unused_result));
/* Once flags and places are as they are to be. */
int carry_out_snooze(struct plan *p, bool *changed) __attribute__((warn_unused_result));
/* What cannot come back, for whatever reason, stays where it is, and nobody tries it again. 0 for any other
 * change. */
int plan_give_up(struct plan *p) __attribute__((warn_unused_result));

bool plan_stands_in(const struct plan *p, uint32_t mailbox); /* and stays there */
bool plan_is_target(const struct plan *p, uint32_t mailbox);

#endif
