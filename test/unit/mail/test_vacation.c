/* Out of office: the setting, its script, and what the script does. */
#include "../sieve/play.h"

#include <errno.h>

#include "answer/answer.h"
#include "mail/vacation.h"

#define MAIL "From: ann@example.com\r\nTo: joe@example.org\r\nSubject: Lunch?\r\n\r\nbody\r\n"

static const struct view own[] = {{"joe@example.org", 15}};
static struct sieve_world world = {.addresses = own, .address_count = 1};

static struct vacation away(void)
{
	return (struct vacation){
	    .enabled = true, .period = VACATION_PERIOD_USUAL, .text = VIEW("I am away."), .begun = 12};
}

static void write(const struct vacation *v, struct buf *out)
{
	assert_null(vacation_problem(v));
	buf_init(out, VACATION_SCRIPT_MAX);
	assert_int_equal(vacation_script_write(v, out), 0);
}

/* What the script answers to somebody; NULL: nothing. */
static const struct sieve_vacation *answer(
    struct play *p, const struct vacation *v, const char *sender, int64_t now)
{
	struct buf script;
	write(v, &script);
	play_begin(p, MAIL);
	p->message.sender = view_from_string(sender);
	world.now = now;
	assert_int_equal(play_run(p, &world, buf_string(&script)), SIEVE_DONE);
	buf_done(&script);
	return p->outcome.actions[0].kind == SIEVE_VACATION ? p->outcome.actions[0].vacation : NULL;
}

static void answers(const struct vacation *v, const char *sender, int64_t now, const char *expected)
{
	struct play p;
	const struct sieve_vacation *said = answer(&p, v, sender, now);
	if (expected == NULL) {
		assert_null(said);
	} else {
		assert_non_null(said);
		assert_null(said->silent);
		assert_view(said->reason, expected);
		assert_view(said->to, sender);
	}
	play_done(&p);
}

static void everybody_is_answered(void **state)
{
	(void)state;
	struct vacation v = away();
	struct play p;
	v.subject = VIEW("Away \"for\" a \\ while");
	const struct sieve_vacation *said = answer(&p, &v, "ann@example.com", 1000);
	assert_non_null(said);
	assert_view(said->subject, "Away \"for\" a \\ while");
	assert_view(said->handle, "=out-of-office-12");
	assert_int_equal(said->seconds, VACATION_PERIOD_USUAL);
	play_done(&p);
	v.enabled = false;
	answers(&v, "ann@example.com", 1000, NULL);
}

static void it_begins_and_ends(void **state)
{
	(void)state;
	struct vacation v = away();
	v.from = 1782900000;
	answers(&v, "ann@example.com", v.from - 1, NULL);
	answers(&v, "ann@example.com", v.from, "I am away.");
	v.until = v.from + 86400;
	answers(&v, "ann@example.com", v.until - 1, "I am away.");
	answers(&v, "ann@example.com", v.until, NULL);
	v.from = 0;
	answers(&v, "ann@example.com", 1000, "I am away.");
	answers(&v, "ann@example.com", v.until, NULL);
}

static void those_inside_hear_something_else(void **state)
{
	(void)state;
	struct vacation v = away();
	v.inside = VIEW("example.org\nboss@example.com");
	v.inside_text = VIEW("Ask Bob.");
	answers(&v, "ann@example.org", 1000, "Ask Bob.");
	answers(&v, "ann@sub.example.org", 1000, "Ask Bob.");
	answers(&v, "boss@example.com", 1000, "Ask Bob.");
	answers(&v, "ann@example.com", 1000, "I am away.");
	answers(&v, "ann@badexample.org", 1000, "I am away.");
	answers(&v, "ann@example.org.example.net", 1000, "I am away.");
	v.inside_only = true;
	answers(&v, "ann@example.org", 1000, "Ask Bob.");
	answers(&v, "ann@example.com", 1000, NULL);
	v.inside_text = VIEW("");
	answers(&v, "ann@example.org", 1000, "I am away.");
	answers(&v, "ann@example.com", 1000, NULL);
}

static void html_goes_beside_the_text(void **state)
{
	(void)state;
	struct vacation v = away();
	struct play p;
	v.html = VIEW("<p>I am \"away\".</p>\n--=_absence--\n");
	for (int i = 0; i < 2; i++) {
		const struct sieve_vacation *said = answer(&p, &v, "ann@example.com", 1000);
		assert_non_null(said);
		assert_true(said->mime);
		assert_null(answer_entity_problem(said->reason));
		play_done(&p);
		v.text = VIEW("");
	}
}

/* Whatever people write stays text. */
static void texts_are_no_commands(void **state)
{
	(void)state;
	struct vacation v = away();
	v.text = VIEW("\"; discard; vacation \"\n${1}\n.\n# \\\" \\");
	v.subject = VIEW("x\"; redirect \"b@example.com");
	answers(&v, "ann@example.com", 1000, "\"; discard; vacation \"\r\n${1}\r\n.\r\n# \\\" \\");
}

static void the_script_holds_the_setting(void **state)
{
	(void)state;
	struct vacation v = {.enabled = true,
	    .from = 1782900000,
	    .until = 1783900000,
	    .period = 3600,
	    .subject = VIEW("\xc3\x9c \xf0\x9f\x8f\x96 \"x\""),
	    .text = VIEW("one\ntwo\t\xe2\x80\xa8 \xe2\x80\xae x\r\n"),
	    .html = VIEW("<p>"),
	    .inside = VIEW("example.org\nb\xc3\xbc"
	                   "cher.example"),
	    .inside_text = VIEW("in"),
	    .begun = (uint64_t)1 << 53};
	struct buf script;
	struct arena arena;
	struct vacation r;
	write(&v, &script);
	arena_init(&arena, 1 << 20);
	assert_int_equal(vacation_script_read(buf_view(&script), &arena, &r), 0);
	assert_true(r.enabled);
	assert_int_equal(r.from, v.from);
	assert_int_equal(r.until, v.until);
	assert_int_equal(r.period, v.period);
	assert_int_equal(r.begun, v.begun);
	assert_true(view_equal(r.subject, v.subject));
	assert_true(view_equal(r.text, v.text));
	assert_true(view_equal(r.html, v.html));
	assert_true(view_equal(r.inside, v.inside));
	assert_true(view_equal(r.inside_text, v.inside_text));
	assert_false(r.inside_only);
	buf_done(&script);
	arena_done(&arena);
	arena_init(&arena, 1 << 20);
	assert_int_equal(vacation_script_read(VIEW("# {\"isEnabled\":true}\n"), &arena, &r), -EINVAL);
	assert_int_equal(vacation_script_read(VIEW("keep;\n"), &arena, &r), -EINVAL);
	assert_int_equal(vacation_script_read(VIEW(""), &arena, &r), -EINVAL);
	arena_done(&arena);
	arena_init(&arena, 16);
	write(&v, &script);
	assert_int_equal(vacation_script_read(buf_view(&script), &arena, &r), -ENOBUFS);
	buf_done(&script);
	arena_done(&arena);
}

static void has_problem(struct vacation v, const char *expected)
{
	assert_non_null(vacation_problem(&v));
	assert_non_null(strstr(vacation_problem(&v), expected));
}

static void what_cannot_be_is_refused(void **state)
{
	(void)state;
	struct vacation v = away();
	static const char *const wrong[] = {"*.example.org", "exa mple.org", "a@", "@example.org",
	    "a\"b@example.org", "example..org", "x\n\ny", "x\n", "\n", NULL};
	for (const char *const *w = wrong; *w; w++) {
		v.inside = view_from_string(*w);
		has_problem(v, "without wildcards");
	}
	v = away();
	v.text = VIEW("");
	has_problem(v, "no text");
	v.enabled = false;
	assert_null(vacation_problem(&v));
	v = away();
	v.from = 2000;
	v.until = 2000;
	has_problem(v, "before it begins");
	v = away();
	v.period = 60;
	has_problem(v, "an hour");
	v = away();
	v.subject = VIEW("a\r\nBcc: b@example.com");
	has_problem(v, "one line");
	v = away();
	v.text = VIEW("a\033[2J");
	has_problem(v, "control");
	v.text = VIEW("\xff");
	has_problem(v, "UTF-8");
	v = away();
	v.inside_text = VIEW("in");
	has_problem(v, "nobody is");
}

/* The largest setting makes a script that fits, and compiles. */
static void the_largest_fits(void **state)
{
	(void)state;
	static char text[VACATION_TEXT_MAX], inside[VACATION_INSIDE_MAX];
	struct vacation v = away();
	size_t len = 0;
	memset(text, '"', sizeof text);
	for (int i = 0; i < VACATION_INSIDE_COUNT; i++)
		len += (size_t)snprintf(
		    inside + len, sizeof inside - len, "%sd%d.example.org", i ? "\n" : "", i);
	v.text = v.html = v.inside_text = view_of(text, sizeof text);
	v.inside = view_of(inside, len);
	struct play p;
	assert_non_null(answer(&p, &v, "ann@example.com", 1000));
	play_done(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(everybody_is_answered),
	    cmocka_unit_test(it_begins_and_ends), cmocka_unit_test(those_inside_hear_something_else),
	    cmocka_unit_test(html_goes_beside_the_text), cmocka_unit_test(texts_are_no_commands),
	    cmocka_unit_test(the_script_holds_the_setting), cmocka_unit_test(what_cannot_be_is_refused),
	    cmocka_unit_test(the_largest_fits)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
