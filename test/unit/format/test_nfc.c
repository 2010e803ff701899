/* Normal form C: what looks alike is alike, and what is normal stays. */
#include "../unit.h"

#include <errno.h>

#include "format/nfc.h"

static void expect(const char *text, const char *normal)
{
	struct buf out;
	buf_init(&out, NFC_TEXT_MAX * 9);
	assert_int_equal(nfc_append(view_from_string(text), &out), 0);
	assert_view(buf_view(&out), normal);
	buf_clear(&out);
	assert_int_equal(nfc_append(view_from_string(normal), &out), 0);
	assert_view(buf_view(&out), normal);
	buf_done(&out);
}

static void texts_become_normal(void **state)
{
	(void)state;
	expect("", "");
	expect("INBOX/Sent & more", "INBOX/Sent & more");
	expect("a\xcc\x88", "\xc3\xa4");                                /* a, diaeresis */
	expect("\xe2\x84\xab", "\xc3\x85");                             /* Angstrom sign */
	expect("q\xcc\xa3\xcc\x87", "q\xcc\xa3\xcc\x87");               /* no composed form; in order */
	expect("q\xcc\x87\xcc\xa3", "q\xcc\xa3\xcc\x87");               /* out of order */
	expect("\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab", "\xed\x95\x9c"); /* Hangul */
	expect("\xef\xac\x81", "\xef\xac\x81"); /* a ligature is its own letter: no compatibility */
	/* The one that grows most. */
	expect("\xf0\x9d\x85\xa0\xf0\x9d\x85\xa0", "\xf0\x9d\x85\x98\xf0\x9d\x85\xa5\xf0\x9d\x85\xae\xf0\x9d"
	                                           "\x85\x98\xf0\x9d\x85\xa5\xf0\x9d\x85\xae");
}

static void refusals_leave_the_buffer(void **state)
{
	static char many[NFC_TEXT_MAX + 1];
	struct buf out;
	(void)state;
	buf_init(&out, 4);
	buf_append(&out, VIEW("ab"));
	assert_int_equal(nfc_append(VIEW("\xc3"), &out), -EINVAL);
	assert_int_equal(nfc_append(VIEW("\xed\xa0\x80"), &out), -EINVAL); /* a surrogate */
	assert_int_equal(nfc_append(view_of(many, sizeof many), &out), -EMSGSIZE);
	assert_int_equal(nfc_append(VIEW("a\xcc\x88x"), &out), -ENOBUFS);
	assert_view(buf_view(&out), "ab");
	buf_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(texts_become_normal),
	    cmocka_unit_test(refusals_leave_the_buffer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
