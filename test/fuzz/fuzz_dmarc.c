/* DMARC: the input is the author's domain and records, a line each. The walk asks no more than it may, and a
 * proven author stays proven whatever the records say. */
#include "fuzz.h"

#include "trust/sender/dmarc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view rest = view_of(data, size), author, line;
	struct answers answers;
	struct arena arena;
	struct dmarc_verdict v;
	struct buf text;
	unsigned asked = 0, rounds = 0;
	if (!view_next(&rest, '\n', &author))
		return 0;
	struct dmarc_identity dkim = {.domain = author, .result = SENDER_PASS};
	struct dmarc_request request = {.author = author,
	    .spf = {.domain = VIEW("a.b.example"), .result = SENDER_PASS},
	    .dkim = &dkim,
	    .dkim_count = 1};
	answers_init(&answers);
	arena_init(&arena, DMARC_MEMORY_MAX);
	buf_init(&text, 64 * 1024);
	for (;;) {
		struct question q;
		arena_reset(&arena);
		if (dmarc_check(&answers, &request, &arena, &v))
			break;
		check(++rounds < 10);
		while (answers_next(&answers, &q)) {
			asked++;
			if (!view_next(&rest, '\n', &line))
				line = VIEW("");
			line = view_take(line, 255);
			buf_clear(&text);
			buf_append_u8(&text, (uint8_t)line.len);
			buf_append(&text, line);
			struct view r = buf_view(&text);
			answers_put(&answers, q.number,
			    &(struct answer){.status = line.len ? ANSWER_GOOD : ANSWER_NXDOMAIN,
			        .records = &r,
			        .count = line.len > 0});
		}
	}
	check(asked <= 2 * DMARC_WALK_MAX + 2);
	check(v.result == SENDER_NONE || v.result == SENDER_PASS || v.result == SENDER_TEMPERROR);
	check(v.policy <= DMARC_REJECT);
	buf_done(&text);
	arena_done(&arena);
	answers_done(&answers);
	return 0;
}
