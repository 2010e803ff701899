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

/* Of any length, from any address, in any pieces: the processor's instruction and the tables agree. */
static void is_the_same_on_every_machine(void **state)
{
	(void)state;
	static char bytes[300];
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (char)(i * 151 + i / 7);
	for (size_t at = 0; at < 9; at++)
		for (size_t len = 0; at + len <= sizeof bytes; len++) {
			struct view v = view_of(bytes + at, len);
			uint32_t crc = crc32c_more((uint32_t)at * 77, v);
			assert_int_equal(crc, crc32c_more_by_table((uint32_t)at * 77, v));
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(knows_the_vectors_of_rfc_3720), cmocka_unit_test(is_the_same_on_every_machine)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
