/* account: import. */
#ifndef CLI_CLI_ACCOUNT_IMPORT_H
#define CLI_CLI_ACCOUNT_IMPORT_H

#include "cli/cli.h"

int cli_account_import(struct cli *cli, struct directory_client *client);

#endif
