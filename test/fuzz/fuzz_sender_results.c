/* The values that are kept of a check: what can be read is written in a form that reads alike, and can be
 * said. */
#include "fuzz.h"

#include "base/show.h"
#include "format/json_read.h"
#include "trust/sender/sender_words.h"

static void encode(const struct sender_results *r, struct buf *out)
{
	buf_init(out, SENDER_RESULTS_MAX);
	check(sender_results_encode(r, out) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sender_results first, second;
	struct buf once, twice, words;
	if (!sender_results_decode(view_of(data, size), &first))
		return 0;
	encode(&first, &once);
	check(sender_results_decode(buf_view(&once), &second));
	encode(&second, &twice);
	check(view_equal(buf_view(&once), buf_view(&twice)));
	check(first.dkim_count <= DKIM_SIGNATURES_MAX && first.dkim_count == second.dkim_count);
	buf_init(&words, 1 << 20);
	check(sender_words(&first, &words) == 0);
	for (struct view rest = buf_view(&words), line; rest.len > 0;) {
		view_next(&rest, '\n', &line);
		check(show_is_plain(line));
	}
	buf_clear(&words);
	check(sender_json(&first, &words) == 0);
	struct arena arena;
	struct json_value value;
	arena_init(&arena, 1 << 22);
	check(json_parse(buf_view(&words), &arena, &value) == 0 && value.kind == JSON_OBJECT);
	arena_done(&arena);
	buf_done(&words);
	buf_done(&once);
	buf_done(&twice);
	return 0;
}
