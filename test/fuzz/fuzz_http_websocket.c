/* A WebSocket's frames: whole and in pieces its host gets the same messages, which are UTF-8 where they are
 * text. The first byte is the size of the pieces. */
#include "fuzz.h"

#include "../unit/http/http_world.h"

static const char opening[] =
    "GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

static void play(struct http_world *w, struct view v, size_t piece)
{
	const struct http_server_config config = {.secure = true};
	http_world_open(w, &config);
	check(http_world_feed(w, view_from_string(opening), SIZE_MAX) == 0 && w->ws);
	http_world_feed(w, v, piece);
	check(!buf_failed(&w->out));
	touch(buf_view(&w->out));
	http_server_free(w->server);
	w->server = NULL;
	check(w->closed == 1 && w->over == 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct http_world whole, pieces;
	if (size == 0)
		return 0;
	struct view v = view_of(data + 1, size - 1);
	play(&whole, v, SIZE_MAX);
	play(&pieces, v, 1 + data[0] % 16);
	check(view_equal(buf_view(&whole.log), buf_view(&pieces.log)));
	check(view_equal(buf_view(&whole.out), buf_view(&pieces.out)));
	http_world_close(&whole);
	http_world_close(&pieces);
	return 0;
}
