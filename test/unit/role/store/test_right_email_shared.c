/*
 * Another's account by ids of emails: whoever may read nothing there is answered as if there were no such
 * account; whoever may read a mailbox sees what lies there, its places alone, and its own \Seen.
 */
#include <errno.h>
#include <string.h>

#include "../../store/support.h"
#include "directory/groups.h"
#include "email_seen.h"

static struct seen alice, bob;
static uint32_t shared, hidden;

static int run_people(struct txn *t, void *arg)
{
	struct directory_domain d = {.disabled = false};
	(void)arg;
	int error = directory_domain_put(t, VIEW("example.test"), &d);
	static const char *const names[] = {"alice@example.test", "bob@example.test"};
	for (unsigned i = 0; i < 2 && error == 0; i++) {
		struct directory_account a = {.quota = 0};
		error = directory_account_add(t, view_from_string(names[i]), &a);
	}
	return error;
}

static uint32_t make(const char *path)
{
	assert_int_equal(ask(&alice, MAIL_CREATE, &(struct mail_create){.path = view_from_string(path)}), 0);
	return (uint32_t)alice.end.number;
}

static void grant(uint64_t mailbox, uint64_t rights)
{
	struct mail_grant m = {.mailbox = mailbox, .who = VIEW("bob@example.test"), .rights = rights};
	assert_int_equal(ask(&alice, MAIL_GRANT_SET, &m), 0);
}

static void put(uint32_t mailbox)
{
	assert_int_not_equal(
	    mail_world_put(1, mailbox, 0, 0, VIEW("Subject: x\r\nMessage-ID: <1@x>\r\n\r\ntext\r\n")), 0);
}

static int begin(void **state)
{
	(void)state;
	mail_world_begin();
	assert_int_equal(test_commit(store_role.store, run_people, NULL), 0);
	mail_world_account(1);
	mail_world_account(2);
	open_session(&alice, 1);
	open_session(&bob, 2);
	shared = make("Shared");
	hidden = make("Hidden");
	put(hidden); /* 1 */
	put(shared); /* 2 */
	put(shared); /* 3 */
	return 0;
}

static int end(void **state)
{
	(void)state;
	close_session(&alice);
	close_session(&bob);
	mail_world_end();
	return 0;
}

static int64_t set(struct seen *s, uint64_t account, const struct email_change *change)
{
	struct buf entries;
	buf_init(&entries, EMAIL_SET_BYTES);
	assert_true(email_change_put(&entries, change));
	struct email_set m = {.account = account, .if_modseq = UINT64_MAX, .changes = buf_view(&entries)};
	int64_t error = email_ask(s, EMAIL_SET, &m);
	buf_done(&entries);
	return error;
}

/* Each question about an account, and its error. */
static void expect_all(uint64_t account, int64_t error)
{
	static const char part[24] = {0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9};
	const struct email_states states = {.account = account};
	const struct email_get get = {.account = account, .ids = IDS(1, 2, 3)};
	const struct email_changes changes = {.account = account, .want = EMAIL_CHANGES_EMAILS};
	const struct email_threads threads = {.account = account, .threads = IDS(1)};
	const struct email_table_question table = {.account = account};
	const struct email_find find = {.account = account, .text = VIEW("text")};
	const struct email_read read = {.account = account, .parts = view_of(part, sizeof part)};
	assert_int_equal(email_ask(&bob, EMAIL_STATES, &states), error);
	assert_int_equal(email_ask(&bob, EMAIL_GET, &get), error);
	assert_int_equal(email_count, 0);
	assert_int_equal(email_ask(&bob, EMAIL_CHANGES, &changes), error);
	assert_int_equal(email_ask(&bob, EMAIL_THREADS, &threads), error);
	assert_int_equal(email_ask(&bob, EMAIL_TABLE, &table), error);
	assert_int_equal(email_ask(&bob, EMAIL_FIND, &find), error);
	assert_int_equal(email_ask(&bob, EMAIL_READ, &read), error);
	assert_int_equal(buf_view(&bob.data[0]).len, 0);
	assert_int_equal(
	    set(&bob, account, &(struct email_change){.id = 2, .what = EMAIL_CHANGE_DESTROY}), error);
	const struct email_import from = {.mailboxes = BOXES_OF(1), .from_account = account, .from = 2};
	assert_int_equal(email_ask(&bob, EMAIL_IMPORT, &from), error);
	const struct email_import into = {.account = account, .mailboxes = BOXES_OF(1), .from = 2};
	assert_int_equal(email_ask(&bob, EMAIL_IMPORT, &into), error);
}

/* ---- the tests ---- */

static void nobody_learns_of_an_account(void **state)
{
	(void)state;
	expect_all(99, -ENOENT);
	expect_all(1, -ENOENT);
	grant(shared, RIGHT_LOOKUP | RIGHT_INSERT);
	expect_all(1, -ENOENT);
	grant(shared, RIGHT_READ);
	expect_all(1, -ENOENT);
}

static void what_can_be_read_is_seen(void **state)
{
	(void)state;
	grant(shared, RIGHT_LOOKUP | RIGHT_READ);
	/* 3 has a place that bob can't see. */
	assert_int_equal(
	    set(&alice, 0,
	        &(struct email_change){.id = 3, .add_mailboxes = BOXES_OF(hidden), .add_flags = FLAG_SEEN}),
	    0);
	struct email_get get = {.account = 1, .want = MAIL_WANT_FLAGS, .ids = IDS(1, 2, 3)};
	assert_int_equal(email_ask(&bob, EMAIL_GET, &get), 0);
	assert_int_equal(email_count, 2);
	assert_true(email_entries[1].message.emailid == 3 && email_entries[1].mailbox_count == 1);
	assert_true(email_entries[1].mailboxes[0] == shared && email_entries[1].message.flags == 0);
	assert_int_equal(
	    email_ask(&bob, EMAIL_THREADS, &(struct email_threads){.account = 1, .threads = IDS(1)}), 0);
	assert_string_equal(ids_shown(email_threads, email_thread_count), "2,3");
	assert_int_equal(email_ask(&bob, EMAIL_TABLE, &(struct email_table_question){.account = 1}), 0);
	assert_true(
	    email_row_count == 2 && email_rows[0].mailbox == shared && email_rows[1].mailbox == shared);
	assert_int_equal(
	    email_ask(&bob, EMAIL_FIND, &(struct email_find){.account = 1, .text = VIEW("text")}), 0);
	assert_string_equal(shown(&bob.maybe), "2:3");
	/* Of states those of mail alone. */
	assert_int_equal(email_ask(&bob, EMAIL_STATES, &(struct email_states){.account = 1}), 0);
	assert_true(email_states[MAIL_STATE_EMAILS] > 0 && email_state.access != 0);
	for (unsigned i = MAIL_STATE_DELIVERIES; i < MAIL_STATES; i++)
		assert_true(email_states[i] == 0);
	/* It may change nothing. */
	assert_int_equal(set(&bob, 1, &(struct email_change){.id = 2, .add_flags = FLAG_SEEN}), 0);
	assert_int_equal(email_failed[0].error, EACCES);
	assert_int_equal(set(&bob, 1, &(struct email_change){.id = 2, .what = EMAIL_CHANGE_DESTROY}), 0);
	assert_int_equal(email_failed[0].error, EACCES);
	assert_int_equal(set(&bob, 1, &(struct email_change){.id = 1, .what = EMAIL_CHANGE_DESTROY}), 0);
	assert_int_equal(email_failed[0].error, ENOENT);
	assert_int_equal(set(&bob, 1, &(struct email_change){.id = 2, .add_mailboxes = BOXES_OF(hidden)}), 0);
	assert_int_equal(email_failed[0].error, ENXIO);
	/* What it may read it may take over. */
	const struct email_import from = {.mailboxes = BOXES_OF(1), .from_account = 1, .from = 2};
	assert_int_equal(email_ask(&bob, EMAIL_IMPORT, &from), 0);
	assert_int_equal(email_ask(&bob, EMAIL_GET, &(struct email_get){.ids = IDS(1)}), 0);
	assert_int_equal(email_count, 1);
}

static void seen_is_everybodys_own(void **state)
{
	(void)state;
	grant(shared, RIGHT_LOOKUP | RIGHT_READ | RIGHT_SEEN);
	assert_int_equal(set(&bob, 1, &(struct email_change){.id = 2, .add_flags = FLAG_SEEN}), 0);
	assert_int_equal(email_failed_count, 0);
	struct email_get get = {.account = 1, .want = MAIL_WANT_FLAGS, .ids = IDS(2)};
	assert_int_equal(email_ask(&bob, EMAIL_GET, &get), 0);
	assert_true(email_entries[0].message.flags == FLAG_SEEN);
	get.account = 0;
	assert_int_equal(email_ask(&alice, EMAIL_GET, &get), 0);
	assert_true(email_entries[0].message.flags == 0);
	/* All flags replaced by what they are, and \Seen taken away: that is allowed. */
	assert_int_equal(set(&bob, 1, &(struct email_change){.id = 2, .what = EMAIL_CHANGE_ALL_FLAGS}), 0);
	assert_true(email_failed_count == 0 && bob.end.number == 1);
	assert_int_equal(
	    set(&bob, 1,
	        &(struct email_change){.id = 2, .what = EMAIL_CHANGE_ALL_FLAGS, .add_flags = FLAG_FLAGGED}),
	    0);
	assert_int_equal(email_failed[0].error, EACCES);
}

/* What comes into sight is created, what leaves it destroyed; who may read other mailboxes begins anew. */
static void changes_are_those_in_sight(void **state)
{
	(void)state;
	grant(shared, RIGHT_LOOKUP | RIGHT_READ);
	assert_int_equal(email_ask(&bob, EMAIL_STATES, &(struct email_states){.account = 1}), 0);
	struct email_changes m = {.account = 1,
	    .want = EMAIL_CHANGES_EMAILS | EMAIL_CHANGES_THREADS,
	    .since = email_states[MAIL_STATE_EMAILS],
	    .access = email_state.access};
	assert_int_equal(
	    set(&alice, 0, &(struct email_change){.id = 1, .add_mailboxes = BOXES_OF(shared)}), 0);
	assert_int_equal(
	    set(&alice, 0,
	        &(struct email_change){
	            .id = 2, .what = EMAIL_CHANGE_ALL_MAILBOXES, .add_mailboxes = BOXES_OF(hidden)}),
	    0);
	assert_int_equal(
	    set(&alice, 0, &(struct email_change){.id = 3, .add_mailboxes = BOXES_OF(hidden)}), 0);
	assert_int_equal(email_ask(&bob, EMAIL_CHANGES, &m), 0);
	assert_string_equal(ids_shown(email_changed[EMAIL_CREATED], email_changed_count[EMAIL_CREATED]), "1");
	assert_string_equal(
	    ids_shown(email_changed[EMAIL_DESTROYED], email_changed_count[EMAIL_DESTROYED]), "2");
	assert_int_equal(email_changed_count[EMAIL_UPDATED], 0);
	assert_string_equal(
	    ids_shown(email_changed[THREAD_UPDATED], email_changed_count[THREAD_UPDATED]), "1");
	grant(hidden, RIGHT_LOOKUP | RIGHT_READ);
	assert_int_equal(email_ask(&bob, EMAIL_CHANGES, &m), -ESTALE);
	grant(hidden, 0);
	assert_int_equal(email_ask(&bob, EMAIL_CHANGES, &m), 0);
	grant(shared, 0);
	assert_int_equal(email_ask(&bob, EMAIL_CHANGES, &m), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(nobody_learns_of_an_account, begin, end),
	    cmocka_unit_test_setup_teardown(what_can_be_read_is_seen, begin, end),
	    cmocka_unit_test_setup_teardown(seen_is_everybodys_own, begin, end),
	    cmocka_unit_test_setup_teardown(changes_are_those_in_sight, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
