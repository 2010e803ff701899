/* Values that must fit each other: see settings_check.h. What a value is by itself is its form's
 * (setting_form.c). */
#include "config/settings_check.h"

#include <netinet/in.h>
#include <stdio.h>

#include "config/listen_address.h"
#include "config/route.h"
#include "config/sender_rule.h"
#include "config/services.h"
#include "io/network.h"

void settings_complain(const struct conf *conf, const char *setting, size_t element, struct finding finding,
    struct findings *found)
{
	const struct conf_statement *at = conf->first;
	while (at && !view_equal(at->name, view_from_string(setting)))
		at = at->next;
	finding.setting = setting;
	finding.file = conf->file_count ? conf->files[0].path : "";
	if (at) {
		finding.file = conf->files[at->file].path;
		finding.line = element < at->count ? at->values[element].line : at->line;
	}
	findings_add(found, &finding);
}

struct checking {
	const struct settings *s;
	const struct conf *conf;
	struct findings *found;
};

static void error(
    struct checking *c, const char *setting, size_t element, const char *problem, const char *expected)
{
	settings_complain(c->conf, setting, element,
	    (struct finding){.level = FINDING_ERROR, .problem = problem, .expected = expected}, c->found);
}

static void warning(struct checking *c, const char *setting, const char *problem, const char *expected)
{
	settings_complain(c->conf, setting, 0,
	    (struct finding){.level = FINDING_WARNING, .problem = problem, .expected = expected}, c->found);
}

/* ---- listeners ---- */

struct listening {
	enum service service;
	size_t element;
	struct view text;
	struct sockaddr_storage address;
};

/* Each address once: the second program that wants a port does not get it, and here both are ours. */
static void check_listeners(struct checking *c)
{
	struct listening all[LISTENERS_MAX];
	size_t count = 0;
	char setting[64], problem[300];
	for (enum service service = 0; service < SERVICES; service++) {
		struct view rest = service_addresses(c->s, service), text;
		snprintf(setting, sizeof setting, "%s_listen", service_name(service));
		for (size_t element = 0; rest.len && view_next(&rest, '\n', &text); element++) {
			struct listening *l = &all[count];
			socklen_t len;
			const char *wrong;
			if (count == LISTENERS_MAX) {
				error(c, setting, element, "too many addresses to listen on",
				    "at most 64 together");
				return;
			}
			*l = (struct listening){.service = service, .element = element, .text = text};
			if (listen_address_parse(text, &l->address, &len, &wrong) != 0)
				continue; /* told already */
			for (size_t i = 0; i < count; i++) {
				if (!listen_address_clash(&all[i].address, &l->address))
					continue;
				snprintf(problem, sizeof problem,
				    "\"%.*s\": this port is taken by \"%.*s\" in %s_listen", VIEW_FMT(text),
				    VIEW_FMT(all[i].text), service_name(all[i].service));
				error(c, setting, element, problem, "a port of its own for each service");
				break;
			}
			count++;
		}
	}
}

static bool is_loopback(const struct sockaddr_storage *address)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;
	return address->ss_family == AF_INET ? ntohl(v4->sin_addr.s_addr) >> 24 == 127
	                                     : IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
}

/* The figures have no login: who may see them is who is on this machine. */
static void check_metrics(struct checking *c)
{
	struct view rest = c->s->metrics_listen, text;
	struct sockaddr_storage address;
	socklen_t len;
	const char *wrong;
	for (size_t element = 0; rest.len && view_next(&rest, '\n', &text); element++)
		if (listen_address_parse(text, &address, &len, &wrong) == 0 && !is_loopback(&address))
			error(c, "metrics_listen", element,
			    "figures are told without a login, so they may not be told to others",
			    "an address of this machine alone: 127.0.0.1:PORT or [::1]:PORT");
}

/* ---- numbers ---- */

enum { IMAP_LIMIT_MIN = 1000 /* RFC 9738 section 3: with less, programs would need too many commands */ };

static void check_imap_limit(struct checking *c, const char *name, uint64_t value)
{
	if (value > 0 && value < IMAP_LIMIT_MIN)
		error(c, name, 0, "a limit so low is not allowed (RFC 9738)", "0 for none, or 1000 or more");
}

static size_t elements(struct view list)
{
	struct view part;
	size_t n = 0;
	while (list.len && view_next(&list, '\n', &part))
		n++;
	return n;
}

static void check_numbers(struct checking *c)
{
	const struct settings *s = c->s;
	char problem[200];
	if (s->queue_retry_min > s->queue_retry_max)
		error(c, "queue_retry_min", 0, "it is longer than queue_retry_max",
		    "at most the longest wait between two attempts");
	if (s->queue_warn_hours > 24 * s->queue_give_up_days)
		warning(c, "queue_warn_hours",
		    "the sender is never warned, for the message is given up before (queue_give_up_days)",
		    "fewer hours, or 0 for no warning");
	if (s->queue_retry_max > 86400 * s->queue_give_up_days)
		warning(c, "queue_retry_max",
		    "a message is given up (queue_give_up_days) before its second attempt may come",
		    "a shorter wait");
	check_imap_limit(c, "imap_message_limit", s->imap_message_limit);
	check_imap_limit(c, "imap_save_limit", s->imap_save_limit);
	size_t n = elements(s->tls_certificates), m = elements(s->tls_keys);
	if (n != m || n > CERTIFICATES_MAX_SETTING) {
		snprintf(problem, sizeof problem, "tls_certificates names %zu files and tls_keys %zu", n, m);
		error(c, n ? "tls_certificates" : "tls_keys", 0, problem,
		    "one key for each certificate, and at most 64 of each");
	}
	if (s->connections_per_address > s->connections_max)
		warning(c, "connections_per_address",
		    "it is more than connections_max: one client can take all connections",
		    "less than connections_max");
}

/* ---- lines ---- */

/* What a line is about: its first word, or of dmarc_exceptions the first two. */
static struct view key_of(struct view line, unsigned words)
{
	size_t end = 0;
	for (unsigned i = 0; i < words; i++) {
		while (end < line.len && line.data[end] == ' ')
			end++;
		while (end < line.len && line.data[end] != ' ')
			end++;
	}
	return view_trim(view_take(line, end));
}

/* Of two lines for one domain only one would count. */
static void check_twice(struct checking *c, const char *setting, struct view lines, unsigned words)
{
	struct view rest = lines, line, other;
	char problem[400];
	for (size_t i = 0; rest.len && view_next(&rest, '\n', &line); i++) {
		struct view before = lines;
		for (size_t k = 0; k < i && view_next(&before, '\n', &other); k++) {
			if (!view_equal_nocase(key_of(line, words), key_of(other, words)))
				continue;
			snprintf(problem, sizeof problem, "\"%.*s\" stands here twice",
			    VIEW_FMT(view_take(key_of(line, words), 255)));
			error(c, setting, i, problem, "one line for each");
			break;
		}
	}
}

static void check_sources(struct checking *c)
{
	struct view rest = c->s->relay_source, line;
	struct sockaddr_storage address;
	unsigned four = 0, six = 0;
	for (size_t i = 0; rest.len && view_next(&rest, '\n', &line); i++) {
		if (!network_parse(line, &address))
			continue; /* told already */
		unsigned *count = address.ss_family == AF_INET ? &four : &six;
		if (++*count > 1)
			error(c, "relay_source", i, "there are two addresses of one kind",
			    "at most one IPv4 and one IPv6 address");
	}
}

static void check_names(struct checking *c)
{
	const struct settings *s = c->s;
	if (setting_form_check(FORM_HOST_NAME, s->hostname))
		return; /* told already */
	if (view_equal_nocase(s->hostname, VIEW("localhost")) || view_find(s->hostname, '.') < 0)
		warning(c, "hostname",
		    "other servers refuse mail from a host that calls itself so, and reports come from "
		    "nowhere",
		    "the host's full name as it stands in the DNS, such as mail.example.org");
}

void settings_check(const struct settings *s, const struct conf *conf, struct findings *found)
{
	struct checking c = {.s = s, .conf = conf, .found = found};
	check_names(&c);
	check_listeners(&c);
	check_metrics(&c);
	check_numbers(&c);
	check_sources(&c);
	check_twice(&c, "routes", s->routes, 1);
	check_twice(&c, "relay_domains", s->relay_domains, 1);
	check_twice(&c, "masked_domains", s->masked_domains, 1);
	check_twice(&c, "tls_policies", s->tls_policies, 1);
	check_twice(&c, "dmarc_exceptions", s->dmarc_exceptions, 2);
}
