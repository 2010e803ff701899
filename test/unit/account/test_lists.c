/* Which mailing lists an account reads: days pass, mail comes, some of it goes into Junk. */
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "account/lists.h"
#include "base/clock.h"

enum { ONE = 1, DAY = 24 * 60 * 60 };

static int clock_file = -1;
static int64_t day;

static void set_day(int64_t to)
{
	int64_t seconds = to * DAY;
	day = to;
	assert_int_equal(pwrite(clock_file, &seconds, sizeof seconds, 0), sizeof seconds);
}

/* The UID in INBOX. */
static uint32_t deliver_to(uint64_t list, bool counts, struct view mailbox)
{
	struct account_target target = {.shard = test_account(ONE), .mailbox = mailbox};
	struct account_delivery d = {
	    .targets = &target, .target_count = 1, .list = list, .list_counts = counts};
	assert_int_equal(test_delivery(&accounts, &d, 1, 10), 0);
	return target.uid;
}

static uint32_t deliver(uint64_t list)
{
	return deliver_to(list, true, (struct view){0});
}

static int result;
static bool done;

static void read_done(struct account_list_question *q, int r)
{
	(void)q;
	result = r;
	done = true;
}

static bool reads(uint64_t list)
{
	struct account_list_question q = {
	    .shard = test_account(ONE), .list = list, .now = clock_wall(), .done = read_done};
	done = false;
	account_reads_list(&accounts, &q);
	test_wait(accounts.store, &done);
	assert_true(result == 0 || result == -ENOENT);
	return result == 0;
}

static void begin(void)
{
	test_create(&accounts, test_account(ONE), 0);
	set_day(0);
}

/* Mail on so many days, the last one so many days after today. */
static uint32_t subscribe(uint64_t list, int64_t days, int64_t period)
{
	uint32_t uid = 0;
	int64_t from = day;
	for (int64_t i = 0; i < days; i++) {
		set_day(from + (i + 1 == days ? period : i));
		uid = deliver(list);
		deliver(list);
	}
	return uid;
}

static void a_list_is_learnt_slowly(void **state)
{
	(void)state;
	begin();
	assert_false(reads(7));
	subscribe(7, ACCOUNT_LIST_DAYS - 1, ACCOUNT_LIST_PERIOD + 3);
	assert_false(reads(7));
	set_day(day + 1);
	deliver(7);
	assert_true(reads(7));
	assert_false(reads(8));
	subscribe(8, ACCOUNT_LIST_DAYS + 3, ACCOUNT_LIST_PERIOD - 1);
	assert_false(reads(8));
	set_day(day + ACCOUNT_LIST_SILENCE + 1);
	assert_false(reads(7));
	deliver(7); /* anew */
	assert_false(reads(7));
}

static void only_what_is_proven_and_kept_counts(void **state)
{
	(void)state;
	begin();
	for (int64_t i = 0; i < 3 * ACCOUNT_LIST_PERIOD; i++) {
		set_day(i);
		deliver_to(7, false, (struct view){0});
		deliver_to(8, true, VIEW("\\Junk"));
		deliver_to(0, false, (struct view){0});
	}
	assert_false(reads(7));
	assert_false(reads(8));
	assert_false(reads(0));
}

static void put_into_junk(uint32_t uid, bool move)
{
	struct account_head head;
	struct entry e;
	uint32_t of, to;
	assert_int_equal(test_entry(test_account(ONE), key_head(), &e), 0);
	assert_int_equal(head_decode(entry_view(&e), &head), 0);
	assert_true(head.roles[MAILBOX_ROLE_JUNK] != 0);
	struct account_copy c = {.shard = test_account(ONE),
	    .mailbox = MAILBOX_INBOX,
	    .to = head.roles[MAILBOX_ROLE_JUNK],
	    .move = move,
	    .uids = &uid,
	    .uid_count = 1,
	    .copied = &of,
	    .new_uids = &to};
	assert_int_equal(test_copy(&c), 0);
	assert_int_equal(c.count, 1);
}

static void what_goes_into_junk_is_read_no_more(void **state)
{
	(void)state;
	begin();
	uint32_t uid = subscribe(7, ACCOUNT_LIST_DAYS, ACCOUNT_LIST_PERIOD);
	assert_true(reads(7));
	put_into_junk(uid, false);
	assert_false(reads(7));
	subscribe(7, 2 * ACCOUNT_LIST_DAYS, 2 * ACCOUNT_LIST_PERIOD);
	assert_false(reads(7));
}

/* Whoever sends by ever other lists drives out neither what is read nor what is disowned. */
static void what_is_settled_stays(void **state)
{
	(void)state;
	begin();
	uint32_t uid = subscribe(7, ACCOUNT_LIST_DAYS, ACCOUNT_LIST_PERIOD);
	put_into_junk(uid, true);
	subscribe(8, ACCOUNT_LIST_DAYS, ACCOUNT_LIST_PERIOD);
	for (uint64_t i = 0; i < 3 * ACCOUNT_LISTS_MAX; i++)
		deliver(1000 + i);
	assert_true(reads(8));
	subscribe(7, ACCOUNT_LIST_DAYS, ACCOUNT_LIST_PERIOD);
	assert_false(reads(7));
	struct entry e;
	assert_int_equal(test_entry(test_account(ONE), key_lists(), &e), 0);
	assert_true(e.len < STORE_ENTRY_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_list_is_learnt_slowly),
	    cmocka_unit_test(only_what_is_proven_and_kept_counts),
	    cmocka_unit_test(what_goes_into_junk_is_read_no_more),
	    cmocka_unit_test(what_is_settled_stays),
	};
	char path[] = "/tmp/test_lists_XXXXXX";
	int64_t zero = 0;
	clock_file = mkstemp(path);
	if (clock_file < 0 || write(clock_file, &zero, sizeof zero) != sizeof zero ||
	    clock_simulate(path) != 0)
		return 1;
	int failed = test_on_both_engines("lists", tests, sizeof tests / sizeof tests[0]);
	unlink(path);
	close(clock_file);
	return failed;
}
