/*
 * Times at which something is to be done for an account: an entry Z of the ledger for each, written in the
 * commit that leaves it to be done, so that a store that begins knows the first of them. One that is of no
 * use any more does no harm: whoever finds nothing to do then removes it.
 */
#ifndef LEDGER_ALARMS_H
#define LEDGER_ALARMS_H

#include "ledger/ledger.h"

enum { ALARMS_LIST_MAX = 64 /* of one alarms_list: as many accounts are worked on together */ };

struct alarm {
	int64_t at; /* seconds since 1970 */
	uint64_t account;
};

int alarm_put(struct txn *t, const struct alarm *a) __attribute__((warn_unused_result));
int alarm_drop(struct txn *t, const struct alarm *a) __attribute__((warn_unused_result));

/* The first ones by time, at most ALARMS_LIST_MAX. */
int alarms_list(struct txn *t, struct alarm list[ALARMS_LIST_MAX], size_t *count)
    __attribute__((warn_unused_result));

#endif
