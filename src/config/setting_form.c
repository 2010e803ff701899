/* A row for each form: see setting_form.h. Here is only what can be seen in the value itself. */
#include "config/setting_form.h"

#include <string.h>

#include "base/utf8.h"
#include "config/dns_stub.h"
#include "config/dns_update.h"
#include "config/listen_address.h"
#include "config/local_users.h"
#include "config/masked_domain.h"
#include "config/route.h"
#include "config/sender_rule.h"
#include "config/settings.h"
#include "format/address_normal.h"
#include "format/domain.h"
#include "io/network.h"
#include "trust/login/sasl.h"

/* ---- names ---- */

static bool is_address(struct view v)
{
	struct sockaddr_storage address;
	return network_parse(v, &address) && !view_starts_nocase(v, VIEW("IPv6:"));
}

static const char *wrong_host_name(struct view v)
{
	enum host_kind kind;
	if (v.len == 0)
		return "it must not be empty";
	if (is_address(v))
		return "it is an address, not a name";
	return host_parse(v, &kind) == 0 && kind == HOST_NAME && utf8_is_ascii(v) ? NULL
	                                                                          : "it is no host's name";
}

static const char *wrong_domain(struct view v)
{
	enum host_kind kind;
	if (host_parse(v, &kind) != 0 || kind != HOST_NAME)
		return "it is no domain";
	return utf8_is_ascii(v) ? NULL : "a domain is written as it stands in the DNS here (xn--...)";
}

static const char *wrong_mail_address(struct view v)
{
	struct address address;
	return v.len == 0 || address_normalize(v, &address) == 0 ? NULL : "it is no mail address";
}

static const char *wrong_folder(struct view v)
{
	return v.len ? NULL : "it must not be empty";
}

/* ---- addresses ---- */

static const char *wrong_network(struct view v)
{
	ptrdiff_t slash = view_find(v, '/');
	struct view base = slash < 0 ? v : view_take(v, (size_t)slash);
	uint64_t bits = 0, most = view_find(base, ':') < 0 ? 32 : 128;
	if (!is_address(base))
		return "it is no network";
	if (slash >= 0 && !view_to_u64(view_skip(v, (size_t)slash + 1), most, &bits))
		return most == 32 ? "an IPv4 network has a length from /0 to /32"
		                  : "an IPv6 network has a length from /0 to /128";
	return NULL;
}

static const char *wrong_address(struct view v)
{
	return is_address(v) ? NULL : "it is no IP address";
}

static const char *wrong_listen(struct view v)
{
	const char *problem;
	struct sockaddr_storage address;
	socklen_t len;
	return listen_address_parse(v, &address, &len, &problem) == 0 ? NULL : problem;
}

/* As libunbound reads it, once the "@PORT" is known to be good. */
static const char *wrong_name_server(struct view v)
{
	struct dns_stub stub;
	const char *problem;
	char line[300] = ". ";
	if (v.len == 0)
		return NULL;
	if (v.len > sizeof line - 3 || view_find(v, ' ') >= 0)
		return "it is no address of a name server";
	memcpy(line + 2, v.data, v.len);
	return dns_stub_parse(view_of(line, v.len + 2), &stub, &problem) == 0
	           ? NULL
	           : "it is no address of a name server";
}

/* ---- words ---- */

static const char *wrong_mechanism(struct view v)
{
	return sasl_mechanism_find(v) ? NULL : "the server knows no such mechanism";
}

static const char *const mechanisms[] = {"SCRAM-SHA-256-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-1-PLUS",
    "SCRAM-SHA-1", "CRAM-MD5", "PLAIN", "LOGIN", NULL};
static const char *const from_words[] = {"refuse", "sender", "off", NULL};
static const char *const policy_words[] = {"follow", "mark", "off", NULL};
static const char *const own_words[] = {"refuse", "mark", "off", NULL};
static const char *const people_words[] = {"domain", "groups", "nobody", NULL};
/* Those of src/account/roles.c; a test compares the two. */
static const char *const languages[] = {"en", "ar", "cs", "da", "de", "el", "es", "fi", "fr", "he", "hu",
    "it", "ja", "ko", "nb", "nl", "no", "pl", "pt", "ro", "ru", "sk", "sv", "tr", "uk", "zh", NULL};

static bool is_word(const char *const *words, struct view v)
{
	for (; *words; words++)
		if (view_equal(v, view_from_string(*words)))
			return true;
	return false;
}

static const char *wrong_from_check(struct view v)
{
	return is_word(from_words, v) ? NULL : "there is no such choice";
}

static const char *wrong_policy(struct view v)
{
	return is_word(policy_words, v) ? NULL : "there is no such choice";
}

static const char *wrong_own_domains(struct view v)
{
	return is_word(own_words, v) ? NULL : "there is no such choice";
}

static const char *wrong_people_seen(struct view v)
{
	return is_word(people_words, v) ? NULL : "there is no such choice";
}

static const char *wrong_language(struct view v)
{
	ptrdiff_t end = view_find(v, '-');
	struct view primary = end < 0 ? v : view_take(v, (size_t)end);
	for (const char *const *word = languages; *word; word++)
		if (view_equal_nocase(primary, view_from_string(*word)))
			return NULL;
	return "mailboxes have no names in this language";
}

/* ---- lines ---- */

/* "*", a domain, or ".domain" for all below it: as it is compared, so in the DNS's form. */
static const char *wrong_pattern(struct view v)
{
	if (view_equal(v, VIEW("*")))
		return NULL;
	return wrong_domain(v.len && v.data[0] == '.' ? view_skip(v, 1) : v);
}

static const char *wrong_route(struct view v)
{
	struct route route;
	const char *problem;
	enum host_kind kind;
	if (route_parse(v, &route, &problem) != 0)
		return problem;
	problem = wrong_pattern(route.domain);
	if (problem)
		return problem;
	struct view host = route.host;
	if (host.data[0] == '/' || is_address(host))
		return NULL;
	if (host.len > 2 && host.data[0] == '[' && host.data[host.len - 1] == ']')
		return is_address(view_take(view_skip(host, 1), host.len - 2))
		           ? NULL
		           : "there is no IP address in the brackets";
	return host_parse(host, &kind) == 0 && kind == HOST_NAME
	           ? NULL
	           : "the next host has no valid name or address";
}

static const char *wrong_tls_policy(struct view v)
{
	enum tls_level level;
	struct view domain;
	const char *problem;
	return tls_policy_parse(v, &domain, &level, &problem) ? problem : wrong_pattern(domain);
}

static const char *wrong_relay_domain(struct view v)
{
	struct view domain, file;
	const char *problem;
	return relay_domain_parse(v, &domain, &file, &problem) ? problem : wrong_domain(domain);
}

static const char *wrong_masked_domain(struct view v)
{
	struct view domain;
	const char *problem;
	uint64_t most;
	return masked_domain_parse(v, &domain, &most, &problem) ? problem : wrong_domain(domain);
}

static const char *wrong_stub(struct view v)
{
	struct dns_stub stub;
	const char *problem;
	return dns_stub_parse(v, &stub, &problem) ? problem : NULL;
}

static const char *wrong_update(struct view v)
{
	struct dns_update update;
	const char *problem;
	return dns_update_parse(v, &update, &problem) ? problem : NULL;
}

static const char *wrong_picture(struct view v)
{
	struct view domain, picture, mark;
	const char *problem;
	return bimi_parse(v, &domain, &picture, &mark, &problem) ? problem : NULL;
}

static const char *wrong_exception(struct view v)
{
	struct sender_rule rule;
	const char *problem;
	return sender_rule_parse(v, &rule, &problem) ? problem : wrong_pattern(rule.domain);
}

/* "NAME [TTL] [IN] DS|DNSKEY DATA", or a file: what is in the data the resolver looks at. */
static const char *wrong_anchor(struct view v)
{
	struct view rest = v, word;
	bool first = true;
	if (view_starts(v, VIEW(DNS_ANCHOR_FILE)))
		return v.len > sizeof DNS_ANCHOR_FILE - 1 ? NULL : "the name of the file is missing";
	while (rest.len && view_next(&rest, ' ', &word)) {
		if (!first &&
		    (view_equal_nocase(word, VIEW("DS")) || view_equal_nocase(word, VIEW("DNSKEY"))))
			return view_trim(rest).len ? NULL : "the data of the record are missing";
		first = false;
	}
	return "it is neither a DS nor a DNSKEY record, nor a file";
}

/* Whether there is such a user is not seen in the name: world_check.c. */
static const char *wrong_local_user(struct view v)
{
	return local_users_name_is_good(v) ? NULL : "it is no user's name";
}

/* ---- the table ---- */

static const struct form_row {
	const char *text;
	const char *(*wrong)(struct view value);
	const char *const *words;
} rows[SETTING_FORMS] = {
    [FORM_ANY] = {"", NULL, NULL},
    [FORM_HOST_NAME] = {"a host's full name, such as mail.example.org", wrong_host_name, NULL},
    [FORM_FOLDER] = {"the path of a folder", wrong_folder, NULL},
    [FORM_FILE] = {"the path of a file", NULL, NULL},
    [FORM_LISTEN] = {"an IP address and a port, such as 192.0.2.1:25, 0.0.0.0:25 or [2001:db8::1]:25",
        wrong_listen, NULL},
    [FORM_NETWORK] = {"a network such as 192.0.2.0/24 or 2001:db8::/32, or an IP address", wrong_network,
        NULL},
    [FORM_ADDRESS] = {"an IP address, such as 192.0.2.1 or 2001:db8::1", wrong_address, NULL},
    [FORM_MAIL_ADDRESS] = {"an address such as reports@example.org", wrong_mail_address, NULL},
    [FORM_DOMAIN] = {"a domain such as example.org", wrong_domain, NULL},
    [FORM_MECHANISM] =
        {"one of SCRAM-SHA-256-PLUS, SCRAM-SHA-256, SCRAM-SHA-1-PLUS, SCRAM-SHA-1, CRAM-MD5, PLAIN and LOGIN",
            wrong_mechanism, mechanisms},
    [FORM_NAME_SERVER] = {"an IP address, or ADDRESS@PORT, such as 192.0.2.53 or 127.0.0.1@5353",
        wrong_name_server, NULL},
    [FORM_ANCHOR] = {"a DS or DNSKEY record, or file:PATH", wrong_anchor, NULL},
    [FORM_STUB] = {"ZONE ADDRESS[@PORT] [insecure]", wrong_stub, NULL},
    [FORM_UPDATE] = {"ZONE ADDRESS[@PORT] KEYFILE", wrong_update, NULL},
    [FORM_BIMI] = {"DOMAIN URL [URL]", wrong_picture, NULL},
    [FORM_ROUTE] = {"DOMAIN KIND:HOST[:PORT] [OPTION...]", wrong_route, NULL},
    [FORM_RELAY_DOMAIN] = {"DOMAIN, or DOMAIN FILE", wrong_relay_domain, NULL},
    [FORM_TLS_POLICY] = {"DOMAIN none|may|encrypt|verify", wrong_tls_policy, NULL},
    [FORM_EXCEPTION] = {"from DOMAIN follow|mark|off, or to DOMAIN follow|mark|off", wrong_exception, NULL},
    [FORM_FROM_CHECK] = {"refuse, sender or off", wrong_from_check, from_words},
    [FORM_POLICY] = {"follow, mark or off", wrong_policy, policy_words},
    [FORM_OWN_DOMAINS] = {"refuse, mark or off", wrong_own_domains, own_words},
    [FORM_MASKED_DOMAIN] = {"DOMAIN NUMBER, such as example.org 50", wrong_masked_domain, NULL},
    [FORM_PEOPLE_SEEN] = {"domain, groups or nobody", wrong_people_seen, people_words},
    [FORM_LANGUAGE] = {"a language such as en, de or ja", wrong_language, languages},
    [FORM_LOCAL_USER] = {"the name or number of a user of this machine, or *", wrong_local_user, NULL},
};

const char *setting_form_text(enum setting_form form)
{
	return rows[form].text;
}

const char *setting_form_check(enum setting_form form, struct view value)
{
	return rows[form].wrong ? rows[form].wrong(value) : NULL;
}

const char *const *setting_form_words(enum setting_form form)
{
	return rows[form].words;
}
