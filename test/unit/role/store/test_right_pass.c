/* Rights that go from one store to the next: here both are one process, so what one sends the other gets. */
#include <unistd.h>

#include "../../account/support.h"
#include "mail_world.h"
#include "role/store/right.h"
#include "role/store/right_noted.h"
#include "role/store/right_pass.h"

enum { WATCH = 7, QUESTION = 8 };

struct seen {
	struct mail_session session;
	unsigned changes, answers, notes, unnamed, losses; /* unnamed: a note that some were left out */
};

static struct seen quiet, revoked, busy;
static unsigned over;

static void answered(void *arg, uint32_t request, unsigned type, const void *answer)
{
	struct seen *s = arg;
	const struct mail_noted *noted = type == MAIL_NOTED ? answer : NULL;
	s->notes += noted != NULL;
	s->unnamed += noted && view_empty(noted->name);
	s->changes += type == MAIL_CHANGED && request == WATCH;
	s->answers += type == MAIL_DONE && request == QUESTION;
}

static void lost(void *arg)
{
	((struct seen *)arg)->losses++;
}

static void open_session(struct seen *s, unsigned account)
{
	*s = (struct seen){.session = {.answered = answered, .lost = lost, .arg = s}};
	mail_session_open(&s->session, account);
	mail_world_settle();
}

static void ask(struct seen *s)
{
	account_client_ask(
	    &s->session.client, QUESTION, MAIL_QUOTA, &(struct mail_quota){.mailbox = MAILBOX_INBOX});
}

static void watch(struct seen *s)
{
	account_client_ask(&s->session.client, WATCH, MAIL_WATCH, &(struct mail_watch){.modseq = 0});
	mail_world_settle();
	s->changes = 0;
}

static void all_passed(void)
{
	over++;
}

static int begin(void **state)
{
	(void)state;
	over = 0;
	mail_world_begin();
	for (unsigned i = 1; i <= 3; i++)
		mail_world_account(i);
	open_session(&quiet, 1);
	open_session(&revoked, 2);
	open_session(&busy, 3);
	return 0;
}

static int end(void **state)
{
	(void)state;
	mail_session_close(&quiet.session);
	mail_session_close(&revoked.session);
	mail_session_close(&busy.session);
	mail_world_end();
	return 0;
}

/* The one before stops; its successor gets what it has. `between` is what the successor hears first. */
static void pass(void (*between)(void))
{
	int pair[2];
	right_pass_gather();
	right_end_all();
	mail_world_settle();
	assert_int_equal(channel_pair(pair), 0);
	right_pass_receive(store_role.process, pair[1]);
	if (between)
		between();
	right_pass_send(store_role.process, pair[0], all_passed);
	mail_world_settle();
	assert_int_equal(over, 1);
}

static void a_session_notices_nothing(void **state)
{
	(void)state;
	watch(&quiet);
	right_pass_pause();
	ask(&quiet);
	mail_world_settle();
	assert_true(right_pass_is_quiet());
	assert_int_equal(quiet.answers, 0);
	pass(NULL);
	/* What waited in its channel is answered, and its watch goes on, with nothing told twice. */
	assert_int_equal(quiet.answers, 1);
	assert_int_equal(quiet.changes, 0);
	assert_int_not_equal(mail_world_deliver(1, "Subject: x\n\nx\n"), 0);
	mail_world_settle();
	assert_int_equal(quiet.changes, 1);
	assert_int_equal(quiet.losses, 0);
}

static void what_happened_meanwhile_is_told(void **state)
{
	(void)state;
	watch(&quiet);
	right_pass_pause();
	right_pass_gather();
	right_end_all();
	mail_world_settle();
	assert_int_not_equal(mail_world_deliver(1, "Subject: x\n\nx\n"), 0);
	int pair[2];
	assert_int_equal(channel_pair(pair), 0);
	right_pass_receive(store_role.process, pair[1]);
	right_pass_send(store_role.process, pair[0], all_passed);
	mail_world_settle();
	assert_int_equal(quiet.changes, 1);
}

/* So much was noted that the channel is full: that there was more is told, though by the successor. */
static void notes_that_were_left_out_are_told_as_such(void **state)
{
	enum { NOTES = 40000 /* of some 40 octets: more than the sockets and the channel take */ };
	const struct note note = {
	    .shard = test_account(1), .mailbox = MAILBOX_INBOX, .name = VIEW("/shared/colour")};
	(void)state;
	account_client_ask(
	    &quiet.session.client, WATCH, MAIL_WATCH, &(struct mail_watch){.modseq = 0, .notes = 1});
	mail_world_settle();
	for (unsigned i = 0; i < NOTES; i++)
		noted_tell(NULL, &note);
	right_pass_pause();
	assert_true(right_pass_is_quiet());
	pass(NULL);
	assert_int_equal(quiet.losses, 0);
	assert_true(quiet.notes > 1 && quiet.notes < NOTES);
	assert_int_equal(quiet.unnamed, 1);
}

static void one_with_something_under_way_ends(void **state)
{
	(void)state;
	const struct mail_upload piece = {.upload = 1, .bytes = VIEW("half a message")};
	account_client_ask(&busy.session.client, 5, MAIL_UPLOAD, &piece);
	mail_world_settle();
	right_pass_pause();
	assert_false(right_pass_is_quiet());
	pass(NULL);
	assert_int_equal(busy.losses, 1);
	assert_int_equal(quiet.losses + revoked.losses, 0);
}

static void revoke_second(void)
{
	right_pass_revoke(test_account(2), 0);
}

static void one_that_was_revoked_meanwhile_ends(void **state)
{
	(void)state;
	right_pass_pause();
	pass(revoke_second);
	assert_int_equal(revoked.losses, 1);
	assert_int_equal(quiet.losses + busy.losses, 0);
	ask(&busy);
	mail_world_settle();
	assert_int_equal(busy.answers, 1);
}

static void without_a_successor_all_end(void **state)
{
	(void)state;
	int pair[2];
	right_pass_pause();
	right_pass_gather();
	right_end_all();
	assert_int_equal(channel_pair(pair), 0);
	close(pair[1]);
	right_pass_send(store_role.process, pair[0], all_passed);
	mail_world_settle();
	assert_int_equal(over, 1);
	assert_int_equal(quiet.losses + revoked.losses + busy.losses, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(a_session_notices_nothing, begin, end),
	    cmocka_unit_test_setup_teardown(what_happened_meanwhile_is_told, begin, end),
	    cmocka_unit_test_setup_teardown(notes_that_were_left_out_are_told_as_such, begin, end),
	    cmocka_unit_test_setup_teardown(one_with_something_under_way_ends, begin, end),
	    cmocka_unit_test_setup_teardown(one_that_was_revoked_meanwhile_ends, begin, end),
	    cmocka_unit_test_setup_teardown(without_a_successor_all_end, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
