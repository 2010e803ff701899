/* Verbs of `postrider rule` with files of their own. */
#ifndef CLI_CLI_RULE_H
#define CLI_CLI_RULE_H

#include "cli/cli.h"

/* cli_rule_put.c */
int rule_put(struct cli *cli, struct directory_client *directory);
int rule_check(struct cli *cli); /* needs no server */

/* cli_rule_simple.c */
int rule_simple(struct cli *cli, struct directory_client *directory);
int rule_add(struct cli *cli, struct directory_client *directory);

/*
 * For `postrider forward`: puts a rule of a name of its own on top of the script, in place of the one that is
 * there; or takes it away, when it leads to nobody. cli has the account's address as its only word.
 */
enum { RULE_FORWARD_MAX = 10 /* addresses: who sends to more wants an alias or a list */ };
struct rule_forwarding {
	const char *to[RULE_FORWARD_MAX];
	size_t count;
	bool keep;
};
int rule_forward(struct cli *cli, struct directory_client *directory, const struct rule_forwarding *f);

/* cli_rule_undo.c */
int rule_log(struct cli *cli, struct directory_client *directory);
int rule_undo(struct cli *cli, struct directory_client *directory);

/* cli_rule_try.c */
int rule_try(struct cli *cli, struct directory_client *directory);
int rule_apply(struct cli *cli, struct directory_client *directory);

/* Sends a script's text, which the next SCRIPT_PUT, SCRIPT_CHECK or SCRIPT_TRY is about. 0 or a negative
 * errno. */
struct mailbox_client;
int rule_send_text(struct mailbox_client *client, struct view text);

/* The file as it is, "-" being standard input. 0 or an exit code with the reason printed. */
int rule_read_file(const char *file, struct buf *text);

#endif
