/* The tree of mailboxes: names, depth, what is refused, settings, UIDVALIDITY. */
#include "support.h"

#include <errno.h>

#include "base/log.h"

enum { ONE = 1 };

static void a_tree_of_mailboxes(void **state)
{
	struct account_mailbox_request r = {.shard = test_account(ONE), .name = VIEW("a")};
	struct account_mailbox m;
	struct entry e;
	uint32_t first, last;
	(void)state;
	test_create(&accounts, test_account(ONE), 0);
	assert_int_equal(test_mailbox(account_mailbox_create, &r), 0);
	first = r.mailbox;
	assert_int_equal(test_mailbox(account_mailbox_create, &r), -EEXIST);
	r.name = VIEW("inbox");
	assert_int_equal(test_mailbox(account_mailbox_create, &r), -EEXIST);
	const struct view bad[] = {VIEW(""), VIEW("a/b"), VIEW("a\nb"), VIEW("\xff")};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		r.name = bad[i];
		assert_int_equal(test_mailbox(account_mailbox_create, &r), -EINVAL);
	}
	/* As deep as may be, with a name that stands on each level. */
	r = (struct account_mailbox_request){
	    .shard = test_account(ONE), .name = VIEW("INBOX"), .parent = first};
	for (unsigned depth = 2; depth <= ACCOUNT_DEPTH_MAX; depth++) {
		assert_int_equal(test_mailbox(account_mailbox_create, &r), 0);
		r.parent = last = r.mailbox;
	}
	assert_int_equal(test_mailbox(account_mailbox_create, &r), -EMLINK);
	/* Not below itself, not deeper by being moved, not while something is below. */
	r = (struct account_mailbox_request){
	    .shard = test_account(ONE), .mailbox = first, .parent = last, .name = VIEW("a")};
	assert_int_equal(test_mailbox(account_mailbox_rename, &r), -ELOOP);
	r = (struct account_mailbox_request){.shard = test_account(ONE), .name = VIEW("b")};
	assert_int_equal(test_mailbox(account_mailbox_create, &r), 0);
	struct account_mailbox_request move = {
	    .shard = test_account(ONE), .mailbox = first, .parent = r.mailbox, .name = VIEW("a")};
	assert_int_equal(test_mailbox(account_mailbox_rename, &move), -EMLINK);
	move.parent = MAILBOX_ROOT;
	move.name = VIEW("b");
	assert_int_equal(test_mailbox(account_mailbox_rename, &move), -EEXIST);
	move.name = VIEW("A");
	assert_int_equal(test_mailbox(account_mailbox_rename, &move), 0);
	assert_int_equal(test_mailbox(account_mailbox_remove, &move), -ENOTEMPTY);
	move.mailbox = last;
	assert_int_equal(test_mailbox(account_mailbox_remove, &move), 0);
	move.mailbox = MAILBOX_INBOX;
	assert_int_equal(test_mailbox(account_mailbox_remove, &move), -EPERM);
	assert_int_equal(test_mailbox(account_mailbox_rename, &move), -EPERM);
	/* Settings. */
	const struct account_grant grants[] = {
	    {GRANT_USER, 7, RIGHT_READ | RIGHT_LOOKUP, false}, {GRANT_ANYONE, 0, RIGHT_POST, false}};
	struct account_mailbox_request set = {.shard = test_account(ONE),
	    .mailbox = first,
	    .set = MAILBOX_SET_ROLE | MAILBOX_SET_ORDER | MAILBOX_SET_GRANTS | MAILBOX_SET_SUBSCRIBED,
	    .role = MAILBOX_ROLE_IMPORTANT,
	    .order = 5,
	    .subscribed = true,
	    .grants = grants,
	    .grant_count = 2};
	assert_int_equal(test_mailbox(account_mailbox_set, &set), 0);
	test_accounts_restart();
	assert_int_equal(test_entry(test_account(ONE), key_mailbox(first), &e), 0);
	assert_int_equal(mailbox_decode(entry_view(&e), &m), 0);
	assert_view(m.name, "A");
	assert_int_equal(m.role, MAILBOX_ROLE_IMPORTANT);
	assert_int_equal(m.order, 5);
	assert_true(m.subscribed);
	assert_int_equal(m.grant_count, 2);
	assert_int_equal(m.grants[0].who, 7);
	assert_int_equal(m.grants[0].rights, RIGHT_READ | RIGHT_LOOKUP);
	assert_true(m.modseq == set.modseq);
	set.role = MAILBOX_ROLE_LAST + 1;
	assert_int_equal(test_mailbox(account_mailbox_set, &set), -EINVAL);
}

/* An account that is made anew has other UIDVALIDITYs, and no two mailboxes of one have the same. */
static void uidvalidity_never_comes_again(void **state)
{
	struct account_mailbox_request r = {.shard = test_account(ONE), .name = VIEW("a")};
	struct account_mailbox first, second;
	struct entry e;
	(void)state;
	test_create(&accounts, test_account(ONE), 0);
	test_create(&accounts, test_account(2), 0);
	assert_int_equal(test_entry(test_account(ONE), key_mailbox(MAILBOX_INBOX), &e), 0);
	assert_int_equal(mailbox_decode(entry_view(&e), &first), 0);
	assert_int_equal(test_entry(test_account(2), key_mailbox(MAILBOX_INBOX), &e), 0);
	assert_int_equal(mailbox_decode(entry_view(&e), &second), 0);
	assert_int_not_equal(first.uidvalidity, 0);
	assert_true(second.uidvalidity > first.uidvalidity + 1000);
	assert_int_equal(test_mailbox(account_mailbox_create, &r), 0);
	uint32_t once = r.uidvalidity;
	assert_int_not_equal(once, first.uidvalidity);
	assert_int_equal(test_mailbox(account_mailbox_remove, &r), 0);
	assert_int_equal(test_mailbox(account_mailbox_create, &r), 0);
	assert_int_not_equal(r.uidvalidity, once);
}

int main(void)
{
	log_open(-1, "test", LOG_ERROR);
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_tree_of_mailboxes),
	    cmocka_unit_test(uidvalidity_never_comes_again),
	};
	return test_on_both_engines("mailboxes", tests, sizeof tests / sizeof *tests);
}
