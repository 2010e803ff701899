/* What people are told of sharing: invitations, and a list that no one sharer can fill for the others. */
#include "support.h"

#include <errno.h>

#include "account/grants.h"
#include "account/share_notes.h"
#include "account/shares.h"

enum { OWNER = 1, VICTIM = 2, OTHER = 3 };

static struct account_telling said;
static bool answered;
static int result;

static void told(struct account_telling *x, int error)
{
	(void)x;
	answered = true;
	result = error;
}

/* Tells these people that `by` has shared the owner's INBOX. */
static int tell(uint64_t by, const uint64_t *people, size_t count)
{
	said = (struct account_telling){.shard = test_account(OWNER),
	    .mailbox = MAILBOX_INBOX,
	    .address = VIEW("owner@example.test"),
	    .by = by,
	    .by_address = VIEW("by@example.test"),
	    .new_rights = RIGHT_LOOKUP | RIGHT_READ,
	    .people = people,
	    .count = count,
	    .done = told};
	answered = false;
	account_tell_people(&accounts, &said);
	test_wait(accounts.store, &answered);
	return result;
}

static int tell_victim(uint64_t by)
{
	uint64_t victim = test_account(VICTIM);
	return tell(by, &victim, 1);
}

struct looking {
	uint64_t by, state;
	size_t all, of_it;
};

static int count(void *arg, const struct account_share_note *note)
{
	struct looking *l = arg;
	l->all++;
	l->of_it += note->by == l->by;
	return 0;
}

static int run_count(struct txn *t, void *arg)
{
	struct looking *l = arg;
	l->all = l->of_it = 0;
	return account_share_notes_each(t, test_account(VICTIM), &l->state, count, l);
}

static struct looking notes_of(uint64_t by)
{
	struct looking l = {.by = by};
	assert_int_equal(test_read(accounts.store, test_account(VICTIM), run_count, &l), 0);
	return l;
}

static void begin(void)
{
	for (unsigned i = OWNER; i <= OTHER; i++)
		assert_int_equal(test_create(&accounts, test_account(i), 0), 0);
}

static void people_are_invited_once_and_told_each_time(void **state)
{
	(void)state;
	begin();
	/* The owner and who is gone are passed over; whoever does it is invited, and told nothing. */
	const uint64_t people[] = {
	    test_account(OWNER), test_account(VICTIM), test_account(77), test_account(OTHER)};
	assert_int_equal(tell(test_account(OTHER), people, 4), 0);
	assert_int_equal(said.invited_count, 2);
	assert_true(said.invited[0] == test_account(VICTIM) && said.invited[1] == test_account(OTHER));
	assert_int_equal(notes_of(test_account(OTHER)).all, 1);
	assert_int_equal(tell(test_account(OTHER), people, 4), 0);
	assert_int_equal(said.invited_count, 0);
	assert_int_equal(notes_of(test_account(OTHER)).all, 2);
	said.mailbox = 99;
	answered = false;
	account_tell_people(&accounts, &said);
	test_wait(accounts.store, &answered);
	assert_int_equal(result, -ENOENT);
}

static void one_sharer_pushes_out_its_own_notes(void **state)
{
	(void)state;
	begin();
	/* A list that 20 others have filled. */
	for (uint64_t i = 0; i < SHARING_NOTES_MAX; i++)
		assert_int_equal(tell_victim(1000 + i % 20), 0);
	assert_int_equal(notes_of(1000).all, SHARING_NOTES_MAX);
	for (unsigned i = 0; i < 3 * SHARING_NOTES_EACH; i++)
		assert_int_equal(tell_victim(7), 0);
	struct looking l = notes_of(7);
	assert_int_equal(l.all, SHARING_NOTES_MAX);
	assert_int_equal(l.of_it, SHARING_NOTES_EACH);
	for (uint64_t by = 1000; by < 1020; by++)
		assert_true(notes_of(by).of_it >= SHARING_NOTES_MAX / 20 - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(people_are_invited_once_and_told_each_time),
	    cmocka_unit_test(one_sharer_pushes_out_its_own_notes),
	};
	return test_on_both_engines("share_notes", tests, sizeof tests / sizeof tests[0]);
}
