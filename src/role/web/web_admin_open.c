/*
 * POST /auth/administration: a session of an administrator gets its channels of administration. Auth is asked
 * for both, one after the other; it says whether this may be.
 */
#include <unistd.h>

#include "base/mem.h"
#include "role/web/web_admin.h"
#include "role/web/web_auth.h"
#include "role/web/web_edge.h"
#include "role/web/web_origin.h"
#include "role/web/web_sign.h"

struct opening {
	uint32_t asked;
	int channels[2]; /* to auth, to store; -1 */
};

static void answer(struct web_exchange *e, enum sign_why why)
{
	struct buf out;
	if (why != SIGN_DONE) {
		web_auth_refuse(e, why);
	} else {
		buf_init(&out, 100);
		buf_printf(&out, "{\"next\":null,\"idleSeconds\":%d}", ADMIN_IDLE_SECONDS);
		http_exchange_reply(e->x, 200, VIEW("application/json"), buf_view(&out));
		buf_done(&out);
	}
	web_exchange_touch(e);
}

static void ask(struct web_exchange *e);

static bool answered(void *arg, struct link *link, struct channel_frame *frame)
{
	struct web_exchange *e = arg;
	struct opening *o = e->data;
	struct message_sign_in_answer m = {.why = SIGN_TEMPORARY};
	if (frame && !link_decode(link, frame, &m))
		return false;
	o->asked = 0;
	if (m.why != SIGN_DONE || frame->fd < 0) {
		answer(e, m.why == SIGN_DONE ? SIGN_TEMPORARY : (enum sign_why)m.why);
		return true;
	}
	o->channels[o->channels[0] >= 0] = frame->fd;
	frame->fd = -1;
	if (o->channels[1] < 0) {
		ask(e);
	} else if (e->user->lost) {
		answer(e, SIGN_ENDED);
	} else {
		web_admin_take(e->user, o->channels[0], o->channels[1]);
		o->channels[0] = o->channels[1] = -1;
		answer(e, SIGN_DONE);
	}
	return true;
}

static void ask(struct web_exchange *e)
{
	struct opening *o = e->data;
	enum web_proof proof;
	const struct message_sign_in m = {.operation = SIGN_ADMINISTER,
	    .number = o->channels[0] >= 0 ? SIGN_ADMINISTER_STORE : SIGN_ADMINISTER_AUTH,
	    .session = view_from_string(e->connection->edge.id),
	    .client = view_from_string(e->client),
	    .token = web_auth_token(e, &proof)};
	o->asked = calls_ask(&web_edge.auth, MESSAGE_SIGN_IN, &m, answered, e);
	if (o->asked == 0)
		answer(e, SIGN_TEMPORARY);
}

static void signed_in(struct web_exchange *e, struct web_user *user, enum login_failure why, bool has_tried)
{
	(void)has_tried;
	e->user = user;
	if (user) {
		struct opening *o = mem_alloc(sizeof *o);
		o->channels[0] = o->channels[1] = -1;
		e->data = o;
		ask(e);
	} else {
		answer(e, why == LOGIN_TEMPORARY ? SIGN_TEMPORARY : SIGN_ENDED);
	}
}

/* The cookie, from a page of ours: nothing else opens administration, whatever it is a proof of elsewhere. A
 * password beside it would be believed first, and the channels would be its account's. */
static void begin(struct web_exchange *e)
{
	enum web_proof proof;
	(void)web_auth_token(e, &proof);
	e->proof = proof;
	if (proof != WEB_BY_COOKIE || http_exchange_has_field(e->x, "authorization"))
		web_auth_refuse(e, SIGN_ENDED);
	else if (!web_origin_is_ours(e, true) || !web_origin_is_allowed(e))
		web_exchange_refuse(e, 403, NULL, NULL, "This request came from a page of another site.");
	else
		web_sign_in(e, signed_in);
}

static void over(struct web_exchange *e, bool whole)
{
	struct opening *o = e->data;
	(void)whole;
	if (o == NULL)
		return;
	if (o->asked)
		calls_forget(&web_edge.auth, o->asked);
	for (size_t i = 0; i < 2; i++)
		if (o->channels[i] >= 0)
			close(o->channels[i]);
	mem_free(o);
}

const struct web_route web_admin_routes[] = {
    {"POST", "/auth/administration", WEB_WRITES, begin, NULL, NULL, over},
    {0},
};
