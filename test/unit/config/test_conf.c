/* The grammar of the configuration file, what is told of mistakes, and the editing of one setting. */
#include "../unit.h"

#include <stdio.h>

#include "config/conf_edit.h"

static struct conf conf;
static struct findings found;

static int start(void **state)
{
	(void)state;
	conf_init(&conf);
	findings_init(&found);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	conf_done(&conf);
	findings_done(&found);
	return 0;
}

static void read(const char *text)
{
	stop(NULL);
	start(NULL);
	assert_int_equal(conf_read_text(&conf, "f", view_from_string(text), &found), 0);
}

/* The statement's values, with "|" between two. */
static void has(const char *name, unsigned line, const char *values)
{
	const struct conf_statement *s = conf_find(&conf, view_from_string(name));
	char joined[300] = "";
	assert_non_null(s);
	for (size_t i = 0; i < s->count; i++) {
		size_t len = strlen(joined);
		snprintf(
		    joined + len, sizeof joined - len, "%s%.*s", i ? "|" : "", VIEW_FMT(s->values[i].text));
	}
	assert_string_equal(joined, values);
	assert_int_equal(s->line, line);
}

static void all_forms_of_values_are_read(void **state)
{
	(void)state;
	read("# a remark\na=1\nb = \"two # \\\"words\\\" \\\\\" // more\n/* c = 3\n*/ d = {\"x\", y , 'z\\' "
	     ",}\ne={}\n"
	     "f\n=\n  {\"1\",\n\"2\"}\ng-h = 64M i = on");
	assert_int_equal(found.count, 0);
	has("a", 2, "1");
	has("b", 3, "two # \"words\" \\");
	has("d", 5, "x|y|z\\");
	has("e", 6, "");
	has("f", 7, "1|2");
	has("g-h", 11, "64M");
	has("i", 11, "on");
	assert_null(conf_find(&conf, VIEW("c")));
	assert_int_equal(conf_find(&conf, VIEW("f"))->values[1].line, 10);
	assert_true(conf_find(&conf, VIEW("e"))->list && !conf_find(&conf, VIEW("a"))->list);
}

/* Each mistake is told, and the statements around it are read. */
static void reading_goes_on_after_a_mistake(void **state)
{
	(void)state;
	static const char *const mistakes[] = {"x = \"no end", "x \"y\"", "= 3", "x = {\"a\" \"b\"}",
	    "x = {\"a\",", "x =", "x = \"a\\nb\"", "x = \"a${HOME}\"", "}", "x = )", "include(\"a\"",
	    "x = \"a\tb\"", "x = \"\xff\"", "\"q\" = 1", "x = {a, {b}}", "x = (1)", "x y = 1", "/ x"};
	char text[200];
	for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
		snprintf(text, sizeof text, "before = 1\n%s\nafter = 2\n", mistakes[i]);
		read(text);
		if (found.count != 1 || found.rows[0].line != 2)
			fail_msg("%s: %zu mistakes, the first in line %u", mistakes[i], found.count,
			    found.count ? found.rows[0].line : 0);
		assert_int_equal(found.errors, 1);
		has("before", 1, "1");
		has("after", 3, "2");
	}
	read("/* a = 1\n\n");
	assert_int_equal(found.count, 1);
	assert_int_equal(found.rows[0].line, 1);
}

static void more_mistakes_than_are_kept_are_counted(void **state)
{
	(void)state;
	struct buf text;
	buf_init(&text, 100000);
	for (int i = 0; i < FINDINGS_MAX + 5; i++)
		buf_append_string(&text, "x = )\n");
	read(buf_string(&text));
	assert_int_equal(found.count, FINDINGS_MAX);
	assert_int_equal(found.left_out, 5);
	assert_int_equal(found.errors, FINDINGS_MAX + 5);
	buf_clear(&text);
	findings_text(&found, true, &text);
	assert_non_null(strstr(buf_string(&text), "and 5 more"));
	buf_done(&text);
}

/* ---- editing ---- */

static void edit(const char *before, const char *name, const char *value, const char *after, unsigned line)
{
	struct buf out;
	unsigned at;
	read(before);
	buf_init(&out, 100000);
	assert_int_equal(conf_edit(&conf, view_from_string(name), view_from_string(value), &out, &at), 0);
	assert_string_equal(buf_string(&out), after);
	assert_int_equal(at, line);
	buf_done(&out);
}

static void one_setting_is_changed_and_nothing_else(void **state)
{
	(void)state;
	edit("a = 1 # one\nb = 2\n", "a", "3", "a = 3 # one\nb = 2\n", 1);
	edit("b = {\"x\",\n \"y\"} // two\na = 1", "b", "{}", "b = {} // two\na = 1", 1);
	edit("a = 1\nb = 2\n", "c", "3", "a = 1\nb = 2\nc = 3\n", 3);
	edit("a = 1", "c", "3", "a = 1\nc = 3\n", 2);
	edit("", "c", "3", "c = 3\n", 1);
	edit("# what c is\n# c = 0\n\nb = 2\n", "c", "3", "# what c is\n# c = 0\nc = 3\n\nb = 2\n", 3);
	edit("# c = 0", "c", "3", "# c = 0\nc = 3\n", 2);
	edit("# cc = 0\n", "c", "3", "# cc = 0\nc = 3\n", 2);
	edit("a = 1\nb = 2\nc = 3\n", "b", "", "a = 1\nc = 3\n", 2);
	edit("a = 1 b = 2\nc = 3\n", "b", "", "a = 1 \nc = 3\n", 1);
	edit("b = 2 # two\nc = 3\n", "b", "", " # two\nc = 3\n", 1);
	edit("a = 1\n  b = 2", "b", "", "a = 1\n", 2);
	edit("a = 1\n", "b", "", "a = 1\n", 0);
}

static void a_value_is_read_as_it_was_written(void **state)
{
	(void)state;
	static const char *const values[] = {
	    "", "plain", "with \"quotes\" and \\", "# // {} ' =", "\xc3\xbc", "$HOME"};
	struct buf text;
	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
		buf_init(&text, 1000);
		buf_append_string(&text, "a = ");
		conf_put_text(&text, view_from_string(values[i]));
		read(buf_string(&text));
		assert_int_equal(found.count, 0);
		has("a", 1, values[i]);
		buf_done(&text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(all_forms_of_values_are_read, start, stop),
	    cmocka_unit_test_setup_teardown(reading_goes_on_after_a_mistake, start, stop),
	    cmocka_unit_test_setup_teardown(more_mistakes_than_are_kept_are_counted, start, stop),
	    cmocka_unit_test_setup_teardown(one_setting_is_changed_and_nothing_else, start, stop),
	    cmocka_unit_test_setup_teardown(a_value_is_read_as_it_was_written, start, stop),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
