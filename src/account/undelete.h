/* Inside account/: deleted emails, within a change. */
#ifndef ACCOUNT_UNDELETE_H
#define ACCOUNT_UNDELETE_H

#include "account/mailbox.h"

/* Whether the change has room for one more that comes back, and for its mailbox. */
bool undelete_has_room(const struct account_change *c);

/*
 * Brings one back: `d`, which stands at this key. to: the mailbox; 0: where it lay, or what takes its place.
 * *emailid: its new number. -ENOENT, -EBADMSG: of the email itself; -ENXIO: there is no such mailbox. These
 * have written nothing.
 */
int undelete_one(struct account_change *c, struct account_key key, const struct account_deleted *d,
    uint32_t to, uint64_t *emailid) __attribute__((warn_unused_result));

#endif
