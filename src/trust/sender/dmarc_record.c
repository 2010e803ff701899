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
	bool wrong; /* one of these, and it means nothing */
};

static bool take_policy(struct view value, enum dmarc_policy *out, struct said *said)
{
	bool good = parse_policy(value, out);
	said->wrong = said->wrong || !good;
	return good;
}

static void take_tag(struct view name, struct view value, struct dmarc_record *r, struct said *said)
{
	if (view_equal_nocase(name, VIEW("p")))
		said->domain = take_policy(value, &r->domain, said);
	else if (view_equal_nocase(name, VIEW("sp")))
		said->subdomains = take_policy(value, &r->subdomains, said);
	else if (view_equal_nocase(name, VIEW("np")))
		said->nonexistent = take_policy(value, &r->nonexistent, said);
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
	out->unclear = said.wrong || !said.domain;
	if (out->unclear)
		out->domain = out->subdomains = out->nonexistent = DMARC_NONE;
	if (!said.subdomains)
		out->subdomains = out->domain;
	if (!said.nonexistent)
		out->nonexistent = out->subdomains;
	return true;
}

static bool is_uri(struct view text)
{
	ptrdiff_t colon = view_find(text, ':');
	if (colon < 1 || !ascii_is_alpha(text.data[0]) || text.len == (size_t)colon + 1)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.data[i];
		bool in_scheme = ascii_is_alnum(c) || c == '+' || c == '-' || c == '.';
		if (i < (size_t)colon ? !in_scheme : c <= ' ' || c > '~')
			return false;
	}
	return true;
}

bool dmarc_record_asks(const struct dmarc_record *record)
{
	struct view rest = record->aggregate, part;
	while (rest.len > 0 && view_next(&rest, ',', &part))
		if (is_uri(view_trim(part)))
			return true;
	return false;
}
