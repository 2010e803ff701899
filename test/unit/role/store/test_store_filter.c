/* Store's end of the rules role, which is played here: what is believed of what it says, and who pays when it
 * ends. */
#include <errno.h>
#include <string.h>

#include "account/scripts.h"
#include "mail/script.h"
#include "master/roles.h"
#include "role/store/rules_state.h"
#include "role/store/store_filter.h"
#include "role/store/store_rules.h"
#include "script_session.h"
#include "../../account/support.h"
#include "../../unit.h"

enum { ACCOUNTS = 3, PIECE = 128 * 1024 };

static struct {
	struct link link; /* the role's end */
	bool up;
	size_t runs; /* that have come since it began */
	uint32_t requests[ACCOUNTS];
	uint64_t accounts[ACCOUNTS];
} role;

static struct filter_mail mail;
static struct filter *filters[ACCOUNTS];
static bool done[ACCOUNTS];

/* ---- the role ---- */

static void on_run(struct link *link, struct channel_frame *frame, const void *message)
{
	const struct message_rules_run *m = message;
	(void)link;
	assert_in_range(role.runs, 0, ACCOUNTS - 1);
	assert_true(m->last);
	role.requests[role.runs] = frame->request;
	role.accounts[role.runs++] = m->account;
}

static void on_answer(struct link *link, struct channel_frame *frame, const void *message)
{
	(void)link;
	(void)frame;
	(void)message;
	fail();
}

static const struct link_verb verbs[] = {{MESSAGE_RULES_COMPILE, on_answer}, {MESSAGE_RULES_RUN, on_run},
    {MESSAGE_RULES_PIECE, on_answer}, {MESSAGE_RULES_ANSWER, on_answer}, {0}};
static const struct role_hears hears[] = {{ROLE_STORE, verbs}, {0}};
static const struct role_functions functions = {.hears = hears};
static const struct role rules_role = {ROLE_RULES, "rules", .functions = &functions};
static struct role_process process;

static void settle(void)
{
	for (int i = 0; i < 10; i++) {
		mail_world_settle();
		loop_turn(&process.loop);
	}
}

static void closed(struct link *link)
{
	(void)link;
	role.up = false;
}

static void role_begins(void)
{
	int pair[2];
	assert_int_equal(channel_pair(pair), 0);
	role.runs = 0;
	role.up = true;
	link_open(&role.link, &process, pair[0], ROLE_STORE, closed, NULL);
	store_rules_open(store_role.process, pair[1]);
	filter_rules_up();
	settle();
}

static void role_ends(void)
{
	link_close(&role.link);
	role.up = false;
	settle();
}

static void say(size_t run, unsigned type, const void *message)
{
	assert_int_equal(ipc_send(&role.link.channel, type, role.requests[run], message, -1), 0);
}

static void keep(size_t run)
{
	struct message_rules_action action = {.kind = RULES_KEEP};
	say(run, MESSAGE_RULES_DONE, &(struct message_rules_done){.actions = {&action, 1}});
	settle();
}

/* ---- the world ---- */

static void was_filtered(struct filter *f)
{
	for (size_t i = 0; i < ACCOUNTS; i++)
		if (filters[i] == f)
			done[i] = true;
}

static int begin(void **state)
{
	(void)state;
	memset(&role, 0, sizeof role);
	memset(done, 0, sizeof done);
	memset(filters, 0, sizeof filters);
	memset(&process, 0, sizeof process);
	process.role = &rules_role;
	process.introduced.fd = -1;
	mail_world_begin();
	loop_init(&process.loop);
	calls_init(store_rules_calls());
	for (unsigned i = 1; i <= ACCOUNTS; i++)
		mail_world_account(i);
	/* A script of the server's runs for everybody. */
	script_put_raw(ACCOUNT_SERVER, SCRIPT_BEFORE, "all", VIEW("keep;"));
	rules_state_changed(ACCOUNT_SERVER);
	mail = (struct filter_mail){.bytes = VIEW("Subject: x\r\n\r\nx\r\n"), .size = 17, .now = 1};
	role_begins();
	return 0;
}

static int end(void **state)
{
	(void)state;
	for (size_t i = 0; i < ACCOUNTS; i++)
		filter_free(filters[i]);
	settle();
	link_close(&role.link);
	store_rules_stop();
	rules_state_forget_all();
	loop_done(&process.loop);
	mail_world_end();
	return 0;
}

static void filter_mail_of(size_t i)
{
	struct filter *f = filters[i] = filter_new();
	f->mail = &mail;
	f->account = test_account((unsigned)i + 1);
	f->recipient = VIEW("alice@example.test");
	f->mailbox = VIEW("INBOX");
	f->done = was_filtered;
	filter_begin(f);
	settle();
}

static void a_run_that_keeps(void **state)
{
	(void)state;
	filter_mail_of(0);
	assert_int_equal(role.runs, 1);
	assert_int_equal(role.accounts[0], test_account(1));
	keep(0);
	assert_true(done[0] && filters[0]->any);
	assert_null(filters[0]->failed);
	assert_int_equal(filters[0]->action_count, 1);
}

/* Five versions of a message of 1 MB find no room together. The fifth lacks pieces from its midst, though its
 * last one, which is small, would fit again. */
static void a_version_with_a_hole_is_none(void **state)
{
	(void)state;
	static char bytes[PIECE];
	struct message_rules_action actions[5];
	filter_mail_of(0);
	for (uint64_t of = 0; of < 5; of++) {
		for (int i = 0; i < 7; i++)
			say(0, MESSAGE_RULES_BYTES,
			    &(struct message_rules_bytes){
			        .edited = true, .of = of, .bytes = view_of(bytes, sizeof bytes)});
		say(0, MESSAGE_RULES_BYTES,
		    &(struct message_rules_bytes){
		        .edited = true, .of = of, .last = true, .bytes = view_of(bytes, 1000)});
		actions[of] = (struct message_rules_action){.kind = RULES_KEEP, .version = of + 1};
		settle();
	}
	say(0, MESSAGE_RULES_DONE, &(struct message_rules_done){.actions = {actions, 5}, .versions = 5});
	settle();
	assert_true(done[0]);
	assert_non_null(filters[0]->failed);
	assert_int_equal(filters[0]->version_count, 0);
	assert_int_equal(filters[0]->action_count, 0);
}

/* The same of a message that is to be sent: an answer of more than 1 MB, and many that are too much together.
 */
static void an_answer_with_a_hole_is_none(void **state)
{
	(void)state;
	static char bytes[100000];
	struct message_rules_action notify[2] = {
	    {.kind = RULES_KEEP}, {.kind = RULES_NOTIFY, .composed = true}};
	filter_mail_of(0);
	for (int i = 0; i < 11; i++)
		say(0, MESSAGE_RULES_BYTES,
		    &(struct message_rules_bytes){.of = 1, .bytes = view_of(bytes, sizeof bytes)});
	say(0, MESSAGE_RULES_BYTES,
	    &(struct message_rules_bytes){.of = 1, .last = true, .bytes = view_of(bytes, 1000)});
	say(0, MESSAGE_RULES_DONE, &(struct message_rules_done){.actions = {notify, 2}});
	settle();
	assert_true(done[0]);
	assert_non_null(filters[0]->failed);
	assert_int_equal(filters[0]->composed_count, 0);
}

static void answers_have_room_for_some_alone(void **state)
{
	(void)state;
	static char bytes[100000];
	struct message_rules_action notify[5] = {{.kind = RULES_KEEP}};
	filter_mail_of(0);
	for (uint64_t of = 0; of < 5; of++) {
		notify[of] = (struct message_rules_action){.kind = RULES_NOTIFY, .composed = true};
		for (int i = 0; i < 9; i++)
			say(0, MESSAGE_RULES_BYTES,
			    &(struct message_rules_bytes){
			        .of = of, .last = i == 8, .bytes = view_of(bytes, sizeof bytes)});
		settle();
	}
	say(0, MESSAGE_RULES_DONE, &(struct message_rules_done){.actions = {notify, 5}});
	settle();
	assert_true(done[0]);
	assert_non_null(filters[0]->failed);
}

/* Whose message it was shows when each is tried alone: the others get what their rules say. */
static void a_message_that_ends_the_role_takes_no_other_with_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < ACCOUNTS; i++)
		filter_mail_of(i);
	assert_int_equal(role.runs, 3);
	role_ends();
	unsigned alone = 0;
	for (unsigned turn = 0; turn < 2 * ACCOUNTS && !(done[0] && done[1] && done[2]); turn++) {
		if (!role.up)
			role_begins();
		assert_int_equal(role.runs, 1);
		role.runs = 0;
		alone++;
		if (role.accounts[0] == test_account(2))
			role_ends();
		else
			keep(0);
	}
	assert_true(done[0] && done[1] && done[2]);
	assert_null(filters[0]->failed);
	assert_non_null(filters[1]->failed);
	assert_null(filters[2]->failed);
	assert_int_equal(alone, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(a_run_that_keeps, begin, end),
	    cmocka_unit_test_setup_teardown(a_version_with_a_hole_is_none, begin, end),
	    cmocka_unit_test_setup_teardown(an_answer_with_a_hole_is_none, begin, end),
	    cmocka_unit_test_setup_teardown(answers_have_room_for_some_alone, begin, end),
	    cmocka_unit_test_setup_teardown(a_message_that_ends_the_role_takes_no_other_with_it, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
