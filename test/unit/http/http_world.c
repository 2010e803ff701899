/* The host of http_world.h. */
#include "http_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { BODY_MAX = 16 << 20, LARGE_MAX = 4 << 20, PIECE = 5 };

struct seen {
	struct buf body;
	uint64_t octets;
	bool echo, holds;
};

static const struct view text_type = {"text/plain", 10};

static void reply(struct http_exchange *x, unsigned status, const char *text)
{
	http_exchange_reply(x, status, text_type, view_from_string(text));
}

static void note(struct http_world *w, const char *what, struct view v)
{
	if (!w->quiet)
		buf_printf(&w->log, "%s%.*s\n", what, VIEW_FMT(v));
}

static void large(struct http_exchange *x)
{
	uint64_t len = 0;
	view_to_u64(http_exchange_query(x), LARGE_MAX, &len);
	struct buf body;
	buf_init(&body, BODY_MAX);
	while (body.len < len)
		buf_append(&body, view_take(VIEW("The quick brown fox jumps over the lazy dog.\n"),
		                      (size_t)len - body.len));
	http_exchange_reply_buf(x, 200, text_type, &body);
	buf_done(&body);
}

static void came(void *arg, struct http_websocket *ws, bool text, struct view bytes)
{
	struct http_world *w = arg;
	w->messages++;
	note(w, text ? "text " : "binary ", bytes);
	http_websocket_send(ws, text, bytes);
}

static void ended(void *arg, struct http_websocket *ws, unsigned code)
{
	struct http_world *w = arg;
	char number[16];
	(void)ws;
	snprintf(number, sizeof number, "%u", code);
	note(w, "closed ", view_from_string(number));
	w->closed++;
	w->ws = NULL;
}

static const struct http_websocket_host ws_host = {.message = came, .closed = ended};

static void open_websocket(struct http_world *w, struct http_exchange *x)
{
	if (http_exchange_is_websocket(x)) {
		w->ws = http_exchange_accept_websocket(
		    x, http_exchange_offers_protocol(x, "talk") ? "talk" : NULL, 100000, &ws_host, w);
	} else {
		http_exchange_add(x, "upgrade", VIEW("websocket"));
		reply(x, 426, "WebSocket, please.\n");
	}
}

static void take(struct http_exchange *x, bool echo, bool holds)
{
	struct seen *seen = mem_alloc(sizeof *seen);
	buf_init(&seen->body, BODY_MAX);
	seen->echo = echo;
	seen->holds = holds;
	http_exchange_set_data(x, seen);
	if (!http_exchange_take_body(x, BODY_MAX))
		reply(x, 413, "Too much.\n");
}

static void odd(struct http_exchange *x)
{
	http_exchange_add(x, "x-split", VIEW("a\r\nx-evil: yes"));
	http_exchange_add(x, "x bad", VIEW("a"));
	http_exchange_add(x, "x-good", VIEW("a"));
	reply(x, 200, "");
}

static void request(void *arg, struct http_exchange *x)
{
	struct http_world *w = arg;
	struct view path = http_exchange_path(x), query = http_exchange_query(x);
	char line[512];
	snprintf(line, sizeof line, "%.*s %.*s%s%.*s of %.*s", VIEW_FMT(http_exchange_method(x)),
	    VIEW_FMT(path), query.len ? "?" : "", VIEW_FMT(query), VIEW_FMT(http_exchange_authority(x)));
	note(w, "", view_from_string(line));
	w->requests++;
	if (view_equal(path, VIEW("/hello"))) {
		reply(x, 200, "hello\n");
	} else if (view_equal(path, VIEW("/large"))) {
		large(x);
	} else if (view_equal(path, VIEW("/echo")) || view_equal(path, VIEW("/count")) ||
	           view_equal(path, VIEW("/hold"))) {
		take(x, path.data[1] != 'c', path.data[1] == 'h');
	} else if (view_equal(path, VIEW("/deny"))) {
		reply(x, 401, "Who are you?\n");
	} else if (view_equal(path, VIEW("/small"))) {
		if (!http_exchange_take_body(x, 10))
			reply(x, 413, "Too much.\n");
	} else if (view_equal(path, VIEW("/stream"))) {
		http_exchange_add(x, "content-type", VIEW("text/event-stream"));
		http_exchange_status(x, 200);
		http_exchange_begin(x, HTTP_LENGTH_UNKNOWN);
		w->open = x;
	} else if (view_equal(path, VIEW("/wait"))) {
		w->open = x;
	} else if (view_equal(path, VIEW("/part"))) {
		http_exchange_status(x, 200);
		http_exchange_begin(x, 10);
		http_exchange_write(x, VIEW("12345"));
		http_exchange_end(x);
	} else if (view_equal(path, VIEW("/fail"))) {
		http_exchange_abort(x);
	} else if (view_equal(path, VIEW("/odd"))) {
		odd(x);
	} else if (view_equal(path, VIEW("/ws"))) {
		open_websocket(w, x);
	} else {
		reply(x, 404, "No such page.\n");
	}
}

static size_t body(void *arg, struct http_exchange *x, struct view bytes, bool last)
{
	struct http_world *w = arg;
	struct seen *seen = http_exchange_data(x);
	w->body_octets += bytes.len;
	if (seen == NULL) { /* /small */
		if (last)
			reply(x, 200, "Small enough.\n");
		return bytes.len;
	}
	size_t len = seen->holds && bytes.len > PIECE ? PIECE : bytes.len;
	if (seen->holds)
		w->open = x;
	if (seen->echo)
		buf_append(&seen->body, view_take(bytes, len));
	seen->octets += len;
	if (len < bytes.len) {
		w->body_octets -= bytes.len - len;
		return len;
	}
	if (last && seen->echo) {
		http_exchange_reply_buf(x, 200, text_type, &seen->body);
	} else if (last) {
		char text[32];
		snprintf(text, sizeof text, "%llu\n", (unsigned long long)seen->octets);
		reply(x, 200, text);
	}
	return len;
}

static void over(void *arg, struct http_exchange *x, bool whole)
{
	struct http_world *w = arg;
	struct seen *seen = http_exchange_data(x);
	note(w, whole ? "whole" : "broken", view_of("", 0));
	w->over++;
	w->whole += whole;
	if (w->open == x)
		w->open = NULL;
	if (seen)
		buf_done(&seen->body);
	mem_free(seen);
}

static int64_t now(void *arg)
{
	return ((struct http_world *)arg)->now;
}

void http_world_open(struct http_world *w, const struct http_server_config *config)
{
	static const struct http_server_host host = {request, body, NULL, over, now};
	*w = (struct http_world){.quiet = w->quiet, .now = HTTP_WORLD_NOW};
	buf_init(&w->out, 64 << 20);
	buf_init(&w->log, 1 << 20);
	w->server = http_server_new(config, &host, w, &w->out);
}

void http_world_close(struct http_world *w)
{
	http_server_free(w->server);
	w->server = NULL;
	buf_done(&w->out);
	buf_done(&w->log);
	http_coders_give_back();
}

size_t http_world_feed(struct http_world *w, struct view bytes, size_t piece)
{
	struct buf given;
	buf_init(&given, 64 << 20);
	while (bytes.len > 0) {
		buf_append(&given, view_take(bytes, piece));
		bytes = view_skip(bytes, piece);
		size_t taken;
		do {
			taken = http_server_feed(w->server, buf_view(&given));
			buf_consume(&given, taken);
			if (w->open)
				http_world_go_on(w);
		} while (taken > 0 && given.len > 0);
	}
	size_t left = given.len;
	buf_done(&given);
	return left;
}

void http_world_write(struct http_world *w, const char *text)
{
	if (w->open) {
		http_exchange_write(w->open, view_from_string(text));
		http_server_settle(w->server);
	}
}

void http_world_end(struct http_world *w)
{
	if (w->open == NULL)
		return;
	if (!http_exchange_has_begun(w->open))
		reply(w->open, 200, "done\n");
	else
		http_exchange_end(w->open);
	http_server_settle(w->server);
}

void http_world_abort(struct http_world *w)
{
	if (w->open) {
		http_exchange_abort(w->open);
		http_server_settle(w->server);
	}
}

void http_world_go_on(struct http_world *w)
{
	for (int i = 0; w->open && i < 10000; i++) {
		uint64_t before = w->body_octets;
		http_exchange_go_on(w->open);
		http_server_settle(w->server);
		if (w->body_octets == before)
			break;
	}
}
