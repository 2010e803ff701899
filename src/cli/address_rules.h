/* What else `postrider address explain` tells of a mailbox: whom its rules send mail on to, and its groups.
 */
#ifndef CLI_ADDRESS_RULES_H
#define CLI_ADDRESS_RULES_H

#include "base/arena.h"
#include "cli/cli.h"

enum { ADDRESS_FORWARDS_MAX = 50 /* of one mailbox: the interpreter itself stops before */ };

/* One "redirect" of the script that runs for this mailbox. */
struct address_forward {
	struct view to, script;
	uint32_t line;
	bool sometimes; /* it stands behind a condition */
	bool copies;    /* and the mail goes on here, too */
};

/*
 * Those of the account's active script; texts are in the arena. Scripts that it includes are not looked at.
 * -ENOTCONN: no server runs, so that scripts cannot be read; or another negative errno. Else their number.
 */
int address_forwards(struct cli *cli, struct directory_client *directory, const char *address,
    struct arena *arena, struct address_forward forwards[ADDRESS_FORWARDS_MAX]);

/* The same from the script's text, which must live as long as the arena. */
int address_forwards_of(struct view script, struct view name, struct arena *arena,
    struct address_forward forwards[ADDRESS_FORWARDS_MAX]);

#endif
