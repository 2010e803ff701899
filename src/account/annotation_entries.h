/*
 * Inside account/: the entries of messages' annotations, A, within a change. They are counted in the head, by
 * number and, for the quota, by the octets of their values.
 */
#ifndef ACCOUNT_ANNOTATION_ENTRIES_H
#define ACCOUNT_ANNOTATION_ENTRIES_H

#include "account/annotations.h"
#include "account/change.h"

/* How many entries a message has, whoever they are; none is looked for in an account that has none. */
int annotations_count(struct account_change *c, uint32_t mailbox, uint32_t uid, size_t *count)
    __attribute__((warn_unused_result));

/* They end with the message: as many entries are deleted. */
int annotations_drop(struct account_change *c, uint32_t mailbox, uint32_t uid)
    __attribute__((warn_unused_result));

/* What a copy of a message takes along (RFC 5257 section 4.6), of what there is of it: what is shared, unless
 * c->without_shared, and what is c->user's. */
struct annotations_weight {
	size_t all, count; /* entries: as many a removal deletes, and as many a copy puts */
	uint64_t bytes;    /* of the values that are copied */
};

int annotations_weigh(struct account_change *c, uint32_t mailbox, uint32_t uid, struct annotations_weight *w)
    __attribute__((warn_unused_result));

/* Copies it into a change of the same account, or of another one. */
int annotations_copy(struct account_change *c, uint32_t mailbox, uint32_t uid, struct account_change *target,
    uint32_t to, uint32_t new_uid) __attribute__((warn_unused_result));

/* Whether an account has room for so many more, and for their octets (quota_default: for one without its
 * own). -ETOOMANYREFS, -EDQUOT. */
int annotations_room(const struct account_head *head, size_t count, uint64_t bytes, uint64_t quota_default)
    __attribute__((warn_unused_result));

/* Whether a message may get these values: before the first write. */
int annotations_check(struct account_change *c, const struct account_annotate *a, uint32_t uid)
    __attribute__((warn_unused_result));
int annotations_set(struct account_change *c, const struct account_annotate *a, uint32_t uid)
    __attribute__((warn_unused_result));

#endif
