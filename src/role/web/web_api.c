/* See web_api.h. */
#include "role/web/web_api.h"

#include "base/mem.h"
#include "role/web/web_jmap.h"

/* A header and what JMAP writes besides, on top of a response. */
enum { OUTPUT_MAX = JMAP_RESPONSE_MAX + 64 * 1024 };

struct call {
	struct buf body, out;
	struct jmap_request *request; /* under way */
	bool counted;
	size_t held; /* octets of it that are counted: the body's, then the response's */
};

static struct call *new_call(struct web_exchange *e)
{
	struct call *call = mem_alloc(sizeof *call);
	buf_init(&call->body, JMAP_SIZE_REQUEST_MAX);
	buf_init(&call->out, OUTPUT_MAX);
	e->data = call;
	return call;
}

static void let_go(struct web_exchange *e, struct call *call)
{
	web_jmap_let_go(e->user, call->held);
	call->held = 0;
}

void web_api_over(struct web_exchange *e, bool whole)
{
	struct call *call = e->data;
	(void)whole;
	if (call == NULL)
		return;
	if (call->request)
		jmap_request_drop(call->request);
	if (call->counted)
		web_jmap_end(e->user);
	let_go(e, call);
	buf_done(&call->body);
	buf_done(&call->out);
	mem_free(call);
}

static void done(void *arg, unsigned status)
{
	struct web_exchange *e = arg;
	struct call *call = e->data;
	call->request = NULL;
	/* As long as the client takes it. */
	call->held = buf_view(&call->out).len;
	web_jmap_note(e->user, call->held);
	/* The response may have had no memory in which to say so. */
	if (buf_failed(&call->out) || buf_view(&call->out).len == 0)
		web_exchange_unavailable(e);
	else
		http_exchange_reply_buf(e->x, status,
		    status == 200 ? VIEW("application/json") : VIEW("application/problem+json"), &call->out);
	web_exchange_touch(e);
}

static void refuse_limit(struct web_exchange *e, const char *limit, const char *detail)
{
	web_exchange_refuse(e, 400, "urn:ietf:params:jmap:error:limit", limit, detail);
}

static bool begin_call(struct web_exchange *e)
{
	if (web_jmap_is_full(e->user) || web_jmap_of(e->user) == NULL) {
		web_exchange_unavailable(e);
		return false;
	}
	if (!web_jmap_begin(e->user)) {
		refuse_limit(e, "maxConcurrentRequests", "Too many requests are being carried out at once.");
		return false;
	}
	new_call(e)->counted = true;
	return true;
}

void web_api_begin_object(struct web_exchange *e)
{
	if (!begin_call(e))
		return;
	struct call *call = e->data;
	call->request = jmap_session_object(e->user->jmap, &call->out, done, e);
}

void web_api_begin(struct web_exchange *e)
{
	if (!begin_call(e))
		return;
	if (!http_exchange_take_body(e->x, JMAP_SIZE_REQUEST_MAX))
		refuse_limit(e, "maxSizeRequest", "The request is too large.");
}

static void carry_out(struct web_exchange *e, struct view body)
{
	struct call *call = e->data;
	/* Store has gone meanwhile. */
	if (e->user->lost) {
		web_exchange_unavailable(e);
		return;
	}
	call->request = jmap_request_begin(
	    e->user->jmap, body, http_exchange_field(e->x, "content-type"), &call->out, done, e);
}

static void carry_out_gathered(struct web_exchange *e)
{
	struct call *call = e->data;
	struct buf body = call->body;
	buf_init(&call->body, JMAP_SIZE_REQUEST_MAX);
	let_go(e, call);
	carry_out(e, buf_view(&body));
	buf_done(&body);
}

size_t web_api_body(struct web_exchange *e, struct view bytes, bool last)
{
	struct call *call = e->data;
	if (call == NULL || http_exchange_has_begun(e->x))
		return bytes.len;
	/* Most requests come in one piece. */
	if (last && buf_view(&call->body).len == 0) {
		carry_out(e, bytes);
		return bytes.len;
	}
	if (!web_jmap_hold(e->user, bytes.len)) {
		web_exchange_unavailable(e);
		return bytes.len;
	}
	call->held += bytes.len;
	if (buf_append(&call->body, bytes) != 0)
		web_exchange_unavailable(e);
	else if (last)
		carry_out_gathered(e);
	return bytes.len;
}
