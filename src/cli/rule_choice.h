/* Which messages of a mailbox a verb of `postrider rule` is about: --mailbox, --since, --query. */
#ifndef CLI_RULE_CHOICE_H
#define CLI_RULE_CHOICE_H

#include "cli/mailbox_client.h"

struct rule_choice {
	const char *mailbox; /* its path */
	const char *query;   /* messages that have this text anywhere; NULL: all */
	int64_t since;       /* that arrived then or later; INT64_MIN: all */
};

/* Takes the options off the words. 0, or an exit code with the reason printed. */
int rule_choice_take(struct cli *cli, struct rule_choice *choice);

/* --since alone; INT64_MIN: it was not given. */
int rule_choice_since(struct cli *cli, int64_t *since);

/* Finds the mailbox and its messages: ranges (mail/uid_ranges.h), ascending. 0 or a negative errno; -ENOENT:
 * there is no such mailbox. */
int rule_choice_find(
    struct mailbox_client *client, const struct rule_choice *choice, uint32_t *mailbox, struct buf *uids);

#endif
