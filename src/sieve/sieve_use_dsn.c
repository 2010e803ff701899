/* Texts that concern the transport, RFC 6009: names of the envelope's parts, values of the tags of redirect.
 */
#include "sieve/sieve_dsn.h"

#include "format/date.h"

enum sieve_dsn_part sieve_dsn_part(struct view name)
{
	static const char *const names[SIEVE_DSN_PARTS] = {
	    "notify", "orcpt", "ret", "envid", "bytimeabsolute", "bytimerelative", "bymode", "bytrace"};
	enum sieve_dsn_part i = 0;

	while (i < SIEVE_DSN_PARTS && !view_equal_nocase(name, view_from_string(names[i])))
		i++;
	return i;
}

/* "NEVER", or one or more of the others. */
static bool is_notify(struct view text)
{
	static const char *const conditions[] = {"SUCCESS", "FAILURE", "DELAY"};
	unsigned seen = 0;

	if (view_equal_nocase(text, VIEW("NEVER")))
		return true;
	while (!view_empty(text)) {
		ptrdiff_t comma = view_find(text, ',');
		struct view one = comma < 0 ? text : view_take(text, (size_t)comma);
		size_t i = 0;

		while (i < 3 && !view_equal_nocase(one, view_from_string(conditions[i])))
			i++;
		if (i == 3 || (seen >> i & 1) || (comma >= 0 && one.len + 1 == text.len))
			return false;
		seen |= 1U << i;
		text = view_skip(text, one.len + 1);
	}
	return seen != 0;
}

const char *sieve_dsn_problem(enum sieve_use use, struct view text)
{
	struct date date;

	switch (use) {
	case SIEVE_USE_NOTIFY:
		return is_notify(text)
		           ? NULL
		           : "is no list of conditions; it is \"NEVER\", or some of SUCCESS, FAILURE and "
		             "DELAY with commas between them";
	case SIEVE_USE_RET:
		return view_equal_nocase(text, VIEW("FULL")) || view_equal_nocase(text, VIEW("HDRS"))
		           ? NULL
		           : "is not what a report can return; that is \"FULL\" or \"HDRS\"";
	case SIEVE_USE_BY_MODE:
		return view_equal_nocase(text, VIEW("notify")) || view_equal_nocase(text, VIEW("return"))
		           ? NULL
		           : "is not what can be done when the time has passed; that is \"notify\" or "
		             "\"return\"";
	default:
		return text.len >= 19 && (text.data[10] == 'T' || text.data[10] == 't') &&
		               date_parse(text, &date) == 0
		           ? NULL
		           : "is no time; one is written as \"2024-05-06T20:00:00+02:00\"";
	}
}
