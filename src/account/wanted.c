/* See wanted.h. */
#include "account/wanted.h"

#include <errno.h>
#include <stdio.h>

#include "account/mailbox.h"

bool account_mailbox_id_read(struct view id, uint64_t shard, uint32_t *mailbox)
{
	char begin[32];
	int len = snprintf(begin, sizeof begin, "M%llx-", (unsigned long long)shard);
	struct view rest = view_skip(id, (size_t)len);
	uint32_t number = 0;
	if (!view_starts(id, view_of(begin, (size_t)len)) || rest.len == 0 || rest.len > 8)
		return false;
	for (size_t i = 0; i < rest.len; i++) {
		char c = rest.data[i];
		int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
		if (digit < 0 || (i == 0 && digit == 0))
			return false;
		number = number << 4 | (uint32_t)digit;
	}
	*mailbox = number;
	return true;
}

static int of_use(struct txn *t, uint64_t shard, struct view use, uint32_t *mailbox)
{
	struct account_head head;
	enum mailbox_role role = mailbox_role_of_use(use);
	if (role == MAILBOX_ROLE_NONE)
		return -ENOENT;
	int error = head_get(t, shard, &head);
	if (error == 0 && head.roles[role] == 0)
		error = -ENOENT;
	if (error == 0)
		*mailbox = head.roles[role];
	return error;
}

static int of_id(struct txn *t, uint64_t shard, struct view id, uint32_t *mailbox)
{
	struct account_mailbox m;
	uint32_t number;
	if (!account_mailbox_id_read(id, shard, &number))
		return -ENOENT;
	int error = mailbox_get(t, shard, number, &m);
	if (error == 0 && m.removing)
		error = -ENOENT;
	if (error == 0)
		*mailbox = number;
	return error;
}

int account_mailbox_wanted(
    struct txn *t, uint64_t shard, const struct account_wanted_place *wanted, uint32_t *mailbox)
{
	int error = -ENOENT;
	bool named = wanted->mailbox_id.len > 0 || wanted->special_use.len > 0;
	if (wanted->number) {
		*mailbox = wanted->number;
		return 0;
	}
	if (wanted->mailbox_id.len > 0)
		error = of_id(t, shard, wanted->mailbox_id, mailbox);
	if (error == -ENOENT && wanted->special_use.len > 0)
		error = of_use(t, shard, wanted->special_use, mailbox);
	if (error != -ENOENT)
		return error;
	if (wanted->path.len > 0)
		return mailbox_at_path(t, shard, wanted->path, mailbox);
	return named ? -ENOENT : mailbox_for_delivery(t, shard, wanted->mailbox, mailbox);
}
