/* See report_sum.h. */
#include "report/report_sum.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { DOMAINS_BYTES = 200 /* of the domains that are named beside a source */ };

uint64_t report_counts_proven(const struct report_counts *c)
{
	return c->both + c->dkim_only + c->spf_only;
}

uint64_t report_counts_all(const struct report_counts *c)
{
	return report_counts_proven(c) + c->unproven;
}

void report_counts_add(struct report_counts *to, const struct report_counts *more)
{
	to->both += more->both;
	to->dkim_only += more->dkim_only;
	to->spf_only += more->spf_only;
	to->unproven += more->unproven;
	to->others_proof += more->others_proof;
	to->relaxed_only += more->relaxed_only;
	to->delivered += more->delivered;
	to->quarantined += more->quarantined;
	to->rejected += more->rejected;
}

/* ---- one row ---- */

static bool is(struct view text, const char *word)
{
	return view_equal_nocase(text, view_from_string(word));
}

static bool is_strict(const struct report_row *row)
{
	const struct report_signature *s = row->signatures.items;
	if (is(row->spf, "pass") && view_equal_nocase(row->spf_domain, row->header_from))
		return true;
	for (size_t i = 0; is(row->dkim, "pass") && i < row->signatures.count; i++)
		if (is(s[i].result, "pass") && view_equal_nocase(s[i].domain, row->header_from))
			return true;
	return false;
}

static bool has_others_proof(const struct report_row *row)
{
	const struct report_signature *s = row->signatures.items;
	for (size_t i = 0; i < row->signatures.count; i++)
		if (is(s[i].result, "pass"))
			return true;
	return is(row->spf_result, "pass");
}

struct report_counts report_counts_of(const struct report_row *row)
{
	struct report_counts c = {0};
	bool dkim = is(row->dkim, "pass"), spf = is(row->spf, "pass");
	uint64_t n = row->count;
	*(dkim && spf ? &c.both : dkim ? &c.dkim_only : spf ? &c.spf_only : &c.unproven) = n;
	if (!dkim && !spf)
		c.others_proof = has_others_proof(row) ? n : 0;
	else
		c.relaxed_only = is_strict(row) ? 0 : n;
	*(is(row->disposition, "reject")         ? &c.rejected
	    : is(row->disposition, "quarantine") ? &c.quarantined
	                                         : &c.delivered) = n;
	return c;
}

/* ---- many ---- */

void report_sum_init(struct report_sum *s)
{
	*s = (struct report_sum){0};
	map_init(&s->sources);
}

void report_sum_done(struct report_sum *s)
{
	size_t position = 0;
	void *value;
	while (map_each(&s->sources, &position, NULL, &value)) {
		struct report_source *source = value;
		mem_free(source->address);
		mem_free(source->domains);
		mem_free(source);
	}
	map_done(&s->sources);
}

static void name_domain(struct report_source *source, struct view domain)
{
	struct view rest = view_from_string(source->domains), word;
	while (rest.len > 0 && view_next(&rest, ' ', &word))
		if (view_equal_nocase(word, domain))
			return;
	size_t len = strlen(source->domains);
	if (domain.len == 0 || view_find(domain, ' ') >= 0 || len + domain.len + 2 > DOMAINS_BYTES)
		return;
	source->domains = mem_resize(source->domains, len + domain.len + 2);
	if (len > 0)
		source->domains[len++] = ' ';
	memcpy(source->domains + len, domain.data, domain.len);
	source->domains[len + domain.len] = '\0';
}

static struct report_source *source_of(struct report_sum *s, struct view address)
{
	struct report_source *source = map_get(&s->sources, address);
	if (source || s->sources.count >= REPORT_SOURCES_MAX)
		return source;
	source = mem_alloc(sizeof *source);
	*source = (struct report_source){.address = mem_string(address), .domains = mem_string(VIEW(""))};
	map_set(&s->sources, address, source);
	return source;
}

static void add_row(struct report_sum *s, const struct report_row *row)
{
	struct report_counts c = report_counts_of(row);
	struct report_source *source = source_of(s, row->source);
	const struct report_signature *signatures = row->signatures.items;
	report_counts_add(&s->all, &c);
	report_counts_add(source ? &source->counts : &s->others, &c);
	if (source == NULL)
		return;
	for (size_t i = 0; i < row->signatures.count; i++)
		if (is(signatures[i].result, "pass"))
			name_domain(source, signatures[i].domain);
	if (is(row->spf_result, "pass"))
		name_domain(source, row->spf_domain);
}

void report_sum_add(struct report_sum *s, const struct report_dmarc *r)
{
	const struct report_row *rows = r->rows.items;
	for (size_t i = 0; i < r->rows.count; i++)
		add_row(s, &rows[i]);
	if (s->reports == 0 || r->begin < s->begin)
		s->begin = r->begin;
	if (r->end > s->end)
		s->end = r->end;
	s->reports++;
}

static int compare(const void *a, const void *b)
{
	const struct report_source *x = *(struct report_source *const *)a,
	                           *y = *(struct report_source *const *)b;
	uint64_t n = report_counts_all(&x->counts), m = report_counts_all(&y->counts);
	return n != m ? (n < m ? 1 : -1) : strcmp(x->address, y->address);
}

struct report_source **report_sum_sources(const struct report_sum *s, size_t *count)
{
	struct report_source **list = mem_array(s->sources.count + 1, sizeof *list);
	size_t position = 0;
	void *value;
	*count = 0;
	while (map_each(&s->sources, &position, NULL, &value))
		list[(*count)++] = value;
	qsort(list, *count, sizeof *list, compare);
	return list;
}

struct report_cost report_cost_of(const struct report_counts *c, enum report_wish wish, bool strict)
{
	uint64_t all = report_counts_all(c), lost = c->unproven + (strict ? c->relaxed_only : 0);
	struct report_cost cost = {.delivered = all};
	if (wish == REPORT_WISH_NONE)
		return cost;
	cost.delivered = all - lost;
	*(wish == REPORT_WISH_REJECT ? &cost.refused : &cost.junk) = lost;
	return cost;
}
