/* Flags by their names, as scripts have them. */
#ifndef CLI_RULE_FLAGS_H
#define CLI_RULE_FLAGS_H

#include "cli/mailbox_client.h"

/* names: with one blank between each two. 0 or a negative errno. */
int rule_flags(
    struct mailbox_client *client, uint32_t mailbox, struct view names, enum mail_how how, struct view uids);

/* Those of the names that the message does not have, in *out with one blank between each two. */
int rule_flags_missing(
    struct mailbox_client *client, uint32_t mailbox, struct view names, struct view uids, struct buf *out);

#endif
