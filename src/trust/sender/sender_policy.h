/*
 * What is done with a message by what was found out about who sent it: RFC 9989 section 5.4, and what this
 * server demands for its own domains. A function over verdicts and rules; it asks nothing.
 *
 * Two things speak against a message: its author's domain wants what is not proven refused or put aside, or
 * it claims to be from a domain of ours and is not proven to be. Two others speak for it all the same: a
 * trusted server vouches for it (arc_trust.h), or it came by a mailing list that its recipient reads. What
 * was to be refused, but may be proven when DNS answers again, is refused for now.
 */
#ifndef TRUST_SENDER_SENDER_POLICY_H
#define TRUST_SENDER_SENDER_POLICY_H

#include "trust/sender/sender_action.h"
#include "trust/sender/sender_check.h"

/* How far a wish is followed: as it says; with Junk at most; not at all. */
enum sender_wish { SENDER_FOLLOW, SENDER_MARK, SENDER_IGNORE };

struct sender_rules {
	enum sender_wish policy; /* of the author's domain: DMARC */
	enum sender_wish ours;   /* what claims to be from here is to be refused */
	unsigned seal;           /* sender_find_seal */
	bool claims_ours;        /* one of sender_unproven's domains is ours */
	bool claims_author; /* and it is the author's, for whom a seal speaks: not the envelope's alone */
	bool ours_later;    /* and what might prove it could not be checked now */
	bool known_list;    /* the recipient reads the list by which it came */
};

struct sender_decision {
	enum sender_action action;
	enum sender_ground ground;
	enum sender_override override;
	bool later;    /* with SENDER_REFUSED: for now only, since an answer of DNS is missing */
	unsigned seal; /* with SENDER_TRUSTED_SEAL: the instance of the set that says so */
};

/*
 * After sender_check_judge. The set of ARC by which a trusted server vouches for the author (arc_trust.h); 0:
 * none does. Of several authors nobody is vouched for: of which of them a seal speaks would not be clear.
 */
unsigned sender_find_seal(const struct sender_verdicts *verdicts, struct view trusted_sealers);

struct sender_decision sender_decide(
    const struct sender_verdicts *verdicts, const struct sender_rules *rules);

/*
 * The domains that the message claims to be from, of its authors and of its envelope's sender, and that
 * nothing proves: whether one is ours, the caller finds out. A domain is proven by DMARC, or when it has no
 * record by SPF or a signature of this name or one below it.
 */
struct sender_claim {
	struct view domain; /* A-labels */
	bool later;         /* what might prove it could not be checked now */
};
enum { SENDER_CLAIMS_MAX = SENDER_AUTHORS_MAX + 1 };
size_t sender_unproven(const struct sender_verdicts *verdicts, struct sender_claim claims[SENDER_CLAIMS_MAX]);

#endif
