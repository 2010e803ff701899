/* Keys of the directory shard, which directory.c lists. */
#include <string.h>

#include "directory/directory_entries.h"
#include "store/entry.h"

void directory_key_add(struct directory_key *k, struct view part)
{
	/* Names and addresses have limits that keep this within bounds. */
	if (part.len > sizeof k->data - k->len)
		part.len = sizeof k->data - k->len;
	if (part.len)
		memcpy(k->data + k->len, part.data, part.len);
	k->len += part.len;
}

struct directory_key directory_letter_key(char letter, struct view rest)
{
	struct directory_key k = {.len = 0};
	directory_key_add(&k, view_of(&letter, 1));
	directory_key_add(&k, rest);
	return k;
}

struct directory_key directory_address_key(char letter, const struct address *a)
{
	struct directory_key k = directory_letter_key(letter, address_domain(a));
	directory_key_add(&k, view_of("", 1));
	directory_key_add(&k, address_local(a));
	return k;
}

struct directory_key directory_number_key(char letter, uint64_t number)
{
	struct directory_key k = directory_letter_key(letter, (struct view){0});
	entry_write_fixed(k.data + k.len, 8, number);
	k.len += 8;
	return k;
}

struct directory_key directory_pair_key(char letter, uint64_t a, uint64_t b)
{
	struct directory_key k = directory_number_key(letter, a);
	entry_write_fixed(k.data + k.len, 8, b);
	k.len += 8;
	return k;
}

/* The keys of a domain's accounts or aliases: [domain NUL, domain 0x01). */
void directory_domain_range(
    char letter, struct view domain, struct directory_key *from, struct directory_key *to)
{
	*from = directory_letter_key(letter, domain);
	*to = *from;
	directory_key_add(from, view_of("\0", 1));
	directory_key_add(to, view_of("\1", 1));
}
