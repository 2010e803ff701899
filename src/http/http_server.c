/*
 * What both versions share: the list of open exchanges, the way of a body to its host, and the order of
 * calls. Only feed, drained and settle reach a host, so a host may do anything to an exchange from within its
 * functions.
 */
#include "http/http_private.h"

#include "base/mem.h"

struct http_server *http_server_new(
    const struct http_server_config *config, const struct http_server_host *host, void *arg, struct buf *out)
{
	struct http_server *s = mem_alloc(sizeof *s);
	s->config = *config;
	s->host = host;
	s->arg = arg;
	s->out = out;
	s->why = "";
	if (config->http2)
		http_two_start(s);
	else
		http_one_start(s);
	return s;
}

void http_server_free(struct http_server *s)
{
	if (s == NULL)
		return;
	s->settling = true;
	while (s->first)
		http_close_exchange(s->first, false);
	s->version->free(s);
	mem_free(s);
}

/* ---- the driver ---- */

static void call_room(struct http_server *s)
{
	if (s->host->room == NULL)
		return;
	for (struct http_exchange *x = s->first, *next; x; x = next) {
		next = x->next; /* `room` closes no exchange */
		if (x->no_room && !x->ended && !x->aborted && http_exchange_has_room(x)) {
			x->no_room = false;
			s->host->room(s->arg, x);
		}
	}
}

void http_server_settle(struct http_server *s)
{
	if (s->settling)
		return;
	s->settling = true;
	for (struct http_exchange *x = s->first, *next; x; x = next) {
		next = x->next;
		http_offer_body(x);
	}
	s->version->pump(s);
	call_room(s);
	s->version->pump(s);
	s->settling = false;
}

size_t http_server_feed(struct http_server *s, struct view bytes)
{
	s->settling = true;
	const struct http_version *version = s->version;
	size_t taken = version->feed(s, bytes);
	if (s->version != version) /* HTTP/2, by its preface */
		taken += s->version->feed(s, view_skip(bytes, taken));
	s->settling = false;
	http_server_settle(s);
	return s->done ? bytes.len : taken;
}

bool http_server_wants_input(const struct http_server *s)
{
	return s->done || s->version->wants(s);
}

void http_server_drained(struct http_server *s)
{
	http_server_settle(s);
}

void http_server_drain(struct http_server *s)
{
	s->draining = true;
	s->version->drain(s);
	http_server_settle(s);
}

bool http_server_is_idle(const struct http_server *s)
{
	return s->first == NULL && !s->version->is_reading(s);
}

bool http_server_is_done(const struct http_server *s)
{
	return s->done;
}

enum http_phase http_server_phase(const struct http_server *s)
{
	if (s->done)
		return HTTP_ANSWERING;
	if (s->first == NULL)
		return s->version->is_reading(s) ? HTTP_HEADER : HTTP_IDLE;
	enum http_phase phase = HTTP_ANSWERING;
	for (const struct http_exchange *x = s->first; x; x = x->next) {
		if (x->ws && !http_websocket_is_closing(x->ws))
			return HTTP_UPGRADED;
		if (x->ws)
			phase = HTTP_HEADER;
		if (!x->told && !x->ended)
			phase = HTTP_HEADER;
		else if (phase != HTTP_HEADER && !x->all_came && (x->takes ? !x->held : x->ended))
			phase = HTTP_BODY;
	}
	return phase;
}

uint64_t http_server_body_taken(const struct http_server *s)
{
	return s->body_taken;
}

void http_server_expire(struct http_server *s)
{
	if (!s->done)
		s->version->expire(s);
	http_server_settle(s);
}

void http_server_cut_stalled(struct http_server *s)
{
	/* Where the connection is full, the driver sees whether its client takes anything of that. */
	bool full = s->out->len >= HTTP_OUTPUT_HIGH;
	for (struct http_exchange *x = s->first; x; x = x->next) {
		bool waits = !full && x->pumped_head && !x->aborted && x->out.len > 0;
		if (waits && x->waited && x->written == x->looked)
			http_cut(x);
		x->waited = waits;
		x->looked = x->written;
	}
	http_server_settle(s);
}

uint64_t http_server_requests(const struct http_server *s)
{
	return s->requests;
}

const char *http_server_why(const struct http_server *s)
{
	return s->why;
}

bool http_server_is_http2(const struct http_server *s)
{
	return s->version->is_http2;
}
