#include <errno.h>

#include "../unit.h"

#include "base/mem.h"
#include "mime/parameter.h"

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
	text_is("attachment; filename=\"=?ISO-2022-JP?B?GyRCMnE1RBsoQg==?=\r\n "
	        "=?ISO-2022-JP?B?GyRCMnE1RBsoQg==?=.txt\"",
	    "\xe4\xbc\x9a\xe8\xad\xb0\xe4\xbc\x9a\xe8\xad\xb0.txt");
	text_is("attachment; filename*0*=iso-2022-jp''%1B$B2q%1B%28B; filename*1*=%1B$B5D%1B%28B",
	    "\xe4\xbc\x9a\xe8\xad\xb0");
	text_is("attachment; filename*=win1251''%CF%F0", "\xd0\x9f\xd1\x80");
	text_is("attachment; filename*=no-such''%FC%FC", "\xc3\xbc\xc3\xbc");
	text_is("filename=x", "x");
	text_is("attachment; filename*=utf-8''a%0d%0ab%00c", "abc");
}

static void writes(const char *value, const char *expected)
{
	struct buf out;
	buf_init(&out, 10000);
	assert_int_equal(parameter_write(&out, "filename", view_from_string(value)), 0);
	assert_string_equal(buf_string(&out), expected);
	buf_done(&out);
}

static void writes_parameters(void **state)
{
	(void)state;
	writes("a.txt", ";\r\n filename=\"a.txt\"");
	writes("", ";\r\n filename=\"\"");
	writes("a \"b\" \\.txt", ";\r\n filename=\"a \\\"b\\\" \\\\.txt\"");
	writes("\xc3\xbc b.txt", ";\r\n filename*=utf-8''%C3%BC%20b.txt");
	writes("=?utf-8?q?x?=", ";\r\n filename*=utf-8''%3D%3Futf-8%3Fq%3Fx%3F%3D");
	writes("a\r\nb", ";\r\n filename*=utf-8''a%0D%0Ab");
	struct buf full;
	buf_init(&full, 20);
	assert_int_equal(parameter_write(&full, "filename", VIEW("a name that does not fit")), -ENOBUFS);
	buf_done(&full);
}

/* What is written is read as the same name, by our reader, on lines of a mail's length. */
static void reads_what_it_wrote(struct view name)
{
	struct buf field;
	buf_init(&field, 10000);
	buf_append(&field, VIEW("attachment"));
	assert_int_equal(parameter_write(&field, "filename", name), 0);
	struct view rest = buf_view(&field), line;
	while (view_next(&rest, '\n', &line))
		assert_true(line.len <= 78 + 1);
	/* No piece begins within a character. */
	for (const char *at = buf_string(&field); (at = strstr(at, "*=%")) != NULL; at += 3)
		assert_null(strchr("89AB", at[3]));
	char *expected = mem_string(name);
	text_is(buf_string(&field), expected);
	mem_free(expected);
	buf_done(&field);
}

static void writes_what_it_reads(void **state)
{
	(void)state;
	/* The room of a piece ends at each octet of a character of four. */
	for (size_t ascii = 0; ascii < 255; ascii++) {
		struct buf name;
		buf_init(&name, 1000);
		for (size_t i = 0; i < ascii; i++)
			buf_append_byte(&name, (char)('a' + i % 26));
		while (buf_view(&name).len + 4 <= 255)
			buf_append(&name, VIEW("\xf0\x9f\x98\x80"));
		reads_what_it_wrote(buf_view(&name));
		buf_truncate(&name, ascii);
		reads_what_it_wrote(buf_view(&name));
		buf_done(&name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_types),
	    cmocka_unit_test(joins_continuations),
	    cmocka_unit_test(decodes_names),
	    cmocka_unit_test(writes_parameters),
	    cmocka_unit_test(writes_what_it_reads),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
