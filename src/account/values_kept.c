/* The values of X: bodies that are kept for a while, and what was made of them. See values.c. */
#include <string.h>

#include "account/keys.h"

enum { VERSION = 2 };

void kept_encode(const struct account_kept *k, struct entry *out)
{
	entry_begin(out, VERSION);
	entry_add_bytes(out, view_of(k->blob.bytes, BLOB_ID_SIZE));
	entry_add_number(out, k->size);
	entry_add_number(out, k->use_count);
	for (size_t i = 0; i < k->use_count; i++) {
		entry_add_number(out, k->uses[i].shard);
		entry_add_number(out, k->uses[i].email);
	}
}

int kept_decode(struct view value, struct account_kept *k)
{
	struct cursor c = entry_read(value, VERSION);
	struct account_kept r = {.size = 0};
	struct view blob = cursor_bytes(&c, BLOB_ID_SIZE);
	r.blob = (struct blob_id){{0}};
	if (blob.len == BLOB_ID_SIZE)
		memcpy(r.blob.bytes, blob.data, BLOB_ID_SIZE);
	/* An id of no blob is damage. */
	if (blob_is_none(&r.blob))
		c.failed = true;
	r.size = entry_take_number(&c);
	/* Entries of before end here. */
	r.use_count = cursor_at_end(&c) ? 0 : (size_t)entry_take_limited(&c, ACCOUNT_KEPT_USES_MAX);
	for (size_t i = 0; i < r.use_count; i++) {
		r.uses[i].shard = entry_take_number(&c);
		r.uses[i].email = entry_take_number(&c);
	}
	if (cursor_ok(&c))
		*k = r;
	return entry_result(&c);
}
