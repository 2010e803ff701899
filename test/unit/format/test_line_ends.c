/* Bare CRs and LFs are counted alike however the text is cut, and the growth is what dot_stuff makes of it.
 */
#include "../unit.h"

#include "format/line_ends.h"

static struct line_ends feed(struct view text, size_t piece)
{
	struct line_ends l = {0};
	while (text.len > 0) {
		line_ends_feed(&l, view_take(text, piece));
		text = view_skip(text, piece);
	}
	return l;
}

static void expect(const char *text, uint64_t bare, uint64_t growth)
{
	for (size_t piece = 1; piece <= strlen(text) + 1; piece++) {
		struct line_ends l = feed(view_from_string(text), piece);
		assert_int_equal(line_ends_bare(&l), bare);
		assert_int_equal(line_ends_growth(&l), growth);
	}
}

static void counts(void **state)
{
	(void)state;
	expect("", 0, 0);
	expect("a\r\nb\r\n", 0, 0);
	expect("a", 0, 2);
	expect("a\r\nb", 0, 2);
	expect("a\nb\n", 2, 2);
	expect("\n\n", 2, 2);
	expect("a\rb", 1, 3);
	expect("a\r", 1, 1);
	expect("a\r\r\n", 1, 1);
	expect("\n\r\n\r", 2, 2);
	expect("\r\r\r", 3, 3);
}

/* A hostile text must not cost its square. */
static void many(void **state)
{
	static char text[4 << 20];
	(void)state;
	memset(text, '\r', sizeof text);
	struct line_ends l = feed(view_of(text, sizeof text), 65536);
	assert_int_equal(line_ends_bare(&l), sizeof text);
	memset(text, '\n', sizeof text);
	l = feed(view_of(text, sizeof text), 65536);
	assert_int_equal(line_ends_bare(&l), sizeof text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(counts), cmocka_unit_test(many)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
