/* Does with mail that is there what a script would do: for `postrider rule apply`. */
#ifndef CLI_RULE_APPLY_H
#define CLI_RULE_APPLY_H

#include "cli/mailbox_client.h"
#include "cli/rule_deeds.h"

struct rule_apply {
	struct mailbox_client *client;
	uint32_t mailbox;   /* where the messages lie */
	const char *script; /* its name */
};

/* All of them, and prints what was done, and as which action; json: as members of an object that was begun. 0
 * or a negative errno; what was done before it stays done, and can be undone. */
int rule_apply_deeds(const struct rule_apply *apply, const struct rule_deeds *deeds, bool json);

#endif
