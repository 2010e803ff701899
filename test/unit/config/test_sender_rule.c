/* The words and lines that say how far others' wishes are followed. */
#include "../unit.h"

#include "config/sender_rule.h"

static void reads_lines(void **state)
{
	static const char *const wrong[] = {"", "from", "from a.example", "from a.example maybe",
	    "a.example off", "from a.example off now", "from \xc3\xbc.example off"};
	struct sender_rule rule;
	const char *problem = NULL;
	(void)state;
	assert_int_equal(sender_rule_parse(VIEW(" from  a.example mark "), &rule, &problem), 0);
	assert_true(rule.from && rule.wish == RULE_MARK && view_equal(rule.domain, VIEW("a.example")));
	assert_int_equal(sender_rule_parse(VIEW("to .example off"), &rule, &problem), 0);
	assert_true(!rule.from && rule.wish == RULE_OFF);
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		problem = NULL;
		assert_int_not_equal(sender_rule_parse(view_from_string(wrong[i]), &rule, &problem), 0);
		assert_non_null(problem);
	}
}

static enum rule_wish find(const char *lines, const char *author, const char *recipient)
{
	return sender_rules_find(
	    view_from_string(lines), view_from_string(author), view_from_string(recipient), RULE_FOLLOW);
}

static void the_author_counts_before_the_recipient(void **state)
{
	static const char lines[] =
	    "to r.example mark\nfrom .example.org off\nfrom a.example.org follow\nto * off";
	(void)state;
	assert_int_equal(find("", "a.example", "r.example"), RULE_FOLLOW);
	assert_int_equal(find(lines, "a.example", "r.example"), RULE_MARK);
	assert_int_equal(find(lines, "a.example", "s.example"), RULE_OFF);
	assert_int_equal(find(lines, "b.example.org", "r.example"), RULE_OFF);
	assert_int_equal(find(lines, "a.example.org", "r.example"), RULE_FOLLOW);
	assert_int_equal(find("from a.example mark", "b.example", "a.example"), RULE_FOLLOW);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_lines),
	    cmocka_unit_test(the_author_counts_before_the_recipient),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
