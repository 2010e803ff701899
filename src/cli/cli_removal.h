/* account, domain, alias: remove and restore. */
#ifndef CLI_CLI_REMOVAL_H
#define CLI_CLI_REMOVAL_H

#include "cli/cli.h"

int cli_account_remove(struct cli *cli, struct directory_client *client);
int cli_account_restore(struct cli *cli, struct directory_client *client);
int cli_domain_remove(struct cli *cli, struct directory_client *client);
int cli_domain_restore(struct cli *cli, struct directory_client *client);
int cli_alias_remove(struct cli *cli, struct directory_client *client);

/* `list --removed` of accounts or of domains, by `kind`. */
int cli_removed_list(struct cli *cli, struct directory_client *client, const char *kind);

#endif
