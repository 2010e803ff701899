/* What routes say and ask of an exchange: see web_exchange.h. */
#include "role/web/web_exchange.h"

#include <stdio.h>

#include "format/json.h"
#include "role/web/web_seat.h"

enum {
	PROBLEM_MAX = 4096,
	/* Store and auth are back within a second or two when they were restarted. */
	RETRY_SECONDS = 2
};

/* ---- errors ---- */

static void refuse_program(
    struct web_exchange *e, unsigned status, const char *type, const char *limit, const char *detail)
{
	struct buf out;
	buf_init(&out, PROBLEM_MAX);
	buf_printf(&out, "{\"type\":\"%s\",\"status\":%u,", type ? type : "about:blank", status);
	if (limit)
		buf_printf(&out, "\"limit\":\"%s\",", limit);
	buf_append_string(&out, "\"detail\":");
	json_append_string(&out, view_from_string(detail));
	buf_append_byte(&out, '}');
	http_exchange_reply(e->x, status, VIEW("application/problem+json"), buf_view(&out));
	buf_done(&out);
}

void web_exchange_refuse(
    struct web_exchange *e, unsigned status, const char *type, const char *limit, const char *detail)
{
	if (http_exchange_has_begun(e->x)) {
		http_exchange_abort(e->x);
	} else if (e->route && (e->route->flags & WEB_API)) {
		refuse_program(e, status, type, limit, detail);
	} else {
		struct buf out;
		buf_init(&out, PROBLEM_MAX);
		buf_printf(&out, "%s\n", detail);
		http_exchange_reply(e->x, status, VIEW("text/plain; charset=utf-8"), buf_view(&out));
		buf_done(&out);
	}
}

void web_exchange_retry(struct web_exchange *e, unsigned seconds)
{
	char text[16];
	snprintf(text, sizeof text, "%u", seconds);
	http_exchange_add(e->x, "retry-after", view_from_string(text));
}

void web_exchange_unavailable(struct web_exchange *e)
{
	if (!http_exchange_has_begun(e->x))
		web_exchange_retry(e, RETRY_SECONDS);
	web_exchange_refuse(e, 503, NULL, NULL, "The mail store cannot be reached. Try again in a moment.");
}

/* ---- the request ---- */

bool web_route_has_path(const struct web_route *route, struct view path)
{
	struct view pattern = view_from_string(route->path);
	if (pattern.data[pattern.len - 1] == '*')
		return view_starts(path, view_take(pattern, pattern.len - 1));
	return view_equal(path, pattern);
}

struct view web_exchange_path(const struct web_exchange *e)
{
	struct view path = http_exchange_path(e->x);
	web_seat_take_literal(&path, http_exchange_raw_path(e->x));
	return path;
}

unsigned web_exchange_seat(const struct web_exchange *e)
{
	struct view path = http_exchange_path(e->x);
	return web_seat_take_literal(&path, http_exchange_raw_path(e->x));
}

const char *web_exchange_prefix(const struct web_exchange *e)
{
	return web_seat_prefix(web_exchange_seat(e));
}

struct view web_exchange_rest(const struct web_exchange *e)
{
	struct view pattern = view_from_string(e->route->path);
	if (pattern.data[pattern.len - 1] != '*')
		return (struct view){0};
	return view_skip(web_exchange_path(e), pattern.len - 1);
}

void web_exchange_base(const struct web_exchange *e, struct buf *out)
{
	struct view authority = http_exchange_authority(e->x);
	if (authority.len == 0)
		authority = edge_settings()->hostname;
	buf_append_string(out, e->secure ? "https://" : "http://");
	for (size_t i = 0; i < authority.len; i++)
		buf_append_byte(out, ascii_lower(authority.data[i]));
}
