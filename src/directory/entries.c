/* Domains and accounts as entries, whether they are there or were removed: what all other files of the
 * directory stand on. The letters are listed in directory.c. */
#include <errno.h>

#include "directory/directory_entries.h"
#include "directory/removed.h"
#include "store/entry.h"

enum { VERSION = 1 };

int directory_put(struct txn *t, const struct directory_key *k, const struct entry *e)
{
	return entry_put(t, DIRECTORY_SHARD, directory_key_view(k), e);
}

int directory_get(struct txn *t, const struct directory_key *k, struct cursor *c)
{
	struct view value;
	int error = txn_get(t, DIRECTORY_SHARD, directory_key_view(k), &value);
	if (error)
		return error;
	*c = entry_read(value, VERSION);
	return entry_result(c);
}

int directory_text_put(struct txn *t, const struct directory_key *k, struct view text)
{
	struct entry e;
	entry_begin(&e, VERSION);
	entry_add_text(&e, text);
	return directory_put(t, k, &e);
}

int directory_decode_domain(struct cursor *c, struct directory_domain *d)
{
	struct directory_domain r;
	r.disabled = cursor_u8(c) != 0;
	r.separator = (char)cursor_u8(c);
	r.alias_of = entry_take_text(c);
	r.catch_all = entry_take_text(c);
	/* Entries that were written before anything could be brought back end here. */
	r.removed = cursor_ok(c) && !cursor_at_end(c) ? (int64_t)entry_take_limited(c, INT64_MAX) : 0;
	r.with_all = cursor_ok(c) && !cursor_at_end(c) && cursor_u8(c) != 0;
	if (!cursor_ok(c))
		return -EBADMSG;
	*d = r;
	return 0;
}

int directory_domain_entry(struct txn *t, struct view name, struct directory_domain *d)
{
	struct cursor c;
	struct directory_key k = directory_letter_key('d', name);
	int error = directory_get(t, &k, &c);
	return error ? error : directory_decode_domain(&c, d);
}

int directory_find_domain(struct txn *t, struct view name, struct directory_domain *d)
{
	int error = directory_domain_entry(t, name, d);
	return error == 0 && d->removed ? -ENOENT : error;
}

int directory_domain_write(struct txn *t, struct view name, const struct directory_domain *d)
{
	struct entry v;
	entry_begin(&v, VERSION);
	entry_add_fixed(&v, 1, d->disabled);
	entry_add_fixed(&v, 1, (unsigned char)d->separator);
	entry_add_text(&v, d->alias_of);
	entry_add_text(&v, d->catch_all);
	entry_add_number(&v, (uint64_t)d->removed);
	entry_add_fixed(&v, 1, d->with_all);
	struct directory_key k = directory_letter_key('d', name);
	return directory_put(t, &k, &v);
}

int directory_decode_account(struct cursor *c, struct directory_account *a)
{
	struct directory_account r;
	r.disabled = cursor_u8(c) != 0;
	r.shard = cursor_u64(c);
	r.quota = cursor_u64(c);
	r.credentials = entry_take_text(c);
	/* Entries that were written before there was such a limit end here. */
	r.quota_messages = cursor_ok(c) && !cursor_at_end(c) ? entry_take_number(c) : 0;
	r.administrator = cursor_ok(c) && !cursor_at_end(c) && cursor_u8(c) != 0;
	r.removed = cursor_ok(c) && !cursor_at_end(c) ? (int64_t)entry_take_limited(c, INT64_MAX) : 0;
	r.with_domain = cursor_ok(c) && !cursor_at_end(c) && cursor_u8(c) != 0;
	if (!cursor_ok(c))
		return -EBADMSG;
	*a = r;
	return 0;
}

static int put_account(struct txn *t, const struct directory_key *k, const struct directory_account *a)
{
	struct entry v;
	if (a->credentials.len > DIRECTORY_OPAQUE_MAX)
		return -EMSGSIZE;
	entry_begin(&v, VERSION);
	entry_add_fixed(&v, 1, a->disabled);
	entry_add_fixed(&v, 8, a->shard);
	entry_add_fixed(&v, 8, a->quota);
	entry_add_text(&v, a->credentials);
	entry_add_number(&v, a->quota_messages);
	entry_add_fixed(&v, 1, a->administrator);
	entry_add_number(&v, (uint64_t)a->removed);
	entry_add_fixed(&v, 1, a->with_domain);
	return directory_put(t, k, &v);
}

int directory_account_write(struct txn *t, const struct address *address, const struct directory_account *a)
{
	struct directory_key k = directory_address_key('a', address);
	return put_account(t, &k, a);
}

int directory_account_entry(struct txn *t, const struct address *address, struct directory_account *a)
{
	struct cursor c;
	struct directory_key k = directory_address_key('a', address);
	int error = directory_get(t, &k, &c);
	return error ? error : directory_decode_account(&c, a);
}

int directory_find_account(struct txn *t, const struct address *address, struct directory_account *a)
{
	int error = directory_account_entry(t, address, a);
	return error == 0 && a->removed ? -ENOENT : error;
}

/* ---- the list of what was removed ---- */

static struct directory_key key_of(int64_t when, enum directory_removed_kind kind, struct view name)
{
	struct directory_key k = directory_number_key(DIRECTORY_REMOVED_LETTER, (uint64_t)when);
	char letter = (char)kind;
	directory_key_add(&k, view_of(&letter, 1));
	directory_key_add(&k, name);
	return k;
}

void directory_removed_place(
    int64_t when, enum directory_removed_kind kind, struct view name, struct directory_key *place)
{
	struct directory_key k = key_of(when, kind, name);
	place->len = 0;
	directory_key_add(place, view_skip(directory_key_view(&k), 1));
}

int directory_removed_forget(struct txn *t, int64_t when, enum directory_removed_kind kind, struct view name)
{
	struct directory_key k = key_of(when, kind, name);
	return txn_delete(t, DIRECTORY_SHARD, directory_key_view(&k));
}

int directory_removed_note(struct txn *t, int64_t when, enum directory_removed_kind kind, struct view name)
{
	struct directory_key k = key_of(when, kind, name);
	return directory_text_put(t, &k, name);
}
