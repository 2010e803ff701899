/* Scripts are compiled by the real rules role and put down, or refused in words; and what store remembers of
 * whose rules run follows each of these. */
#include <errno.h>
#include <string.h>

#include "account/scripts.h"
#include "process/messages_rules.h"
#include "role/store/right.h"
#include "role/store/rules_state.h"
#include "script_session.h"
#include "store/store_twins.h"
#include "../../account/support.h"
#include "../../unit.h"

static struct script_session alice, bob, server;

static int begin_on(struct store *store)
{
	mail_world_begin_on(store);
	script_world_begin();
	for (unsigned i = 1; i <= 2; i++)
		mail_world_account(i);
	script_session_open(&alice, test_account(1), RIGHT_SCRIPTS);
	script_session_open(&bob, test_account(2), RIGHT_SCRIPTS);
	script_session_open(&server, ACCOUNT_SERVER, RIGHT_SCRIPTS);
	return 0;
}

static int begin(void **state)
{
	(void)state;
	return begin_on(store_memory());
}

static int begin_failing(void **state)
{
	(void)state;
	return begin_on(store_failing(store_memory()));
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

static void send_text(struct script_session *s, const char *text)
{
	struct view rest = view_from_string(text);
	for (; rest.len > 0; rest = view_skip(rest, SCRIPT_PIECE_MAX))
		script_send(
		    s, SCRIPT_PIECE, &(struct script_piece){.bytes = view_take(rest, SCRIPT_PIECE_MAX)});
}

static int64_t put(struct script_session *s, const char *name, const char *text)
{
	send_text(s, text);
	return script_ask(s, SCRIPT_PUT, &(struct script_put){.name = view_from_string(name)});
}

static int64_t put_at(struct script_session *s, uint64_t place, const char *name, const char *text)
{
	send_text(s, text);
	return script_ask(
	    s, SCRIPT_PUT, &(struct script_put){.place = place, .name = view_from_string(name)});
}

static const char *text_of(struct script_session *s, const char *name)
{
	assert_int_equal(script_ask(s, SCRIPT_GET, &(struct script_get){.name = view_from_string(name)}), 0);
	return buf_string(&s->text);
}

static int64_t activate(struct script_session *s, const char *name)
{
	return script_ask(s, SCRIPT_ACTIVATE, &(struct script_activate){.name = view_from_string(name)});
}

/* ---- putting ---- */

static void test_putting(void **state)
{
	(void)state;
	assert_int_equal(put(&alice, "main", "require \"fileinto\";\nfileinto \"a\";\n"), 0);
	assert_true(alice.end.number > 0);
	assert_string_equal(alice.complaints, "");
	assert_string_equal(text_of(&alice, "main"), "require \"fileinto\";\nfileinto \"a\";\n");

	/* What does not compile changes nothing. */
	assert_int_equal(put(&alice, "main", "keep;\nfileinto \"a\";\nif tru { stop; }\n"), -ENOEXEC);
	assert_int_equal(alice.complaint_count, 2);
	assert_non_null(strstr(alice.complaints, "2:1 "));
	assert_non_null(strstr(alice.complaints, "3:4 "));
	assert_string_equal(text_of(&alice, "main"), "require \"fileinto\";\nfileinto \"a\";\n");
	assert_int_equal(put(&alice, "other", "if"), -ENOEXEC);
	assert_int_equal(script_ask(&alice, SCRIPT_LIST, &(struct script_list){0}), 0);
	assert_string_equal(alice.names, "main");

	/* Names and places are looked at before it is compiled. */
	assert_int_equal(put(&alice, "a/b", "if"), -EINVAL);
	assert_string_equal(alice.complaints, "");
	assert_int_equal(put_at(&alice, SCRIPT_BEFORE, "main", "keep;"), -EINVAL);
	assert_int_equal(put(&server, "main", "keep;"), -EINVAL);
	send_text(&alice, "keep;");
	assert_int_equal(
	    script_ask(&alice, SCRIPT_PUT, &(struct script_put){.how = SCRIPT_NEW, .name = VIEW("main")}),
	    -EEXIST);
	send_text(&alice, "stop;");
	assert_int_equal(
	    script_ask(&alice, SCRIPT_PUT, &(struct script_put){.activate = 1, .name = VIEW("new")}), 0);
	assert_int_equal(script_ask(&alice, SCRIPT_LIST, &(struct script_list){0}), 0);
	assert_string_equal(alice.names, "main new*");
}

/* A text is the next question's, and no other's. */
static void test_pieces(void **state)
{
	static char large[SCRIPT_SIZE_MAX + 2];
	(void)state;
	script_send(&alice, SCRIPT_PIECE, &(struct script_piece){.bytes = VIEW("ke")});
	script_send(&bob, SCRIPT_PIECE, &(struct script_piece){.bytes = VIEW("st")});
	script_send(&alice, SCRIPT_PIECE, &(struct script_piece){.bytes = VIEW("ep;")});
	script_send(&bob, SCRIPT_PIECE, &(struct script_piece){.bytes = VIEW("op;")});
	assert_int_equal(script_ask(&alice, SCRIPT_CHECK, &(struct script_check){0}), 0);
	assert_int_equal(script_ask(&alice, SCRIPT_PUT, &(struct script_put){.name = VIEW("empty")}), 0);
	assert_string_equal(text_of(&alice, "empty"), "");
	assert_int_equal(script_ask(&bob, SCRIPT_PUT, &(struct script_put){.name = VIEW("a")}), 0);
	assert_string_equal(text_of(&bob, "a"), "stop;");

	memset(large, ' ', SCRIPT_SIZE_MAX + 1);
	assert_int_equal(put(&alice, "large", large), -EFBIG);
	large[SCRIPT_SIZE_MAX] = '\0';
	assert_int_equal(put(&alice, "large", large), 0);
	assert_int_equal(script_ask(&alice, SCRIPT_GET, &(struct script_get){.name = VIEW("large")}), 0);
	assert_int_equal(buf_view(&alice.text).len, SCRIPT_SIZE_MAX);

	/* Who sends a text and goes away leaves nothing behind: the leak check would see it. */
	struct script_session other;
	script_session_open(&other, test_account(1), RIGHT_SCRIPTS);
	send_text(&other, "keep;");
	script_session_close(&other);
}

/* Sessions that send texts and ask nothing do not fill the memory: the last ones are asked to wait. */
static void test_many_texts(void **state)
{
	enum { SESSIONS = 34 };
	static struct script_session many[SESSIONS];
	static char large[SCRIPT_SIZE_MAX + 1];
	unsigned taken = 0, refused = 0;
	(void)state;
	memset(large, ' ', SCRIPT_SIZE_MAX);
	for (size_t i = 0; i < SESSIONS; i++) {
		script_session_open(&many[i], test_account(1), RIGHT_SCRIPTS);
		send_text(&many[i], large);
		script_world_settle();
	}
	for (size_t i = SESSIONS; i-- > 0;) {
		int64_t result = script_ask(&many[i], SCRIPT_CHECK, &(struct script_check){0});
		assert_true(result == 0 || result == -EAGAIN);
		taken += result == 0;
		refused += result != 0;
	}
	assert_int_equal(taken, 32);
	assert_int_equal(refused, 2);
	for (size_t i = 0; i < SESSIONS; i++)
		script_session_close(&many[i]);
	assert_int_equal(put(&alice, "a", "keep;"), 0);
}

/* The role that compiles is away: it is waited for; its session ends meanwhile, or store does. */
static void test_without_rules(void **state)
{
	struct script_session other;
	(void)state;
	script_world_lose_rules();
	script_session_open(&other, test_account(1), RIGHT_SCRIPTS);
	send_text(&other, "keep;");
	script_send(&other, SCRIPT_CHECK, &(struct script_check){0});
	script_world_settle();
	assert_false(other.done);
	script_session_close(&other);
	send_text(&alice, "keep;");
	script_send(&alice, SCRIPT_PUT, &(struct script_put){.name = VIEW("a")});
	script_world_settle();
	assert_false(alice.done);
	script_world_rules();
	script_world_settle();
	assert_true(alice.done);
	assert_int_equal(alice.end.error, 0);
	script_world_lose_rules();
	send_text(&alice, "stop;");
	script_send(&alice, SCRIPT_PUT, &(struct script_put){.name = VIEW("a")});
	script_world_settle(); /* the tear-down finds it waiting */
}

static void test_stop(void **state)
{
	(void)state;
	script_world_lose_rules();
	send_text(&alice, "keep;");
	script_send(&alice, SCRIPT_CHECK, &(struct script_check){0});
	script_world_settle();
	/* The number of the question before. */
	assert_false(alice.done);
	script_stop(&alice);
	script_world_settle();
	assert_true(alice.done);
	assert_int_equal(alice.end.error, -ECANCELED);
	script_world_rules();
	assert_int_equal(put(&alice, "a", "keep;"), 0);
}

/* ---- what store remembers ---- */

static struct rules_state *asked;
static int ask_result;
static bool answered;

static void on_state(struct rules_state_question *q, int result)
{
	asked = result == 0 ? q->state : NULL;
	ask_result = result;
	answered = true;
}

/* "own:main before:spam", of the account's rules. */
static const char *rules_of(unsigned account)
{
	static const char *const kinds[] = {"before", "own", "away", "after", "tried"};
	static char text[4096];
	struct rules_state_question q = {.shard = test_account(account), .done = on_state};
	size_t at = 0;
	text[0] = '\0';
	answered = false;
	rules_state_ask(&q);
	while (!answered)
		script_world_settle();
	assert_int_equal(ask_result, 0);
	for (size_t i = 0; i < asked->count; i++) {
		const struct rules_program *p = &asked->programs[i];
		at += (size_t)snprintf(text + at, sizeof text - at, "%s%s:%.*s", at ? " " : "",
		    kinds[p->kind], VIEW_FMT(p->name));
		assert_int_equal((p->id & RULES_PROGRAM_SERVER) != 0,
		    p->kind == RULES_SERVER_BEFORE || p->kind == RULES_SERVER_AFTER);
	}
	rules_state_release(asked);
	return text;
}

/* Somebody else's script cannot be given another text, by its number or by its name. */
static void test_isolation(void **state)
{
	(void)state;
	assert_int_equal(put(&alice, "main", "keep;"), 0);
	struct script_put others = {.number = alice.end.number, .name = VIEW("main"), .activate = 1};
	for (others.how = SCRIPT_ANY; others.how <= SCRIPT_CHANGE; others.how++) {
		send_text(&bob, "stop;");
		assert_int_equal(script_ask(&bob, SCRIPT_PUT, &others), -ENOENT);
		send_text(&server, "stop;");
		assert_int_equal(
		    script_ask(&server, SCRIPT_PUT, &others), others.activate ? -EINVAL : -ENOENT);
	}
	send_text(&bob, "stop;");
	assert_int_equal(
	    script_ask(&bob, SCRIPT_PUT, &(struct script_put){.how = SCRIPT_CHANGE, .name = VIEW("main")}),
	    -ENOENT);
	assert_string_equal(text_of(&alice, "main"), "keep;");
	assert_string_equal(rules_of(1), "");
	assert_string_equal(rules_of(2), "");
}

/* ---- a store that fails ---- */

static const int errors[] = {-EIO, -ENOSPC, -EROFS, -EBADMSG};

/* Whatever fails, it is told, nothing changes, and the next time it goes well. */
static void test_faults(void **state)
{
	static const struct {
		enum store_fault fault;
		unsigned type;
	} rows[] = {{STORE_FAULT_COMMIT, SCRIPT_PUT}, {STORE_FAULT_COMMIT, SCRIPT_ACTIVATE},
	    {STORE_FAULT_COMMIT, SCRIPT_RENAME}, {STORE_FAULT_COMMIT, SCRIPT_REMOVE},
	    {STORE_FAULT_READ, SCRIPT_LIST}, {STORE_FAULT_READ, SCRIPT_GET},
	    {STORE_FAULT_BLOB_READ, SCRIPT_GET}, {STORE_FAULT_READ, SCRIPT_SPACE}};
	const struct script_put change = {.name = VIEW("b")};
	const struct script_activate on = {.name = VIEW("b")};
	const struct script_rename rename = {.name = VIEW("b"), .to = VIEW("c")};
	const struct script_remove gone = {.name = VIEW("b")};
	const struct script_get get = {.name = VIEW("b")};
	const struct script_space space = {.name = VIEW("x"), .size = 1};
	(void)state;
	assert_int_equal(put(&alice, "a", "keep;"), 0);
	assert_int_equal(put(&alice, "b", "keep;"), 0);
	assert_int_equal(activate(&alice, "a"), 0);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		for (size_t k = 0; k < sizeof errors / sizeof errors[0]; k++) {
			const void *question = rows[i].type == SCRIPT_PUT        ? (const void *)&change
			                       : rows[i].type == SCRIPT_ACTIVATE ? (const void *)&on
			                       : rows[i].type == SCRIPT_RENAME   ? (const void *)&rename
			                       : rows[i].type == SCRIPT_REMOVE   ? (const void *)&gone
			                       : rows[i].type == SCRIPT_SPACE    ? (const void *)&space
			                                                         : (const void *)&get;
			const struct script_list list = {0};
			if (rows[i].type == SCRIPT_PUT)
				send_text(&alice, "stop;");
			store_fail(store_role.store, rows[i].fault, 1, errors[k]);
			assert_int_equal(script_ask(&alice, rows[i].type,
			                     rows[i].type == SCRIPT_LIST ? (const void *)&list : question),
			    errors[k]);
			assert_false(store_fault_pending(store_role.store, rows[i].fault));
			assert_string_equal(text_of(&alice, "b"), "keep;");
			assert_string_equal(rules_of(1), "own:a");
		}
	assert_int_equal(put(&alice, "b", "stop;"), 0);
	assert_int_equal(activate(&alice, "b"), 0);
	assert_string_equal(text_of(&alice, "b"), "stop;");
}

/* The answer to a commit is lost, and it happened: what is remembered is true all the same. */
static void test_lost_answers(void **state)
{
	(void)state;
	assert_int_equal(put(&alice, "a", "keep;"), 0);
	assert_string_equal(rules_of(1), "");
	store_fail(store_role.store, STORE_FAULT_COMMIT_LOST, 1, -ETIMEDOUT);
	assert_int_equal(activate(&alice, "a"), -ETIMEDOUT);
	assert_string_equal(rules_of(1), "own:a");
	uint64_t version = rules_state_known(test_account(1))->programs[0].version;
	store_fail(store_role.store, STORE_FAULT_COMMIT_LOST, 1, -ETIMEDOUT);
	assert_int_equal(put(&alice, "a", "stop;"), -ETIMEDOUT);
	assert_string_equal(rules_of(1), "own:a");
	assert_true(rules_state_known(test_account(1))->programs[0].version > version);
	store_fail(store_role.store, STORE_FAULT_COMMIT_LOST, 1, -ETIMEDOUT);
	assert_int_equal(put_at(&server, SCRIPT_BEFORE, "1", "keep;"), -ETIMEDOUT);
	assert_string_equal(rules_of(1), "before:1 own:a");
}

/* What runs cannot be read: that is told to whoever asks, and not remembered. */
static void test_state_faults(void **state)
{
	struct rules_state_question q = {.shard = test_account(1), .done = on_state};
	(void)state;
	assert_int_equal(put(&alice, "a", "keep;"), 0);
	assert_int_equal(activate(&alice, "a"), 0);
	/* The server's scripts are read first, then the account's. */
	for (unsigned n = 1; n <= 2; n++) {
		rules_state_changed(ACCOUNT_SERVER);
		store_fail(store_role.store, STORE_FAULT_READ, n, -EIO);
		answered = false;
		rules_state_ask(&q);
		while (!answered)
			script_world_settle();
		assert_int_equal(ask_result, -EIO);
		assert_null(rules_state_known(test_account(1)));
		assert_string_equal(rules_of(1), "own:a");
	}
}

static void test_state(void **state)
{
	(void)state;
	assert_null(rules_state_known(test_account(1)));
	assert_string_equal(rules_of(1), "");
	assert_non_null(rules_state_known(test_account(1)));
	assert_int_equal(put(&alice, "main", "keep;"), 0);
	assert_null(rules_state_known(test_account(1)));
	assert_string_equal(rules_of(1), "");
	assert_int_equal(activate(&alice, "main"), 0);
	assert_string_equal(rules_of(1), "own:main");
	assert_string_equal(rules_of(2), "");
	uint64_t modseq = rules_state_known(test_account(1))->modseq;
	uint64_t version = rules_state_known(test_account(1))->programs[0].version;

	/* Another text is another version. */
	assert_int_equal(put(&alice, "main", "stop;"), 0);
	assert_string_equal(rules_of(1), "own:main");
	assert_true(rules_state_known(test_account(1))->modseq > modseq);
	assert_true(rules_state_known(test_account(1))->programs[0].version > version);

	/* The server's are everybody's, in the order of their names. */
	assert_int_equal(put_at(&server, SCRIPT_BEFORE, "2", "keep;"), 0);
	assert_int_equal(put_at(&server, SCRIPT_AFTER, "z", "keep;"), 0);
	assert_int_equal(put_at(&server, SCRIPT_BEFORE, "1", "keep;"), 0);
	assert_int_equal(put_at(&server, SCRIPT_GLOBAL, "lists", "keep;"), 0);
	assert_string_equal(rules_of(1), "before:1 before:2 own:main after:z");
	assert_string_equal(rules_of(2), "before:1 before:2 after:z");
	assert_string_equal(rules_of(77), "before:1 before:2 after:z"); /* no such account */
	assert_int_equal(put_at(&server, SCRIPT_BEFORE, "3", "keep;"), 0);
	assert_int_equal(put_at(&server, SCRIPT_BEFORE, "4", "keep;"), -EMLINK);
	struct script_remove gone = {.place = SCRIPT_BEFORE, .name = VIEW("2")};
	assert_int_equal(script_ask(&server, SCRIPT_REMOVE, &gone), 0);
	assert_string_equal(rules_of(1), "before:1 before:3 own:main after:z");
	assert_int_equal(activate(&alice, ""), 0);
	assert_string_equal(rules_of(1), "before:1 before:3 after:z");
}

/* Out of office is a script that no list has. */
static void test_out_of_office(void **state)
{
	struct script_activate on = {.place = SCRIPT_AWAY, .name = SCRIPT_AWAY_NAME},
	                       off = {.place = SCRIPT_AWAY};
	struct script_get get = {.place = SCRIPT_AWAY, .name = SCRIPT_AWAY_NAME};
	(void)state;
	assert_int_equal(put(&alice, "main", "keep;"), 0);
	assert_int_equal(activate(&alice, "main"), 0);
	assert_int_equal(put_at(&alice, SCRIPT_AWAY, "out of office", "stop;"), 0);
	assert_int_equal(put_at(&alice, SCRIPT_AWAY, "another", "stop;"), -EMLINK);
	assert_int_equal(put_at(&server, SCRIPT_AWAY, "out of office", "stop;"), -EINVAL);
	assert_string_equal(rules_of(1), "own:main");
	assert_int_equal(script_ask(&alice, SCRIPT_ACTIVATE, &on), 0);
	assert_int_equal(alice.end.number, 0);
	assert_int_equal(put_at(&server, SCRIPT_AFTER, "z", "keep;"), 0);
	assert_string_equal(rules_of(1), "own:main away:out of office after:z");
	assert_int_equal(script_ask(&alice, SCRIPT_LIST, &(struct script_list){0}), 0);
	assert_string_equal(alice.names, "main*");
	assert_int_equal(alice.end.messages, 1);
	assert_int_equal(script_ask(&alice, SCRIPT_GET, &get), 0);
	assert_string_equal(alice.names, "out of office*");
	assert_string_equal(buf_string(&alice.text), "stop;");
	/* Each of the two is switched off by itself. */
	assert_int_equal(activate(&alice, ""), 0);
	assert_string_equal(rules_of(1), "away:out of office after:z");
	struct script_remove gone = {.place = SCRIPT_AWAY, .name = SCRIPT_AWAY_NAME};
	assert_int_equal(script_ask(&alice, SCRIPT_REMOVE, &gone), -EBUSY);
	assert_int_equal(script_ask(&alice, SCRIPT_ACTIVATE, &off), 0);
	assert_true(alice.end.number > 0);
	assert_string_equal(rules_of(1), "after:z");
	assert_int_equal(script_ask(&alice, SCRIPT_REMOVE, &gone), 0);
	assert_int_equal(script_ask(&alice, SCRIPT_GET, &get), -ENOENT);
}

/* A state that is held outlives what it says. */
static void test_held(void **state)
{
	(void)state;
	assert_int_equal(put(&alice, "main", "keep;"), 0);
	assert_int_equal(activate(&alice, "main"), 0);
	assert_string_equal(rules_of(1), "own:main");
	struct rules_state *held = rules_state_known(test_account(1));
	rules_state_hold(held);
	assert_int_equal(activate(&alice, ""), 0);
	assert_string_equal(rules_of(1), "");
	assert_true(view_equal(held->programs[0].name, VIEW("main")));
	rules_state_release(held);
}

/* What is read while it changes is not remembered. */
static void test_changed_meanwhile(void **state)
{
	struct rules_state_question q = {.shard = test_account(1), .done = on_state},
	                            second = {.shard = test_account(1), .done = on_state};
	(void)state;
	assert_string_equal(rules_of(2), "");
	answered = false;
	rules_state_ask(&q);
	rules_state_changed(test_account(1));
	while (!answered)
		script_world_settle();
	rules_state_release(asked);
	assert_null(rules_state_known(test_account(1)));
	/* And the server's while somebody waits for them. */
	rules_state_changed(ACCOUNT_SERVER);
	answered = false;
	rules_state_ask(&second);
	rules_state_changed(ACCOUNT_SERVER);
	while (!answered)
		script_world_settle();
	assert_int_equal(ask_result, 0);
	rules_state_release(asked);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_putting, begin, end),
	    cmocka_unit_test_setup_teardown(test_pieces, begin, end),
	    cmocka_unit_test_setup_teardown(test_many_texts, begin, end),
	    cmocka_unit_test_setup_teardown(test_without_rules, begin, end),
	    cmocka_unit_test_setup_teardown(test_stop, begin, end),
	    cmocka_unit_test_setup_teardown(test_isolation, begin, end),
	    cmocka_unit_test_setup_teardown(test_faults, begin_failing, end),
	    cmocka_unit_test_setup_teardown(test_lost_answers, begin_failing, end),
	    cmocka_unit_test_setup_teardown(test_state_faults, begin_failing, end),
	    cmocka_unit_test_setup_teardown(test_state, begin, end),
	    cmocka_unit_test_setup_teardown(test_out_of_office, begin, end),
	    cmocka_unit_test_setup_teardown(test_held, begin, end),
	    cmocka_unit_test_setup_teardown(test_changed_meanwhile, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
