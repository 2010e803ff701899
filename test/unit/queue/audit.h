/* Whether everything in the queue's shards fits together: entries follow from records, times from
 * destinations. */
#ifndef TEST_QUEUE_AUDIT_H
#define TEST_QUEUE_AUDIT_H

#include "queue/keys.h"

/*
 * Reads all of it, and compares; a sentence to *problem (of 300 bytes) for the first thing that is wrong:
 * then false. *messages: how many records there are; seen is called for each. Bodies are read, too, when
 * `bodies`.
 */
bool queue_audit(struct store *s, bool bodies, size_t *messages,
    void (*seen)(const struct queue_id *id, const struct queue_record *r), char *problem);

#endif
