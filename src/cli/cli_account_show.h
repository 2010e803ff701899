/* account: show and list. */
#ifndef CLI_CLI_ACCOUNT_SHOW_H
#define CLI_CLI_ACCOUNT_SHOW_H

#include "cli/cli.h"

int cli_account_show(struct cli *cli, struct directory_client *client);
int cli_account_list(struct cli *cli, struct directory_client *client);

#endif
