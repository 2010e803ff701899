/* Accounts and domains that are removed: hidden, restored, and erased in steps; on the memory engine and on
 * the embedded one. */
#include "directory_job_world.h"

#include "directory/removed.h"

static void what_was_removed_comes_back_whole(void **state)
{
	(void)state;
	uint64_t alice = add_domain_and_alice();
	struct account_request away = {.shard = alice};
	assert_int_equal(test_deliver(&accounts, alice, 1, 100, "p"), 0);
	assert_int_equal(
	    ask(DIRECTORY_GROUP_ADD, 0, "team@example.test", "alice@example.test", NULL, NULL), 0);
	assert_int_equal(ask(DIRECTORY_ACCOUNT_RESTORE, 0, "alice@example.test", NULL, NULL, NULL), -ENOENT);
	assert_int_equal(ask(DIRECTORY_ACCOUNT_DELETE, 0, "alice@example.test", NULL, NULL, NULL), 0);
	assert_int_equal(answer.number, alice);
	/* Nothing of it is reached: by its address, by its number, in its shard, in lists. */
	assert_int_equal(ask(DIRECTORY_LOOK_UP, 0, "alice@example.test", NULL, NULL, NULL), -ENOENT);
	assert_int_equal(ask(DIRECTORY_RESOLVE, 0, "alice@example.test", NULL, NULL, NULL), -ENOENT);
	assert_int_equal(ask(DIRECTORY_ADDRESS, alice, NULL, NULL, NULL, NULL), -ENOENT);
	assert_int_equal(test_request(&accounts, account_stat, &away), -ENOENT);
	assert_int_equal(test_deliver(&accounts, alice, 2, 100, "p"), -ENOENT);
	assert_int_equal(ask(DIRECTORY_ACCOUNT_LIST, 0, "example.test", "", NULL, NULL), 0);
	assert_int_equal(answer.fields.count, 0);
	assert_int_equal(ask(DIRECTORY_REMOVED_LIST, 0, "", NULL, NULL, NULL), 0);
	assert_int_equal(answer.fields.count, DIRECTORY_REMOVED_FIELDS);
	assert_view(field(2), "account");
	assert_view(field(3), "alice@example.test");
	/* Its address is not somebody else's account meanwhile, but may be an alias. */
	assert_int_equal(ask(DIRECTORY_ACCOUNT_ADD, 0, "alice@example.test", "", NULL, NULL), -EKEYREVOKED);
	assert_int_equal(ask(DIRECTORY_ALIAS_PUT, 0, "alice@example.test", "bob@else.test", NULL, NULL), 0);
	assert_int_equal(ask(DIRECTORY_ACCOUNT_RESTORE, 0, "alice@example.test", NULL, NULL, NULL), -EEXIST);
	assert_int_equal(ask(DIRECTORY_ALIAS_DELETE, 0, "alice@example.test", NULL, NULL, NULL), 0);
	test_accounts_restart();
	/* It is not time to erase it. */
	assert_int_equal(ask(DIRECTORY_ERASE, 1, "", NULL, NULL, NULL), 0);
	assert_int_equal(answer.number, 0);
	assert_int_equal(ask(DIRECTORY_ACCOUNT_RESTORE, 0, "alice@example.test", NULL, NULL, NULL), 0);
	assert_int_equal(answer.number, alice);
	assert_int_equal(test_stat(&accounts, alice).messages, 1);
	assert_int_equal(ask(DIRECTORY_LOOK_UP, 0, "alice@example.test", NULL, NULL, NULL), 0);
	assert_view(field(1), "secret");
	assert_int_equal(ask(DIRECTORY_GROUPS_OF, 0, "alice@example.test", NULL, NULL, NULL), 0);
	assert_view(field(0), "team@example.test");
	assert_int_equal(ask(DIRECTORY_REMOVED_LIST, 0, "", NULL, NULL, NULL), 0);
	assert_int_equal(answer.fields.count, 0);
}

static void add_crowd(unsigned count)
{
	char name[64];
	for (unsigned i = 0; i < count; i++) {
		snprintf(name, sizeof name, "user%03u@example.test", i);
		assert_int_equal(ask(DIRECTORY_ACCOUNT_ADD, 0, name, "", NULL, NULL), 0);
	}
}

/* Steps until nothing is left; how many accounts they named. */
static size_t in_steps(uint64_t operation, uint64_t number)
{
	size_t named = 0;
	do {
		assert_int_equal(ask(operation, number, "example.test", NULL, NULL, NULL), 0);
		named += answer.fields.count;
	} while (answer.number != 0);
	return named;
}

static void a_domain_goes_and_comes_with_all_that_is_in_it(void **state)
{
	(void)state;
	enum { CROWD = 120 }; /* more than one step */
	add_domain_and_alice();
	add_crowd(CROWD);
	assert_int_equal(
	    ask(DIRECTORY_ALIAS_PUT, 0, "all@example.test", "alice@example.test", NULL, NULL), 0);
	assert_int_equal(
	    ask(DIRECTORY_GROUP_ADD, 0, "team@example.test", "alice@example.test", NULL, NULL), 0);
	/* One that was removed before stays so. */
	assert_int_equal(ask(DIRECTORY_ACCOUNT_DELETE, 0, "user007@example.test", NULL, NULL, NULL), 0);
	assert_int_equal(
	    ask(DIRECTORY_DOMAIN_DELETE, DIRECTORY_REMOVE_EMPTY, "example.test", NULL, NULL, NULL),
	    -ENOTEMPTY);
	assert_int_equal(in_steps(DIRECTORY_DOMAIN_DELETE, DIRECTORY_REMOVE_ALL), CROWD);
	assert_int_equal(ask(DIRECTORY_DOMAIN_LIST, 0, "", NULL, NULL, NULL), 0);
	assert_int_equal(answer.fields.count, 0);
	assert_int_equal(ask(DIRECTORY_LOOK_UP, 0, "alice@example.test", NULL, NULL, NULL), -ENOENT);
	assert_int_equal(ask(DIRECTORY_RESOLVE, 0, "all@example.test", NULL, NULL, NULL), -EXDEV);
	assert_int_equal(ask(DIRECTORY_ALIAS_LIST, 0, "example.test", "", NULL, NULL), 0);
	assert_int_equal(answer.fields.count, 0);
	assert_int_equal(ask(DIRECTORY_GROUP_LIST, 0, "example.test", "", NULL, NULL), 0);
	assert_int_equal(answer.fields.count, 0);
	assert_int_equal(ask(DIRECTORY_DOMAIN_PUT, 0, "example.test", "", "", "+"), -EKEYREVOKED);
	assert_int_equal(ask(DIRECTORY_ACCOUNT_RESTORE, 0, "alice@example.test", NULL, NULL, NULL), -ENOENT);
	test_accounts_restart();
	assert_int_equal(in_steps(DIRECTORY_DOMAIN_RESTORE, 0), CROWD);
	assert_int_equal(ask(DIRECTORY_RESOLVE, 0, "all@example.test", NULL, NULL, NULL), 0);
	assert_int_equal(ask(DIRECTORY_LOOK_UP, 0, "user007@example.test", NULL, NULL, NULL), -ENOENT);
	assert_int_equal(ask(DIRECTORY_DOMAIN_RESTORE, 0, "example.test", NULL, NULL, NULL), -ENOENT);
	assert_int_equal(ask(DIRECTORY_ACCOUNT_RESTORE, 0, "user007@example.test", NULL, NULL, NULL), 0);
}

/* Killed behind the first step, the domain is there, and a part of its accounts not. */
static void a_domain_s_cut_removal_is_undone(void **state)
{
	(void)state;
	enum { CROWD = 199 }; /* two steps' worth, with Alice */
	add_domain_and_alice();
	add_crowd(CROWD);
	assert_int_equal(ask(DIRECTORY_DOMAIN_RESTORE, 0, "example.test", NULL, NULL, NULL), -ENOENT);
	for (unsigned steps = 1; steps <= 2; steps++) {
		for (unsigned i = 0; i < steps; i++) {
			assert_int_equal(ask(DIRECTORY_DOMAIN_DELETE, DIRECTORY_REMOVE_ALL, "example.test",
			                     NULL, NULL, NULL),
			    0);
			assert_int_equal(answer.number, 1);
		}
		test_accounts_restart();
		assert_int_equal(ask(DIRECTORY_LOOK_UP, 0, "alice@example.test", NULL, NULL, NULL), -ENOENT);
		assert_int_equal(in_steps(DIRECTORY_DOMAIN_RESTORE, 0), 100 * steps);
		assert_int_equal(ask(DIRECTORY_LOOK_UP, 0, "alice@example.test", NULL, NULL, NULL), 0);
		assert_int_equal(ask(DIRECTORY_LOOK_UP, 0, "user198@example.test", NULL, NULL, NULL), 0);
		assert_int_equal(ask(DIRECTORY_DOMAIN_RESTORE, 0, "example.test", NULL, NULL, NULL), -ENOENT);
	}
}

static unsigned erasing;

static void erased(struct directory_job *ended)
{
	assert_int_equal(ended->error, 0);
	directory_job_free(ended);
	finished = --erasing == 0;
}

/* Upkeep and a command at once: neither takes what the other has erased for its own. */
static void two_erase_at_once(void **state)
{
	(void)state;
	uint64_t alice = add_domain_and_alice();
	struct message_field first = {.value = VIEW("")};
	const struct message_directory m = {
	    .operation = DIRECTORY_ERASE, .number = 1, .fields = {.items = &first, .count = 1}};
	assert_int_equal(test_deliver(&accounts, alice, 1, 100, "p"), 0);
	assert_int_equal(
	    ask(DIRECTORY_ACCOUNT_DELETE, DIRECTORY_REMOVE_NOW, "alice@example.test", NULL, NULL, NULL), 0);
	finished = false;
	for (erasing = 0; erasing < 2; erasing++)
		directory_job_start(&accounts, &m, erased, NULL);
	test_wait(accounts.store, &finished);
	assert_int_equal(test_count(alice, 'F') + test_count(DIRECTORY_SHARD, 'a'), 0);
}

static void what_is_over_is_erased_step_by_step(void **state)
{
	(void)state;
	enum { CROWD = 5 };
	uint64_t alice = add_domain_and_alice();
	add_crowd(CROWD);
	assert_int_equal(
	    ask(DIRECTORY_ALIAS_PUT, 0, "all@example.test", "alice@example.test", NULL, NULL), 0);
	assert_int_equal(
	    ask(DIRECTORY_GROUP_ADD, 0, "team@example.test", "alice@example.test", NULL, NULL), 0);
	assert_int_equal(test_deliver(&accounts, alice, 1, 100, "p"), 0);
	in_steps(DIRECTORY_DOMAIN_DELETE, DIRECTORY_REMOVE_ALL);
	assert_int_equal(ask(DIRECTORY_ERASE, INT64_MAX, "", NULL, NULL, NULL), 0);
	/* From the first step on it is too late, and a crash between two changes nothing. */
	assert_int_equal(ask(DIRECTORY_DOMAIN_RESTORE, 0, "example.test", NULL, NULL, NULL), -EKEYEXPIRED);
	test_accounts_restart();
	do {
		assert_int_equal(ask(DIRECTORY_ERASE, 1, "", NULL, NULL, NULL), 0);
	} while (answer.number != 0);
	assert_int_equal(test_count(alice, 'F'), 0);
	assert_int_equal(test_count(DIRECTORY_SHARD, 'a') + test_count(DIRECTORY_SHARD, 'd') +
	                     test_count(DIRECTORY_SHARD, 'l') + test_count(DIRECTORY_SHARD, 'g') +
	                     test_count(DIRECTORY_SHARD, 'j') + test_count(DIRECTORY_SHARD, 'i') +
	                     test_count(DIRECTORY_SHARD, 'q'),
	    0);
	assert_int_equal(ask(DIRECTORY_DOMAIN_PUT, 0, "example.test", "", "", "+"), 0);
}

static int run_spoil(struct txn *t, void *arg)
{
	struct address address;
	(void)arg;
	assert_int_equal(address_normalize(VIEW("alice@example.test"), &address), 0);
	struct directory_key key = directory_address_key('a', &address);
	return txn_put(t, DIRECTORY_SHARD, directory_key_view(&key), VIEW("\1"));
}

/* Damage of one entry is told of, and keeps nothing else. */
static void what_cannot_be_erased_is_passed_over(void **state)
{
	char place[STORE_KEY_MAX];
	(void)state;
	add_domain_and_alice();
	assert_int_equal(ask(DIRECTORY_ACCOUNT_ADD, 0, "bob@example.test", "", NULL, NULL), 0);
	uint64_t bob = answer.number;
	assert_int_equal(ask(DIRECTORY_ACCOUNT_DELETE, 0, "alice@example.test", NULL, NULL, NULL), 0);
	assert_int_equal(ask(DIRECTORY_ACCOUNT_DELETE, 0, "bob@example.test", NULL, NULL, NULL), 0);
	assert_int_equal(test_commit(accounts.store, run_spoil, NULL), 0);
	assert_int_equal(ask(DIRECTORY_ERASE, INT64_MAX, "", NULL, NULL, NULL), -EBADMSG);
	struct view failed = directory_job_place(job);
	assert_true(failed.len > 9);
	assert_view(view_skip(failed, 9), "alice@example.test");
	memcpy(place, failed.data, failed.len);
	struct view after = view_of(place, failed.len);
	assert_int_equal(ask_views(DIRECTORY_ERASE, INT64_MAX, &after, 1), 0);
	assert_int_equal(answer.number, 1);
	assert_int_equal(test_count(bob, 'F'), 0);
	assert_int_equal(ask_views(DIRECTORY_ERASE, INT64_MAX, &after, 1), 0);
	assert_int_equal(answer.number, 0);
	assert_int_equal(ask(DIRECTORY_ACCOUNT_RESTORE, 0, "bob@example.test", NULL, NULL, NULL), -ENOENT);
}

/* Alice's erasing has begun, and is passed over: the others of her domain go, and the domain waits for her
 * alone. */
static void an_account_that_stays_keeps_no_other_of_its_domain(void **state)
{
	struct directory_key alice;
	(void)state;
	add_domain_and_alice();
	assert_int_equal(ask(DIRECTORY_ACCOUNT_ADD, 0, "bob@example.test", "", NULL, NULL), 0);
	uint64_t bob = answer.number;
	assert_int_equal(
	    ask(DIRECTORY_ACCOUNT_DELETE, DIRECTORY_REMOVE_NOW, "alice@example.test", NULL, NULL, NULL), 0);
	in_steps(DIRECTORY_DOMAIN_DELETE, DIRECTORY_REMOVE_ALL);
	directory_removed_place(
	    DIRECTORY_ERASING, DIRECTORY_REMOVED_ACCOUNT, VIEW("alice@example.test"), &alice);
	struct view after = directory_key_view(&alice);
	int error = ask_views(DIRECTORY_ERASE, INT64_MAX, &after, 1);
	while (error == 0 && answer.number != 0)
		error = ask_views(DIRECTORY_ERASE, INT64_MAX, &after, 1);
	assert_int_equal(error, -ENOTEMPTY);
	assert_view(view_skip(directory_job_place(job), 9), "example.test");
	assert_int_equal(test_count(bob, 'F'), 0);
	assert_int_equal(test_count(DIRECTORY_SHARD, 'a'), 1);
	/* The next day begins with her. */
	do {
		assert_int_equal(ask(DIRECTORY_ERASE, INT64_MAX, "", NULL, NULL, NULL), 0);
	} while (answer.number != 0);
	assert_int_equal(test_count(DIRECTORY_SHARD, 'a') + test_count(DIRECTORY_SHARD, 'd') +
	                     test_count(DIRECTORY_SHARD, 'q'),
	    0);
}

/* A removal that was cut leaves a disabled account: the same command goes on. */
static void a_cut_removal_goes_on(void **state)
{
	(void)state;
	uint64_t alice = add_domain_and_alice();
	struct account_request r = {.shard = alice};
	assert_int_equal(ask(DIRECTORY_ACCOUNT_SET, 0, "alice@example.test", "disabled", "1", NULL), 0);
	assert_int_equal(test_request(&accounts, account_remove, &r), 0);
	test_accounts_restart();
	assert_int_equal(ask(DIRECTORY_LOOK_UP, 0, "alice@example.test", NULL, NULL, NULL), 0);
	assert_int_equal(answer.number, 0);
	assert_int_equal(ask(DIRECTORY_ACCOUNT_DELETE, 0, "alice@example.test", NULL, NULL, NULL), 0);
	assert_int_equal(ask(DIRECTORY_LOOK_UP, 0, "alice@example.test", NULL, NULL, NULL), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    ON_BOTH(what_was_removed_comes_back_whole),
	    ON_BOTH(a_domain_goes_and_comes_with_all_that_is_in_it),
	    ON_BOTH(a_domain_s_cut_removal_is_undone),
	    ON_BOTH(what_is_over_is_erased_step_by_step),
	    ON_BOTH(two_erase_at_once),
	    ON_BOTH(what_cannot_be_erased_is_passed_over),
	    ON_BOTH(an_account_that_stays_keeps_no_other_of_its_domain),
	    ON_BOTH(a_cut_removal_goes_on),
	};
	log_set_threshold(LOG_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
