/* A patch of an Email, as Email/set has them (RFC 8621 section 4.6), read into the form in which store is
 * asked. */
#ifndef JMAP_JMAP_EMAIL_PATCH_H
#define JMAP_JMAP_EMAIL_PATCH_H

#include "jmap/jmap_place.h"
#include "mail/email_wire.h"

struct jmap_email_patch {
	struct buf keywords, mailboxes, no_keywords, no_mailboxes, snooze; /* what a change's views show */
	const char *type, *property, *why; /* of a patch that cannot be: SetError, property, words */
};

void jmap_email_patch_init(struct jmap_email_patch *s);
void jmap_email_patch_done(struct jmap_email_patch *s);

/* id: what it is a patch of, or empty. False: it cannot be. *change begins with its id and nothing else. */
bool jmap_email_patch_read(struct jmap_call *c, struct jmap_email_patch *s, struct view id, json_t *patch,
    struct email_change *change);

/* Whether its mailboxes follow from "snoozed", so that the server moves it. */
bool jmap_email_patch_moves(const struct email_change *change);

#endif
