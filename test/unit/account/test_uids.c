/* Which UIDs a mailbox has: what is kept of those that are gone, and who may take part in removing many. */
#include "support.h"

#include <errno.h>

#include "account/annotations.h"
#include "account/change.h"
#include "account/check.h"
#include "account/intent.h"
#include "base/log.h"
#include "base/mem.h"

enum { ONE = 1 };

static bool is_gone(const struct account_gone *g, uint32_t uid)
{
	return g->words[uid / ACCOUNT_BLOCK] >> block_bit(uid) & 1;
}

static void set_gone(struct account_gone *g, uint32_t first, uint32_t last, uint32_t step)
{
	for (uint32_t uid = first; uid <= last; uid += step)
		g->words[uid / ACCOUNT_BLOCK] |= (uint64_t)1 << block_bit(uid);
}

static size_t round_trip(const struct account_gone *g)
{
	struct account_gone again;
	struct entry e;
	gone_encode(g, &e);
	assert_false(e.failed);
	assert_int_equal(gone_decode(entry_view(&e), &again), 0);
	assert_memory_equal(g, &again, sizeof again);
	return e.len;
}

/* Whatever has gone fits an entry, and what lies together takes a few bytes. */
static void a_chunk_is_as_short_as_it_can_be(void **state)
{
	struct account_gone g = {{0}};
	(void)state;
	assert_int_equal(round_trip(&g), 2);
	set_gone(&g, 0, 0, 1);
	set_gone(&g, 63, 64, 1);
	set_gone(&g, 8191, 8191, 1);
	assert_true(is_gone(&g, 63) && is_gone(&g, 64) && !is_gone(&g, 65));
	assert_true(round_trip(&g) < 12);
	set_gone(&g, 0, ACCOUNT_CHUNK - 1, 1);
	assert_true(round_trip(&g) < 6);
	memset(&g, 0, sizeof g);
	set_gone(&g, 0, ACCOUNT_CHUNK - 1, 2);
	assert_int_equal(round_trip(&g), 2 + ACCOUNT_CHUNK / 8);
	memset(&g, 0, sizeof g);
	set_gone(&g, 5, ACCOUNT_CHUNK - 1, 16);
	assert_true(round_trip(&g) <= 2 + ACCOUNT_CHUNK / 8);
	/* What no encoder writes is damage. */
	const char *const bad[] = {"\x02\x00\x05\x00", "\x02\x00\x80\x40\x01", "\x02\x01\x00", "\x02\x02"};
	const size_t lengths[] = {4, 5, 3, 2};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(gone_decode(view_of(bad[i], lengths[i]), &g), -EBADMSG);
}

struct put_gone {
	uint32_t chunk, uidnext;
	struct account_gone gone;
};

/* As after millions of messages: nobody waits for a test that delivers them. */
static int run_put_gone(struct txn *t, void *arg)
{
	const struct put_gone *p = arg;
	struct account_mailbox m;
	struct entry value;
	int error = mailbox_get(t, test_account(ONE), MAILBOX_INBOX, &m);
	if (error)
		return error;
	m.uidnext = p->uidnext;
	mailbox_encode(&m, &value);
	error = value_put(t, test_account(ONE), key_mailbox(MAILBOX_INBOX), &value);
	gone_encode(&p->gone, &value);
	return error ? error : value_put(t, test_account(ONE), key_gone(MAILBOX_INBOX, p->chunk), &value);
}

static void put_gone(uint32_t chunk, uint32_t first, uint32_t last, uint32_t step, uint32_t uidnext)
{
	struct put_gone p = {.chunk = chunk, .uidnext = uidnext};
	set_gone(&p.gone, first, last, step);
	assert_int_equal(test_commit(accounts.store, run_put_gone, &p), 0);
}

static void expect_range(const struct account_uids *u, size_t i, uint32_t first, uint32_t last)
{
	assert_true(i < u->count);
	assert_int_equal(u->ranges[i].first, first);
	assert_int_equal(u->ranges[i].last, last);
}

static void ranges_of_a_large_mailbox(void **state)
{
	struct account_uids u = {.shard = test_account(ONE), .mailbox = MAILBOX_INBOX};
	struct account_listed listed[8];
	struct account_list l = {.shard = test_account(ONE),
	    .mailbox = MAILBOX_INBOX,
	    .flags_only = true,
	    .last = UINT32_MAX,
	    .messages = listed,
	    .room = 8};
	(void)state;
	test_create(&accounts, test_account(ONE), 0);
	assert_int_equal(test_uids(&u), 0);
	assert_int_equal(u.count, 0);
	assert_int_equal(u.uidnext, 1);
	account_uids_free(&u);
	/* A gap in the first chunk, one that is gone whole, one from which a range leads into the next. */
	put_gone(0, 10, 19, 1, 50000);
	put_gone(2, 0, ACCOUNT_CHUNK - 1, 1, 50000);
	put_gone(4, 3, 3, 1, 50000);
	assert_int_equal(test_uids(&u), 0);
	assert_int_equal(u.count, 4);
	expect_range(&u, 0, 1, 9);
	expect_range(&u, 1, 20, 2 * ACCOUNT_CHUNK - 1);
	expect_range(&u, 2, 3 * ACCOUNT_CHUNK, 4 * ACCOUNT_CHUNK + 2);
	expect_range(&u, 3, 4 * ACCOUNT_CHUNK + 4, 49999);
	assert_int_equal(u.next, 0);
	account_uids_free(&u);
	u.from = 4 * ACCOUNT_CHUNK + 1;
	assert_int_equal(test_uids(&u), 0);
	assert_int_equal(u.count, 2);
	expect_range(&u, 0, 4 * ACCOUNT_CHUNK + 1, 4 * ACCOUNT_CHUNK + 2);
	account_uids_free(&u);
	u.from = 60000;
	assert_int_equal(test_uids(&u), 0);
	assert_int_equal(u.count, 0);
	account_uids_free(&u);
	/* The last UID that there can be. */
	put_gone(chunk_of(UINT32_MAX), 0, ACCOUNT_CHUNK - 3, 1, UINT32_MAX);
	u.from = UINT32_MAX - 10;
	assert_int_equal(test_uids(&u), 0);
	assert_int_equal(u.count, 1);
	expect_range(&u, 0, UINT32_MAX - 1, UINT32_MAX - 1);
	assert_int_equal(u.next, 0);
	account_uids_free(&u);
	l.first = UINT32_MAX - 10;
	assert_int_equal(test_list(&l), 0);
	assert_int_equal(l.count, 1);
	assert_int_equal(listed[0].uid, UINT32_MAX - 1);
	assert_false(l.more);
}

/* Ten million UIDs that are gone are passed over in slices. */
static void a_long_gap_is_passed_over(void **state)
{
	enum { CHUNKS = 1100 };
	struct account_uids u = {.shard = test_account(ONE), .mailbox = MAILBOX_INBOX};
	struct account_listed listed[8];
	struct account_list l = {.shard = test_account(ONE),
	    .mailbox = MAILBOX_INBOX,
	    .flags_only = true,
	    .last = UINT32_MAX,
	    .messages = listed,
	    .room = 8};
	size_t calls = 0, found = 0;
	(void)state;
	test_create(&accounts, test_account(ONE), 0);
	for (uint32_t i = 0; i < CHUNKS; i++)
		put_gone(i, i == 0, ACCOUNT_CHUNK - 1, 1, CHUNKS * ACCOUNT_CHUNK + 2);
	do {
		assert_int_equal(test_uids(&u), 0);
		found += u.count;
		u.from = u.next;
		calls++;
		if (u.next == 0)
			expect_range(&u, 0, CHUNKS * ACCOUNT_CHUNK, CHUNKS * ACCOUNT_CHUNK + 1);
		account_uids_free(&u);
	} while (u.next);
	assert_int_equal(found, 1);
	assert_int_equal(calls, 2);
	found = calls = 0;
	do {
		assert_int_equal(test_list(&l), 0);
		found += l.count;
		l.first = l.next;
		calls++;
	} while (l.more);
	assert_int_equal(found, 2);
	assert_true(calls <= CHUNKS / 100 + 1);
}

/* Many ranges come in several answers. */
static void many_ranges_come_in_parts(void **state)
{
	enum { CHUNKS = 20 };
	struct account_uids u = {.shard = test_account(ONE), .mailbox = MAILBOX_INBOX};
	size_t found = 0;
	(void)state;
	test_create(&accounts, test_account(ONE), 0);
	for (uint32_t i = 0; i < CHUNKS; i++)
		put_gone(i, 0, ACCOUNT_CHUNK - 1, 2, CHUNKS * ACCOUNT_CHUNK);
	do {
		assert_int_equal(test_uids(&u), 0);
		assert_true(u.count > 0 && u.count <= ACCOUNT_UIDS_RANGES_MAX);
		for (size_t i = 0; i < u.count; i++, found++)
			expect_range(&u, i, (uint32_t)(2 * found + 1), (uint32_t)(2 * found + 1));
		u.from = u.next;
		account_uids_free(&u);
	} while (u.next);
	assert_int_equal(found, CHUNKS * ACCOUNT_CHUNK / 2);
}

static void a_mailbox_takes_its_gone_uids_with_it(void **state)
{
	uint32_t uids[] = {1, 2, 3}, of[3], to[3];
	(void)state;
	test_create(&accounts, test_account(ONE), 0);
	test_fill(test_account(ONE), 3);
	struct account_mailbox_request box = {.shard = test_account(ONE), .name = VIEW("Old")};
	assert_int_equal(test_mailbox(account_mailbox_create, &box), 0);
	struct account_copy c = {.shard = test_account(ONE),
	    .mailbox = MAILBOX_INBOX,
	    .to = box.mailbox,
	    .uids = uids,
	    .uid_count = 3,
	    .copied = of,
	    .new_uids = to};
	assert_int_equal(test_copy(&c), 0);
	assert_int_equal(test_expunge_from(&accounts, test_account(ONE), box.mailbox, uids, 2, NULL), 0);
	assert_int_equal(test_count(test_account(ONE), 'J'), 1);
	assert_int_equal(test_mailbox(account_mailbox_remove, &box), 0);
	assert_int_equal(test_count(test_account(ONE), 'J'), 0);
	struct account_uids u = {.shard = test_account(ONE), .mailbox = box.mailbox};
	assert_int_equal(test_uids(&u), -ENOENT);
}

/* ---- the check ---- */

static void was_checked(struct account_check *x, int result)
{
	assert_int_equal(result, 0);
	*(bool *)x->arg = true;
}

static uint64_t contradictions(void)
{
	bool done = false;
	struct account_check x = {.shard = test_account(ONE), .done = was_checked, .arg = &done};
	account_check(&accounts, &x);
	test_wait(accounts.store, &done);
	assert_int_equal(x.mailboxes, 6);
	return x.wrong;
}

static int run_lose(struct txn *t, void *arg)
{
	const struct account_key *key = arg;
	return txn_delete(t, test_account(ONE), key_view(key));
}

/* Whatever of J, O, G and M is lost, is found. */
static void what_contradicts_is_found(void **state)
{
	uint32_t seen = 3;
	struct account_flags f = {.shard = test_account(ONE),
	    .mailbox = MAILBOX_INBOX,
	    .uids = &seen,
	    .uid_count = 1,
	    .flags = FLAG_SEEN | FLAG_DELETED,
	    .unchanged_since = UINT64_MAX};
	struct account_key lost[] = {
	    key_gone(MAILBOX_INBOX, 0), key_flags(MAILBOX_INBOX, 0), key_message(MAILBOX_INBOX, 5)};
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct account_request r = {.shard = test_account(ONE)};
		assert_int_equal(test_request(&accounts, account_remove, &r), 0);
		test_create(&accounts, test_account(ONE), 0);
		test_fill(test_account(ONE), 700);
		assert_int_equal(test_expunge(&accounts, test_account(ONE), (uint32_t[]){1, 2}, 2), 0);
		assert_int_equal(test_flags(&f), 0);
		assert_int_equal(contradictions(), 0);
		assert_int_equal(test_commit(accounts.store, run_lose, &lost[i]), 0);
		assert_int_equal(contradictions(), 1);
	}
}

static bool annotate_done;

static void was_annotated(struct account_annotate *a, int result)
{
	(void)a;
	assert_int_equal(result, 0);
	annotate_done = true;
}

static int run_miscount(struct txn *t, void *arg)
{
	struct account_head head;
	int error = head_get(t, test_account(ONE), &head);
	(void)arg;
	head.noted_bytes++;
	return error ? error : head_put(t, test_account(ONE), &head);
}

/* So is an annotation that is lost, one whose message is gone, and a count that is not theirs; of more than
 * one slice. */
static void annotations_that_contradict_are_found(void **state)
{
	enum { ANNOTATED = 1100 };
	uint32_t uids[ANNOTATED], failed[ANNOTATED], set[ANNOTATED];
	const struct account_annotation entry = {
	    .shared = true, .name = VIEW("/comment"), .value = VIEW("x")};
	struct account_annotate a = {.shard = test_account(ONE),
	    .mailbox = MAILBOX_INBOX,
	    .uids = uids,
	    .uid_count = ANNOTATED,
	    .entries = &entry,
	    .entry_count = 1,
	    .unchanged_since = UINT64_MAX,
	    .failed = failed,
	    .done_uids = set,
	    .done = was_annotated};
	struct account_key lost = key_annotation(MAILBOX_INBOX, ANNOTATED, 0, entry.name);
	struct account_key gone = key_message(MAILBOX_INBOX, 1050);
	struct {
		int (*run)(struct txn *t, void *arg);
		struct account_key *key;
		uint64_t wrong;
	} damages[] = {
	    {run_miscount, NULL, 1}, {run_lose, &lost, 1}, {run_lose, &gone, 2 /* the mailbox as well */}};
	(void)state;
	for (uint32_t i = 0; i < ANNOTATED; i++)
		uids[i] = i + 1;
	for (size_t i = 0; i < sizeof damages / sizeof damages[0]; i++) {
		struct account_request r = {.shard = test_account(ONE)};
		if (i > 0)
			assert_int_equal(test_request(&accounts, account_remove, &r), 0);
		test_create(&accounts, test_account(ONE), 0);
		test_fill(test_account(ONE), ANNOTATED);
		annotate_done = false;
		account_annotate(&accounts, &a);
		test_wait(accounts.store, &annotate_done);
		assert_int_equal(contradictions(), 0);
		assert_int_equal(test_commit(accounts.store, damages[i].run, damages[i].key), 0);
		assert_int_equal(contradictions(), damages[i].wrong);
	}
}

/* ---- several at work ---- */

enum { MANY = 1000 };
static uint32_t all[MANY];

static void many_messages(void)
{
	test_create(&accounts, test_account(ONE), 0);
	test_fill(test_account(ONE), MANY);
	for (uint32_t i = 0; i < MANY; i++)
		all[i] = i + 1;
}

static bool expunge_done;
static int expunge_result;

static void expunged(struct account_expunge *x, int result)
{
	(void)x;
	expunge_done = true;
	expunge_result = result;
}

/* Whoever logs in meanwhile takes no part in it: the one that asked for it is told of every message. */
static void a_login_during_a_large_expunge(void **state)
{
	struct account_removed removed = {.uids = mem_array(MANY, sizeof *removed.uids)};
	struct account_expunge x = {.shard = test_account(ONE),
	    .mailbox = MAILBOX_INBOX,
	    .uids = all,
	    .uid_count = MANY,
	    .removed = &removed,
	    .done = expunged};
	size_t logins = 0;
	(void)state;
	many_messages();
	expunge_done = false;
	account_expunge(&accounts, &x);
	while (!expunge_done) {
		struct account_request r = {.shard = test_account(ONE)};
		assert_int_equal(test_request(&accounts, account_begin_use, &r), 0);
		logins++;
	}
	assert_int_equal(expunge_result, 0);
	assert_true(logins > 1);
	assert_int_equal(removed.count, MANY);
	for (uint32_t i = 0; i < MANY; i++)
		assert_int_equal(removed.uids[i], i + 1);
	mem_free(removed.uids);
	assert_int_equal(test_stat(&accounts, test_account(ONE)).messages, 0);
}

/* What is decided is done, by the next one that uses the account, although this process lives on. */
static void an_expunge_that_failed_midway_is_taken_up(void **state)
{
	struct account_request r = {.shard = test_account(ONE)};
	(void)state;
	accounts_init(&accounts, store_failing(store_memory()), ACCOUNT_UNDELETE_SECONDS);
	many_messages();
	store_fail(accounts.store, STORE_FAULT_COMMIT, 3, -ENOSPC);
	assert_int_equal(test_expunge(&accounts, test_account(ONE), all, MANY), -ENOSPC);
	uint64_t left = test_stat(&accounts, test_account(ONE)).messages;
	assert_true(left > 0 && left < MANY);
	/* While the disk stays full, nobody sees half of it. */
	store_fail(accounts.store, STORE_FAULT_COMMIT, 2, -ENOSPC);
	assert_int_equal(test_request(&accounts, account_begin_use, &r), -ENOSPC);
	assert_int_equal(test_request(&accounts, account_begin_use, &r), 0);
	assert_int_equal(test_stat(&accounts, test_account(ONE)).messages, 0);
	assert_int_equal(test_count(test_account(ONE), 'I'), 0);
	assert_int_equal(accounts.left_count, 0);
	test_accounts_close(NULL);
}

int main(void)
{
	log_open(-1, "test", LOG_ERROR);
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_chunk_is_as_short_as_it_can_be),
	    cmocka_unit_test(ranges_of_a_large_mailbox),
	    cmocka_unit_test(a_long_gap_is_passed_over),
	    cmocka_unit_test(many_ranges_come_in_parts),
	    cmocka_unit_test(a_mailbox_takes_its_gone_uids_with_it),
	    cmocka_unit_test(what_contradicts_is_found),
	    cmocka_unit_test(annotations_that_contradict_are_found),
	    cmocka_unit_test(a_login_during_a_large_expunge),
	};
	static const struct CMUnitTest alone[] = {
	    cmocka_unit_test(an_expunge_that_failed_midway_is_taken_up)};
	int failed = test_on_both_engines("uids", tests, sizeof tests / sizeof *tests);
	return failed + cmocka_run_group_tests(alone, NULL, NULL);
}
