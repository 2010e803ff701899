/*
 * The daily look at the records of this server's domains (trust/zone/zone_check.h): what has changed for the
 * worse, or for the better, is logged and told to the domain's postmaster, once. Relay does it, since it asks
 * the DNS already and holds nothing worth stealing.
 *
 * What was found is kept as a memo (relay_memo.h), so that a restart repeats nothing. The first look at a
 * domain is only logged: whoever sets it up may not be done yet, and has `postrider dns check`.
 */
#ifndef ROLE_RELAY_RELAY_ZONE_H
#define ROLE_RELAY_RELAY_ZONE_H

#include "base/view.h"

enum {
	RELAY_ZONE_SECONDS = 24 * 3600, /* between two looks at a domain */
	RELAY_ZONE_ROUND_SECONDS =
	    3600 /* how often it is looked which domains are due; and before the first */
};

struct loop;
struct role_process;

void relay_zone_init(struct loop *loop);

/* Each time that the role is configured: keeps the certificates, which are there only until it serves. */
void relay_zone_configure(const struct role_process *p);

/* A memo of an earlier process. */
void relay_zone_recall(struct view name, struct view value);

/* MESSAGE_ZONE_LOOK of store: somebody wants to know now. One that is under way already is not begun again.
 */
struct link;
struct channel_frame;
void relay_zone_look(struct link *link, struct channel_frame *frame, const void *message);

/* The process is about to end. */
void relay_zone_done(void);

#endif
