/* See relay_push.h. */
#include "role/relay/relay_push.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "http/http_url.h"
#include "http/web_push.h"
#include "role/relay/relay_https.h"
#include "role/relay/relay_state.h"

enum {
	PUSHES_MAX = 1000,        /* store has fewer under way */
	RESPONSE_MAX = 16 * 1024, /* nobody reads it, but it must end */
	WHOLE_MS = 30 * 1000,     /* a push service answers within one second */
	BODY_MAX = 4096           /* RFC 8030 section 7.2 */
};
_Static_assert((int)PUSH_TEXT_MAX <= (int)WEB_PUSH_TEXT_MAX, "what store may say can be encrypted");

struct push {
	struct push *next, *previous;
	uint64_t ticket;
	char host[DNS_NAME_SIZE], path[PUSH_URL_MAX + 2], ttl[32];
	const char *fields[5];
	char authorization[VAPID_FIELD_MAX + 32];
	uint32_t asked; /* keys, for the token; 0: not */
	bool encrypted;
	enum push_urgency urgency;
	struct buf body;
	struct relay_https *https;
	struct loop_task task; /* one that cannot even begin ends in it, with this: */
	enum push_verdict verdict;
};

static struct push *pushes;
static size_t push_count;

static void free_push(struct push *p)
{
	*(p->previous ? &p->previous->next : &pushes) = p->next;
	if (p->next)
		p->next->previous = p->previous;
	push_count--;
	loop_task_cancel(&p->task);
	calls_forget(&relay_role.keys, p->asked);
	relay_https_cancel(p->https);
	buf_done(&p->body);
	mem_free(p);
}

void relay_push_forget(void)
{
	while (pushes)
		free_push(pushes);
}

static void answer(uint64_t ticket, enum push_verdict verdict, unsigned status, unsigned after)
{
	struct message_push_sent m = {.ticket = ticket, .verdict = verdict, .status = status, .after = after};
	if (relay_role.store.link.up)
		ipc_send(&relay_role.store.link.channel, MESSAGE_PUSH_SENT, 0, &m, -1);
}

/* RFC 8030 sections 5 and 7.3. A redirect is not followed: the URL is the subscriber's choice, the next one
 * nobody's. */
static enum push_verdict judge(unsigned status)
{
	if (status >= 200 && status <= 299)
		return PUSH_TAKEN;
	if (status == 404 || status == 410)
		return PUSH_GONE;
	return status == 429 || status >= 500 || status == 408 ? PUSH_LATER : PUSH_REFUSED;
}

static void answered(void *arg, const struct http_fetch *response, const char *why)
{
	struct push *p = arg;
	unsigned status = response ? http_fetch_status(response) : 0;
	enum push_verdict verdict = response ? judge(status) : PUSH_LATER;
	p->https = NULL;
	if (verdict != PUSH_TAKEN)
		log_event(LOG_INFO, "-", "push-not-taken", log_string("host", p->host),
		    log_u64("status", status), log_string("why", why ? why : ""));
	answer(p->ticket, verdict, status, response ? http_fetch_retry_after(response) : 0);
	free_push(p);
}

static void give_up(void *arg)
{
	struct push *p = arg;
	answer(p->ticket, p->verdict, 0, 0);
	free_push(p);
}

/* The host and the path of "https://host/path?query". */
static bool read_url(struct push *p, struct view url)
{
	static const struct view scheme = {.data = "https://", .len = 8};
	if (!view_starts_nocase(url, scheme) || !http_target_is_plain(url))
		return false;
	struct view rest = view_skip(url, scheme.len), host;
	size_t end = 0;
	while (end < rest.len && rest.data[end] != '/' && rest.data[end] != '?')
		end++;
	host = view_take(rest, end);
	rest = view_skip(rest, end);
	/* Another port would let anybody look for what else answers there. */
	if (!http_authority_is_valid(host) || view_find(host, ':') >= 0 || host.len >= sizeof p->host)
		return false;
	snprintf(p->host, sizeof p->host, "%.*s", VIEW_FMT(host));
	snprintf(p->path, sizeof p->path, "%s%.*s", rest.len > 0 && rest.data[0] == '/' ? "" : "/",
	    VIEW_FMT(rest));
	return true;
}

static bool write_body(struct push *p, const struct message_push_send *m)
{
	struct web_push_keys keys;
	if (m->point.len + m->auth.len == 0)
		return buf_append(&p->body, m->text) == 0;
	if (m->point.len != sizeof keys.point || m->auth.len != sizeof keys.auth)
		return false;
	memcpy(keys.point, m->point.data, sizeof keys.point);
	memcpy(keys.auth, m->auth.data, sizeof keys.auth);
	return web_push_encrypt(&p->body, &keys, m->text) == 0;
}

/* RFC 8030 section 5.3. */
static const char *const urgencies[] = {[PUSH_VERY_LOW] = "Urgency: very-low",
    [PUSH_LOW] = "Urgency: low",
    [PUSH_NORMAL] = "Urgency: normal",
    [PUSH_HIGH] = "Urgency: high"};

static void post(struct push *p)
{
	size_t count = 0;
	p->fields[count++] = p->ttl;
	p->fields[count++] = urgencies[p->urgency];
	if (p->encrypted)
		p->fields[count++] = "Content-Encoding: aes128gcm";
	if (p->authorization[0])
		p->fields[count++] = p->authorization;
	struct relay_https_request r = {.host = p->host,
	    .whose = "the push service",
	    .request = {.path = p->path,
	        .content_type = "application/json",
	        .body = buf_view(&p->body),
	        .fields = p->fields},
	    .response_max = RESPONSE_MAX,
	    .ms = WHOLE_MS};
	p->https = relay_https_start(&relay_role.process->loop, &r, answered, p);
}

/* Without a key of its own the server is nobody in particular to the push service; some take that. */
static bool on_token(void *arg, struct link *link, struct channel_frame *frame)
{
	struct push *p = arg;
	struct message_vapid_token m;
	if (frame && !link_decode(link, frame, &m))
		return false;
	p->asked = 0;
	if (frame == NULL || (m.error && m.error != -ENOENT)) {
		p->verdict = PUSH_LATER;
		loop_task_schedule(&p->task);
		return true;
	}
	if (m.error == 0)
		snprintf(p->authorization, sizeof p->authorization, "Authorization: %.*s", VIEW_FMT(m.field));
	post(p);
	return true;
}

void relay_push_send(struct link *link, struct channel_frame *frame, const void *message)
{
	const struct message_push_send *m = message;
	(void)link;
	(void)frame;
	if (push_count >= PUSHES_MAX || relay_role.draining) {
		answer(m->ticket, PUSH_LATER, 0, 0);
		return;
	}
	struct push *p = mem_alloc(sizeof *p);
	*p = (struct push){.next = pushes, .ticket = m->ticket, .urgency = (enum push_urgency)m->urgency};
	if (pushes)
		pushes->previous = p;
	pushes = p;
	push_count++;
	buf_init(&p->body, BODY_MAX);
	loop_task_init(&p->task, &relay_role.process->loop, give_up, p);
	snprintf(p->ttl, sizeof p->ttl, "TTL: %llu", (unsigned long long)m->ttl);
	p->encrypted = m->point.len > 0;
	p->verdict = PUSH_REFUSED;
	if (read_url(p, m->url) && write_body(p, m)) {
		struct message_vapid question = {.url = m->url};
		p->verdict = PUSH_LATER;
		p->asked = calls_ask(&relay_role.keys, MESSAGE_VAPID, &question, on_token, p);
	}
	if (p->asked == 0)
		loop_task_schedule(&p->task);
}
