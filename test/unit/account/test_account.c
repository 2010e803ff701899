/* Accounts on the memory engine and on the embedded one: the same tests on both. */
#include "support.h"

#include <errno.h>
#include <time.h>

#include "account/message.h"
#include "base/log.h"

static void accounts_come_and_go(void **state)
{
	(void)state;
	uint64_t a = test_account(1);
	struct account_request r = {.shard = a};
	assert_int_equal(test_request(&accounts, account_stat, &r), -ENOENT);
	assert_int_equal(test_create(&accounts, a, 1000), 0);
	assert_int_equal(test_create(&accounts, a, 1000), -EEXIST);
	assert_int_equal(test_stat(&accounts, a).quota, 1000);
	r.quota = 2000;
	assert_int_equal(test_request(&accounts, account_set_quota, &r), 0);
	assert_int_equal(test_stat(&accounts, a).quota, 2000);
	for (uint32_t i = 0; i < 300; i++)
		assert_int_equal(test_deliver(&accounts, a, i, 1, ""), 0);
	assert_int_equal(test_request(&accounts, account_remove, &r), 0);
	assert_int_equal(test_request(&accounts, account_stat, &r), -ENOENT);
	assert_int_equal(test_deliver(&accounts, a, 1, 10, ""), -ENOENT);
	assert_int_equal(test_request(&accounts, account_remove, &r), 0);
}

static void one_body_reaches_all(void **state)
{
	(void)state;
	struct account_target targets[3] = {
	    {.shard = test_account(1), .prefix = VIEW("Delivered-To: one\r\n")},
	    {.shard = test_account(2), .prefix = VIEW("Delivered-To: two\r\n"), .mailbox = VIEW("Nowhere")},
	    {.shard = test_account(3)},
	};
	struct account_delivery d = {.targets = targets, .target_count = 3, .summary = VIEW("summary")};
	test_create(&accounts, targets[0].shard, 0);
	test_create(&accounts, targets[1].shard, 0);
	assert_int_equal(test_delivery(&accounts, &d, 5, 5000), 0);
	assert_int_equal(targets[0].result, 0);
	assert_int_equal(targets[1].result, 0);
	assert_int_equal(targets[2].result, -ENOENT);
	test_accounts_restart();
	test_expect_message(
	    &accounts, targets[0].shard, targets[0].emailid, 5, 5000, "Delivered-To: one\r\n");
	test_expect_message(
	    &accounts, targets[1].shard, targets[1].emailid, 5, 5000, "Delivered-To: two\r\n");
	assert_int_equal(test_stat(&accounts, targets[0].shard).bytes, 5019);
}

static void quota_is_kept_where_asked(void **state)
{
	(void)state;
	uint64_t a = test_account(1);
	test_create(&accounts, a, 1000);
	assert_int_equal(test_deliver(&accounts, a, 1, 600, ""), 0);
	assert_int_equal(test_deliver(&accounts, a, 2, 401, ""), -EDQUOT);
	assert_int_equal(test_deliver(&accounts, a, 3, 395, "12345"), 0);
	assert_int_equal(test_stat(&accounts, a).bytes, 1000);
	struct account_target target = {.shard = a};
	struct account_delivery d = {.targets = &target, .target_count = 1};
	assert_int_equal(test_delivery(&accounts, &d, 4, 100), 0);
	assert_int_equal(test_deliver(&accounts, a, 5, 1, ""), -EDQUOT);
	/* What no empty mailbox could hold is another thing: it will never be taken. */
	assert_int_equal(test_deliver(&accounts, a, 6, 1000, ""), -EDQUOT);
	assert_int_equal(test_deliver(&accounts, a, 6, 1001, ""), -EFBIG);
	assert_int_equal(test_deliver(&accounts, a, 6, 1000, "p"), -EFBIG);
	/* It hinders no other target. */
	struct account_target both[] = {
	    {.shard = a, .enforce_quota = true}, {.shard = test_account(2), .enforce_quota = true}};
	struct account_delivery two = {.targets = both, .target_count = 2};
	test_create(&accounts, both[1].shard, 0);
	assert_int_equal(test_delivery(&accounts, &two, 7, 1001), 0);
	assert_int_equal(both[0].result, -EFBIG);
	assert_int_equal(both[1].result, 0);
}

static void a_delivery_id_counts_once(void **state)
{
	(void)state;
	uint64_t a = test_account(1);
	struct account_target target = {.shard = a, .has_delivery_id = true, .delivery_id = {1, 2, 3}};
	struct account_delivery d = {.targets = &target, .target_count = 1};
	test_create(&accounts, a, 0);
	assert_int_equal(test_delivery(&accounts, &d, 1, 100), 0);
	uint64_t first = target.emailid;
	test_accounts_restart();
	assert_int_equal(test_delivery(&accounts, &d, 1, 100), 0);
	assert_int_equal(target.result, 0);
	assert_int_equal(target.emailid, first);
	assert_int_equal(target.uid, 0);
	assert_int_equal(test_stat(&accounts, a).messages, 1);
	/* The same for a body that has a file of its own: nobody names the second one. */
	target.delivery_id[0] = 9;
	assert_int_equal(test_delivery(&accounts, &d, 2, 3000000), 0);
	assert_int_equal(test_delivery(&accounts, &d, 2, 3000000), 0);
	test_accounts_restart();
	test_expect_message(&accounts, a, target.emailid, 2, 3000000, "");
}

static void too_large_a_summary_is_refused(void **state)
{
	(void)state;
	static char text[SUMMARY_INLINE_MAX + 1];
	memset(text, 's', sizeof text);
	struct account_target target = {.shard = test_account(1)};
	struct account_delivery d = {
	    .targets = &target, .target_count = 1, .summary = view_of(text, sizeof text)};
	test_create(&accounts, target.shard, 0);
	assert_int_equal(test_delivery(&accounts, &d, 1, 10), -EMSGSIZE);
	d.summary.len--;
	assert_int_equal(test_delivery(&accounts, &d, 1, 10), 0);
}

static void a_maildrop_is_one_sessions(void **state)
{
	(void)state;
	uint64_t a = test_account(1);
	struct maildrop first = {.shard = a}, second = {.shard = a};
	assert_int_equal(test_open_maildrop(&accounts, &first), -ENOENT);
	test_create(&accounts, a, 0);
	for (uint32_t i = 0; i < 5; i++)
		test_deliver(&accounts, a, i, 100 * i, "p");
	assert_int_equal(test_open_maildrop(&accounts, &first), 0);
	assert_int_equal(test_open_maildrop(&accounts, &second), -EBUSY);
	assert_int_equal(first.count, 5);
	assert_int_equal(first.bytes, 1000 + 5);
	assert_int_equal(first.entries[4].size, 401);
	assert_int_equal(first.entries[4].uid, 5);
	test_expect_message(&accounts, a, first.entries[3].emailid, 3, 300, "p");
	assert_int_equal(first.entries[0].emailid, 1);
	test_deliver(&accounts, a, 9, 10, "");
	assert_int_equal(first.count, 5);
	maildrop_close(&first);
	assert_int_equal(test_open_maildrop(&accounts, &second), 0);
	assert_int_equal(second.count, 6);
	maildrop_close(&second);
}

static void an_imported_uidl_is_kept(void **state)
{
	(void)state;
	struct account_target target = {.shard = test_account(1), .uidl = VIEW("old-uidl")};
	struct account_delivery d = {.targets = &target, .target_count = 1};
	struct maildrop m = {.shard = target.shard};
	test_create(&accounts, target.shard, 0);
	assert_int_equal(test_delivery(&accounts, &d, 1, 10), 0);
	assert_int_equal(test_open_maildrop(&accounts, &m), 0);
	assert_true(m.entries[0].own_uidl);
	maildrop_close(&m);
}

static void expect_binary(uint64_t shard, uint64_t size)
{
	struct maildrop m = {.shard = shard};
	assert_int_equal(test_open_maildrop(&accounts, &m), 0);
	assert_int_equal(m.count, 2);
	assert_true(m.entries[0].binary != m.entries[1].binary);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(m.entries[i].size, m.entries[i].binary ? size : 101);
	assert_int_equal(m.bytes, size + 101);
	maildrop_close(&m);
}

/* A binary body is as long as it is, and a maildrop shows what it becomes as text; also after it was deleted
 * and has come back. */
static void a_binary_body_grows_as_text(void **state)
{
	(void)state;
	static const uint32_t second = 2;
	uint64_t a = test_account(1);
	struct account_target target = {.shard = a, .prefix = VIEW("p")};
	struct account_delivery d = {
	    .targets = &target, .target_count = 1, .binary = true, .text_growth = 30};
	test_create(&accounts, a, 0);
	assert_int_equal(test_deliver(&accounts, a, 1, 100, "p"), 0);
	assert_int_equal(test_delivery(&accounts, &d, 2, 200), 0);
	assert_int_equal(test_stat(&accounts, a).bytes, 101 + 201);
	test_accounts_restart();
	expect_binary(a, 231);
	test_expect_message(&accounts, a, target.emailid, 2, 200, "p");
	assert_int_equal(test_expunge(&accounts, a, &second, 1), 0);
	struct account_request r = {.shard = a, .since = 0};
	assert_int_equal(test_request(&accounts, account_undelete, &r), 0);
	expect_binary(a, 231);
	assert_int_equal(test_stat(&accounts, a).bytes, 101 + 201);
}

static void expect_uids(uint64_t shard, const uint32_t *uids, size_t count)
{
	struct maildrop m = {.shard = shard};
	assert_int_equal(test_open_maildrop(&accounts, &m), 0);
	assert_int_equal(m.count, count);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(m.entries[i].uid, uids[i]);
	maildrop_close(&m);
}

static void deleted_mail_can_come_back(void **state)
{
	(void)state;
	uint64_t a = test_account(1);
	struct account_request r = {.shard = a};
	test_create(&accounts, a, 0);
	for (uint32_t i = 1; i <= 4; i++)
		test_deliver(&accounts, a, i, 100, "prefix");
	assert_int_equal(test_expunge(&accounts, a, (uint32_t[]){2, 3, 77}, 3), 0);
	test_accounts_restart();
	expect_uids(a, (uint32_t[]){1, 4}, 2);
	struct account_request stat = test_stat(&accounts, a);
	assert_int_equal(stat.messages, 2);
	assert_int_equal(stat.bytes, 212);
	assert_int_equal(stat.deleted_bytes, 212);
	assert_int_equal(test_request(&accounts, account_undelete, &r), 0);
	assert_int_equal(r.count, 2);
	expect_uids(a, (uint32_t[]){1, 4, 5, 6}, 4);
	test_expect_message(&accounts, a, 5, 2, 100, "prefix");
	stat = test_stat(&accounts, a);
	assert_int_equal(stat.messages, 4);
	assert_int_equal(stat.deleted_bytes, 0);
	assert_int_equal(test_expunge(&accounts, a, (uint32_t[]){5}, 1), 0);
	assert_int_equal(test_request(&accounts, account_purge, &r), 0);
	assert_int_equal(r.count, 1);
	assert_int_equal(test_request(&accounts, account_undelete, &r), 0);
	assert_int_equal(r.count, 0);
	assert_int_equal(test_stat(&accounts, a).deleted_bytes, 0);
}

static void fill(uint64_t shard, size_t count)
{
	struct account_target target = {.shard = shard};
	struct account_delivery d = {.targets = &target, .target_count = 1};
	for (size_t i = 0; i < count; i++)
		assert_int_equal(test_delivery(&accounts, &d, (uint32_t)i, 20), 0);
}

static void many_are_expunged_as_one(void **state)
{
	(void)state;
	enum { COUNT = 1100 };
	uint64_t a = test_account(1);
	static uint32_t gone[COUNT], left[COUNT];
	size_t gone_count = 0, left_count = 0;
	test_create(&accounts, a, 0);
	fill(a, COUNT);
	/* With gaps, so that the intent needs more than one part. */
	for (uint32_t uid = 1; uid <= COUNT; uid++)
		if (uid % 3 == 0)
			left[left_count++] = uid;
		else
			gone[gone_count++] = uid;
	assert_int_equal(test_expunge(&accounts, a, gone, gone_count), 0);
	expect_uids(a, left, left_count);
	assert_int_equal(test_stat(&accounts, a).messages, left_count);
}

/* An intent as a crash would leave it: written, and nothing or a part of it done. */
static int put_intent(struct txn *t, void *arg)
{
	static struct account_intent intent;
	struct entry value;
	intent =
	    (struct account_intent){.mailbox = MAILBOX_INBOX, .count = 2, .ranges = {{1, 250}, {252, 400}}};
	intent_encode(&intent, &value);
	return value_put(t, *(uint64_t *)arg, key_intent(1, 0), &value);
}

static void an_interrupted_expunge_is_finished(void **state)
{
	(void)state;
	uint64_t a = test_account(1);
	struct account_request r = {.shard = a};
	test_create(&accounts, a, 0);
	fill(a, 402);
	assert_int_equal(test_commit(accounts.store, put_intent, &a), 0);
	test_accounts_restart();
	expect_uids(a, (uint32_t[]){251, 401, 402}, 3);
	assert_int_equal(test_commit(accounts.store, put_intent, &a), 0);
	assert_int_equal(test_request(&accounts, account_repair, &r), 0);
	assert_int_equal(r.count, 0);
	assert_int_equal(test_stat(&accounts, a).messages, 3);
}

static size_t count_of(char letter)
{
	return test_count(test_account(1), letter);
}

/* A delivery is in the log by its M entry alone; what goes is logged by blocks of messages. */
static void the_log_has_an_entry_for_each_block(void **state)
{
	(void)state;
	uint64_t a = test_account(1);
	test_create(&accounts, a, 0);
	fill(a, 70);
	assert_int_equal(count_of('L'), 0);
	test_expunge(&accounts, a, (uint32_t[]){1, 2, 63}, 3);
	assert_int_equal(count_of('L'), 1);
	test_expunge(&accounts, a, (uint32_t[]){3, 64, 65}, 3);
	assert_int_equal(count_of('L'), 3);
	assert_int_equal(count_of('M'), 64);
	assert_int_equal(count_of('E'), 70); /* those that can come back are still there */
	assert_int_equal(count_of('U'), 6);
	struct account_request r = {.shard = a};
	assert_int_equal(test_request(&accounts, account_purge, &r), 0);
	assert_int_equal(count_of('E'), 64);
	assert_int_equal(count_of('V'), 0);
}

static void upkeep_drops_what_has_expired(void **state)
{
	(void)state;
	uint64_t a = test_account(1);
	struct account_request r = {.shard = a};
	accounts.undelete_seconds = 1; /* over before the second upkeep below */
	test_create(&accounts, a, 0);
	fill(a, 3);
	test_expunge(&accounts, a, (uint32_t[]){1, 2}, 2);
	assert_int_equal(test_request(&accounts, account_upkeep, &r), 0);
	struct timespec pause = {.tv_sec = 1, .tv_nsec = 100000000};
	nanosleep(&pause, NULL);
	assert_int_equal(test_request(&accounts, account_upkeep, &r), 0);
	assert_int_equal(count_of('U'), 0);
	assert_int_equal(test_stat(&accounts, a).deleted_bytes, 0);
	assert_int_equal(count_of('L'), 1); /* what has changed is known for months */
	assert_int_equal(count_of('E'), 1);
}

/* As after a clock that was set back: no deleted mail is kept longer than the rule says from now on. */
static void deleted_mail_is_not_kept_longer_than_now_allows(void **state)
{
	(void)state;
	uint64_t a = test_account(1);
	struct account_request r = {.shard = a};
	struct timespec pause = {.tv_sec = 1, .tv_nsec = 100000000};
	accounts.undelete_seconds = 24 * 86400;
	test_create(&accounts, a, 0);
	fill(a, 3);
	test_expunge(&accounts, a, (uint32_t[]){1, 2}, 2);
	accounts.undelete_seconds = 14 * 86400;
	assert_int_equal(test_request(&accounts, account_upkeep, &r), 0);
	assert_int_equal(count_of('U'), 2);
	accounts.undelete_seconds = 1;
	assert_int_equal(test_request(&accounts, account_upkeep, &r), 0);
	assert_int_equal(count_of('U'), 2);
	nanosleep(&pause, NULL);
	assert_int_equal(test_request(&accounts, account_upkeep, &r), 0);
	assert_int_equal(count_of('U'), 0);
	assert_int_equal(test_stat(&accounts, a).deleted_bytes, 0);
}

/* Long lists, each longer than a slice: changes, delivery ids and kept bodies, of which the older ones have
 * expired. */
enum { OLD = 2500, FRESH = 10, LONG_FIRST = 1000 };

static int put_old_or_fresh(struct txn *t, unsigned i)
{
	struct entry value;
	bool old = i < OLD;
	int64_t now = time(NULL);
	struct account_log log = {.time = old ? now - ACCOUNT_LOG_SECONDS - 1 : now, .changed = 1};
	unsigned char id[ACCOUNT_DELIVERY_ID_SIZE] = {(unsigned char)(i >> 8), (unsigned char)i};
	struct account_kept kept = {.blob = {{1}}, .size = 3};
	log_encode(&log, &value);
	int error = value_put(t, test_account(1), key_log(LONG_FIRST + i, KIND_PLACES, i), &value);
	number_encode(i, &value);
	if (error == 0)
		error = value_put(
		    t, test_account(1), key_delivery(delivery_period(now) - (old ? 2 : 1), id), &value);
	kept_encode(&kept, &value);
	return error ? error
	             : value_put(t, test_account(1),
	                   key_kept(old ? now - ACCOUNT_KEPT_GRACE_SECONDS - 10 : now + 1000, i), &value);
}

static int run_put_long(struct txn *t, void *arg)
{
	const unsigned *from = arg;
	struct account_head head;
	int error = head_get(t, test_account(1), &head);
	for (unsigned i = *from; i < *from + 600 && i < OLD + FRESH && error == 0; i++)
		error = put_old_or_fresh(t, i);
	head.log_entries = OLD + FRESH;
	head.kept = OLD + FRESH;
	head.kept_bytes = 3 * head.kept;
	return error ? error : head_put(t, test_account(1), &head);
}

static int run_get_head(struct txn *t, void *arg)
{
	return head_get(t, test_account(1), arg);
}

static void upkeep_drops_long_lists_in_slices(void **state)
{
	(void)state;
	struct account_request r = {.shard = test_account(1)};
	struct account_head head;
	struct store_stats before, after;
	test_create(&accounts, test_account(1), 0);
	for (unsigned from = 0; from < OLD + FRESH; from += 600)
		assert_int_equal(test_commit(accounts.store, run_put_long, &from), 0);
	store_stats(accounts.store, &before);
	assert_int_equal(test_request(&accounts, account_upkeep, &r), 0);
	store_stats(accounts.store, &after);
	assert_int_equal(r.count, 3 * OLD);
	assert_int_equal(count_of('L'), FRESH);
	assert_int_equal(count_of('D'), FRESH);
	assert_int_equal(count_of('X'), FRESH);
	assert_int_equal(test_read(accounts.store, test_account(1), run_get_head, &head), 0);
	assert_int_equal(head.log_entries, FRESH);
	assert_int_equal(head.log_floor, LONG_FIRST + OLD - 1);
	assert_int_equal(head.kept, FRESH);
	assert_int_equal(head.kept_bytes, 3 * FRESH);
	/* A slice each, and no more. */
	assert_true(after.commits - before.commits <= 3 * (OLD / 900 + 1));
	store_stats(accounts.store, &before);
	assert_int_equal(test_request(&accounts, account_upkeep, &r), 0);
	store_stats(accounts.store, &after);
	assert_int_equal(r.count, 0);
	assert_int_equal(after.commits, before.commits);
}

int main(void)
{
	log_open(-1, "test", LOG_ERROR);
	static const struct CMUnitTest tests[] = {
	    {"accounts_come_and_go", accounts_come_and_go, NULL, NULL, NULL},
	    {"one_body_reaches_all", one_body_reaches_all, NULL, NULL, NULL},
	    {"quota_is_kept_where_asked", quota_is_kept_where_asked, NULL, NULL, NULL},
	    {"a_delivery_id_counts_once", a_delivery_id_counts_once, NULL, NULL, NULL},
	    {"too_large_a_summary_is_refused", too_large_a_summary_is_refused, NULL, NULL, NULL},
	    {"a_maildrop_is_one_sessions", a_maildrop_is_one_sessions, NULL, NULL, NULL},
	    {"an_imported_uidl_is_kept", an_imported_uidl_is_kept, NULL, NULL, NULL},
	    {"a_binary_body_grows_as_text", a_binary_body_grows_as_text, NULL, NULL, NULL},
	    {"deleted_mail_can_come_back", deleted_mail_can_come_back, NULL, NULL, NULL},
	    {"many_are_expunged_as_one", many_are_expunged_as_one, NULL, NULL, NULL},
	    {"an_interrupted_expunge_is_finished", an_interrupted_expunge_is_finished, NULL, NULL, NULL},
	    {"the_log_has_an_entry_for_each_block", the_log_has_an_entry_for_each_block, NULL, NULL, NULL},
	    {"upkeep_drops_what_has_expired", upkeep_drops_what_has_expired, NULL, NULL, NULL},
	    {"deleted_mail_is_not_kept_longer_than_now_allows",
	        deleted_mail_is_not_kept_longer_than_now_allows, NULL, NULL, NULL},
	    {"upkeep_drops_long_lists_in_slices", upkeep_drops_long_lists_in_slices, NULL, NULL, NULL},
	};
	return test_on_both_engines("account", tests, sizeof tests / sizeof *tests);
}
