/*
 * What others found out, as Authentication-Results tells it, and what a trusted seal makes of it: any text is
 * read to its end, and what is found lies in it. The first byte is where the text is cut; what is whole
 * before the cut is found in both.
 */
#include "fuzz.h"

#include "trust/sender/arc_trust.h"
#include "trust/sender/results_read.h"

enum { ALL_MAX = 1 << 16 };

static void check_inside(struct view part, struct view text)
{
	check(part.len == 0 || (part.data >= text.data && part.data + part.len <= text.data + text.len));
}

/* How many there are. */
static size_t read_all(struct view text)
{
	static const char *const names[] = {"header.from", "reason", "smtp.mailfrom"};
	struct view rest = results_begin(text);
	struct results_one one;
	size_t count = 0;
	check_inside(rest, text);
	while (results_next(&rest, &one)) {
		check(one.method.len > 0 && one.result.len > 0);
		check_inside(one.method, text);
		check_inside(one.result, text);
		check_inside(one.properties, text);
		check_inside(rest, text);
		for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
			struct buf value;
			buf_init(&value, ALL_MAX);
			if (!results_property(&one, view_from_string(names[i]), &value))
				check(value.len == 0);
			check(value.len <= one.properties.len);
			buf_done(&value);
		}
		check(++count <= text.len);
	}
	check(rest.len == 0);
	return count;
}

/* Only a result of DMARC that passes for this author makes a seal speak for it. */
static void ask_seal(struct view text)
{
	static struct arc chain;
	chain = (struct arc){.count = 1, .verdict.result = SENDER_PASS};
	chain.sets[0].seal_field.domain = "l.example";
	chain.sets[0].text = text;
	unsigned instance = arc_vouches(&chain, VIEW("l.example"), VIEW("a.example"));
	check(instance <= 1);
	check(instance == 0 || (text.len > 20 && view_find(text, '=') >= 0));
	check(arc_vouches(&chain, VIEW("m.example"), VIEW("a.example")) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	struct view text = view_of((const char *)data + 1, size - 1);
	read_all(text);
	read_all(view_take(text, data[0]));
	ask_seal(text);
	return 0;
}
