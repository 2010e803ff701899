/* Whose scripts a verb of `postrider rule` is about: an account's, or the server's. */
#ifndef CLI_RULE_OWNER_H
#define CLI_RULE_OWNER_H

#include "cli/mailbox_client.h"

/* Whose scripts: an account's, or the server's in one place. */
struct rule_owner {
	struct mailbox_client client;
	uint64_t place;      /* enum script_place */
	const char *subject; /* for sentences */
};

/*
 * Takes ADDRESS off the words, or --server PLACE, and then `min` to `max` words must be left; opens the
 * channel. 0, or an exit code with the reason printed and nothing to close.
 */
int rule_open(
    struct cli *cli, struct directory_client *directory, int min, int max, struct rule_owner *owner);
void rule_close(struct rule_owner *owner);

/* A sentence for an error, and an exit code. name: of the script. */
int rule_problem(const struct rule_owner *owner, const char *name, int error);

/* "before"; for SCRIPT_OWN "own". */
const char *rule_place_name(uint64_t place);

#endif
