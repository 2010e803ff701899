#include "../unit.h"

#include <errno.h>

#include "format/limits.h"
#include "mime/trailer.h"

static void finds_its_sections(void **state)
{
	(void)state;
	struct buf b;
	struct view found = VIEW("untouched");
	buf_init(&b, 1000);
	assert_int_equal(trailer_append(&b, TRAILER_STRUCTURE, VIEW("structure")), 0);
	assert_int_equal(trailer_append(&b, (enum trailer_section)'?', VIEW("of a newer version")), 0);
	assert_int_equal(trailer_append(&b, TRAILER_SUMMARY, VIEW("")), 0);
	assert_true(trailer_find(buf_view(&b), TRAILER_STRUCTURE, &found));
	assert_view(found, "structure");
	assert_true(trailer_find(buf_view(&b), TRAILER_SUMMARY, &found));
	assert_view(found, "");
	assert_false(trailer_find(buf_view(&b), (enum trailer_section)'X', &found));
	buf_done(&b);
}

static void refuses_what_is_cut_or_foreign(void **state)
{
	(void)state;
	struct buf b;
	struct view found = VIEW("untouched");
	buf_init(&b, 1000);
	trailer_append(&b, TRAILER_SUMMARY, VIEW("summary\n"));
	for (size_t cut = 0; cut < buf_view(&b).len; cut++)
		assert_false(trailer_find(view_take(buf_view(&b), cut), TRAILER_SUMMARY, &found));
	assert_false(trailer_find(VIEW("\x02"), TRAILER_SUMMARY, &found));
	assert_false(trailer_find(VIEW("\x01\x4d\xff\xff\xff\xff"), TRAILER_SUMMARY, &found));
	assert_view(found, "untouched");
	buf_done(&b);
}

/* What its writer could not finish leaves no trace; what stood before stays. */
static void takes_an_unfinished_section_back(void **state)
{
	(void)state;
	struct buf b;
	struct view found = VIEW("untouched");
	buf_init(&b, 30);
	size_t begun = trailer_begin(&b, TRAILER_STRUCTURE);
	buf_append(&b, VIEW("part of it"));
	assert_int_equal(trailer_end(&b, begun, -ENOMEM), -ENOMEM);
	assert_int_equal(buf_view(&b).len, 0);
	begun = trailer_begin(&b, TRAILER_STRUCTURE);
	buf_append(&b, VIEW("ab"));
	buf_append(&b, VIEW("cd"));
	assert_int_equal(trailer_end(&b, begun, 0), 0);
	assert_int_equal(trailer_append(&b, TRAILER_SUMMARY, VIEW("more than there is room for")), -ENOBUFS);
	assert_false(buf_failed(&b));
	assert_int_equal(trailer_append(&b, TRAILER_SUMMARY, VIEW("less")), 0);
	assert_true(trailer_find(buf_view(&b), TRAILER_STRUCTURE, &found));
	assert_view(found, "abcd");
	assert_true(trailer_find(buf_view(&b), TRAILER_SUMMARY, &found));
	assert_view(found, "less");
	buf_done(&b);
}

static void a_long_structure_is_not_for_the_index(void **state)
{
	(void)state;
	static char content[STRUCTURE_INLINE_MAX + 1];
	struct buf b;
	memset(content, 's', sizeof content);
	buf_init(&b, 2000);
	assert_int_equal(trailer_short_structure(buf_view(&b)).len, 0);
	trailer_append(&b, TRAILER_SUMMARY, VIEW("summary"));
	assert_int_equal(trailer_short_structure(buf_view(&b)).len, 0);
	trailer_append(&b, TRAILER_STRUCTURE, view_of(content, sizeof content - 1));
	assert_int_equal(trailer_short_structure(buf_view(&b)).len, STRUCTURE_INLINE_MAX);
	buf_clear(&b);
	trailer_append(&b, TRAILER_STRUCTURE, view_of(content, sizeof content));
	assert_int_equal(trailer_short_structure(buf_view(&b)).len, 0);
	buf_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(finds_its_sections),
	    cmocka_unit_test(refuses_what_is_cut_or_foreign),
	    cmocka_unit_test(takes_an_unfinished_section_back),
	    cmocka_unit_test(a_long_structure_is_not_for_the_index),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
