/*
 * Questions in, records out, through libunbound on our own loop. Records are handed out as they stand in the
 * answer, checked for the length that the library gives; what they mean is the asker's to parse. Bogus
 * answers count as failures, and are marked.
 *
 * The library cannot stop what it has begun: a question whose asker has given up, or is gone, stays with it
 * until it comes to its end, which with a silent name server takes some 17 s. So a question is given to it
 * only when there is a place (share.h): for its zone, its asker, and in all. What was answered lately needs
 * none (dns_cache.h).
 */
#include "role/dns/role_dns.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unbound.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "role/dns/dns_cache.h"
#include "config/dns_stub.h"
#include "role/dns/dns_zone.h"
#include "process/peers.h"

enum {
	/* Questions that one asker waits for. Half of them may be for zones that answered nothing lately,
	 * which is as many as relay has destinations: after a restart nothing has answered yet. The other
	 * half is for those that answer. */
	WAITING_MAX = 4000,
	/* That wait or are under way, of all; half of them likewise. */
	QUESTIONS_MAX = 6000,
	/* In the resolver, with those that nobody waits for any more: fewer than it has sockets
	 * (outgoing-range), since what it asks by itself needs some too; each takes some 12 KB there. */
	PLACES = 700,
	PLACES_ASKER = 500, /* of one asker: the other always finds some */
	PLACES_UNPROVEN =
	    150, /* of one asker, for zones that answered nothing lately: the others have the rest */
	/* After so long without an answer a question is no more one of these, so that others of the kind get
	 * their turn; but only so many. */
	SLOW_MS = 3000,
	SLOW_MAX = 300,
	/* A failure that came sooner is no silence. */
	SILENCE_MS = 1500,
	SET_BACK_MS = 60 * 1000, /* of the wall clock: less makes little difference to what is believed */
	/* Of a question that brings none: by then name servers were tried several times. */
	TIMEOUT_MS = 30000,
	TIMEOUT_MAX_MS = 300000,
	RECORDS_MAX = 256,
	NAME_BYTES = 256,
	WHY_BYTES = 512,
	CLASS_IN = 1
};

/* The status that is told: 0, or what went wrong. NXDOMAIN is 3, as in the protocol (RFC 1035 section 4.1.1).
 */
enum { STATUS_GOOD = 0, STATUS_FAILED = 2, STATUS_NXDOMAIN = 3 };

struct client {
	struct peer peer; /* the first member: a link's client is the link */
	struct dns_load waiting;
	struct share unproven, all; /* places; they outlive the link, as its questions do */
};

enum state { IN_LINE, GRANTED, UNDER_WAY };

struct query {
	struct client *client; /* NULL: nobody waits */
	struct query *next, *previous;
	enum state state;
	struct dns_zone *zone;
	struct share_claim claim;
	struct loop_task start;
	struct loop_timer deadline, slowness;
	int64_t started_at;
	bool proven;       /* its zone was, when it was asked */
	bool slow, judged; /* counted in dns.slow; the zone knows of its silence */
	uint32_t request;
	uint64_t timeout_ms;
	unsigned type;
	char name[NAME_BYTES];
};

static struct {
	struct role_process *process;
	struct ub_ctx *resolver;
	struct peers clients;
	struct loop_watch readable;
	struct query *queries;
	struct share all;
	struct dns_load load;
	unsigned slow;
	struct arena arena; /* of an answer from the cache */
} dns;

static void give_up(struct query *q)
{
	if (q->client == NULL)
		return;
	loop_timer_cancel(&q->deadline);
	dns_load_remove(&q->client->waiting, q->proven);
	q->client = NULL;
}

static void take_out(struct query *q)
{
	give_up(q);
	*(q->previous ? &q->previous->next : &dns.queries) = q->next;
	if (q->next)
		q->next->previous = q->previous;
	loop_timer_cancel(&q->slowness);
	loop_task_cancel(&q->start);
	dns_load_remove(&dns.load, q->proven);
	dns.slow -= q->slow;
	if (q->state == IN_LINE)
		share_leave(&q->claim);
	else
		share_give_back(q->claim.shares, q->claim.share_count);
	dns_zone_release(q->zone);
	mem_free(q);
}

/* Nobody waits any more. The resolver keeps its question. */
static void let_go(struct query *q)
{
	if (q->state == UNDER_WAY)
		give_up(q);
	else
		take_out(q);
}

/* ---- answers ---- */

static void send_failure(struct client *client, uint32_t request, const char *why)
{
	struct message_answer m = {.status = STATUS_FAILED, .why = view_from_string(why)};
	ipc_send(&client->peer.link.channel, MESSAGE_ANSWER, request, &m, -1);
}

/* libunbound's words about a failure, or the name of the code. */
static struct view reason(const struct ub_result *result)
{
	static const char *const names[] = {"", "FORMERR", "SERVFAIL", "", "NOTIMP", "REFUSED"};
	if (result->why_bogus)
		return view_take(view_from_string(result->why_bogus), WHY_BYTES);
	unsigned code = (unsigned)result->rcode;
	return view_from_string(
	    code < sizeof names / sizeof names[0] ? names[code] : "an error of the name server");
}

/* Tells it who still waits, and keeps it for others. */
static void take_answer(const struct query *q, const struct ub_result *result)
{
	struct message_field records[RECORDS_MAX];
	struct message_answer m = {
	    .status = STATUS_FAILED, .ttl = result->ttl > 0 ? (uint64_t)result->ttl : 0};
	size_t count = 0;
	m.bogus = result->bogus != 0;
	if (!result->bogus) {
		m.status = result->nxdomain ? STATUS_NXDOMAIN : (uint64_t)result->rcode;
		m.secure = result->secure != 0;
		m.canonical = view_take(view_from_string(result->canonname), NAME_BYTES);
	}
	if (m.status != STATUS_GOOD && m.status != STATUS_NXDOMAIN)
		m.why = reason(result);
	while (!result->bogus && result->havedata && count < RECORDS_MAX && result->data[count]) {
		records[count].value = view_of(result->data[count], (size_t)result->len[count]);
		count++;
	}
	m.records = (struct codec_list){.items = records, .count = count};
	dns_cache_put(view_from_string(q->name), q->type, &m, clock_monotonic_ms());
	if (q->client && q->client->peer.link.up &&
	    ipc_send(&q->client->peer.link.channel, MESSAGE_ANSWER, q->request, &m, -1) == -EMSGSIZE)
		send_failure(q->client, q->request, "the answer is too large");
}

/* What its end says of the zone. Forged is not silent. */
static void judge(struct query *q, const struct ub_result *result)
{
	int64_t now = clock_monotonic_ms();
	if (result && (result->bogus || result->rcode == STATUS_GOOD || result->nxdomain))
		dns_zone_answered(q->zone, now);
	else if (!q->judged && now - q->started_at >= SILENCE_MS)
		dns_zone_was_silent(q->zone, now);
	q->judged = true;
}

static void answered(void *arg, int error, struct ub_result *result)
{
	struct query *q = arg;
	judge(q, error ? NULL : result);
	if (result && !error)
		take_answer(q, result);
	else if (q->client && q->client->peer.link.up)
		send_failure(q->client, q->request, ub_strerror(error));
	ub_resolve_free(result);
	take_out(q);
}

/* The answer may still come; then it is in our memory for the next asker. */
static void too_late(void *arg)
{
	struct query *q = arg;
	char why[80];
	snprintf(
	    why, sizeof why, "no answer within %llu s", (unsigned long long)((q->timeout_ms + 999) / 1000));
	struct client *client = q->client;
	uint32_t request = q->request;
	if (q->state == UNDER_WAY)
		judge(q, NULL);
	let_go(q);
	send_failure(client, request, why);
}

/* ---- questions ---- */

static bool is_unproven_share(const struct share *share)
{
	for (const struct peer *peer = dns.clients.first; peer; peer = peer->next)
		if (share == &((const struct client *)peer)->unproven)
			return true;
	return false;
}

static void on_slow(void *arg)
{
	struct query *q = arg;
	struct share *left = NULL;
	size_t kept = 0;
	if (dns.slow >= SLOW_MAX)
		return;
	for (size_t i = 0; i < q->claim.share_count; i++)
		if (is_unproven_share(q->claim.shares[i]))
			left = q->claim.shares[i];
		else
			q->claim.shares[kept++] = q->claim.shares[i];
	q->claim.share_count = kept;
	if (left == NULL)
		return;
	q->slow = true;
	dns.slow++;
	share_give_back(&left, 1);
}

/* As a zone file writes it, which is how the library reads it: RFC 1035 section 5.1. */
static void escape_name(const char *name, char out[4 * NAME_BYTES])
{
	for (; *name; name++) {
		bool plain = ascii_is_alnum(*name) || *name == '-' || *name == '_' || *name == '.';
		out += sprintf(out, plain ? "%c" : "\\%03d", (unsigned char)*name);
	}
	*out = '\0';
}

static void start(void *arg)
{
	char name[4 * NAME_BYTES];
	struct query *q = arg;
	q->state = UNDER_WAY;
	q->started_at = clock_monotonic_ms();
	escape_name(q->name, name);
	int error = ub_resolve_async(dns.resolver, name, (int)q->type, CLASS_IN, q, answered, NULL);
	if (error == 0) {
		loop_timer_set(&q->slowness, SLOW_MS);
		return;
	}
	send_failure(q->client, q->request, ub_strerror(error));
	take_out(q);
}

static void on_granted(void *arg)
{
	struct query *q = arg;
	q->state = GRANTED;
	loop_task_schedule(&q->start);
}

/* The narrowest first: share.h. */
static void write_claim(struct query *q)
{
	struct share_claim *c = &q->claim;
	*c = (struct share_claim){.granted = on_granted, .arg = q};
	c->shares[c->share_count++] = &q->zone->share;
	if (!q->proven)
		c->shares[c->share_count++] = &q->client->unproven;
	c->shares[c->share_count++] = &q->client->all;
	c->shares[c->share_count++] = &dns.all;
}

static void ask(struct client *client, uint32_t request, const struct message_query *m)
{
	int64_t now = clock_monotonic_ms();
	struct dns_zone *zone = dns_zone_use(m->name, now);
	if (zone == NULL) {
		send_failure(client, request, "too many questions of this zone are under way");
		return;
	}
	bool proven = dns_zone_is_proven(zone, now);
	if (!dns_load_has_room(&client->waiting, WAITING_MAX, proven) ||
	    !dns_load_has_room(&dns.load, QUESTIONS_MAX, proven)) {
		dns_zone_release(zone);
		send_failure(client, request, "too many questions are under way");
		return;
	}
	struct query *q = mem_alloc(sizeof *q);
	*q = (struct query){.client = client,
	    .request = request,
	    .proven = proven,
	    .next = dns.queries,
	    .zone = zone,
	    .type = (unsigned)m->type};
	memcpy(q->name, m->name.data, m->name.len);
	q->timeout_ms = m->timeout_ms == 0               ? TIMEOUT_MS
	                : m->timeout_ms > TIMEOUT_MAX_MS ? TIMEOUT_MAX_MS
	                                                 : m->timeout_ms;
	q->timeout_ms = dns_zone_patience(zone, q->timeout_ms, now);
	loop_timer_init(&q->deadline, &dns.process->loop, too_late, q);
	loop_timer_init(&q->slowness, &dns.process->loop, on_slow, q);
	loop_task_init(&q->start, &dns.process->loop, start, q);
	if (dns.queries)
		dns.queries->previous = q;
	dns.queries = q;
	dns_load_add(&dns.load, q->proven);
	dns_load_add(&client->waiting, q->proven);
	loop_timer_set(&q->deadline, (int64_t)q->timeout_ms);
	write_claim(q);
	if (share_take(&q->claim)) {
		q->state = GRANTED;
		start(q);
	}
}

static bool answer_from_memory(struct client *client, uint32_t request, const struct message_query *m)
{
	struct message_answer known;
	arena_reset(&dns.arena);
	if (!dns_cache_get(m->name, (unsigned)m->type, clock_monotonic_ms(), &dns.arena, &known))
		return false;
	ipc_send(&client->peer.link.channel, MESSAGE_ANSWER, request, &known, -1);
	return true;
}

/*
 * The library keeps the times until which it believes its own cache by the wall clock. One that was set back
 * by ten days would make it believe everything ten days longer: then this process ends, and its successor
 * knows nothing.
 */
static void look_at_clock(void)
{
	static int64_t last_offset = INT64_MIN;
	int64_t offset = clock_wall_ms() - clock_monotonic_ms();
	if (last_offset != INT64_MIN && offset < last_offset - SET_BACK_MS) {
		log_event(
		    LOG_WARNING, "-", "clock-set-back", log_i64("seconds", (last_offset - offset) / 1000));
		_exit(ROLE_TRY_AGAIN_STATUS);
	}
	last_offset = offset;
}

static void on_query(struct link *link, struct channel_frame *frame, const void *message)
{
	struct client *client = (struct client *)link;
	const struct message_query *m = message;
	look_at_clock();
	if (m->name.len >= NAME_BYTES || memchr(m->name.data, 0, m->name.len) || m->type == 0 ||
	    m->type > UINT16_MAX) {
		send_failure(client, frame->request, "this is no question");
		return;
	}
	if (answer_from_memory(client, frame->request, m))
		return;
	ask(client, frame->request, m);
}

static const struct link_verb client_verbs[] = {
    {MESSAGE_QUERY, on_query},
    {0},
};

static const struct role_hears hears[] = {
    {ROLE_SMTP | ROLE_RELAY | ROLE_KEYS, client_verbs},
    {0},
};

static void closed(struct link *link)
{
	for (struct query *q = dns.queries, *next; q; q = next) {
		next = q->next;
		if (q->client == (struct client *)link)
			let_go(q);
	}
}

static void begin_client(struct peer *peer)
{
	struct client *client = (struct client *)peer;
	client->unproven.max = PLACES_UNPROVEN;
	client->all.max = PLACES_ASKER;
}

static void dns_role_peer(struct role_process *p, enum role_bit peer, int fd)
{
	peers_open(&dns.clients, p, fd, peer, closed);
}

static void on_readable(void *arg)
{
	(void)arg;
	if (ub_process(dns.resolver) == 0)
		return;
	log_event(
	    LOG_ERROR, "-", "resolver-died", log_string("do", "nothing: the role starts again by itself"));
	_exit(70); /* the master starts the role again; the askers are told by the ends of their channels */
}

static int dns_role_start(struct role_process *p)
{
	dns.process = p;
	dns.all.max = PLACES;
	dns.clients = (struct peers){.size = sizeof(struct client), .begin = begin_client};
	arena_init(
	    &dns.arena, 64 * 1024); /* an answer of DNS_CACHE_ANSWER bytes may be as many short records */
	return 0;
}

/* ---- settings ---- */

static bool text_of(struct view v, char *out, size_t size)
{
	return snprintf(out, size, "%.*s", VIEW_FMT(v)) < (int)size;
}

/* The records of a file as `unbound-anchor` and the package dns-root-data write it; ";" begins a comment. */
static int add_anchors(struct view lines)
{
	char text[2048];
	struct view line;
	while (lines.len && view_next(&lines, '\n', &line)) {
		ptrdiff_t comment = view_find(line, ';');
		line = view_trim(comment >= 0 ? view_take(line, (size_t)comment) : line);
		if (line.len == 0)
			continue;
		if (!text_of(line, text, sizeof text) || ub_ctx_add_ta(dns.resolver, text) != 0)
			return -EINVAL;
	}
	return 0;
}

static int configure_anchors(struct role_process *p)
{
	struct view rest = p->settings.dns_anchors, anchor;
	while (rest.len && view_next(&rest, '\n', &anchor))
		if (!view_starts(anchor, VIEW(DNS_ANCHOR_FILE)) && add_anchors(anchor) != 0)
			return -EINVAL;
	for (const struct role_file *file = p->files; file; file = file->next)
		if (file->kind == FILE_ANCHORS && add_anchors(buf_view(&file->content)) != 0)
			return -EINVAL;
	return 0;
}

static int configure_stubs(struct view rest)
{
	struct view line;
	struct dns_stub stub;
	const char *problem;
	while (rest.len && view_next(&rest, '\n', &line))
		if (dns_stub_parse(line, &stub, &problem) != 0 ||
		    ub_ctx_set_stub(dns.resolver, stub.zone, stub.server, 0) != 0 ||
		    (stub.insecure && ub_ctx_set_option(dns.resolver, "domain-insecure:", stub.zone) != 0))
			return -EINVAL;
	return 0;
}

/*
 * The library itself says that there is nothing in zones of private use ("test", "home.arpa",
 * "10.in-addr.arpa": RFC 6303, RFC 6761), unless one that has a server of its own is made known to it. No
 * other setting can follow.
 */
static int open_stubs(struct view rest)
{
	struct view line;
	struct dns_stub stub;
	const char *problem;
	while (rest.len && view_next(&rest, '\n', &line))
		if (dns_stub_parse(line, &stub, &problem) != 0 ||
		    ub_ctx_zone_add(dns.resolver, stub.zone, "transparent") != 0)
			return -EINVAL;
	return 0;
}

/* Everything is read here, before the first question; libunbound runs in a thread of its own from then on. */
static int configure(struct role_process *p)
{
	char text[512];
	const struct settings *settings = &p->settings;
	if (settings->dns_server.len) {
		if (!text_of(settings->dns_server, text, sizeof text) ||
		    ub_ctx_set_fwd(dns.resolver, text) != 0)
			return -EINVAL;
	} else if (ub_ctx_resolvconf(dns.resolver, NULL) != 0) {
		log_event(LOG_WARNING, "-", "no-resolv-conf",
		    log_string("do", "set dns_server if names cannot be looked up"));
	}
	/* A name server on this machine is one that somebody set up on purpose. */
	if (settings->dns_server.len || settings->dns_stubs.len)
		ub_ctx_set_option(dns.resolver, "do-not-query-localhost:", "no");
	/* A name server that was away is asked again soon after it is back, not after a quarter of an hour.
	 */
	ub_ctx_set_option(dns.resolver, "infra-host-ttl:", "60");
	ub_ctx_set_option(dns.resolver, "infra-keep-probing:", "yes");
	/* The library's own 16 and 2 would let a few dead name servers hold up everybody's questions. */
	ub_ctx_set_option(dns.resolver, "outgoing-range:", "800");
	ub_ctx_set_option(dns.resolver, "outgoing-num-tcp:", "40");
	ub_ctx_set_option(dns.resolver, "num-queries-per-thread:", "3000");
	ub_ctx_set_option(dns.resolver, "infra-cache-numhosts:", "10000");
	ub_ctx_hosts(dns.resolver, NULL);
	int error = configure_stubs(settings->dns_stubs);
	if (error == 0)
		error = configure_anchors(p);
	return error ? error : open_stubs(settings->dns_stubs);
}

static int dns_role_serve(struct role_process *p)
{
	if (p->serving)
		return 0; /* the resolver's settings change with a restart of the role */
	dns.resolver = ub_ctx_create();
	if (dns.resolver == NULL)
		return -ENOMEM;
	ub_ctx_async(dns.resolver, 1);
	int error = configure(p);
	if (error) {
		log_event(LOG_ERROR, "-", "dns-settings",
		    log_string("do", "check dns_server, dns_stubs and dns_anchors"));
		return error;
	}
	loop_watch_init(&dns.readable, &p->loop, ub_fd(dns.resolver), LOOP_READ, on_readable, NULL);
	loop_watch_on(&dns.readable);
	return 0;
}

const struct role_functions dns_functions = {
    .start = dns_role_start,
    .serve = dns_role_serve,
    .peer = dns_role_peer,
    .hears = hears,
};
