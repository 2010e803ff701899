/* Reading the results of those who are trusted: see arc_trust.h. */
#include "trust/sender/arc_trust.h"

#include "format/domain.h"
#include "format/limits.h"
#include "trust/sender/results_read.h"

static bool is_listed(struct view list, const char *domain)
{
	struct view one;
	struct buf name;
	bool found = false;
	buf_init(&name, DOMAIN_MAX);
	while (list.len > 0 && view_next(&list, '\n', &one) && !found) {
		buf_clear(&name);
		found = domain_normalize(one, &name) == 0 &&
		        view_equal(buf_view(&name), view_from_string(domain));
	}
	buf_done(&name);
	return found;
}

/* The domain of header.from, be it written as an address or in its own script. */
static bool is_of(const struct results_one *one, struct view author)
{
	struct buf value, domain;
	bool same = false;
	buf_init(&value, ADDRESS_KEY_MAX);
	buf_init(&domain, DOMAIN_MAX);
	if (results_property(one, VIEW("header.from"), &value)) {
		struct view v = buf_view(&value);
		v = view_skip(v, (size_t)(view_find_last(v, '@') + 1));
		same = domain_normalize(v, &domain) == 0 && view_equal_nocase(buf_view(&domain), author);
	}
	buf_done(&value);
	buf_done(&domain);
	return same;
}

static bool says_pass(struct view text, struct view author)
{
	struct view rest = results_begin(text);
	struct results_one one;
	bool passes = false;
	while (results_next(&rest, &one)) {
		if (!view_equal_nocase(one.method, VIEW("dmarc")) || !is_of(&one, author))
			continue;
		/* Of several authors, or of results that contradict each other, the worst one counts. */
		if (!view_equal_nocase(one.result, VIEW("pass")))
			return false;
		passes = true;
	}
	return passes;
}

unsigned arc_vouches(const struct arc *a, struct view trusted, struct view author)
{
	if (a == NULL || a->verdict.result != SENDER_PASS || author.len == 0)
		return 0;
	for (unsigned i = a->count; i > 0; i--) {
		const struct arc_set *set = &a->sets[i - 1];
		if (!is_listed(trusted, set->seal_field.domain))
			return 0;
		if (says_pass(set->text, author))
			return i;
	}
	return 0;
}
