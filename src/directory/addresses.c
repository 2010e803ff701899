/* See addresses.h. A slice that runs twice begins with what those before it left. */
#include "directory/addresses.h"

#include <errno.h>

#include "directory/groups.h"

void directory_addresses_init(struct directory_addresses *a, uint64_t shard)
{
	*a = (struct directory_addresses){.shard = shard};
	buf_init(&a->lines, DIRECTORY_ADDRESSES_BYTES);
}

void directory_addresses_done(struct directory_addresses *a)
{
	buf_done(&a->lines);
}

static void add(struct directory_addresses *a, struct view address)
{
	if (a->count == DIRECTORY_ADDRESSES_MAX || buf_failed(&a->lines))
		return;
	buf_append(&a->lines, address);
	if (buf_append_byte(&a->lines, '\n') == 0)
		a->count++;
}

static int visit_domain(void *arg, struct view name, const struct directory_domain *d)
{
	struct directory_addresses *a = arg;
	struct address domain, address;
	if (d->disabled || view_empty(d->alias_of) || address_normalize_domain(d->alias_of, &domain) != 0 ||
	    !view_equal(address_view(&domain), address_domain(&a->own)))
		return 0;
	if (address_join(address_local(&a->own), name, &address) == 0)
		add(a, address_view(&address));
	return 0;
}

static int begin(struct txn *t, struct directory_addresses *a)
{
	struct view own;
	int error = directory_account_address(t, a->shard, &own);
	if (error == 0)
		error = address_normalize(own, &a->own);
	if (error)
		return error;
	add(a, address_view(&a->own));
	error = directory_domain_each(t, (struct view){0}, visit_domain, a);
	return error < 0 ? error : 0;
}

struct slice {
	struct directory_addresses *a;
	struct address last;
	size_t seen;
};

static bool leads_here(const struct directory_addresses *a, struct view targets)
{
	struct view target;
	struct address normal;
	return view_next(&targets, '\n', &target) && view_empty(view_trim(targets)) &&
	       address_normalize(view_trim(target), &normal) == 0 &&
	       view_equal(address_view(&normal), address_view(&a->own));
}

static int visit_alias(void *arg, struct view address, struct view targets)
{
	struct slice *s = arg;
	int error = address_normalize(address, &s->last);
	if (error == 0 && leads_here(s->a, targets))
		add(s->a, address);
	s->seen++;
	return error;
}

int directory_addresses(struct txn *t, struct directory_addresses *a)
{
	struct slice slice = {.a = a};
	a->count = a->kept;
	buf_truncate(&a->lines, a->kept_len);
	int error = a->slices == 0 ? begin(t, a) : 0;
	if (error == 0)
		error = directory_alias_each(
		    t, address_domain(&a->own), address_view(&a->after), visit_alias, &slice);
	a->last = slice.last;
	a->more = slice.seen >= STORE_READ_KEYS_MAX;
	return error < 0 ? error : 0;
}

bool directory_addresses_more(struct directory_addresses *a)
{
	a->slices++;
	a->after = a->last;
	a->kept = a->count;
	a->kept_len = buf_view(&a->lines).len;
	return a->more && a->slices < DIRECTORY_ADDRESSES_SLICES;
}
