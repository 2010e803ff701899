#include "../unit.h"

#include <errno.h>
#include <stdio.h>

#include "format/limits.h"
#include "format/path.h"

static int parse(bool reverse, const char *text, struct arena *arena, struct path *path, size_t *left)
{
	struct cursor in = cursor_on(view_from_string(text));
	int error = reverse ? reverse_path_parse(&in, arena, path) : forward_path_parse(&in, arena, path);
	*left = in.rest.len;
	return error;
}

static void accepts(const char *text, const char *local_part, const char *domain)
{
	struct arena arena;
	struct path path;
	size_t left;
	arena_init(&arena, 1000);
	for (int reverse = 0; reverse < 2; reverse++) {
		assert_int_equal(parse(reverse, text, &arena, &path, &left), 0);
		assert_int_equal(path.kind, PATH_MAILBOX);
		assert_view(path.local_part, local_part);
		assert_view(path.domain, domain);
		assert_int_equal(left, 0);
	}
	arena_done(&arena);
}

static void refuses(const char *text, int error)
{
	struct arena arena;
	struct path path = {.kind = PATH_POSTMASTER};
	size_t left;
	arena_init(&arena, 1000);
	for (int reverse = 0; reverse < 2; reverse++) {
		assert_int_equal(parse(reverse, text, &arena, &path, &left), error);
		assert_int_equal(left, strlen(text));
		assert_int_equal(path.kind, PATH_POSTMASTER);
	}
	arena_done(&arena);
}

static void reads_mailboxes(void **state)
{
	(void)state;
	accepts("<joe@example.com>", "joe", "example.com");
	accepts("<joe+tag.x@a-b.example>", "joe+tag.x", "a-b.example");
	accepts("<\"a b\"@example.com>", "a b", "example.com");
	accepts("<\"a\\\"b@c\"@example.com>", "a\"b@c", "example.com");
	accepts("<@a.test,@b.test:joe@example.com>", "joe", "example.com");
	accepts("<joe@[192.0.2.1]>", "joe", "[192.0.2.1]");
	accepts("<joe@[IPv6:2001:db8::1]>", "joe", "[IPv6:2001:db8::1]");
	accepts("<joe@[x400:abc]>", "joe", "[x400:abc]");
	accepts("<joe@localhost>", "joe", "localhost");
	accepts("<j\xc3\xb6@b\xc3\xbc.example>", "j\xc3\xb6", "b\xc3\xbc.example");
	/* What the grammar does not have, and mailboxes and people do. */
	accepts("<a..b@example.com>", "a..b", "example.com");
	accepts("<.a@example.com>", ".a", "example.com");
	accepts("<a.@example.com>", "a.", "example.com");
	accepts("<joe@example.com.>", "joe", "example.com");
}

static void writes(const char *text, const char *expected)
{
	struct arena arena;
	struct path path;
	struct buf out;
	size_t left;
	arena_init(&arena, 1000);
	buf_init(&out, 1000);
	assert_int_equal(parse(true, text, &arena, &path, &left), 0);
	assert_int_equal(path_write(&out, &path), 0);
	assert_view(buf_view(&out), expected);
	buf_done(&out);
	arena_done(&arena);
}

/* A local part stays quoted, or unquoted, as it was: its host may know it by that alone. */
static void writes_what_was_read(void **state)
{
	static const struct {
		const char *local_part, *expected;
	} unquoted[] = {{"a..b", "a..b@x.org"}, {"a.", "a.@x.org"}, {"a b", "\"a b\"@x.org"},
	    {"..", "\"..\"@x.org"}, {"a@b", "\"a@b\"@x.org"}};
	(void)state;
	writes("<>", "<>");
	writes("<a.b@x.org>", "<a.b@x.org>");
	writes("<a..b@x.org>", "<a..b@x.org>");
	writes("<a.@x.org.>", "<a.@x.org>");
	writes("<\"a..b\"@x.org>", "<\"a..b\"@x.org>");
	writes("<\"a b\"@x.org>", "<\"a b\"@x.org>");
	writes("<\"ab\"@x.org>", "<ab@x.org>");
	writes("<@y.org:a@x.org>", "<a@x.org>");
	for (size_t i = 0; i < sizeof unquoted / sizeof *unquoted; i++) {
		struct buf out;
		buf_init(&out, 100);
		assert_int_equal(
		    mailbox_write(&out, view_from_string(unquoted[i].local_part), VIEW("x.org")), 0);
		assert_view(buf_view(&out), unquoted[i].expected);
		buf_done(&out);
	}
}

static void refuses_others(void **state)
{
	(void)state;
	static const char *const wrong[] = {"", "<", "joe@example.com", "<joe@example.com", "<joe>", "<joe@>",
	    "<@a.b>", "<.@a.b>", "<..@a.b>", "<j.\"o\".e@a.b>", "<joe@a..b>", "<joe@-a.b>", "<joe@a-.b>",
	    "<joe@a.b..>", "<joe@.>", "<joe@[192.0.2.1].>", "< joe@a.b>", "<joe@a.b >", "<jo e@a.b>",
	    "<\"\"@a.b>", "<\"a@a.b>", "<\"a\tb\"@a.b>", "<joe@[1.2.3]>", "<joe@[1.2.3.256]>",
	    "<joe@[IPv6:1.2.3.4]>", "<joe@[IPv6:::g]>", "<joe@[]>", "<joe@[x:]>", "<a@b@c.d>", "<@a.test:>",
	    "<@a.test joe@x.y>", "<joe@a\xff.b>", "<\xc3@a.b>", "<joe(x)@a.b>", "<joe@a.b\r\n>",
	    "<j\xc2\x85oe@a.b>", "<j\xc2\x9bzJ@a.b>", "<\"j\xe2\x80\xa8oe\"@a.b>", "<joe\xe2\x80\xa9@a.b>"};
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		refuses(wrong[i], -EINVAL);
}

static void refuses_long_ones(void **state)
{
	(void)state;
	char local[300], label[80], text[600];
	memset(local, 'l', sizeof local);
	memset(label, 'd', sizeof label);
	snprintf(text, sizeof text, "<%.64s@example.com>", local);
	struct arena arena;
	struct path path;
	size_t left;
	arena_init(&arena, 1000);
	assert_int_equal(parse(true, text, &arena, &path, &left), 0);
	/* 64 + 1 + 189 + 2 brackets = 256 */
	snprintf(text, sizeof text, "<%.64s@%.63s.%.62s.%.62s>", local, label, label, label);
	assert_int_equal(strlen(text), 256);
	assert_int_equal(parse(true, text, &arena, &path, &left), 0);
	arena_done(&arena);
	snprintf(text, sizeof text, "<%.64s@%.63s.%.63s.%.62s>", local, label, label, label);
	refuses(text, -ENAMETOOLONG);
	snprintf(text, sizeof text, "<joe@%.64s.com>", label);
	refuses(text, -ENAMETOOLONG);
	/* The whole path is what is limited, and not the local part: forwarders and ticket systems fill it.
	 */
	snprintf(text, sizeof text, "<%.242s@example.com>", local);
	arena_init(&arena, 1000);
	assert_int_equal(parse(false, text, &arena, &path, &left), 0);
	struct buf key;
	buf_init(&key, ADDRESS_KEY_MAX);
	assert_int_equal(path_key(&path, &key), 0);
	assert_int_equal(buf_view(&key).len, 242 + 12);
	buf_done(&key);
	arena_done(&arena);
	snprintf(text, sizeof text, "<%.243s@example.com>", local);
	refuses(text, -ENAMETOOLONG);
	snprintf(text, sizeof text, "<%.253s@a>", local);
	refuses(text, -ENAMETOOLONG);
	snprintf(text, sizeof text, "<\"%.253s\"@a>", local);
	refuses(text, -ENAMETOOLONG);
}

static void knows_special_paths(void **state)
{
	(void)state;
	struct arena arena;
	struct path path;
	size_t left;
	struct buf key;
	buf_init(&key, ADDRESS_KEY_MAX);
	arena_init(&arena, 1000);
	assert_int_equal(parse(true, "<> SIZE=1", &arena, &path, &left), 0);
	assert_int_equal(path.kind, PATH_NULL);
	assert_int_equal(left, 7);
	assert_int_equal(path_key(&path, &key), -EINVAL);
	assert_int_equal(parse(false, "<>", &arena, &path, &left), -EINVAL);
	assert_int_equal(parse(false, "<PostMaster>", &arena, &path, &left), 0);
	assert_int_equal(path.kind, PATH_POSTMASTER);
	assert_int_equal(path_key(&path, &key), 0);
	assert_view(buf_view(&key), "postmaster");
	assert_int_equal(parse(true, "<postmaster>", &arena, &path, &left), -EINVAL);
	assert_int_equal(parse(false, "<postmaster@a.b>", &arena, &path, &left), 0);
	assert_int_equal(path.kind, PATH_MAILBOX);
	assert_false(path.utf8);
	assert_int_equal(parse(false, "<a@\xc3\xbc.b>", &arena, &path, &left), 0);
	assert_true(path.utf8);
	assert_int_equal(mailbox_parse(VIEW("\"a b\"@c.d"), &arena, &path), 0);
	buf_clear(&key);
	assert_int_equal(path_write(&key, &path), 0);
	assert_view(buf_view(&key), "<\"a b\"@c.d>");
	assert_int_equal(mailbox_parse(VIEW("a@c.d>"), &arena, &path), -EINVAL);
	arena_done(&arena);
	buf_done(&key);
}

static void key_is(const char *local_part, const char *domain, const char *expected)
{
	struct buf key;
	buf_init(&key, ADDRESS_KEY_MAX);
	assert_int_equal(address_key(view_from_string(local_part), view_from_string(domain), &key), 0);
	assert_string_equal(buf_string(&key), expected);
	buf_done(&key);
}

static void makes_keys(void **state)
{
	(void)state;
	key_is("Joe", "EXAMPLE.org.", "joe@example.org");
	key_is("Joe", "", "joe");
	key_is("joe",
	    "B\xc3\xbc"
	    "cher.Example",
	    "joe@xn--bcher-kva.example");
	key_is("joe",
	    "bu\xcc\x88"
	    "cher.example",
	    "joe@xn--bcher-kva.example");
	key_is("J\xc3\x96RG", "x.org", "j\xc3\xb6rg@x.org");
	key_is("JO\xcc\x88RG", "x.org", "j\xc3\xb6rg@x.org");
	key_is("Stra\xc3\x9f"
	       "e",
	    "x.org", "strasse@x.org");
	key_is("\xd0\x98\xd0\x92\xd0\x90\xd0\x9d", "x.org", "\xd0\xb8\xd0\xb2\xd0\xb0\xd0\xbd@x.org");
	key_is("joe", "[IPV6:2001:DB8::1]", "joe@[ipv6:2001:db8::1]");
	struct buf key;
	buf_init(&key, ADDRESS_KEY_MAX);
	assert_int_equal(address_key(VIEW("a\xff"), VIEW("x.org"), &key), -EINVAL);
	assert_int_equal(address_key(VIEW("a"), VIEW("x..org"), &key), -EINVAL);
	assert_int_equal(address_key(VIEW(""), VIEW("x.org"), &key), -EINVAL);
	assert_int_equal(buf_view(&key).len, 0);
	assert_int_equal(domain_display(VIEW("xn--bcher-kva.example"), &key), 0);
	assert_view(buf_view(&key), "b\xc3\xbc"
	                            "cher.example");
	buf_done(&key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_mailboxes),
	    cmocka_unit_test(writes_what_was_read),
	    cmocka_unit_test(refuses_others),
	    cmocka_unit_test(refuses_long_ones),
	    cmocka_unit_test(knows_special_paths),
	    cmocka_unit_test(makes_keys),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
