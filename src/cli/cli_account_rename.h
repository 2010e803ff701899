/* account: rename. */
#ifndef CLI_CLI_ACCOUNT_RENAME_H
#define CLI_CLI_ACCOUNT_RENAME_H

#include "cli/cli.h"

int cli_account_rename(struct cli *cli, struct directory_client *client);

#endif
