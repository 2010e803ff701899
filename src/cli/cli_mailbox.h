/* Verbs of `postrider mailbox` with files of their own. */
#ifndef CLI_CLI_MAILBOX_H
#define CLI_CLI_MAILBOX_H

#include "cli/cli.h"

/* mailbox_import.c, mailbox_export.c, mailbox_share.c */
int mailbox_import(struct cli *cli, struct directory_client *directory);
int mailbox_export(struct cli *cli, struct directory_client *directory);
int mailbox_share(struct cli *cli, struct directory_client *directory);
int mailbox_accept(struct cli *cli, struct directory_client *directory);
int mailbox_leave(struct cli *cli, struct directory_client *directory);
int mailbox_shares(struct cli *cli, struct directory_client *directory);

/* Names of roles, as the command line has them: "sent" ... MAILBOX_ROLE_NONE has "none". */
const char *mailbox_role_name(uint64_t role);

#endif
