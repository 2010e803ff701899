/* \Seen of users who share a mailbox: each has its own, all other flags are everybody's. */
#include "support.h"

#include <errno.h>

#include "account/seen.h"
#include "base/log.h"

enum { ONE = 1, FRIEND = 77, OTHER = 78, COUNT = 200 };

static const struct account_grant everybody = {
    GRANT_ANYONE, 0, RIGHT_LOOKUP | RIGHT_READ | RIGHT_SEEN, false};

static void share_inbox(void)
{
	test_create(&accounts, test_account(ONE), 0);
	test_fill(test_account(ONE), COUNT);
	struct account_mailbox_request r = {.shard = test_account(ONE),
	    .mailbox = MAILBOX_INBOX,
	    .set = MAILBOX_SET_GRANTS,
	    .grants = &everybody,
	    .grant_count = 1};
	assert_int_equal(test_mailbox(account_mailbox_set, &r), 0);
}

static struct account_flags store(uint64_t user, const uint32_t *uids, size_t count, uint64_t flags)
{
	return (struct account_flags){.shard = test_account(ONE),
	    .mailbox = MAILBOX_INBOX,
	    .user = user,
	    .uids = uids,
	    .uid_count = count,
	    .flags = flags,
	    .unchanged_since = UINT64_MAX};
}

static uint64_t flags_of(uint64_t user, uint32_t uid, bool flags_only)
{
	struct account_listed m;
	struct account_list l = {.shard = test_account(ONE),
	    .mailbox = MAILBOX_INBOX,
	    .user = user,
	    .flags_only = flags_only,
	    .first = uid,
	    .last = uid,
	    .messages = &m,
	    .room = 1};
	assert_int_equal(test_list(&l), 0);
	assert_int_equal(l.count, 1);
	return m.flags;
}

static uint32_t unseen_of(uint64_t user)
{
	struct account_uids u = {.shard = test_account(ONE), .mailbox = MAILBOX_INBOX, .user = user};
	struct account_who who = {.user = user};
	struct account_tree t = {
	    .shard = test_account(ONE), .only = MAILBOX_INBOX, .who = user ? &who : NULL};
	assert_int_equal(test_uids(&u), 0);
	assert_int_equal(test_tree(&t), 0);
	assert_int_equal(t.mailboxes[0].unseen, u.unseen);
	account_tree_free(&t);
	account_uids_free(&u);
	return u.unseen;
}

static void everybody_has_seen_what_they_have_seen(void **state)
{
	static const uint32_t some[] = {1, 5, 64, 65, 199}, first[] = {1};
	(void)state;
	share_inbox();
	struct account_flags f = store(FRIEND, some, 5, FLAG_SEEN | FLAG_FLAGGED);
	assert_int_equal(test_flags(&f), 0);
	assert_int_equal(f.changed, 5);
	uint64_t changed = f.modseq;
	assert_int_equal(test_flags(&f), 0);
	assert_int_equal(f.changed, 0);
	f = store(0, first, 1, FLAG_SEEN);
	assert_int_equal(test_flags(&f), 0);
	for (unsigned flags_only = 0; flags_only < 2; flags_only++) {
		assert_int_equal(flags_of(0, 1, flags_only), FLAG_SEEN | FLAG_FLAGGED);
		assert_int_equal(flags_of(0, 5, flags_only), FLAG_FLAGGED);
		assert_int_equal(flags_of(FRIEND, 5, flags_only), FLAG_SEEN | FLAG_FLAGGED);
		assert_int_equal(flags_of(OTHER, 1, flags_only), FLAG_FLAGGED);
		assert_int_equal(flags_of(FRIEND, 2, flags_only), 0);
	}
	assert_int_equal(unseen_of(0), COUNT - 1);
	assert_int_equal(unseen_of(FRIEND), COUNT - 5);
	assert_int_equal(unseen_of(OTHER), COUNT);
	/* It is a change like any other. */
	struct account_changes c = {
	    .shard = test_account(ONE), .mailbox = MAILBOX_INBOX, .since = changed - 1};
	assert_int_equal(test_changes(&c), 0);
	assert_int_equal(c.count, 3);
	assert_true(c.blocks[0].changed == ((uint64_t)1 << 1 | (uint64_t)1 << 5));
	account_changes_free(&c);
	/* What one has seen goes with the message, and with the mailbox. */
	test_accounts_restart();
	assert_int_equal(test_expunge(&accounts, test_account(ONE), some, 2), 0);
	assert_int_equal(unseen_of(FRIEND), COUNT - 2 - 3);
	assert_int_equal(unseen_of(0), COUNT - 2);
	f = store(FRIEND, some, 5, FLAG_SEEN);
	f.how = FLAGS_REMOVE;
	assert_int_equal(test_flags(&f), 0);
	assert_int_equal(f.changed, 3);
	assert_int_equal(unseen_of(FRIEND), COUNT - 2);
}

/* Flags that may not be changed stay, whatever is asked. */
static void some_flags_are_not_theirs_to_change(void **state)
{
	static const uint32_t one[] = {7};
	const struct view word = VIEW("work"), other = VIEW("play");
	(void)state;
	share_inbox();
	struct account_flags f = store(0, one, 1, FLAG_FLAGGED | FLAG_SEEN);
	f.keywords = &word;
	f.keyword_count = 1;
	assert_int_equal(test_flags(&f), 0);
	f = store(FRIEND, one, 1, FLAG_SEEN | FLAG_DELETED | FLAG_ANSWERED);
	f.how = FLAGS_REPLACE;
	f.kept = FLAG_FLAGGED | FLAG_DELETED | FLAG_DRAFT | FLAG_KEYWORD;
	f.keywords = &other;
	f.keyword_count = 1;
	assert_int_equal(test_flags(&f), 0);
	assert_int_equal(flags_of(FRIEND, 7, true), FLAG_FLAGGED | FLAG_SEEN | FLAG_ANSWERED | FLAG_KEYWORD);
	assert_int_equal(flags_of(0, 7, true), FLAG_FLAGGED | FLAG_SEEN | FLAG_ANSWERED | FLAG_KEYWORD);
	assert_int_equal(test_count(test_account(ONE), 'K'), 1);
	f.kept = FLAGS_SYSTEM | FLAG_KEYWORD;
	f.flags = 0;
	assert_int_equal(test_flags(&f), 0);
	assert_int_equal(f.changed, 0);
	/* Who has seen it may forget that, and nobody else does. */
	f.kept = FLAGS_SYSTEM & ~FLAG_SEEN;
	f.keyword_count = 0;
	assert_int_equal(test_flags(&f), 0);
	assert_int_equal(flags_of(FRIEND, 7, false), FLAG_FLAGGED | FLAG_ANSWERED);
	assert_int_equal(flags_of(0, 7, false), FLAG_FLAGGED | FLAG_SEEN | FLAG_ANSWERED);
}

static void it_goes_with_the_mailbox(void **state)
{
	static uint32_t uids[] = {1, 2, 3}, of[3], to[3];
	(void)state;
	share_inbox();
	struct account_mailbox_request box = {.shard = test_account(ONE), .path = VIEW("box")};
	assert_int_equal(test_mailbox(account_mailbox_create, &box), 0);
	struct account_copy c = {.shard = test_account(ONE),
	    .mailbox = MAILBOX_INBOX,
	    .to = box.mailbox,
	    .uids = uids,
	    .uid_count = 3,
	    .copied = of,
	    .new_uids = to};
	assert_int_equal(test_copy(&c), 0);
	for (uint64_t user = FRIEND; user <= OTHER; user++) {
		struct account_flags f = store(user, uids, 3, FLAG_SEEN);
		f.mailbox = box.mailbox;
		assert_int_equal(test_flags(&f), 0);
	}
	assert_int_equal(test_count(test_account(ONE), 'P'), 2);
	assert_int_equal(test_mailbox(account_mailbox_remove, &box), 0);
	assert_int_equal(test_count(test_account(ONE), 'P'), 0);
}

int main(void)
{
	log_open(-1, "test", LOG_ERROR);
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(everybody_has_seen_what_they_have_seen),
	    cmocka_unit_test(some_flags_are_not_theirs_to_change),
	    cmocka_unit_test(it_goes_with_the_mailbox),
	};
	return test_on_both_engines("seen", tests, sizeof tests / sizeof *tests);
}
