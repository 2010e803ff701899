/* What led to an address that an account gives up leads to its new one: in the same commit, so that no crash
 * leaves an alias to nobody. */
#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "directory/directory_entries.h"
#include "store/entry.h"

enum { VERSION = 1 };

struct led {
	struct directory_key key;
	struct entry value;
};

struct follow {
	const struct address *from, *to;
	struct led *aliases;
	size_t count;
	struct directory_key last;
	size_t seen;
};

static bool names(struct view targets, struct view address)
{
	struct view one;
	while (targets.len && view_next(&targets, '\n', &one))
		if (view_equal(one, address))
			return true;
	return false;
}

static void replace(struct entry *v, struct view targets, const struct follow *f)
{
	struct view one;
	bool first = true, fresh = names(targets, address_view(f->to));
	entry_begin(v, VERSION);
	while (targets.len && view_next(&targets, '\n', &one)) {
		bool old = view_equal(one, address_view(f->from));
		if (old && fresh)
			continue;
		entry_add_bytes(v, first ? (struct view){0} : VIEW("\n"));
		entry_add_bytes(v, old ? address_view(f->to) : one);
		first = false;
	}
}

static int look_at_alias(void *arg, struct view key, struct view value)
{
	struct follow *f = arg;
	f->seen++;
	f->last.len = 0;
	directory_key_add(&f->last, key);
	struct cursor c = entry_read(value, VERSION);
	if (c.failed || !names(c.rest, address_view(f->from)))
		return 0;
	if (f->count == DIRECTORY_LED_MAX)
		return -E2BIG;
	struct led *l = &f->aliases[f->count++];
	l->key = f->last;
	replace(&l->value, c.rest, f);
	return 0;
}

/* Of all domains, those that are removed too: they can come back. */
static int gather_aliases(struct txn *t, struct follow *f)
{
	struct directory_key from = directory_letter_key('l', (struct view){0}),
	                     to = directory_letter_key('l' + 1, (struct view){0});
	int error;
	do {
		struct txn_range range = {.shard = DIRECTORY_SHARD,
		    .from = directory_key_view(&from),
		    .to = directory_key_view(&to),
		    .limit = STORE_READ_KEYS_MAX};
		f->seen = 0;
		error = txn_range(t, &range, look_at_alias, f);
		from = f->last;
		directory_key_add(&from, view_of("", 1));
	} while (error == 0 && f->seen == STORE_READ_KEYS_MAX);
	return error;
}

/* ---- catch-alls ---- */

struct catchers {
	const struct follow *follow;
	struct address *names;
	size_t count, seen;
	struct address last;
};

static int look_at_domain(void *arg, struct view name, const struct directory_domain *d)
{
	struct catchers *c = arg;
	c->seen++;
	int error = address_normalize_domain(name, &c->last);
	if (error || !view_equal(d->catch_all, address_view(c->follow->from)))
		return error;
	if (c->count == DIRECTORY_LED_MAX)
		return -E2BIG;
	c->names[c->count++] = c->last;
	return 0;
}

static int gather_domains(struct txn *t, struct catchers *c)
{
	int error;
	do {
		struct address after = c->last;
		c->seen = 0;
		error = directory_domain_each(
		    t, after.len ? address_view(&after) : (struct view){0}, look_at_domain, c);
	} while (error == 0 && c->seen >= STORE_READ_KEYS_MAX);
	return error;
}

static int write_domain(struct txn *t, const struct address *name, const struct address *to)
{
	struct directory_domain d;
	struct address alias_of = {.len = 0};
	int error = directory_domain_entry(t, address_view(name), &d);
	if (error == 0 && !view_empty(d.alias_of))
		error = address_normalize_domain(d.alias_of, &alias_of);
	/* Texts of an entry end with the first write. */
	d.alias_of = address_view(&alias_of);
	d.catch_all = address_view(to);
	return error ? error : directory_domain_write(t, address_view(name), &d);
}

/* ---- both ---- */

int directory_lead_to(struct txn *t, const struct address *from, const struct address *to, size_t *count)
{
	struct follow f = {.from = from, .to = to};
	struct catchers c = {.follow = &f};
	f.aliases = mem_array(DIRECTORY_LED_MAX, sizeof *f.aliases);
	c.names = mem_array(DIRECTORY_LED_MAX, sizeof *c.names);
	int error = gather_aliases(t, &f);
	if (error == 0)
		error = gather_domains(t, &c);
	if (error == 0 && f.count + c.count > DIRECTORY_LED_MAX)
		error = -E2BIG;
	for (size_t i = 0; error == 0 && i < f.count; i++)
		error =
		    entry_put(t, DIRECTORY_SHARD, directory_key_view(&f.aliases[i].key), &f.aliases[i].value);
	for (size_t i = 0; error == 0 && i < c.count; i++)
		error = write_domain(t, &c.names[i], to);
	*count = f.count + c.count;
	mem_free(f.aliases);
	mem_free(c.names);
	return error;
}
