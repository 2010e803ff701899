#include <errno.h>

#include "../unit.h"

#include "base/buf.h"
#include "format/mailto.h"

static struct arena arena;

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

static struct mailto reads(const char *uri)
{
	struct mailto m;
	const char *problem = "";
	assert_int_equal(mailto_parse(view_from_string(uri), &arena, &m, &problem), 0);
	return m;
}

static void refuses(const char *uri, const char *expected)
{
	struct mailto m = {.address_count = 7};
	const char *problem = "";
	assert_int_equal(mailto_parse(view_from_string(uri), &arena, &m, &problem), -EINVAL);
	assert_non_null(strstr(problem, expected));
	assert_int_equal(m.address_count, 7);
}

static void has(const struct mailto *m, size_t i, enum mailto_place place, const char *address)
{
	assert_true(i < m->address_count);
	assert_int_equal(m->addresses[i].place, place);
	assert_view(m->addresses[i].address, address);
}

static void has_field(const struct mailto *m, size_t i, const char *name, const char *value)
{
	assert_true(i < m->field_count);
	assert_view(m->fields[i].name, name);
	assert_view(m->fields[i].value, value);
}

/* The examples of RFC 6068 section 6. */
static void reads_the_examples(void **state)
{
	(void)state;
	struct mailto m = reads("mailto:chris@example.com");
	assert_int_equal(m.address_count, 1);
	has(&m, 0, MAILTO_TO, "chris@example.com");
	assert_false(m.has_subject || m.has_body);
	m = reads("mailto:infobot@example.com?subject=current-issue");
	assert_view(m.subject, "current-issue");
	m = reads("mailto:infobot@example.com?body=send%20current-issue%0D%0Asend%20index");
	assert_view(m.body, "send current-issue\r\nsend index");
	m = reads("mailto:list@example.org?In-Reply-To=%3C3469A91.D10AF4C@example.com%3E");
	has_field(&m, 0, "In-Reply-To", "<3469A91.D10AF4C@example.com>");
	m = reads("mailto:joe@example.com?cc=bob@example.com&body=hello");
	has(&m, 0, MAILTO_TO, "joe@example.com");
	has(&m, 1, MAILTO_CC, "bob@example.com");
	assert_view(m.body, "hello");
	m = reads("mailto:gorby%25kremvax@example.com");
	has(&m, 0, MAILTO_TO, "gorby%kremvax@example.com");
	m = reads("mailto:unlikely%3Faddress@example.com?blat=foop");
	has(&m, 0, MAILTO_TO, "unlikely?address@example.com");
	has_field(&m, 0, "blat", "foop");
	m = reads("mailto:?to=addr1@an.example,addr2@an.example");
	has(&m, 0, MAILTO_TO, "addr1@an.example");
	has(&m, 1, MAILTO_TO, "addr2@an.example");
	m = reads("MAILTO:%22not%40me%22@example.org");
	has(&m, 0, MAILTO_TO, "\"not@me\"@example.org");
	m = reads("mailto:user@example.org?subject=caf%C3%A9&body=caf%C3%A9");
	assert_view(m.subject, "caf\xc3\xa9");
	m = reads("mailto:user@%E7%B4%8D%E8%B1%86.example.org");
	assert_int_equal(m.address_count, 1);
}

static void reads_what_programs_write(void **state)
{
	(void)state;
	struct mailto m =
	    reads("mailto:?to=a@example.com%2C%20b@example.com&CC=A@example.com&bcc=c@example.com");
	assert_int_equal(m.address_count, 3); /* each once */
	has(&m, 0, MAILTO_TO, "a@example.com");
	has(&m, 1, MAILTO_TO, "b@example.com");
	has(&m, 2, MAILTO_BCC, "c@example.com");
	m = reads("mailto:a@example.com%2cb@example.com?subject=x");
	assert_int_equal(m.address_count, 2);
	assert_view(m.addresses[1].address, "b@example.com");
	m = reads("mailto:%22a%2Cb%22@example.com,d@example.com");
	has(&m, 0, MAILTO_TO, "\"a,b\"@example.com");
	has(&m, 1, MAILTO_TO, "d@example.com");
	m = reads("mailto:?subject=one&Subject=two&body=&body=x");
	assert_view(m.subject, "one");
	assert_true(m.has_body);
	assert_view(m.body, "");
	assert_int_equal(m.address_count, 0);
}

/* What is put in must come out nowhere else: not as a line, not as another field, not as an address. */
static void refuses_what_would_inject(void **state)
{
	(void)state;
	refuses("mailto:a@example.com?subject=x%0D%0ABcc:%20b@example.com", "control character");
	refuses("mailto:a@example.com?X%0D%0ABcc=b", "name");
	refuses("mailto:a@example.com%0D%0ARCPT%20TO:%3Cb@example.com%3E", "address");
	refuses("mailto:a@example.com?body=%00", "NUL");
	refuses("mailto:a@example.com?subject=%FF", "UTF-8");
	refuses("mailto:a@example.com?subject=%E2%80%A8x", "control character");
	refuses("mailto:a@example.com?to=%3Cb@example.com%3E", "address");
	refuses("mailto:a@example.com,,root", "address");
}

static void refuses_what_is_none(void **state)
{
	(void)state;
	refuses("http://example.com", "mailto:");
	refuses("mailto:a@example.com?subject", "\"=\"");
	refuses("mailto:a@example.com?subject=%4", "hexadecimal");
	refuses("mailto:a@example.com?subject=%", "hexadecimal");
	refuses("mailto:a@example.com?subject=a b", "character");
	refuses("mailto:a@example.com#top", "#");
	struct buf uri;
	buf_init(&uri, 1 << 20);
	buf_append_string(&uri, "mailto:a@example.com?");
	for (int i = 0; i <= MAILTO_FIELDS_MAX; i++)
		buf_append_string(&uri, "x=y&");
	refuses(buf_string(&uri), "more header fields");
	buf_clear(&uri);
	buf_append_string(&uri, "mailto:");
	for (int i = 0; i <= MAILTO_ADDRESSES_MAX; i++)
		buf_printf(&uri, "a%d@example.com,", i);
	refuses(buf_string(&uri), "more addresses");
	while (buf_view(&uri).len <= MAILTO_MAX)
		buf_append_string(&uri, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
	refuses(buf_string(&uri), "longer");
	buf_done(&uri);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(reads_the_examples),
	    cmocka_unit_test(reads_what_programs_write), cmocka_unit_test(refuses_what_would_inject),
	    cmocka_unit_test(refuses_what_is_none)};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
