/* Domains and their keys in memory: see signing_table.h. */
#include "role/keys/signing_table.h"

#include <openssl/evp.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"

static struct map by_name;
static struct signing_domain *first, **end = &first;

struct signing_domain *signing_domains(void)
{
	return first;
}

struct signing_domain *signing_domain_find(struct view name)
{
	return map_get(&by_name, name);
}

struct signing_domain *signing_domain_make(struct view name)
{
	struct signing_domain *d = signing_domain_find(name);
	if (d || name.len == 0 || name.len >= sizeof d->name)
		return d;
	d = mem_alloc(sizeof *d);
	memcpy(d->name, name.data, name.len);
	map_set(&by_name, name, d);
	*end = d;
	end = &d->next;
	return d;
}

struct signing_held *signing_held_find(const struct signing_domain *d, struct view selector)
{
	for (size_t i = 0; i < d->count; i++)
		if (view_equal_nocase(d->keys[i]->k.selector, selector))
			return d->keys[i];
	return NULL;
}

static struct view copy(char *to, size_t size, struct view from)
{
	from = view_take(from, size - 1);
	if (from.len > 0)
		memmove(to, from.data, from.len); /* it may be the same text */
	to[from.len] = '\0';
	return view_of(to, from.len);
}

struct signing_held *signing_held_put(struct signing_domain *d, const struct signing_key *key)
{
	struct signing_held *held = signing_held_find(d, key->selector);
	if (key->selector.len > SIGNING_SELECTOR_MAX || key->record.len > SIGNING_RECORD_MAX ||
	    (held == NULL && d->count == SIGNING_KEYS_MAX))
		return NULL;
	if (held == NULL)
		held = d->keys[d->count++] = mem_alloc(sizeof *held);
	struct signing_key k = *key;
	k.domain = view_from_string(d->name);
	k.selector = copy(held->selector, sizeof held->selector, key->selector);
	k.record = copy(held->record, sizeof held->record, key->record);
	held->k = k;
	return held;
}

void signing_held_drop(struct signing_domain *d, struct signing_held *held)
{
	size_t i = 0;
	while (i < d->count && d->keys[i] != held)
		i++;
	if (i == d->count)
		return;
	d->keys[i] = d->keys[--d->count];
	EVP_PKEY_free(held->private);
	mem_free(held);
}

void signing_table_unsee(void)
{
	for (struct signing_domain *d = first; d; d = d->next) {
		d->seen = false;
		for (size_t i = 0; i < d->count; i++)
			d->keys[i]->seen = false;
	}
}

static void sweep_keys(struct signing_domain *d)
{
	for (size_t i = d->count; i > 0; i--)
		if (!d->seen || !d->keys[i - 1]->seen)
			signing_held_drop(d, d->keys[i - 1]);
}

void signing_table_sweep(void)
{
	struct signing_domain **at = &first;
	while (*at) {
		struct signing_domain *d = *at;
		sweep_keys(d);
		if (d->seen) {
			at = &d->next;
			continue;
		}
		*at = d->next;
		map_remove(&by_name, view_from_string(d->name));
		mem_free(d);
	}
	end = at;
}

void signing_table_forget(void)
{
	signing_table_unsee();
	signing_table_sweep();
	map_done(&by_name);
	map_init(&by_name);
}
