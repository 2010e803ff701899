/* Keys and amounts of the ledger: see ledger.h. */
#include "ledger/ledger.h"

#include <errno.h>
#include <string.h>

enum { VERSION = 1 };

struct ledger_key ledger_key(char letter)
{
	struct ledger_key k = {.len = 1};
	k.data[0] = letter;
	return k;
}

void ledger_key_add(struct ledger_key *k, struct view bytes)
{
	struct view fits = view_take(bytes, sizeof k->data - k->len);
	if (fits.len > 0)
		memcpy(k->data + k->len, fits.data, fits.len);
	k->len += fits.len;
}

void ledger_key_add_fixed(struct ledger_key *k, size_t bytes, uint64_t n)
{
	if (bytes > sizeof k->data - k->len)
		return;
	entry_write_fixed(k->data + k->len, bytes, n);
	k->len += bytes;
}

struct ledger_key ledger_key_behind(const struct ledger_key *k)
{
	struct ledger_key behind = *k;
	behind.data[behind.len - 1]++;
	return behind;
}

int ledger_amount_get(struct txn *t, const struct ledger_key *k, struct ledger_amount *out)
{
	struct view value;
	int error = txn_get(t, LEDGER_SHARD, ledger_key_view(k), &value);
	*out = (struct ledger_amount){0};
	if (error)
		return error == -ENOENT ? 0 : error;
	struct cursor c = entry_read(value, VERSION);
	struct ledger_amount a = {.count = entry_take_number(&c), .bytes = entry_take_number(&c)};
	if (entry_result(&c) == 0)
		*out = a;
	return 0;
}

int ledger_amount_put(struct txn *t, const struct ledger_key *k, const struct ledger_amount *a)
{
	struct entry e;
	entry_begin(&e, VERSION);
	entry_add_number(&e, a->count);
	entry_add_number(&e, a->bytes);
	return entry_put(t, LEDGER_SHARD, ledger_key_view(k), &e);
}
