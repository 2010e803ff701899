/* Compression of a stream: what is said arrives at once and whole, and what is no deflate ends it. */
#include "../unit.h"

#include <errno.h>
#include <string.h>

#include "io/deflate.h"

static struct deflate *here, *there;

static int begin(void **state)
{
	(void)state;
	here = deflate_new();
	there = deflate_new();
	return here && there ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	deflate_free(here);
	deflate_free(there);
	return 0;
}

/* Unpacks with so little room at a time. */
static void unpacks(struct view packed, size_t room, struct view expected)
{
	struct buf out;
	char piece[1000];
	ssize_t n;
	buf_init(&out, 1 << 24);
	while ((n = deflate_unpack(there, &packed, piece, room)) > 0)
		buf_append(&out, view_of(piece, (size_t)n));
	assert_int_equal(n, 0);
	assert_int_equal(packed.len, 0);
	assert_true(view_equal(buf_view(&out), expected));
	buf_done(&out);
}

static void what_is_said_arrives_at_once(void **state)
{
	static char text[300000];
	struct buf packed;
	(void)state;
	for (size_t i = 0; i < sizeof text; i++)
		text[i] = (char)(i * i / 7 % 251);
	buf_init(&packed, 1 << 24);
	for (size_t len = 0; len < sizeof text; len = len * 3 + 1) {
		buf_clear(&packed);
		assert_int_equal(deflate_pack(here, view_of(text, len), &packed), 0);
		unpacks(buf_view(&packed), 1 + len % 999, view_of(text, len));
	}
	buf_done(&packed);
}

/* A thousand times as long as it came: it is given in pieces that fit. */
static void a_bomb_comes_in_pieces(void **state)
{
	static char zeros[1 << 20];
	struct buf packed;
	char piece[1000];
	size_t calls = 0;
	(void)state;
	buf_init(&packed, 1 << 24);
	assert_int_equal(deflate_pack(here, view_of(zeros, sizeof zeros), &packed), 0);
	struct view rest = buf_view(&packed);
	assert_true(rest.len < 20000);
	for (; deflate_unpack(there, &rest, piece, sizeof piece) > 0; calls++)
		assert_true(calls < 2000);
	assert_in_range(calls, sizeof zeros / sizeof piece, sizeof zeros / sizeof piece + 20);
	buf_done(&packed);
}

static void what_is_no_deflate_is_refused(void **state)
{
	char piece[1000];
	struct view nonsense = VIEW("\xff\xff\xff\xff a1 NOOP\r\n");
	/* A last block: a stream that lives has none. */
	struct view last = VIEW("\x03\x00");
	(void)state;
	assert_int_equal(deflate_unpack(there, &nonsense, piece, sizeof piece), -EBADMSG);
	assert_int_equal(deflate_unpack(here, &last, piece, sizeof piece), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(what_is_said_arrives_at_once, begin, end),
	    cmocka_unit_test_setup_teardown(a_bomb_comes_in_pieces, begin, end),
	    cmocka_unit_test_setup_teardown(what_is_no_deflate_is_refused, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
