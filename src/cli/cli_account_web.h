/* Verbs of account: sessions of the web, and the second factor. */
#ifndef CLI_CLI_ACCOUNT_WEB_H
#define CLI_CLI_ACCOUNT_WEB_H

#include "cli/cli.h"

int cli_account_sessions(struct cli *cli, struct directory_client *client);
int cli_account_session_end(struct cli *cli, struct directory_client *client);
int cli_account_two_step_off(struct cli *cli, struct directory_client *client);

#endif
