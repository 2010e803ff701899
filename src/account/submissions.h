/*
 * What an account has sent, and what it is about to send (mail/submission.h): entries of the account, each
 * with its recipients. Those who queue and send the message change them in the commit that does so: hence
 * functions for `run`. Of these the ones that may refuse come before the first write.
 */
#ifndef ACCOUNT_SUBMISSIONS_H
#define ACCOUNT_SUBMISSIONS_H

#include "account/log_gone.h"
#include "base/arena.h"
#include "format/outcome.h"
#include "mail/submission.h"

struct account_submission {
	uint64_t number;
	uint64_t email, thread, identity;
	uint64_t created, modseq;
	int64_t send_at;
	uint8_t undo; /* enum submission_undo */
	uint32_t recipients;
	char queue[QUEUE_ID_SIZE]; /* the record of the queue: of "@submit" while it is pending, then the
	                              message's */
	struct view sender, parameters;
};

/* Entries that the functions below change at most, beside those of a change's end. */
static inline size_t account_submission_writes(size_t recipients)
{
	return 3 * recipients + 4;
}

/*
 * Whether an email can be sent as an identity: its blob and lengths, and its thread. -ENOENT: no such email;
 * -ENXIO: no such identity; -EMLINK: SUBMISSION_COUNT_MAX, and all are pending. *oldest: the one that makes
 * room; 0: there is room.
 */
struct account_sendable {
	uint64_t thread, oldest, next; /* next: the number that it will have */
	struct blob_id blob;
	uint64_t body_len;
};
int account_submission_check(struct txn *t, uint64_t shard, uint64_t email, uint64_t identity,
    struct account_sendable *out) __attribute__((warn_unused_result));

/* Adds one; number, created and modseq are set. `oldest` is removed. */
int account_submission_add(struct txn *t, uint64_t shard, int64_t now, uint64_t oldest,
    struct account_submission *s, const struct submission_recipient *list)
    __attribute__((warn_unused_result));

/* -ENOENT. Texts as txn_get's. */
int account_submission_get(struct txn *t, uint64_t shard, uint64_t number, struct account_submission *s)
    __attribute__((warn_unused_result));

/* The address of a recipient of it, from 0. -ENOENT: it has no such recipient, or not one that can be read.
 */
int account_submission_recipient(struct txn *t, uint64_t shard, uint64_t number, uint32_t recipient,
    struct view *address) __attribute__((warn_unused_result));

/* Removes it. -ENOENT. */
int account_submission_remove(struct txn *t, uint64_t shard, int64_t now, uint64_t number, uint64_t *modseq)
    __attribute__((warn_unused_result));

/* What is known of a recipient: of all whose address this is; without an address of all of which nothing was
 * known yet, as when what waits is deleted. */
struct account_submission_news {
	struct view address;
	uint8_t delivered; /* enum submission_delivered */
	struct view reply;
};

/*
 * It has got another undoStatus, another record of the queue (NULL: the same), and news of recipients. One
 * that is gone, or in an account that is: 0, nothing. A recipient's news count for those alone of which
 * nothing final is known yet; but failure counts always: of several that one address led to the worst is
 * told.
 */
int account_submission_news(struct txn *t, uint64_t shard, int64_t now, uint64_t number, uint8_t undo,
    const char *queue, const struct account_submission_news *news, size_t count, uint64_t *modseq)
    __attribute__((warn_unused_result));

/* Those of these numbers (NULL: all), which changed behind `since`. -ENOENT: no such account. */
struct account_submissions {
	uint64_t shard, since;
	const uint64_t *numbers; /* the caller's until done */
	size_t number_count;
	bool with_recipients;
	void (*done)(struct account_submissions *s, int result);
	void *arg;

	/* Results, valid until account_submissions_free when the result is 0. */
	struct account_submission *list; /* ascending by number */
	size_t count;
	struct view *recipients; /* of each: a list of struct submission_recipient */
	uint64_t state;          /* head.submissions_modseq, as it was when the first one was read */

	/* Internal. */
	struct accounts *accounts;
	struct store_read read;
	struct arena *arena;
	size_t at, next;
	struct buf *text;
};

void account_submissions(struct accounts *a, struct account_submissions *s);
void account_submissions_free(struct account_submissions *s);

#endif
