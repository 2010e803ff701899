#include "../unit.h"

#include "base/checksum.h"

static void knows_the_vectors_of_rfc_3720(void **state)
{
	(void)state;
	char bytes[32];
	memset(bytes, 0, sizeof bytes);
	assert_int_equal(crc32c(view_of(bytes, 32)), 0x8a9136aa);
	memset(bytes, 0xff, sizeof bytes);
	assert_int_equal(crc32c(view_of(bytes, 32)), 0x62a8ab43);
	for (int i = 0; i < 32; i++)
		bytes[i] = (char)i;
	assert_int_equal(crc32c(view_of(bytes, 32)), 0x46dd794e);
	assert_int_equal(crc32c(VIEW("123456789")), 0xe3069283);
	for (size_t cut = 0; cut <= 32; cut++)
		assert_int_equal(
		    crc32c_more(crc32c(view_of(bytes, cut)), view_of(bytes + cut, 32 - cut)), 0x46dd794e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(knows_the_vectors_of_rfc_3720)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
