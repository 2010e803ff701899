/* Forms that the compiler of today cannot read, as a server leaves them that becomes newer: the real rules
 * role says so, and each script is compiled anew from its text, once. */
#include <errno.h>
#include <string.h>

#include "account/scripts.h"
#include "role/store/right.h"
#include "role/store/rules_state.h"
#include "role/store/store_filter.h"
#include "role/store/store_rules.h"
#include "script_session.h"
#include "../../account/support.h"
#include "../../unit.h"

static struct script_session alice;
static struct filter *filter;
static bool done;

static int begin(void **state)
{
	(void)state;
	mail_world_begin();
	script_world_begin();
	mail_world_account(1);
	script_session_open(&alice, test_account(1), RIGHT_SCRIPTS);
	filter_rules_up();
	return 0;
}

static int end(void **state)
{
	(void)state;
	filter_free(filter);
	filter = NULL;
	script_session_close(&alice);
	script_world_end();
	mail_world_end();
	return 0;
}

static void was_filtered(struct filter *f)
{
	(void)f;
	done = true;
}

static void run(void)
{
	static const struct filter_mail mail = {
	    .bytes = {"Subject: x\r\n\r\nx\r\n", 17}, .size = 17, .now = 1};
	filter_free(filter);
	filter = filter_new();
	filter->mail = &mail;
	filter->account = test_account(1);
	filter->recipient = VIEW("alice@example.test");
	filter->mailbox = VIEW("INBOX");
	filter->done = was_filtered;
	done = false;
	filter_begin(filter);
	for (int i = 0; i < 100 && !done; i++)
		script_world_settle();
	assert_true(done);
}

struct reading {
	struct account_script_read read;
	bool done;
	int result;
};

static void was_read(struct account_script_read *r, int result)
{
	struct reading *w = r->arg;
	w->done = true;
	w->result = result;
}

/* Whether the form is the one that no compiler has made (script_put_raw). */
static bool is_old(uint64_t shard, uint8_t place, const char *name)
{
	struct reading w = {.read = {.shard = shard,
	                        .which = {.place = place, .name = view_from_string(name)},
	                        .part = SCRIPT_PART_FORM,
	                        .done = was_read,
	                        .arg = &w}};
	account_script_read(&store_role.accounts, &w.read);
	test_wait(store_role.store, &w.done);
	assert_int_equal(w.result, 0);
	bool old = view_equal(w.read.bytes, VIEW("form"));
	account_script_free(&w.read);
	return old;
}

static void expect_work(void)
{
	run();
	assert_null(filter->failed);
	assert_int_equal(filter->action_count, 1);
	assert_int_equal(filter->actions[0].kind, RULES_FILEINTO);
	assert_true(view_equal(filter->actions[0].target, VIEW("Work")));
}

static void test_all_are_compiled_anew(void **state)
{
	(void)state;
	script_put_raw(test_account(1), SCRIPT_OWN, "main",
	    VIEW("require \"include\"; include \"part\"; include :global \"more\";"));
	script_put_raw(test_account(1), SCRIPT_OWN, "part", VIEW("if header \"subject\" \"y\" { discard; }"));
	script_put_raw(
	    ACCOUNT_SERVER, SCRIPT_GLOBAL, "more", VIEW("require \"fileinto\"; fileinto \"Work\";"));
	assert_int_equal(
	    script_ask(&alice, SCRIPT_ACTIVATE, &(struct script_activate){.name = VIEW("main")}), 0);
	uint64_t state_before = alice.end.modseq;
	expect_work();
	assert_false(is_old(test_account(1), SCRIPT_OWN, "main"));
	assert_false(is_old(test_account(1), SCRIPT_OWN, "part"));
	assert_false(is_old(ACCOUNT_SERVER, SCRIPT_GLOBAL, "more"));
	/* Nobody has changed a script. */
	assert_int_equal(script_ask(&alice, SCRIPT_LIST, &(struct script_list){0}), 0);
	assert_int_equal(alice.end.modseq, state_before);
	expect_work();
}

/* A text that is none any more keeps the mail, and says which script it is. */
static void test_a_text_that_does_not_compile(void **state)
{
	(void)state;
	script_put_raw(test_account(1), SCRIPT_OWN, "main", VIEW("require \"include\"; include \"part\";"));
	script_put_raw(test_account(1), SCRIPT_OWN, "part", VIEW("if"));
	assert_int_equal(
	    script_ask(&alice, SCRIPT_ACTIVATE, &(struct script_activate){.name = VIEW("main")}), 0);
	run();
	assert_non_null(filter->failed);
	assert_non_null(strstr(filter->failed, "part"));
	assert_true(is_old(test_account(1), SCRIPT_OWN, "part"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_all_are_compiled_anew, begin, end),
	    cmocka_unit_test_setup_teardown(test_a_text_that_does_not_compile, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
