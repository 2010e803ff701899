#include "../unit.h"

#include <string.h>

#include "format/line_ends.h"
#include "format/line_mend.h"

/* In pieces of every size, and as long as line_ends.h says. */
static void mended(struct view in, const char *expected)
{
	for (size_t piece = 1; piece <= in.len + 1; piece++) {
		struct line_mend l = {0};
		struct line_ends ends = {0};
		struct buf out;
		buf_init(&out, 1000);
		line_ends_feed(&ends, in);
		for (struct view rest = in; rest.len > 0; rest = view_skip(rest, piece))
			line_mend(&l, view_take(rest, piece), &out);
		line_mend_end(&l, &out);
		assert_string_equal(buf_string(&out), expected);
		assert_int_equal(strlen(expected), in.len + line_ends_growth(&ends));
		buf_done(&out);
	}
}

static void each_line_gets_its_end(void **state)
{
	(void)state;
	mended(VIEW(""), "");
	mended(VIEW("a\r\nb\r\n"), "a\r\nb\r\n");
	mended(VIEW("a\nb\rc"), "a\r\nb\r\nc\r\n");
	mended(VIEW("\r\r\n\n\r"), "\r\n\r\n\r\n\r\n");
	mended(VIEW("\r\n\r\n"), "\r\n\r\n");
	mended(VIEW("a\r\n.\r\n"), "a\r\n.\r\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(each_line_gets_its_end)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
