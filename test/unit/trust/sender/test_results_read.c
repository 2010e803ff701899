/* Reading what others found out: RFC 8601 section 2.2, its examples, and text that is none of it. */
#include "../../unit.h"

#include "trust/sender/results_read.h"

/* "METHOD=RESULT" of each, by blanks. */
static void expect(const char *text, const char *expected)
{
	struct view rest = results_begin(view_from_string(text));
	struct results_one one;
	struct buf found;
	buf_init(&found, 4096);
	while (results_next(&rest, &one))
		buf_printf(
		    &found, "%s%.*s=%.*s", found.len ? " " : "", VIEW_FMT(one.method), VIEW_FMT(one.result));
	assert_string_equal(buf_string(&found), expected);
	buf_done(&found);
}

static void finds_results(void **state)
{
	(void)state;
	expect("example.com;\r\n\tspf=pass smtp.mailfrom=example.net", "spf=pass");
	expect("example.com 1; none", "");
	expect("example.com", "");
	expect("", "");
	expect(
	    "foo.example.net (foobar) 1 (baz); dkim (Because I like it) / 1 (One yay) = (wait for it) "
	    "fail\r\n"
	    "\tpolicy (A dot can go here) . (like that) expired (this surprised me) = (as I wasn't expecting "
	    "it) 1362471462",
	    "dkim=fail");
	expect("a; auth=pass (cram-md5; really) smtp.auth=x; spf=fail; ; dkim=none",
	    "auth=pass spf=fail dkim=none");
	expect("a; x=pass reason=\"a;b=c\\\";d=e\"; y=fail", "x=pass y=fail");
	expect("a; =pass; dmarc=; dmarc; x = pass; (open", "x=pass");
	expect("a; x=pass \"never closed; y=pass", "x=pass");
	expect("dmarc=pass; spf=none", "spf=none");
}

static void expect_property(const char *text, const char *name, const char *value)
{
	struct view rest = results_begin(view_from_string(text));
	struct results_one one;
	struct buf found;
	buf_init(&found, 20);
	assert_true(results_next(&rest, &one));
	assert_int_equal(results_property(&one, view_from_string(name), &found), value != NULL);
	assert_string_equal(buf_string(&found), value ? value : "");
	buf_done(&found);
}

static void finds_properties(void **state)
{
	static const char text[] =
	    "a; dmarc=fail (p=none dis=none) reason=\"said; so\" Header.From=\"b.example\" "
	    "smtp.mailfrom=\"a b\"@c.example header.from=second header.x= header.long=123456789012345678901";
	(void)state;
	expect_property(text, "header.from", "b.example");
	expect_property(text, "HEADER.FROM", "b.example");
	expect_property(text, "reason", "said; so");
	expect_property(text, "smtp.mailfrom", "a b@c.example");
	expect_property(text, "p", NULL);
	expect_property(text, "from", NULL);
	expect_property(text, "header.long", NULL);
	expect_property("a; spf=pass == \"x\"=y header.from =(c) b.example(d)", "header.from", "b.example");
	expect_property("a; spf=pass header.from=\"open", "header.from", NULL);
	expect_property("a; spf=pass", "header.from", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(finds_results),
	    cmocka_unit_test(finds_properties),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
