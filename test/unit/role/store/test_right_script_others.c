/* What rules did, would do, and answered of another's mail: a channel that is given the other's numbers is
 * told nothing of it, changes nothing, and runs none of the other's scripts. */
#include <errno.h>
#include <string.h>

#include "account/marks.h"
#include "account/messages.h"
#include "account/scripts.h"
#include "base/clock.h"
#include "base/cursor.h"
#include "role/store/right.h"
#include "script_session.h"
#include "../../account/support.h"
#include "../../unit.h"

enum { ALICE = 1, BOB = 2, MESSAGES = 3, BEGUN = 77 };

static struct script_session alice, bob, server;
static uint32_t private;          /* a mailbox of alice, with a number that bob has no mailbox of */
static uint64_t emails[MESSAGES]; /* of alice, in it */
static uint64_t shared;           /* an email of bob */

/* ---- the world ---- */

static struct view message = {"Subject: secret\r\n\r\ntext\r\n", 25};

struct listing {
	struct account_list list;
	struct account_listed messages[MESSAGES];
	bool done;
};

static void listed(struct account_list *l, int result)
{
	assert_int_equal(result, 0);
	((struct listing *)l->arg)->done = true;
}

static uint64_t email_of(unsigned account, uint32_t mailbox, uint32_t uid)
{
	struct listing l = {.list = {.shard = test_account(account),
	                        .mailbox = mailbox,
	                        .first = uid,
	                        .last = uid,
	                        .room = MESSAGES,
	                        .done = listed}};
	l.list.messages = l.messages;
	l.list.arg = &l;
	account_list(&store_role.accounts, &l.list);
	test_wait(store_role.store, &l.done);
	assert_int_equal(l.list.count, 1);
	return l.messages[0].emailid;
}

static struct account_mark mark;
static bool committed;

static int run_mark(struct txn *t, void *arg)
{
	(void)arg;
	return marks_set(t, test_account(ALICE), &mark);
}

static void mark_done(struct store_commit *commit, int result)
{
	(void)commit;
	assert_int_equal(result, 0);
	committed = true;
}

/* Alice has answered joe, by her setting for out of office. */
static void answer_joe(void)
{
	struct vacation setting = {.begun = BEGUN};
	char handle[VACATION_HANDLE_SIZE + 1] = "=";
	struct store_commit commit = {.run = run_mark, .done = mark_done};
	vacation_handle(&setting, handle + 1);
	mark = (struct account_mark){.kind = MARK_ANSWERED,
	    .handle = view_from_string(handle),
	    .who = VIEW("joe@else.test"),
	    .since = clock_wall(),
	    .until = clock_wall() + 3600};
	committed = false;
	store_commit(store_role.store, &commit);
	test_wait(store_role.store, &committed);
}

static int64_t set_vacation(struct script_session *s, struct view text)
{
	return script_ask(s, VACATION_SET,
	    &(struct vacation_setting){
	        .enabled = 1, .begun = BEGUN, .period = VACATION_PERIOD_USUAL, .text = text});
}

static int64_t note(struct script_session *s, uint64_t email, struct view rule)
{
	char places[16] = {0};
	places[3] = (char)private;
	places[11] = 1;
	return script_ask(s, SCRIPT_NOTE,
	    &(struct script_note){.email = email,
	        .action = 5,
	        .kind = SCRIPT_FILES,
	        .rule_name = rule,
	        .places = view_of(places, sizeof places)});
}

static int64_t put(struct script_session *s, struct view name, struct view text, bool active)
{
	script_send(s, SCRIPT_PIECE, &(struct script_piece){.bytes = text});
	return script_ask(s, SCRIPT_PUT, &(struct script_put){.name = name, .activate = active});
}

static int64_t try(struct script_session *s, struct view text, uint64_t mailbox)
{
	script_send(s, SCRIPT_PIECE, &(struct script_piece){.bytes = text});
	return script_ask(s, SCRIPT_TRY, &(struct script_try){.mailbox = mailbox});
}

static int64_t try_emails(struct script_session *s, struct view text, const uint64_t *ids, size_t count)
{
	struct buf numbers;
	buf_init(&numbers, 8 * MESSAGES);
	for (size_t i = 0; i < count; i++)
		buf_append_u64(&numbers, ids[i]);
	script_send(s, SCRIPT_PIECE, &(struct script_piece){.bytes = text});
	int64_t error = script_ask(s, SCRIPT_TRY, &(struct script_try){.emails = buf_view(&numbers)});
	buf_done(&numbers);
	return error;
}

static int64_t filed(struct script_session *s, uint64_t email)
{
	return script_ask(s, SCRIPT_FILED, &(struct script_filed){.email = email});
}

static int begin(void **state)
{
	(void)state;
	mail_world_begin();
	script_world_begin();
	mail_world_account(ALICE);
	mail_world_account(BOB);
	script_session_open(&alice, test_account(ALICE), RIGHT_MAIL | RIGHT_SCRIPTS);
	script_session_open(&bob, test_account(BOB), RIGHT_MAIL | RIGHT_SCRIPTS);
	script_session_open(&server, ACCOUNT_SERVER, RIGHT_SCRIPTS);
	assert_int_equal(script_ask(&alice, MAIL_CREATE, &(struct mail_create){.path = VIEW("Private")}), 0);
	private = (uint32_t)alice.end.number;
	shared = email_of(BOB, MAILBOX_INBOX, mail_world_put(BOB, MAILBOX_INBOX, 0, 0, message));
	for (size_t i = 0; i < MESSAGES; i++) {
		emails[i] = email_of(ALICE, private, mail_world_put(ALICE, private, 0, 0, message));
		assert_int_equal(note(&alice, emails[i], VIEW("alice's")), 0);
	}
	assert_int_equal(put(&alice, VIEW("secret"), VIEW("discard;"), true), 0);
	assert_int_equal(set_vacation(&alice, VIEW("in Lviv")), 0);
	answer_joe();
	return 0;
}

/* Alice has all that she had, whatever others have asked. */
static int end(void **state)
{
	(void)state;
	assert_int_equal(filed(&alice, 0), 0);
	assert_string_equal(alice.told, "alice's, alice's, alice's");
	assert_int_equal(script_ask(&alice, VACATION_GET, &(struct vacation_get){0}), 0);
	assert_string_equal(alice.told, "in Lviv");
	assert_int_equal(script_ask(&alice, VACATION_ANSWERED, &(struct vacation_answered){0}), 0);
	assert_string_equal(alice.told, "joe@else.test");
	assert_int_equal(script_ask(&alice, SCRIPT_LIST, &(struct script_list){0}), 0);
	assert_string_equal(alice.names, "secret*");
	assert_int_equal(try(&alice, VIEW("keep;"), private), 0);
	assert_int_equal(alice.deeds, MESSAGES);
	script_session_close(&alice);
	script_session_close(&bob);
	script_session_close(&server);
	script_world_end();
	mail_world_end();
	return 0;
}

/* ---- tests ---- */

static void what_was_done(void **state)
{
	struct script_session *others[] = {&bob, &server};
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		for (size_t m = 0; m < MESSAGES; m++) {
			assert_int_equal(filed(others[i], emails[m]), 0);
			assert_int_equal(others[i]->deeds, 0);
		}
		assert_int_equal(filed(others[i], 0), 0);
		assert_int_equal(others[i]->deeds, 0);
	}
}

/* A note is kept with an email of one's own, even if the other has one of the same number. */
static void what_is_noted(void **state)
{
	(void)state;
	for (size_t m = 0; m < MESSAGES; m++) {
		assert_int_equal(note(&bob, emails[m], VIEW("bob's")), emails[m] == shared ? 0 : -ENOENT);
		assert_int_equal(note(&server, emails[m], VIEW("the server's")), -ENOENT);
	}
	assert_int_equal(note(&bob, shared, VIEW("bob's")), 0);
	assert_int_equal(filed(&bob, 0), 0);
	assert_string_equal(bob.told, "bob's");
	assert_int_equal(filed(&server, 0), 0);
	assert_int_equal(server.deeds, 0);
}

/* A trial sees the own mailbox of a number, and includes no script of the other. */
static void what_would_be_done(void **state)
{
	(void)state;
	assert_int_equal(try(&bob, VIEW("keep;"), private), -ENOENT);
	assert_int_equal(bob.deeds, 0);
	assert_int_equal(try(&bob, VIEW("keep;"), MAILBOX_INBOX), 0);
	assert_string_equal(bob.told, "keeps");
	assert_int_equal(try(&bob, VIEW("require \"include\"; include \"secret\";"), MAILBOX_INBOX), 0);
	assert_string_equal(bob.told, "failed");
	assert_int_equal(
	    try(&bob, VIEW("require \"include\"; include :optional \"secret\";"), MAILBOX_INBOX), 0);
	assert_string_equal(bob.told, "keeps");
	assert_int_equal(try(&server, VIEW("keep;"), private), -ENOENT);
	assert_int_equal(server.deeds, 0);
	/* By ids: each has its own emails of these numbers alone, and what is not there is passed over. */
	assert_int_equal(try_emails(&alice, VIEW("discard;"), emails, MESSAGES), 0);
	assert_int_equal(alice.deeds, MESSAGES);
	assert_int_equal(try_emails(&bob, VIEW("keep;"), emails, MESSAGES), 0);
	assert_int_equal(
	    bob.deeds, (size_t)(emails[0] == shared) + (emails[1] == shared) + (emails[2] == shared));
	assert_int_equal(try_emails(&bob, VIEW("keep"), &shared, 1), -ENOEXEC);
	assert_int_equal(try_emails(&bob, VIEW("keep;"), &shared, 1), 0);
	assert_string_equal(bob.told, "keeps");
}

static void who_is_away(void **state)
{
	struct script_get get = {.place = SCRIPT_AWAY, .name = SCRIPT_AWAY_NAME};
	struct script_activate off = {.place = SCRIPT_AWAY};
	(void)state;
	assert_int_equal(script_ask(&bob, VACATION_GET, &(struct vacation_get){0}), 0);
	assert_int_equal(bob.settings, 0);
	assert_int_equal(script_ask(&bob, SCRIPT_GET, &get), -ENOENT);
	assert_int_equal(bob.pieces, 0);
	assert_int_equal(script_ask(&bob, VACATION_ANSWERED, &(struct vacation_answered){.all = 1}), 0);
	assert_int_equal(bob.persons, 0);
	/* Not under the handle of the other's setting, either. */
	assert_int_equal(set_vacation(&bob, VIEW("at home")), 0);
	assert_int_equal(script_ask(&bob, VACATION_GET, &(struct vacation_get){0}), 0);
	assert_string_equal(bob.told, "at home");
	assert_int_equal(script_ask(&bob, VACATION_ANSWERED, &(struct vacation_answered){0}), 0);
	assert_int_equal(bob.persons, 0);
	assert_int_equal(script_ask(&bob, SCRIPT_ACTIVATE, &off), 0);
	assert_int_equal(script_ask(&server, VACATION_GET, &(struct vacation_get){0}), -EINVAL);
	assert_int_equal(
	    script_ask(&server, VACATION_ANSWERED, &(struct vacation_answered){.all = 1}), -EINVAL);
	assert_int_equal(set_vacation(&server, VIEW("closed")), -EINVAL);
	assert_int_equal(script_ask(&server, SCRIPT_GET, &get), -EINVAL);
	assert_int_equal(server.settings + server.persons + server.pieces, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(what_was_done, begin, end),
	    cmocka_unit_test_setup_teardown(what_is_noted, begin, end),
	    cmocka_unit_test_setup_teardown(what_would_be_done, begin, end),
	    cmocka_unit_test_setup_teardown(who_is_away, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
