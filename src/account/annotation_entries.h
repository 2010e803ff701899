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

/* What is shared and what is c->user's goes to the copy (RFC 5257 section 4.6): as many entries are put at
 * most. */
int annotations_copy(struct account_change *c, uint32_t mailbox, uint32_t uid, uint32_t to, uint32_t new_uid)
    __attribute__((warn_unused_result));

/* Whether a message may get these values: before the first write. */
int annotations_check(struct account_change *c, const struct account_annotate *a, uint32_t uid)
    __attribute__((warn_unused_result));
int annotations_set(struct account_change *c, const struct account_annotate *a, uint32_t uid)
    __attribute__((warn_unused_result));

#endif
