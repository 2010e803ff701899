/* What was deleted, found and brought back by its name. */
#include "support.h"

#include <errno.h>

#include "account/history.h"
#include "base/mem.h"

enum { ONE = 1, TWO = 2, MANY = 2 * ACCOUNT_HISTORY_MAX + 50 };

static bool done;
static int result;

static void listed(struct account_history *h, int r)
{
	(void)h;
	result = r;
	done = true;
}

static void list(struct account_history *h)
{
	h->done = listed;
	done = false;
	account_history(&accounts, h);
	test_wait(accounts.store, &done);
	assert_int_equal(result, 0);
}

static void restored(struct account_restore *r, int error)
{
	(void)r;
	result = error;
	done = true;
}

static int restore(struct account_restore *r)
{
	r->done = restored;
	done = false;
	account_restore(&accounts, r);
	test_wait(accounts.store, &done);
	return result;
}

/* All of them, in as many calls as it takes; at most `room` are kept. */
static size_t all(unsigned account, struct account_history_id *ids, size_t room)
{
	struct account_key from = {.len = 0};
	size_t count = 0;
	for (bool more = true; more;) {
		struct account_history h = {.shard = test_account(account), .from = from};
		list(&h);
		for (size_t i = 0; i < h.count; i++, count++)
			if (count < room)
				ids[count] = h.entries[i].id;
		more = h.more;
		from = h.next;
		account_history_free(&h);
	}
	return count;
}

static void delete_first(unsigned account, uint32_t count)
{
	uint32_t *uids = mem_array(count, sizeof *uids);
	for (uint32_t i = 0; i < count; i++)
		uids[i] = i + 1;
	assert_int_equal(test_expunge(&accounts, test_account(account), uids, count), 0);
	mem_free(uids);
}

static void what_is_deleted_is_listed_and_comes_back(void **state)
{
	static struct account_history_id ids[MANY + 2];
	static uint64_t emailids[MANY + 2];
	static int results[MANY + 2];
	(void)state;
	test_create(&accounts, test_account(ONE), 0);
	test_fill(test_account(ONE), MANY);
	assert_int_equal(all(ONE, ids, MANY), 0);
	delete_first(ONE, MANY);
	assert_int_equal(test_stat(&accounts, test_account(ONE)).messages, 0);
	assert_int_equal(all(ONE, ids, MANY), MANY);

	struct account_history one = {
	    .shard = test_account(ONE), .ids = ids, .id_count = 2, .summaries = true};
	list(&one);
	assert_int_equal(one.count, 2);
	assert_int_equal(one.entries[1].id.emailid, ids[1].emailid);
	assert_int_equal(one.entries[0].mailbox, MAILBOX_INBOX);
	assert_true(one.entries[0].deleted > 0 && one.entries[0].id.expiry > one.entries[0].deleted);
	account_history_free(&one);

	/* One that was never there, and one twice: what is there comes back, each once. */
	ids[MANY] = (struct account_history_id){.emailid = 9999999, .expiry = ids[0].expiry};
	ids[MANY + 1] = ids[0];
	struct account_restore r = {.shard = test_account(ONE),
	    .ids = ids,
	    .id_count = MANY + 2,
	    .emailids = emailids,
	    .results = results};
	assert_int_equal(restore(&r), 0);
	for (size_t i = 0; i < MANY; i++) {
		assert_int_equal(results[i], 0);
		assert_true(emailids[i] > ids[i].emailid);
	}
	assert_int_equal(results[MANY], -ENOENT);
	assert_int_equal(results[MANY + 1], -ENOENT);
	assert_int_equal(test_stat(&accounts, test_account(ONE)).messages, MANY);
	assert_int_equal(test_stat(&accounts, test_account(ONE)).deleted_bytes, 0);
	assert_int_equal(all(ONE, ids, MANY), 0);
}

static void another_account_has_others(void **state)
{
	struct account_history_id id;
	uint64_t emailid;
	int own;
	(void)state;
	test_create(&accounts, test_account(ONE), 0);
	test_create(&accounts, test_account(TWO), 0);
	test_fill(test_account(ONE), 1);
	delete_first(ONE, 1);
	assert_int_equal(all(ONE, &id, 1), 1);
	assert_int_equal(all(TWO, &id, 0), 0);
	struct account_restore r = {
	    .shard = test_account(TWO), .ids = &id, .id_count = 1, .emailids = &emailid, .results = &own};
	assert_int_equal(restore(&r), 0);
	assert_int_equal(own, -ENOENT);
	assert_int_equal(emailid, 0);
}

static void it_goes_where_it_is_wanted_or_nowhere(void **state)
{
	struct account_history_id id;
	uint64_t emailid = 7;
	int own;
	(void)state;
	test_create(&accounts, test_account(ONE), 0);
	test_fill(test_account(ONE), 1);
	delete_first(ONE, 1);
	assert_int_equal(all(ONE, &id, 1), 1);
	struct account_restore r = {.shard = test_account(ONE),
	    .ids = &id,
	    .id_count = 1,
	    .mailbox = 12345,
	    .emailids = &emailid,
	    .results = &own};
	assert_int_equal(restore(&r), 0);
	assert_int_equal(own, -ENXIO);
	assert_int_equal(emailid, 0);
	assert_int_equal(all(ONE, &id, 1), 1);
	/* The quota counts it again. */
	r.mailbox = 0;
	r.quota_default = 1;
	assert_int_equal(restore(&r), 0);
	assert_int_equal(own, -EDQUOT);
	assert_int_equal(all(ONE, &id, 1), 1);
	r.quota_default = 0;
	test_fill(test_account(ONE), 1);
	r.quota_messages_default = 1;
	assert_int_equal(restore(&r), 0);
	assert_int_equal(own, -EDQUOT);
	r.quota_messages_default = 2;
	assert_int_equal(restore(&r), 0);
	assert_int_equal(own, 0);
	assert_int_equal(test_stat(&accounts, test_account(ONE)).messages, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_deleted_is_listed_and_comes_back),
	    cmocka_unit_test(another_account_has_others),
	    cmocka_unit_test(it_goes_where_it_is_wanted_or_nowhere),
	};
	return test_on_both_engines("account/history", tests, sizeof tests / sizeof tests[0]);
}
