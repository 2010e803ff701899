/* A server of HTTP/2, with the host of the unit tests. The preface is given; what follows are frames. The
 * first byte is the size of the pieces. */
#include "fuzz.h"

#include "../unit/http/http_world.h"

static void play(struct http_world *w, struct view v, size_t piece)
{
	const struct http_server_config config = {.http2 = true, .secure = true};
	http_world_open(w, &config);
	http_world_feed(w, VIEW("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), SIZE_MAX);
	http_world_feed(w, v, piece);
	http_world_end(w);
	http_server_drain(w->server);
	check(!buf_failed(&w->out));
	touch(buf_view(&w->out));
	http_server_free(w->server);
	w->server = NULL;
	check(w->requests == w->over && w->whole <= w->over);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct http_world whole, pieces;
	if (size == 0)
		return 0;
	struct view v = view_of(data + 1, size - 1);
	play(&whole, v, SIZE_MAX);
	play(&pieces, v, 1 + data[0] % 16);
	http_world_close(&whole);
	http_world_close(&pieces);
	return 0;
}
