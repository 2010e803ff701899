/* Emails that are put off and come back, each question the whole way: mail/snooze.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "account/snooze.h"
#include "base/clock.h"
#include "email_seen.h"
#include "mail/snooze.h"

static struct seen one;
static uint32_t work, snoozed;
static int64_t now;

static uint32_t make(const char *path, unsigned role)
{
	struct mail_create m = {.path = view_from_string(path), .role = role};
	assert_int_equal(ask(&one, MAIL_CREATE, &m), 0);
	return (uint32_t)one.end.number;
}

static int begin(void **state)
{
	(void)state;
	mail_world_begin();
	mail_world_account(1);
	open_session(&one, 1);
	work = make("Work", 0);
	snoozed = make("Later", MAILBOX_ROLE_SNOOZED);
	now = clock_wall();
	for (unsigned i = 0; i < 3; i++)
		assert_int_not_equal(mail_world_deliver(1, "From: a@example.test\nSubject: s\n\nBody.\n"), 0);
	return 0;
}

static int end(void **state)
{
	(void)state;
	close_session(&one);
	mail_world_end();
	return 0;
}

static void set(const struct email_change *change)
{
	struct buf entries;
	buf_init(&entries, EMAIL_SET_BYTES);
	assert_true(email_change_put(&entries, change));
	struct email_set m = {.if_modseq = UINT64_MAX, .changes = buf_view(&entries)};
	assert_int_equal(email_ask(&one, EMAIL_SET, &m), 0);
	buf_done(&entries);
}

/* 0, or why it is refused. */
static int put_off(const struct mail_snooze *s, struct email_change change)
{
	struct buf text;
	buf_init(&text, SNOOZE_BYTES_MAX);
	assert_int_equal(mail_snooze_put(&text, s), 0);
	change.what |= EMAIL_CHANGE_SNOOZE;
	change.snooze = buf_view(&text);
	set(&change);
	buf_done(&text);
	return email_failed_count ? email_failed[0].error : 0;
}

static int wake(uint64_t id, uint32_t mailbox, uint32_t uid, int64_t time)
{
	struct buf text;
	buf_init(&text, 16);
	buf_append_u32(&text, mailbox);
	buf_append_u32(&text, uid);
	buf_append_u64(&text, (uint64_t)time);
	set(&(struct email_change){.id = id, .what = EMAIL_CHANGE_WAKE, .snooze = buf_view(&text)});
	buf_done(&text);
	return email_failed_count ? email_failed[0].error : 0;
}

/* "1,2 0 until" or "1 0 back": mailboxes, flags in hex, and how it is put off. */
static const char *email(uint64_t id)
{
	static char text[200];
	struct mail_snooze s;
	size_t len = 0;
	struct email_get m = {.want = MAIL_WANT_FLAGS | MAIL_WANT_SNOOZE, .ids = IDS(id)};
	assert_int_equal(email_ask(&one, EMAIL_GET, &m), 0);
	assert_int_equal(email_count, 1);
	const struct email_entry *e = &email_entries[0];
	for (size_t i = 0; i < e->mailbox_count; i++)
		len += (size_t)snprintf(text + len, sizeof text - len, "%s%u", i ? "," : "", e->mailboxes[i]);
	len += (size_t)snprintf(text + len, sizeof text - len, " %llx", (unsigned long long)e->message.flags);
	if (e->message.snooze.len == 0)
		return text;
	assert_true(mail_snooze_get(e->message.snooze, &s));
	if (e->message.awake)
		snprintf(text + len, sizeof text - len, " back");
	else
		snprintf(
		    text + len, sizeof text - len, " %+lld to %u", (long long)(s.until - now), s.mailbox);
	return text;
}

static const char *expected(const char *form, ...) __attribute__((format(printf, 1, 2)));
static const char *expected(const char *form, ...)
{
	static char text[200];
	va_list args;
	va_start(args, form);
	vsnprintf(text, sizeof text, form, args);
	va_end(args);
	return text;
}

static int64_t row_time(uint64_t id)
{
	assert_int_equal(email_ask(&one, EMAIL_TABLE, &(struct email_table_question){0}), 0);
	for (size_t i = 0; i < email_row_count; i++)
		if (email_rows[i].id == id && email_rows[i].snoozed)
			return email_rows[i].snoozed;
	return 0;
}

static uint64_t emails_state(void)
{
	assert_int_equal(email_ask(&one, EMAIL_STATES, &(struct email_states){0}), 0);
	return email_states[MAIL_STATE_EMAILS];
}

/* ---- the tests ---- */

static void it_goes_and_comes_back(void **state)
{
	struct mail_snooze s = {.until = now - 1,
	    .remove_flags = FLAG_SEEN,
	    .add_flags = FLAG_FLAGGED,
	    .add_keywords = VIEW("back")};
	(void)state;
	set(&(struct email_change){.id = 1, .add_flags = FLAG_SEEN});
	assert_int_equal(put_off(&s, (struct email_change){.id = 1}), 0);
	assert_string_equal(email(1), expected("%u 1 -1 to 0", snoozed));
	assert_true(row_time(1) == now - 1);
	/* The others are as they were. */
	assert_string_equal(email(2), "1 0");
	assert_int_equal(wake(1, snoozed, 1, now - 1), 0);
	assert_string_equal(
	    email(1), expected("1 %llx back", (unsigned long long)(FLAG_FLAGGED | FLAG_KEYWORD)));
	assert_true(row_time(1) >= now);
	/* Whoever wakes it once more finds nothing to do. */
	assert_int_equal(wake(1, snoozed, 1, now - 1), ENOENT);
	assert_string_equal(
	    email(1), expected("1 %llx back", (unsigned long long)(FLAG_FLAGGED | FLAG_KEYWORD)));
}

static void it_comes_back_where_it_is_wanted(void **state)
{
	(void)state;
	set(&(struct email_change){.id = 1, .add_mailboxes = BOXES_OF(work)});
	assert_int_equal(
	    put_off(&(struct mail_snooze){.until = now - 1, .mailbox = work}, (struct email_change){.id = 1}),
	    0);
	/* It stays in the mailboxes that it does not come back to. */
	assert_string_equal(email(1), expected("1,%u 0 -1 to %u", snoozed, work));
	assert_int_equal(wake(1, snoozed, 1, now - 1), 0);
	assert_string_equal(email(1), expected("1,%u 0 back", work));
	/* The mailbox is gone: INBOX. */
	assert_int_equal(
	    put_off(&(struct mail_snooze){.until = now - 1, .mailbox = work}, (struct email_change){.id = 2}),
	    0);
	assert_string_equal(email(2), expected("1,%u 0 -1 to %u", snoozed, work));
	set(&(struct email_change){.id = 2, .remove_mailboxes = BOXES_OF(1)});
	assert_int_equal(ask(&one, MAIL_REMOVE, &(struct mail_remove){.mailbox = work}), 0);
	assert_int_equal(wake(2, snoozed, 2, now - 1), 0);
	assert_string_equal(email(2), "1 0 back");
}

static void not_before_its_time(void **state)
{
	(void)state;
	assert_int_equal(
	    put_off(&(struct mail_snooze){.until = now + 1000}, (struct email_change){.id = 1}), 0);
	assert_int_equal(wake(1, snoozed, 1, now + 1000), ENOENT);
	assert_int_equal(wake(1, snoozed, 1, now - 1), ENOENT);
	assert_string_equal(email(1), expected("%u 0 +1000 to 0", snoozed));
	/* Another time; and that is a change of the email. */
	uint64_t before = emails_state();
	assert_int_equal(put_off(&(struct mail_snooze){.until = now - 5}, (struct email_change){.id = 1}), 0);
	assert_true(emails_state() > before);
	assert_string_equal(email(1), expected("%u 0 -5 to 0", snoozed));
	assert_int_equal(wake(1, snoozed, 1, now + 1000), ENOENT);
	assert_int_equal(wake(1, snoozed, 1, now - 5), 0);
	assert_string_equal(email(1), "1 0 back");
}

static void a_client_takes_it_back(void **state)
{
	(void)state;
	assert_int_equal(put_off(&(struct mail_snooze){.until = now - 1}, (struct email_change){.id = 1}), 0);
	set(&(struct email_change){.id = 1, .what = EMAIL_CHANGE_UNSNOOZE});
	assert_string_equal(email(1), "1 0");
	assert_int_equal(wake(1, snoozed, 1, now - 1), ENOENT);
	/* With mailboxes as it wants them. */
	assert_int_equal(put_off(&(struct mail_snooze){.until = now - 1}, (struct email_change){.id = 1}), 0);
	set(&(struct email_change){.id = 1,
	    .what = EMAIL_CHANGE_UNSNOOZE | EMAIL_CHANGE_ALL_MAILBOXES,
	    .add_mailboxes = BOXES_OF(work)});
	assert_string_equal(email(1), expected("%u 0", work));
	/* One that is not put off stays where it is. */
	set(&(struct email_change){.id = 2, .what = EMAIL_CHANGE_UNSNOOZE});
	assert_int_equal(email_failed_count, 0);
	assert_string_equal(email(2), "1 0");
}

static void moving_it_ends_it(void **state)
{
	struct mail_copy move = {.mailbox = snoozed, .to_mailbox = work, .uids = UIDS(1, 1), .move = true};
	(void)state;
	assert_int_equal(put_off(&(struct mail_snooze){.until = now - 1}, (struct email_change){.id = 1}), 0);
	assert_int_equal(ask(&one, MAIL_COPY, &move), 0);
	assert_string_equal(email(1), expected("%u 0", work));
	/* What is left of it goes when its time comes, and the email stays; also when it lies there again. */
	move = (struct mail_copy){.mailbox = work, .to_mailbox = snoozed, .uids = UIDS(1, 1), .move = true};
	assert_int_equal(ask(&one, MAIL_COPY, &move), 0);
	assert_int_equal(wake(1, snoozed, 1, now - 1), ENOENT);
	assert_string_equal(email(1), expected("%u 0", snoozed));
	assert_int_equal(wake(1, snoozed, 1, now - 1), ENOENT);
}

static void what_is_marked_as_deleted_stays(void **state)
{
	(void)state;
	set(&(struct email_change){.id = 1, .add_mailboxes = BOXES_OF(work)});
	assert_int_equal(put_off(&(struct mail_snooze){.until = now - 1}, (struct email_change){.id = 1}), 0);
	struct mail_store m = {.mailbox = snoozed,
	    .how = MAIL_ADD,
	    .flags = FLAG_DELETED,
	    .unchanged_since = UINT64_MAX,
	    .uids = UIDS(1, 1)};
	assert_int_equal(ask(&one, MAIL_STORE, &m), 0);
	assert_int_equal(wake(1, snoozed, 1, now - 1), ENOENT);
	assert_string_equal(email(1), expected("%u 0", work));
}

static void what_makes_no_sense_is_refused(void **state)
{
	struct mail_snooze s = {.until = now + 10};
	(void)state;
	assert_int_equal(put_off(&s, (struct email_change){.id = 1,
	                                 .what = EMAIL_CHANGE_ALL_MAILBOXES,
	                                 .add_mailboxes = BOXES_OF(work)}),
	    EDOM);
	assert_int_equal(put_off(&s, (struct email_change){.id = 9}), ENOENT);
	s.mailbox = snoozed;
	assert_int_equal(put_off(&s, (struct email_change){.id = 1}), EDOM);
	s.mailbox = 999;
	assert_int_equal(put_off(&s, (struct email_change){.id = 1}), ENXIO);
	set(&(struct email_change){.id = 1, .what = EMAIL_CHANGE_SNOOZE, .snooze = VIEW("x")});
	assert_int_equal(email_failed[0].error, EINVAL);
	set(&(struct email_change){.id = 1, .what = EMAIL_CHANGE_WAKE, .snooze = VIEW("x")});
	assert_int_equal(email_failed[0].error, EINVAL);
	assert_string_equal(email(1), "1 0");
	/* With the mailboxes that it needs it is done. */
	s.mailbox = 0;
	assert_int_equal(put_off(&s, (struct email_change){.id = 1,
	                                 .what = EMAIL_CHANGE_ALL_MAILBOXES,
	                                 .add_mailboxes = BOXES_OF(work, snoozed)}),
	    0);
	assert_string_equal(email(1), expected("%u,%u 0 +10 to 0", work, snoozed));
}

static void the_mailbox_is_made(void **state)
{
	(void)state;
	assert_int_equal(ask(&one, MAIL_REMOVE, &(struct mail_remove){.mailbox = snoozed}), 0);
	/* One that has its name already is taken, unless it has another use. */
	uint32_t other = make("Snoozed", MAILBOX_ROLE_IMPORTANT);
	assert_int_equal(put_off(&(struct mail_snooze){.until = now + 5}, (struct email_change){.id = 1}), 0);
	assert_string_equal(email(1), expected("%u 0 +5 to 0", other + 1));
	assert_int_equal(put_off(&(struct mail_snooze){.until = now + 5}, (struct email_change){.id = 2}), 0);
	assert_string_equal(email(2), expected("%u 0 +5 to 0", other + 1));
}

/* ---- reminders ---- */

enum { QUESTION = 4 }; /* the email that the reminder is for: it lies in Work, as another one would in Sent */

static void ask_question(void)
{
	assert_int_not_equal(mail_world_deliver(1, "From: Me <Me@Example.test>\nTo: a@example.test\n"
	                                           "Message-ID: <q@example.test>\nSubject: q\n\nWhen?\n"),
	    0);
	set(&(struct email_change){
	    .id = QUESTION, .add_mailboxes = BOXES_OF(work), .remove_mailboxes = BOXES_OF(1)});
}

/* An email of the same thread, which goes from INBOX into `mailbox`; its id is the next one. */
static void answer(const char *from, uint64_t id, uint32_t mailbox)
{
	char text[300];
	snprintf(text, sizeof text,
	    "From: %s\nMessage-ID: <a%llu@example.test>\nIn-Reply-To: <q@example.test>\n"
	    "References: <q@example.test>\nSubject: Re: q\n\nSo.\n",
	    from, (unsigned long long)id);
	assert_int_not_equal(mail_world_deliver(1, text), 0);
	if (mailbox)
		set(&(struct email_change){
		    .id = id, .add_mailboxes = BOXES_OF(mailbox), .remove_mailboxes = BOXES_OF(1)});
}

static int remind(void)
{
	return put_off(&(struct mail_snooze){.until = now - 1,
	                   .unless_answered = true,
	                   .remove_flags = FLAG_SEEN,
	                   .add_keywords = VIEW("unanswered")},
	    (struct email_change){.id = QUESTION, .add_flags = FLAG_SEEN});
}

static void a_reminder_comes_when_nobody_answers(void **state)
{
	enum { DRAFTS = 2, JUNK = 4 }; /* as an account gets them (account/roles.h) */
	(void)state;
	ask_question();
	assert_int_equal(remind(), 0);
	assert_string_equal(email(QUESTION), expected("%u,%u 1 -1 to 0", work, snoozed));
	/* What one adds oneself, what a mail system says, what lies in Junk or is not sent, and other mail.
	 */
	answer("me@example.test", 5, 0);
	answer("Mailer-Daemon@example.test", 6, 0);
	answer("b@example.test", 7, JUNK);
	answer("other@example.test", 8, DRAFTS);
	assert_int_equal(wake(QUESTION, snoozed, 1, now - 1), 0);
	assert_string_equal(
	    email(QUESTION), expected("1,%u %llx back", work, (unsigned long long)FLAG_KEYWORD));
}

static void a_reminder_is_over_when_somebody_has_answered(void **state)
{
	(void)state;
	ask_question();
	assert_int_equal(remind(), 0);
	answer("A <a@example.test>", 5, work);
	assert_int_equal(wake(QUESTION, snoozed, 1, now - 1), 0);
	assert_string_equal(email(QUESTION), expected("%u 1", work));
	assert_int_equal(row_time(QUESTION), 0);
	/* What lies nowhere else comes back all the same: it cannot be nowhere. */
	assert_int_equal(remind(), 0);
	set(&(struct email_change){.id = QUESTION, .remove_mailboxes = BOXES_OF(work)});
	assert_int_equal(wake(QUESTION, snoozed, 2, now - 1), 0);
	assert_string_equal(email(QUESTION), expected("1 %llx back", (unsigned long long)FLAG_KEYWORD));
}

static void a_reminder_is_taken_back(void **state)
{
	(void)state;
	ask_question();
	assert_int_equal(remind(), 0);
	set(&(struct email_change){.id = QUESTION, .what = EMAIL_CHANGE_UNSNOOZE});
	assert_string_equal(email(QUESTION), expected("%u 1", work));
	assert_int_equal(wake(QUESTION, snoozed, 1, now - 1), ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(it_goes_and_comes_back, begin, end),
	    cmocka_unit_test_setup_teardown(it_comes_back_where_it_is_wanted, begin, end),
	    cmocka_unit_test_setup_teardown(not_before_its_time, begin, end),
	    cmocka_unit_test_setup_teardown(a_client_takes_it_back, begin, end),
	    cmocka_unit_test_setup_teardown(moving_it_ends_it, begin, end),
	    cmocka_unit_test_setup_teardown(what_is_marked_as_deleted_stays, begin, end),
	    cmocka_unit_test_setup_teardown(what_makes_no_sense_is_refused, begin, end),
	    cmocka_unit_test_setup_teardown(the_mailbox_is_made, begin, end),
	    cmocka_unit_test_setup_teardown(a_reminder_comes_when_nobody_answers, begin, end),
	    cmocka_unit_test_setup_teardown(a_reminder_is_over_when_somebody_has_answered, begin, end),
	    cmocka_unit_test_setup_teardown(a_reminder_is_taken_back, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
