/*
 * Judging ARC chains: RFC 8617 section 5.2. Evaluation over trust/dns/answers.h, of a message that comes in
 * as dkim_mail.h says.
 *
 * A chain passes when each of its sets is whole, each seal is good, and the newest message signature is: then
 * whoever made that last set has vouched for what the message was when it left, and for what the sets before
 * say. Whether they are to be believed is not decided here.
 */
#ifndef TRUST_SENDER_ARC_H
#define TRUST_SENDER_ARC_H

#include "trust/sender/dkim.h"

enum {
	ARC_SETS_MAX = 50, /* RFC 8617 section 4.2.1 */
	ARC_ARENA_MAX = 1024 * 1024
};

/* Stored with messages: a number keeps its meaning, new ones come last. */
enum arc_cause {
	ARC_NO_CHAIN, /* none */
	ARC_VALID,    /* pass */
	ARC_BAD_SET,  /* fail: `instance` lacks a field, or has one twice; or there are fields beyond all sets
	               */
	ARC_BAD_RESULTS,   /* fail: an ARC-Authentication-Results without its instance */
	ARC_BAD_SIGNATURE, /* fail or temperror: the message signature of `instance`; `signature` says why */
	ARC_BAD_SEAL,      /* the same of its seal */
	ARC_BROKEN_BEFORE, /* fail: the newest seal says that the chain was broken when it came there */
	ARC_WRONG_CV,      /* fail: the seal of `instance` says of the chain before it what cannot be */
	ARC_NO_MEMORY,     /* temperror */
	ARC_CAUSES
};

struct arc_set {
	const struct dkim_header_field *results, *signature, *seal; /* of the header */
	struct view text; /* of the results, behind the instance: authserv-id and what it found */
	struct dkim_field signature_field, seal_field;
};

struct arc_verdict {
	enum sender_result result; /* none, pass, fail, temperror */
	enum arc_cause cause;
	unsigned instance;             /* that the cause speaks of; 0: none */
	struct dkim_verdict signature; /* of ARC_BAD_SIGNATURE and ARC_BAD_SEAL */
};

struct arc {
	struct dkim_mail *mail;
	struct arena arena;
	int64_t now;
	struct arc_set sets[ARC_SETS_MAX]; /* instance 1 first */
	unsigned count;                    /* the highest instance that was seen */
	struct arc_verdict verdict;
	bool judged;
};

/* As dkim_begin, dkim_ask and dkim_judge. */
void arc_begin(struct arc *a, struct dkim_mail *mail, int64_t now);
void arc_done(struct arc *a);
void arc_ask(struct arc *a, struct answers *answers);
bool arc_judge(struct arc *a, struct answers *answers);

/* Appends the first `count` sets, which must be whole, as seals sign them (section 5.1.1). 0; -ENOMEM. */
int arc_write_sets(const struct arc *a, unsigned count, struct buf *out);

#endif
