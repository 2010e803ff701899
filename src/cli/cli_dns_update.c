/*
 * dns update: makes the changes that `dns check` names, at the zone's primary server, by RFC 2136 with TSIG.
 * Nothing is removed without a yes, and nothing at all is changed when the records are no longer as they were
 * seen.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/random.h"
#include "cli/cli_dns_check.h"
#include "cli/dns_ask.h"
#include "config/dns_update.h"
#include "io/network.h"
#include "trust/zone/tsig.h"
#include "trust/zone/zone_update.h"

struct update {
	struct dns_check check;
	struct sockaddr_storage primary;
	char primary_name[DNS_NAME_SIZE + 64];
	struct dns_source source;
	struct answers seen; /* what the primary has */
	struct tsig_key key;
	size_t additions, removals, skipped;
};

/* ---- the key ---- */

static int open_key(const char *path, struct buf *text)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) != 0) {
		fprintf(stderr, "postrider: cannot read the key %s: %s\n", path, strerror(errno));
		if (fd >= 0)
			close(fd);
		return EXIT_NOTHING;
	}
	char *to = buf_reserve(text, TSIG_FILE_MAX);
	ssize_t n = to ? read(fd, to, TSIG_FILE_MAX) : -1;
	close(fd);
	if (st.st_mode & (S_IRWXG | S_IRWXO)) {
		fprintf(stderr,
		    "postrider: the key %s can be read by others, who could change the zone with it: chmod "
		    "600 it; if strangers can log in here, make a new one\n",
		    path);
		return EXIT_REFUSED;
	}
	if (n > 0)
		buf_commit(text, (size_t)n);
	return 0;
}

static int read_key(const char *path, struct tsig_key *out)
{
	const char *problem;
	struct buf text;
	buf_init(&text, TSIG_FILE_MAX);
	int status = open_key(path, &text);
	if (status == 0 && tsig_key_parse(buf_view(&text), out, &problem) != 0) {
		fprintf(stderr, "postrider: the key %s: %s\n", path, problem);
		status = EXIT_DATA;
	}
	if (text.data)
		mem_wipe(text.data, text.cap);
	buf_done(&text);
	return status;
}

/* ---- the primary server ---- */

static void take_primary(struct update *u, const char *name, const struct sockaddr_storage *address)
{
	u->primary = *address;
	snprintf(u->primary_name, sizeof u->primary_name, "%s", name);
}

/* The server that the SOA record names, whether NS records name it as well or not. */
static bool find_by_soa(struct update *u)
{
	static const unsigned types[] = {DNS_A, DNS_AAAA};
	struct dns_survey *s = &u->check.survey;
	const struct dns_table table = {&s->resolver, &s->resolved};
	struct dns_soa soa;
	const struct answer *a = NULL;
	for (size_t i = 0; i < s->count && (a == NULL || a->count == 0); i++)
		a = answers_look(&s->servers[i].answers, s->apex, DNS_SOA);
	if (a == NULL || a->count == 0 || dns_record_soa(a->records[0], &soa) != 0 || soa.primary[0] == '\0')
		return false;
	for (size_t t = 0; t < 2; t++)
		answers_look(&s->resolved, soa.primary, types[t]);
	dns_fill(&table, 1, NULL, NULL);
	for (size_t t = 0; t < 2; t++) {
		struct sockaddr_storage address;
		char text[NETWORK_TEXT_SIZE];
		a = answers_look(&s->resolved, soa.primary, types[t]);
		if (a == NULL || a->count == 0 || dns_record_address(types[t], a->records[0], &address) != 0)
			continue;
		network_text(&address, text);
		if (dns_server_parse(view_from_string(text), &address)) {
			take_primary(u, soa.primary, &address);
			return true;
		}
	}
	return false;
}

/* The server that was given, or that the setting names for the zone, or that the SOA record names. */
static int find_primary(struct update *u, bool have_server)
{
	const struct dns_survey *s = &u->check.survey;
	if (have_server)
		return 0;
	if (s->given && s->count) {
		take_primary(u, s->servers[0].name, &s->servers[0].source.servers[0]);
		return 0;
	}
	if (find_by_soa(u))
		return 0;
	fprintf(stderr,
	    "postrider: the primary name server of %s is not known: give its address with --server, or in "
	    "the setting dns_updates\n",
	    u->check.plan.site.domain);
	return EXIT_UNAVAILABLE;
}

/* Asks the primary for what is there now. */
static void look_again(struct update *u)
{
	const struct zone_report *report = &u->check.report;
	enum zone_skip skip;
	dns_source_server(&u->primary, &u->source);
	answers_init_for(&u->seen, ZONE_CHANGES_MAX, ZONE_ANSWERS_MEMORY_MAX);
	for (size_t i = 0; i < report->change_count; i++)
		zone_update_skips(u->check.survey.apex, &report->changes[i], &u->seen, &skip);
	const struct dns_table table = {&u->source, &u->seen};
	dns_fill(&table, 1, NULL, NULL);
}

/* ---- showing, asking ---- */

static void show(struct update *u, bool print)
{
	static const char *const why[] = {
	    [ZONE_SKIP_NOT] = "",
	    [ZONE_SKIP_ZONE] = "it lies in another zone",
	    [ZONE_SKIP_ALIAS] = "an alias (CNAME) stands at that name",
	    [ZONE_SKIP_UNSEEN] = "the server does not say what stands there now",
	};
	const struct zone_report *report = &u->check.report;
	u->additions = u->removals = u->skipped = 0;
	for (size_t i = 0; i < report->change_count; i++) {
		const struct zone_change *c = &report->changes[i];
		enum zone_skip skip;
		zone_update_skips(u->check.survey.apex, c, &u->seen, &skip);
		if (skip != ZONE_SKIP_NOT) {
			u->skipped++;
			if (print) {
				dns_check_print_change(c, 0);
				printf("    is not changed: %s\n", why[skip]);
			}
			continue;
		}
		if (print)
			dns_check_print_change(c, 0);
		*(c->remove ? &u->removals : &u->additions) += 1;
	}
}

/* 0, or an exit code when it must not go on. */
static int ask_first(const struct update *u, bool yes)
{
	char answer[16];
	if (u->removals == 0 || yes)
		return 0;
	if (!isatty(STDIN_FILENO)) {
		fputs(
		    "postrider: records would be removed: say --yes if they shall be. Nothing was changed\n",
		    stderr);
		return EXIT_REFUSED;
	}
	fprintf(stderr, "Remove %zu and add %zu records at %s? [y/N] ", u->removals, u->additions,
	    u->primary_name);
	if (fgets(answer, sizeof answer, stdin) && (answer[0] == 'y' || answer[0] == 'Y'))
		return 0;
	fputs("Nothing was changed.\n", stderr);
	return EXIT_REFUSED;
}

/* ---- sending ---- */

static const char unsigned_answer[] =
    "; but the answer is not signed, so it may be anybody's: check what was changed";

static int judge(const struct update *u, struct view reply, const struct tsig_mac *mac, uint16_t id)
{
	struct dns_message m;
	uint64_t theirs = 0, now = (uint64_t)clock_wall();
	const char *words, *doubt = "";
	if (dns_message_open(reply, &m) != 0 || !m.response || m.id != id) {
		fprintf(stderr, "postrider: the answer of %s cannot be read; check what was changed\n",
		    u->primary_name);
		return EXIT_UNAVAILABLE;
	}
	switch (tsig_verify(reply, &u->key, mac, now, &theirs)) {
	case TSIG_GOOD:
		if (m.rcode == DNS_NOERROR)
			return 0;
		words = zone_update_words(m.rcode);
		break;
	case TSIG_BAD_KEY:
		/* RFC 8945 section 5.3.2: such an answer cannot be signed. */
		words = "the server does not know a key of this name";
		doubt = unsigned_answer;
		break;
	case TSIG_BAD_SIGNATURE:
		words = "the server has another secret, or another algorithm, under this key's name";
		doubt = unsigned_answer;
		break;
	case TSIG_BAD_TIME:
		fprintf(stderr,
		    "postrider: %s: the server's clock is %lld s ahead of this one; set the wrong one right. "
		    "Nothing was changed\n",
		    u->primary_name, (long long)theirs - (long long)now);
		return EXIT_TEMPORARY;
	case TSIG_UNSIGNED:
		words = m.rcode == DNS_NOERROR ? "the update is taken" : zone_update_words(m.rcode);
		doubt = unsigned_answer;
		break;
	default:
		words = "the answer is wrongly signed, so it may be anybody's; check what was changed";
	}
	fprintf(stderr, "postrider: %s answers %s: %s%s\n", u->primary_name, dns_rcode_name(m.rcode), words,
	    doubt);
	return m.rcode == DNS_NXRRSET || m.rcode == DNS_YXRRSET ? EXIT_TEMPORARY : EXIT_UNAVAILABLE;
}

static int send_update(struct update *u)
{
	const struct zone_report *report = &u->check.report;
	struct buf message, reply;
	struct tsig_mac mac;
	uint16_t id = (uint16_t)random_u64();
	size_t made;
	buf_init(&message, DNS_MESSAGE_MAX);
	buf_init(&reply, DNS_MESSAGE_MAX);
	int error = zone_update_write(
	    &message, id, u->check.survey.apex, report->changes, report->change_count, &u->seen, &made);
	if (error == 0)
		error = tsig_sign(&message, &u->key, (uint64_t)clock_wall(), &mac);
	if (error == 0)
		error = dns_exchange(&u->primary, buf_view(&message), &reply);
	int status = error ? EXIT_UNAVAILABLE : judge(u, buf_view(&reply), &mac, id);
	if (error)
		fprintf(stderr, "postrider: %s: %s; check what was changed\n", u->primary_name,
		    error == -ENOBUFS ? "these are too many changes for one message" : strerror(-error));
	buf_done(&reply);
	buf_done(&message);
	return status;
}

/* ---- all of it ---- */

static void print_json(const struct update *u, bool sent)
{
	const struct zone_report *report = &u->check.report;
	printf("{\"zone\":\"%s\",\"server\":\"%s\",\"changed\":%s,\"additions\":%zu,\"removals\":%zu,"
	       "\"skipped\":%zu,"
	       "\"changes\":[",
	    u->check.survey.apex, u->primary_name, sent ? "true" : "false", u->additions, u->removals,
	    u->skipped);
	for (size_t i = 0; i < report->change_count; i++) {
		struct buf text;
		enum zone_skip skip;
		struct answers *seen = (struct answers *)(uintptr_t)&u->seen;
		zone_update_skips(u->check.survey.apex, &report->changes[i], seen, &skip);
		buf_init(&text, 256 * 1024);
		zone_record_text(&report->changes[i].record, &text);
		printf("%s{\"remove\":%s,\"skipped\":%s,\"record\":", i ? "," : "",
		    report->changes[i].remove ? "true" : "false", skip == ZONE_SKIP_NOT ? "false" : "true");
		cli_json_string(buf_view(&text));
		putchar('}');
		buf_done(&text);
	}
	puts("]}");
}

/* From the options, or the setting of the zone. */
static int take_key(struct cli *cli, struct update *u, const char *file, bool *have_server)
{
	struct view rest = cli->settings.dns_updates, line;
	struct dns_update row;
	const char *problem;
	while (file == NULL && rest.len && view_next(&rest, '\n', &line)) {
		char path[1024];
		if (dns_update_parse(line, &row, &problem) != 0 ||
		    strcmp(row.zone, u->check.survey.apex) != 0)
			continue;
		snprintf(path, sizeof path, "%.*s", VIEW_FMT(row.key_file));
		if (!*have_server && dns_server_parse(row.server, &u->primary)) {
			snprintf(u->primary_name, sizeof u->primary_name, "%.*s", VIEW_FMT(row.server));
			*have_server = true;
		}
		return read_key(path, &u->key);
	}
	if (file)
		return read_key(file, &u->key);
	fprintf(stderr,
	    "postrider: no key is known for the zone %s: give a file with --key, or set dns_updates. "
	    "tsig-keygen (BIND) and keymgr (Knot) make keys\n",
	    u->check.survey.apex);
	return EXIT_USAGE;
}

static int run(struct cli *cli, struct update *u)
{
	const char *file = cli_value(cli, "--key");
	bool yes = cli_option(cli, "--yes"), dry = cli_option(cli, "--dry-run"), have_server = false;
	int status = dns_check_run(cli, &u->check);
	if (status)
		return status;
	if (u->check.survey.apex[0] == '\0') {
		fprintf(stderr,
		    "postrider: the zone of %s cannot be found, or its name servers do not answer\n",
		    u->check.plan.site.domain);
		return EXIT_UNAVAILABLE;
	}
	if (!dry)
		status = take_key(cli, u, file, &have_server);
	if (status == 0)
		status = find_primary(u, have_server);
	if (status)
		return status;
	look_again(u);
	show(u, !cli->json);
	bool sent = false;
	if (u->additions + u->removals && !dry) {
		status = ask_first(u, yes);
		if (status == 0)
			status = send_update(u);
		sent = status == 0;
	}
	if (cli->json)
		print_json(u, sent);
	else if (sent)
		printf("Done: %zu added, %zu removed at %s.\n", u->additions, u->removals, u->primary_name);
	else if (u->additions + u->removals == 0)
		puts("There is nothing to change.");
	return status;
}

int cli_dns_update(struct cli *cli)
{
	struct update *u = mem_alloc(sizeof *u);
	int status = run(cli, u);
	dns_check_done(&u->check);
	dns_source_done(&u->source);
	answers_done(&u->seen);
	tsig_key_wipe(&u->key);
	mem_free(u);
	return status;
}
