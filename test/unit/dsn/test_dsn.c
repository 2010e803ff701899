#include "../unit.h"

#include <errno.h>

#include "dsn/dsn.h"

static void codes_xtext(void **state)
{
	(void)state;
	struct buf out;
	buf_init(&out, 1000);
	assert_int_equal(xtext_encode(VIEW("a+b=c d~\xc3"), &out), 0);
	assert_view(buf_view(&out), "a+2Bb+3Dc+20d~+C3");
	struct buf back;
	buf_init(&back, 1000);
	assert_int_equal(xtext_decode(buf_view(&out), &back), 0);
	assert_view(buf_view(&back), "a+b=c d~\xc3");
	static const char *const wrong[] = {"a b", "a=b", "+", "+4", "+4g", "+4a", "a\x7f", "\xc3"};
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		assert_int_equal(xtext_decode(view_from_string(wrong[i]), &back), -EINVAL);
	assert_view(buf_view(&back), "a+b=c d~\xc3");
	buf_done(&out);
	buf_done(&back);
}

static void parses_orcpt(void **state)
{
	(void)state;
	struct buf out;
	struct view type = {0};
	buf_init(&out, 1000);
	assert_int_equal(orcpt_parse(VIEW("rfc822;joe+2Btag@example.com"), &type, &out), 0);
	assert_view(type, "rfc822");
	assert_view(buf_view(&out), "joe+tag@example.com");
	buf_clear(&out);
	assert_int_equal(orcpt_parse(VIEW("utf-8;j\\x{F6}@x.org"), &type, &out), 0);
	assert_view(buf_view(&out), "j\xc3\xb6@x.org");
	buf_clear(&out);
	assert_int_equal(orcpt_parse(VIEW("utf-8;j\xc3\xb6@x.org"), &type, &out), 0);
	assert_view(buf_view(&out), "j\xc3\xb6@x.org");
	static const char *const wrong[] = {"", "rfc822", "rfc822;", ";x", "rf c;x", "rfc822;a b",
	    "utf-8;\\x{D800}", "utf-8;\\x{}", "utf-8;\\", "utf-8;\xff", "utf-8;\\x{0A}"};
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		assert_int_equal(orcpt_parse(view_from_string(wrong[i]), &type, &out), -EINVAL);
	buf_clear(&out);
	assert_int_equal(envid_parse(VIEW("QQ314159"), &out), 0);
	assert_view(buf_view(&out), "QQ314159");
	assert_int_equal(envid_parse(VIEW("a+0Ab"), &out), -EINVAL);
	assert_int_equal(envid_parse(VIEW(""), &out), -EINVAL);
	assert_view(buf_view(&out), "QQ314159");
	buf_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(codes_xtext),
	    cmocka_unit_test(parses_orcpt),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
