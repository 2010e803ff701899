#include "../unit.h"

#include "format/look_alike.h"

static void skeleton(const char *name, struct buf *out)
{
	buf_init(out, 1000);
	assert_int_equal(look_alike_skeleton(view_from_string(name), out), 0);
}

static bool alike(const char *a, const char *b)
{
	struct buf x, y;
	skeleton(a, &x);
	skeleton(b, &y);
	bool same = view_equal(buf_view(&x), buf_view(&y));
	buf_done(&x);
	buf_done(&y);
	return same;
}

static void what_is_drawn_alike_has_one_skeleton(void **state)
{
	(void)state;
	assert_true(alike("anna@example.com", "ANNA@EXAMPLE.COM"));
	assert_true(alike("anna@example.com", "anna@exarnple.com"));
	assert_true(alike("anna@example.com", "anna@examp1e.com"));
	assert_true(alike("anna@example.com", "anna@exampIe.com"));
	assert_true(alike("service@wells.example", "service@vvells.example"));
	assert_true(alike("cloud.example", "doud.example"));
	assert_true(alike("google.example", "g00gle.example"));
	assert_true(alike("my-bank.example", "mybank.example"));
	/* Cyrillic, as a name and as an A-label; Greek; diacritics. */
	assert_true(alike("paypal.example", "p\xd0\xb0yp\xd0\xb0l.example"));
	assert_true(alike("paypal.example", "xn--pypal-4ve.example"));
	assert_true(alike("bob@example.com", "b\xce\xbf\x62@example.com"));
	assert_true(alike("cafe.example", "caf\xc3\xa9.example"));
}

static void what_is_not_has_another(void **state)
{
	(void)state;
	assert_false(alike("anna@example.com", "anne@example.com"));
	assert_false(alike("anna@example.com", "anna@example.org"));
	assert_false(alike("example.com", "example.com.evil.test"));
	assert_false(alike("a@b", "ab"));
}

static void any_octets_are_taken(void **state)
{
	struct buf out;
	(void)state;
	skeleton("", &out);
	assert_int_equal(buf_view(&out).len, 0);
	buf_done(&out);
	skeleton("\xff\xfe@\x80", &out);
	buf_done(&out);
	skeleton("@@@", &out);
	buf_done(&out);
	/* No room: an error, and nothing else. */
	buf_init(&out, 3);
	assert_int_not_equal(look_alike_skeleton(VIEW("anna@example.com"), &out), 0);
	buf_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_drawn_alike_has_one_skeleton),
	    cmocka_unit_test(what_is_not_has_another),
	    cmocka_unit_test(any_octets_are_taken),
	};
	return cmocka_run_group_tests_name("format/look_alike", tests, NULL, NULL);
}
