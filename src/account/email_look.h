/*
 * Inside account/: a look at emails by their ids, as one who may use the account sees them: the places that
 * lie in mailboxes which it may read, without those that IMAP has marked as \Deleted (RFC 8621 section
 * 4.1.1), and what these say of the email. For `run` functions.
 */
#ifndef ACCOUNT_EMAIL_LOOK_H
#define ACCOUNT_EMAIL_LOOK_H

#include "account/change.h"
#include "account/mailboxes.h"
#include "account/seen.h"

enum { LOOK_MAILBOXES = 16 }; /* whose rights are at hand: an email's, and its neighbours' */

struct email_look {
	struct txn *txn;
	uint64_t shard;
	const struct account_who *who; /* NULL: the owner */
	size_t looked;                 /* entries so far: a slice takes STORE_READ_KEYS_MAX of them */

	/* At hand. */
	size_t count, oldest;
	struct {
		uint32_t number;
		bool visible;
	} mailboxes[LOOK_MAILBOXES];
	uint32_t block_mailbox, block_number; /* mailbox 0: none */
	struct account_flags_block block;
	struct seen_chunk seen;
};

/* Begins one; the head is read. -ENOENT: no such account. */
int look_begin(struct email_look *l, struct txn *t, uint64_t shard, const struct account_who *who,
    struct account_head *head) __attribute__((warn_unused_result));

/* The same of many in one run, where a head is of no use. */
void look_init(struct email_look *l, struct txn *t, uint64_t shard, const struct account_who *who);

/* Whether who may know of mail in a mailbox: it exists, and may be read. */
bool look_may_read(const struct account_mailbox *m, const struct account_who *who);
int look_mailbox(struct email_look *l, uint32_t mailbox, bool *visible) __attribute__((warn_unused_result));

/* All places of an email. -ENOENT: there is no such email; one that was deleted has none. */
int email_places(struct txn *t, uint64_t shard, uint64_t emailid, struct account_places *places)
    __attribute__((warn_unused_result));

/* Those that are visible; none also for an email that is not there. */
int look_places(struct email_look *l, uint64_t emailid, struct account_places *places)
    __attribute__((warn_unused_result));

/* A message as its entry has it, without order and hashes unless `whole`. -ENOENT. */
int look_message(struct email_look *l, const struct account_place *place, bool whole,
    struct account_message *m) __attribute__((warn_unused_result));

/* Its flags, FLAGS_FIXED among them, with the \Seen of whoever looks; its modseq. */
int look_flags(struct email_look *l, const struct account_place *place, const struct account_message *m,
    uint64_t *flags, uint64_t *modseq) __attribute__((warn_unused_result));

/* Its keywords without a bit, if its flags have FLAG_MORE. */
int look_more(struct email_look *l, const struct account_place *place, uint64_t flags,
    struct account_more *more) __attribute__((warn_unused_result));

/* A number that changes with the set of mailboxes that somebody else may read. Begins with 0 and takes them
 * in ascending order; never 0 afterwards, and below INT64_MAX. */
uint64_t look_access(uint64_t before, uint32_t mailbox);

/* The emails of a thread with ids behind `behind`, but for the one that gave it its number: at most `room`.
 */
int thread_members(struct txn *t, uint64_t shard, uint64_t thread, uint64_t behind, uint64_t *ids,
    size_t room, size_t *count) __attribute__((warn_unused_result));

#endif
