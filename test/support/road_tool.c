/*
 * Asks a dns role of its own, confined as in a server, and finds next hosts with it: for tests against real
 * name servers.
 *
 *     road_tool CONFIG      then on standard input, a line each:
 *       ask NAME TYPE [MS]  sends a question, waits for nothing
 *       wait [COUNT]        until all are answered, or so many
 *       hosts DOMAIN [PORT] where mail for the domain goes, as src/trust/route/next_hop.h says
 *       leave               closes the channel to the role and opens another
 *
 * An answer is a line "NUMBER key=value ..."; ms is how long it took.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "process/lookup.h"
#include "io/network.h"
#include "trust/route/next_hop.h"
#include "master/roles.h"

enum { QUESTIONS_MAX = 10000 };

static struct role_process self; /* stands for relay */
static struct channel control;
static struct calls dns;
static struct lookup lookup;
static struct arena arena;
static struct next_hop_request request;
static unsigned asked, answered_count;
static int64_t asked_at[QUESTIONS_MAX];
static bool ready, found;

static void no_frame(void *arg, struct channel_frame *frame)
{
	(void)arg;
	ready = ready || frame->type == MESSAGE_READY;
	if (ready)
		loop_stop(&self.loop);
}

static void role_gone(void *arg)
{
	(void)arg;
	fprintf(stderr, "the role has ended\n");
	exit(1);
}

static void open_peer(void)
{
	int pair[2];
	struct message_peer m = {.role = ROLE_RELAY};
	if (channel_pair(pair) != 0 || ipc_send(&control, MESSAGE_PEER, 0, &m, pair[0]) != 0)
		exit(71);
	calls_link(&dns, &self, pair[1], ROLE_DNS);
}

static void send_anchor_files(void)
{
	static char content[65536];
	struct view rest = self.settings.dns_anchors, anchor;
	while (rest.len && view_next(&rest, '\n', &anchor)) {
		char name[1024];
		if (!view_starts(anchor, VIEW(DNS_ANCHOR_FILE)))
			continue;
		anchor = view_skip(anchor, sizeof DNS_ANCHOR_FILE - 1);
		snprintf(name, sizeof name, "%.*s", VIEW_FMT(anchor));
		FILE *f = fopen(name, "r");
		struct message_file m = {.kind = FILE_ANCHORS,
		    .name = anchor,
		    .content = view_of(content, f ? fread(content, 1, sizeof content, f) : 0)};
		if (f)
			fclose(f);
		ipc_send(&control, MESSAGE_FILE, 0, &m, -1);
	}
}

static void equip(void)
{
	struct buf encoded;
	buf_init(&encoded, 1 << 20);
	settings_encode(&self.settings, &encoded);
	struct message_settings m = {.encoded = buf_view(&encoded)};
	ipc_send(&control, MESSAGE_SETTINGS, 0, &m, -1);
	buf_done(&encoded);
	send_anchor_files();
	open_peer();
	ipc_send(&control, MESSAGE_START, 0, &(struct message_empty){0}, -1);
	loop_run(&self.loop);
}

/* ---- single questions ---- */

static bool answered(void *arg, struct link *link, struct channel_frame *frame)
{
	struct message_answer m;
	unsigned number = (unsigned)(uintptr_t)arg;
	printf("%u ms=%lld", number, (long long)(clock_monotonic_ms() - asked_at[number]));
	if (frame == NULL) {
		printf(" lost");
	} else if (link_decode(link, frame, &m)) {
		printf(" status=%llu secure=%llu bogus=%llu ttl=%llu canonical=%.*s count=%zu records=",
		    (unsigned long long)m.status, (unsigned long long)m.secure, (unsigned long long)m.bogus,
		    (unsigned long long)m.ttl, VIEW_FMT(m.canonical), m.records.count);
		for (size_t i = 0; i < m.records.count; i++) {
			struct view v = ((const struct message_field *)m.records.items)[i].value;
			for (size_t j = 0; j < v.len; j++)
				printf("%02x", (unsigned char)v.data[j]);
			printf(i + 1 < m.records.count ? "," : "");
		}
		printf(" why=%.*s", VIEW_FMT(m.why));
	}
	printf("\n");
	answered_count++;
	loop_stop(&self.loop);
	return true;
}

static void ask(const char *name, unsigned type, unsigned ms)
{
	struct message_query m = {.name = view_from_string(name), .type = type, .timeout_ms = ms};
	if (++asked >= QUESTIONS_MAX)
		exit(64);
	asked_at[asked] = clock_monotonic_ms();
	if (calls_ask(&dns, MESSAGE_QUERY, &m, answered, (void *)(uintptr_t)asked) == 0) {
		printf("%u not-sent\n", asked);
		answered_count++;
	}
}

/* ---- next hosts ---- */

static void print_host(const struct next_host *h)
{
	static const char *const levels[] = {"none", "encrypt", "verify"};
	printf("host=%s canonical=%s preference=%u mx_secure=%d address_secure=%d dane=%s base=%s "
	       "records=%zu names=",
	    h->name, h->canonical, h->preference, h->mx_secure, h->address_secure, levels[h->dane.level],
	    h->dane.base ? h->dane.base : "", h->dane.count);
	for (size_t i = 0; i < h->dane.name_count; i++)
		printf("%s%s", i ? "," : "", h->dane.names[i]);
	printf(" addresses=");
	for (size_t i = 0; i < h->address_count; i++) {
		char text[NETWORK_TEXT_SIZE];
		network_text(&h->addresses[i], text);
		printf("%s%s", i ? "," : "", text);
	}
	printf("\n");
}

static void evaluate(void *arg)
{
	static const char *const verdicts[] = {"hosts", "wait", "temporary", "permanent"};
	struct next_hop hop;
	(void)arg;
	enum next_hop_verdict verdict = next_hop_find(&lookup.answers, &request, &arena, &hop);
	if (verdict == NEXT_HOP_WAIT) {
		lookup_ask(&lookup);
		return;
	}
	printf("verdict=%s enhanced=%s ttl=%u skipped=%d count=%zu reason=%s\n", verdicts[verdict],
	    hop.enhanced ? hop.enhanced : "", hop.ttl, hop.skipped, hop.count, hop.reason ? hop.reason : "");
	for (size_t i = 0; i < hop.count; i++)
		print_host(&hop.hosts[i]);
	lookup_done(&lookup);
	found = true;
	loop_stop(&self.loop);
}

static void find_hosts(const char *domain, unsigned port)
{
	arena_init(&arena, 65536);
	request =
	    (struct next_hop_request){.domain = view_from_string(domain), .port = (uint16_t)port, .seed = 1};
	lookup_init(&lookup, &self.loop, &dns, 10000, evaluate, NULL);
	found = false;
	evaluate(NULL);
	while (!found)
		loop_run(&self.loop);
	arena_done(&arena);
}

int main(int argc, char **argv)
{
	char line[1024], name[512];
	unsigned type, number;
	struct buf problem;
	int pair[2];
	buf_init(&problem, 4096);
	setenv("POSTRIDER_UID", "65534", 0);
	setenv("POSTRIDER_GID", "65534", 0);
	setenv("POSTRIDER_EMPTY", "/", 0);
	settings_init(&self.settings);
	if (argc != 2 || settings_read(&self.settings, argv[1], &problem) != 0 || channel_pair(pair) != 0) {
		fprintf(stderr, "%s\n", buf_string(&problem));
		return 64;
	}
	if (fork() == 0) {
		close(pair[0]);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(role_run(role_by_name("dns"), pair[1]));
	}
	close(pair[1]);
	self.role = role_by_name("relay");
	loop_init(&self.loop);
	calls_init(&dns);
	channel_init(&control, &self.loop, pair[0], no_frame, role_gone, NULL);
	equip();
	setvbuf(stdout, NULL, _IOLBF, 0);
	while (fgets(line, sizeof line, stdin)) {
		number = 0;
		if (sscanf(line, "ask %511s %u %u", name, &type, &number) >= 2)
			ask(name, type, number);
		else if (sscanf(line, "hosts %511s %u", name, &number) >= 1)
			find_hosts(name, number ? number : 25);
		else if (strncmp(line, "wait", 4) == 0) {
			unsigned enough = sscanf(line, "wait %u", &number) == 1 ? number : asked;
			while (answered_count < enough)
				loop_run(&self.loop);
		} else if (strncmp(line, "leave", 5) == 0)
			open_peer();
		else
			return 64;
	}
	return 0;
}
