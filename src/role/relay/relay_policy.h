/* The MTA-STS policy of a domain (RFC 8461), looked up, fetched and remembered. */
#ifndef ROLE_RELAY_RELAY_POLICY_H
#define ROLE_RELAY_RELAY_POLICY_H

#include "io/loop.h"
#include "trust/route/mta_sts.h"

struct relay_policy;

struct relay_policy_request {
	struct view domain;
	/* policy: in mode testing or enforce, valid during the call; NULL when there is none (mode none says
	 * so too), or none can be had. */
	void (*found)(void *arg, const struct mta_sts_policy *policy);
	void *arg;
	struct relay_policy *policy; /* internal */
	struct relay_policy_request *next;
};

/* `found` is called later, never from within. The request stays put until then, or until relay_policy_forget.
 */
void relay_policy_find(struct relay_policy_request *r);
void relay_policy_forget(struct relay_policy_request *r); /* also when it was never asked, or is answered */
/* A policy that relay_policy.c had kept before the last restart (relay_memo.h). */
void relay_policy_recall(struct view domain, struct view value);
void relay_policies_init(struct loop *loop);
void relay_policies_done(void); /* forgets everything; nobody may wait for an answer */

#endif
