/*
 * route: how mail for an address would leave this server now: the route or the hosts in the DNS, what TLS
 * each must show, and how the destination stands in the queue. Evaluated here as relay does it
 * (role/relay/relay_find.c), with answers of the same resolver; nothing is connected to, but the host of an
 * MTA-STS policy.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/random.h"
#include "cli/cli.h"
#include "cli/cli_queue_text.h"
#include "cli/dns_client.h"
#include "cli/dns_policy.h"
#include "cli/store_client.h"
#include "config/route.h"
#include "format/domain.h"
#include "format/plain.h"
#include "io/network.h"
#include "trust/route/mta_sts.h"
#include "trust/route/next_hop.h"

enum {
	MEMORY_MAX = 128 * 1024, /* next_hop_find asks for 64 KB */
	LMTP_PORT = 24,
	SMTPS_PORT = 465,
	RECORD_MAX = 4 << 20
};

struct way {
	struct cli *cli;
	char domain[DNS_NAME_SIZE + 64]; /* or an address literal */
	struct route route;
	bool routed;
	enum tls_level level;
	struct dns_source source;
	struct answers answers;
	struct arena arena;
	struct next_hop found;
	enum next_hop_verdict verdict;
	bool has_policy;
	struct mta_sts_policy policy;
	struct buf policy_text, policy_problem;
	struct buf record; /* of the queue: the oldest message that waits for it */
	size_t waiting;
};

/* ---- what is found ---- */

static uint16_t port_of(const struct way *w)
{
	if (!w->routed)
		return (uint16_t)w->cli->settings.relay_port;
	if (w->route.port)
		return (uint16_t)w->route.port;
	return w->route.kind == ROUTE_LMTP    ? LMTP_PORT
	       : w->route.kind == ROUTE_SMTPS ? SMTPS_PORT
	                                      : (uint16_t)w->cli->settings.relay_port;
}

static struct view target_of(const struct way *w, char text[300])
{
	struct sockaddr_storage address;
	struct view host = w->routed ? w->route.host : view_from_string(w->domain);
	if (!w->routed || !network_parse(host, &address))
		return host;
	snprintf(text, 300, address.ss_family == AF_INET6 ? "[IPv6:%.*s]" : "[%.*s]", VIEW_FMT(host));
	return view_from_string(text);
}

static void fill(struct way *w)
{
	dns_fill(&(struct dns_table){.source = &w->source, .answers = &w->answers}, 1, NULL, NULL);
}

static void find_hosts(struct way *w)
{
	struct view hostname = w->cli->settings.hostname;
	char text[300];
	struct next_hop_request request = {.domain = target_of(w, text),
	    .port = port_of(w),
	    .no_mx = w->routed,
	    .no_dane = w->level != TLS_LEVEL_DEFAULT || (w->routed && w->route.kind != ROUTE_SMTP),
	    .own_names = &hostname,
	    .own_name_count = 1,
	    .seed = random_u64()};
	do {
		arena_reset(&w->arena);
		w->verdict = next_hop_find(&w->answers, &request, &w->arena, &w->found);
		if (w->verdict == NEXT_HOP_WAIT)
			fill(w);
	} while (w->verdict == NEXT_HOP_WAIT);
}

static const struct answer *look(struct way *w, const char *name, unsigned type)
{
	const struct answer *a = answers_look(&w->answers, name, type);
	if (a == NULL)
		fill(w);
	return a ? a : answers_look(&w->answers, name, type);
}

static size_t addresses_of(struct way *w, const char *host, struct sockaddr_storage *out, size_t max)
{
	size_t count = 0;
	const struct answer *four = look(w, host, DNS_A), *six = look(w, host, DNS_AAAA);
	for (size_t i = 0; four && i < four->count && count < max; i++)
		if (four->records[i].len == 4) {
			struct sockaddr_in *a = (struct sockaddr_in *)&out[count++];
			*a = (struct sockaddr_in){.sin_family = AF_INET};
			memcpy(&a->sin_addr, four->records[i].data, 4);
		}
	for (size_t i = 0; six && i < six->count && count < max; i++)
		if (six->records[i].len == 16) {
			struct sockaddr_in6 *a = (struct sockaddr_in6 *)&out[count++];
			*a = (struct sockaddr_in6){.sin6_family = AF_INET6};
			memcpy(&a->sin6_addr, six->records[i].data, 16);
		}
	return count;
}

static void find_policy(struct way *w)
{
	char name[DNS_NAME_SIZE], id[MTA_STS_ID_MAX + 1];
	struct sockaddr_storage addresses[4];
	if (w->routed || w->level != TLS_LEVEL_DEFAULT || !w->cli->settings.mta_sts || w->domain[0] == '[' ||
	    mta_sts_question(w->domain, name) != 0)
		return;
	const struct answer *txt = look(w, name, DNS_TXT);
	if (txt == NULL || mta_sts_id(txt, id) != 0 || mta_sts_host(w->domain, name) != 0)
		return;
	size_t count = addresses_of(w, name, addresses, 4);
	dns_policy_fetch(&w->cli->settings, name, addresses, count, &w->policy_text, &w->policy_problem);
	w->has_policy = buf_view(&w->policy_text).len > 0 &&
	                mta_sts_policy_parse(buf_view(&w->policy_text), &w->arena, &w->policy) == 0;
	if (!w->has_policy && buf_view(&w->policy_problem).len == 0)
		buf_append_string(&w->policy_problem, "its policy cannot be read");
}

/* ---- the queue ---- */

static void take_record(struct view text, bool last, void *arg)
{
	struct buf *all = arg;
	(void)last;
	buf_append(all, text);
}

/* Without a server nothing is known of it. */
static void ask_queue(struct way *w)
{
	char word[DNS_NAME_SIZE + 80];
	struct buf all;
	struct view rest, line;
	int fd = store_client_connect(&w->cli->settings);
	if (fd < 0)
		return;
	snprintf(word, sizeof word, "domain=%s", w->domain);
	const struct view words[] = {VIEW("queue"), VIEW("list"), view_from_string(word)};
	buf_init(&all, RECORD_MAX);
	store_client_ask(fd, words, 3, true, take_record, &all);
	rest = buf_view(&all);
	while (view_next(&rest, '\n', &line)) {
		if (line.len == 0)
			continue;
		if (w->waiting++ == 0)
			buf_append(&w->record, line);
	}
	buf_done(&all);
}

/* ---- words ---- */

static const char *const kinds[] = {[ROUTE_SMTP] = "smtp", [ROUTE_SMTPS] = "smtps", [ROUTE_LMTP] = "lmtp"};

static bool is_enforced(const struct way *w)
{
	return w->has_policy && w->policy.mode == MTA_STS_ENFORCE;
}

/* What TLS this host must show, in words. */
static const char *demand_of(const struct way *w, const struct next_host *host)
{
	static const char *const levels[] = {[TLS_LEVEL_NONE] = "never TLS (tls_policies or the route)",
	    [TLS_LEVEL_MAY] = "TLS if it is offered, whoever answers",
	    [TLS_LEVEL_ENCRYPT] = "TLS in any case, whoever answers",
	    [TLS_LEVEL_VERIFY] = "TLS in any case, with a certificate for its name"};
	if (w->level != TLS_LEVEL_DEFAULT)
		return levels[w->level];
	if (host->dane.level == DANE_VERIFY)
		return "TLS in any case, with a certificate that its TLSA records name (DANE)";
	if (host->dane.level == DANE_ENCRYPT)
		return "TLS in any case: its TLSA records cannot be used, and still demand it (DANE)";
	if (is_enforced(w))
		return mta_sts_allows(&w->policy, view_from_string(host->name))
		           ? "TLS in any case, with a certificate for its name (MTA-STS)"
		           : "NOT ALLOWED by the domain's MTA-STS policy: it is passed over";
	return "TLS if it is offered, whoever answers";
}

static void address_text(const struct sockaddr_storage *a, char out[NETWORK_TEXT_SIZE + 12])
{
	char text[NETWORK_TEXT_SIZE];
	bool six = a->ss_family == AF_INET6;
	network_text(a, text);
	snprintf(out, NETWORK_TEXT_SIZE + 12, six ? "[%s]:%u" : "%s:%u", text,
	    ntohs(six ? ((const struct sockaddr_in6 *)a)->sin6_port
	              : ((const struct sockaddr_in *)a)->sin_port));
}

static void print_host(const struct way *w, size_t i)
{
	const struct next_host *host = &w->found.hosts[i];
	char address[NETWORK_TEXT_SIZE + 12];
	printf("  %zu. %s", i + 1, host->name);
	if (w->found.has_mx)
		printf(" (preference %u%s)", host->preference, host->mx_secure ? ", proven by DNSSEC" : "");
	for (size_t k = 0; k < host->address_count; k++) {
		address_text(&host->addresses[k], address);
		printf("%s%s", k ? ", " : " at ", address);
	}
	printf("\n     %s\n", demand_of(w, host));
}

static void print_way(const struct way *w)
{
	if (w->routed) {
		printf("By a route: %s to %.*s (setting routes)\n", kinds[w->route.kind],
		    VIEW_FMT(w->route.host));
		if (w->route.user.len)
			printf("  with a login as %.*s\n", VIEW_FMT(w->route.user));
	} else if (w->verdict == NEXT_HOP_HOSTS) {
		puts(w->found.has_mx ? "By the MX records of its domain:"
		                     : "Its domain has no MX record: to the addresses of the domain itself:");
	}
	if (w->routed && w->route.host.data[0] == '/')
		return;
	for (size_t i = 0; w->verdict == NEXT_HOP_HOSTS && i < w->found.count; i++)
		print_host(w, i);
	if (w->verdict != NEXT_HOP_HOSTS)
		printf("%s: %s (%s)\n",
		    w->verdict == NEXT_HOP_PERMANENT ? "Its mail cannot leave, and goes back to its sender"
		                                     : "Its mail cannot leave now, and waits",
		    w->found.reason, w->found.enhanced);
	if (w->verdict == NEXT_HOP_PERMANENT && strcmp(w->found.enhanced, "5.4.6") == 0)
		puts("If this server serves the domain itself, `postrider address explain` shows where its "
		     "mail goes.");
	if (w->has_policy)
		printf("The domain has an MTA-STS policy in mode %s.\n",
		    w->policy.mode == MTA_STS_ENFORCE   ? "enforce"
		    : w->policy.mode == MTA_STS_TESTING ? "testing, which binds nobody"
		                                        : "none");
	else if (buf_view(&w->policy_problem).len)
		printf("The domain announces an MTA-STS policy, which cannot be had: %.*s; the server may "
		       "remember an "
		       "older one.\n",
		    VIEW_FMT(buf_view(&w->policy_problem)));
}

static void print_queue(struct way *w)
{
	struct queue_record_view record;
	struct arena arena;
	struct buf out;
	if (w->waiting == 0) {
		puts("Nothing waits for it in the queue.");
		return;
	}
	printf("%zu message%s for it in the queue. Of the oldest: ", w->waiting,
	    w->waiting == 1 ? " waits" : "s wait");
	arena_init(&arena, QUEUE_RECORD_ARENA);
	buf_init(&out, 64 * 1024);
	if (queue_record_read(buf_view(&w->record), &arena, &record) == 0)
		queue_text_next(&record, clock_wall(), &out);
	puts(buf_string(&out));
	buf_done(&out);
	arena_done(&arena);
}

static void print_json(const struct way *w)
{
	char address[NETWORK_TEXT_SIZE + 12];
	static const char *const verdicts[] = {[NEXT_HOP_HOSTS] = "hosts",
	    [NEXT_HOP_TEMPORARY] = "temporary",
	    [NEXT_HOP_PERMANENT] = "permanent"};
	fputs("{\"domain\":", stdout);
	cli_json_string(view_from_string(w->domain));
	printf(",\"verdict\":\"%s\"", verdicts[w->verdict]);
	if (w->routed) {
		printf(",\"route\":{\"kind\":\"%s\",\"host\":", kinds[w->route.kind]);
		cli_json_string(w->route.host);
		putchar('}');
	}
	if (w->verdict != NEXT_HOP_HOSTS) {
		printf(",\"status\":\"%s\",\"reason\":", w->found.enhanced);
		cli_json_string(view_from_string(w->found.reason));
	}
	fputs(",\"hosts\":[", stdout);
	for (size_t i = 0; w->verdict == NEXT_HOP_HOSTS && i < w->found.count; i++) {
		const struct next_host *host = &w->found.hosts[i];
		fputs(i ? ",{\"name\":" : "{\"name\":", stdout);
		cli_json_string(view_from_string(host->name));
		printf(",\"preference\":%u,\"tls\":", host->preference);
		cli_json_string(view_from_string(demand_of(w, host)));
		fputs(",\"addresses\":[", stdout);
		for (size_t k = 0; k < host->address_count; k++) {
			address_text(&host->addresses[k], address);
			printf("%s\"%s\"", k ? "," : "", address);
		}
		fputs("]}", stdout);
	}
	printf("],\"mtaSts\":%s,\"waiting\":%zu",
	    w->has_policy ? is_enforced(w) ? "\"enforce\"" : "\"testing\"" : "null", w->waiting);
	if (buf_view(&w->record).len)
		printf(",\"oldest\":%.*s", VIEW_FMT(buf_view(&w->record)));
	puts("}");
}

/* ---- the command ---- */

/* The domain as the queue has it. An address, or a domain alone. */
static bool take_domain(struct way *w, const char *text)
{
	struct view address = view_from_string(text);
	ptrdiff_t at = view_find_last(address, '@');
	struct view domain = at < 0 ? address : view_skip(address, (size_t)at + 1);
	struct buf normal;
	if (domain.len > 2 && domain.data[0] == '[' && domain.len < sizeof w->domain) {
		snprintf(w->domain, sizeof w->domain, "%.*s", VIEW_FMT(domain));
		return true;
	}
	buf_init(&normal, sizeof w->domain - 1);
	int error = domain_normalize(domain, &normal);
	snprintf(w->domain, sizeof w->domain, "%s", buf_string(&normal));
	buf_done(&normal);
	return error == 0 && w->domain[0] != '\0';
}

static int find_way(struct way *w)
{
	struct settings *s = &w->cli->settings;
	w->routed = route_choose(s->routes, view_from_string(w->domain), &w->route, NULL);
	w->level = tls_policy_choose(
	    s->tls_policies, view_from_string(w->domain), w->routed ? w->route.tls : TLS_LEVEL_DEFAULT);
	if (w->routed && w->route.host.data[0] == '/') {
		w->verdict = NEXT_HOP_HOSTS;
		return 0;
	}
	if (dns_source_resolver(s, &w->source) != 0) {
		fprintf(stderr,
		    "postrider: no name server is known: set dns_server, or name one in /etc/resolv.conf\n");
		return EXIT_UNAVAILABLE;
	}
	find_hosts(w);
	if (w->verdict == NEXT_HOP_HOSTS)
		find_policy(w);
	return 0;
}

int cli_route(struct cli *cli)
{
	struct way w = {.cli = cli};
	if (!cli_words(cli, 1, 1))
		return EXIT_USAGE;
	int status = cli_settings(cli);
	if (status)
		return status;
	if (!take_domain(&w, cli->argv[0]))
		return cli_usage(cli, "this is neither an address nor a domain");
	answers_init(&w.answers);
	arena_init(&w.arena, MEMORY_MAX + MTA_STS_BODY_MAX);
	buf_init(&w.policy_text, MTA_STS_BODY_MAX);
	buf_init(&w.policy_problem, 1024);
	buf_init(&w.record, RECORD_MAX);
	status = find_way(&w);
	if (status == 0) {
		ask_queue(&w);
		if (cli->json) {
			print_json(&w);
		} else {
			print_way(&w);
			print_queue(&w);
		}
		if (w.verdict != NEXT_HOP_HOSTS)
			status = w.verdict == NEXT_HOP_TEMPORARY ? EXIT_TEMPORARY : EXIT_NOTHING;
	}
	dns_source_done(&w.source);
	answers_done(&w.answers);
	arena_done(&w.arena);
	buf_done(&w.policy_text);
	buf_done(&w.policy_problem);
	buf_done(&w.record);
	return status;
}
