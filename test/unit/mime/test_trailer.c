#include "../unit.h"

#include "mime/trailer.h"

static void finds_its_sections(void **state)
{
	(void)state;
	struct buf b;
	struct view found = VIEW("untouched");
	buf_init(&b, 1000);
	assert_int_equal(trailer_append(&b, TRAILER_STRUCTURE, VIEW("structure")), 0);
	assert_int_equal(trailer_append(&b, (enum trailer_section)'?', VIEW("of a newer version")), 0);
	assert_int_equal(trailer_append(&b, TRAILER_ENVELOPE, VIEW("")), 0);
	assert_true(trailer_find(buf_view(&b), TRAILER_STRUCTURE, &found));
	assert_view(found, "structure");
	assert_true(trailer_find(buf_view(&b), TRAILER_ENVELOPE, &found));
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
	trailer_append(&b, TRAILER_ENVELOPE, VIEW("FROM <>\n"));
	for (size_t cut = 0; cut < buf_view(&b).len; cut++)
		assert_false(trailer_find(view_take(buf_view(&b), cut), TRAILER_ENVELOPE, &found));
	assert_false(trailer_find(VIEW("\x02"), TRAILER_ENVELOPE, &found));
	assert_false(trailer_find(VIEW("\x01\x45\xff\xff\xff\xff"), TRAILER_ENVELOPE, &found));
	assert_view(found, "untouched");
	buf_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(finds_its_sections),
	    cmocka_unit_test(refuses_what_is_cut_or_foreign),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
