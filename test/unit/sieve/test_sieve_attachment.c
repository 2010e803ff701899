/* Rules that ask whether something is attached: their script, their words, and what is no such rule. */
#include "simple_script.h"

/* Nothing else that asks about parts of a message is a rule. */
static void attachments_are_a_condition(void **state)
{
	struct sieve_simple simple = read_script("");
	const char *script;

	(void)state;
	sieve_simple_add(&simple,
	    rule_of("{\"name\": \"Large\", \"conditions\": [{\"test\": \"attachment\", \"how\": \"exists\", "
	            "\"not\": true}, {\"test\": \"size\", \"how\": \"over\", \"number\": 1048576}], "
	            "\"actions\": [{\"do\": \"flags\", \"flags\": [\"reisepl=c3=a4ne\"]}]}"),
	    1);
	script = written(&simple);
	assert_string_equal(script,
	    "# What the rules in this script need; written anew whenever one is changed:\n"
	    "require [\"imap4flags\", \"mime\"];\n"
	    "\n"
	    "# rule:[Large]\n"
	    "if allof (\n"
	    "\tnot header :mime :anychild :type \"Content-Disposition\" \"attachment\",\n"
	    "\tsize :over 1M\n"
	    ") {\n"
	    "\taddflag \"reisepl=c3=a4ne\";\n"
	    "}\n");
	assert_compiles(script);
	simple = read_script(script);
	assert_told(&simple, 1,
	    "Large: if all of these: attachment does not exist; size over 1048576, then set flags "
	    "\"reisepl=c3=a4ne\"");
	for (size_t i = 0; i < 4; i++) {
		static const char *const others[] = {
		    "header :mime :type \"Content-Disposition\" \"attachment\"",
		    "header :mime :anychild :type \"Content-Type\" \"attachment\"",
		    "header :mime :anychild :type :contains \"Content-Disposition\" \"attachment\"",
		    "header :mime :anychild :type \"Content-Disposition\" [\"attachment\", \"inline\"]",
		};
		buf_clear(&out);
		buf_printf(&out, "require \"mime\";\nif %s { stop; }\n", others[i]);
		struct view kept;
		assert_true(arena_copy(&arena, buf_view(&out), &kept));
		simple = read_script(kept.data);
		assert_true(!sieve_simple_at(&simple, 1) || !sieve_simple_at(&simple, 1)->rule);
	}
}

static void words_are_heard(void **state)
{
	static const char *const heard[][2] = {
	    {"attachment exists", "attachment exists"},
	    {"attachment is missing", "attachment does not exist"},
	};
	struct sieve_simple_condition condition;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct view text = view_from_string(heard[i][0]);
		if (!sieve_simple_hear_condition(text, &arena, &condition, &words))
			fail_msg("%s: %s", heard[i][0], buf_string(&words));
		buf_clear(&out);
		sieve_simple_tell_condition(&condition, &out);
		assert_string_equal(buf_string(&out), heard[i][1]);
	}
	assert_false(sieve_simple_hear_condition(VIEW("attachment contains x"), &arena, &condition, &words));
	assert_string_equal(buf_string(&words), "exists, or is missing, was expected where \"x\" stands");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(attachments_are_a_condition, setup, teardown),
	    cmocka_unit_test_setup_teardown(words_are_heard, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
