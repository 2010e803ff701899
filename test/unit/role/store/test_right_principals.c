/* Whom a session may see, of a domain with as many people as one answer tells of. */
#include <stdio.h>

#include "directory/groups.h"
#include "directory/removed.h"
#include "mail/sharing.h"
#include "mail_world.h"
#include "../../store/support.h"
#include "../../unit.h"

enum { PEOPLE = SHARING_PRINCIPALS_MAX, A_COMMIT = 100 };

static struct told {
	struct mail_session session;
	size_t people, groups, ends;
	struct mail_done end;
} alice, bob;

static void answered(void *arg, uint32_t request, unsigned type, const void *answer)
{
	struct told *t = arg;
	(void)request;
	if (type == SHARING_PRINCIPAL)
		(*(((const struct sharing_principal *)answer)->kind == SHARING_GROUP ? &t->groups
		                                                                     : &t->people))++;
	if (type == MAIL_DONE) {
		t->ends++;
		t->end = *(const struct mail_done *)answer;
	}
}

static void ask(struct told *t, unsigned type, const void *question)
{
	static uint32_t number;
	t->people = t->groups = t->ends = 0;
	account_client_ask(&t->session.client, ++number, type, question);
	mail_world_settle();
	assert_int_equal(t->ends, 1);
	assert_int_equal(t->end.error, 0);
}

static void open(struct told *t, unsigned account)
{
	*t = (struct told){.session = {.answered = answered, .arg = t}};
	mail_session_open(&t->session, account);
}

static int run_domain(struct txn *t, void *arg)
{
	struct directory_domain d = {.disabled = false};
	(void)arg;
	return directory_domain_put(t, VIEW("example.test"), &d);
}

static int run_people(struct txn *t, void *arg)
{
	int *next = arg, error = 0;
	for (int end = *next + A_COMMIT; *next < end && error == 0; (*next)++) {
		struct directory_account a = {.quota = 0};
		char address[40];
		snprintf(address, sizeof address, "p%05d@example.test", *next);
		error = directory_account_add(t, view_from_string(address), &a);
	}
	return error;
}

static int run_group(struct txn *t, void *arg)
{
	(void)arg;
	return directory_group_add(t, VIEW("team@example.test"), VIEW("p00000@example.test"));
}

static int run_hide(struct txn *t, void *arg)
{
	uint64_t shard;
	(void)arg;
	return directory_account_hide(t, VIEW("p00500@example.test"), 1000, &shard);
}

static int begin(void **state)
{
	(void)state;
	mail_world_begin();
	assert_int_equal(test_commit(store_role.store, run_domain, NULL), 0);
	for (int next = 0; next < PEOPLE;)
		assert_int_equal(test_commit(store_role.store, run_people, &next), 0);
	assert_int_equal(test_commit(store_role.store, run_group, NULL), 0);
	mail_world_account(1);
	mail_world_account(2);
	open(&alice, 1);
	open(&bob, 2);
	return 0;
}

static int end(void **state)
{
	(void)state;
	mail_session_close(&alice.session);
	mail_session_close(&bob.session);
	mail_world_end();
	return 0;
}

static void says_when_some_are_missing(void **state)
{
	const struct sharing_principals all = {.text = {0}};
	(void)state;
	/* With the group there is one too many. */
	ask(&alice, SHARING_PRINCIPALS, &all);
	assert_int_equal(alice.people + alice.groups, SHARING_PRINCIPALS_MAX);
	assert_int_equal(alice.end.number, 1);
	/* Bob is seen for two reasons, and counts once; the group is missing for all that. */
	ask(&bob, MAIL_GRANT_SET,
	    &(struct mail_grant){
	        .mailbox = MAILBOX_INBOX, .who = VIEW("p00000@example.test"), .rights = RIGHT_LOOKUP});
	ask(&alice, SHARING_PRINCIPALS, &all);
	assert_int_equal(alice.people, PEOPLE);
	assert_int_equal(alice.groups, 0);
	assert_int_equal(alice.end.number, 1);
	ask(&alice, SHARING_PRINCIPALS, &(struct sharing_principals){.text = VIEW("team")});
	assert_int_equal(alice.people, 0);
	assert_int_equal(alice.groups, 1);
	assert_int_equal(alice.end.number, 0);
	/* One that was removed is passed over, and no slice becomes longer by that than there is room for. */
	assert_int_equal(test_commit(store_role.store, run_hide, NULL), 0);
	ask(&bob, SHARING_PRINCIPALS, &all);
	assert_int_equal(bob.people, PEOPLE - 1);
	assert_int_equal(bob.groups, 1);
	assert_int_equal(bob.end.number, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(says_when_some_are_missing, begin, end)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
