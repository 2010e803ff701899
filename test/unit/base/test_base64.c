#include "../unit.h"

#include <errno.h>

#include "base/base64.h"

static void knows_the_vectors_of_rfc_4648(void **state)
{
	(void)state;
	static const char *const pairs[][2] = {{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"},
	    {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}};
	struct buf b;
	buf_init(&b, 100);
	for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
		buf_clear(&b);
		assert_int_equal(base64_encode(&b, view_from_string(pairs[i][0])), 0);
		assert_view(buf_view(&b), pairs[i][1]);
		buf_clear(&b);
		assert_int_equal(base64_decode(&b, view_from_string(pairs[i][1])), 0);
		assert_view(buf_view(&b), pairs[i][0]);
	}
	buf_done(&b);
}

static void is_strict(void **state)
{
	(void)state;
	static const char *const bad[] = {
	    "Zg", "Zg=", "Zg== ", "Z g==", "Zh==", "Zg==Zg==", "-_8=", "=", "\n", "Zg\x80=", "\xb6mdh"};
	struct buf b;
	buf_init(&b, 100);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_int_equal(base64_decode(&b, view_from_string(bad[i])), -EINVAL);
		assert_int_equal(buf_view(&b).len, 0);
	}
	buf_done(&b);
}

static void has_the_alphabet_of_urls(void **state)
{
	(void)state;
	struct buf b;
	buf_init(&b, 100);
	assert_int_equal(base64url_encode(&b, VIEW("\xfb\xff\xfe\x01")), 0);
	assert_view(buf_view(&b), "-__-AQ");
	buf_clear(&b);
	assert_int_equal(base64url_decode(&b, VIEW("-__-AQ")), 0);
	assert_true(view_equal(buf_view(&b), VIEW("\xfb\xff\xfe\x01")));
	static const char *const bad[] = {"+//+AQ", "AQ==", "AR", "A", "AQ ", ".", "\xb6Q", "A\xc3"};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(base64url_decode(&b, view_from_string(bad[i])), -EINVAL);
	char octets[4];
	size_t len;
	assert_int_equal(base64url_read(VIEW("-__-AQ"), octets, sizeof octets, &len), 0);
	assert_true(view_equal(view_of(octets, len), VIEW("\xfb\xff\xfe\x01")));
	assert_int_equal(base64url_read(VIEW("-__-AQ"), octets, 3, &len), -EINVAL);
	assert_int_equal(base64url_read(VIEW("-__\x80QQ"), octets, sizeof octets, &len), -EINVAL);
	buf_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(knows_the_vectors_of_rfc_4648),
	    cmocka_unit_test(is_strict),
	    cmocka_unit_test(has_the_alphabet_of_urls),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
