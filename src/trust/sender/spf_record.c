/* The grammar of RFC 7208 section 12. */
#include "trust/sender/spf_record.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "trust/sender/spf.h"
#include "trust/sender/spf_macro.h"

static const struct {
	const char *name;
	enum spf_mechanism mechanism;
	bool needs_domain, may_have_domain, may_have_prefix;
} mechanisms[] = {
    {"all", SPF_ALL, false, false, false},
    {"include", SPF_INCLUDE, true, true, false},
    {"a", SPF_A, false, true, true},
    {"mx", SPF_MX, false, true, true},
    {"ptr", SPF_PTR, false, true, false},
    {"ip4", SPF_IP4, false, false, false},
    {"ip6", SPF_IP6, false, false, false},
    {"exists", SPF_EXISTS, true, true, false},
};

bool spf_record_is(struct view text)
{
	struct view version = VIEW("v=spf1");
	return view_starts_nocase(text, version) &&
	       (text.len == version.len || text.data[version.len] == ' ');
}

/* "/24" at the end of *v, taken off. False: there is none. A number that is too large is left to `max`. */
static bool take_prefix(struct view *v, unsigned max, unsigned *bits, bool *good)
{
	size_t digits = 0;
	while (digits < v->len && ascii_is_digit(v->data[v->len - 1 - digits]))
		digits++;
	if (digits == 0 || digits == v->len || v->data[v->len - 1 - digits] != '/')
		return false;
	struct view number = view_skip(*v, v->len - digits);
	uint64_t n;
	*good = *good && view_to_u64(number, max, &n) && (digits == 1 || number.data[0] != '0');
	if (*good)
		*bits = (unsigned)n;
	v->len -= digits + 1;
	return true;
}

/* dual-cidr-length at the end of *v: "/24", "//64", "/24//64". */
static bool take_prefixes(struct view *v, struct spf_term *term)
{
	bool good = true;
	unsigned bits = 0;
	struct view before = *v;
	if (!take_prefix(v, 128, &bits, &good))
		return true;
	if (v->len > 0 && v->data[v->len - 1] == '/') {
		v->len--;
		term->prefix6 = bits;
		take_prefix(v, 32, &term->prefix4, &good);
		return good;
	}
	*v = before;
	take_prefix(v, 32, &term->prefix4, &good);
	return good;
}

static bool parse_network(struct view value, struct spf_term *term)
{
	bool ipv6 = term->mechanism == SPF_IP6, good = true;
	take_prefix(&value, ipv6 ? 128 : 32, ipv6 ? &term->prefix6 : &term->prefix4, &good);
	char address[INET6_ADDRSTRLEN];
	if (!good || value.len >= sizeof address || memchr(value.data, 0, value.len))
		return false;
	memcpy(address, value.data, value.len);
	address[value.len] = '\0';
	return inet_pton(ipv6 ? AF_INET6 : AF_INET, address, term->network) == 1;
}

/* What stands behind the mechanism's name, with the ":" or "/". */
static bool parse_rest(struct view rest, size_t which, struct spf_term *term)
{
	bool colon = rest.len > 0 && rest.data[0] == ':';
	if (term->mechanism == SPF_IP4 || term->mechanism == SPF_IP6)
		return colon && parse_network(view_skip(rest, 1), term);
	if (mechanisms[which].may_have_prefix && !take_prefixes(&rest, term))
		return false;
	if (rest.len == 0)
		return !mechanisms[which].needs_domain;
	term->domain = view_skip(rest, 1);
	return colon && mechanisms[which].may_have_domain && spf_macro_valid(term->domain, SPF_IN_DOMAIN);
}

static bool parse_mechanism(struct view text, struct spf_term *term)
{
	*term = (struct spf_term){.text = text, .qualifier = SENDER_PASS, .prefix4 = 32, .prefix6 = 128};
	static const char signs[] = "+-~?";
	static const enum sender_result results[] = {
	    SENDER_PASS, SENDER_FAIL, SENDER_SOFTFAIL, SENDER_NEUTRAL};
	const char *sign = text.len && text.data[0] ? strchr(signs, text.data[0]) : NULL;
	if (sign) {
		term->qualifier = results[sign - signs];
		text = view_skip(text, 1);
	}
	size_t len = 0;
	while (len < text.len && text.data[len] != ':' && text.data[len] != '/')
		len++;
	for (size_t i = 0; i < sizeof mechanisms / sizeof mechanisms[0]; i++) {
		if (!view_equal_nocase(view_take(text, len), view_from_string(mechanisms[i].name)))
			continue;
		term->mechanism = mechanisms[i].mechanism;
		return parse_rest(view_skip(text, len), i, term);
	}
	return false;
}

/* Whether it is a modifier: a name, and "=" behind it. */
static bool split_modifier(struct view text, struct view *name, struct view *value)
{
	size_t len = 0;
	while (len < text.len && (ascii_is_alnum(text.data[len]) || memchr("-_.", text.data[len], 3)))
		len++;
	if (len == 0 || !ascii_is_alpha(text.data[0]) || len == text.len || text.data[len] != '=')
		return false;
	*name = view_take(text, len);
	*value = view_skip(text, len + 1);
	return true;
}

static bool parse_modifier(struct view name, struct view value, struct spf_record *out)
{
	bool redirect = view_equal_nocase(name, VIEW("redirect"));
	if (!redirect && !view_equal_nocase(name, VIEW("exp")))
		return spf_macro_valid(value, SPF_IN_MODIFIER);
	struct view *place = redirect ? &out->redirect : &out->exp;
	if (!view_empty(*place) || !spf_macro_valid(value, SPF_IN_DOMAIN))
		return false;
	*place = value;
	return true;
}

int spf_record_parse(struct view text, struct arena *arena, struct spf_record *out, struct view *bad)
{
	struct view rest = view_skip(text, sizeof "v=spf1" - 1), part;
	size_t room = 0;
	for (size_t i = 0; i < rest.len; i++)
		room += rest.data[i] == ' ';
	if (room > SPF_TERMS_MAX)
		return -E2BIG;
	*out = (struct spf_record){.terms = arena_array(arena, room + 1, sizeof *out->terms)};
	if (out->terms == NULL)
		return -ENOMEM;
	while (view_next(&rest, ' ', &part)) {
		struct view name, value;
		*bad = part;
		if (view_empty(part))
			continue;
		if (split_modifier(part, &name, &value)) {
			if (!parse_modifier(name, value, out))
				return -EINVAL;
		} else if (!parse_mechanism(part, &out->terms[out->count++])) {
			return -EINVAL;
		}
	}
	return 0;
}
