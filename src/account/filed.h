/*
 * Why an email is where it is: what rules did with it when it came. Kept with the email until its end, for
 * whoever asks, and for those who want it undone.
 */
#ifndef ACCOUNT_FILED_H
#define ACCOUNT_FILED_H

#include "account/account.h"

enum {
	ACCOUNT_FILED_MAX = 1900,      /* octets of an entry with the places: what does not fit is left out */
	ACCOUNT_FILED_REASONS_MAX = 16 /* of one email */
};

/* One thing that a rule wanted. Texts are lines. */
struct account_filed_reason {
	uint8_t kind;              /* enum rules_action_kind of process/messages_rules.h */
	uint64_t program, version; /* which script, and which of its texts: see role/store/rules_state.h */
	uint32_t line, why_line, rule; /* of the command, of the test that held, the rule's number; 0: none */
	struct view script, rule_name, why;
	struct view target; /* the mailbox's path, or an address */
	struct view flags;  /* names that were given to it there, with one blank between each two */
};

struct account_filed {
	int64_t at;
	size_t place_count;
	struct account_place places[ACCOUNT_TARGET_PLACES_MAX]; /* where it was put, in the order of the
	                                                           reasons that keep it */
	size_t count;
	struct account_filed_reason reasons[ACCOUNT_FILED_REASONS_MAX];
};

/* Appends a reason for account_target.filed. -ENOBUFS: there is no room for it. */
int account_filed_add(struct buf *out, const struct account_filed_reason *reason);

/* What is known of an email; texts live as long as the transaction's views. -ENOENT: no rule did anything
 * with it. */
int account_filed_get(struct txn *t, uint64_t shard, uint64_t emailid, struct account_filed *out)
    __attribute__((warn_unused_result));

/* For account/ alone: the entry. */
void filed_encode(
    int64_t at, const struct account_place *places, size_t count, struct view reasons, struct entry *out);
int filed_decode(struct view value, struct account_filed *out) __attribute__((warn_unused_result));

#endif
