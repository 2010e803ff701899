#include "../unit.h"

#include <errno.h>

#include "base/mem.h"
#include "mime/html_clean.h"

static void becomes(const char *html, const char *expected)
{
	struct buf out;
	buf_init(&out, 100000);
	assert_int_equal(html_clean(view_from_string(html), &out), 0);
	assert_string_equal(buf_string(&out), expected);
	buf_done(&out);
}

static void css_becomes(const char *css, const char *expected, const char *remote)
{
	struct buf out;
	struct view found;
	buf_init(&out, 100000);
	assert_int_equal(css_clean(view_from_string(css), true, &out, &found), 0);
	assert_string_equal(buf_string(&out), expected);
	assert_int_equal(found.len, strlen(remote));
	assert_memory_equal(found.data ? found.data : "", remote, found.len);
	buf_done(&out);
}

static void keeps_what_shows_something(void **state)
{
	(void)state;
	becomes("", "");
	becomes("Hello &amp; <b>you</b>, 1 < 2 > 0", "Hello &amp; <b>you</b>, 1 &lt; 2 > 0");
	becomes("<P CLASS=a Align='left' title=\"say &quot;x&quot;\">x<br/></P>",
	    "<p class=\"a\" align=\"left\" title=\"say &quot;x&quot;\">x<br></p>");
	becomes("<p title='\"<'>", "<p title=\"&quot;&lt;\">");
	becomes("<a href=https://x.example/?a=1&b=2 name=n>x</a><a href=' mailto:a@b'>",
	    "<a href=\"https://x.example/?a=1&b=2\" name=\"n\">x</a><a href=\" mailto:a@b\">");
	becomes("<table><tr><td aria-label=x colspan=2>y", "<table><tr><td aria-label=\"x\" colspan=\"2\">y");
	becomes("<p hidden>x", "<p hidden=\"\">x");
	becomes("<img src=cid:a@b alt=x><img src='data:image/png;base64,AA='>",
	    "<img src=\"cid:a@b\" alt=\"x\"><img src=\"data:image/png;base64,AA=\">");
	becomes("<meta name=color-scheme content='light dark'><meta charset=utf-8>",
	    "<meta name=\"color-scheme\" content=\"light dark\">");
	becomes("<!doctype html><!-- x --><p>y<!-->z<!--->a<!--b--!>c<!--d", "<p>yzac");
	becomes("<![if !mso]>x<![endif]><?php y?>z</ w>v</>u", "xzvu");
}

static void nothing_runs(void **state)
{
	(void)state;
	becomes("a<script>b<p></script >c", "ac");
	becomes("<p onclick=x ONLOAD=y on=z>x", "<p>x");
	becomes("<a href=javascript:x>y<a href=' \tJAVAscript:x'><a href='java\nscript:x'><a "
	        "href='&#106;avascript:x'>",
	    "<a>y<a><a><a>");
	becomes("<a href=data:text/html,x><a href=vbscript:x><a href=cid:x><a href=//x><a href=x>",
	    "<a><a><a><a><a>");
	becomes("<img src=javascript:x><img src=x><img src='data:text/html,x'><img src='data:image/x,y'>",
	    "<img><img><img><img>");
	becomes("<form action=x><input><button formaction=y>z</button></form>", "z");
	becomes("<p xlink:href=javascript:x svg:onload=y is=z>", "<p>");
	becomes("<x-a><p>y</p></x-a>", "<p>y</p>");
	becomes("<meta http-equiv=refresh content='0;url=x'><base href=x><link rel=stylesheet href=x>", "");
}

static void contents_go(void **state)
{
	(void)state;
	becomes("a<svg><p>b<svg>c</svg>d", "ad");
	becomes("a<svg><p>b", "a<p>b");
	becomes("<noscript><p title=\"</noscript><img src=x onerror=y>\"></noscript>z", "<img>\">z");
	becomes("<textarea></textareas></textarea>x<title>y", "x");
	becomes("<xmp><script></xmp>x", "x");
	becomes("<select><option>a</select>b<object><embed></object>c", "bc");
	becomes("<template><script></script></template>x", "x");
	becomes("<plaintext><b>x", "<b>x");
}

static void two_parsers_read_the_same(void **state)
{
	(void)state;
	becomes("<scr<b>ipt>x", "ipt>x");
	becomes("<p title=\"x", "");
	becomes("x<p title='", "x");
	becomes("<p a=\"b\"c=d><p/title=x/y>", "<p><p title=\"x/y\">");
	becomes("<p title=a title=b>", "<p title=\"a\">");
	becomes("<p =x title=y>", "<p title=\"y\">");
	becomes("<p title = 'y' class>", "<p title=\"y\" class=\"\">");
	becomes("<<p>", "&lt;<p>");
	becomes("</p x=y>", "</p>");
	becomes("</br>", "");
	becomes("<p title=`a`>", "<p title=\"`a`\">");
	becomes("<", "&lt;");
	becomes("</", "&lt;/");
	struct buf out;
	buf_init(&out, 100);
	assert_int_equal(html_clean(view_of("a\0<p\0>b", 7), &out), 0);
	assert_string_equal(buf_string(&out), "ab");
	buf_done(&out);
}

static void nothing_loads(void **state)
{
	(void)state;
	becomes("<img src=https://t.example/x.gif width=1><img src=//t.example/y>",
	    "<img data-remote-src=\"https://t.example/x.gif\" width=\"1\"><img "
	    "data-remote-src=\"//t.example/y\">");
	becomes("<img srcset=x lowsrc=y data-remote-src=z>", "<img>");
	becomes("<td background=http://t.example/x><td background=cid:x><td background=x>",
	    "<td data-remote-background=\"http://t.example/x\"><td background=\"cid:x\"><td>");
	becomes("<p style='color:red;background:url(&quot;http://t.example/a?b&amp;c&quot;)'>",
	    "<p style=\"color:red;background:none\" data-remote-background=\"http://t.example/a?b&amp;c\">");
	becomes("<p style='b&colon;red'><p style='b&#117rl'><p style='b&ampx'>", "<p><p><p>");
	becomes("<p style=\"font:'A &amp; B'\">", "<p style=\"font:&quot;A &amp; B&quot;\">");
	becomes("<style>@import 'x';p{background:url(http://t.example/)}</style>",
	    "<style>p{background:none}</style>");
	becomes("<style><!-- p{color:red} --></style>x", "<style>  p{color:red}  </style>x");
	becomes("<style></st/**/yle><script>x</style>y", "<style> /st yle> script>x</style>y");
	becomes("<style>@media (width <= 600px){p{color:red}}</style>",
	    "<style>@media (width <= 600px){p{color:red}}</style>");
	becomes("<video poster=http://t.example/><audio src=x><p>y", "<p>y");
}

static void css_loads_nothing(void **state)
{
	(void)state;
	css_becomes("color: RED; width:calc(1px + 2%)", "color: RED; width:calc(1px + 2%)", "");
	css_becomes("background : url( http://x/a ) no-repeat", "background : none no-repeat", "http://x/a");
	css_becomes("color:red;background-image:URL('//x/b')", "color:red;background-image:none", "//x/b");
	css_becomes("cursor:url(http://x/a),auto", "cursor:none,auto", "");
	css_becomes("background:u\\72l(http://x/a)", "background:none", "http://x/a");
	css_becomes("b\\61 ckground:\\75\\72\\6c (http://x/a)", "background:none", "http://x/a");
	css_becomes("background:u/**/rl(x)", "background:u rl(x)", "");
	css_becomes("background:url(/**/http://x)", "background:none", "");
	css_becomes("background:url(http://x", "background:none", "http://x");
	css_becomes("background:url('http\\3a//x')", "background:none", "");
	css_becomes("background:image-set('a)' 1x, url(x) 2x) red", "background:none red", "");
	css_becomes("background:image\\2dset('a' 1x)", "background:none", "");
	css_becomes("width:expression(alert(')'))x", "width:nonex", "");
	css_becomes("--a:url(http://x);content:'url(x)\\'\\\"'", "--a:none;content:\"url(x)\\27 \\22 \"", "");
	css_becomes("list-style:url(cid:a@b)", "list-style:url(\"cid:a@b\")", "");
	css_becomes(
	    "list-style:url(data:image/gif;base64,AA)", "list-style:url(\"data:image/gif;base64,AA\")", "");
	css_becomes("@\\69mport 'x'; color:red", " color:red", "");
	css_becomes("@font-face{src:url(x)}p{}@media a{@font-face{;}b{}}", "p{}@media a{b{}}", "");
	css_becomes("@import url(x", "", "");
	css_becomes("content:'a\nb:c", "content:\"a\"\nb:c", "");
	css_becomes("content:'a\rb", "content:\"a\"\rb", "");
	css_becomes("content:'a\fb", "content:\"a\"\fb", "");
	css_becomes("background:url(cid:x\ny); b:\"); background:url(//t.example/p.gif); c:\"",
	    "background:url(\"cid:x\\a y\"); b:\"); background:url(//t.example/p.gif); c:\"", "");
	css_becomes("a\\", "a", "");
	css_becomes(".\\31 0px{}", ".\\31 0px{}", "");
	css_becomes("/* x", " ", "");
	css_becomes("url<(x)image<!---->('x')", "url (x)image  (\"x\")", "");
}

static void depth_has_an_end(void **state)
{
	enum { COUNT = 100000 };
	struct buf in, out;
	size_t tags = 0;
	(void)state;
	buf_init(&in, COUNT * 8);
	buf_init(&out, COUNT * 8);
	for (size_t i = 0; i < COUNT; i++)
		buf_append_string(&in, i % 2 ? "<b>" : "<svg>");
	for (size_t i = 0; i < 10; i++)
		buf_append_string(&in, "</b>");
	buf_append_string(&in, "x");
	assert_int_equal(html_clean(buf_view(&in), &out), 0);
	for (size_t i = 0; i < buf_view(&out).len; i++)
		tags += buf_view(&out).data[i] == '<';
	assert_int_equal(tags, HTML_NESTING_MAX);
	/* A table's rows and cells are no depth. */
	buf_clear(&in);
	buf_clear(&out);
	for (size_t i = 0; i < 1000; i++)
		buf_append_string(&in, "<tr><td>x");
	assert_int_equal(html_clean(buf_view(&in), &out), 0);
	assert_int_equal(buf_view(&out).len, 9000);
	buf_done(&in);
	buf_done(&out);
}

/* Many addresses behind many blanks take no longer than as many octets of anything. */
static void time_is_linear(void **state)
{
	enum { COUNT = 300000 };
	struct buf in, out;
	(void)state;
	buf_init(&in, 10 * COUNT);
	buf_init(&out, 60 * COUNT);
	buf_append_string(&in, "<p style=\"x:");
	for (size_t i = 0; i < COUNT; i++)
		buf_append_byte(&in, ' ');
	for (size_t i = 0; i < COUNT / 10; i++)
		buf_append_string(&in, "url(//a)");
	buf_append_string(&in, "\">");
	/* Quadratic, it would be 10^10 steps: the runner's limit for a test would end it. */
	assert_int_equal(html_clean(buf_view(&in), &out), 0);
	assert_true(buf_view(&out).len > COUNT);
	buf_done(&in);
	buf_done(&out);
}

static void tells_what_does_not_fit(void **state)
{
	struct buf out;
	(void)state;
	buf_init(&out, 10);
	assert_int_equal(html_clean(VIEW("<b>1234567890</b>"), &out), -ENOBUFS);
	buf_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(keeps_what_shows_something),
	    cmocka_unit_test(nothing_runs),
	    cmocka_unit_test(contents_go),
	    cmocka_unit_test(two_parsers_read_the_same),
	    cmocka_unit_test(nothing_loads),
	    cmocka_unit_test(css_loads_nothing),
	    cmocka_unit_test(depth_has_an_end),
	    cmocka_unit_test(time_is_linear),
	    cmocka_unit_test(tells_what_does_not_fit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
