/* The end of data with every split: whole, cut in two at every place, and in every two places. */
#include "../unit.h"

#include "base/buf.h"
#include "smtp/smtp_dot.h"

static void emit(void *arg, struct view run)
{
	assert_true(run.len > 0);
	buf_append(arg, run);
}

struct outcome {
	char text[64];
	size_t consumed;
	bool ended, cr, lf;
};

static struct outcome play(struct view in, size_t first, size_t second)
{
	struct smtp_dot dot = {.state = DOT_LINE_START};
	struct outcome o = {0};
	struct buf out;
	size_t cuts[] = {first, second, in.len}, at = 0;
	buf_init(&out, 1000);
	for (size_t i = 0; i < 3 && !dot.ended; i++) {
		struct view piece = view_take(view_skip(in, at), cuts[i] - at);
		at += smtp_dot_feed(&dot, piece, emit, &out);
		assert_true(dot.ended || at == cuts[i]);
	}
	assert_true(buf_view(&out).len < sizeof o.text);
	memcpy(o.text, buf_view(&out).data, buf_view(&out).len);
	o.consumed = at;
	o.ended = dot.ended;
	o.cr = dot.bare_cr;
	o.lf = dot.bare_lf;
	buf_done(&out);
	return o;
}

static const struct {
	const char *in, *out;
	bool ended, cr, lf;
	size_t left; /* behind the end */
} cases[] = {
    {".\r\n", "", true, false, false, 0},
    {"a\r\n.\r\n", "a\r\n", true, false, false, 0},
    {"a\r\n.\r\nQUIT\r\n", "a\r\n", true, false, false, 6},
    {"..\r\n.\r\n", ".\r\n", true, false, false, 0},
    {"..a\r\n.b\r\n.\r\n", ".a\r\nb\r\n", true, false, false, 0},
    {"...\r\n.\r\n", "..\r\n", true, false, false, 0},
    {"a.\r\n.\r\n", "a.\r\n", true, false, false, 0},
    {"a\r\n. \r\n.\r\n", "a\r\n \r\n", true, false, false, 0},
    /* Only CR LF . CR LF ends: all the ways to smuggle a second message in are seen and told. */
    {"a\n.\nb", "a\n.\nb", false, false, true, 0},
    {"a\n.\r\nb", "a\n.\r\nb", false, false, true, 0},
    {"a\r\n.\nb", "a\r\n\nb", false, false, true, 0},
    {"a\r.\rb", "a\r.\rb", false, true, false, 0},
    {"a\r\n.\rb", "a\r\n\rb", false, true, false, 0},
    {"a\r\n.\r\r\nb", "a\r\n\r\r\nb", false, true, false, 0},
    {"a\r\r\n.\r\n", "a\r\r\n", true, true, false, 0},
    {"\r\n.\r\n", "\r\n", true, false, false, 0},
    {"a", "a", false, false, false, 0},
    {"a\r\n.", "a\r\n", false, false, false, 0},
};

static void every_split_gives_the_same(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct view in = view_from_string(cases[i].in);
		for (size_t first = 0; first <= in.len; first++)
			for (size_t second = first; second <= in.len; second++) {
				struct outcome o = play(in, first, second);
				assert_string_equal(o.text, cases[i].out);
				assert_int_equal(o.ended, cases[i].ended);
				assert_int_equal(o.consumed, in.len - cases[i].left);
				assert_int_equal(o.cr, cases[i].cr);
				assert_int_equal(o.lf, cases[i].lf);
			}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(every_split_gives_the_same)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
