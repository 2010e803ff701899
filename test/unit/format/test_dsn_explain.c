#include "../unit.h"

#include <stdio.h>

#include "base/utf8.h"
#include "format/dsn_explain.h"

static void good_sentence(const char *s)
{
	size_t len = strlen(s);
	assert_true(len > 10 && len < 260);
	assert_int_equal(s[len - 1], '.');
	assert_true(s[0] >= 'A' && s[0] <= 'Z');
	assert_true(utf8_is_ascii(view_from_string(s)));
}

static void good_explanation(struct explanation e)
{
	/* What the sender reads first holds no word of the trade. */
	static const char *const jargon[] = {"SMTP", "MX", "DNS", "TLS", "RFC", "DANE", "SPF", "DKIM", "host",
	    "relay", "bounce", "queue", "MIME", "ASCII"};
	good_sentence(e.meaning);
	good_sentence(e.advice);
	good_sentence(e.operator);
	for (size_t i = 0; i < sizeof jargon / sizeof jargon[0]; i++) {
		assert_null(strstr(e.meaning, jargon[i]));
		assert_null(strstr(e.advice, jargon[i]));
	}
}

static void every_trouble_is_found_by_its_phrase(void **state)
{
	(void)state;
	char text[200];
	for (unsigned i = TROUBLE_NONE + 1; i < TROUBLE_KINDS; i++) {
		struct view phrase = view_from_string(trouble_phrase((enum trouble)i));
		assert_true(phrase.len > 0 && phrase.len <= 60);
		assert_int_equal(view_find(phrase, '='), -1);
		assert_int_equal(trouble_from_text(phrase), i);
		snprintf(text, sizeof text, "%s: and details", phrase.data);
		assert_int_equal(trouble_from_text(view_from_string(text)), i);
		snprintf(text, sizeof text, "%sx", phrase.data);
		assert_int_equal(trouble_from_text(view_from_string(text)), TROUBLE_NONE);
		good_explanation(dsn_explain((enum trouble)i, VIEW("5.1.1"), 550));
		assert_int_equal(trouble_status((enum trouble)i, false)[0], '4');
		assert_int_equal(trouble_status((enum trouble)i, true)[0], i == TROUBLE_EXPIRED ? '4' : '5');
	}
	assert_int_equal(trouble_from_text(VIEW("")), TROUBLE_NONE);
	assert_string_equal(trouble_status(TROUBLE_NULL_MX, true), "5.1.10");
}

static void every_code_has_sentences(void **state)
{
	(void)state;
	char status[20];
	for (int class = 2; class <= 5; class ++)
		for (int subject = 0; subject < 9; subject++)
			for (int detail = 0; detail < 40; detail++) {
				snprintf(status, sizeof status, "%d.%d.%d", class, subject, detail);
				good_explanation(dsn_explain(TROUBLE_NONE, view_from_string(status), 0));
			}
	for (unsigned reply = 0; reply < 1000; reply++)
		good_explanation(dsn_explain(TROUBLE_NONE, VIEW(""), reply));
	good_explanation(dsn_explain(TROUBLE_NONE, VIEW("x"), 0));
}

static void finds_the_exact_one(void **state)
{
	(void)state;
	const char *unknown = dsn_explain(TROUBLE_NONE, VIEW("5.1.1"), 0).meaning;
	assert_string_equal(unknown, "This address does not exist there.");
	/* 5.1.1 is not the beginning of 5.1.10. */
	assert_string_not_equal(dsn_explain(TROUBLE_NONE, VIEW("5.1.10"), 0).meaning, unknown);
	assert_string_equal(dsn_explain_text(VIEW(""), VIEW("550 5.1.1 <x>: no such user")).meaning, unknown);
	assert_string_equal(dsn_explain_text(VIEW("5.1.1"), VIEW("550 no such user")).meaning, unknown);
	assert_string_not_equal(dsn_explain_text(VIEW(""), VIEW("550 no such user")).meaning, unknown);
	assert_string_equal(dsn_explain_text(VIEW("4.4.1"), VIEW("connection refused: 192.0.2.1:25")).meaning,
	    dsn_explain(TROUBLE_REFUSED, VIEW(""), 0).meaning);
	/* The same code means another thing while it is temporary. */
	assert_string_not_equal(dsn_explain(TROUBLE_NONE, VIEW("4.7.1"), 0).operator,
	    dsn_explain(TROUBLE_NONE, VIEW("5.7.1"), 0).operator);
}

/* What relay, the search for hosts and the queue write into records. */
static void knows_our_own_words(void **state)
{
	(void)state;
	static const struct {
		const char *status, *text;
		enum trouble trouble;
	} table[] = {{"4.4.1", "no connection to 192.0.2.1:25: Connection refused", TROUBLE_REFUSED},
	    {"4.4.1", "no connection to 192.0.2.1:25: Connection timed out", TROUBLE_TIMED_OUT},
	    {"4.4.1", "no connection to [2001:db8::1]:25: Network is unreachable", TROUBLE_UNREACHABLE},
	    {"4.4.2", "the host did not answer in time (waiting for EHLO)", TROUBLE_TIMED_OUT},
	    {"4.4.7", "no connection to 192.0.2.1:25: Connection refused", TROUBLE_REFUSED},
	    {"4.4.7", "something else", TROUBLE_EXPIRED},
	    {"4.3.0", "a part of this server is restarting", TROUBLE_LOCAL},
	    {"5.1.2", "there is no domain example.invalid", TROUBLE_NO_DOMAIN},
	    {"4.7.0", "the sender's domain has sent its share for now (sender_domain_rate)", TROUBLE_RATE},
	    {"4.7.5", "TLS could not be established: certificate verify failed", TROUBLE_TLS_UNTRUSTED},
	    {"5.7.1", "a virus", TROUBLE_DELETED},
	    {"5.6.3", "this message cannot be converted", TROUBLE_CONVERSION}};
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
		assert_string_equal(
		    dsn_explain_text(view_from_string(table[i].status), view_from_string(table[i].text))
		        .meaning,
		    dsn_explain(table[i].trouble, VIEW(""), 0).meaning);
	/* The same code said by somebody else means another thing. */
	assert_string_not_equal(dsn_explain_text(VIEW("4.3.0"), VIEW("451 4.3.0 later")).meaning,
	    dsn_explain(TROUBLE_LOCAL, VIEW(""), 0).meaning);
	/* A reply within our words counts for more than our code. */
	assert_string_equal(
	    dsn_explain_text(VIEW("4.4.2"), VIEW("refused at greeting: 554 5.7.1 Blocked")).meaning,
	    dsn_explain(TROUBLE_NONE, VIEW("5.7.1"), 554).meaning);
	assert_string_equal(dsn_explain_text(VIEW("4.4.7"), VIEW("450 4.7.1 Greylisted")).meaning,
	    dsn_explain(TROUBLE_NONE, VIEW("4.7.1"), 450).meaning);
	assert_string_equal(dsn_explain_text(VIEW("4.4.7"), VIEW("")).meaning,
	    dsn_explain(TROUBLE_NONE, VIEW("4.4.7"), 0).meaning);
}

static void reads_replies(void **state)
{
	(void)state;
	assert_int_equal(reply_code(VIEW("550 5.1.1 x")), 550);
	assert_int_equal(reply_code(VIEW("550-a\n550 b")), 550);
	assert_int_equal(reply_code(VIEW("421")), 421);
	static const char *const none[] = {"", "5", "55", "5501", "99 ", "x50 a", "600 a", "199 a", "550x"};
	for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
		assert_int_equal(reply_code(view_from_string(none[i])), 0);
	assert_view(reply_status(VIEW("550 5.1.1 x")), "5.1.1");
	assert_view(reply_status(VIEW("550-5.7.26 x\n550 5.7.26 y")), "5.7.26");
	assert_view(reply_status(VIEW("421 4.7.0")), "4.7.0");
	static const char *const without[] = {"550", "550 ", "550 5", "550 5.1", "550 5.1.", "550 5.1.x",
	    "550 3.1.1 x", "550 5.1111.1 x", "550 5.1.1x", "550 No", "x 5.1.1", "550 5.1.1.1 x"};
	for (size_t i = 0; i < sizeof without / sizeof without[0]; i++)
		assert_int_equal(reply_status(view_from_string(without[i])).len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_trouble_is_found_by_its_phrase),
	    cmocka_unit_test(every_code_has_sentences),
	    cmocka_unit_test(finds_the_exact_one),
	    cmocka_unit_test(knows_our_own_words),
	    cmocka_unit_test(reads_replies),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
