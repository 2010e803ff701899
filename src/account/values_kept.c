/* The values of X and C 'U': bodies that are kept for a while, and what was made of them. See values.c. */
#include <string.h>

#include "account/keys.h"

enum { VERSION = 2, FILE_LINK_VERSION = 1 };

void kept_encode(const struct account_kept *k, struct entry *out)
{
	entry_begin(out, VERSION);
	entry_add_blob(out, &k->blob);
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
	value_take_blob(&c, &r.blob);
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

void file_link_encode(const struct account_file_link *l, struct entry *out)
{
	entry_begin(out, FILE_LINK_VERSION);
	entry_add_bytes(out, view_of(l->secret, sizeof l->secret));
	entry_add_blob(out, &l->blob);
	entry_add_number(out, (uint64_t)l->created);
	entry_add_number(out, (uint64_t)l->expires);
	entry_add_number(out, (uint64_t)l->last);
	entry_add_number(out, l->downloads);
	entry_add_number(out, l->size);
	entry_add_text(out, l->name);
	entry_add_text(out, l->type);
}

int file_link_decode(uint32_t number, struct view value, struct account_file_link *l)
{
	struct cursor c = entry_read(value, FILE_LINK_VERSION);
	struct account_file_link r = {.number = number};
	struct view secret = cursor_bytes(&c, FILE_LINK_SECRET_SIZE);
	if (secret.len == FILE_LINK_SECRET_SIZE)
		memcpy(r.secret, secret.data, FILE_LINK_SECRET_SIZE);
	value_take_blob(&c, &r.blob);
	r.created = (int64_t)entry_take_limited(&c, INT64_MAX);
	r.expires = (int64_t)entry_take_limited(&c, INT64_MAX);
	r.last = (int64_t)entry_take_limited(&c, INT64_MAX);
	r.downloads = entry_take_number(&c);
	r.size = entry_take_number(&c);
	r.name = entry_take_text(&c);
	r.type = entry_take_text(&c);
	if (r.name.len > FILE_LINK_NAME_MAX || r.type.len > FILE_LINK_TYPE_MAX)
		c.failed = true;
	if (cursor_ok(&c))
		*l = r;
	return entry_result(&c);
}
