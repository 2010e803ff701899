/* Values that the table's kinds and ranges leave open: see settings_check.h. */
#include "config/settings_check.h"

#include <errno.h>

#include "config/dns_stub.h"
#include "config/dns_update.h"
#include "config/route.h"
#include "config/sender_rule.h"
#include "format/domain.h"
#include "io/network.h"

/* ---- lines ---- */

static const char *wrong_route(struct view line)
{
	struct route route;
	const char *problem;
	return route_parse(line, &route, &problem) ? problem : NULL;
}

static const char *wrong_policy(struct view line)
{
	enum tls_level level;
	struct view domain;
	const char *problem;
	return tls_policy_parse(line, &domain, &level, &problem) ? problem : NULL;
}

static const char *wrong_relay_domain(struct view line)
{
	struct view domain, file;
	const char *problem;
	return relay_domain_parse(line, &domain, &file, &problem) ? problem : NULL;
}

static const char *wrong_stub(struct view line)
{
	struct dns_stub stub;
	const char *problem;
	return dns_stub_parse(line, &stub, &problem) ? problem : NULL;
}

static const char *wrong_exception(struct view line)
{
	struct sender_rule rule;
	const char *problem;
	return sender_rule_parse(line, &rule, &problem) ? problem : NULL;
}

static const char *wrong_domain(struct view line)
{
	enum host_kind kind;
	return host_parse(line, &kind) == 0 && kind == HOST_NAME ? NULL : "not a domain";
}

static const char *wrong_update(struct view line)
{
	struct dns_update update;
	const char *problem;
	return dns_update_parse(line, &update, &problem) ? problem : NULL;
}

static const char *wrong_picture(struct view line)
{
	struct view domain, picture, mark;
	const char *problem;
	return bimi_parse(line, &domain, &picture, &mark, &problem) ? problem : NULL;
}

static const char *wrong_address(struct view line)
{
	struct sockaddr_storage address;
	return network_parse(line, &address) ? NULL : "not an IP address";
}

/* Lists whose elements have a grammar. */
static int check_lines(const struct settings *s, struct buf *problem)
{
	const struct {
		const char *name;
		struct view lines;
		const char *(*wrong)(struct view line);
	} lists[] = {{"routes", s->routes, wrong_route}, {"tls_policies", s->tls_policies, wrong_policy},
	    {"relay_domains", s->relay_domains, wrong_relay_domain},
	    {"dmarc_exceptions", s->dmarc_exceptions, wrong_exception},
	    {"arc_trusted", s->arc_trusted, wrong_domain}, {"relay_source", s->relay_source, wrong_address},
	    {"dns_stubs", s->dns_stubs, wrong_stub}, {"dns_updates", s->dns_updates, wrong_update},
	    {"bimi", s->bimi, wrong_picture}};
	for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
		struct view rest = lists[i].lines, line;
		while (rest.len && view_next(&rest, '\n', &line)) {
			const char *wrong = lists[i].wrong(line);
			if (wrong == NULL)
				continue;
			buf_clear(problem);
			buf_printf(problem, "%s: \"%.*s\": %s", lists[i].name, VIEW_FMT(line), wrong);
			return -EINVAL;
		}
	}
	return 0;
}

enum { IMAP_LIMIT_MIN = 1000 /* RFC 9738 section 3: with less, programs would need too many commands */ };

static bool is_from_policy(struct view value)
{
	return view_equal(value, VIEW("refuse")) || view_equal(value, VIEW("sender")) ||
	       view_equal(value, VIEW("off"));
}

static int check_together(const struct settings *s, struct buf *problem)
{
	enum rule_wish wish;
	if (!dmarc_policy_parse(s->dmarc_policy, &wish)) {
		buf_append_string(problem, "dmarc_policy must be \"follow\", \"mark\" or \"off\"");
		return -EINVAL;
	}
	if (!own_domains_parse(s->own_domains, &wish)) {
		buf_append_string(problem, "own_domains must be \"refuse\", \"mark\" or \"off\"");
		return -EINVAL;
	}
	if (!is_from_policy(s->own_from) || !is_from_policy(s->foreign_from)) {
		buf_append_string(
		    problem, "own_from and foreign_from must be \"refuse\", \"sender\" or \"off\"");
		return -EINVAL;
	}
	struct view certificates = s->tls_certificates, keys = s->tls_keys, part;
	size_t n = 0, m = 0;
	while (certificates.len && view_next(&certificates, '\n', &part))
		n++;
	while (keys.len && view_next(&keys, '\n', &part))
		m++;
	if (n != m || n > CERTIFICATES_MAX_SETTING) {
		buf_printf(problem,
		    "tls_certificates names %zu files and tls_keys %zu; name one key for each certificate, "
		    "and at most %d of each",
		    n, m, CERTIFICATES_MAX_SETTING);
		return -EINVAL;
	}
	if ((s->imap_message_limit > 0 && s->imap_message_limit < IMAP_LIMIT_MIN) ||
	    (s->imap_save_limit > 0 && s->imap_save_limit < IMAP_LIMIT_MIN)) {
		buf_append_string(
		    problem, "imap_message_limit and imap_save_limit must be 0, or 1000 or more");
		return -EINVAL;
	}
	if (s->hostname.len == 0 || s->data.len == 0) {
		buf_append_string(problem, "hostname and data must not be empty");
		return -EINVAL;
	}
	return 0;
}

int settings_check(const struct settings *s, struct buf *problem)
{
	int error = check_together(s, problem);
	return error ? error : check_lines(s, problem);
}
