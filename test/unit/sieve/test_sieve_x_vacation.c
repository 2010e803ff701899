/* Vacation: which messages are answered, with what; and what is refused instead. */
#include "play.h"

#define MAIL "From: ann@example.com\r\nTo: Joe <joe@example.org>\r\nSubject: Lunch?\r\n\r\nbody\r\n"
#define ALL                                                                                                  \
	"require [\"vacation\", \"vacation-seconds\", \"variables\", \"fcc\", \"mailbox\", \"imap4flags\", " \
	"\"reject\", \"ereject\", \"encoded-character\", \"special-use\", \"mailboxid\"];\n"

static enum sieve_answer ask(void *arg, const struct sieve_question *question, struct view *value)
{
	(void)arg, (void)question, (void)value;
	return SIEVE_NO;
}

static const struct view own[] = {{"joe.doe@example.org", 19}, {"joe@b\xc3\xbc"
                                                                "cher.example",
                                                                   19}};
static const struct sieve_world world = {
    .ask = ask, .addresses = own, .address_count = 2, .subaddress = {"+", 1}};

/* The answer of a script that has one. */
static const struct sieve_vacation *answer(struct play *p, const char *mail, const char *script)
{
	play_begin(p, mail);
	assert_int_equal(play_run(p, &world, script), SIEVE_DONE);
	assert_int_equal(p->outcome.actions[0].kind, SIEVE_VACATION);
	assert_int_equal(p->outcome.actions[1].kind, SIEVE_KEEP);
	return p->outcome.actions[0].vacation;
}

static void what_is_said(void **state)
{
	const struct sieve_vacation *v;
	struct play p;

	(void)state;
	v = answer(&p, MAIL, ALL "vacation \"Away.\";");
	assert_view(v->reason, "Away.");
	assert_view(v->subject, "Auto: Lunch?");
	assert_view(v->from, "joe@example.org");
	assert_view(v->to, "ann@example.com");
	assert_int_equal(v->seconds, 7 * 24 * 60 * 60);
	assert_null(v->silent);
	assert_null(v->fcc);
	assert_false(v->mime);
	play_done(&p);
	v = answer(&p, MAIL,
	    ALL "set \"x\" \"Bob\"; vacation :mime :days 3 :subject \"${x}\r\nBcc: a@b\" :from \"${x} "
	        "<bob@example.org>\"\n"
	        ":handle \"h\" :fcc \"Sent\" :create :flags [\"\\\\Seen\", \"a b\"] :specialuse \"\\\\Sent\" "
	        "\"${x}\";");
	assert_view(v->reason, "Bob");
	assert_view(v->subject, "Bob  Bcc: a@b");
	assert_view(v->from, "Bob <bob@example.org>");
	assert_view(v->handle, "=h");
	assert_true(v->mime);
	assert_int_equal(v->seconds, 3 * 24 * 60 * 60);
	assert_view(v->fcc->mailbox, "Sent");
	assert_view(v->fcc->flags, "\\Seen a b");
	assert_view(v->fcc->special_use, "\\Sent");
	assert_true(v->fcc->create);
	play_done(&p);
	v = answer(&p, "To: joe@example.org\r\n\r\n", ALL "vacation \"Away.\";");
	assert_view(v->subject, "Automated reply");
	play_done(&p);
}

static void assert_seconds(const struct sieve_world *w, const char *tags, uint64_t expected)
{
	char script[1000];
	struct play p;

	snprintf(script, sizeof(script), ALL "vacation %s \"x\";", tags);
	play_begin(&p, MAIL);
	assert_int_equal(play_run(&p, w, script), SIEVE_DONE);
	assert_int_equal(p.outcome.actions[0].vacation->seconds, expected);
	play_done(&p);
}

static void periods(void **state)
{
	struct sieve_world set = world;

	(void)state;
	assert_seconds(&world, ":seconds 0", 600);
	assert_seconds(&world, ":seconds 1000", 1000);
	assert_seconds(&world, ":days 0", 600);
	assert_seconds(&world, ":days 18446744073709551615", 180 * 24 * 60 * 60);
	set.vacation = (struct sieve_period){0, 3600, 7200};
	assert_seconds(&set, ":seconds 0", 0);
	assert_seconds(&set, ":days 1", 7200);
	assert_seconds(&set, "", 3600);
}

/* RFC 5230 section 4.2: the same words are the same answer. */
static void handles(void **state)
{
	static const char *const scripts[] = {ALL "vacation \"x\";", ALL "vacation :days 1 \"x\";",
	    ALL "vacation \"y\";", ALL "vacation :subject \"x\" \"x\";", ALL "vacation :mime \"x\";",
	    ALL "vacation :from \"x@example.org\" \"x\";", ALL "vacation :handle \"x\" \"x\";"};
	struct view first = {0};
	struct play p[7];

	(void)state;
	for (size_t i = 0; i < 7; i++) {
		struct view handle = answer(&p[i], MAIL, scripts[i])->handle;

		assert_true(handle.len > 0 && handle.len <= SIEVE_HANDLE_MAX);
		if (i == 0)
			first = handle;
		else
			assert_int_equal(view_equal(first, handle), i == 1);
	}
	for (size_t i = 0; i < 7; i++)
		play_done(&p[i]);
}

static void assert_silent(const char *sender, const char *mail, const char *tags, const char *expected)
{
	const struct sieve_vacation *v;
	char script[1000];
	struct play p;

	snprintf(script, sizeof(script), ALL "vacation %s \"x\";", tags);
	play_begin(&p, mail);
	p.message.sender = view_from_string(sender);
	assert_int_equal(play_run(&p, &world, script), SIEVE_DONE);
	v = p.outcome.actions[0].vacation;
	if (!expected && v->silent)
		fail_msg("%s", v->silent);
	if (expected)
		assert_string_equal(v->silent ? v->silent : "", expected);
	play_done(&p);
}

static void who_is_not_answered(void **state)
{
	static const char *const lists[] = {"List-Id: <l>", "List-Unsubscribe: <mailto:a@b>", "List-Help: a"};
	static const char *const programs[] = {
	    "Auto-Submitted: auto-replied", "auto-submitted: auto-generated; x=y", "AUTO-SUBMITTED:\r\n yes"};
	static const char *const fine[] = {"Auto-Submitted: no", "Auto-Submitted: No (comment)",
	    "Precedence: normal", "X-Auto-Response-Suppress: None", "X-List: a",
	    "Content-Type: multipart/mixed"};
	char mail[1000];

	(void)state;
	assert_silent("ann@example.com", MAIL, "", NULL);
	assert_silent("", MAIL, "", "nobody can be answered: the message has no sender");
	assert_silent("ann", MAIL, "", "nobody can be answered: the message has no sender");
	assert_silent("MAILER-DAEMON@example.com", MAIL, "", "its sender is a program, by the address");
	assert_silent("owner-x@example.com", MAIL, "", "its sender is a list, by the address");
	assert_silent("x-request@example.com", MAIL, "", "its sender is a list, by the address");
	assert_silent("x-bounces@example.com", MAIL, "", "its sender is a list, by the address");
	assert_silent("JOE@Example.org", MAIL, "", "its sender is the owner of this account");
	assert_silent("joe.doe+x@example.org", MAIL, "", "its sender is the owner of this account");
	assert_silent("joe@xn--bcher-kva.example", MAIL, "", "its sender is the owner of this account");
	assert_silent("bob@example.org", MAIL, ":addresses [\"a@b\", \"bob@example.org\"]",
	    "its sender is the owner of this account");
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		snprintf(mail, sizeof(mail), "%s\r\n" MAIL, lists[i]);
		assert_silent("ann@example.com", mail, "", "it came by a mailing list");
	}
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		snprintf(mail, sizeof(mail), "%s\r\n" MAIL, programs[i]);
		assert_silent("ann@example.com", mail, "", "a program sent it (Auto-Submitted)");
	}
	for (size_t i = 0; i < sizeof(fine) / sizeof(fine[0]); i++) {
		snprintf(mail, sizeof(mail), "%s\r\n" MAIL, fine[i]);
		assert_silent("ann@example.com", mail, "", NULL);
	}
	assert_silent("ann@example.com", "Precedence: Bulk\r\n" MAIL, "", "it was sent to many (Precedence)");
	assert_silent("ann@example.com", "X-Auto-Response-Suppress: DR, oof\r\n" MAIL, "",
	    "its sender wants no automatic answer (X-Auto-Response-Suppress)");
	assert_silent(
	    "ann@example.com", "Content-Type: multipart/report; x=y\r\n" MAIL, "", "it is a report");
}

/* RFC 5230 section 4.5: only what was written to the owner is answered, in the name that was written to. */
static void to_whom_it_was_written(void **state)
{
	const struct sieve_vacation *v;
	struct play p;

	(void)state;
	assert_silent("ann@example.com", "To: all@example.org\r\n\r\n", "",
	    "it names none of the account's addresses in To or Cc");
	assert_silent(
	    "ann@example.com", "To: all@example.org\r\n\r\n", ":addresses \"ALL@example.org\"", NULL);
	assert_silent("ann@example.com", "Cc: x@y, \"Doe, Joe\" <joe.doe@EXAMPLE.org>\r\n\r\n", "", NULL);
	assert_silent("ann@example.com", "Bcc: joe+list@example.org\r\n\r\n", "", NULL);
	assert_silent("ann@example.com", "Resent-To: joe@xn--bcher-kva.example\r\n\r\n", "", NULL);
	v = answer(&p, "To: x@y, Joe.Doe@example.org\r\n\r\n", ALL "vacation \"x\";");
	assert_view(v->from, "Joe.Doe@example.org");
	play_done(&p);
	/* What can't be written from is no address, whoever owns it. */
	assert_silent("ann@example.com", "To: x\r\n\r\n", ":addresses \"x\"",
	    "it names none of the account's addresses in To or Cc");
	/* What the script itself has made of the header changes nothing. */
	v = answer(&p, "To: joe@example.org\r\nPrecedence: bulk\r\n\r\n",
	    "require [\"vacation\", \"editheader\"]; deleteheader \"Precedence\"; vacation \"x\";");
	assert_string_equal(v->silent, "it was sent to many (Precedence)");
	play_done(&p);
}

static void assert_failed(const char *script, const char *expected)
{
	struct play p;

	play_begin(&p, MAIL);
	assert_int_equal(play_run(&p, &world, script), SIEVE_FAILED);
	assert_int_equal(p.outcome.count, 1);
	assert_int_equal(p.outcome.actions[0].kind, SIEVE_KEEP);
	assert_view(p.outcome.failed_text, expected);
	play_done(&p);
}

static void conflicts(void **state)
{
	(void)state;
	assert_failed(
	    ALL "vacation \"a\"; vacation \"b\";", "the script answers one message twice by vacation");
	assert_failed(ALL "vacation \"a\"; reject \"b\";",
	    "the script refuses the message and answers it by vacation: it can only do one of them");
	assert_failed(ALL "ereject \"b\"; vacation \"a\";",
	    "the script refuses the message and answers it by vacation: it can only do one of them");
	assert_failed(ALL "reject \"b\"; keep;",
	    "the script refuses the message and keeps or forwards it: it can only do one of them");
	assert_failed(ALL "redirect \"a@b\"; reject \"b\";",
	    "the script refuses the message and keeps or forwards it: it can only do one of them");
	assert_failed(ALL "reject \"b\"; ereject \"b\";", "the script refuses one message twice");
	assert_failed(ALL "reject \"b\"; reject \"b\";", "the script refuses one message twice");
	assert_failed(ALL "set \"a\" \"x\"; vacation :from \"${a}\" \"b\";",
	    "'x' is no address that mail can be sent to; one is written as \"joe@example.com\"");
}

static void refusing(void **state)
{
	struct play p;

	(void)state;
	play_begin(&p, MAIL);
	assert_int_equal(
	    play_run(&p, &world, ALL "set \"n\" \"no\"; reject \"I say ${n}.\"; discard;"), SIEVE_DONE);
	assert_int_equal(p.outcome.count, 2);
	assert_int_equal(p.outcome.actions[0].kind, SIEVE_REJECT);
	assert_view(p.outcome.actions[0].target, "I say no.");
	assert_int_equal(play_run(&p, &world, ALL "ereject \"No.\";"), SIEVE_DONE);
	assert_int_equal(p.outcome.count, 1);
	assert_int_equal(p.outcome.actions[0].kind, SIEVE_EREJECT);
	play_done(&p);
}

static void refused_scripts(void **state)
{
	struct play p;

	(void)state;
	play_begin(&p, "");
	assert_string_equal(play_refused(&p, ALL "vacation :days 1 :seconds 2 \"x\";"),
	    "2:18: :seconds cannot stand beside the tag of its kind that came before it");
	play_done(&p);
	play_begin(&p, "");
	assert_string_equal(play_refused(&p, "require [\"vacation\", \"mailbox\"]; vacation :create \"x\";"),
	    "1:43: :create says where a copy goes; there is none without :fcc");
	play_done(&p);
	play_begin(&p, "");
	assert_string_equal(play_refused(&p, "require \"vacation\"; vacation :seconds 1 \"x\";"),
	    "1:30: :seconds is not known here: the script must begin with require \"vacation-seconds\";");
	play_done(&p);
	play_begin(&p, MAIL);
	assert_int_equal(play_run(&p, &world, "require \"vacation-seconds\"; vacation \"x\";"), SIEVE_DONE);
	play_done(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_said),
	    cmocka_unit_test(periods),
	    cmocka_unit_test(handles),
	    cmocka_unit_test(who_is_not_answered),
	    cmocka_unit_test(to_whom_it_was_written),
	    cmocka_unit_test(conflicts),
	    cmocka_unit_test(refusing),
	    cmocka_unit_test(refused_scripts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
