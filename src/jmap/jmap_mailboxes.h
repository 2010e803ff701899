/* The mailboxes of an account as JMAP has them (RFC 8621 section 2): a list of names with parents, asked for
 * anew by each call that looks at them. */
#ifndef JMAP_JMAP_MAILBOXES_H
#define JMAP_JMAP_MAILBOXES_H

#include "jmap/jmap_mail_state.h"
#include "jmap/jmap_table.h"

struct jmap_mailbox {
	struct mail_mailbox mailbox; /* texts live in the call's arena */
	struct view name;            /* the last one of its path */
	struct jmap_mailbox *parent; /* NULL: none, or none that can be seen */
};

struct jmap_mailboxes {
	struct jmap_mailbox *items; /* ascending by number */
	size_t count;
	uint64_t trash; /* the mailbox of that role; 0: none */
	struct jmap_state state;
};

/* Stands at the beginning of the call's data; jmap_table_leave is for its release function. */
struct jmap_mailboxes_use {
	struct jmap_table_use table; /* for counts */
	struct jmap_mailboxes list;
	size_t room;
	bool failed;
	struct jmap_mail_states states;
	void (*ready)(struct jmap_call *c, struct jmap_mailboxes *list);
};

/* Asks for them; `ready` is called with them, unless an error has ended the call. They live until the call's
 * end.
 */
void jmap_mailboxes_load(
    struct jmap_call *c, void (*ready)(struct jmap_call *c, struct jmap_mailboxes *list));

/* NULL: there is no such mailbox. */
struct jmap_mailbox *jmap_mailboxes_find(const struct jmap_mailboxes *list, uint64_t number);

/* "inbox"; NULL: none. */
const char *jmap_mailbox_role(uint64_t role);

#endif
