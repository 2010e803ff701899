/* Mailboxes by their names: see mailbox.h. */
#include "account/mailbox.h"

#include <errno.h>

int mailbox_find(struct txn *t, uint64_t shard, uint32_t parent, struct view name, uint32_t *mailbox)
{
	struct view value;
	uint64_t number;
	if (parent == MAILBOX_ROOT && view_equal_nocase(name, VIEW("INBOX"))) {
		*mailbox = MAILBOX_INBOX;
		return 0;
	}
	if (view_empty(name) || name.len > ACCOUNT_MAILBOX_NAME_MAX)
		return -ENOENT;
	int error = key_get(t, shard, key_mailbox_name(parent, name), &value);
	if (error == 0)
		error = number_decode(value, &number);
	if (error == 0)
		*mailbox = (uint32_t)number;
	return error;
}

int mailbox_for_delivery(struct txn *t, uint64_t shard, struct view name, uint32_t *mailbox)
{
	int error = mailbox_find(t, shard, MAILBOX_ROOT, name, mailbox);
	if (error == -ENOENT)
		*mailbox = MAILBOX_INBOX;
	return error == -ENOENT ? 0 : error;
}
