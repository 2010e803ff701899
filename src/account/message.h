/*
 * Inside account/: messages within a change. A message's entries (M, O, Q, E, V, Z, T, H, U), the counts in F
 * and G and the log change together here and nowhere else.
 */
#ifndef ACCOUNT_MESSAGE_H
#define ACCOUNT_MESSAGE_H

#include "account/change.h"
#include "account/keywords.h"
#include "mail/mail.h"

/* Where a new email is put. */
struct message_place {
	uint32_t mailbox;
	struct message_flags flags;
	uint32_t uid; /* result */
};

/*
 * Adds an email. Its blob, lengths, dates and texts are given, and of its hashes the own one (0: none) and
 * those that it refers to, nearest first; the rest is set here. Its thread is that of the first hash that is
 * known.
 */
int message_add(struct account_change *c, struct account_email *email, struct message_place *places,
    size_t place_count, uint64_t *emailid) __attribute__((warn_unused_result));

/* The thread that an email of these hashes joins, 0: none that is there. */
int message_thread(struct account_change *c, const struct account_email *email, uint64_t *thread)
    __attribute__((warn_unused_result));

/* Entries that message_add writes at most, besides what change_end does, and those of its places' flags: O,
 * and Q with keywords that have no bit. */
size_t message_add_writes(size_t places, size_t hashes);

/* A message and its flags as they are now. -ENOENT. */
struct message_now {
	struct account_message m;
	struct message_flags flags;
	uint64_t modseq;
};

int message_get(struct account_change *c, uint32_t mailbox, uint32_t uid, struct message_now *now)
    __attribute__((warn_unused_result));

/* Its flags alone, without FLAGS_FIXED, which takes no look at M; with_modseq: and their modseq. -ENOENT. */
int message_get_flags(struct account_change *c, struct change_mailbox *box, uint32_t uid, bool with_modseq,
    struct message_flags *flags, uint64_t *modseq) __attribute__((warn_unused_result));

/* Gives a message that has the flags `old` these instead (of the bits only FLAGS_SYSTEM, keywords and
 * FLAG_MORE). */
int message_set_flags(struct account_change *c, struct change_mailbox *box, uint32_t uid,
    const struct message_flags *old, const struct message_flags *flags) __attribute__((warn_unused_result));

/*
 * Removes a place; with the last one the email is deleted: for good, or (undelete_until > 0) so that it can
 * come back until then. -ENOENT: there is no such message.
 */
int message_remove(struct account_change *c, uint32_t mailbox, uint32_t uid, int64_t undelete_until)
    __attribute__((warn_unused_result));

/* A message that is to be copied or moved: as it is now, and all places of its email. */
struct message_source {
	uint32_t mailbox, uid;
	struct message_now now;
	struct account_places places;
};

/* -ENOENT; -EMLINK: it cannot be copied, since its email has ACCOUNT_PLACES_MAX. */
int message_source_get(struct account_change *c, uint32_t mailbox, uint32_t uid, bool move,
    struct message_source *source) __attribute__((warn_unused_result));

/*
 * Gives the email another place, with the same flags but those that are denied (FLAG_KEYWORD: all keywords).
 * The source was got in this change, and no place was given to its email since. Whether the email can be read
 * plays no part: a damaged one can be filed and thrown away like others.
 */
int message_copy(struct account_change *c, const struct message_source *source, uint32_t to, uint64_t denied,
    uint32_t *new_uid) __attribute__((warn_unused_result));

/* The same, and takes the old place away. */
int message_move(struct account_change *c, const struct message_source *source, uint32_t to, uint64_t denied,
    uint32_t *new_uid) __attribute__((warn_unused_result));

/*
 * Brings a deleted email back into these mailboxes (numbers, 4 octets each), as far as they are there, or
 * into INBOX; as an email of another id. expiry: until when that can be. -ENOENT: it cannot. undelete.c
 */
int undelete_email(struct account_change *c, int64_t expiry, uint64_t emailid, struct view mailboxes)
    __attribute__((warn_unused_result));

/* Erases a deleted email, whose U entry is the caller's. */
int message_erase(struct account_change *c, uint64_t emailid) __attribute__((warn_unused_result));

/* An email with copies of its texts, since reading and writing go on. */
struct email_copy {
	struct account_email email;
	char texts[STORE_ENTRY_MAX];
	char summary[STORE_ENTRY_MAX];
};

/* With the summary, also one that stands apart. */
int email_read(struct txn *t, uint64_t shard, uint64_t emailid, struct email_copy *copy)
    __attribute__((warn_unused_result));

/*
 * Entries that one of these calls writes at most: M, Q, V, U, E, Z, H, hashes, and a keyword entry and its
 * name for each keyword of Q, and annotations. A message without keywords in Q and annotations takes a tenth
 * of it.
 */
enum {
	MESSAGE_REMOVE_FEW = 8 + ACCOUNT_HASHES_MAX,
	MESSAGE_WRITES_MAX = MESSAGE_REMOVE_FEW + 2 * ACCOUNT_MORE_KEYWORDS_MAX + MAIL_ANNOTATIONS_OF_MESSAGE
};

#endif
