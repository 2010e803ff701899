/*
 * SPF: the input is the records of a zone, a line each, of which each question gets the next one. Whatever
 * they say, the evaluation ends, asks no more than it may, and what it says of itself can be shown.
 */
#include "fuzz_dns.h"

#include <netinet/in.h>

#include "trust/sender/spf.h"

enum { ROUNDS_MAX = 130 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view rest = view_of(data, size), line;
	struct sockaddr_in client = {.sin_family = AF_INET};
	client.sin_addr.s_addr = 0x070200c0;
	struct spf_request request = {.client = (const struct sockaddr *)&client,
	    .helo = VIEW("helo.example"),
	    .local_part = VIEW("a-b.c"),
	    .domain = VIEW("a.example"),
	    .explain = true};
	struct answers answers;
	struct arena arena;
	struct spf_verdict v;
	struct buf text;
	answers_init(&answers);
	arena_init(&arena, SPF_MEMORY_MAX);
	buf_init(&text, 64 * 1024);
	unsigned rounds = 0;
	for (;;) {
		struct question q;
		arena_reset(&arena);
		if (spf_check(&answers, &request, &arena, &v))
			break;
		check(++rounds < ROUNDS_MAX);
		while (answers_next(&answers, &q)) {
			if (!view_next(&rest, '\n', &line))
				line = VIEW("");
			struct view r = fuzz_record(line, q.type, &text);
			answers_put(&answers, q.number,
			    &(struct answer){.status = line.len ? ANSWER_GOOD : ANSWER_NXDOMAIN,
			        .records = &r,
			        .count = line.len > 0});
		}
	}
	check(v.result < SENDER_RESULTS && v.result != SENDER_POLICY);
	check(v.lookups <= SPF_LOOKUPS_MAX + 1 && v.voids <= SPF_VOID_LOOKUPS_MAX + 1);
	for (size_t i = 0; i < v.explanation.len; i++)
		check(ascii_is_print(v.explanation.data[i]));
	check(
	    v.explanation.len <= SPF_EXPLANATION_MAX && (v.result == SENDER_FAIL || v.explanation.len == 0));
	buf_done(&text);
	arena_done(&arena);
	answers_done(&answers);
	return 0;
}
