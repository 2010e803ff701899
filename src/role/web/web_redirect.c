/* See web_redirect.h. */
#include "role/web/web_redirect.h"

#include <string.h>

#include "http/http_url.h"

enum { LOCATION_MAX = 3 * HTTP_TARGET_MAX, PORT_TEXT_MAX = 5 };

/* ---- behind a proxy ---- */

/* Each proxy appends whom it was asked by: the last one that no proxy of ours is, is the client. */
static void look_behind(struct web_exchange *e, struct view forwarded)
{
	struct view trusted = edge_settings()->trusted_proxies;
	while (forwarded.len) {
		ptrdiff_t comma = view_find_last(forwarded, ',');
		struct view last = view_trim(view_skip(forwarded, (size_t)(comma + 1)));
		struct sockaddr_storage address;
		if (!network_parse(last, &address))
			return;
		network_text(&address, e->client);
		if (comma <= 0 || !network_contains(trusted, &address))
			return;
		forwarded = view_take(forwarded, (size_t)comma);
	}
}

void web_redirect_look(struct web_exchange *e)
{
	struct edge_connection *c = &e->connection->edge;
	memcpy(e->client, c->client.text, sizeof e->client);
	e->secure = edge_connection_is_secure(c);
	if (!network_contains(edge_settings()->trusted_proxies, &c->client.address))
		return;
	look_behind(e, http_exchange_field(e->x, "x-forwarded-for"));
	if (view_equal_nocase(view_trim(http_exchange_field(e->x, "x-forwarded-proto")), VIEW("https")))
		e->secure = true;
}

/* ---- to HTTPS ---- */

/* The first port of https_listen. Empty: HTTPS is not served. */
static struct view https_port(void)
{
	struct view addresses = edge_settings()->https_listen, first;
	if (!view_next(&addresses, '\n', &first))
		return (struct view){0};
	return view_skip(first, (size_t)(view_find_last(first, ':') + 1));
}

static void append_path(struct buf *out, struct view path)
{
	struct view part;
	path = view_skip(path, 1);
	buf_append_byte(out, '/');
	while (view_next(&path, '/', &part)) {
		http_url_escape(out, part);
		if (path.data)
			buf_append_byte(out, '/');
	}
}

void web_redirect_answer(struct web_exchange *e)
{
	struct view path = http_exchange_path(e->x), port = https_port(), host;
	struct buf location;
	if (view_starts(path, VIEW("/.well-known/acme-challenge/")) || port.len == 0 ||
	    !view_starts(path, VIEW("/"))) {
		web_exchange_refuse(e, 404, NULL, NULL, "There is nothing here.");
		return;
	}
	/* What it would carry, a password maybe, has crossed the wire in clear: whoever sends it should see.
	 */
	if (!http_exchange_is(e->x, "GET") && !http_exchange_is(e->x, "HEAD")) {
		web_exchange_refuse(e, 403, NULL, NULL, "This is served by HTTPS alone.");
		return;
	}
	host = http_authority_host(http_exchange_authority(e->x));
	if (host.len == 0)
		host = edge_settings()->hostname;
	buf_init(&location, LOCATION_MAX);
	buf_printf(&location, "https://%.*s", VIEW_FMT(host));
	if (!view_equal(port, VIEW("443")))
		buf_printf(&location, ":%.*s", VIEW_FMT(port));
	append_path(&location, path);
	if (http_exchange_query(e->x).len)
		buf_printf(&location, "?%.*s", VIEW_FMT(http_exchange_query(e->x)));
	http_exchange_add(e->x, "location", buf_view(&location));
	buf_done(&location);
	web_exchange_refuse(e, 301, NULL, NULL, "This is served by HTTPS.");
}
