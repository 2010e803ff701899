#include "../unit.h"

#include <errno.h>

#include "cli/sendmail_letter.h"

static const struct sendmail_letter letter = {
    .hostname = {"mail.example.org", 16}, .from = {"root@mail.example.org", 21}};

static void becomes(const char *text, const char *expected)
{
	struct buf out;
	buf_init(&out, 1 << 16);
	assert_int_equal(sendmail_letter_write(&letter, view_from_string(text), &out), 0);
	assert_string_equal(buf_string(&out), expected);
	buf_done(&out);
}

static void a_header_is_completed(void **state)
{
	(void)state;
	becomes("Subject: x\n\nText\n", "From: root@mail.example.org\r\nSubject: x\n\nText\n");
	becomes("From: ann@example.org\nSubject: x\n\nText\n", "From: ann@example.org\nSubject: x\n\nText\n");
	/* What cron writes. */
	becomes("From: root (Cron Daemon)\nTo: root\nSubject: Cron <root@host> run\n\nText\n",
	    "From: Cron Daemon <root@mail.example.org>\r\nTo: root@mail.example.org\r\n"
	    "Subject: Cron <root@host> run\n\nText\n");
	becomes("From: a@example.org\nCc: bob,\n carol@example.org,\n dave\n\n",
	    "From: a@example.org\nCc: bob@mail.example.org, carol@example.org, dave@mail.example.org\r\n\n");
	/* mbox's line. */
	becomes("From root Mon Nov 30 02:00:00 2026\nFrom: a@example.org\n\n", "From: a@example.org\n\n");
	becomes(">From root Mon Nov 30 02:00:00 2026\nFrom: a@example.org\n\n", "From: a@example.org\n\n");
}

static void text_stays_text(void **state)
{
	(void)state;
	becomes("Only text\nand more\n", "From: root@mail.example.org\r\n\r\nOnly text\nand more\n");
	becomes("\nText\n", "From: root@mail.example.org\r\n\nText\n");
	becomes("\r\nText\r\n", "From: root@mail.example.org\r\n\r\nText\r\n");
	becomes("", "From: root@mail.example.org\r\n\r\n");
	/* A field of the body is none of the header. */
	becomes("Subject: x\n\nFrom: b@example.org\nTo: carol\n",
	    "From: root@mail.example.org\r\nSubject: x\n\nFrom: b@example.org\nTo: carol\n");
}

static void hostile_headers_do_no_harm(void **state)
{
	(void)state;
	/* Nothing that cannot be read is written anew. */
	becomes("From: a@example.org\nTo: <<>>,,@@,bob\n\n", "From: a@example.org\nTo: <<>>,,@@,bob\n\n");
	/* A group's empty mailbox, and names with what would end a line. */
	becomes("From: a@example.org\nTo: undisclosed-recipients:;\n\n",
	    "From: a@example.org\nTo: undisclosed-recipients:;\n\n");
	becomes("From: a@example.org\nTo: \"x\\\r\n y\" <bob>\n\nText",
	    "From: a@example.org\nTo: x y <bob@mail.example.org>\r\n\nText");
}

struct wanted {
	struct arena arena;
	struct compose_envelope envelope;
	struct buf problem, joined;
};

static const char *joined(struct wanted *w)
{
	buf_clear(&w->joined);
	for (size_t i = 0; i < w->envelope.count; i++)
		buf_printf(&w->joined, "%s%.*s", i ? " " : "", VIEW_FMT(w->envelope.items[i]));
	return buf_string(&w->joined);
}

static struct wanted *begin(void)
{
	static struct wanted w;
	w = (struct wanted){.envelope = {.count = 0}};
	arena_init(&w.arena, 1 << 20);
	buf_init(&w.problem, 8192);
	buf_init(&w.joined, 8192);
	return &w;
}

static void end(struct wanted *w)
{
	arena_done(&w->arena);
	buf_done(&w->problem);
	buf_done(&w->joined);
}

static void goes_to(const char *text, const char *expected)
{
	struct wanted *w = begin();
	assert_int_equal(sendmail_letter_recipients(
	                     view_from_string(text), letter.hostname, &w->arena, &w->envelope, &w->problem),
	    0);
	assert_string_equal(joined(w), expected);
	end(w);
}

static void recipients_are_in_the_header(void **state)
{
	(void)state;
	goes_to("To: a@example.org, root\nCc: Bob <bob@example.org>\nBcc: c@example.org,\n "
	        "d@example.org\nSubject: e@example.org\n\nTo: f\n",
	    "a@example.org root@mail.example.org bob@example.org c@example.org d@example.org");
	goes_to("To: a@example.org\nTo: A@example.org, a@example.org\n\n", "a@example.org A@example.org");
	goes_to("To: a@example.org\nResent-To: b@example.org\nBcc: c@example.org\n\n", "b@example.org");
	goes_to("To: team: a@example.org, b@example.org;, undisclosed:;\n\n", "a@example.org b@example.org");
	goes_to("Subject: nobody\n\n", "");
	goes_to("To:\n\n", "");
}

static int list(struct wanted *w, const char *text)
{
	return sendmail_letter_list(
	    view_from_string(text), letter.hostname, &w->arena, &w->envelope, &w->problem);
}

static void lists_are_read_without_a_guess(void **state)
{
	static const char *const wrong[] = {"a@b@example.org x", "a b c", "<a@example.org",
	    "a@example.org\r\nRCPT TO:<b>", "a@-.example", "\"", "a@example..org"};
	struct wanted *w = begin();
	(void)state;
	assert_int_equal(list(w, "root"), 0);
	assert_int_equal(list(w, "bob@example.org, <carol>"), 0);
	assert_int_equal(list(w, "\"a b\"@example.org"), 0);
	assert_int_equal(list(w, ""), 0);
	assert_string_equal(
	    joined(w), "root@mail.example.org bob@example.org carol@mail.example.org \"a b\"@example.org");
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		buf_clear(&w->problem);
		if (list(w, wrong[i]) != -EINVAL)
			fail_msg("%s: %s", wrong[i], joined(w));
		assert_true(buf_view(&w->problem).len > 0);
		assert_true(view_find(buf_view(&w->problem), '\n') < 0);
	}
	end(w);
}

static void a_dot_alone_ends_it(void **state)
{
	size_t from = 0;
	(void)state;
	assert_int_equal(sendmail_letter_dot(VIEW("a\n.b\n..\n ."), &from), SIZE_MAX);
	assert_int_equal(from, 8);
	assert_int_equal(sendmail_letter_dot(VIEW("a\n.b\n..\n .\n.\nc\n"), &from), 11);
	from = 0;
	assert_int_equal(sendmail_letter_dot(VIEW(".\r\n"), &from), 0);
	from = 0;
	assert_int_equal(sendmail_letter_dot(VIEW("."), &from), SIZE_MAX);
}

static void person(const char *gecos, const char *expected)
{
	struct buf out;
	buf_init(&out, 1024);
	sendmail_letter_person(view_from_string(gecos), VIEW("ann"), &out);
	assert_string_equal(buf_string(&out), expected);
	buf_done(&out);
}

static void persons_have_names(void **state)
{
	(void)state;
	person("Ann Example,Room 1,555", "Ann Example");
	person("&", "Ann");
	person("The & Show", "The Ann Show");
	person(",,,", "");
	person("", "");
	person("J\xc3\xb6rg", "J\xc3\xb6rg");
	person("J\xf6rg", "");
	person("a\x1b[31mb", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_header_is_completed),
	    cmocka_unit_test(text_stays_text),
	    cmocka_unit_test(hostile_headers_do_no_harm),
	    cmocka_unit_test(recipients_are_in_the_header),
	    cmocka_unit_test(lists_are_read_without_a_guess),
	    cmocka_unit_test(a_dot_alone_ends_it),
	    cmocka_unit_test(persons_have_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
