#include "../unit.h"

#include <stdio.h>

#include "base/buf.h"
#include "format/author.h"

static void reads(const char *header, const char *expected)
{
	struct arena arena;
	struct authors authors;
	char text[1000] = "";
	arena_init(&arena, 100000);
	authors_find(view_from_string(header), &arena, &authors);
	for (size_t i = 0; i < authors.count; i++)
		snprintf(text + strlen(text), sizeof text - strlen(text), "%s%.*s", i ? " " : "",
		    VIEW_FMT(authors.addresses[i]));
	assert_string_equal(text, expected);
	assert_false(authors.cut);
	arena_done(&arena);
}

static void finds_all_authors(void **state)
{
	(void)state;
	reads("From: a@b\r\n", "a@b");
	reads("Subject: x\r\nFROM : Joe <a@b>,\r\n \"x y\"@c (comment)\r\nfrom: team: d@e, f@g;\r\n\r\n",
	    "a@b \"x y\"@c d@e f@g");
	reads("From: \"a@b\" <c@d>\r\n", "c@d");
	reads("From: a@b <c@d>\r\n", "a@b c@d");
	reads("From: nobody\r\n", "nobody");
	reads("From:\r\nTo: x@y\r\n", "");
	reads("To: x@y\r\n\r\nFrom: a@b\r\n", "");
}

static void tells_who_is_alone(void **state)
{
	(void)state;
	struct arena arena;
	struct authors authors;
	arena_init(&arena, 100000);
	authors_find(VIEW("From: Joe@B.example\r\n"), &arena, &authors);
	assert_true(authors.field && authors_are(&authors, VIEW("joe@b.example")));
	assert_false(authors_are(&authors, VIEW("joe@b")) || authors_are(&authors, VIEW("")));
	authors_find(VIEW("From: joe@b, joe@b\r\n"), &arena, &authors);
	assert_false(authors_are(&authors, VIEW("joe@b")));
	authors_find(VIEW("Sender: joe@b\r\n"), &arena, &authors);
	assert_false(authors.field || authors_are(&authors, VIEW("joe@b")));
	authors_find(VIEW("From: \x1b$B;3,!\x1b(B <joe@b>\r\n"), &arena, &authors);
	assert_true(authors_are(&authors, VIEW("joe@b")));
	authors_find(VIEW("From: \x1b$B<ceo@b>\x1b(B <joe@b>\r\n"), &arena, &authors);
	assert_false(authors_are(&authors, VIEW("joe@b")));
	arena_done(&arena);
}

static void has_its_limits(void **state)
{
	(void)state;
	struct arena arena;
	struct authors authors;
	struct buf text;
	arena_init(&arena, 1 << 20);
	buf_init(&text, 10000);
	for (int i = 0; i < AUTHORS_MAX; i++)
		buf_printf(&text, "%s a%d@b", i ? "," : "From:", i);
	authors_find(buf_view(&text), &arena, &authors);
	assert_int_equal(authors.count, AUTHORS_MAX);
	assert_false(authors.cut);
	buf_append_string(&text, ", one@more");
	authors_find(buf_view(&text), &arena, &authors);
	assert_int_equal(authors.count, AUTHORS_MAX);
	assert_true(authors.cut);
	arena_done(&arena);
	/* Without memory it is not taken for one without authors. */
	arena_init(&arena, 16);
	authors_find(buf_view(&text), &arena, &authors);
	assert_true(authors.cut);
	arena_done(&arena);
	buf_done(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(finds_all_authors),
	    cmocka_unit_test(tells_who_is_alone),
	    cmocka_unit_test(has_its_limits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
