/* See relay_tls_report.h. */
#include "role/relay/relay_tls_report.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "report/report.h"
#include "role/relay/relay_message.h"
#include "role/relay/relay_state.h"

enum {
	HOSTS_MAX = 8, /* patterns of a policy that are told, and TLSA records */
	LINE_MAX_BYTES = 300
};

static struct tallies counted;

void relay_tls_report_start(void)
{
	tallies_init(&counted, &relay_role.process->loop, &relay_role.store, REPORT_TLS);
}

void relay_tls_report_drain(void)
{
	tallies_flush(&counted);
}

/* ---- the policy ---- */

struct lines {
	struct report_text items[2 * HOSTS_MAX];
	char text[2 * HOSTS_MAX][LINE_MAX_BYTES];
	size_t count;
};

static char *next_line(struct lines *l)
{
	return l->count < 2 * HOSTS_MAX ? l->text[l->count] : NULL;
}

static void end_line(struct lines *l, int len)
{
	size_t kept = len < 0 ? 0 : (size_t)len < LINE_MAX_BYTES ? (size_t)len : LINE_MAX_BYTES - 1;
	l->items[l->count].value = view_of(l->text[l->count], kept);
	l->count++;
}

static void put_sts(const struct mta_sts_policy *policy, struct lines *strings, struct lines *hosts)
{
	end_line(strings, snprintf(next_line(strings), LINE_MAX_BYTES, "version: STSv1"));
	end_line(strings, snprintf(next_line(strings), LINE_MAX_BYTES, "mode: %s",
	                      policy->mode == MTA_STS_TESTING ? "testing" : "enforce"));
	end_line(strings, snprintf(next_line(strings), LINE_MAX_BYTES, "max_age: %u", policy->max_age));
	for (size_t i = 0; i < policy->mx_count && i < HOSTS_MAX; i++) {
		end_line(strings,
		    snprintf(next_line(strings), LINE_MAX_BYTES, "mx: %.*s", VIEW_FMT(policy->mx[i])));
		end_line(hosts, snprintf(next_line(hosts), LINE_MAX_BYTES, "%.*s", VIEW_FMT(policy->mx[i])));
	}
}

/* RFC 8460 section 4.2: the records, as a zone file has them. */
static void put_tlsa(const struct next_hop *found, struct lines *strings, struct lines *hosts)
{
	for (size_t i = 0; i < found->count && hosts->count < HOSTS_MAX; i++) {
		const struct dane *dane = &found->hosts[i].dane;
		if (dane->level == DANE_NONE)
			continue;
		end_line(hosts, snprintf(next_line(hosts), LINE_MAX_BYTES, "%s", found->hosts[i].name));
		for (size_t k = 0; k < dane->count && strings->count < HOSTS_MAX; k++) {
			const struct dns_tlsa *r = &dane->records[k];
			char *line = next_line(strings);
			int len =
			    snprintf(line, LINE_MAX_BYTES, "%u %u %u ", r->usage, r->selector, r->matching);
			for (size_t n = 0; n < r->data.len && len < LINE_MAX_BYTES - 3; n++)
				len += snprintf(line + len, 3, "%02x", (unsigned char)r->data.data[n]);
			end_line(strings, len);
		}
	}
}

static bool has_dane(const struct next_hop *found)
{
	for (size_t i = 0; i < found->count; i++)
		if (found->hosts[i].dane.level != DANE_NONE)
			return true;
	return false;
}

/* A host for which DANE has a say is judged by DANE alone (RFC 8461 section 2). */
static void find_strangers(
    const struct mta_sts_policy *policy, const struct next_hop *found, struct buf *strangers)
{
	for (size_t i = 0; i < found->count; i++)
		if (!mta_sts_allows(policy, view_from_string(found->hosts[i].name)))
			buf_printf(strangers, "%s\n", found->hosts[i].name);
}

void relay_tls_policy_init(struct relay_tls_policy *p)
{
	*p = (struct relay_tls_policy){.tested = false};
	buf_init(&p->bytes, TALLIES_BYTES_MAX);
	buf_init(&p->strangers, NEXT_HOP_HOSTS_MAX * (DNS_NAME_SIZE + 1));
}

void relay_tls_policy_done(struct relay_tls_policy *p)
{
	buf_done(&p->bytes);
	buf_done(&p->strangers);
}

void relay_tls_policy_copy(struct relay_tls_policy *to, const struct relay_tls_policy *from)
{
	buf_clear(&to->bytes);
	buf_clear(&to->strangers);
	buf_append(&to->bytes, buf_view(&from->bytes));
	buf_append(&to->strangers, buf_view(&from->strangers));
	to->tested = from->tested;
}

void relay_tls_report_policy(struct view domain, const struct mta_sts_policy *policy,
    const struct next_hop *found, struct relay_tls_policy *result)
{
	static struct lines strings, hosts;
	struct buf *out = &result->bytes;
	strings.count = hosts.count = 0;
	buf_clear(out);
	bool dane = has_dane(found);
	if (domain.len == 0 || domain.data[0] == '[' || !relay_role.process->settings.reports)
		return;
	result->tested = !dane && policy && policy->mode == MTA_STS_TESTING;
	if (result->tested)
		find_strangers(policy, found, &result->strangers);
	bool sts = !dane && policy && policy->mode != MTA_STS_NONE;
	if (dane)
		put_tlsa(found, &strings, &hosts);
	else if (sts)
		put_sts(policy, &strings, &hosts);
	struct report_tls_policy p = {.type = dane  ? VIEW("tlsa")
	                                      : sts ? VIEW("sts")
	                                            : VIEW("no-policy-found"),
	    .domain = domain,
	    .strings = {strings.items, strings.count},
	    .mx = {hosts.items, hosts.count}};
	/* Long names: fewer lines, until it fits. */
	while (codec_encode(out, &report_tls_policy_schema, &p) != 0) {
		buf_clear(out);
		if (p.strings.count == 0 && p.mx.count == 0)
			return;
		p.strings.count /= 2;
		p.mx.count /= 2;
	}
}

/* ---- what happened ---- */

static void count(struct view domain, struct view policy, const struct report_tls_failure *f)
{
	struct buf row;
	if (policy.len == 0)
		return;
	buf_init(&row, TALLIES_BYTES_MAX);
	if (codec_encode(&row, &report_tls_failure_schema, f) == 0)
		tallies_count(&counted, clock_wall(), domain, policy, buf_view(&row), 1);
	buf_done(&row);
}

static struct view short_text(const char *text)
{
	return view_take(view_from_string(text), 200);
}

/* What the TLS library says of a certificate, in the words of RFC 8460 section 4.3. */
static const char *type_of(const struct relay_reason *why)
{
	const char *text = why->text ? why->text : "";
	if (why->cause == TROUBLE_TLS_MISSING)
		return "starttls-not-supported";
	if (why->cause == TROUBLE_TLS_UNTRUSTED && strstr(text, "expired"))
		return "certificate-expired";
	if (why->cause == TROUBLE_TLS_UNTRUSTED && strstr(text, "mismatch"))
		return "certificate-host-mismatch";
	if (why->cause == TROUBLE_TLS_UNTRUSTED && (strstr(text, "self-signed") || strstr(text, "issuer")))
		return "certificate-not-trusted";
	if (why->cause == TROUBLE_TLS_UNTRUSTED || why->cause == TROUBLE_TLS_FAILED)
		return "validation-failure";
	return NULL;
}

void relay_tls_report_failed(struct view domain, const struct relay_tls_policy *policy, const char *host,
    const struct relay_reason *why)
{
	const char *type = type_of(why);
	if (type == NULL)
		return;
	struct report_tls_failure f = {
	    .type = view_from_string(type), .mx_host = short_text(host), .code = short_text(why->text)};
	count(domain, buf_view(&policy->bytes), &f);
}

static bool is_stranger(const struct relay_tls_policy *policy, const char *host)
{
	struct view rest = buf_view(&policy->strangers), name;
	while (rest.len > 0 && view_next(&rest, '\n', &name))
		if (view_equal(name, view_from_string(host)))
			return true;
	return false;
}

/* What an enforced policy would have said of a connection that was used under one that is tested. */
static const char *objection(const struct relay_tls_policy *policy, const struct relay_peer *peer)
{
	if (!policy->tested)
		return NULL;
	return is_stranger(policy, peer->host) ? "the policy does not name this host" : peer->unproven;
}

void relay_tls_report_used(
    struct view domain, const struct relay_tls_policy *policy, const struct relay_peer *peer)
{
	struct relay_reason why = {TROUBLE_TLS_MISSING, "4.7.4", "", "the host offers no STARTTLS"};
	/* A success is a row without a kind of failure, and needs no details. */
	const struct report_tls_failure success = {.type = {0}};
	bool good = peer->tls[0] != '\0';
	if (good && peer->host && objection(policy, peer)) {
		why = (struct relay_reason){TROUBLE_TLS_UNTRUSTED, "4.7.5", "", objection(policy, peer)};
		good = false;
	}
	if (good)
		count(domain, buf_view(&policy->bytes), &success);
	else
		relay_tls_report_failed(domain, policy, peer->host ? peer->host : "", &why);
}
