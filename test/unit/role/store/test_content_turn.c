/* Who is blamed when the content role ends. */
#include "role/store/content_turn.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void only_what_is_being_read_is_blamed(void **state)
{
	struct content_turn first, second, third = {0};
	(void)state;
	content_turn_given(&first, 1);
	content_turn_given(&second, 1);
	assert_true(content_turn_was_on(&first));
	assert_false(content_turn_was_on(&second));
	assert_false(content_turn_was_on(&third)); /* not sent whole */
	content_turn_answered(&first);
	assert_false(content_turn_was_on(&first));
	assert_true(content_turn_was_on(&second));
}

static void the_one_that_waited_is_asked_again_alone(void **state)
{
	struct content_turn bomb, innocent, lost;
	(void)state;
	content_turn_given(&bomb, 2);
	content_turn_given(&innocent, 2);
	lost = bomb;
	/* A new process: whoever asks first is read first. */
	content_turn_given(&innocent, 3);
	content_turn_given(&bomb, 3);
	assert_false(content_turn_was_on(&lost));
	assert_true(content_turn_was_on(&innocent));
	content_turn_answered(&innocent);
	assert_true(content_turn_was_on(&bomb));
	/* An answer that came over the link before says nothing of this one. */
	content_turn_answered(&lost);
	assert_true(content_turn_was_on(&bomb));
}

static void behind_a_question_that_was_dropped_nobody_is_blamed(void **state)
{
	struct content_turn dropped, behind, last;
	(void)state;
	content_turn_given(&dropped, 4);
	content_turn_given(&behind, 4);
	content_turn_given(&last, 4);
	assert_false(content_turn_was_on(&behind));
	content_turn_answered(&behind);
	assert_true(content_turn_was_on(&last));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(only_what_is_being_read_is_blamed),
	    cmocka_unit_test(the_one_that_waited_is_asked_again_alone),
	    cmocka_unit_test(behind_a_question_that_was_dropped_nobody_is_blamed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
