/* Inside account/: the mailboxes that each account begins with. */
#ifndef ACCOUNT_ROLES_H
#define ACCOUNT_ROLES_H

#include "account/change.h"

/*
 * Makes the mailboxes for drafts, sent mail, junk, trash and the archive, subscribed, with names of that
 * language (RFC 5646; one that is not known: English). A mailbox of that name that has no role is given it;
 * a role that a mailbox has is left alone.
 */
int roles_make(struct account_change *c, struct view language) __attribute__((warn_unused_result));

/*
 * Makes the mailbox for emails that are put off, likewise, unless there is one. -EDQUOT: the account has no
 * room for one more.
 */
int roles_make_snoozed(struct account_change *c, struct view language) __attribute__((warn_unused_result));

#endif
