/* A server of HTTP/1.1, with the host of the unit tests: whole and in pieces the host is told the same, and
 * each request that it was told of ends once. The first byte is the size of the pieces. */
#include "fuzz.h"

#include "../unit/http/http_world.h"

static void play(struct http_world *w, struct view v, size_t piece)
{
	const struct http_server_config config = {.secure = true};
	http_world_open(w, &config);
	http_world_feed(w, v, piece);
	http_world_end(w);
	http_server_expire(w->server);
	check(!buf_failed(&w->out));
	touch(buf_view(&w->out));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct http_world whole, pieces;
	if (size == 0)
		return 0;
	struct view v = view_of(data + 1, size - 1);
	whole.quiet = pieces.quiet = false;
	play(&whole, v, SIZE_MAX);
	play(&pieces, v, 1 + data[0] % 16);
	check(whole.requests == pieces.requests && whole.messages == pieces.messages);
	check(view_equal(buf_view(&whole.log), buf_view(&pieces.log)));
	check(whole.requests - whole.over <= 1);
	http_server_free(whole.server);
	whole.server = NULL;
	check(whole.requests == whole.over);
	http_world_close(&whole);
	http_world_close(&pieces);
	return 0;
}
