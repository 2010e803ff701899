#include "support.h"

#include <errno.h>

#include "account/change.h"
#include "base/log.h"
#include "mime/trailer.h"

static void fetched(struct account_fetch *f, int result)
{
	assert_int_equal(result, 0);
	*(bool *)f->arg = true;
}

static void fetch(struct account_fetch *f)
{
	bool done = false;
	f->done = fetched;
	f->arg = &done;
	account_fetch(&accounts, f);
	test_wait(accounts.store, &done);
}

static void fetching_takes_what_the_budget_holds(void **state)
{
	(void)state;
	uint64_t a = test_account(1), ids[5] = {1, 2, 99, 3, 4};
	test_create(&accounts, a, 0);
	test_fill(a, 4); /* 20 bytes each */
	struct account_fetch f = {.shard = a, .emailids = ids, .emailid_count = 5, .budget = 50};
	fetch(&f);
	assert_int_equal(f.count, 3);
	assert_int_equal(f.messages[1].body.len, 20);
	assert_int_equal(f.messages[2].result, -ENOENT);
	account_fetch_free(&f);
	f.budget = 7;
	fetch(&f);
	assert_int_equal(f.count, 1);
	assert_int_equal(f.messages[0].body.len, 7);
	assert_int_equal(f.messages[0].body_len, 20);
	account_fetch_free(&f);
	f.budget = 0;
	fetch(&f);
	assert_int_equal(f.count, 5);
	assert_int_equal(f.messages[4].body.len, 0);
	account_fetch_free(&f);
}

static void next(struct account_fetch *f)
{
	bool done = false;
	f->arg = &done;
	account_fetch_next(f);
	assert_false(done);
	test_wait(accounts.store, &done);
}

/* Runs of two bodies each; what a run gave can be used while the next one is read. */
static void bodies_come_in_runs(void **state)
{
	(void)state;
	static const size_t counts[] = {2, 3, 2, 1}; /* of the second run one is not there */
	uint64_t a = test_account(1), ids[] = {1, 2, 3, 99, 4, 5, 6, 7};
	const struct account_fetched *before = NULL;
	test_create(&accounts, a, 0);
	test_fill(a, 7); /* 20 bytes each */
	struct account_fetch f = {
	    .shard = a, .emailids = ids, .emailid_count = 8, .budget = 45, .ahead = true};
	fetch(&f);
	for (size_t run = 0, at = 0; run < 4; at += counts[run++]) {
		if (run > 0)
			next(&f);
		assert_int_equal(f.found, 8);
		assert_int_equal(f.first, at);
		assert_int_equal(f.count, counts[run]);
		for (size_t i = f.first; i < f.first + f.count; i++) {
			char expected[20];
			test_bytes((uint32_t)ids[i] - 1, 0, expected, sizeof expected);
			assert_int_equal(f.messages[i].result, ids[i] == 99 ? -ENOENT : 0);
			if (ids[i] != 99)
				assert_memory_equal(f.messages[i].body.data, expected, sizeof expected);
		}
		if (before)
			assert_int_equal(before->body.len, 20);
		before = &f.messages[f.first];
	}
	assert_int_equal(f.first + f.count, f.found);
	account_fetch_free(&f);
	/* One that is longer than the budget goes alone, and as far as it reaches. */
	f.budget = 7;
	fetch(&f);
	next(&f);
	assert_int_equal(f.first, 1);
	assert_int_equal(f.count, 1);
	assert_int_equal(f.messages[1].body.len, 7);
	account_fetch_free(&f);
}

static int run_damage(struct txn *t, void *arg)
{
	const uint64_t *ids = arg;
	struct account_key good = key_email(ids[0]), gone = key_email(ids[1]);
	int error = txn_put(t, test_account(1), key_view(&good), VIEW("\x01 no email"));
	return error ? error : txn_delete(t, test_account(1), key_view(&gone));
}

/* Emails 1 to 600, in any order and with any gaps: each answer is the named email's own. */
static void expect_emails(const uint64_t *ids, size_t count, uint64_t damaged, uint64_t gone)
{
	struct account_fetch f = {
	    .shard = test_account(1), .emailids = ids, .emailid_count = count, .budget = 1 << 20};
	fetch(&f);
	assert_int_equal(f.count, count);
	for (size_t i = 0; i < count; i++) {
		char expected[20];
		int result = ids[i] == damaged ? -EBADMSG : ids[i] == gone || ids[i] > 600 ? -ENOENT : 0;
		assert_int_equal(f.messages[i].emailid, ids[i]);
		assert_int_equal(f.messages[i].result, result);
		assert_int_equal(f.messages[i].body.len, result ? 0 : 20);
		test_bytes((uint32_t)ids[i] - 1, 0, expected, sizeof expected);
		if (result == 0)
			assert_memory_equal(f.messages[i].body.data, expected, sizeof expected);
	}
	account_fetch_free(&f);
}

static void fetching_finds_emails_that_lie_together_or_do_not(void **state)
{
	(void)state;
	uint64_t ids[ACCOUNT_FETCH_MAX], damage[2] = {300, 301};
	test_create(&accounts, test_account(1), 0);
	test_fill(test_account(1), 600);
	for (int pass = 0; pass < 2; pass++) {
		uint64_t damaged = pass ? 300 : 0, gone = pass ? 301 : 0;
		for (size_t i = 0; i < ACCOUNT_FETCH_MAX; i++)
			ids[i] = i + 1;
		expect_emails(ids, ACCOUNT_FETCH_MAX, damaged, gone);
		for (size_t i = 0; i < 300; i++)
			ids[i] = 2 * i + 2;
		expect_emails(ids, 300, damaged, gone);
		for (size_t i = 0; i < 100; i++)
			ids[i] = i < 50 ? 290 + i : 580 + i;
		expect_emails(ids, 100, damaged, gone);
		for (size_t i = 0; i < 100; i++)
			ids[i] = 350 - i;
		expect_emails(ids, 100, damaged, gone);
		expect_emails((const uint64_t[]){300}, 1, damaged, gone);
		expect_emails((const uint64_t[]){598, 599, 600, 601, 602}, 5, damaged, gone);
		assert_int_equal(test_commit(accounts.store, run_damage, damage), 0);
	}
}

/* ---- what was derived ---- */

static void deliver(struct view summary, struct view structure, struct view trailer)
{
	struct account_target target = {.shard = test_account(1)};
	struct account_delivery d = {
	    .targets = &target, .target_count = 1, .summary = summary, .structure = structure};
	struct store_upload *upload = test_upload(accounts.store, 1, 20);
	assert_int_equal(store_upload_append(upload, trailer), 0);
	assert_int_equal(test_deliver_upload(&d, upload, 20), 0);
}

static void expect_derived(unsigned derived, const char *const summaries[3], const char *const structures[3])
{
	uint64_t ids[3] = {1, 2, 3};
	for (size_t budget = 0; budget <= 100; budget += 100) {
		struct account_fetch f = {.shard = test_account(1),
		    .emailids = ids,
		    .emailid_count = 3,
		    .derived = derived,
		    .budget = budget};
		fetch(&f);
		assert_int_equal(f.count, 3);
		for (size_t i = 0; i < 3; i++) {
			assert_view(f.messages[i].summary, summaries[i]);
			assert_view(f.messages[i].structure, structures[i]);
			if (derived & ACCOUNT_SENDER)
				assert_view(f.messages[i].sender, i == 2 ? "found" : "");
			assert_int_equal(f.messages[i].body.len, budget ? 20 : 0);
		}
		account_fetch_free(&f);
	}
}

static void what_was_derived_is_found_where_it_stands(void **state)
{
	(void)state;
	static const char *const none[3] = {"", "", ""};
	struct buf trailer;
	buf_init(&trailer, 1000);
	test_create(&accounts, test_account(1), 0);
	trailer_append(&trailer, TRAILER_STRUCTURE, VIEW("tree"));
	deliver(VIEW("short"), VIEW("tree"), buf_view(&trailer));
	deliver(VIEW("short"), VIEW(""), buf_view(&trailer));
	trailer_append(&trailer, TRAILER_SENDER, VIEW("found"));
	trailer_append(&trailer, TRAILER_SUMMARY, VIEW("long"));
	deliver(VIEW(""), VIEW("tree"), buf_view(&trailer));
	buf_done(&trailer);
	expect_derived(0, none, none);
	expect_derived(ACCOUNT_STRUCTURE, none, (const char *const[]){"tree", "tree", "tree"});
	expect_derived(ACCOUNT_SUMMARY, (const char *const[]){"short", "short", "long"},
	    (const char *const[]){"", "", "tree"});
	expect_derived(ACCOUNT_SUMMARY | ACCOUNT_STRUCTURE, (const char *const[]){"short", "short", "long"},
	    (const char *const[]){"tree", "tree", "tree"});
	/* What stands beside it behind the body has been read as well. */
	expect_derived(ACCOUNT_SENDER, (const char *const[]){"", "", "long"},
	    (const char *const[]){"tree", "tree", "tree"});
	expect_derived(ACCOUNT_INDEXED, (const char *const[]){"short", "short", ""},
	    (const char *const[]){"tree", "", "tree"});
}

int main(void)
{
	log_open(-1, "test", LOG_ERROR);
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(fetching_takes_what_the_budget_holds),
	    cmocka_unit_test(bodies_come_in_runs),
	    cmocka_unit_test(fetching_finds_emails_that_lie_together_or_do_not),
	    cmocka_unit_test(what_was_derived_is_found_where_it_stands),
	};
	return test_on_both_engines("fetch", tests, sizeof tests / sizeof *tests);
}
