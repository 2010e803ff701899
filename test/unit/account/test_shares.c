/* What an account knows of others' mailboxes: invitations come and go with rights, and a full list makes
 * room. */
#include "support.h"

#include <errno.h>
#include <stdio.h>

#include "account/change.h"
#include "account/grants.h"
#include "account/shares.h"
#include "base/mem.h"

enum { OWNER = 1, VICTIM = 2, MEMBER = 3 };

static bool answered;
static int result;

static void granted(struct account_granting *g, int error)
{
	(void)g;
	answered = true;
	result = error;
}

static size_t give_to(enum grant_kind kind, uint64_t who, uint32_t mailbox, uint32_t rights)
{
	const struct account_grant_change change = {
	    .grant = {.kind = (uint8_t)kind, .who = who}, .give = rights, .take = RIGHT_ALL};
	struct account_granting g = {.shard = test_account(OWNER),
	    .mailbox = mailbox,
	    .address = VIEW("owner@example.test"),
	    .by = test_account(OWNER),
	    .by_address = VIEW("owner@example.test"),
	    .changes = &change,
	    .count = 1,
	    .done = granted};
	answered = false;
	account_grant(&accounts, &g);
	test_wait(accounts.store, &answered);
	assert_int_equal(result, 0);
	return g.invited_count;
}

static size_t give(uint32_t mailbox, uint32_t rights)
{
	return give_to(GRANT_USER, test_account(VICTIM), mailbox, rights);
}

static uint32_t make(unsigned number)
{
	char path[40];
	snprintf(path, sizeof path, "m%u", number);
	struct account_mailbox_request r = {.shard = test_account(OWNER), .path = view_from_string(path)};
	assert_int_equal(test_mailbox(account_mailbox_create, &r), 0);
	return r.mailbox;
}

static void remove_mailbox(uint32_t mailbox)
{
	struct account_mailbox_request r = {.shard = test_account(OWNER), .mailbox = mailbox};
	assert_int_equal(test_mailbox(account_mailbox_remove, &r), 0);
}

static void shared(struct account_sharing *s, int error)
{
	(void)s;
	answered = true;
	result = error;
}

static int set(uint64_t owner, uint32_t mailbox, enum share_state state)
{
	struct account_sharing s = {.shard = test_account(VICTIM),
	    .set = SHARE_SET_STATE,
	    .share = {.owner = owner,
	        .mailbox = mailbox,
	        .state = (uint8_t)state,
	        .address = VIEW("owner@example.test")},
	    .done = shared};
	answered = false;
	account_share_set(&accounts, &s);
	test_wait(accounts.store, &answered);
	return result;
}

static int run_head(struct txn *t, void *arg)
{
	return head_get(t, test_account(VICTIM), arg);
}

static void listed(struct account_shares *s, int error)
{
	assert_int_equal(error, 0);
	*(bool *)s->arg = true;
}

/* Those that are there; as many as the account counts. */
static size_t shares(void)
{
	struct account_head head;
	bool done = false;
	struct account_shares s = {.shard = test_account(VICTIM), .done = listed, .arg = &done};
	account_shares(&accounts, &s);
	test_wait(accounts.store, &done);
	size_t count = s.count;
	account_shares_free(&s);
	assert_int_equal(test_read(accounts.store, test_account(VICTIM), run_head, &head), 0);
	assert_int_equal(head.shares, count);
	return count;
}

static void begin(void)
{
	for (unsigned i = OWNER; i <= MEMBER; i++)
		assert_int_equal(test_create(&accounts, test_account(i), 0), 0);
}

static void an_invitation_goes_with_its_right(void **state)
{
	(void)state;
	begin();
	uint32_t m = make(1);
	assert_int_equal(give(m, RIGHT_LOOKUP | RIGHT_READ), 1);
	assert_int_equal(give(m, RIGHT_LOOKUP), 0);
	assert_int_equal(shares(), 1);
	assert_int_equal(give(m, RIGHT_READ), 0); /* without the right to look it up it is not there */
	assert_int_equal(shares(), 0);
	assert_int_equal(give(m, 0), 0);
	assert_int_equal(give(m, RIGHT_LOOKUP), 1);
	/* Whoever may still look it up, as a member of a group may, is still invited. */
	give_to(GRANT_GROUP, 9, m, RIGHT_LOOKUP);
	assert_int_equal(give(m, 0), 0);
	assert_int_equal(shares(), 1);
	remove_mailbox(m);
	m = make(2);
	assert_int_equal(give(m, RIGHT_LOOKUP), 1);
	remove_mailbox(m);
	assert_int_equal(shares(), 1); /* the group's */
}

struct leaving {
	uint64_t groups[2];
	size_t count;
};

static int run_leave(struct txn *t, void *arg)
{
	const struct leaving *l = arg;
	struct account_change *c = mem_alloc(sizeof *c);
	int error = change_begin(c, t, test_account(VICTIM), 1);
	if (error == 0)
		error = shares_withdraw_ungranted(c, l->groups, l->count);
	if (error == 0)
		error = change_end(c);
	mem_free(c);
	return error;
}

/* As a member of a group that was given a right. */
static uint32_t invite_by_group(unsigned number, uint64_t group)
{
	uint32_t m = make(number);
	assert_int_equal(give(m, RIGHT_LOOKUP), 1);
	give_to(GRANT_GROUP, group, m, RIGHT_LOOKUP);
	assert_int_equal(give(m, 0), 0);
	return m;
}

static void an_invitation_of_a_group_goes_with_it(void **state)
{
	(void)state;
	begin();
	invite_by_group(1, 9);
	invite_by_group(2, 8);
	uint32_t accepted = invite_by_group(3, 9), own = invite_by_group(4, 9),
	         anyones = invite_by_group(5, 9);
	assert_int_equal(set(test_account(OWNER), accepted, SHARE_ACCEPTED), 0);
	assert_int_equal(give(own, RIGHT_LOOKUP), 0);
	give_to(GRANT_ANYONE, 0, anyones, RIGHT_LOOKUP);
	assert_int_equal(shares(), 5);
	struct leaving both = {{8, 9}, 2}, left = {{8}, 1};
	assert_int_equal(test_commit(accounts.store, run_leave, &both), 0);
	assert_int_equal(shares(), 5);
	assert_int_equal(test_commit(accounts.store, run_leave, &left), 0);
	assert_int_equal(shares(), 4);
	assert_int_equal(give(own, 0), 0);
	give_to(GRANT_ANYONE, 0, anyones, 0);
	left.count = 0;
	assert_int_equal(test_commit(accounts.store, run_leave, &left), 0);
	assert_int_equal(shares(), 1); /* what was accepted, for when the right comes again */
}

static void an_answer_outlives_the_right_but_not_the_mailbox(void **state)
{
	(void)state;
	begin();
	static const enum share_state states[] = {SHARE_ACCEPTED, SHARE_LEFT};
	for (unsigned i = 0; i < 2; i++) {
		uint32_t m = make(i);
		assert_int_equal(give(m, RIGHT_LOOKUP), 1);
		assert_int_equal(set(test_account(OWNER), m, states[i]), 0);
		assert_int_equal(give(m, 0), 0);
		assert_int_equal(shares(), 1);
		assert_int_equal(give(m, RIGHT_LOOKUP), 0); /* it is not asked again */
		remove_mailbox(m);
		assert_int_equal(shares(), 0);
	}
}

static void one_owner_invites_so_many_times(void **state)
{
	(void)state;
	begin();
	uint32_t first = make(0);
	assert_int_equal(give(first, RIGHT_LOOKUP), 1);
	for (unsigned i = 1; i < SHARE_INVITATIONS_MAX; i++)
		assert_int_equal(give(make(i), RIGHT_LOOKUP), 1);
	uint32_t more = make(SHARE_INVITATIONS_MAX);
	assert_int_equal(give(more, RIGHT_LOOKUP), 0);
	assert_int_equal(shares(), SHARE_INVITATIONS_MAX);
	/* It may ask for it, and then there is one more; an invitation that is taken back makes room. */
	assert_int_equal(set(test_account(OWNER), more, SHARE_ACCEPTED), 0);
	assert_int_equal(shares(), SHARE_INVITATIONS_MAX + 1);
	assert_int_equal(give(make(SHARE_INVITATIONS_MAX + 1), RIGHT_LOOKUP), 0);
	assert_int_equal(give(first, 0), 0);
	assert_int_equal(give(make(SHARE_INVITATIONS_MAX + 2), RIGHT_LOOKUP), 1);
}

static void a_full_list_drops_what_leads_nowhere(void **state)
{
	(void)state;
	begin();
	uint32_t m = make(0), other = make(1);
	assert_int_equal(give(m, RIGHT_LOOKUP), 1);
	/* Of owners that are gone. */
	for (unsigned i = 1; i < ACCOUNT_SHARES_MAX; i++)
		assert_int_equal(set(test_account(1000 + i), 1, SHARE_ACCEPTED), 0);
	assert_int_equal(shares(), ACCOUNT_SHARES_MAX);
	assert_int_equal(give(other, RIGHT_LOOKUP), 1);
	assert_in_range(shares(), 2, ACCOUNT_SHARES_MAX - 1);
	size_t before = shares();
	assert_int_equal(give(m, RIGHT_LOOKUP | RIGHT_READ), 0); /* its invitation is still there */
	assert_int_equal(shares(), before);
	/* Shares of use are not dropped. */
	for (unsigned i = 2; i < SHARE_INVITATIONS_MAX; i++)
		assert_int_equal(give(make(i), RIGHT_LOOKUP), 1);
	for (unsigned i = 0; i < ACCOUNT_SHARES_MAX; i++) {
		uint32_t next = make(1000 + i);
		int error = set(test_account(OWNER), next, SHARE_ACCEPTED);
		assert_true(
		    error == 0 || (error == -EMLINK && i == ACCOUNT_SHARES_MAX - SHARE_INVITATIONS_MAX));
		if (error)
			return;
	}
	fail();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_invitation_goes_with_its_right),
	    cmocka_unit_test(an_invitation_of_a_group_goes_with_it),
	    cmocka_unit_test(an_answer_outlives_the_right_but_not_the_mailbox),
	    cmocka_unit_test(one_owner_invites_so_many_times),
	    cmocka_unit_test(a_full_list_drops_what_leads_nowhere),
	};
	return test_on_both_engines("shares", tests, sizeof tests / sizeof tests[0]);
}
