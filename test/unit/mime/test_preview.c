#include "../unit.h"

#include "mime/preview.h"

static void previews(const char *message, const char *expected)
{
	struct mime_parser *p = mime_parser_new();
	const struct mime_tree *tree = mime_parse(p, view_from_string(message));
	struct buf out;
	buf_init(&out, 1000);
	assert_int_equal(preview_append(p, tree, &out), 0);
	assert_string_equal(buf_string(&out), expected);
	buf_done(&out);
	mime_parser_free(p);
}

static void shows_the_text(void **state)
{
	(void)state;
	previews("\n  Hello,\r\n\r\n\tworld  \n", "Hello, world");
	previews("Content-Transfer-Encoding: base64\nContent-Type: text/plain; charset=koi8-r\n\nydfBzg==\n",
	    "\xd0\xb8\xd0\xb2\xd0\xb0\xd0\xbd");
	previews("Content-Type: text/html\n\n<p>Hello&nbsp;<b>w</b>orld</p>\n", "Hello world");
	previews("Content-Type: image/png\n\nxyz", "");
	previews("Content-Type: text/plain\nContent-Disposition: attachment\n\nxyz", "");
	previews("Content-Type: multipart/alternative; boundary=b\n\n--b\n\n \n--b\nContent-Type: "
	         "text/html\n\n<i>x</i>\n--b--",
	    "x");
	previews("Content-Type: text/plain; name=x.txt\n\nxyz", "xyz");
	previews("Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/html; "
	         "name=x.html\n\n<i>x</i>\n--b\n\nfooter\n--b--",
	    "x");
	/* A multipart without parts is text. */
	previews("Content-Type: multipart/mixed; boundary=b\n\nHello, world\n", "Hello, world");
	previews("Content-Type: multipart/mixed; boundary=b\n\n--c\n\nHello\n--c--\n", "--c Hello --c--");
	previews("Content-Type: multipart/mixed; boundary=b\n\nHello\n--b--\nworld\n", "Hello --b-- world");
	previews("Content-Type: multipart/mixed\n\nHello\n", "Hello");
	previews("Content-Type: multipart/mixed; boundary=b\nContent-Disposition: attachment\n\nHello\n", "");
	previews("Content-Type: multipart/mixed; boundary=b\n\npreamble\n--b\n\nHello\n--b--\nepilogue\n",
	    "Hello");
	previews("Content-Type: multipart/mixed; boundary=b\n\npreamble\n--b\nContent-Type: multipart/mixed; "
	         "boundary=c\n\nHello\n--b\n\nx\n--b--",
	    "Hello");
	previews("Content-Transfer-Encoding: base64\n\naGVsbG8gd29ybGQsCg==\n\n-- \nA footer\n",
	    "hello world, -- A footer");
	previews("\n\xe2\x80\x8c\xc2\xa0\xe2\x80\x8c Hi\xe2\x80\x8b", "Hi");
	previews(
	    "\n\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb", "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb");
}

static void cuts_between_characters(void **state)
{
	(void)state;
	char message[2000] = "\n";
	for (int i = 0; i < 300; i++)
		strcat(message, "\xe2\x82\xac");
	struct mime_parser *p = mime_parser_new();
	struct buf out;
	buf_init(&out, 1000);
	assert_int_equal(preview_append(p, mime_parse(p, view_from_string(message)), &out), 0);
	assert_int_equal(buf_view(&out).len, 255);
	buf_done(&out);
	mime_parser_free(p);
}

static void html_is(const char *html, const char *expected)
{
	struct buf out;
	buf_init(&out, 10000);
	assert_int_equal(html_to_text(view_from_string(html), &out), 0);
	assert_string_equal(buf_string(&out), expected);
	buf_done(&out);
}

static void reads_html(void **state)
{
	(void)state;
	html_is("a<br>b<p>c", "a\nb\nc");
	html_is("<style>p { a > b }</style><SCRIPT>if (a<b) x()</SCRIPT >t<!-- <b> -->u", "tu");
	html_is("<a href=\"x>y\">z</a> 1 < 2 &lt; 3 &amp;&#65;&#x42;&nosuch; &", "z 1 < 2 < 3 &AB&nosuch; &");
	html_is("<img alt='a>b'", "");
	html_is("<", "<");
	html_is("<style>open", "");
	html_is("&#0;&#1114112;&#xd800;", "&#0;&#1114112;\xef\xbf\xbd");
	html_is("don't <b a=1 don't>x", "don't x");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(shows_the_text),
	    cmocka_unit_test(cuts_between_characters),
	    cmocka_unit_test(reads_html),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
