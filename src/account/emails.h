/*
 * An account's emails as a whole, by their ids: what they are, which there are, how they changed. Used as
 * account.h is. `who` is somebody else who looks, and sees the places in mailboxes that it may read, and its
 * own \Seen; NULL is the owner.
 */
#ifndef ACCOUNT_EMAILS_H
#define ACCOUNT_EMAILS_H

#include "account/mailboxes.h"
#include "account/messages.h"
#include "base/buf.h"
#include "mail/mail_email.h"

/* ---- states ---- */

struct account_states {
	uint64_t shard;
	const struct account_who *who;
	void (*done)(struct account_states *s, int result);
	void *arg;

	/* Results. -ENOENT also when who may read nothing. */
	uint64_t modseq;
	uint64_t states[MAIL_STATES];
	uint64_t access; /* 0 for the owner; else it changes with the set of mailboxes that who may read */

	/* Internal. */
	struct accounts *accounts;
	struct store_read read;
	struct account_key from, next;
	uint64_t hash, slice_hash;
	bool more;
};
void account_states(struct accounts *a, struct account_states *s);

/* ---- what emails are ---- */

enum {
	ACCOUNT_EMAILS_MAX = 256,   /* of one call: each takes four entries to look at */
	ACCOUNT_EMAILS_MORE_MAX = 8 /* of these with keywords that have no bit: a call ends before the next */
};

struct account_email_info {
	uint64_t id, thread;
	size_t mailbox_count;                   /* 0: there is no such email */
	uint32_t mailboxes[ACCOUNT_PLACES_MAX]; /* ascending, each once */
	uint64_t flags;                         /* of all places */
	size_t more;                            /* FLAG_MORE: index of its keywords without a bit */
	uint64_t modseq;                        /* the highest of any place */
	uint64_t size, text_growth;
	int64_t internaldate, savedate; /* savedate: the earliest */
	struct message_order order;
	size_t snooze_at, snooze_len; /* in `snoozes`: mail/snooze.h; 0 octets: not put off, and not back */
	bool awake;                   /* it came back */
	size_t hash_count;
	uint64_t hashes[ACCOUNT_HASHES_MAX];
};

struct account_emails {
	uint64_t shard;
	const struct account_who *who;
	const uint64_t *ids;
	size_t count;      /* at most ACCOUNT_EMAILS_MAX */
	bool with_snoozes; /* of the owner's */
	void (*done)(struct account_emails *e, int result);
	void *arg;

	/* Results, valid until account_emails_free: of the first `found` ids, at least one. */
	struct account_email_info *emails;
	size_t found;
	struct account_more *more;
	struct buf *snoozes;    /* texts */
	uint64_t emails_modseq; /* the account's MAIL_STATE_EMAILS */

	/* Internal. */
	struct store_read read;
	size_t more_count;
};
void account_emails(struct accounts *a, struct account_emails *e);
void account_emails_free(struct account_emails *e);

/* The emails of threads that are there: of each thread together, in the order of the question, and there
 * ascending by internaldate, then by id. */
struct account_thread_email {
	size_t index; /* of its thread */
	uint64_t id;
	int64_t internaldate;
};

struct account_thread_emails {
	uint64_t shard;
	const struct account_who *who;
	const uint64_t *threads;
	size_t thread_count;
	void (*done)(struct account_thread_emails *t, int result);
	void *arg;

	/* Results, valid until account_thread_emails_free. */
	struct account_thread_email *emails;
	size_t count;
	uint64_t threads_modseq; /* the account's MAIL_STATE_THREADS */

	/* Internal. */
	struct accounts *accounts;
	struct store_read read;
	size_t room;
	struct {
		size_t thread, begun, count; /* which one; where its emails begin; emails so far */
		uint64_t behind;             /* ids of its members up to here are done */
	} at, slice;
};
void account_thread_emails(struct accounts *a, struct account_thread_emails *t);
void account_thread_emails_free(struct account_thread_emails *t);

/* ---- rows for queries ---- */

/*
 * Rows of mail/email_wire.h, as many as one slice holds: of all places, in the order of mailboxes and UIDs,
 * from `mailbox` and `uid` on (0, 0 at first); or of the places of `ids`. `more`: go on with what mailbox and
 * uid, or next, are then.
 */
struct account_rows {
	uint64_t shard;
	const struct account_who *who;
	uint32_t mailbox, uid;
	const uint64_t *ids; /* NULL: all */
	size_t count, next;
	struct buf *rows; /* the caller's: they are appended */
	void (*done)(struct account_rows *r, int result);
	void *arg;

	/* Results. */
	bool more;
	uint64_t keywords; /* bits of keywords, FLAG_MORE among them, that any of the rows has */

	/* Internal. */
	struct store_read read;
	uint32_t slice_mailbox, slice_uid;
	size_t slice_next, begun;
};
void account_rows(struct accounts *a, struct account_rows *r);

/* ---- changes ---- */

enum {
	/* Emails, and places of them, that one answer looks at: some 40 MB. Of more everything is read anew.
	 */
	ACCOUNT_EVENTS_MAX = 600000
};

/* An email that changed, or a thread of one. before, now: whether it was visible then, and is. */
struct account_email_changed {
	uint64_t id;
	bool before, now;
};

/* A mailbox that is visible. */
struct account_mailbox_changed {
	uint32_t number;
	bool created, changed; /* neither: its counts may be others */
};

/*
 * What changed behind a state: see struct email_changes of mail/mail_email.h. -ESTALE: the log does not reach
 * back so far, or who may read other mailboxes now; -E2BIG: more than can be told.
 */
struct account_email_changes {
	uint64_t shard;
	const struct account_who *who;
	unsigned
	    want; /* EMAIL_CHANGES_*; mailboxes are looked at for threads' counts when these are wanted */
	uint64_t since, part, access, max;
	void (*done)(struct account_email_changes *c, int result);
	void *arg;

	/* Results, valid until account_email_changes_free. */
	struct account_email_changed *emails, *threads; /* in no order */
	size_t email_count, thread_count;
	struct account_mailbox_changed *mailboxes; /* those with a change, by number */
	size_t mailbox_count;
	uint64_t *destroyed; /* mailboxes */
	size_t destroyed_count;
	uint64_t modseq, new_part; /* the state that this leads to */
	bool more;
	uint64_t access_now;

	/* Internal. */
	struct accounts *accounts;
	struct store_read read;
	struct email_changes_work *work;
};
void account_email_changes(struct accounts *a, struct account_email_changes *c);
void account_email_changes_free(struct account_email_changes *c);

#endif
