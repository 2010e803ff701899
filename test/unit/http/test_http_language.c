/* The language that a field prefers, of those that there are. */
#include "../unit.h"

#include "http/http_language.h"

static const char *const tags[] = {"en", "de", "zh"};
enum { TAGS = sizeof tags / sizeof tags[0] };

static void preferred(void **state)
{
	(void)state;
	static const struct {
		const char *field;
		size_t tag; /* TAGS: none */
	} cases[] = {{"de", 1}, {"DE", 1}, {"de-AT", 1}, {"zh-Hans-CN,zh;q=0.9,en;q=0.8", 2},
	    {"fr, de;q=0.5", 1}, {"en;q=0.5, de;q=0.9", 1}, {"en;q=0.55,de;q=0.551", 1},
	    {"en;q=0.9,de;q=0.9", 0}, {"de;q=1.000,en", 1}, {"de;q=0, en;q=0.1", 0}, {"de;q=0", TAGS},
	    {"de;q=0.000", TAGS}, {"*", TAGS}, {"fr", TAGS}, {"", TAGS}, {",,;,", TAGS}, {"deu", TAGS},
	    {" de ; q=0.3 , en ; q=0.2", 1}, {"de;level=1;q=0.1,en;q=0.2", 0}, {"de;q=x", 1}, {"-de", TAGS},
	    {"de-", 1}, {"de;q=0.99999999,en;q=0.998", 1}};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_int_equal(
		    http_language_choose(view_from_string(cases[i].field), tags, TAGS), cases[i].tag);
	assert_int_equal(http_language_choose(VIEW("de"), tags, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(preferred)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
