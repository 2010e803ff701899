/* See store_masked.h. */
#include "role/store/store_masked.h"

#include <errno.h>
#include <string.h>

#include "account/masked.h"
#include "directory/masked.h"

/* An address that was made before the directory knew its number. */
struct looking {
	struct view email;
	uint32_t number;
};

static int is_it(void *arg, const struct account_masked *m)
{
	struct looking *l = arg;
	if (!view_equal_nocase(m->email, l->email))
		return 0;
	l->number = m->number;
	return 1;
}

static int find_number(struct txn *t, uint64_t shard, const struct address *address, uint32_t *number)
{
	struct looking l = {.email = address_view(address)};
	int found = *number ? 0 : account_masked_each(t, shard, is_it, &l);
	if (*number == 0)
		*number = l.number;
	return found < 0 ? found : *number ? 0 : -ENOENT;
}

/* Texts end with the write. */
static int set_last(struct txn *t, uint64_t shard, uint32_t number, int64_t now)
{
	struct account_masked m;
	char texts[STORE_ENTRY_MAX];
	size_t len = 0;
	int error = account_masked_get(t, shard, number, &m);
	struct view *const all[] = {&m.email, &m.for_domain, &m.description, &m.created_by};
	if (error || m.last >= now)
		return error;
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		if (all[i]->len)
			memcpy(texts + len, all[i]->data, all[i]->len);
		all[i]->data = texts + len;
		len += all[i]->len;
	}
	m.last = now;
	return account_masked_put(t, shard, &m);
}

int store_masked_heard(struct txn *t, uint64_t shard, struct view given, int64_t now)
{
	struct directory_masked masked;
	struct address address;
	int error = directory_masked_get(t, given, &masked, &address);
	if (error == 0 && masked.owner != shard)
		error = -ENOENT;
	if (error == 0)
		error = find_number(t, shard, &address, &masked.number);
	if (error == 0)
		error = set_last(t, shard, masked.number, now);
	/* The mail is what counts: what is damaged here does not hold it up. */
	return error == -ENOENT || error == -EBADMSG || error == -EINVAL || error == -EMSGSIZE ? 0 : error;
}
