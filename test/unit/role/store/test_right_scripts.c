/* What an administrator's channel may ask of scripts: those of its own account, or the server's, and no
 * others. */
#include <errno.h>
#include <string.h>

#include "account/scripts.h"
#include "role/store/right.h"
#include "script_session.h"
#include "../../account/support.h"
#include "../../unit.h"

static struct script_session alice, bob, server;

static const char *list(struct script_session *s)
{
	assert_int_equal(script_ask(s, SCRIPT_LIST, &(struct script_list){0}), 0);
	return s->names;
}

static int begin(void **state)
{
	(void)state;
	mail_world_begin();
	script_world_begin();
	for (unsigned i = 1; i <= 2; i++)
		mail_world_account(i);
	script_session_open(&alice, test_account(1), RIGHT_SCRIPTS);
	script_session_open(&bob, test_account(2), RIGHT_MAIL | RIGHT_SCRIPTS);
	script_session_open(&server, ACCOUNT_SERVER, RIGHT_SCRIPTS);
	return 0;
}

static int end(void **state)
{
	(void)state;
	script_session_close(&alice);
	script_session_close(&bob);
	script_session_close(&server);
	script_world_end();
	mail_world_end();
	return 0;
}

/* ---- tests ---- */

static void test_one_account(void **state)
{
	(void)state;
	assert_string_equal(list(&alice), "");
	uint64_t number = script_put_raw(test_account(1), SCRIPT_OWN, "main", VIEW("keep;"));
	script_put_raw(test_account(1), SCRIPT_OWN, "away", VIEW("stop;"));
	assert_int_equal(
	    script_ask(&alice, SCRIPT_ACTIVATE, &(struct script_activate){.name = VIEW("main")}), 0);
	assert_int_equal(alice.end.number, 0);
	assert_string_equal(list(&alice), "away main*");
	assert_int_equal(alice.end.number, number);
	assert_int_equal(alice.end.messages, 2);
	assert_int_equal(alice.end.uidnext, 10);

	assert_int_equal(script_ask(&alice, SCRIPT_GET, &(struct script_get){.number = number}), 0);
	assert_string_equal(alice.names, "main*");
	assert_int_equal(alice.entry.size, 5);
	assert_string_equal(buf_string(&alice.text), "keep;");

	assert_int_equal(
	    script_ask(&alice, SCRIPT_REMOVE, &(struct script_remove){.number = number}), -EBUSY);
	assert_int_equal(
	    script_ask(&alice, SCRIPT_RENAME, &(struct script_rename){.number = number, .to = VIEW("away")}),
	    -EEXIST);
	assert_int_equal(
	    script_ask(&alice, SCRIPT_RENAME, &(struct script_rename){.number = number, .to = VIEW("a/b")}),
	    -EINVAL);
	assert_int_equal(
	    script_ask(&alice, SCRIPT_RENAME, &(struct script_rename){.number = number, .to = VIEW("first")}),
	    0);
	assert_string_equal(list(&alice), "away first*");
	assert_int_equal(script_ask(&alice, SCRIPT_ACTIVATE, &(struct script_activate){0}), 0);
	assert_int_equal(alice.end.number, number);
	assert_int_equal(script_ask(&alice, SCRIPT_REMOVE, &(struct script_remove){.number = number}), 0);
	assert_string_equal(list(&alice), "away");

	struct script_space space = {.name = VIEW("new"), .size = SCRIPT_SIZE_MAX};
	assert_int_equal(script_ask(&alice, SCRIPT_SPACE, &space), 0);
	space.size++;
	assert_int_equal(script_ask(&alice, SCRIPT_SPACE, &space), -EFBIG);
	space.name = VIEW("..");
	space.size = 1;
	assert_int_equal(script_ask(&alice, SCRIPT_SPACE, &space), -EINVAL);
}

/* Who follows the scripts is told what was made, changed, and is gone. */
static void test_changed(void **state)
{
	(void)state;
	uint64_t first = script_put_raw(test_account(1), SCRIPT_OWN, "a", VIEW("keep;"));
	list(&alice);
	struct script_changes since = {.since = alice.end.modseq};
	script_put_raw(test_account(1), SCRIPT_OWN, "b", VIEW("keep;"));
	assert_int_equal(script_ask(&alice, SCRIPT_CHANGES, &since), 0);
	assert_string_equal(alice.names, "b");
	assert_string_equal(alice.gone, "");
	assert_int_equal(
	    script_ask(&alice, SCRIPT_ACTIVATE, &(struct script_activate){.name = VIEW("b")}), 0);
	assert_int_equal(script_ask(&alice, SCRIPT_REMOVE, &(struct script_remove){.number = first}), 0);
	assert_int_equal(script_ask(&alice, SCRIPT_CHANGES, &since), 0);
	assert_string_equal(alice.names, "b*");
	assert_string_equal(alice.gone, "1 ");
	since.since = alice.end.modseq;
	assert_int_equal(script_ask(&alice, SCRIPT_CHANGES, &since), 0);
	assert_string_equal(alice.names, "");
	assert_string_equal(alice.gone, "");
	assert_int_equal(alice.end.modseq, since.since);
	since.since = 1 << 20;
	assert_int_equal(script_ask(&alice, SCRIPT_CHANGES, &since), -ESTALE);
	assert_int_equal(script_ask(&bob, SCRIPT_CHANGES, &(struct script_changes){.since = 1}), 0);
	assert_string_equal(bob.names, "");
	assert_int_equal(script_ask(&server, SCRIPT_CHANGES, &(struct script_changes){.since = 1}), -EINVAL);
}

static void test_large_text(void **state)
{
	static char text[SCRIPT_SIZE_MAX];
	(void)state;
	for (size_t i = 0; i < sizeof text; i++)
		text[i] = (char)('a' + i % 23);
	script_put_raw(test_account(1), SCRIPT_OWN, "large", view_of(text, sizeof text));
	assert_int_equal(script_ask(&alice, SCRIPT_GET, &(struct script_get){.name = VIEW("large")}), 0);
	assert_int_equal(alice.pieces, sizeof text / SCRIPT_PIECE_MAX);
	assert_int_equal(alice.lasts, 1);
	assert_true(view_equal(buf_view(&alice.text), view_of(text, sizeof text)));
	script_put_raw(test_account(1), SCRIPT_OWN, "empty", VIEW(""));
	assert_int_equal(script_ask(&alice, SCRIPT_GET, &(struct script_get){.name = VIEW("empty")}), 0);
	assert_int_equal(alice.pieces, 1);
	assert_int_equal(alice.lasts, 1);
}

/* Every question, with the numbers and names of somebody else's scripts: as if there were none. */
static void test_isolation(void **state)
{
	(void)state;
	script_put_raw(test_account(1), SCRIPT_OWN, "secret of alice", VIEW("keep;"));
	uint64_t number = script_put_raw(test_account(1), SCRIPT_OWN, "second", VIEW("keep;"));
	script_put_raw(ACCOUNT_SERVER, SCRIPT_BEFORE, "spam", VIEW("keep;"));
	assert_string_equal(list(&bob), "");
	struct view names[] = {VIEW("secret of alice"), VIEW("second"), VIEW("")};
	for (size_t i = 0; i < 3; i++) {
		uint64_t by = view_empty(names[i]) ? number : 0;
		assert_int_equal(
		    script_ask(&bob, SCRIPT_GET, &(struct script_get){.number = by, .name = names[i]}),
		    -ENOENT);
		assert_string_equal(bob.names, "");
		assert_int_equal(bob.pieces, 0);
		assert_int_equal(script_ask(&bob, SCRIPT_ACTIVATE,
		                     &(struct script_activate){.number = by, .name = names[i]}),
		    -ENOENT);
		assert_int_equal(
		    script_ask(&bob, SCRIPT_REMOVE, &(struct script_remove){.number = by, .name = names[i]}),
		    -ENOENT);
		assert_int_equal(
		    script_ask(&bob, SCRIPT_RENAME,
		        &(struct script_rename){.number = by, .name = names[i], .to = VIEW("mine")}),
		    -ENOENT);
	}
	/* The server's are in no place of an account's. */
	for (uint64_t place = SCRIPT_BEFORE; place <= SCRIPT_GLOBAL; place++) {
		struct script_get get = {.place = place, .name = VIEW("spam")};
		struct script_remove gone = {.place = place, .name = VIEW("spam")};
		struct script_rename rename = {.place = place, .name = VIEW("spam"), .to = VIEW("x")};
		struct script_space space = {.place = place, .name = VIEW("spam"), .size = 1};
		assert_int_equal(script_ask(&bob, SCRIPT_GET, &get), -EINVAL);
		assert_int_equal(script_ask(&bob, SCRIPT_REMOVE, &gone), -EINVAL);
		assert_int_equal(script_ask(&bob, SCRIPT_RENAME, &rename), -EINVAL);
		assert_int_equal(script_ask(&bob, SCRIPT_SPACE, &space), -EINVAL);
	}
	assert_string_equal(list(&alice), "second secret of alice");
	assert_string_equal(list(&server), "spam");
}

static void test_server(void **state)
{
	(void)state;
	assert_string_equal(list(&server), "");
	script_put_raw(ACCOUNT_SERVER, SCRIPT_GLOBAL, "lists", VIEW("stop;"));
	script_put_raw(ACCOUNT_SERVER, SCRIPT_BEFORE, "spam", VIEW("keep;"));
	assert_string_equal(list(&server), "spam lists");
	assert_int_equal(server.entry.place, SCRIPT_GLOBAL);
	struct script_get get = {.place = SCRIPT_GLOBAL, .name = VIEW("lists")};
	assert_int_equal(script_ask(&server, SCRIPT_GET, &get), 0);
	assert_string_equal(buf_string(&server.text), "stop;");
	get.place = SCRIPT_AFTER;
	assert_int_equal(script_ask(&server, SCRIPT_GET, &get), -ENOENT);
	get.place = SCRIPT_OWN;
	assert_int_equal(script_ask(&server, SCRIPT_GET, &get), -EINVAL);
	assert_int_equal(
	    script_ask(&server, SCRIPT_ACTIVATE, &(struct script_activate){.name = VIEW("spam")}), -EINVAL);
}

/* Without the permission the channel ends. */
static void test_permission(void **state)
{
	struct script_session other;
	(void)state;
	script_session_open(&other, test_account(1), RIGHT_MAIL);
	ipc_send(&other.link.channel, SCRIPT_LIST, 1, &(struct script_list){0}, -1);
	script_world_settle();
	assert_true(other.lost);
	assert_false(other.done);
	script_session_close(&other);
	script_session_open(&other, ACCOUNT_SERVER, RIGHT_SCRIPTS);
	ipc_send(&other.link.channel, MAIL_MAILBOXES, 1, &(struct mail_mailboxes){0}, -1);
	script_world_settle();
	assert_true(other.lost);
	script_session_close(&other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_one_account, begin, end),
	    cmocka_unit_test_setup_teardown(test_changed, begin, end),
	    cmocka_unit_test_setup_teardown(test_large_text, begin, end),
	    cmocka_unit_test_setup_teardown(test_isolation, begin, end),
	    cmocka_unit_test_setup_teardown(test_server, begin, end),
	    cmocka_unit_test_setup_teardown(test_permission, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
