/* Methods of mailboxes that stand in files of their own, for their table in jmap_mailbox.c. */
#ifndef JMAP_JMAP_MAILBOX_H
#define JMAP_JMAP_MAILBOX_H

#include "jmap/jmap_private.h"

void jmap_mailbox_query(struct jmap_call *c);
void jmap_mailbox_query_changes(struct jmap_call *c);

#endif
