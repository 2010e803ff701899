/* Emails changed and made by ids, and what is told of it, each question the whole way. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "account/messages.h"
#include "email_seen.h"

static struct seen one;
static uint32_t work, junk;

static uint32_t make(const char *path)
{
	assert_int_equal(ask(&one, MAIL_CREATE, &(struct mail_create){.path = view_from_string(path)}), 0);
	return (uint32_t)one.end.number;
}

static int begin(void **state)
{
	(void)state;
	mail_world_begin();
	mail_world_account(1);
	open_session(&one, 1);
	work = make("Work");
	junk = make("Other");
	return 0;
}

static int end(void **state)
{
	(void)state;
	close_session(&one);
	mail_world_end();
	return 0;
}

static void deliver(size_t count)
{
	for (size_t i = 0; i < count; i++)
		assert_int_not_equal(mail_world_deliver(1, "From: a@example.test\nSubject: s\n\nBody.\n"), 0);
}

static uint64_t if_modseq = UINT64_MAX;

static int64_t set(size_t count, const struct email_change *changes)
{
	struct buf entries;
	buf_init(&entries, EMAIL_SET_BYTES);
	for (size_t i = 0; i < count; i++)
		assert_true(email_change_put(&entries, &changes[i]));
	struct email_set m = {.if_modseq = if_modseq, .changes = buf_view(&entries)};
	int64_t error = email_ask(&one, EMAIL_SET, &m);
	buf_done(&entries);
	return error;
}
#define SET(...)                                                                                             \
	set(sizeof(struct email_change[]){__VA_ARGS__} / sizeof(struct email_change),                        \
	    (struct email_change[]){__VA_ARGS__})

/* "1,2 seen" of an email: its mailboxes, and its flags in hex; "" when there is none. */
static const char *email(uint64_t id)
{
	static char text[200];
	struct mail_done end = one.end;
	struct email_get m = {.want = MAIL_WANT_FLAGS, .ids = IDS(id)};
	assert_int_equal(email_ask(&one, EMAIL_GET, &m), 0);
	text[0] = '\0';
	size_t len = 0;
	for (size_t i = 0; email_count && i < email_entries[0].mailbox_count; i++)
		len += (size_t)snprintf(
		    text + len, sizeof text - len, "%s%u", i ? "," : "", email_entries[0].mailboxes[i]);
	if (email_count)
		snprintf(text + len, sizeof text - len, " %llx",
		    (unsigned long long)email_entries[0].message.flags);
	one.end = end;
	return text;
}

static const char *expected(const char *form, uint64_t flags)
{
	static char text[200];
	snprintf(text, sizeof text, form, work, flags);
	return text;
}

static void expect_failed(uint64_t id, int error)
{
	assert_int_equal(email_failed_count, 1);
	assert_int_equal(email_failed[0].id, id);
	assert_int_equal(email_failed[0].error, error);
}

/* ---- the tests ---- */

static void flags_are_set_wherever_the_email_is(void **state)
{
	(void)state;
	deliver(2);
	assert_int_equal(SET({.id = 1, .add_mailboxes = BOXES_OF(work)}), 0);
	assert_int_equal(one.end.number, 1);
	assert_string_equal(email(1), expected("1,%u 0", 0));
	assert_int_equal(SET({.id = 1, .add_flags = FLAG_SEEN, .add_keywords = VIEW("k")}), 0);
	for (unsigned i = 0; i < 2; i++) {
		struct mail_fetch all = {
		    .mailbox = i ? work : MAILBOX_INBOX, .want = MAIL_WANT_FLAGS, .limit = 1};
		assert_int_equal(ask(&one, MAIL_FETCH, &all), 0);
		assert_true(one.messages[0].flags == (FLAG_SEEN | FLAG_KEYWORD));
	}
	/* The same once more is no change, and a name that is not needed any more is forgotten. */
	assert_int_equal(SET({.id = 1, .add_flags = FLAG_SEEN, .add_keywords = VIEW("K")}), 0);
	assert_int_equal(one.end.number, 0);
	assert_true(one.end.modseq == one.end.uidnext);
	assert_int_equal(SET({.id = 1, .what = EMAIL_CHANGE_ALL_FLAGS, .add_flags = FLAG_FLAGGED}), 0);
	assert_string_equal(email(1), expected("1,%u 4", 0));
}

static void mark_deleted(uint32_t mailbox, bool deleted)
{
	struct mail_store m = {.mailbox = mailbox,
	    .how = deleted ? MAIL_ADD : MAIL_REMOVE_FLAGS,
	    .flags = FLAG_DELETED,
	    .unchanged_since = UINT64_MAX,
	    .uids = UIDS(1, 1)};
	assert_int_equal(ask(&one, MAIL_STORE, &m), 0);
}

/* What IMAP has marked is not there, until the mark is taken away. */
static void what_is_marked_as_deleted_is_not_seen(void **state)
{
	(void)state;
	deliver(1);
	assert_int_equal(SET({.id = 1, .add_mailboxes = BOXES_OF(work)}), 0);
	mark_deleted(1, true);
	assert_string_equal(email(1), expected("%u 0", 0));
	assert_int_equal(SET({.id = 1, .what = EMAIL_CHANGE_ALL_FLAGS, .add_flags = FLAG_DRAFT}), 0);
	assert_string_equal(email(1), expected("%u 10", 0));
	mark_deleted(work, true);
	assert_string_equal(email(1), "");
	assert_int_equal(SET({.id = 1, .add_flags = FLAG_SEEN}), 0);
	expect_failed(1, ENOENT);
	assert_int_equal(email_ask(&one, EMAIL_TABLE, &(struct email_table_question){0}), 0);
	assert_int_equal(email_row_count, 0);
	mark_deleted(1, false);
	assert_string_equal(email(1), "1 0");
}

static void emails_change_their_mailboxes(void **state)
{
	(void)state;
	deliver(2);
	/* A move as IMAP knows it: it vanishes here and arrives there. */
	assert_int_equal(SET({.id = 2,
	                     .add_mailboxes = BOXES_OF(work),
	                     .remove_mailboxes = BOXES_OF(1),
	                     .add_flags = FLAG_SEEN}),
	    0);
	assert_string_equal(email(2), expected("%u 1", 0));
	assert_int_equal(
	    SET({.id = 2, .what = EMAIL_CHANGE_ALL_MAILBOXES, .add_mailboxes = BOXES_OF(1, work, junk)}), 0);
	assert_int_equal(email_failed_count, 0);
	char all[40];
	snprintf(all, sizeof all, "1,%u,%u 1", work, junk);
	assert_string_equal(email(2), all);
	assert_int_equal(
	    SET({.id = 2, .what = EMAIL_CHANGE_ALL_MAILBOXES, .add_mailboxes = BOXES_OF(work)}), 0);
	assert_string_equal(email(2), expected("%u 1", 0));
	/* In no mailbox an email can't be; what is no mailbox is told; both change nothing. */
	assert_int_equal(SET({.id = 2, .remove_mailboxes = BOXES_OF(work), .add_flags = FLAG_FLAGGED}), 0);
	expect_failed(2, EINVAL);
	assert_int_equal(SET({.id = 2, .add_mailboxes = BOXES_OF(99), .add_flags = FLAG_FLAGGED}), 0);
	expect_failed(2, ENXIO);
	assert_int_equal(SET({.id = 77, .add_flags = FLAG_FLAGGED}, {.id = 1, .add_flags = FLAG_FLAGGED}), 0);
	expect_failed(77, ENOENT);
	assert_int_equal(one.end.number, 1);
	assert_string_equal(email(1), "1 4");
	assert_string_equal(email(2), expected("%u 1", 0));
	/* A mailbox that it is not in, or is in already, is nothing to change. */
	assert_int_equal(
	    SET({.id = 2, .add_mailboxes = BOXES_OF(work), .remove_mailboxes = BOXES_OF(99)}), 0);
	assert_true(email_failed_count == 0 && one.end.number == 0);
}

/* In as many mailboxes as may be, and then in two others of them: what goes makes room for what comes. */
static void a_full_email_changes_its_mailboxes(void **state)
{
	(void)state;
	enum { ALL = EMAIL_PLACES_MAX + 2 };
	uint32_t boxes[ALL];
	char path[20];
	struct buf full, others, none;
	struct email_get get = {.want = MAIL_WANT_FLAGS, .ids = IDS(1)};
	deliver(2);
	buf_init(&full, ALL * EMAIL_MAILBOX_SIZE);
	buf_init(&others, ALL * EMAIL_MAILBOX_SIZE);
	buf_init(&none, EMAIL_MAILBOX_SIZE);
	for (size_t i = 0; i < ALL; i++) {
		snprintf(path, sizeof path, "Box %zu", i);
		boxes[i] = make(path);
		if (i < EMAIL_PLACES_MAX)
			buf_append_u32(&full, boxes[i]);
		if (i >= 2)
			buf_append_u32(&others, boxes[i]);
	}
	assert_int_equal(
	    SET({.id = 1, .what = EMAIL_CHANGE_ALL_MAILBOXES, .add_mailboxes = buf_view(&full)}), 0);
	assert_int_equal(email_failed_count, 0);
	/* One more is too many, for this email alone. */
	buf_append_u32(&none, boxes[ALL - 1]);
	assert_int_equal(
	    SET({.id = 1, .add_mailboxes = buf_view(&none)}, {.id = 2, .add_flags = FLAG_SEEN}), 0);
	expect_failed(1, EMLINK);
	assert_string_equal(email(2), "1 1");
	assert_int_equal(
	    SET({.id = 1, .what = EMAIL_CHANGE_ALL_MAILBOXES, .add_mailboxes = buf_view(&others)}), 0);
	assert_int_equal(email_failed_count, 0);
	assert_int_equal(email_ask(&one, EMAIL_GET, &get), 0);
	assert_int_equal(email_entries[0].mailbox_count, EMAIL_PLACES_MAX);
	for (size_t i = 0; i < EMAIL_PLACES_MAX; i++)
		assert_int_equal(email_entries[0].mailboxes[i], boxes[i + 2]);
	buf_done(&full);
	buf_done(&others);
	buf_done(&none);
}

static void emails_are_destroyed(void **state)
{
	(void)state;
	deliver(3);
	assert_int_equal(SET({.id = 1, .add_mailboxes = BOXES_OF(work)}), 0);
	assert_int_equal(
	    SET({.id = 1, .what = EMAIL_CHANGE_DESTROY}, {.id = 3, .what = EMAIL_CHANGE_DESTROY}), 0);
	assert_int_equal(one.end.number, 2);
	assert_string_equal(email(1), "");
	assert_string_equal(email(2), "1 0");
	assert_int_equal(ask(&one, MAIL_OPEN, &(struct mail_open){.mailbox = work}), 0);
	assert_int_equal(one.end.messages, 0);
	assert_int_equal(SET({.id = 1, .what = EMAIL_CHANGE_DESTROY}), 0);
	expect_failed(1, ENOENT);
}

static void a_state_that_is_old_changes_nothing(void **state)
{
	(void)state;
	deliver(1);
	assert_int_equal(email_ask(&one, EMAIL_STATES, &(struct email_states){0}), 0);
	if_modseq = email_states[MAIL_STATE_EMAILS];
	assert_int_equal(SET({.id = 1, .add_flags = FLAG_SEEN}), 0);
	assert_true(one.end.uidnext == if_modseq && one.end.modseq > if_modseq);
	assert_int_equal(SET({.id = 1, .add_flags = FLAG_FLAGGED}), -ESTALE);
	if_modseq = UINT64_MAX;
	assert_string_equal(email(1), "1 1");
}

/* Many at once: in steps, and each email whole. */
static void thousands_are_changed(void **state)
{
	enum { MANY = 1500 };
	static struct email_change changes[MANY + 1];
	(void)state;
	deliver(MANY);
	const struct view there = BOXES_OF(work), here = BOXES_OF(1);
	for (size_t i = 0; i < MANY; i++)
		changes[i] = (struct email_change){.id = MANY - i,
		    .add_flags = FLAG_SEEN,
		    .add_mailboxes = there,
		    .remove_mailboxes = i % 2 ? here : (struct view){0}};
	changes[MANY] = (struct email_change){.id = MANY + 1, .add_flags = FLAG_SEEN};
	assert_int_equal(set(MANY + 1, changes), 0);
	expect_failed(MANY + 1, ENOENT);
	assert_int_equal(one.end.number, MANY);
	assert_int_equal(ask(&one, MAIL_OPEN, &(struct mail_open){.mailbox = work}), 0);
	assert_int_equal(one.end.messages, MANY);
	assert_int_equal(ask(&one, MAIL_OPEN, &(struct mail_open){.mailbox = 1}), 0);
	assert_int_equal(one.end.messages, MANY / 2);
	struct mail_mailboxes list = {.mailbox = work};
	assert_int_equal(ask(&one, MAIL_MAILBOXES, &list), 0);
	assert_int_equal(one.mailbox.unseen, 0);
}

static void what_makes_no_sense_is_refused(void **state)
{
	static char keywords[101 * 200];
	(void)state;
	deliver(1);
	struct email_set m = {.if_modseq = UINT64_MAX, .changes = VIEW("\x80\x80")};
	assert_int_equal(email_ask(&one, EMAIL_SET, &m), -EINVAL);
	size_t len = 0;
	for (unsigned i = 0; i < ACCOUNT_FLAGS_KEYWORDS_MAX + 1; i++)
		len += (size_t)snprintf(keywords + len, sizeof keywords - len, "w%u ", i);
	assert_int_equal(SET({.id = 1, .add_keywords = view_of(keywords, len)}), 0);
	expect_failed(1, E2BIG);
	memset(keywords, 'x', MAIL_KEYWORD_MAX + 1);
	assert_int_equal(SET({.id = 1, .add_keywords = view_of(keywords, MAIL_KEYWORD_MAX + 1)}), 0);
	expect_failed(1, EINVAL);
	assert_string_equal(email(1), "1 0");
	/* The longest name that there is. */
	assert_int_equal(SET({.id = 1, .add_keywords = view_of(keywords, MAIL_KEYWORD_MAX)}), 0);
	assert_string_equal(email(1), "1 200");
}

/* ---- imports ---- */

static void upload(uint32_t number, const char *text)
{
	send_question(
	    &one, MAIL_UPLOAD, &(struct mail_upload){.upload = number, .bytes = view_from_string(text)});
}

static void emails_are_imported(void **state)
{
	static const char text[] = "Subject: new\r\n\r\nnew\r\n";
	(void)state;
	deliver(1);
	upload(3, text);
	struct email_import m = {.mailboxes = BOXES_OF(1, work),
	    .upload = 3,
	    .flags = FLAG_DRAFT,
	    .keywords = VIEW("mine"),
	    .internaldate = 1000};
	assert_int_equal(email_ask(&one, EMAIL_IMPORT, &m), 0);
	assert_true(one.end.number == 2 && one.end.uidnext == 2);
	assert_int_equal(one.end.messages, strlen(text));
	assert_string_equal(email(2), expected("1,%u 210", 0));
	/* Of what is kept, and not twice while the email is there. */
	upload(4, text);
	assert_int_equal(email_ask(&one, EMAIL_KEEP, &(struct email_keep){.upload = 4}), 0);
	m = (struct email_import){.mailboxes = BOXES_OF(work), .kept = one.end.number};
	assert_int_equal(email_ask(&one, EMAIL_IMPORT, &m), 0);
	assert_int_equal(one.end.messages, strlen(text));
	assert_int_equal(email_ask(&one, EMAIL_IMPORT, &m), -EEXIST);
	assert_int_equal(one.end.number, 3);
	assert_int_equal(SET({.id = 3, .what = EMAIL_CHANGE_DESTROY}), 0);
	assert_int_equal(email_ask(&one, EMAIL_IMPORT, &m), 0);
	assert_string_equal(email(4), expected("%u 0", 0));
	assert_int_equal(email_ask(&one, EMAIL_IMPORT, &m), -EEXIST);
	assert_int_equal(one.end.number, 4);
	m.kept++;
	assert_int_equal(email_ask(&one, EMAIL_IMPORT, &m), -ENOENT);
	/* Of an email. */
	m = (struct email_import){.mailboxes = BOXES_OF(work), .from = 2, .flags = FLAG_SEEN};
	assert_int_equal(email_ask(&one, EMAIL_IMPORT, &m), -EEXIST);
	assert_int_equal(one.end.number, 2);
	struct email_get get = {.want = MAIL_WANT_BODY | MAIL_WANT_DATES, .body_max = 100, .ids = IDS(2)};
	assert_int_equal(email_ask(&one, EMAIL_GET, &get), 0);
	assert_string_equal(email_bodies[0], text);
	assert_int_equal(email_entries[0].message.internaldate, 1000);
	m.from = 99;
	assert_int_equal(email_ask(&one, EMAIL_IMPORT, &m), -ENOENT);
	m.from = 2;
	m.mailboxes = BOXES_OF(work, 99);
	assert_int_equal(email_ask(&one, EMAIL_IMPORT, &m), -ENXIO);
	m.mailboxes = (struct view){0};
	assert_int_equal(email_ask(&one, EMAIL_IMPORT, &m), -EINVAL);
	/* It was no delivery. */
	assert_int_equal(email_ask(&one, EMAIL_STATES, &(struct email_states){0}), 0);
	assert_true(email_states[MAIL_STATE_DELIVERIES] < email_states[MAIL_STATE_EMAILS]);
}

/* ---- changes ---- */

static uint64_t changes(uint64_t since, uint64_t part, uint64_t max)
{
	struct email_changes m = {
	    .want = EMAIL_CHANGES_EMAILS | EMAIL_CHANGES_THREADS, .since = since, .part = part, .max = max};
	assert_int_equal(email_ask(&one, EMAIL_CHANGES, &m), 0);
	return one.end.modseq;
}

static void expect_changes(const char *created, const char *updated, const char *destroyed)
{
	assert_string_equal(
	    ids_shown(email_changed[EMAIL_CREATED], email_changed_count[EMAIL_CREATED]), created);
	assert_string_equal(
	    ids_shown(email_changed[EMAIL_UPDATED], email_changed_count[EMAIL_UPDATED]), updated);
	assert_string_equal(
	    ids_shown(email_changed[EMAIL_DESTROYED], email_changed_count[EMAIL_DESTROYED]), destroyed);
}

static void changes_are_told_once(void **state)
{
	(void)state;
	deliver(4);
	assert_int_equal(email_ask(&one, EMAIL_STATES, &(struct email_states){0}), 0);
	uint64_t since = email_states[MAIL_STATE_EMAILS];
	assert_true(changes(since, 0, 0) == since);
	expect_changes("", "", "");
	assert_int_equal(SET({.id = 1, .add_flags = FLAG_SEEN}), 0);
	assert_int_equal(
	    SET({.id = 2, .what = EMAIL_CHANGE_ALL_MAILBOXES, .add_mailboxes = BOXES_OF(work)}), 0);
	assert_int_equal(SET({.id = 3, .what = EMAIL_CHANGE_DESTROY}), 0);
	deliver(2); /* 5, 6 */
	assert_int_equal(SET({.id = 6, .what = EMAIL_CHANGE_DESTROY}), 0);
	assert_int_equal(SET({.id = 1, .add_flags = FLAG_FLAGGED}), 0);
	uint64_t now = changes(since, 0, 0);
	expect_changes("5", "1,2", "3");
	assert_int_equal(email_ask(&one, EMAIL_STATES, &(struct email_states){0}), 0);
	assert_true(now == email_states[MAIL_STATE_EMAILS]);
	changes(since, 0, 2);
	assert_int_equal(one.end.number, 1);
	expect_changes("", "1,2", "");
	changes(one.end.modseq, one.end.uidnext, 2);
	/* 1 again, since it changed behind that. */
	assert_int_equal(email_changed_count[EMAIL_DESTROYED] + email_changed_count[EMAIL_CREATED], 2);
	while (one.end.number)
		changes(one.end.modseq, one.end.uidnext, 2);
	assert_true(one.end.modseq == now);
	struct email_changes m = {.want = EMAIL_CHANGES_EMAILS, .since = now + 100};
	assert_int_equal(email_ask(&one, EMAIL_CHANGES, &m), -ESTALE);
}

/* One step of many emails is told in parts. */
static void a_step_is_told_in_parts(void **state)
{
	enum { MANY = 100 };
	static struct email_change all[MANY];
	size_t told = 0, rounds = 0;
	(void)state;
	deliver(MANY);
	assert_int_equal(email_ask(&one, EMAIL_STATES, &(struct email_states){0}), 0);
	uint64_t since = email_states[MAIL_STATE_EMAILS], part = 0;
	for (size_t i = 0; i < MANY; i++)
		all[i] = (struct email_change){.id = i + 1, .add_flags = FLAG_SEEN};
	assert_int_equal(set(MANY, all), 0);
	uint64_t now = one.end.modseq;
	do {
		changes(since, part, 30);
		for (size_t i = 0; i < email_changed_count[EMAIL_UPDATED]; i++)
			assert_int_equal(email_changed[EMAIL_UPDATED][i], ++told);
		since = one.end.modseq;
		part = one.end.uidnext;
		rounds++;
	} while (one.end.number);
	assert_int_equal(told, MANY);
	assert_int_equal(rounds, 4);
	assert_true(since == now && part == 0);
}

static void a_table_is_kept(void **state)
{
	(void)state;
	deliver(3);
	assert_int_equal(SET({.id = 2, .add_mailboxes = BOXES_OF(work), .add_keywords = VIEW("k")}), 0);
	assert_int_equal(email_ask(&one, EMAIL_TABLE, &(struct email_table_question){0}), 0);
	assert_true(email_row_count == 4 && one.end.number == 1);
	assert_int_equal(one.frames[MAIL_KEYWORDS], 1);
	assert_true(email_rows[3].id == 2 && email_rows[3].mailbox == work && email_rows[3].thread == 2);
	assert_true(email_rows[3].flags == FLAG_KEYWORD && email_rows[0].order.known);
	struct email_table_question next = {.since = one.end.modseq};
	struct store_stats before, behind;
	store_stats(store_role.store, &before);
	assert_int_equal(email_ask(&one, EMAIL_TABLE, &next), 0);
	assert_true(email_row_count == 0 && email_forgotten_count == 0 && one.end.number == 0);
	assert_true(one.end.modseq == next.since);
	/* As long as nothing was committed there is nothing to be read. */
	store_stats(store_role.store, &behind);
	assert_int_equal(behind.reads, before.reads);
	assert_int_equal(SET({.id = 1, .add_flags = FLAG_SEEN}, {.id = 3, .what = EMAIL_CHANGE_DESTROY}), 0);
	assert_int_equal(email_ask(&one, EMAIL_TABLE, &next), 0);
	assert_string_equal(ids_shown(email_forgotten, email_forgotten_count), "1,3");
	assert_true(email_row_count == 1 && email_rows[0].id == 1 && email_rows[0].flags == FLAG_SEEN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(flags_are_set_wherever_the_email_is, begin, end),
	    cmocka_unit_test_setup_teardown(what_is_marked_as_deleted_is_not_seen, begin, end),
	    cmocka_unit_test_setup_teardown(emails_change_their_mailboxes, begin, end),
	    cmocka_unit_test_setup_teardown(a_full_email_changes_its_mailboxes, begin, end),
	    cmocka_unit_test_setup_teardown(emails_are_destroyed, begin, end),
	    cmocka_unit_test_setup_teardown(a_state_that_is_old_changes_nothing, begin, end),
	    cmocka_unit_test_setup_teardown(thousands_are_changed, begin, end),
	    cmocka_unit_test_setup_teardown(what_makes_no_sense_is_refused, begin, end),
	    cmocka_unit_test_setup_teardown(emails_are_imported, begin, end),
	    cmocka_unit_test_setup_teardown(changes_are_told_once, begin, end),
	    cmocka_unit_test_setup_teardown(a_step_is_told_in_parts, begin, end),
	    cmocka_unit_test_setup_teardown(a_table_is_kept, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
