/* The mailboxes of one account, as far as Mailbox/set needs them: names, places, roles. */
#ifndef JMAP_JMAP_MAILBOX_LIST_H
#define JMAP_JMAP_MAILBOX_LIST_H

#include "jmap/jmap_private.h"

struct jmap_listed {
	uint64_t number, role, order, subscribed, rights;
	uint64_t emails; /* that clients see: without those that are \Deleted */
	struct buf path; /* UTF-8, "/" between levels */
};

struct jmap_mailbox_list {
	struct jmap_listed *items;
	size_t count, room;
	bool failed; /* there was no memory for one */
};

/* Takes MAIL_MAILBOX; one that is there is replaced. */
void jmap_mailbox_list_take(
    struct jmap_mailbox_list *list, uint64_t account, const struct mail_mailbox *mailbox);
void jmap_mailbox_list_done(struct jmap_mailbox_list *list);

/* NULL: none. Valid until the list changes. */
struct jmap_listed *jmap_mailbox_of_number(const struct jmap_mailbox_list *list, uint64_t number);
struct jmap_listed *jmap_mailbox_of_path(const struct jmap_mailbox_list *list, struct view path);
struct jmap_listed *jmap_mailbox_of_role(const struct jmap_mailbox_list *list, uint64_t role);
bool jmap_mailbox_has_child(const struct jmap_mailbox_list *list, const struct jmap_listed *mailbox);

/* The last level of its path, and what stands before it (empty: it is on top). */
struct view jmap_mailbox_name(struct view path);
struct view jmap_mailbox_parent(struct view path);

/* It, and what is below it, has another path now. False: no memory. */
bool jmap_mailbox_list_rename(struct jmap_mailbox_list *list, uint64_t number, struct view path);
void jmap_mailbox_list_remove(struct jmap_mailbox_list *list, uint64_t number);

#endif
