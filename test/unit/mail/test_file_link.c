/* File links in URLs, and the names that files get. */
#include "../unit.h"

#include <stdio.h>
#include <string.h>

#include "mail/file_link.h"

static const char code[] = "AAECAwQFBgcICQoLDA0ODw"; /* 0 to 15 */

static bool reads(const char *format, const char *secret)
{
	char text[200];
	struct file_link_ref ref;
	int len = snprintf(text, sizeof text, format, secret);
	return file_link_read(view_of(text, (size_t)len), &ref);
}

static void each_has_one_text(void **state)
{
	struct file_link_ref ref = {.account = 0x1f, .number = 7}, again;
	struct buf out;
	(void)state;
	for (unsigned i = 0; i < FILE_LINK_SECRET_SIZE; i++)
		ref.secret[i] = (unsigned char)i;
	buf_init(&out, FILE_LINK_PATH_MAX);
	assert_int_equal(file_link_write(&out, &ref), 0);
	assert_view(buf_view(&out), "F1f-7-AAECAwQFBgcICQoLDA0ODw");
	assert_true(file_link_read(buf_view(&out), &again));
	assert_true(again.account == 0x1f && again.number == 7);
	assert_memory_equal(again.secret, ref.secret, sizeof ref.secret);
	/* The secret has "-" at all of its ends. */
	memset(ref.secret, 0xfb, sizeof ref.secret);
	ref.account = UINT64_C(0xffffffffffffff);
	ref.number = UINT32_MAX;
	buf_clear(&out);
	assert_int_equal(file_link_write(&out, &ref), 0);
	assert_true(file_link_read(buf_view(&out), &again));
	assert_true(again.account == ref.account && again.number == ref.number);
	assert_memory_equal(again.secret, ref.secret, sizeof ref.secret);
	buf_done(&out);
}

static void nothing_else_is_one(void **state)
{
	(void)state;
	assert_true(reads("F1-7-%s", code));
	assert_false(reads("F1-7%s", code));
	assert_false(reads("F1-7_%s", code));
	assert_false(reads("F1-07-%s", code));
	assert_false(reads("F1-7-7-%s", code));
	assert_false(reads("f1-7-%s", code));
	assert_false(reads("F1-7-%sA", code));
	assert_false(reads("N1-7-%s", code));
	assert_false(reads("F100000000000000-7-%s", code));
	assert_false(reads("F1-100000000-%s", code));
	assert_false(reads("F1-7-%s=", code));
	/* Bits that stand for nothing are zero; no other alphabet. */
	assert_false(reads("F1-7-%s", "AAECAwQFBgcICQoLDA0ODx"));
	assert_false(reads("F1-7-%s", "AAECAwQFBgcICQoLDA0O/w"));
	assert_false(reads("%s", code));
	assert_false(reads("-%s", code));
	assert_false(reads("%s", ""));
	assert_false(file_link_read((struct view){0}, &(struct file_link_ref){0}));
}

static void expect_name(const char *given, const char *name)
{
	struct buf out;
	buf_init(&out, 300);
	buf_append_string(&out, "x");
	file_link_clean_name(&out, view_from_string(given));
	assert_false(buf_failed(&out));
	assert_view(view_skip(buf_view(&out), 1), name);
	buf_done(&out);
}

static void names_are_those_of_files(void **state)
{
	char given[600], name[600];
	(void)state;
	expect_name("Größe 1.pdf", "Größe 1.pdf");
	expect_name("", "_");
	expect_name(".", "_");
	expect_name("..", "_");
	expect_name("a/b\\c", "a_b_c");
	expect_name("a\r\nb\tc\x7f", "a__b_c_");
	expect_name("exe\u202efdp.", "exe_fdp.");
	expect_name("a\xff\xfe", "a__");
	/* Cut between two characters. */
	memset(given, 'a', 254);
	snprintf(given + 254, 100, "ß.pdf");
	memset(name, 'a', 254);
	name[254] = '\0';
	expect_name(given, name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_has_one_text),
	    cmocka_unit_test(nothing_else_is_one),
	    cmocka_unit_test(names_are_those_of_files),
	};
	return cmocka_run_group_tests_name("mail/file_link", tests, NULL, NULL);
}
