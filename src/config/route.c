/* Lines of words become routes and policies: see route.h. */
#include "config/route.h"

#include <errno.h>

static int wrong(const char **problem, const char *text)
{
	*problem = text;
	return -EINVAL;
}

/* The next word of the line; false at its end. */
static bool next_word(struct view *line, struct view *word)
{
	do {
		if (!view_next(line, ' ', word))
			return false;
	} while (word->len == 0);
	return true;
}

static bool parse_level(struct view text, enum tls_level *level)
{
	static const char *const names[] = {[TLS_LEVEL_NONE] = "none",
	    [TLS_LEVEL_MAY] = "may",
	    [TLS_LEVEL_ENCRYPT] = "encrypt",
	    [TLS_LEVEL_VERIFY] = "verify"};
	for (enum tls_level i = TLS_LEVEL_NONE; i <= TLS_LEVEL_VERIFY; i++)
		if (view_equal_nocase(text, view_from_string(names[i]))) {
			*level = i;
			return true;
		}
	return false;
}

static void take_kind(struct view *target, enum route_kind *kind)
{
	static const struct {
		const char *prefix;
		enum route_kind kind;
	} kinds[] = {{"smtp:", ROUTE_SMTP}, {"smtps:", ROUTE_SMTPS}, {"lmtp:", ROUTE_LMTP}};
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		struct view prefix = view_from_string(kinds[i].prefix);
		if (view_starts(*target, prefix)) {
			*kind = kinds[i].kind;
			*target = view_skip(*target, prefix.len);
			return;
		}
	}
}

int route_parse_target(struct view target, struct route *out, const char **problem)
{
	struct route route = {.kind = ROUTE_SMTP};
	take_kind(&target, &route.kind);
	if (target.len > 0 && target.data[0] == '/') {
		if (route.kind != ROUTE_LMTP)
			return wrong(problem, "only LMTP goes to a socket's path");
		route.host = target;
	} else {
		/* A port stands behind the last colon, unless that is inside an address' brackets. */
		ptrdiff_t bracket = view_find(target, ']'), colon = -1;
		for (size_t i = bracket < 0 ? 0 : (size_t)bracket; i < target.len; i++)
			if (target.data[i] == ':')
				colon = (ptrdiff_t)i;
		if (colon >= 0 && (!view_to_u64(view_skip(target, (size_t)colon + 1), 65535, &route.port) ||
		                      route.port == 0))
			return wrong(problem,
			    "the port is a number from 1 to 65535; an IPv6 address stands in [ and ]");
		route.host = colon >= 0 ? view_take(target, (size_t)colon) : target;
	}
	if (route.host.len == 0 || route.host.len > 255)
		return wrong(problem, "a host is missing, or its name is too long");
	*out = route;
	return 0;
}

int route_parse(struct view line, struct route *out, const char **problem)
{
	struct view domain, target, option;
	struct route route;
	if (!next_word(&line, &domain) || !next_word(&line, &target))
		return wrong(problem, "a route is \"DOMAIN KIND:HOST[:PORT] [OPTION...]\"");
	int error = route_parse_target(target, &route, problem);
	if (error)
		return error;
	route.domain = domain;
	while (next_word(&line, &option)) {
		ptrdiff_t equals = view_find(option, '=');
		struct view name = equals < 0 ? option : view_take(option, (size_t)equals);
		struct view value = equals < 0 ? (struct view){0} : view_skip(option, (size_t)equals + 1);
		if (view_equal(name, VIEW("tls")) && parse_level(value, &route.tls))
			continue;
		if (view_equal(name, VIEW("user")) && value.len > 0)
			route.user = value;
		else if (view_equal(name, VIEW("password_file")) && value.len > 0)
			route.password_file = value;
		else
			return wrong(problem, "a route's options are tls=none|may|encrypt|verify, user=NAME, "
			                      "password_file=PATH");
	}
	if ((route.user.len > 0) != (route.password_file.len > 0))
		return wrong(problem, "user and password_file go together");
	*out = route;
	return 0;
}

int tls_policy_parse(struct view line, struct view *domain, enum tls_level *level, const char **problem)
{
	struct view name, text, more;
	enum tls_level parsed;
	if (!next_word(&line, &name) || !next_word(&line, &text) || next_word(&line, &more) ||
	    !parse_level(text, &parsed))
		return wrong(problem, "a TLS policy is \"DOMAIN none|may|encrypt|verify\"");
	*domain = name;
	*level = parsed;
	return 0;
}

int relay_domain_parse(struct view line, struct view *domain, struct view *file, const char **problem)
{
	struct view name, path = {0}, more;
	if (!next_word(&line, &name) || (next_word(&line, &path) && next_word(&line, &more)))
		return wrong(problem, "a relay domain is \"DOMAIN [FILE]\"");
	*domain = name;
	*file = path;
	return 0;
}

size_t route_match(struct view pattern, struct view domain)
{
	if (view_equal(pattern, VIEW("*")))
		return 1;
	if (pattern.len > 1 && pattern.data[0] == '.')
		return domain.len > pattern.len &&
		               view_equal_nocase(view_skip(domain, domain.len - pattern.len), pattern)
		           ? 1 + pattern.len
		           : 0;
	return view_equal_nocase(pattern, domain) ? 1000 : 0;
}

bool route_choose(struct view lines, struct view domain, struct route *out, size_t *number)
{
	struct view line;
	struct route route;
	const char *problem;
	size_t best = 0;
	for (size_t i = 0; lines.len > 0 && view_next(&lines, '\n', &line); i++) {
		size_t match =
		    route_parse(line, &route, &problem) == 0 ? route_match(route.domain, domain) : 0;
		if (match <= best)
			continue;
		best = match;
		*out = route;
		if (number)
			*number = i;
	}
	return best > 0;
}

bool route_is_named(struct view lines, const struct route *target)
{
	struct view line;
	struct route route;
	const char *problem;
	while (lines.len > 0 && view_next(&lines, '\n', &line))
		if (route_parse(line, &route, &problem) == 0 && route.kind == target->kind &&
		    route.port == target->port && view_equal_nocase(route.host, target->host))
			return true;
	return false;
}

enum tls_level tls_policy_choose(struct view lines, struct view domain, enum tls_level otherwise)
{
	struct view line, pattern;
	const char *problem;
	enum tls_level level, chosen = otherwise;
	size_t best = 0;
	while (lines.len > 0 && view_next(&lines, '\n', &line))
		if (tls_policy_parse(line, &pattern, &level, &problem) == 0 &&
		    route_match(pattern, domain) > best) {
			best = route_match(pattern, domain);
			chosen = level;
		}
	return chosen;
}
