/*
 * Questions in, records out, through libunbound on our own loop. Records are handed out as they stand in the
 * answer, checked for the length that the library gives; what they mean is the asker's to parse. Bogus
 * answers count as failures.
 */
#include "daemon/role_dns.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unbound.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "daemon/role.h"

enum { CLIENTS = 8, UNDER_WAY = 2000, RECORDS_MAX = 256, CLASS_IN = 1, NAME_MAX_BYTES = 256, WHY_MAX = 512 };

/* The status that is told: 0, or what went wrong. NXDOMAIN is 3, as in the protocol (RFC 1035 section 4.1.1).
 */
enum { STATUS_GOOD = 0, STATUS_FAILED = 2 };

struct query {
	struct link *link; /* NULL: the asker is gone */
	struct query *next, *previous;
	uint32_t request;
	int id;
};

static struct {
	struct ub_ctx *resolver;
	struct link clients[CLIENTS];
	struct loop_watch readable;
	struct query *queries;
	unsigned under_way;
} role;

static void take_out(struct query *q)
{
	if (q->previous)
		q->previous->next = q->next;
	else
		role.queries = q->next;
	if (q->next)
		q->next->previous = q->previous;
	role.under_way--;
	mem_free(q);
}

static void send_answer(struct link *link, uint32_t request, const struct ub_result *result, int error)
{
	struct message_field records[RECORDS_MAX];
	struct message_answer m = {.status = STATUS_FAILED};
	size_t count = 0;
	if (error == 0 && result && result->bogus) {
		m.bogus = 1;
		m.why = view_take(view_from_string(result->why_bogus), WHY_MAX);
	} else if (error == 0 && result) {
		m.status = result->nxdomain ? 3u : (uint64_t)result->rcode;
		m.secure = result->secure != 0;
		m.ttl = result->ttl > 0 ? (uint64_t)result->ttl : 0;
		m.canonical = view_take(view_from_string(result->canonname), NAME_MAX_BYTES);
		while (result->havedata && count < RECORDS_MAX && result->data[count]) {
			records[count].value = view_of(result->data[count], (size_t)result->len[count]);
			count++;
		}
	}
	m.records = (struct codec_list){.items = records, .count = count};
	ipc_send(&link->channel, MESSAGE_ANSWER, request, &m, -1);
}

static void answered(void *arg, int error, struct ub_result *result)
{
	struct query *q = arg;
	if (q->link && q->link->up)
		send_answer(q->link, q->request, result, error);
	ub_resolve_free(result);
	take_out(q);
}

static void received(struct link *link, struct channel_frame *frame)
{
	char name[256];
	struct message_query m;
	if (!link_decode(link, frame, &m))
		return;
	if (m.name.len >= sizeof name || memchr(m.name.data, 0, m.name.len) || role.under_way >= UNDER_WAY) {
		send_answer(link, frame->request, NULL, -EBUSY);
		return;
	}
	memcpy(name, m.name.data, m.name.len);
	name[m.name.len] = '\0';
	struct query *q = mem_alloc(sizeof *q);
	*q = (struct query){.link = link, .request = frame->request, .next = role.queries};
	if (role.queries)
		role.queries->previous = q;
	role.queries = q;
	role.under_way++;
	if (ub_resolve_async(role.resolver, name, (int)m.type, CLASS_IN, q, answered, &q->id) != 0) {
		send_answer(link, frame->request, NULL, -EIO);
		take_out(q);
	}
}

static void closed(struct link *link)
{
	for (struct query *q = role.queries; q; q = q->next)
		if (q->link == link)
			q->link = NULL;
}

void dns_role_peer(struct role_process *p, enum role_bit peer, int fd)
{
	for (size_t i = 0; i < CLIENTS; i++)
		if (!role.clients[i].up || role.clients[i].peer == (unsigned)peer) {
			closed(&role.clients[i]);
			link_open(&role.clients[i], p, fd, peer, received, closed, NULL);
			return;
		}
	close(fd);
}

static void on_readable(void *arg)
{
	(void)arg;
	ub_process(role.resolver);
}

int dns_role_start(struct role_process *p)
{
	(void)p;
	return 0;
}

/* Everything is read here, before the first question; libunbound runs in a thread of its own from then on. */
static int configure(const struct settings *settings)
{
	char text[512];
	struct view rest = settings->dns_anchors, anchor;
	if (settings->dns_server.len) {
		snprintf(text, sizeof text, "%.*s", VIEW_FMT(settings->dns_server));
		if (ub_ctx_set_fwd(role.resolver, text) != 0)
			return -EINVAL;
		/* A name server on this machine is one that somebody set up on purpose. */
		ub_ctx_set_option(role.resolver, "do-not-query-localhost:", "no");
	} else if (ub_ctx_resolvconf(role.resolver, NULL) != 0) {
		log_event(LOG_WARNING, "-", "no-resolv-conf",
		    log_string("do", "set dns_server if names are not found"));
	}
	ub_ctx_hosts(role.resolver, NULL);
	while (rest.len && view_next(&rest, '\n', &anchor)) {
		snprintf(text, sizeof text, "%.*s", VIEW_FMT(anchor));
		if (ub_ctx_add_ta(role.resolver, text) != 0)
			return -EINVAL;
	}
	return 0;
}

int dns_role_serve(struct role_process *p)
{
	if (p->serving)
		return 0; /* the resolver's settings change with a restart of the role */
	role.resolver = ub_ctx_create();
	if (role.resolver == NULL)
		return -ENOMEM;
	ub_ctx_async(role.resolver, 1);
	int error = configure(&p->settings);
	if (error) {
		log_event(
		    LOG_ERROR, "-", "dns-settings", log_string("do", "check dns_server and dns_anchors"));
		return error;
	}
	loop_watch_init(&role.readable, &p->loop, ub_fd(role.resolver), LOOP_READ, on_readable, NULL);
	loop_watch_on(&role.readable);
	return 0;
}
