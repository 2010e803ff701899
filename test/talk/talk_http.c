/* The stage for transcripts of HTTP/1.1: the machine with the host of test/unit/http/http_world.h. */
#include <stdlib.h>

#include "../unit/http/http_world.h"
#include "play.h"

static struct {
	struct http_world world;
	struct http_server_config config;
	struct buf *out;
	bool done; /* of a session that is over */
} stage;

static void move(void)
{
	if (stage.out == NULL || stage.world.server == NULL)
		return;
	buf_append(stage.out, buf_view(&stage.world.out));
	buf_consume(&stage.world.out, stage.world.out.len);
	http_server_drained(stage.world.server);
	stage.done = http_server_is_done(stage.world.server);
}

static void *open_session(struct buf *out)
{
	stage.out = out;
	stage.done = false;
	http_world_open(&stage.world, &stage.config);
	return &stage.world;
}

static size_t feed(void *session, struct view bytes)
{
	(void)session;
	size_t taken = http_server_feed(stage.world.server, bytes);
	http_world_go_on(&stage.world);
	move();
	return taken;
}

static void close_session(void *session)
{
	(void)session;
	http_world_close(&stage.world);
}

static bool event(struct view what)
{
	struct http_world *w = &stage.world;
	if (view_starts(what, VIEW("write ")) || view_starts(what, VIEW("send "))) {
		char text[256] = {0};
		struct view said = view_skip(what, what.data[0] == 'w' ? 6 : 5);
		for (size_t i = 0; i < said.len && i + 2 < sizeof text; i++)
			text[i] = said.data[i];
		if (what.data[0] == 'w') {
			text[said.len < sizeof text - 2 ? said.len : 0] = '\n';
			http_world_write(w, text);
		} else if (w->ws) {
			http_websocket_send(w->ws, true, view_from_string(text));
		}
	} else if (view_equal(what, VIEW("end"))) {
		http_world_end(w);
	} else if (view_equal(what, VIEW("abort"))) {
		http_world_abort(w);
	} else if (view_equal(what, VIEW("drain"))) {
		http_server_drain(w->server);
	} else if (view_equal(what, VIEW("expire"))) {
		http_server_expire(w->server);
	} else if (view_equal(what, VIEW("ping")) && w->ws) {
		http_websocket_ping(w->ws);
	} else if (view_equal(what, VIEW("close")) && w->ws) {
		http_websocket_close(w->ws, 1001, "going away");
	} else {
		return false;
	}
	http_server_settle(w->server);
	move();
	return true;
}

static bool direct(char letter, struct view argument)
{
	static const struct http_field fields[] = {{{"x-content-type-options", 22}, {"nosniff", 7}}};
	switch (letter) {
	case '0':
		stage.config =
		    (struct http_server_config){.secure = true, .fields = fields, .field_count = 1};
		return true;
	case 'E':
		return event(argument);
	default:
		return false;
	}
}

static bool is_closed(void)
{
	return stage.done;
}

static struct view delivered(void)
{
	return buf_view(&stage.world.log);
}

static void settle(void *session)
{
	if (session)
		http_server_settle(stage.world.server);
	move();
}

int main(int argc, char **argv)
{
	static const struct stage http = {
	    open_session, feed, close_session, direct, is_closed, delivered, settle, false, NULL};
	return play_main(argc, argv, &http);
}
