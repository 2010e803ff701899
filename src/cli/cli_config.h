/* What the verbs of `postrider config` share. */
#ifndef CLI_CLI_CONFIG_H
#define CLI_CLI_CONFIG_H

#include "cli/cli.h"
#include "config/conf.h"
#include "config/findings.h"

/* Prints findings to standard error, a line each: errors, and warnings if they are wanted. */
void cli_config_say(const struct findings *found, bool warnings);

/* The place of a setting in the table, by name; -1 with a message when there is none. */
ptrdiff_t cli_config_find(const char *name);

/* A value as JSON. */
void cli_config_json_value(const struct setting_told *told, struct buf *out);

/* "reload", "restart" or "command". */
const char *cli_config_effect(enum setting_effect effect);

int cli_config_show(struct cli *cli);
int cli_config_get(struct cli *cli);
int cli_config_set(struct cli *cli);

#endif
