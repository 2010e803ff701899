#include "../unit.h"

#include "format/address.h"

/*
 * The list as text that shows how it was read: {name|local|domain}, "name(" and ")" for groups, "!" in front
 * when it was marked defective.
 */
static void reads(const char *body, const char *expected)
{
	struct arena arena;
	struct buf seen;
	struct address_list list;
	arena_init(&arena, 100000);
	buf_init(&seen, 10000);
	assert_int_equal(address_list_parse(view_from_string(body), &arena, &list), 0);
	if (list.defective)
		buf_append_byte(&seen, '!');
	for (size_t i = 0; i < list.count; i++) {
		const struct address *a = &list.items[i];
		if (a->kind == ADDRESS_GROUP_START)
			buf_printf(&seen, "%.*s(", VIEW_FMT(a->display_name));
		else if (a->kind == ADDRESS_GROUP_END)
			buf_append_byte(&seen, ')');
		else
			buf_printf(&seen, "{%.*s|%.*s|%.*s}", VIEW_FMT(a->display_name),
			    VIEW_FMT(a->local_part), VIEW_FMT(a->domain));
	}
	assert_string_equal(buf_string(&seen), expected);
	buf_done(&seen);
	arena_done(&arena);
}

static void reads_mailboxes(void **state)
{
	(void)state;
	reads("joe@example.com", "{|joe|example.com}");
	reads("Joe <joe@example.com>", "{Joe|joe|example.com}");
	reads("\"Doe, Joe\" <joe@example.com>, <ann@example.org>",
	    "{Doe, Joe|joe|example.com}{|ann|example.org}");
	reads("Joe Q. Public <john.q.public@example.com>", "{Joe Q. Public|john.q.public|example.com}");
	reads("\"a b\"@example.com", "{|a b|example.com}");
	reads("\"Giant; \\\"Big\\\" Box\" <sysservices@example.net>",
	    "{Giant; \"Big\" Box|sysservices|example.net}");
	reads("jdoe@[IPv6:2001:db8::1]", "{|jdoe|[IPv6:2001:db8::1]}");
	reads("=?utf-8?q?Doe,_Joe?= <j@x.org>", "{=?utf-8?q?Doe,_Joe?=|j|x.org}");
	reads("J\xc3\xb6 <j\xc3\xb6@b\xc3\xbc"
	      "cher.example>",
	    "{J\xc3\xb6|j\xc3\xb6|b\xc3\xbc"
	    "cher.example}");
	reads("", "");
	/* ISO-2022-JP without an encoded word: its octets are commas, brackets and quotes to others. */
	reads("\x1b$B;3,\"<@>Z\x1b(B <j@x.org>, a@b", "!{\x1b$B;3,\"<@>Z\x1b(B|j|x.org}{|a|b}");
	reads("\"\x1b$B;3,\"\\<\x1b(B, j\" <j@x.org>", "{\x1b$B;3,\"\\<\x1b(B, j|j|x.org}");
	reads("j@x.org (\x1b$B;))\\<\x1b(B)", "{\x1b$B;))\\<\x1b(B|j|x.org}");
	reads("\x1b$B33 <j@x.org>, a@b", "!{\x1b$B33|j|x.org}{|a|b}");
}

static void reads_groups(void **state)
{
	(void)state;
	reads("A Group:Ed Jones <joe@where.test>,joe@where.test,John <jdoe@one.test>;",
	    "A Group({Ed Jones|joe|where.test}{|joe|where.test}{John|jdoe|one.test})");
	reads("Undisclosed recipients:;", "Undisclosed recipients()");
	reads("a@b, G: c@d; , e@f", "{|a|b}G({|c|d}){|e|f}");
	reads("G: a@b", "!G({|a|b})");
}

static void reads_obsolete_forms(void **state)
{
	(void)state;
	/* RFC 5322, appendix A.5 and A.6.1 */
	reads("Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>", "{Pete|pete|silly.test}");
	reads("A Group(Some people)\r\n     :Chris Jones <c@(Chris's host.)public.example>,\r\n         "
	      "joe@example.org,"
	      "\r\n  John <jdoe@one.test> (my dear friend); (the end of the group)",
	    "A Group({Chris Jones|c|public.example}{|joe|example.org}{John|jdoe|one.test})");
	reads("(Empty list)(start)Hidden recipients  :(nobody(that I know))  ;", "Hidden recipients()");
	reads("Joe Q. Public <john.q.public@example.com>, Mary Smith <@node.test:mary@example.net>, , "
	      "jdoe@test . "
	      "example",
	    "{Joe Q. Public|john.q.public|example.com}{Mary Smith|mary|example.net}{|jdoe|test.example}");
	reads("<@a.test,,@b.test:c@d.test>", "{|c|d.test}");
	reads("joe . doe @ example . com", "{|joe.doe|example.com}");
	reads("joe@example.com (Joe Doe)", "{Joe Doe|joe|example.com}");
}

static void reads_what_is_no_address(void **state)
{
	(void)state;
	reads("root", "!{|root|}");
	reads("the whole team", "!{the whole team||}");
	reads("a@b; c@d", "!{|a|b}{|c|d}");
	reads("Joe Doe joe@example.com", "!{Joe Doe|joe|example.com}");
	reads("\"Joe <joe@example.com>", "!{Joe <joe@example.com>||}");
	reads("Joe <joe@example.com", "!{Joe|joe|example.com}");
	reads("<a@b@c>", "!{|a@b|c}");
	reads("<>", "!");
	reads("a@b c@d", "!{|a|b}{|c|d}");
	reads("@", "!{||}");
	reads("joe@", "!{|joe|}");
	reads("Joe [x] <j@x.org>", "!{Joe [x]|j|x.org}");
	reads("((((", "");
}

/* "<" behind words makes them the name, whatever is in them: one mailbox and not two. */
static void reads_addresses_in_names(void **state)
{
	(void)state;
	reads("noreply@example.test <noreply@example.test>", "!{noreply@example.test|noreply|example.test}");
	reads("info@shop.example <orders@shop.example>, b@example.test",
	    "!{info@shop.example|orders|shop.example}{|b|example.test}");
	reads("ann@x.org via The List <list@y.org>", "!{ann@x.org via The List|list|y.org}");
	reads("Ann (ann@x.org) <a@y.org>", "{Ann|a|y.org}");
	reads("Ann ann@x.org ann@z.org <a@y.org>", "!{Ann ann@x.org ann@z.org|a|y.org}");
	reads("a@b<c@d>", "!{a@b|c|d}");
	reads("@handle <c@d>", "!{@handle|c|d}");
	reads("'joe@x.org' <joe@x.org>", "!{'joe@x.org'|joe|x.org}");
	reads("\"joe@x.org\" <joe@x.org>", "{joe@x.org|joe|x.org}");
	reads("=?utf-8?q?a,b?= c@d <e@f>", "!{=?utf-8?q?a,b?= c@d|e|f}");
	reads("a@b =?utf-8?q?c,d?= <e@f>", "!{a@b =?utf-8?q?c,d?=|e|f}");
	reads("a@b \"c, d\" <e@f>", "!{a@b c, d|e|f}");
	reads("a@b, c <d@e>", "{|a|b}{c|d|e}");
	reads("a@b; c <d@e>", "!{|a|b}{c|d|e}");
	reads("G: a@b <c@d>, e@f;", "!G({a@b|c|d}{|e|f})");
	/* Empty brackets name nobody; what stands before them does. */
	reads("a@b <>", "!{|a|b}");
	reads("a@b < >", "!{|a|b}");
}

static void judges_addresses(void **state)
{
	(void)state;
	/* Legal, if strange. */
	reads("\"\"@x", "{||x}");
	reads("<\"\"@x>", "{||x}");
	reads("\"a@b\"@c", "{|a@b|c}");
	reads("\"a..b\"@c, \".\"@d", "{|a..b|c}{|.|d}");
	reads("a@[127.0.0.1]", "{|a|[127.0.0.1]}");
	reads("\"a\".\"b\"@c", "{|a.b|c}");
	/* Not legal: what comes nearest. */
	reads("a@b@c", "!{|a@b|c}");
	reads("a@b@c@d, e@f", "!{|a@b@c|d}{|e|f}");
	reads("@x", "!{||x}");
	reads("<@x>", "!{||x}");
	reads("a..b@c", "!{|a..b|c}");
	reads("a.@c", "!{|a.|c}");
	reads(".a@c", "!{|.a|c}");
	reads("<a..b@c>", "!{|a..b|c}");
	reads("Joe, .a@c", "!{|Joe|}{|.a|c}");
	reads("J. Doe <a@c>", "{J. Doe|a|c}");
	reads("a@b.", "{|a|b}"); /* forgiven */
	reads("a@.b", "!{|a|.b}");
	reads("a@b..c", "!{|a|b..c}");
	reads("<<a@b>>", "!{|a|b}");
	reads("Joe <mailto:a@b>", "!{Joe|a|b}");
	reads("mailto:a@b", "!{|a|b}");
	reads("'a@b'", "!{|a|b}");
	reads("Joe <a@b> Ann <c@d>", "!{Joe|a|b}{Ann|c|d}");
	reads("<a@b> <c@d>", "!{|a|b}{|c|d}");
	reads("G: a@b; c@d", "!G({|a|b}){|c|d}");
}

static void refuses_no_length(void **state)
{
	(void)state;
	struct arena arena;
	struct address_list list;
	struct buf body;
	buf_init(&body, 1 << 20);
	for (int i = 0; i < 20000; i++)
		buf_append(&body, VIEW("a@b,"));
	arena_init(&arena, 10 << 20);
	assert_int_equal(address_list_parse(buf_view(&body), &arena, &list), 0);
	assert_int_equal(list.count, 10000);
	assert_true(list.cut);
	assert_int_equal(address_list_parse_some(VIEW("G: a@b, c@d, e@f;"), 2, &arena, &list), 0);
	assert_int_equal(list.count, 3);
	assert_int_equal(list.items[2].kind, ADDRESS_GROUP_END);
	assert_true(list.cut && !list.defective);
	arena_done(&arena);
	arena_init(&arena, 20000);
	assert_int_not_equal(address_list_parse(buf_view(&body), &arena, &list), 0);
	assert_true(list.cut);
	assert_int_equal(list.count, 0);
	arena_done(&arena);
	/* A judgement holds for all that it looked at: no text is looked through for each "@". */
	buf_clear(&body);
	for (int i = 0; i < 400000; i++)
		buf_append(&body, VIEW("@ "));
	arena_init(&arena, 1 << 20);
	address_list_parse(buf_view(&body), &arena, &list);
	assert_true(list.cut || list.defective);
	arena_done(&arena);
	buf_append(&body, VIEW("<a@b>"));
	arena_init(&arena, 1 << 20);
	assert_int_equal(address_list_parse(buf_view(&body), &arena, &list), 0);
	assert_int_equal(list.count, 1);
	assert_view(list.items[0].domain, "b");
	arena_done(&arena);
	buf_done(&body);
}

static void writes(const char *name, const char *local, const char *domain, bool utf8, const char *expected)
{
	struct buf out;
	struct address a = {.display_name = view_from_string(name),
	    .local_part = view_from_string(local),
	    .domain = view_from_string(domain)};
	buf_init(&out, 1000);
	assert_int_equal(address_write(&out, &a, utf8), 0);
	assert_string_equal(buf_string(&out), expected);
	buf_done(&out);
}

static void writes_strict_forms(void **state)
{
	(void)state;
	writes("", "joe", "example.com", false, "joe@example.com");
	writes("Joe Doe", "joe", "example.com", false, "Joe Doe <joe@example.com>");
	writes("Doe, Joe \"x\"", "a b", "example.com", false, "\"Doe, Joe \\\"x\\\"\" <\"a b\"@example.com>");
	writes("J\xc3\xb6", "joe", "x.org", true, "J\xc3\xb6 <joe@x.org>");
	writes("J\xc3\xb6", "joe", "x.org", false, "=?utf-8?B?SsO2?= <joe@x.org>");
	writes("a\r\nBcc: b@c", "joe", "x.org", false, "\"aBcc: b@c\" <joe@x.org>");
	writes("joe@x.org", "joe", "x.org", false, "\"joe@x.org\" <joe@x.org>");
	writes("", "a@b", "c", false, "\"a@b\"@c");
	writes("", "", "x", false, "\"\"@x");
}

static void writes_lists(void **state)
{
	(void)state;
	static const char body[] = "First Person <first.person@example.com>, G: second.person@example.com, "
	                           "third@example.com;, fourth.person@example.com";
	struct arena arena;
	struct address_list list;
	struct buf out;
	arena_init(&arena, 100000);
	buf_init(&out, 1000);
	assert_int_equal(address_list_parse(view_from_string(body), &arena, &list), 0);
	assert_int_equal(address_list_write(&out, &list, 4, false), 0);
	assert_string_equal(buf_string(&out),
	    "First Person <first.person@example.com>, G: second.person@example.com,\r\n third@example.com;, "
	    "fourth.person@example.com");
	buf_done(&out);
	arena_done(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_mailboxes),
	    cmocka_unit_test(reads_groups),
	    cmocka_unit_test(reads_obsolete_forms),
	    cmocka_unit_test(reads_what_is_no_address),
	    cmocka_unit_test(reads_addresses_in_names),
	    cmocka_unit_test(judges_addresses),
	    cmocka_unit_test(refuses_no_length),
	    cmocka_unit_test(writes_strict_forms),
	    cmocka_unit_test(writes_lists),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
