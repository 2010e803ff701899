#include "../../unit.h"

#include <errno.h>

#include "trust/login/totp.h"

static const char seed[] = "12345678901234567890"; /* of both RFCs' examples */

static void gives_the_codes_of_the_rfcs(void **state)
{
	/* RFC 6238 appendix B: times and codes of 8 digits; RFC 4226 appendix D: counts and codes of 6. */
	static const struct {
		uint64_t step;
		unsigned digits;
		const char *code;
	} cases[] = {{59 / 30, 8, "94287082"}, {1111111109 / 30, 8, "07081804"},
	    {1111111111 / 30, 8, "14050471"}, {1234567890 / 30, 8, "89005924"},
	    {2000000000 / 30, 8, "69279037"}, {20000000000 / 30, 8, "65353130"}, {0, 6, "755224"},
	    {1, 6, "287082"}, {9, 6, "520489"}, {2, 7, "7359152"}};
	char code[9];
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_int_equal(totp_code(VIEW(seed), cases[i].step, cases[i].digits, code), 0);
		assert_string_equal(code, cases[i].code);
	}
	assert_int_equal(totp_code(VIEW(seed), 1, 5, code), -EINVAL);
	assert_int_equal(totp_code(VIEW(seed), 1, 9, code), -EINVAL);
}

static int check(const char *code, int64_t now, uint64_t last, uint64_t *step)
{
	return totp_check(VIEW(seed), view_from_string(code), now, last, step);
}

static void takes_a_code_once_and_near_its_time(void **state)
{
	uint64_t step = 7;
	(void)state;
	/* 287082 is the code of step 1: 30 to 59 seconds. */
	assert_int_equal(check("287082", 45, 0, &step), 0);
	assert_int_equal(step, 1);
	assert_int_equal(check("287 082", 0, 0, &step), 0);
	assert_int_equal(check("287082", 89, 0, &step), 0);
	step = 7;
	assert_int_equal(check("287082", 90, 0, &step), -EACCES);
	assert_int_equal(check("287082", 45, 1, &step), -EACCES); /* used */
	assert_int_equal(check("287082", 45, 2, &step), -EACCES); /* a later one was used */
	assert_int_equal(check("287083", 45, 0, &step), -EACCES);
	assert_int_equal(step, 7);
}

static void refuses_what_is_no_code(void **state)
{
	static const char *const codes[] = {"", "28708", "2870820", "28708a", " ", "-87082", "287082\n"};
	uint64_t step;
	(void)state;
	for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
		assert_int_equal(check(codes[i], 45, 0, &step), -EACCES);
	assert_int_equal(check("755224", -1, 0, &step), -EACCES);
}

static void says_the_secret(void **state)
{
	char text[TOTP_BASE32_SIZE];
	struct buf uri;
	(void)state;
	totp_base32((const unsigned char *)seed, text);
	assert_string_equal(text, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
	buf_init(&uri, 1024);
	assert_int_equal(
	    totp_uri((const unsigned char *)seed, VIEW("mx example"), VIEW("j\xc3\xb6@a.test"), &uri), 0);
	assert_view(buf_view(&uri),
	    "otpauth://totp/"
	    "mx%20example:j%C3%B6@a.test?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=mx%20example");
	buf_done(&uri);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(gives_the_codes_of_the_rfcs),
	    cmocka_unit_test(takes_a_code_once_and_near_its_time),
	    cmocka_unit_test(refuses_what_is_no_code),
	    cmocka_unit_test(says_the_secret),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
