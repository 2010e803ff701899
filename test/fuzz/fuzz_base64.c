/* Base64: strict, so each value has one text. What decodes is encoded as it stood. */
#include "fuzz.h"

#include "base/base64.h"

static void check_one(struct view text, int (*decode)(struct buf *out, struct view in),
    int (*encode)(struct buf *out, struct view in))
{
	struct buf octets, again;
	buf_init(&octets, text.len + 16);
	buf_init(&again, 2 * text.len + 16);
	if (decode(&octets, text) == 0) {
		check(encode(&again, buf_view(&octets)) == 0);
		check(view_equal(buf_view(&again), text));
	} else {
		check(buf_view(&octets).len == 0);
	}
	buf_done(&octets);
	buf_done(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view text = view_of(data, size);
	struct buf written, read;
	check_one(text, base64_decode, base64_encode);
	check_one(text, base64url_decode, base64url_encode);
	buf_init(&written, 2 * size + 16);
	buf_init(&read, size + 16);
	check(base64_encode(&written, text) == 0 && base64_decode(&read, buf_view(&written)) == 0);
	check(view_equal(buf_view(&read), text));
	buf_done(&written);
	buf_done(&read);
	return 0;
}
