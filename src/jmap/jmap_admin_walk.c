/* Lists of the directory, part by part, and domain by domain: see jmap_admin.h. */
#include "jmap/jmap_admin.h"

#include <errno.h>

#include "base/mem.h"

enum { DOMAIN_FIELDS = 5, NAME_MAX_OCTETS = 2048, DOMAINS_MAX = 64 * 1024 };

static void next_domain(struct jmap_call *c);
static void ask_entries(struct jmap_call *c);

static struct jmap_admin_walk *walk_of(struct jmap_call *c)
{
	return ((struct jmap_admin *)jmap_data(c))->walk;
}

/* The walk is over before `then` runs: it may begin another one. */
static void finish(struct jmap_call *c)
{
	jmap_admin_step *then = walk_of(c)->of.then;
	jmap_admin_walk_release(jmap_data(c));
	then(c);
}

/* ---- entries of a domain ---- */

static void entries_told(struct jmap_call *c, const struct admin_fields *told)
{
	struct jmap_admin_walk *w = walk_of(c);
	w->entries = told->count / w->of.fields;
	for (size_t i = 0; i < w->entries && !w->stopped; i++) {
		const struct view *entry = told->fields + i * w->of.fields;
		w->stopped = !w->of.each(c, entry);
		buf_clear(&w->after);
		buf_append(&w->after, entry[0]);
	}
	w->passed += w->entries;
}

static void entries_done(struct jmap_call *c, int64_t error, uint64_t number)
{
	struct jmap_admin_walk *w = walk_of(c);
	(void)number;
	if (jmap_admin_failed(c, error, 0))
		return;
	if (w->passed > JMAP_ADMIN_WALKED_MAX)
		jmap_error(c, "requestTooLarge", "there are more than %d: name a domain in the filter",
		    JMAP_ADMIN_WALKED_MAX);
	else if (w->stopped)
		finish(c);
	else if (w->entries >= ADMIN_LIST_PART)
		ask_entries(c);
	else
		next_domain(c);
}

static void ask_entries(struct jmap_call *c)
{
	struct jmap_admin_walk *w = walk_of(c);
	const struct view of_domain[] = {buf_view(&w->domain), buf_view(&w->after)},
	                  domains[] = {buf_view(&w->after)};
	w->entries = 0;
	if (w->of.operation == ADMIN_DOMAIN_LIST)
		jmap_admin_ask(c, w->of.operation, 0, domains, 1, entries_told, entries_done);
	else
		jmap_admin_ask(c, w->of.operation, 0, of_domain, 2, entries_told, entries_done);
}

/* ---- the domains that they are of ---- */

static void domains_told(struct jmap_call *c, const struct admin_fields *told)
{
	struct jmap_admin_walk *w = walk_of(c);
	size_t count = told->count / DOMAIN_FIELDS;
	for (size_t i = 0; i < count; i++) {
		buf_append(&w->domains, told->fields[i * DOMAIN_FIELDS]);
		buf_append_byte(&w->domains, '\n');
	}
	w->more_domains = count >= ADMIN_LIST_PART;
}

static void domains_done(struct jmap_call *c, int64_t error, uint64_t number)
{
	(void)number;
	if (!jmap_admin_failed(c, error, 0))
		next_domain(c);
}

static void next_domain(struct jmap_call *c)
{
	struct jmap_admin_walk *w = walk_of(c);
	struct view rest = buf_view(&w->domains), name;
	buf_clear(&w->after);
	if (rest.len && view_next(&rest, '\n', &name)) {
		buf_clear(&w->domain);
		buf_append(&w->domain, name);
		buf_consume(&w->domains, name.len + 1);
		ask_entries(c);
	} else if (w->more_domains) {
		const struct view after[] = {buf_view(&w->domain)};
		w->more_domains = false;
		jmap_admin_ask(c, ADMIN_DOMAIN_LIST, 0, after, 1, domains_told, domains_done);
	} else {
		finish(c);
	}
}

void jmap_admin_walk(struct jmap_call *c, const struct jmap_admin_walking *walking)
{
	struct jmap_admin *a = jmap_data(c);
	struct jmap_admin_walk *w = mem_alloc(sizeof *w);
	a->walk = w;
	w->of = *walking;
	buf_init(&w->domain, NAME_MAX_OCTETS);
	buf_init(&w->after, NAME_MAX_OCTETS);
	buf_init(&w->domains, DOMAINS_MAX);
	if (walking->operation == ADMIN_DOMAIN_LIST || walking->domain.len) {
		buf_append(&w->domain, walking->domain);
		ask_entries(c);
	} else {
		w->more_domains = true;
		next_domain(c);
	}
}
