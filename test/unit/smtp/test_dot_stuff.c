/* The body as DATA carries it: what the host reads back is the message, however it was cut. */
#include "../unit.h"

#include "base/buf.h"
#include "smtp/smtp_dot.h"
#include "format/dot_stuff.h"

static void check_stuffed(const char *text, size_t len, const char *expected)
{
	for (size_t piece = 1; piece <= len + 1; piece++) {
		struct dot_stuff stuff = {0};
		struct buf out;
		struct view rest = view_of(text, len);
		buf_init(&out, 1 << 16);
		while (rest.len > 0) {
			dot_stuff(&stuff, view_take(rest, piece), &out);
			rest = view_skip(rest, piece);
		}
		dot_stuff_end(&stuff, &out);
		assert_view(buf_view(&out), expected);
		buf_done(&out);
	}
}

static void known_texts(void **state)
{
	(void)state;
	check_stuffed("", 0, ".\r\n");
	check_stuffed("a", 1, "a\r\n.\r\n");
	check_stuffed("a\r\n", 3, "a\r\n.\r\n");
	check_stuffed(".", 1, "..\r\n.\r\n");
	check_stuffed(".\r\n", 3, "..\r\n.\r\n");
	check_stuffed("a\r\n.\r\nb", 7, "a\r\n..\r\nb\r\n.\r\n");
	check_stuffed("a.\r\n..b\r\n", 9, "a.\r\n...b\r\n.\r\n");
	check_stuffed("\r\n\r\n.", 5, "\r\n\r\n..\r\n.\r\n");
}

/* What could be read as an end of the message by a host that takes LF or CR for a line end: is none. */
static void lone_cr_and_lf(void **state)
{
	(void)state;
	check_stuffed("a\n.\nb", 5, "a\r\n..\r\nb\r\n.\r\n");
	check_stuffed("a\r.\rb", 5, "a\r\n..\r\nb\r\n.\r\n");
	check_stuffed("a\n.\r\nb", 6, "a\r\n..\r\nb\r\n.\r\n");
	check_stuffed("a\r\r\nb", 5, "a\r\n\r\nb\r\n.\r\n");
	check_stuffed("\r", 1, "\r\n.\r\n");
	check_stuffed("\n\r", 2, "\r\n\r\n.\r\n");
	check_stuffed("a\r", 2, "a\r\n.\r\n");
}

static void append(void *arg, struct view run)
{
	buf_append(arg, run);
}

/* Random texts of the characters that matter come back through the host's reader with their lines ended. */
static void round_trips(void **state)
{
	static const char alphabet[] = "ab.\r\n";
	(void)state;
	srand(1);
	for (int round = 0; round < 3000; round++) {
		char text[40];
		size_t len = (size_t)rand() % sizeof text;
		struct buf stuffed, expected, back;
		struct dot_stuff stuff = {0};
		struct smtp_dot dot = {.state = DOT_LINE_START};
		buf_init(&stuffed, 1 << 16);
		buf_init(&expected, 1 << 16);
		buf_init(&back, 1 << 16);
		for (size_t i = 0; i < len; i++)
			text[i] = alphabet[rand() % 5];
		for (size_t i = 0; i < len; i++) {
			bool ends = text[i] == '\r' || text[i] == '\n';
			if (text[i] == '\r' && i + 1 < len && text[i + 1] == '\n')
				i++;
			ends ? buf_append_string(&expected, "\r\n") : buf_append_byte(&expected, text[i]);
			if (!ends && i + 1 == len)
				buf_append_string(&expected, "\r\n");
		}
		for (size_t i = 0, piece; i < len; i += piece) {
			piece = 1 + (size_t)rand() % 7;
			dot_stuff(&stuff, view_take(view_skip(view_of(text, len), i), piece), &stuffed);
		}
		dot_stuff_end(&stuff, &stuffed);
		assert_int_equal(smtp_dot_feed(&dot, buf_view(&stuffed), append, &back), stuffed.len);
		assert_true(dot.ended && !dot.bare_cr && !dot.bare_lf);
		assert_true(view_equal(buf_view(&expected), buf_view(&back)));
		buf_done(&stuffed);
		buf_done(&expected);
		buf_done(&back);
	}
}

/* A hostile text must not cost its square: ten megabytes of CR would not end within a test. */
static void many_lone_crs(void **state)
{
	(void)state;
	size_t len = 10 << 20;
	char *text = malloc(len);
	struct buf out;
	struct dot_stuff stuff = {0};
	assert_non_null(text);
	memset(text, '\r', len);
	buf_init(&out, 3 * len);
	dot_stuff(&stuff, view_of(text, len), &out);
	dot_stuff_end(&stuff, &out);
	assert_int_equal(buf_view(&out).len, 2 * len + 3);
	buf_done(&out);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(known_texts),
	    cmocka_unit_test(lone_cr_and_lf),
	    cmocka_unit_test(round_trips),
	    cmocka_unit_test(many_lone_crs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
