#include "../unit.h"

#include "cli/option_texts.h"

static void means_what_its_command_says(void **state)
{
	(void)state;
	assert_string_equal(option_text("queue", VIEW("--all")), "all messages");
	assert_string_equal(option_text("who", VIEW("--all")), "all of them");
	assert_string_equal(option_text("who", VIEW("--json")), "write JSON instead of text");
	assert_null(option_text("who", VIEW("--al")));
	assert_null(option_text("who", VIEW("")));
}

static void are_told_once_in_their_order(void **state)
{
	struct buf out;
	(void)state;
	buf_init(&out, 4096);
	assert_int_equal(
	    option_texts_write("queue",
	        VIEW("usage: postrider queue x [--json] --why TEXT\n       WHICH: --all, --json, --nothing"),
	        &out),
	    0);
	assert_string_equal(buf_string(&out),
	    "\noptions:\n"
	    "  --json                 write JSON instead of text\n"
	    "  --why                  the reason, for the log and the trace\n"
	    "  --all                  all messages\n");
	buf_clear(&out);
	assert_int_equal(option_texts_write("stop", VIEW("usage: postrider stop"), &out), 0);
	assert_string_equal(buf_string(&out), "");
	buf_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(means_what_its_command_says),
	    cmocka_unit_test(are_told_once_in_their_order),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
