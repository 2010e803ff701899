#include "../unit.h"

#include "format/parameter.h"

/* "type/subtype" then ";name=value" each; "!" in front when defective. */
static void reads(const char *body, const char *expected)
{
	struct arena arena;
	struct buf seen;
	struct media_type type;
	bool defective = false;
	arena_init(&arena, 100000);
	buf_init(&seen, 10000);
	assert_int_equal(media_type_parse(view_from_string(body), &arena, &type, &defective), 0);
	buf_printf(&seen, "%s%.*s/%.*s", defective ? "!" : "", VIEW_FMT(type.type), VIEW_FMT(type.subtype));
	for (size_t i = 0; i < type.parameters.count; i++)
		buf_printf(&seen, ";%.*s=%.*s", VIEW_FMT(type.parameters.items[i].name),
		    VIEW_FMT(type.parameters.items[i].value));
	assert_string_equal(buf_string(&seen), expected);
	buf_done(&seen);
	arena_done(&arena);
}

static void reads_types(void **state)
{
	(void)state;
	reads("text/plain; charset=us-ascii (Plain text)", "text/plain;charset=us-ascii");
	reads("Text/HTML; Charset=\"UTF-8\"; format=flowed", "text/html;charset=UTF-8;format=flowed");
	reads("multipart/mixed;\r\n\tboundary=\"a b\\\"c\"", "multipart/mixed;boundary=a b\"c");
	reads("text (x) / (y) plain", "text/plain");
	reads("text/plain;", "text/plain");
	reads("", "!text/plain");
	reads("text", "!text/plain");
	reads("application/pdf; name=My File (1).pdf", "!application/pdf;name=My File (1).pdf");
	reads("application/pdf; name=\"a\" x; b=c", "!application/pdf;name=a;b=c");
	reads("application/pdf; name=\"a\" b=c", "!application/pdf;name=a;b=c");
	reads("text/plain charset=utf-8", "!text/plain;charset=utf-8");
	reads("text/plain; charset", "text/plain");
	reads("text/plain; =x; a=b", "!text/plain;a=b");
	reads("text/plain; a=\"open", "!text/plain;a=open");
}

static void joins_continuations(void **state)
{
	(void)state;
	/* RFC 2231, sections 3 and 4.1 */
	reads("message/external-body; access-type=URL; URL*0=\"ftp://\"; URL*1=\"cs.utk.edu/pub/moore/\"",
	    "message/external-body;access-type=URL;url=ftp://cs.utk.edu/pub/moore/");
	reads("application/x-stuff; title*0*=us-ascii'en'This%20is%20even%20more%20; "
	      "title*1*=%2A%2A%2Afun%2A%2A%2A%20; title*2=\"isn't it!\"",
	    "application/"
	    "x-stuff;title*=us-ascii'en'This%20is%20even%20more%20%2A%2A%2Afun%2A%2A%2A%20isn%27t%20it!");
	reads("a/b; x*1=two; x*0=one; x*3=lost", "a/b;x=onetwo");
	reads("a/b; x*1=two", "a/b;x=two");
	reads("a/b; x*=utf-8''%e2%82%ac; x=EUR", "a/b;x*=utf-8''%e2%82%ac;x=EUR");
}

static void text_is(const char *body, const char *expected)
{
	struct arena arena;
	struct buf text;
	struct view disposition;
	struct parameters parameters;
	bool defective = false;
	arena_init(&arena, 100000);
	buf_init(&text, 1000);
	assert_int_equal(
	    content_disposition_parse(view_from_string(body), &arena, &disposition, &parameters, &defective),
	    0);
	assert_true(parameter_text(&parameters, VIEW("filename"), &text));
	assert_string_equal(buf_string(&text), expected);
	buf_done(&text);
	arena_done(&arena);
}

static void decodes_names(void **state)
{
	(void)state;
	text_is("attachment; filename=a.txt", "a.txt");
	text_is(
	    "attachment; filename*=utf-8''%e2%82%ac%20rates; filename=\"EURO rates\"", "\xe2\x82\xac rates");
	text_is("attachment; filename*0*=iso-8859-1'de'%fc; filename*1*=%fc; filename*2=\".txt\"",
	    "\xc3\xbc\xc3\xbc.txt");
	text_is("attachment; filename=\"=?utf-8?q?=c3=bc.txt?=\"", "\xc3\xbc.txt");
	text_is("attachment; filename=\"\xc3\xbc.txt\"", "\xc3\xbc.txt");
	text_is("attachment; filename*=%fc%", "\xc3\xbc%");
	text_is("filename=x", "x");
	text_is("attachment; filename*=utf-8''a%0d%0ab%00c", "abc");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_types),
	    cmocka_unit_test(joins_continuations),
	    cmocka_unit_test(decodes_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
