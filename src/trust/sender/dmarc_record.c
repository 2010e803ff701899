/* Tags of a policy record: RFC 9989 section 4.7. */
#include "trust/sender/dmarc_record.h"

const char *dmarc_policy_name(enum dmarc_policy policy)
{
	return policy == DMARC_REJECT ? "reject" : policy == DMARC_QUARANTINE ? "quarantine" : "none";
}

static bool parse_policy(struct view value, enum dmarc_policy *out)
{
	for (enum dmarc_policy p = DMARC_NONE; p <= DMARC_REJECT; p++) {
		if (!view_equal_nocase(value, view_from_string(dmarc_policy_name(p))))
			continue;
		*out = p;
		return true;
	}
	return false;
}

/* What was said, before defaults are filled in. */
struct said {
	bool domain, subdomains, nonexistent;
};

static void take_tag(struct view name, struct view value, struct dmarc_record *r, struct said *said)
{
	if (view_equal_nocase(name, VIEW("p")))
		said->domain = parse_policy(value, &r->domain);
	else if (view_equal_nocase(name, VIEW("sp")))
		said->subdomains = parse_policy(value, &r->subdomains);
	else if (view_equal_nocase(name, VIEW("np")))
		said->nonexistent = parse_policy(value, &r->nonexistent);
	else if (view_equal_nocase(name, VIEW("adkim")))
		r->strict_dkim = view_equal_nocase(value, VIEW("s"));
	else if (view_equal_nocase(name, VIEW("aspf")))
		r->strict_spf = view_equal_nocase(value, VIEW("s"));
	else if (view_equal_nocase(name, VIEW("t")))
		r->testing = view_equal_nocase(value, VIEW("y"));
	else if (view_equal_nocase(name, VIEW("psd")))
		r->psd = view_equal_nocase(value, VIEW("y"))   ? DMARC_PSD_YES
		         : view_equal_nocase(value, VIEW("n")) ? DMARC_PSD_NO
		                                               : DMARC_PSD_UNKNOWN;
	else if (view_equal_nocase(name, VIEW("rua")))
		r->aggregate = value;
	else if (view_equal_nocase(name, VIEW("ruf")))
		r->failure = value;
	else if (view_equal_nocase(name, VIEW("fo")))
		r->failure_options = value;
}

static bool split_tag(struct view part, struct view *name, struct view *value)
{
	ptrdiff_t equals = view_find(part, '=');
	if (equals < 0)
		return false;
	*name = view_trim(view_take(part, (size_t)equals));
	*value = view_trim(view_skip(part, (size_t)equals + 1));
	return true;
}

bool dmarc_record_parse(struct view text, struct dmarc_record *out)
{
	struct view rest = text, part, name, value;
	struct said said = {0};
	if (!view_next(&rest, ';', &part) || !split_tag(part, &name, &value) ||
	    !view_equal_nocase(name, VIEW("v")) || !view_equal(value, VIEW("DMARC1")))
		return false;
	*out = (struct dmarc_record){.domain = DMARC_NONE};
	while (view_next(&rest, ';', &part))
		if (split_tag(part, &name, &value))
			take_tag(name, value, out, &said);
	if (!said.subdomains)
		out->subdomains = out->domain;
	if (!said.nonexistent)
		out->nonexistent = out->subdomains;
	return true;
}
