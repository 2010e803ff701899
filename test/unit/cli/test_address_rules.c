#include "../unit.h"

#include "cli/address_rules.h"

static struct arena arena;
static struct address_forward found[ADDRESS_FORWARDS_MAX];

static int find(const char *script)
{
	arena_init(&arena, 1 << 20);
	return address_forwards_of(view_from_string(script), VIEW("mine"), &arena, found);
}

static void finds_each_redirect(void **state)
{
	(void)state;
	int n = find("require \"copy\";\n"
	             "redirect :copy \"a@one.example\";\n"
	             "if header :contains \"subject\" \"redirect\" {\n"
	             "  if true { REDIRECT \"b@two.example\"; }\n"
	             "} else { redirect \"c@three.example\"; }\n"
	             "# redirect \"nobody@four.example\";\n");
	assert_int_equal(n, 3);
	assert_view(found[0].to, "a@one.example");
	assert_view(found[0].script, "mine");
	assert_int_equal(found[0].line, 2);
	assert_true(found[0].copies && !found[0].sometimes);
	assert_view(found[1].to, "b@two.example");
	assert_int_equal(found[1].line, 4);
	assert_true(!found[1].copies && found[1].sometimes);
	assert_view(found[2].to, "c@three.example");
	assert_true(found[2].sometimes);
	arena_done(&arena);
}

static void tells_nothing_of_what_does_not_run(void **state)
{
	(void)state;
	assert_int_equal(find(""), 0);
	arena_done(&arena);
	assert_int_equal(find("redirect \"a@one.example\""), 0);
	arena_done(&arena);
	assert_int_equal(find("redirect; redirect 5; redirect [\"a@b\", \"c@d\"];"), 0);
	arena_done(&arena);
}

static void stops_at_its_limit(void **state)
{
	struct buf script;
	(void)state;
	buf_init(&script, 1 << 16);
	for (int i = 0; i < 2 * ADDRESS_FORWARDS_MAX; i++)
		buf_append_string(&script, "redirect \"a@one.example\";\n");
	assert_int_equal(find(buf_string(&script)), ADDRESS_FORWARDS_MAX);
	buf_done(&script);
	arena_done(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(finds_each_redirect),
	    cmocka_unit_test(tells_nothing_of_what_does_not_run),
	    cmocka_unit_test(stops_at_its_limit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
