/* The way of a request to its route, and back: see web_serve.h. */
#include "role/web/web_serve.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "role/web/web_exchange.h"
#include "base/metrics.h"
#include "role/web/web_metrics.h"
#include "role/web/web_origin.h"
#include "role/web/web_redirect.h"
#include "role/web/web_routes.h"
#include "role/web/web_sign.h"
#include "role/web/web_user.h"

enum { ALLOW_MAX = 200, THROTTLED_SECONDS = 60 };

/* ---- who asks ---- */

/* A password in a browser's own window would be kept by it, and sent with other sites' requests: so it is not
 * asked for one there. */
static void ask_to_sign_in(struct web_exchange *e, bool has_tried)
{
	if ((e->route->flags & WEB_API) && !http_exchange_has_field(e->x, "sec-fetch-mode"))
		http_exchange_add(e->x, "www-authenticate", VIEW("Basic realm=\"mail\", charset=\"UTF-8\""));
	web_exchange_refuse(e, 401, NULL, NULL,
	    has_tried ? "The name or the password is wrong." : "You have to sign in for this.");
}

static void begin(struct web_exchange *e)
{
	e->begun = true;
	e->route->begin(e);
}

static void signed_in(struct web_exchange *e, struct web_user *user, enum login_failure why, bool has_tried)
{
	e->user = user;
	if (user && !web_origin_is_allowed(e)) {
		log_event(LOG_WARNING, e->connection->edge.id, "web-other-site",
		    log_string("client", e->client), log_text("origin", http_exchange_field(e->x, "origin")));
		web_exchange_refuse(e, 403, NULL, NULL, "This request came from a page of another site.");
	} else if (user) {
		begin(e);
	} else if (why == LOGIN_TEMPORARY) {
		web_exchange_unavailable(e);
	} else if (why == LOGIN_THROTTLED) {
		web_exchange_retry(e, THROTTLED_SECONDS);
		web_exchange_refuse(e, 429, NULL, NULL, "Too many wrong passwords. Try again in a minute.");
	} else if (why == LOGIN_APP_PASSWORD) {
		web_exchange_refuse(
		    e, 401, NULL, NULL, "Two-step sign-in is on: use an app password or a token here.");
	} else {
		ask_to_sign_in(e, has_tried);
	}
	web_exchange_touch(e);
}

/* ---- the request ---- */

static void answer_options(struct web_exchange *e, struct view path)
{
	struct buf methods;
	buf_init(&methods, ALLOW_MAX);
	web_route_methods(path, &methods);
	http_exchange_add(e->x, "allow", buf_view(&methods));
	if (e->route->flags & WEB_API)
		web_origin_preflight(e, buf_view(&methods));
	buf_done(&methods);
	http_exchange_reply(e->x, 204, (struct view){0}, (struct view){0});
}

static void refuse_method(struct web_exchange *e, struct view path)
{
	struct buf methods;
	buf_init(&methods, ALLOW_MAX);
	web_route_methods(path, &methods);
	http_exchange_add(e->x, "allow", buf_view(&methods));
	buf_done(&methods);
	web_exchange_refuse(e, 405, NULL, NULL, "This method is not possible here.");
}

static void serve(struct web_exchange *e)
{
	const struct web_route *other;
	struct view path = web_exchange_path(e), method = http_exchange_method(e->x);
	const struct web_route *route = web_route_find(path, method, &other);
	e->route = route ? route : other;
	if (e->route == NULL) {
		web_exchange_refuse(e, 404, NULL, NULL, "There is nothing here.");
		return;
	}
	if (e->route->flags & WEB_API)
		web_origin_tell(e);
	if (view_equal(method, VIEW("OPTIONS")))
		answer_options(e, path);
	else if (route == NULL)
		refuse_method(e, path);
	else if (route->flags & WEB_SIGNED_IN)
		web_sign_in(e, signed_in);
	else if (!web_origin_is_allowed(e))
		web_exchange_refuse(e, 403, NULL, NULL, "This request came from a page of another site.");
	else
		begin(e);
}

static void on_request(void *arg, struct http_exchange *x)
{
	struct web_connection *c = arg;
	struct web_exchange *e = mem_alloc(sizeof *e);
	e->x = x;
	e->connection = c;
	e->began = clock_monotonic_ms();
	http_exchange_set_data(x, e);
	web_redirect_look(e);
	if (c->edge.client.service == SERVICE_METRICS)
		web_metrics_answer(e);
	else if (e->secure)
		serve(e);
	else
		web_redirect_answer(e);
}

static size_t on_body(void *arg, struct http_exchange *x, struct view bytes, bool last)
{
	struct web_exchange *e = http_exchange_data(x);
	(void)arg;
	return e->begun && e->route->body ? e->route->body(e, bytes, last) : bytes.len;
}

static void on_room(void *arg, struct http_exchange *x)
{
	struct web_exchange *e = http_exchange_data(x);
	(void)arg;
	if (e->begun && e->route->room)
		e->route->room(e);
}

/* What opens something to whoever knows it is written nowhere. */
static struct view shown_path(const struct web_exchange *e)
{
	return view_starts(web_exchange_path(e), VIEW("/file/")) ? VIEW("/file/") : http_exchange_path(e->x);
}

static void on_over(void *arg, struct http_exchange *x, bool whole)
{
	struct web_exchange *e = http_exchange_data(x);
	(void)arg;
	log_event(LOG_DEBUG, e->connection->edge.id, "web-request", log_string("client", e->client),
	    log_text("method", http_exchange_method(x)), log_text("path", shown_path(e)),
	    log_u64("status", http_exchange_answered(x)), log_u64("bytes", http_exchange_written(x)),
	    log_u64("whole", whole));
	if (view_equal(web_exchange_path(e), VIEW("/jmap/api")))
		metric_took(METRIC_REQUEST_SECONDS, clock_monotonic_ms() - e->began);
	web_sign_forget(e);
	if (e->begun && e->route->over)
		e->route->over(e, whole);
	web_user_release(e->user);
	mem_free(e);
}

static int64_t now(void *arg)
{
	(void)arg;
	return clock_wall();
}

const struct http_server_host web_serve_host = {
    .request = on_request, .body = on_body, .room = on_room, .over = on_over, .now = now};
