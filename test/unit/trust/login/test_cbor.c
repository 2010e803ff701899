#include "../../unit.h"

#include "trust/login/cbor.h"

static bool reads(const char *octets, size_t len, struct cbor *value)
{
	return cbor_read(view_of(octets, len), value);
}
#define READS(octets, value) reads(octets, sizeof(octets) - 1, value)

/* RFC 8949 appendix A, as far as these kinds go. */
static void reads_integers(void **state)
{
	static const struct {
		const char *octets;
		size_t len;
		int64_t number;
	} cases[] = {{"\x00", 1, 0}, {"\x17", 1, 23}, {"\x18\x18", 2, 24}, {"\x19\x03\xe8", 3, 1000},
	    {"\x1a\x00\x0f\x42\x40", 5, 1000000}, {"\x1b\x00\x00\x00\xe8\xd4\xa5\x10\x00", 9, 1000000000000},
	    {"\x20", 1, -1}, {"\x38\x63", 2, -100}, {"\x39\x03\xe7", 3, -1000}};
	struct cbor value;
	int64_t number;
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_true(reads(cases[i].octets, cases[i].len, &value));
		assert_true(cbor_integer(&value, &number));
		assert_int_equal(number, cases[i].number);
	}
	assert_true(READS("\x1b\xff\xff\xff\xff\xff\xff\xff\xff", &value));
	assert_false(cbor_integer(&value, &number)); /* too large */
	assert_true(READS("\x41\x01", &value));
	assert_false(cbor_integer(&value, &number)); /* no number */
}

static void reads_what_holds_others(void **state)
{
	struct cbor value, member;
	int64_t number;
	(void)state;
	assert_true(READS("\xa3\x61"
	                  "a\x01\x20\x82\x02\x03\x61"
	                  "b\x43xyz",
	    &value));
	assert_int_equal(value.kind, CBOR_MAP);
	assert_int_equal(value.number, 3);
	assert_true(cbor_member(&value, "b", &member));
	assert_view(member.octets, "xyz");
	assert_true(cbor_member_number(&value, -1, &member));
	assert_int_equal(member.kind, CBOR_ARRAY);
	assert_int_equal(member.number, 2);
	assert_true(cbor_member(&value, "a", &member));
	assert_true(cbor_integer(&member, &number));
	assert_int_equal(number, 1);
	assert_false(cbor_member(&value, "c", &member));
	assert_false(cbor_member_number(&value, 1, &member));
	assert_false(cbor_member(&member, "a", &value)); /* a number has no members */
	assert_true(READS("\x83\xf4\xf5\xf6", &value));
	assert_true(
	    READS("\xa0", &value) && READS("\x80", &value) && READS("\x60", &value) && READS("\x40", &value));
}

static void refuses_other_forms(void **state)
{
#define CASE(octets)                                                                                         \
	{                                                                                                    \
		octets, sizeof(octets) - 1                                                                   \
	}
	static const struct {
		const char *octets;
		size_t len;
	} cases[] = {CASE(""), CASE("\x00\x00"),                                  /* nothing, and two */
	    CASE("\x18\x17"), CASE("\x19\x00\xff"), CASE("\x1a\x00\x00\xff\xff"), /* longer than need be */
	    CASE("\x1b\x00\x00\x00\x00\xff\xff\xff\xff"), CASE("\x58\x01x"), CASE("\x18"), CASE("\x42x"),
	    CASE("\x82\x01"), CASE("\xa1\x01"), /* cut off */
	    CASE("\x5b\xff\xff\xff\xff\xff\xff\xff\xff"), CASE("\x9b\xff\xff\xff\xff\xff\xff\xff\xff"),
	    CASE("\xbb\xff\xff\xff\xff\xff\xff\xff\xff"), /* longer than anything */
	    CASE("\x5f\x41x\xff"), CASE("\x9f\x01\xff"), CASE("\xbf\xff"), CASE("\xff"), /* left open */
	    CASE("\xc0\x00"), CASE("\xf9\x00\x00"), CASE("\xf8\x20"), CASE("\xf0"), CASE("\xf7"),
	    CASE("\x1c"), CASE("\x61\xff"),            /* no UTF-8 */
	    CASE("\xa2\x01\x02\x01\x03"),              /* a key twice */
	    CASE("\x81\x81\x81\x81\x81\x81\x81\x01")}; /* too deep */
	struct cbor value = {.number = 77};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		if (reads(cases[i].octets, cases[i].len, &value))
			fail_msg("case %zu was read", i);
	assert_int_equal(value.number, 77);
	assert_true(READS("\x81\x81\x81\x81\x81\x81\x01", &value));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_integers),
	    cmocka_unit_test(reads_what_holds_others),
	    cmocka_unit_test(refuses_other_forms),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
