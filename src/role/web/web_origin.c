/* See web_origin.h. */
#include "role/web/web_origin.h"

enum { BASE_MAX = 1024 };

static bool is_read(const struct web_exchange *e)
{
	return http_exchange_is(e->x, "GET") || http_exchange_is(e->x, "HEAD");
}

bool web_origin_is_ours(struct web_exchange *e, bool absent)
{
	struct buf base;
	if (!http_exchange_has_field(e->x, "origin"))
		return absent;
	buf_init(&base, BASE_MAX);
	web_exchange_base(e, &base);
	bool same = view_equal_nocase(buf_view(&base), http_exchange_field(e->x, "origin"));
	buf_done(&base);
	return same;
}

/* "none": the person typed it or opened a bookmark. */
static bool is_from_elsewhere(struct web_exchange *e)
{
	struct view site = http_exchange_field(e->x, "sec-fetch-site");
	return site.len && !view_equal(site, VIEW("same-origin")) && !view_equal(site, VIEW("none"));
}

/* An attachment has whatever type its URL names. */
bool web_origin_is_code(struct web_exchange *e)
{
	static const char *const code[] = {"script", "style", "worker", "sharedworker", "serviceworker",
	    "audioworklet", "paintworklet", "xslt", "manifest", "object", "embed"};
	struct view destination = http_exchange_field(e->x, "sec-fetch-dest");
	for (size_t i = 0; i < sizeof code / sizeof code[0]; i++)
		if (view_equal(destination, view_from_string(code[i])))
			return true;
	return false;
}

/* The browser adds the cookie by itself: the request must be known to come from our pages. */
static bool allowed_by_cookie(struct web_exchange *e)
{
	if (is_from_elsewhere(e) || !web_origin_is_ours(e, true))
		return false;
	if (e->route->flags & WEB_API && web_origin_is_code(e))
		return false;
	if (is_read(e) && !http_exchange_is_websocket(e->x))
		return true;
	return http_exchange_has_field(e->x, "origin") ||
	       view_equal(http_exchange_field(e->x, "sec-fetch-site"), VIEW("same-origin"));
}

bool web_origin_is_allowed(struct web_exchange *e)
{
	if (e->proof == WEB_BY_COOKIE)
		return allowed_by_cookie(e);
	/* A page cannot give a WebSocket a password, but the browser may have kept one. */
	if (http_exchange_is_websocket(e->x))
		return !is_from_elsewhere(e) && web_origin_is_ours(e, true);
	if (is_read(e) || !(e->route->flags & WEB_WRITES) || !is_from_elsewhere(e))
		return true;
	/* In mode "cors" a page has said the password itself; otherwise the browser has, for a form. */
	return (e->route->flags & WEB_API) &&
	       view_equal(http_exchange_field(e->x, "sec-fetch-mode"), VIEW("cors"));
}

void web_origin_tell(struct web_exchange *e)
{
	/* "*" excludes whatever the browser would add by itself. */
	http_exchange_add(e->x, "access-control-allow-origin", VIEW("*"));
	http_exchange_add(e->x, "access-control-expose-headers",
	    VIEW("Content-Range, Content-Disposition, ETag, Location, Retry-After, WWW-Authenticate"));
}

void web_origin_preflight(struct web_exchange *e, struct view methods)
{
	http_exchange_add(e->x, "access-control-allow-methods", methods);
	http_exchange_add(e->x, "access-control-allow-headers",
	    VIEW("Authorization, Content-Type, Accept, Range, If-None-Match, Last-Event-ID"));
	http_exchange_add(e->x, "access-control-max-age", VIEW("86400"));
}
