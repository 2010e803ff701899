/* DKIM-Signature as it is read: RFC 6376 sections 3.5 and 6.1.1, RFC 8616. */
#include "../../unit.h"

#include <stdio.h>

#include "base/mem.h"
#include "trust/sender/dkim_field.h"

#define HASH "MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI="
#define GOOD "v=1; a=rsa-sha256; d=example.org; s=sel; h=from:to; bh=" HASH "; b=c2ln"

static struct arena arena;
static struct dkim_field f;

static enum dkim_fault parse(const char *text)
{
	arena_reset(&arena);
	dkim_field_parse(DKIM_SIGNATURE, view_from_string(text), &arena, &f);
	return f.fault;
}

static int set_up(void **state)
{
	(void)state;
	arena_init(&arena, 1 << 20);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_done(&arena);
	return 0;
}

static void reads_the_least(void **state)
{
	(void)state;
	assert_int_equal(parse(GOOD), DKIM_FIELD_GOOD);
	assert_int_equal(f.algorithm, DKIM_RSA_SHA256);
	assert_string_equal(f.domain, "example.org");
	assert_string_equal(f.selector, "sel");
	assert_int_equal(f.header_canon, DKIM_SIMPLE);
	assert_int_equal(f.body_canon, DKIM_SIMPLE);
	assert_view(f.signature, "sig");
	assert_view(f.text, "c2ln");
	assert_view(f.body_hash, "12345678901234567890123456789012");
	assert_view(f.names, "from:to");
	assert_true(f.length == DKIM_WHOLE && f.signed_at == DKIM_NO_TIME && f.expires == DKIM_NO_TIME);
	assert_int_equal(f.identity.len, 0);
}

static void reads_all(void **state)
{
	(void)state;
	assert_int_equal(
	    parse(" v = 1 ;\r\n a=ED25519-SHA256; c=Relaxed/simple; d=Example.ORG; s=A.b;\r\n"
	          " i=joe=2Bx@mail.example.org; q=http/x : dns/txt; l=123; t=1000; x=2000;\r\n"
	          " h= From : Subject\r\n\t: from; bh=MTIzNDU2Nzg5MDEyMzQ1Njc4\r\n OTAxMjM0NTY3ODkwMTI="
	          ";\r\n z=From:foo@eng.example.net|To:joe@example.com; unknown=x; b = c2\r\n\tln ;"),
	    DKIM_FIELD_GOOD);
	assert_int_equal(f.algorithm, DKIM_ED25519_SHA256);
	assert_string_equal(f.domain, "example.org");
	assert_string_equal(f.selector, "a.b");
	assert_int_equal(f.header_canon, DKIM_RELAXED);
	assert_int_equal(f.body_canon, DKIM_SIMPLE);
	assert_view(f.identity, "joe+x@mail.example.org");
	assert_int_equal(f.length, 123);
	assert_int_equal(f.signed_at, 1000);
	assert_int_equal(f.expires, 2000);
	assert_view(f.cut, " c2\r\n\tln ");
	assert_view(f.signature, "sig");
}

static void reads_domains_in_any_script(void **state)
{
	(void)state;
	assert_int_equal(parse("v=1; a=rsa-sha256; d=b\xc3\xbc"
	                       "cher.example; s=\xc3\xa4; i=j\xc3\xb6@Mail.B\xc3\xbc"
	                       "cher.example; h=from; bh=" HASH "; b=c2ln"),
	    DKIM_FIELD_GOOD);
	assert_string_equal(f.domain, "xn--bcher-kva.example");
	assert_string_equal(f.selector, "xn--4ca");
	assert_view(f.identity, "j\xc3\xb6@mail.xn--bcher-kva.example");
}

#define FIELD(start, domain, rest) start "a=rsa-sha256; d=" domain "; bh=" HASH "; b=c2ln; " rest

static void names_what_is_wrong(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		enum dkim_fault fault;
		const char *tag;
	} bad[] = {
	    {"nonsense", DKIM_FIELD_SYNTAX, ""},
	    {GOOD "; v=1", DKIM_FIELD_DUPLICATE, ""},
	    {"a=rsa-sha256; d=a.b; s=c; h=from; bh=" HASH "; b=c2ln", DKIM_FIELD_MISSING, "v"},
	    {"v=1; d=a.b; s=c; h=from; bh=" HASH "; b=c2ln", DKIM_FIELD_MISSING, "a"},
	    {"v=1; a=rsa-sha256; s=c; h=from; bh=" HASH "; b=c2ln", DKIM_FIELD_MISSING, "d"},
	    {"v=1; a=rsa-sha256; d=a.b; h=from; bh=" HASH "; b=c2ln", DKIM_FIELD_MISSING, "s"},
	    {"v=1; a=rsa-sha256; d=a.b; s=c; bh=" HASH "; b=c2ln", DKIM_FIELD_MISSING, "h"},
	    {"v=1; a=rsa-sha256; d=a.b; s=c; h=from; b=c2ln", DKIM_FIELD_MISSING, "bh"},
	    {"v=1; a=rsa-sha256; d=a.b; s=c; h=from; bh=" HASH, DKIM_FIELD_MISSING, "b"},
	    {"v=1; a=rsa-sha256; d=a.b; s=c; h=from; bh=" HASH "; b=", DKIM_FIELD_VALUE, "b"},
	    {"v=1; a=rsa-sha256; d=a.b; s=c; h=from; bh=" HASH "; b=c2l", DKIM_FIELD_VALUE, "b"},
	    {"v=1; a=rsa-sha256; d=a.b; s=c; h=from; bh=c2ln; b=c2ln", DKIM_FIELD_VALUE, "bh"},
	    {FIELD("v=2;", "a.b", "s=c; h=from"), DKIM_FIELD_VERSION, "v"},
	    {FIELD("v=1x;", "a.b", "s=c; h=from"), DKIM_FIELD_VERSION, "v"},
	    {FIELD("v=;", "a.b", "s=c; h=from"), DKIM_FIELD_VALUE, "v"},
	    {"v=1; a=rsa-md5; d=a.b; s=c; h=from; bh=" HASH "; b=c2ln", DKIM_FIELD_UNSUPPORTED, "a"},
	    {FIELD("v=1;", "a.b", "s=c; h=from; c=future"), DKIM_FIELD_UNSUPPORTED, "c"},
	    {FIELD("v=1;", "a.b", "s=c; h=from; c=simple/"), DKIM_FIELD_UNSUPPORTED, "c"},
	    {FIELD("v=1;", "a.b", "s=c; h=from; c=relaxed/simple/relaxed"), DKIM_FIELD_UNSUPPORTED, "c"},
	    {FIELD("v=1;", "a.b", "s=c; h=from; q=http"), DKIM_FIELD_UNSUPPORTED, "q"},
	    {FIELD("v=1;", "a.b", "s=c; h=from; q="), DKIM_FIELD_UNSUPPORTED, "q"},
	    {FIELD("v=1;", "com", "s=c; h=from"), DKIM_FIELD_VALUE, "d"},
	    {FIELD("v=1;", "a.b.", "s=c; h=from"), DKIM_FIELD_VALUE, "d"},
	    {FIELD("v=1;", "a..b", "s=c; h=from"), DKIM_FIELD_VALUE, "d"},
	    {FIELD("v=1;", "[192.0.2.1]", "s=c; h=from"), DKIM_FIELD_VALUE, "d"},
	    {FIELD("v=1;", "a b.c", "s=c; h=from"), DKIM_FIELD_VALUE, "d"},
	    {FIELD("v=1;", "a.b", "s=*; h=from"), DKIM_FIELD_VALUE, "s"},
	    {FIELD("v=1;", "a.b", "s=c d; h=from"), DKIM_FIELD_VALUE, "s"},
	    {FIELD("v=1;", "a.b", "s=c; h=from; i=x@ab"), DKIM_FIELD_IDENTITY, "i"},
	    {FIELD("v=1;", "a.b", "s=c; h=from; i=x@c.b"), DKIM_FIELD_IDENTITY, "i"},
	    {FIELD("v=1;", "a.b", "s=c; h=from; i=x@xa.b"), DKIM_FIELD_IDENTITY, "i"},
	    {FIELD("v=1;", "a.b", "s=c; h=from; i=x@b"), DKIM_FIELD_IDENTITY, "i"},
	    {FIELD("v=1;", "a.b", "s=c; h=from; i=a.b"), DKIM_FIELD_VALUE, "i"},
	    {FIELD("v=1;", "a.b", "s=c; h=from; i="), DKIM_FIELD_VALUE, "i"},
	    {FIELD("v=1;", "a.b", "s=c; h=from; i==4@a.b"), DKIM_FIELD_VALUE, "i"},
	    {FIELD("v=1;", "a.b", "s=c; h=to:subject"), DKIM_FIELD_FROM, "h"},
	    {FIELD("v=1;", "a.b", "s=c; h=to::from"), DKIM_FIELD_VALUE, "h"},
	    {FIELD("v=1;", "a.b", "s=c; h=to from"), DKIM_FIELD_VALUE, "h"},
	    {FIELD("v=1;", "a.b", "s=c; h="), DKIM_FIELD_VALUE, "h"},
	    {FIELD("v=1;", "a.b", "s=c; h=from; l=-1"), DKIM_FIELD_VALUE, "l"},
	    {FIELD("v=1;", "a.b", "s=c; h=from; l="), DKIM_FIELD_VALUE, "l"},
	    {FIELD("v=1;", "a.b", "s=c; h=from; t=yesterday"), DKIM_FIELD_VALUE, "t"},
	    {FIELD("v=1;", "a.b", "s=c; h=from; t=2; x=2"), DKIM_FIELD_EXPIRY, "x"},
	};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_int_equal(parse(bad[i].text), bad[i].fault);
		assert_string_equal(f.tag, bad[i].tag);
	}
	assert_int_equal(parse(FIELD("v=2;", "a.b", "s=c; h=from")), DKIM_FIELD_VERSION);
	assert_string_equal(f.domain, "a.b"); /* whose it is can be told all the same */
}

static void has_limits(void **state)
{
	(void)state;
	struct buf text;
	buf_init(&text, 1 << 20);
	buf_append_string(&text, "v=1; a=rsa-sha256; d=a.b; s=c; bh=" HASH "; b=c2ln; h=from");
	for (int i = 1; i < DKIM_NAMES_MAX; i++)
		buf_append_string(&text, ":from");
	assert_int_equal(parse(buf_string(&text)), DKIM_FIELD_GOOD);
	buf_append_string(&text, ":to");
	assert_int_equal(parse(buf_string(&text)), DKIM_FIELD_VALUE);
	buf_clear(&text);
	buf_append_string(&text, "v=1; a=rsa-sha256; d=a.b; s=c; bh=" HASH "; h=from; b=");
	for (int i = 0; i < 400; i++)
		buf_append_string(&text, "AAAA");
	assert_int_equal(parse(buf_string(&text)), DKIM_FIELD_VALUE);
	buf_done(&text);
	/* A number that no clock reaches is only large. */
	assert_int_equal(parse(FIELD("v=1;", "a.b", "s=c; h=from; x=99999999999999999999999999999999999")),
	    DKIM_FIELD_GOOD);
	assert_int_equal(f.expires, INT64_MAX);
	/* A key's name that no DNS has. */
	char name[400];
	snprintf(name, sizeof name, FIELD("v=1;", "%063d.%063d.%063d.b", "s=%060d; h=from"), 1, 1, 1, 1);
	assert_int_equal(parse(name), DKIM_FIELD_VALUE);
	assert_string_equal(f.tag, "s");
}

static void fails_without_memory(void **state)
{
	(void)state;
	struct arena small;
	arena_init(&small, 16);
	dkim_field_parse(DKIM_SIGNATURE, VIEW(GOOD), &small, &f);
	assert_int_equal(f.fault, DKIM_FIELD_MEMORY);
	arena_done(&small);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_the_least),
	    cmocka_unit_test(reads_all),
	    cmocka_unit_test(reads_domains_in_any_script),
	    cmocka_unit_test(names_what_is_wrong),
	    cmocka_unit_test(has_limits),
	    cmocka_unit_test(fails_without_memory),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
