/*
 * Times that were written by a clock that has been set back since. A time ahead of now is believed only as
 * far as the rule behind it allows: a retry by the longest wait between two attempts, a hold, a deadline or
 * an expiry by how long it was to last when it was written. Pure: no clock inside.
 */
#ifndef QUEUE_BELIEVE_H
#define QUEUE_BELIEVE_H

#include "queue/spool.h"

/* Mends the times of a record, whose recipients may be written to; true when there was anything to mend. */
bool queue_record_believe(struct queue_record *r, int64_t now, const struct queue_config *config);

/* Would there be? */
bool queue_record_is_believable(const struct queue_record *r, int64_t now, const struct queue_config *config);

#endif
