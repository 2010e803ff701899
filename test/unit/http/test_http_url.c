/* Paths, queries, hosts and cookies: what is read, what is refused, and that what was escaped comes back. */
#include "../unit.h"

#include <errno.h>

#include "http/http_cookie.h"
#include "http/http_url.h"

static struct buf out;

static int setup(void **state)
{
	(void)state;
	buf_init(&out, 1000);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	buf_done(&out);
	return 0;
}

static void paths(void **state)
{
	(void)state;
	static const struct {
		const char *path, *decoded; /* NULL: refused */
	} cases[] = {{"/", "/"}, {"/a%20b", "/a b"}, {"/%c3%bc", "/ü"}, {"/%C3%BC", "/ü"}, {"/a%2Fb", "/a/b"},
	    {"/%2520", "/%20"}, {"/a//b/", "/a//b/"}, {"/...", "/..."}, {"/a.b/..c", "/a.b/..c"},
	    {"/+", "/+"}, {"", NULL}, {"a", NULL}, {"/%", NULL}, {"/%2", NULL}, {"/%2x", NULL},
	    {"/%00", NULL}, {"/%1f", NULL}, {"/%7f", NULL}, {"/.", NULL}, {"/..", NULL},
	    {"/a/%2e%2e/b", NULL}, {"/a%2f..", NULL}, {"/%c3", NULL}, {"/%c0%af", NULL}, {"/ ", NULL},
	    {"/?", NULL}, {"/#", NULL}, {"/\\", NULL}, {"/\x80", NULL}};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		buf_clear(&out);
		buf_append_string(&out, "before");
		int error = http_path_decode(&out, view_from_string(cases[i].path));
		assert_int_equal(error, cases[i].decoded ? 0 : -EINVAL);
		assert_string_equal(buf_string(&out) + 6, cases[i].decoded ? cases[i].decoded : "");
	}
	buf_done(&out);
	buf_init(&out, 3);
	assert_int_equal(http_path_decode(&out, VIEW("/abc")), -ENOBUFS);
	assert_int_equal(buf_view(&out).len, 0);
}

static void queries(void **state)
{
	(void)state;
	struct view query = VIEW("&a=1&&b&c=%20+x=y&d=%zz&a=2&=e&f="), name, value;
	static const char *const expected[][2] = {
	    {"a", "1"}, {"b", ""}, {"c", "%20+x=y"}, {"d", "%zz"}, {"a", "2"}, {"", "e"}, {"f", ""}};
	struct view rest = query;
	for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
		assert_true(http_query_next(&rest, &name, &value));
		assert_view(name, expected[i][0]);
		assert_view(value, expected[i][1]);
	}
	assert_false(http_query_next(&rest, &name, &value));
	assert_int_equal(http_query_get(query, "c", &out), 0);
	assert_string_equal(buf_string(&out), "  x=y");
	assert_int_equal(http_query_get(query, "a", &out), 0);
	assert_string_equal(buf_string(&out), "  x=y1");
	assert_int_equal(http_query_get(query, "d", &out), -EINVAL);
	assert_int_equal(http_query_get(query, "e", &out), -ENOENT);
	assert_int_equal(http_query_decode(&out, VIEW("%ff")), -EINVAL);
}

static void escapes(void **state)
{
	(void)state;
	assert_int_equal(http_url_escape(&out, VIEW("a-._~/ ü?\0")), 0);
	assert_string_equal(buf_string(&out), "a-._~%2F%20%C3%BC%3F%00");
	for (int c = 1; c < 128; c++) {
		char text[] = {'/', (char)c, 'x'}, plain[3];
		struct buf escaped;
		buf_init(&escaped, 100);
		buf_clear(&out);
		http_url_escape(&escaped, view_of(text + 1, 2));
		assert_int_equal(http_query_decode(&out, buf_view(&escaped)), 0);
		memcpy(plain, buf_view(&out).data, 2);
		assert_memory_equal(plain, text + 1, 2);
		buf_done(&escaped);
	}
}

static void authorities(void **state)
{
	(void)state;
	static const struct {
		const char *authority, *host; /* NULL: refused */
	} cases[] = {{"a.example", "a.example"}, {"a:1", "a"}, {"a:", "a"}, {"127.0.0.1:80", "127.0.0.1"},
	    {"[::1]", "[::1]"}, {"[::1]:443", "[::1]"}, {"", NULL}, {":1", NULL}, {"a:65536", NULL},
	    {"a:b", NULL}, {"a b", NULL}, {"[::1", NULL}, {"[]", NULL}, {"[::1]x", NULL}, {"a/", NULL},
	    {"u@a", NULL}, {"::1", NULL}};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct view v = view_from_string(cases[i].authority);
		if (http_authority_is_valid(v) != (cases[i].host != NULL))
			fail_msg("%s", cases[i].authority);
		if (cases[i].host)
			assert_view(http_authority_host(v), cases[i].host);
	}
}

static void cookies_are_read(void **state)
{
	(void)state;
	struct view field =
	                VIEW("a=1; b=\"2\";c = 3 ; d; =e; f=; g=h=i; j=a b; k=a,b; l=\"; a=1; m=\xc3\xbc"),
	            rest = field;
	struct view name, value;
	static const char *const expected[][2] = {
	    {"a", "1"}, {"b", "2"}, {"c", "3"}, {"f", ""}, {"g", "h=i"}, {"a", "1"}};
	for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
		assert_true(http_cookie_next(&rest, &name, &value));
		assert_view(name, expected[i][0]);
		assert_view(value, expected[i][1]);
	}
	assert_false(http_cookie_next(&rest, &name, &value));
	assert_true(http_cookie_get(field, "a", &value));
	assert_view(value, "1");
	assert_false(http_cookie_get(field, "A", &value));
	assert_false(http_cookie_get(field, "j", &value));
	/* Somebody has set another one beside it: neither is believed. */
	assert_false(http_cookie_get(VIEW("s=mine; s=theirs"), "s", &value));
	struct buf many;
	buf_init(&many, 10000);
	for (int i = 0; i < HTTP_COOKIES_MAX; i++)
		buf_append_string(&many, "x=1; ");
	buf_append_string(&many, "s=1");
	assert_false(http_cookie_get(buf_view(&many), "s", &value));
	assert_true(http_cookie_get(view_skip(buf_view(&many), 5), "s", &value));
	buf_done(&many);
}

static void cookies_are_written(void **state)
{
	(void)state;
	struct http_cookie c = {.name = "__Host-session",
	    .value = VIEW("abc"),
	    .path = "/",
	    .max_age = 60,
	    .secure = true,
	    .http_only = true,
	    .same_site = "Strict"};
	assert_int_equal(http_cookie_write(&out, &c), 0);
	assert_string_equal(
	    buf_string(&out), "__Host-session=abc; Path=/; Max-Age=60; Secure; HttpOnly; SameSite=Strict");
	buf_clear(&out);
	c.path = "/a";
	assert_int_equal(http_cookie_write(&out, &c), -EINVAL);
	c.path = "/";
	c.secure = false;
	assert_int_equal(http_cookie_write(&out, &c), -EINVAL);
	c.secure = true;
	c.value = VIEW("a; Domain=evil");
	assert_int_equal(http_cookie_write(&out, &c), -EINVAL);
	c.value = VIEW("");
	c.name = "a=b";
	assert_int_equal(http_cookie_write(&out, &c), -EINVAL);
	assert_int_equal(buf_view(&out).len, 0);
	c.name = "a";
	c.max_age = -1;
	c.http_only = c.secure = false;
	c.same_site = NULL;
	assert_int_equal(http_cookie_write(&out, &c), 0);
	assert_string_equal(buf_string(&out), "a=; Path=/");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(paths, setup, teardown),
	    cmocka_unit_test_setup_teardown(queries, setup, teardown),
	    cmocka_unit_test_setup_teardown(escapes, setup, teardown),
	    cmocka_unit_test_setup_teardown(authorities, setup, teardown),
	    cmocka_unit_test_setup_teardown(cookies_are_read, setup, teardown),
	    cmocka_unit_test_setup_teardown(cookies_are_written, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
