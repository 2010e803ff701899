#include "../unit.h"

#include <stdio.h>

#include "base/utf8.h"
#include "dsn/dsn_explain.h"

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

static struct explanation of_trouble(enum trouble trouble)
{
	return dsn_explain(&(struct dsn_outcome){.cause = trouble});
}

static struct explanation of_status(const char *status)
{
	return dsn_explain(&(struct dsn_outcome){.status = view_from_string(status)});
}

static struct explanation of_reply(const char *reply)
{
	return dsn_explain(&(struct dsn_outcome){.words = view_from_string(reply), .stage = VIEW("RCPT")});
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
		good_explanation(of_trouble((enum trouble)i));
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
				good_explanation(of_status(status));
			}
	for (unsigned reply = 0; reply < 1000; reply++) {
		snprintf(status, sizeof status, "%u", reply);
		good_explanation(of_reply(status));
	}
	good_explanation(of_status("x"));
	for (size_t i = 0; i < reply_words_count; i++) {
		char reply[200];
		snprintf(reply, sizeof reply, "%c50 %s",
		    reply_words[i].class == 'x' ? '5' : reply_words[i].class, reply_words[i].phrase);
		good_explanation(of_reply(reply));
	}
}

static void finds_the_exact_one(void **state)
{
	(void)state;
	const char *unknown = of_status("5.1.1").meaning;
	assert_string_equal(unknown, "This address does not exist there.");
	/* 5.1.1 is not the beginning of 5.1.10. */
	assert_string_not_equal(of_status("5.1.10").meaning, unknown);
	assert_string_equal(of_reply("550 5.1.1 <x>: no such user").meaning, unknown);
	assert_string_equal(of_reply("550 no such user").meaning, unknown);
	assert_string_not_equal(of_reply("550 no").meaning, unknown);
	struct dsn_outcome o = {.status = VIEW("5.1.1"), .words = VIEW("550 no")};
	assert_string_equal(dsn_explain(&o).meaning, unknown);
	/* The same code means another thing while it is temporary. */
	assert_string_not_equal(of_reply("450 4.7.1 no").operator, of_reply("550 5.7.1 no").operator);
}

/* Our own words may look like a reply, or hold names that look like a trouble: the cause alone counts, and
 * whose words they are. */
static void who_says_it_decides(void **state)
{
	(void)state;
	static const char *const words[] = {"550 5.1.1 no such user",
	    "no connection to unreachable.test: Connection refused", "the host certificate.test timed out",
	    ""};
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		for (unsigned cause = TROUBLE_NONE + 1; cause < TROUBLE_KINDS; cause++) {
			struct dsn_outcome o = {.cause = (enum trouble)cause,
			    .status = VIEW("5.1.1"),
			    .words = view_from_string(words[i])};
			assert_string_equal(dsn_explain(&o).meaning, of_trouble((enum trouble)cause).meaning);
		}
	assert_string_equal(of_reply("452 4.2.2 connection refused: unreachable.test timed out").meaning,
	    of_status("4.2.2").meaning);
	/* Words of another server that are no reply: its code says what it means. */
	struct dsn_outcome other = {
	    .status = VIEW("4.4.3"), .words = VIEW("connect to unreachable.test: certificate timed out")};
	assert_string_equal(dsn_explain(&other).meaning, of_status("4.4.3").meaning);
	/* At these stages the reply is about this server, and not about the message. */
	struct dsn_outcome o = {.words = VIEW("535 5.7.8 no"), .stage = VIEW("AUTH")};
	assert_string_equal(dsn_explain(&o).meaning, of_trouble(TROUBLE_AUTH).meaning);
	o = (struct dsn_outcome){.words = VIEW("454 not now"), .stage = VIEW("STARTTLS")};
	assert_string_equal(dsn_explain(&o).meaning, of_trouble(TROUBLE_TLS_MISSING).meaning);
	assert_int_equal(trouble_from_number(TROUBLE_LOOP), TROUBLE_LOOP);
	assert_int_equal(trouble_from_number(TROUBLE_KINDS), TROUBLE_LOCAL);
	assert_int_equal(trouble_from_number(UINT64_MAX), TROUBLE_LOCAL);
	assert_true(
	    trouble_met_host(TROUBLE_NONE, VIEW("")) && trouble_met_host(TROUBLE_TOO_LARGE, VIEW("EHLO")));
	assert_false(trouble_met_host(TROUBLE_REFUSED, VIEW("connect")) ||
	             trouble_met_host(TROUBLE_NO_DOMAIN, VIEW("")) ||
	             trouble_met_host(TROUBLE_TIMED_OUT, VIEW("greeting")));
}

/* RFC 3463 section 3.5, RFC 7505 section 4: whoever answers is there, and takes mail. */
static void who_answers_is_there(void **state)
{
	(void)state;
	static const enum trouble away[] = {TROUBLE_NO_DOMAIN, TROUBLE_NO_HOST, TROUBLE_NULL_MX, TROUBLE_DNS,
	    TROUBLE_REFUSED, TROUBLE_TIMED_OUT, TROUBLE_UNREACHABLE, TROUBLE_LOST, TROUBLE_TLS_FAILED};
	static const char *const stages[] = {"", "greeting", "EHLO", "MAIL", "RCPT", "DATA", "end of data"};
	char reply[64];
	for (int class = 4; class <= 5; class ++)
		for (int subject = 0; subject < 8; subject++)
			for (int detail = 0; detail < 40; detail++)
				for (size_t k = 0; k < sizeof stages / sizeof stages[0]; k++) {
					snprintf(reply, sizeof reply, "%d50 %d.%d.%d no", class, class,
					    subject, detail);
					struct dsn_outcome o = {.words = view_from_string(reply),
					    .stage = view_from_string(stages[k])};
					struct explanation e = dsn_explain(&o);
					good_explanation(e);
					for (size_t i = 0; i < sizeof away / sizeof away[0]; i++)
						assert_string_not_equal(
						    e.meaning, of_trouble(away[i]).meaning);
					assert_null(strstr(e.meaning, "does not answer"));
					assert_null(strstr(e.meaning,
					    "this address has declared that it never accepts mail"));
				}
	/* Where the words are missing, that a host is named is enough. */
	struct dsn_outcome o = {.status = VIEW("5.1.10"), .answered = true};
	assert_string_equal(dsn_explain(&o).meaning, "This address does not exist there.");
	o.answered = false;
	assert_string_equal(dsn_explain(&o).meaning, of_trouble(TROUBLE_NULL_MX).meaning);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_trouble_is_found_by_its_phrase),
	    cmocka_unit_test(every_code_has_sentences),
	    cmocka_unit_test(finds_the_exact_one),
	    cmocka_unit_test(who_says_it_decides),
	    cmocka_unit_test(who_answers_is_there),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
