/* Modified UTF-7: RFC 3501 section 5.1.3. */
#include "../unit.h"

#include <errno.h>

#include "base/random.h"
#include "base/utf8.h"
#include "format/modified_utf7.h"

static void encodes_to(const char *utf8, const char *wanted)
{
	struct buf out;
	buf_init(&out, 1000);
	assert_int_equal(modified_utf7_encode(&out, view_from_string(utf8)), 0);
	assert_string_equal(buf_string(&out), wanted);
	buf_clear(&out);
	assert_int_equal(modified_utf7_decode(&out, view_from_string(wanted)), 0);
	assert_string_equal(buf_string(&out), utf8);
	buf_done(&out);
}

static void test_both_ways(void **state)
{
	(void)state;
	encodes_to("", "");
	encodes_to("INBOX", "INBOX");
	encodes_to("R&D", "R&-D");
	encodes_to("&&", "&-&-");
	/* The RFC's own example. */
	encodes_to("~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-");
	encodes_to("Entwürfe", "Entw&APw-rfe");
	encodes_to("ü", "&APw-");
	encodes_to("\xf0\x9f\x93\xac Post", "&2D3c7A- Post");
	encodes_to("Отправленные", "&BB4EQgQ,BEAEMAQyBDsENQQ9BD0ESwQ1-");
	encodes_to("a\tb", "a&AAk-b");
}

static void test_only_one_form_is_taken(void **state)
{
	static const char *const wrong[] = {"&", "&AP", "a&b", "&AGE-" /* a */, "&APw-&APw-" /* two shifts */,
	    "&APx-" /* bits left over */, "&APwA-", "&2D0-" /* half a pair */, "&3Ow-", "&2D3YPQ-",
	    "\xc3\xbc", "a\x7f", "&AP.-", "&A-", "&AP//-"};
	struct buf out;
	buf_init(&out, 1000);
	(void)state;
	buf_append_string(&out, "before");
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		assert_int_equal(modified_utf7_decode(&out, view_from_string(wrong[i])), -EINVAL);
		assert_string_equal(buf_string(&out), "before");
	}
	assert_int_equal(modified_utf7_encode(&out, VIEW("\xff")), -EINVAL);
	assert_string_equal(buf_string(&out), "before");
	buf_done(&out);
}

/* Whatever is taken is written in the same octets again, so that a name has one form. */
static void test_what_is_decoded_encodes_alike(void **state)
{
	static const char pool[] = "&&--AP,w2D3c7Aab+/=";
	struct buf out, again;
	size_t taken = 0;
	buf_init(&out, 1000);
	buf_init(&again, 1000);
	(void)state;
	for (int i = 0; i < 200000; i++) {
		unsigned char random[12];
		char text[12];
		random_bytes(random, sizeof random);
		size_t len = random[0] % sizeof text;
		for (size_t k = 0; k < len; k++)
			text[k] = pool[random[k + 1 < sizeof random ? k + 1 : 0] % (sizeof pool - 1)];
		buf_clear(&out);
		buf_clear(&again);
		if (modified_utf7_decode(&out, view_of(text, len)) != 0)
			continue;
		taken++;
		assert_true(utf8_valid(buf_view(&out)));
		assert_int_equal(modified_utf7_encode(&again, buf_view(&out)), 0);
		assert_true(view_equal(buf_view(&again), view_of(text, len)));
	}
	assert_true(taken > 1000);
	buf_done(&out);
	buf_done(&again);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_both_ways),
	    cmocka_unit_test(test_only_one_form_is_taken),
	    cmocka_unit_test(test_what_is_decoded_encodes_alike),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
