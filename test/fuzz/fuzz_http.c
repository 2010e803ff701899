/* The response to one GET: whole and in pieces it is the same, and it keeps to its limits. The first byte is
 * the size of the pieces. */
#include "fuzz.h"

#include <string.h>

#include "http/http_client.h"

enum { BODY_MAX = 512 };

static struct http_exchange *read_all(struct view v, size_t piece, enum http_exchange_state *state)
{
	struct http_exchange *g = http_exchange_new(BODY_MAX);
	*state = HTTP_EXCHANGE_MORE;
	while (v.len > 0 && *state == HTTP_EXCHANGE_MORE) {
		*state = http_exchange_feed(g, view_take(v, piece));
		v = view_skip(v, piece);
	}
	*state = http_exchange_end(g, true);
	return g;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	enum http_exchange_state state, other;
	struct view v = view_of(data + 1, size - 1);
	struct http_exchange *whole = read_all(v, SIZE_MAX, &state),
	                     *pieces = read_all(v, 1 + data[0] % 16, &other);
	check(state != HTTP_EXCHANGE_MORE && state == other);
	if (state == HTTP_EXCHANGE_DONE) {
		check(http_exchange_status(whole) >= 200 &&
		      http_exchange_status(whole) == http_exchange_status(pieces));
		check(view_equal(http_exchange_body(whole), http_exchange_body(pieces)));
		check(view_equal(http_exchange_content_type(whole), http_exchange_content_type(pieces)));
		check(http_exchange_body(whole).len <= BODY_MAX &&
		      http_exchange_content_type(whole).len <= HTTP_CONTENT_TYPE_MAX);
	} else {
		check(http_exchange_why(whole)[0] != '\0');
	}
	http_exchange_free(whole);
	http_exchange_free(pieces);
	return 0;
}
