/* What is done with a message by what was found out about who sent it, and why not what its domain wants: the
 * words that the decision (sender_policy.h), the values that are kept and reports have in common. */
#ifndef TRUST_SENDER_SENDER_ACTION_H
#define TRUST_SENDER_SENDER_ACTION_H

/* Stored with messages: a number keeps its meaning, new ones come last. In the order of strictness. */
enum sender_action { SENDER_DELIVERED, SENDER_TO_JUNK, SENDER_REFUSED, SENDER_ACTIONS };

/* Why what the author's domain wants was not done, or not as strictly. Stored, too. */
enum sender_override {
	SENDER_NO_OVERRIDE,
	SENDER_POLICY_OFF,    /* the administrator follows no such wishes */
	SENDER_POLICY_MARKED, /* ... puts into Junk what was to be refused */
	SENDER_TRUSTED_SEAL,  /* a trusted server vouches for it (ARC) */
	SENDER_KNOWN_LIST,    /* a mailing list that is read here */
	SENDER_OVERRIDES
};

/* What speaks against it. */
enum sender_ground {
	SENDER_NO_GROUND,
	SENDER_AUTHOR_POLICY, /* the author's domain wants it so (DMARC) */
	SENDER_UNCLEAR,       /* who wrote it could not be looked at as a whole */
	SENDER_CLAIMS_OURS    /* it says that it is from a domain of ours, and nothing proves it */
};

#endif
