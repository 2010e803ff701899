/* The response to one GET: whole and in pieces it is the same, and it keeps to its limits. The first byte is
 * the size of the pieces. */
#include "fuzz.h"

#include <string.h>

#include "http/http_fetch.h"

enum { BODY_MAX = 512 };

static struct http_fetch *read_all(struct view v, size_t piece, enum http_fetch_state *state)
{
	struct http_fetch *g = http_fetch_new(BODY_MAX);
	*state = HTTP_FETCH_MORE;
	while (v.len > 0 && *state == HTTP_FETCH_MORE) {
		*state = http_fetch_feed(g, view_take(v, piece));
		v = view_skip(v, piece);
	}
	*state = http_fetch_end(g, true);
	return g;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	enum http_fetch_state state, other;
	struct view v = view_of(data + 1, size - 1);
	struct http_fetch *whole = read_all(v, SIZE_MAX, &state),
	                  *pieces = read_all(v, 1 + data[0] % 16, &other);
	check(state != HTTP_FETCH_MORE && state == other);
	if (state == HTTP_FETCH_DONE) {
		check(
		    http_fetch_status(whole) >= 200 && http_fetch_status(whole) == http_fetch_status(pieces));
		check(view_equal(http_fetch_body(whole), http_fetch_body(pieces)));
		check(view_equal(http_fetch_content_type(whole), http_fetch_content_type(pieces)));
		check(http_fetch_body(whole).len <= BODY_MAX &&
		      http_fetch_content_type(whole).len <= HTTP_FETCH_TYPE_MAX);
	} else {
		check(http_fetch_why(whole)[0] != '\0');
	}
	http_fetch_free(whole);
	http_fetch_free(pieces);
	return 0;
}
