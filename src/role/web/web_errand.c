/* See web_errand.h. */
#include "role/web/web_errand.h"

#include <errno.h>

#include "base/mem.h"
#include "format/picture.h"
#include "role/web/web_auth_form.h"
#include "role/web/web_origin.h"
#include "role/web/web_relay.h"
#include "role/web/web_user.h"

enum {
	BODY_MAX = 3 * ERRAND_URL_MAX, /* a URL as JSON */
	ARENA_MAX = 64 * 1024,
	/* One person's at once, however many browsers it has: a page asks for six pictures at a time, and two
	   pages are open. */
	EACH_MAX = 12,
	RETRY_SECONDS = 2
};

struct errand {
	struct errand *next, *previous;
	struct web_exchange *e;
	struct buf body, octets;
	struct arena arena;
	uint32_t asked;
};

static struct errand *errands;

/* Whether a person may have one more fetched: it never has more than are left for all others, so that relay,
 * which does ERRAND_MAX at once, always has some for them. */
static bool has_turn(const struct web_user *user)
{
	size_t own = 0, all = 0;
	for (const struct errand *f = errands; f; f = f->next) {
		own += f->e->user->account == user->account;
		all++;
	}
	return own < EACH_MAX && (all >= ERRAND_MAX ? own == 0 : own < ERRAND_MAX - all);
}

static void refuse_later(struct web_exchange *e, unsigned status, const char *words)
{
	web_exchange_retry(e, RETRY_SECONDS);
	web_exchange_refuse(e, status, NULL, NULL, words);
}

static void answer(struct errand *f, const struct message_errand_answer *m)
{
	struct web_exchange *e = f->e;
	if (m->error == -EAGAIN) {
		refuse_later(e, 503, "Too much is fetched at the moment.");
	} else if (m->error == -EHOSTUNREACH) {
		web_exchange_refuse(e, 502, NULL, NULL, "The other host did not answer.");
	} else if (m->error) {
		web_exchange_refuse(e, 404, NULL, NULL, "The other host did not give this.");
	} else if (buf_view(&f->octets).len == 0) {
		http_exchange_reply(e->x, 204, (struct view){0}, (struct view){0});
	} else {
		/* It is shown by the program alone: whoever opens it by itself gets nothing that runs. */
		http_exchange_add(e->x, "content-security-policy", VIEW("sandbox; default-src 'none'"));
		http_exchange_add(e->x, "cache-control", VIEW("no-store"));
		http_exchange_reply_buf(e->x, 200, view_from_string(picture_media_type(m->kind)), &f->octets);
	}
	web_exchange_touch(e);
}

static bool on_answer(void *arg, struct link *link, struct channel_frame *frame)
{
	struct errand *f = arg;
	struct message_errand_answer m = {.error = -EAGAIN};
	if (frame && !link_decode(link, frame, &m))
		return false;
	if (frame && m.error == 0 && buf_append(&f->octets, m.octets) != 0)
		m = (struct message_errand_answer){.error = -ENOENT, .last = 1};
	if (frame && m.error == 0 && !m.last)
		return false;
	f->asked = 0;
	answer(f, &m);
	return true;
}

/* What a URL is, relay looks at; here only whether it can be one at all. */
static bool may_be_url(struct view url)
{
	for (size_t i = 0; i < url.len; i++)
		if (!ascii_is_print(url.data[i]) || url.data[i] == ' ')
			return false;
	return url.len > 0 && url.len <= ERRAND_URL_MAX;
}

static void ask(struct web_exchange *e, struct errand *f)
{
	struct web_form form;
	struct view type = http_exchange_field(e->x, "content-type");
	bool leaves = view_equal(web_exchange_path(e), VIEW("/unsubscribe"));
	/* A form is what pages of others can send by themselves. */
	if (buf_failed(&f->body) || web_form_is_form(type) ||
	    !web_form_read(&form, type, buf_view(&f->body), &f->arena)) {
		web_exchange_refuse(e, 400, NULL, NULL, "This is no JSON object with a URL.");
		return;
	}
	struct message_errand m = {
	    .purpose = leaves ? ERRAND_UNSUBSCRIBE : ERRAND_PICTURE, .url = web_form_get(&form, "url")};
	if (!may_be_url(m.url)) {
		web_exchange_refuse(e, 400, NULL, NULL, "This is no URL.");
		return;
	}
	f->asked = calls_ask(&web_relay, MESSAGE_ERRAND, &m, on_answer, f);
	if (f->asked == 0)
		web_exchange_unavailable(e);
}

static void begin(struct web_exchange *e)
{
	/* For our own pages alone, however somebody has signed in. */
	if (!web_origin_is_ours(e, true)) {
		web_exchange_refuse(e, 403, NULL, NULL, "This request came from a page of another site.");
		return;
	}
	if (!has_turn(e->user)) {
		refuse_later(e, 429, "You have too much fetched at the moment.");
		return;
	}
	if (!http_exchange_take_body(e->x, BODY_MAX)) {
		web_exchange_refuse(e, 413, NULL, NULL, "This request is too large.");
		return;
	}
	struct errand *f = mem_alloc(sizeof *f);
	*f = (struct errand){.e = e, .next = errands};
	if (errands)
		errands->previous = f;
	errands = f;
	buf_init(&f->body, BODY_MAX);
	buf_init(&f->octets, ERRAND_PICTURE_MAX);
	arena_init(&f->arena, ARENA_MAX);
	e->data = f;
}

static size_t body(struct web_exchange *e, struct view bytes, bool last)
{
	struct errand *f = e->data;
	if (f == NULL || http_exchange_has_begun(e->x))
		return bytes.len;
	buf_append(&f->body, bytes);
	if (last)
		ask(e, f);
	return bytes.len;
}

static void over(struct web_exchange *e, bool whole)
{
	struct errand *f = e->data;
	(void)whole;
	if (f == NULL)
		return;
	*(f->previous ? &f->previous->next : &errands) = f->next;
	if (f->next)
		f->next->previous = f->previous;
	if (f->asked)
		calls_forget(&web_relay, f->asked);
	buf_done(&f->body);
	buf_done(&f->octets);
	arena_done(&f->arena);
	mem_free(f);
}

const struct web_route web_errand_routes[] = {
    {"POST", "/picture", WEB_SIGNED_IN | WEB_WRITES, begin, body, NULL, over},
    {"POST", "/unsubscribe", WEB_SIGNED_IN | WEB_WRITES, begin, body, NULL, over},
    {0},
};
