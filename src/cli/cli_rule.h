/* Verbs of `postrider rule` with files of their own. */
#ifndef CLI_CLI_RULE_H
#define CLI_CLI_RULE_H

#include "cli/cli.h"

/* cli_rule_put.c */
int rule_put(struct cli *cli, struct directory_client *directory);
int rule_check(struct cli *cli); /* needs no server */

/* The file as it is, "-" being standard input. 0 or an exit code with the reason printed. */
int rule_read_file(const char *file, struct buf *text);

#endif
