#include "../unit.h"

#include <stdio.h>
#include <string.h>

#include "search/search_message.h"

static void show(struct search_terms *t, struct buf *out)
{
	struct buf list;
	struct search_terms_reader r;
	enum search_section section;
	struct view term;
	buf_init(&list, SEARCH_TERMS_WRITTEN_MAX);
	buf_clear(out);
	assert_int_equal(search_terms_write(t, &list), 0);
	search_terms_read(&r, buf_view(&list));
	while (search_terms_next(&r, &section, &term))
		buf_printf(out, "%d:%.*s ", (int)section, VIEW_FMT(term));
	assert_false(r.broken);
	buf_done(&list);
}

static int read_attachment(void *arg, const struct message_text_piece *p, struct search_terms *t)
{
	(void)arg;
	search_terms_add(t, SEARCH_ATTACHMENT, p->text, true);
	return search_terms_add(t, SEARCH_ATTACHMENT, VIEW("ly"), false);
}

static void sorts_a_message_into_sections(void **state)
{
	struct search_terms t;
	struct buf out;
	(void)state;
	search_terms_init(&t);
	buf_init(&out, 10000);
	assert_int_equal(
	    search_message(VIEW("Subject: a b\nFrom: x@y.test\nDKIM-Signature: b=zzz\n"
	                        "Content-Type: multipart/mixed; boundary=q\n\n--q\n\nb b c\n--q\n"
	                        "Content-Type: application/x\n\nfriend\n--q--\n"),
	        read_attachment, NULL, 1000, &t),
	    0);
	show(&t, &out);
	assert_string_equal(buf_string(&out), "0:A B 1:X@Y.TEST 5:A 5:APPLICATION 5:B 5:BOUNDARY 5:CONTENT "
	                                      "5:FROM 5:MIXED 5:MULTIPART 5:Q 5:SUBJECT "
	                                      "5:TEST 5:TYPE 5:X 5:Y 6:B 6:C 7:FRIENDLY ");
	assert_false(t.cut);
	search_terms_clear(&t);
	show(&t, &out);
	assert_string_equal(buf_string(&out), "");
	search_terms_done(&t);
	buf_done(&out);
}

static void joins_words_between_pieces(void **state)
{
	struct search_terms t;
	struct buf out;
	(void)state;
	search_terms_init(&t);
	buf_init(&out, 10000);
	search_terms_add(&t, SEARCH_BODY, VIEW("one tw"), true);
	search_terms_add(&t, SEARCH_BODY, VIEW("o thr"), true);
	search_terms_add(&t, SEARCH_BODY, VIEW("ee"), false);
	search_terms_add(&t, SEARCH_BODY, VIEW("four"), false);
	show(&t, &out);
	assert_string_equal(buf_string(&out), "6:FOUR 6:ONE 6:THREE 6:TWO ");
	search_terms_done(&t);
	buf_done(&out);
}

static void marks_what_is_too_much(void **state)
{
	struct search_terms t;
	char word[16];
	(void)state;
	search_terms_init(&t);
	for (unsigned i = 0; i < SEARCH_TERMS_MAX + 10; i++) {
		snprintf(word, sizeof word, "%u", i);
		assert_int_equal(search_terms_add(&t, SEARCH_BODY, view_from_string(word), false), 0);
	}
	assert_true(t.cut);
	assert_true(t.count <= SEARCH_TERMS_MAX);
	search_terms_done(&t);
}

static void refuses_broken_lists(void **state)
{
	struct search_terms_reader r;
	enum search_section section;
	struct view term;
	const struct view broken[] = {VIEW("\x09\x00\x02"
	                                   "A"),
	    VIEW("\x00\x01\x02"
	         "A"),
	    VIEW("\x00\x00\x05"
	         "A"),
	    VIEW("\x00\x00\x02"
	         "B\x00\x00\x02"
	         "A"),
	    VIEW("\x00\x00\x02"
	         "A\x00\x01\x01"),
	    VIEW("\x01\x00\x02"
	         "A\x00\x00\x02"
	         "A")};
	(void)state;
	for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
		search_terms_read(&r, broken[i]);
		while (search_terms_next(&r, &section, &term))
			;
		assert_true(r.broken);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(sorts_a_message_into_sections),
	    cmocka_unit_test(joins_words_between_pieces),
	    cmocka_unit_test(marks_what_is_too_much),
	    cmocka_unit_test(refuses_broken_lists),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
