/*
 * Whether a domain elsewhere takes mail, and what is known of TLS on the way there: found as for a delivery
 * (relay_find.c), but nothing is connected to, and MTA-STS is left out. It is known for some minutes; what
 * cannot be found out in time is unknown. It is told to anybody who has an account, so it says nothing of
 * what others here do.
 */
#ifndef ROLE_RELAY_RELAY_RECIPIENT_DOMAIN_H
#define ROLE_RELAY_RELAY_RECIPIENT_DOMAIN_H

#include "io/loop.h"
#include "mail/recipient.h"

struct relay_domain;

/* Somebody who wants to know; it stays put until it has been told, or relay_domain_forget. */
struct relay_domain_request {
	void (*told)(void *arg, enum recipient_state state, enum recipient_tls tls);
	void *arg;
	struct relay_domain_request *next; /* internal */
	struct relay_domain *domain;       /* internal */
};

/* Whether relay_domain_ask would begin a new search: this is what costs, and is counted. */
bool relay_domain_is_new(struct view domain);

/* Whether a new search can begin now; if not, what is new is unknown. */
bool relay_domain_may_be_searched(void);

/* domain: normalised (format/domain.h). `told` is called later, never from within. */
void relay_domain_ask(struct relay_domain_request *r, struct view domain);
void relay_domain_forget(struct relay_domain_request *r);

void relay_domains_init(struct loop *loop);
void relay_domains_done(void); /* forgets everything; nobody may wait for an answer */

#endif
