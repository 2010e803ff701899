/*
 * Questions in, records out, through libunbound on our own loop. Records are handed out as they stand in the
 * answer, checked for the length that the library gives; what they mean is the asker's to parse. Bogus
 * answers count as failures, and are marked.
 *
 * The library cannot stop what it has begun: a question whose asker has given up, or is gone, stays with it
 * until it comes to its end. Such questions are counted, so that dead name servers fill no memory.
 */
#include "daemon/role_dns.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unbound.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "daemon/dns_stub.h"
#include "daemon/role.h"

enum {
	CLIENTS = 8,
	/* Questions that one asker waits for: two for each connection of a large server. */
	WAITING_MAX = 2000,
	/* In the resolver, with those that nobody waits for any more; each takes some 12 KB there. */
	UNDER_WAY_MAX = 3000,
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
	struct link link; /* the first member: a link's client is the link */
	unsigned waiting;
};

struct query {
	struct client *client; /* NULL: nobody waits */
	struct query *next, *previous;
	struct loop_timer deadline;
	uint32_t request;
	uint64_t timeout_ms;
};

static struct {
	struct role_process *process;
	struct ub_ctx *resolver;
	struct client clients[CLIENTS];
	struct loop_watch readable;
	struct query *queries;
	unsigned under_way;
} role;

static void give_up(struct query *q)
{
	if (q->client == NULL)
		return;
	loop_timer_cancel(&q->deadline);
	q->client->waiting--;
	q->client = NULL;
}

static void take_out(struct query *q)
{
	give_up(q);
	if (q->previous)
		q->previous->next = q->next;
	else
		role.queries = q->next;
	if (q->next)
		q->next->previous = q->previous;
	role.under_way--;
	mem_free(q);
}

/* ---- answers ---- */

static void send_failure(struct client *client, uint32_t request, const char *why)
{
	struct message_answer m = {.status = STATUS_FAILED, .why = view_from_string(why)};
	ipc_send(&client->link.channel, MESSAGE_ANSWER, request, &m, -1);
}

/* What libunbound has to say of a failure, or the name of the code. */
static struct view reason(const struct ub_result *result)
{
	static const char *const names[] = {"", "FORMERR", "SERVFAIL", "", "NOTIMP", "REFUSED"};
	if (result->why_bogus)
		return view_take(view_from_string(result->why_bogus), WHY_BYTES);
	unsigned code = (unsigned)result->rcode;
	return view_from_string(
	    code < sizeof names / sizeof names[0] ? names[code] : "an error of the name server");
}

static void send_answer(struct client *client, uint32_t request, const struct ub_result *result)
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
	if (ipc_send(&client->link.channel, MESSAGE_ANSWER, request, &m, -1) == -EMSGSIZE)
		send_failure(client, request, "the answer is too large");
}

static void answered(void *arg, int error, struct ub_result *result)
{
	struct query *q = arg;
	if (q->client && q->client->link.up) {
		if (error || result == NULL)
			send_failure(q->client, q->request, ub_strerror(error));
		else
			send_answer(q->client, q->request, result);
	}
	ub_resolve_free(result);
	take_out(q);
}

/* The answer may still come; then it is in the library's memory for the next asker. */
static void too_late(void *arg)
{
	struct query *q = arg;
	char why[64];
	snprintf(
	    why, sizeof why, "no answer within %llu s", (unsigned long long)((q->timeout_ms + 999) / 1000));
	struct client *client = q->client;
	give_up(q);
	send_failure(client, q->request, why);
}

/* ---- questions ---- */

static void ask(struct client *client, uint32_t request, const char *name, const struct message_query *m)
{
	struct query *q = mem_alloc(sizeof *q);
	*q = (struct query){.client = client, .request = request, .next = role.queries};
	q->timeout_ms = m->timeout_ms == 0               ? TIMEOUT_MS
	                : m->timeout_ms > TIMEOUT_MAX_MS ? TIMEOUT_MAX_MS
	                                                 : m->timeout_ms;
	loop_timer_init(&q->deadline, &role.process->loop, too_late, q);
	if (role.queries)
		role.queries->previous = q;
	role.queries = q;
	role.under_way++;
	client->waiting++;
	int error = ub_resolve_async(role.resolver, name, (int)m->type, CLASS_IN, q, answered, NULL);
	if (error) {
		send_failure(client, request, ub_strerror(error));
		take_out(q);
	} else {
		loop_timer_set(&q->deadline, (int64_t)q->timeout_ms);
	}
}

static void received(struct link *link, struct channel_frame *frame)
{
	struct client *client = (struct client *)link;
	char name[NAME_BYTES];
	struct message_query m;
	if (!link_decode(link, frame, &m))
		return;
	if (m.name.len >= sizeof name || memchr(m.name.data, 0, m.name.len) || m.type == 0 ||
	    m.type > UINT16_MAX) {
		send_failure(client, frame->request, "this is no question");
		return;
	}
	if (client->waiting >= WAITING_MAX || role.under_way >= UNDER_WAY_MAX) {
		send_failure(client, frame->request, "too many questions are under way");
		return;
	}
	memcpy(name, m.name.data, m.name.len);
	name[m.name.len] = '\0';
	ask(client, frame->request, name, &m);
}

static void closed(struct link *link)
{
	for (struct query *q = role.queries; q; q = q->next)
		if (q->client == (struct client *)link)
			give_up(q);
}

void dns_role_peer(struct role_process *p, enum role_bit peer, int fd)
{
	for (size_t i = 0; i < CLIENTS; i++) {
		struct link *link = &role.clients[i].link;
		if (!link->up || link->peer == (unsigned)peer) {
			closed(link);
			link_open(link, p, fd, peer, received, closed, NULL);
			return;
		}
	}
	close(fd);
}

static void on_readable(void *arg)
{
	(void)arg;
	if (ub_process(role.resolver) == 0)
		return;
	log_event(LOG_ERROR, "-", "resolver-died", log_string("do", "none: the role starts again"));
	_exit(70); /* the master starts the role again; the askers are told by the ends of their channels */
}

int dns_role_start(struct role_process *p)
{
	role.process = p;
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
		if (!text_of(line, text, sizeof text) || ub_ctx_add_ta(role.resolver, text) != 0)
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
		    ub_ctx_set_stub(role.resolver, stub.zone, stub.server, 0) != 0 ||
		    (stub.insecure && ub_ctx_set_option(role.resolver, "domain-insecure:", stub.zone) != 0))
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
		    ub_ctx_set_fwd(role.resolver, text) != 0)
			return -EINVAL;
	} else if (ub_ctx_resolvconf(role.resolver, NULL) != 0) {
		log_event(LOG_WARNING, "-", "no-resolv-conf",
		    log_string("do", "set dns_server if names are not found"));
	}
	/* A name server on this machine is one that somebody set up on purpose. */
	if (settings->dns_server.len || settings->dns_stubs.len)
		ub_ctx_set_option(role.resolver, "do-not-query-localhost:", "no");
	/* A name server that was away is asked again soon after it is back, not after a quarter of an hour.
	 */
	ub_ctx_set_option(role.resolver, "infra-host-ttl:", "60");
	ub_ctx_set_option(role.resolver, "infra-keep-probing:", "yes");
	/* The library's own 16 and 2 would let a few dead name servers hold up everybody's questions. */
	ub_ctx_set_option(role.resolver, "outgoing-range:", "800");
	ub_ctx_set_option(role.resolver, "outgoing-num-tcp:", "40");
	ub_ctx_set_option(role.resolver, "num-queries-per-thread:", "3000");
	ub_ctx_set_option(role.resolver, "infra-cache-numhosts:", "10000");
	ub_ctx_hosts(role.resolver, NULL);
	int error = configure_stubs(settings->dns_stubs);
	return error ? error : configure_anchors(p);
}

int dns_role_serve(struct role_process *p)
{
	if (p->serving)
		return 0; /* the resolver's settings change with a restart of the role */
	role.resolver = ub_ctx_create();
	if (role.resolver == NULL)
		return -ENOMEM;
	ub_ctx_async(role.resolver, 1);
	int error = configure(p);
	if (error) {
		log_event(LOG_ERROR, "-", "dns-settings",
		    log_string("do", "check dns_server, dns_stubs and dns_anchors"));
		return error;
	}
	loop_watch_init(&role.readable, &p->loop, ub_fd(role.resolver), LOOP_READ, on_readable, NULL);
	loop_watch_on(&role.readable);
	return 0;
}
