/*
 * Tallies: how often something happened on a day, for reports to those whom it concerns. A row is bytes that
 * only its writer and the report's maker understand; rows that are alike are counted together, below a
 * subject (a domain) and a policy (bytes as well: what held for them).
 *
 *   T kind day subject 0 policy row     how often, and the row; without row: the policy; without policy: how
 *                                       many rows the subject has
 *   U kind                              how many entries there are of that kind, and their octets
 *
 * Policy and row are 64-bit hashes.
 */
#ifndef LEDGER_TALLY_H
#define LEDGER_TALLY_H

#include "ledger/ledger.h"

/* Kept on the disk: a number keeps its meaning. As report/report.h has them. */
enum tally_kind { TALLY_DMARC = 1, TALLY_TLS, TALLY_KINDS };

enum {
	TALLY_SUBJECT_MAX = 255,    /* a domain's name */
	TALLY_ROW_MAX = 1600,       /* octets of a row, or a policy: with the key below STORE_ENTRY_MAX */
	TALLY_ROWS_MAX = 5000,      /* of one subject on one day: what a report may have */
	TALLY_ENTRIES_MAX = 200000, /* of one kind */
	TALLY_LIST_MAX = 200,       /* of one tally_list */
	TALLY_DAYS = 8              /* that a report waits to be fetched; then nobody wants it any more */
};

/* Days since 1970, in UTC. */
static inline uint32_t tally_day(int64_t seconds)
{
	return (uint32_t)(seconds / 86400);
}

struct tally {
	uint32_t day;
	struct view subject, policy, row;
	uint64_t count;
};

/*
 * Adds to a row, which is new if need be. -EINVAL: no such kind or subject; -EMSGSIZE. 1: there is no room
 * for the row. Then it is counted all the same, as left out; but for a new subject there may be no room
 * either.
 */
int tally_add(struct txn *t, unsigned kind, const struct tally *add) __attribute__((warn_unused_result));

/* The first subject behind day and subject, whose day is below `before`. -ENOENT: none. *subject: room for
 * TALLY_SUBJECT_MAX. */
struct tally_subject {
	uint32_t day;
	char name[TALLY_SUBJECT_MAX + 1];
	uint64_t left_out; /* things that happened, and have no row */
};
int tally_next(struct txn *t, unsigned kind, uint32_t before, const struct tally_subject *after,
    struct tally_subject *out) __attribute__((warn_unused_result));

/* Where a list stands: zero at first. */
struct tally_place {
	uint64_t policy, row;
	bool begun;
};

/*
 * What a subject has on a day, a policy before its rows (`row` and count are empty then). *more: there is
 * more behind *place.
 */
int tally_list(struct txn *t, unsigned kind, const struct tally_subject *subject, struct tally_place *place,
    int (*visit)(void *arg, const struct tally *entry), void *arg, bool *more)
    __attribute__((warn_unused_result));

/* Removes it, piece by piece: *more asks for another run. */
int tally_drop(struct txn *t, unsigned kind, const struct tally_subject *subject, bool *more)
    __attribute__((warn_unused_result));

#endif
