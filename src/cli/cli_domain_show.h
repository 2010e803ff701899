/* domain: show. */
#ifndef CLI_CLI_DOMAIN_SHOW_H
#define CLI_CLI_DOMAIN_SHOW_H

#include "cli/cli.h"

int cli_domain_show(struct cli *cli, struct directory_client *client);

#endif
