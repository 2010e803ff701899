/* The two forms of a body and its hashes: RFC 6376 sections 3.4.3 to 3.4.5. */
#include "../../unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "trust/sender/dkim_body.h"
#include "trust/sender/dkim_key.h"

static struct dkim_body body;

/* Fed in pieces of that size; the digests of these lengths are checked against what `form` should be. */
static void check_pieces(enum dkim_canon canon, struct view text, struct view form, size_t piece)
{
	unsigned char expected[DKIM_HASH_SIZE];
	uint64_t lengths[] = {0, 1, form.len / 2, form.len, form.len + 10, DKIM_WHOLE};
	dkim_body_init(&body);
	for (size_t i = 0; i < 6; i++)
		assert_int_equal(dkim_body_want(&body, canon, lengths[i]), 0);
	for (size_t at = 0; at < text.len; at += piece)
		dkim_body_feed(&body, view_take(view_skip(text, at), piece));
	dkim_body_end(&body);
	assert_int_equal(dkim_body_length(&body, canon), form.len);
	for (size_t i = 0; i < 6; i++) {
		struct view part = lengths[i] > form.len ? form : view_take(form, (size_t)lengths[i]);
		assert_true(dkim_digest(part, expected));
		const unsigned char *digest = dkim_body_digest(&body, canon, lengths[i]);
		assert_non_null(digest);
		assert_memory_equal(digest, expected, DKIM_HASH_SIZE);
	}
	dkim_body_done(&body);
}

static void check_form(enum dkim_canon canon, struct view text, struct view form)
{
	for (size_t piece = 1; piece < text.len; piece = piece < 40 ? piece + 1 : piece * 3)
		check_pieces(canon, text, form, piece);
	check_pieces(canon, text, form, text.len + 1);
}

static void has_the_forms_of_the_standard(void **state)
{
	(void)state;
	const struct {
		struct view text, simple, relaxed;
	} cases[] = {
	    /* section 3.4.5 */
	    {VIEW(" C \r\nD \t E\r\n\r\n\r\n"), VIEW(" C \r\nD \t E\r\n"), VIEW(" C\r\nD E\r\n")},
	    /* sections 3.4.3 and 3.4.4: without a body, with empty lines alone */
	    {VIEW(""), VIEW("\r\n"), VIEW("")},
	    {VIEW("\r\n"), VIEW("\r\n"), VIEW("")},
	    {VIEW("\r\n\r\n\r\n"), VIEW("\r\n"), VIEW("")},
	    {VIEW(" \t\r\n \r\n"), VIEW(" \t\r\n \r\n"), VIEW("")},
	    {VIEW("a"), VIEW("a\r\n"), VIEW("a\r\n")},
	    {VIEW("a \t"), VIEW("a \t\r\n"), VIEW("a\r\n")},
	    {VIEW("\r\n\r\na\r\n\r\nb\r\n \r\n\r\n"), VIEW("\r\n\r\na\r\n\r\nb\r\n \r\n"),
	        VIEW("\r\n\r\na\r\n\r\nb\r\n")},
	    {VIEW("a  b\t \tc \r\n"), VIEW("a  b\t \tc \r\n"), VIEW("a b c\r\n")},
	    /* CR, LF and NUL alone are octets, and end nothing. */
	    {VIEW("a\rb\nc\0d\r\n"), VIEW("a\rb\nc\0d\r\n"), VIEW("a\rb\nc\0d\r\n")},
	    {VIEW("a \r \n\r\n"), VIEW("a \r \n\r\n"), VIEW("a \r \n\r\n")},
	    {VIEW("a\r\r\n\r\r\n"), VIEW("a\r\r\n\r\r\n"), VIEW("a\r\r\n\r\r\n")},
	    {VIEW("a \r"), VIEW("a \r\r\n"), VIEW("a \r\r\n")},
	    {VIEW("a\r\n\r"), VIEW("a\r\n\r\r\n"), VIEW("a\r\n\r\r\n")},
	    {VIEW("\n\n"), VIEW("\n\n\r\n"), VIEW("\n\n\r\n")},
	    {VIEW("a\x0b\x0c b \x0b\r\n"), VIEW("a\x0b\x0c b \x0b\r\n"), VIEW("a\x0b\x0c b \x0b\r\n")},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		check_form(DKIM_SIMPLE, cases[i].text, cases[i].simple);
		check_form(DKIM_RELAXED, cases[i].text, cases[i].relaxed);
	}
}

/* The same by the words of the standard, one rule after the other, over the whole text. */
static size_t by_the_rules(enum dkim_canon canon, struct view text, char *out)
{
	size_t len = 0;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.data[i];
		bool blank = c == ' ' || c == '\t', line_end;
		size_t next = i;
		while (next < text.len && (text.data[next] == ' ' || text.data[next] == '\t'))
			next++;
		line_end = next == text.len || view_starts(view_skip(text, next), VIEW("\r\n"));
		if (canon == DKIM_SIMPLE || !blank) {
			out[len++] = c;
		} else {
			if (!line_end)
				out[len++] = ' ';
			i = next - 1;
		}
	}
	while (len >= 2 && memcmp(out + len - 2, "\r\n", 2) == 0)
		len -= 2;
	if (len > 0 || canon == DKIM_SIMPLE) {
		memcpy(out + len, "\r\n", 2);
		len += 2;
	}
	return len;
}

static void agrees_with_the_rules_on_anything(void **state)
{
	(void)state;
	static char text[20000], form[20010];
	static const char *const parts[] = {" ", "\t", "\r\n", "\r", "\n", "word", "\r\n\r\n", "  ",
	    "\xc3\xa9",
	    "a line that is longer than what is looked at at once, with single blanks between its words\r\n"};
	srand(7);
	for (int round = 0; round < 3000; round++) {
		size_t len = 0, parts_max = (size_t)(rand() % (round % 50 == 0 ? 400 : 12));
		for (size_t i = 0; i < parts_max; i++) {
			const char *part = parts[rand() % 10];
			memcpy(text + len, part, strlen(part));
			len += strlen(part);
		}
		for (int canon = 0; canon < 2; canon++) {
			size_t form_len = by_the_rules((enum dkim_canon)canon, view_of(text, len), form);
			check_pieces((enum dkim_canon)canon, view_of(text, len), view_of(form, form_len),
			    1 + (size_t)(rand() % 100));
			check_pieces(
			    (enum dkim_canon)canon, view_of(text, len), view_of(form, form_len), len + 1);
		}
	}
}

static void holds_back_any_number_of_lines(void **state)
{
	(void)state;
	enum { LINES = 100000 };
	static char text[2 * LINES + 1];
	for (size_t i = 0; i < LINES; i++)
		memcpy(text + 2 * i, "\r\n", 2);
	text[2 * LINES] = 'a';
	static char form[2 * LINES + 3];
	memcpy(form, text, sizeof text);
	memcpy(form + sizeof text, "\r\n", 2);
	for (int canon = 0; canon < 2; canon++) {
		check_pieces(
		    (enum dkim_canon)canon, view_of(text, sizeof text), view_of(form, sizeof form), 4097);
		check_pieces(
		    (enum dkim_canon)canon, view_of(text, 2 * LINES), view_of("\r\n", canon ? 0 : 2), 1001);
	}
}

static void gives_what_was_asked_for(void **state)
{
	(void)state;
	dkim_body_init(&body);
	for (uint64_t i = 0; i < DKIM_CUTS_MAX; i++)
		assert_int_equal(dkim_body_want(&body, DKIM_SIMPLE, i), 0);
	assert_int_equal(dkim_body_want(&body, DKIM_SIMPLE, 3), 0);
	assert_int_equal(dkim_body_want(&body, DKIM_SIMPLE, 1000), -E2BIG);
	assert_int_equal(dkim_body_want(&body, DKIM_RELAXED, 1000), 0);
	dkim_body_feed(&body, VIEW("some text\r\n"));
	assert_null(dkim_body_digest(&body, DKIM_RELAXED, 1000));
	dkim_body_end(&body);
	assert_non_null(dkim_body_digest(&body, DKIM_RELAXED, 1000));
	assert_null(dkim_body_digest(&body, DKIM_RELAXED, DKIM_WHOLE));
	assert_null(dkim_body_digest(&body, DKIM_SIMPLE, 1000));
	dkim_body_done(&body);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(has_the_forms_of_the_standard),
	    cmocka_unit_test(agrees_with_the_rules_on_anything),
	    cmocka_unit_test(holds_back_any_number_of_lines),
	    cmocka_unit_test(gives_what_was_asked_for),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
