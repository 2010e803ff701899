/* What the search keeps of an account, and the way from emails to UIDs. */
#include "support.h"

#include <errno.h>
#include <string.h>

#include "account/search.h"
#include "base/log.h"

enum { ONE = 1 };

/* Several request structs, one way to wait. */
static bool search_done;
static int search_result;

static int wait_for_it(void)
{
	test_wait(accounts.store, &search_done);
	search_done = false;
	return search_result;
}

static void note(int result)
{
	search_result = result;
	search_done = true;
}

static void state_read(struct account_search *s, int result)
{
	(void)s;
	note(result);
}

static void changed(struct account_search_change *c, int result)
{
	(void)c;
	note(result);
}

static void ids_read(struct account_email_ids *e, int result)
{
	(void)e;
	note(result);
}

static void uids_read(struct account_uids_of *u, int result)
{
	(void)u;
	note(result);
}

static void in_read(struct account_ids_in *i, int result)
{
	(void)i;
	note(result);
}

static struct account_search state; /* large */

static void read_state(void)
{
	memset(&state, 0, sizeof state);
	state.shard = test_account(ONE);
	state.done = state_read;
	account_search_read(&accounts, &state);
	assert_int_equal(wait_for_it(), 0);
}

static int change(struct account_search_change *c)
{
	c->shard = test_account(ONE);
	c->done = changed;
	account_search_change(&accounts, c);
	return wait_for_it();
}

static int add_segment(uint64_t covered, size_t dictionary, size_t postings)
{
	struct account_search_change c = {.state = state.state, .covered = covered, .adds = true};
	memcpy(c.added.head, "head", c.added.head_len = 4);
	c.uploads[0] = dictionary ? test_upload(accounts.store, 1, dictionary) : NULL;
	c.uploads[1] = postings ? test_upload(accounts.store, 2, postings) : NULL;
	return change(&c);
}

static size_t names;

static void count_name(void *arg, const struct blob_id *id)
{
	(void)arg;
	assert_false(blob_is_none(id));
	names++;
}

static int visit(void *arg, struct view key, struct view value)
{
	account_search_names_blobs(key, value, count_name, arg);
	return 0;
}

static int run_names(struct txn *t, void *arg)
{
	struct txn_range range = {.shard = test_account(ONE), .from = VIEW("S"), .to = VIEW("T")};
	return txn_range(t, &range, visit, arg);
}

static size_t count_names(void)
{
	names = 0;
	assert_int_equal(test_read(accounts.store, test_account(ONE), run_names, NULL), 0);
	return names;
}

static void segments_come_and_go(void **unused)
{
	(void)unused;
	test_create(&accounts, test_account(ONE), 0);
	test_fill(test_account(ONE), 3);
	read_state();
	assert_int_equal(state.covered, 0);
	assert_int_equal(state.count, 0);
	uint64_t newest = state.next_email - 1;
	assert_int_equal(add_segment(newest - 1, 100, 200), 0);
	/* Whoever knows an earlier state has not seen what it would change. */
	assert_int_equal(add_segment(newest, 100, 0), -ESTALE);
	read_state();
	assert_int_equal(add_segment(newest, 0, 50), 0);
	read_state();
	assert_int_equal(state.covered, newest);
	assert_int_equal(state.count, 2);
	assert_int_equal(state.segments[0].head_len, 4);
	assert_memory_equal(state.segments[0].head, "head", 4);
	assert_int_equal(blob_length(&state.segments[0].parts[0]), 100);
	assert_int_equal(blob_length(&state.segments[0].parts[1]), 200);
	assert_true(blob_is_none(&state.segments[1].parts[0]));
	assert_int_equal(blob_length(&state.segments[1].parts[0]), 0);
	assert_int_equal(count_names(), 3);
	/* Two become one. */
	struct account_search_change merge = {.state = state.state,
	    .covered = newest,
	    .removed = {state.segments[0].number, state.segments[1].number},
	    .removed_count = 2,
	    .adds = true,
	    .uploads = {test_upload(accounts.store, 1, 10), test_upload(accounts.store, 2, 10)}};
	assert_int_equal(change(&merge), 0);
	read_state();
	assert_int_equal(state.count, 1);
	assert_int_equal(state.covered, newest);
	assert_int_equal(count_names(), 2);
	/* Dropped in any state. */
	struct account_search_change drop = {.drop_all = true};
	assert_int_equal(change(&drop), 0);
	read_state();
	assert_int_equal(state.count, 0);
	assert_int_equal(state.covered, 0);
	assert_int_equal(count_names(), 0);
}

static void too_many_segments_are_refused(void **unused)
{
	(void)unused;
	test_create(&accounts, test_account(ONE), 0);
	for (size_t i = 0; i < ACCOUNT_SEGMENTS_MAX; i++) {
		read_state();
		assert_int_equal(add_segment(0, 1, 1), 0);
	}
	read_state();
	assert_int_equal(state.count, ACCOUNT_SEGMENTS_MAX);
	assert_int_equal(add_segment(0, 1, 1), -E2BIG);
	/* One that takes another one's place is not. */
	struct account_search_change c = {.state = state.state,
	    .removed = {state.segments[5].number},
	    .removed_count = 1,
	    .adds = true,
	    .uploads = {test_upload(accounts.store, 1, 10), NULL}};
	assert_int_equal(change(&c), 0);
}

static void no_account_has_no_index(void **unused)
{
	(void)unused;
	state = (struct account_search){.shard = test_account(77), .done = state_read};
	account_search_read(&accounts, &state);
	assert_int_equal(wait_for_it(), -ENOENT);
}

static size_t list_ids(uint64_t after, uint64_t last, uint64_t *ids, size_t room)
{
	struct account_email_ids e = {.shard = test_account(ONE),
	    .after = after,
	    .last = last,
	    .ids = ids,
	    .room = room,
	    .done = ids_read};
	account_email_ids(&accounts, &e);
	assert_int_equal(wait_for_it(), 0);
	return e.count;
}

static void emails_have_their_uids(void **unused)
{
	uint64_t ids[10];
	static struct account_uids_of of;
	static struct account_ids_in in;
	(void)unused;
	test_create(&accounts, test_account(ONE), 0);
	test_fill(test_account(ONE), 5);
	assert_int_equal(list_ids(0, UINT64_MAX - 1, ids, 10), 5);
	assert_int_equal(list_ids(ids[1], ids[3], ids + 5, 5), 2);
	assert_int_equal(ids[5], ids[2]);
	assert_int_equal(list_ids(0, UINT64_MAX - 1, ids, 2), 2);
	list_ids(0, UINT64_MAX - 1, ids, 10);
	/* The third one is there twice, the fifth is gone. */
	uint32_t three = 3, copied, fresh, five = 5;
	struct account_copy copy = {.shard = test_account(ONE),
	    .mailbox = MAILBOX_INBOX,
	    .to = MAILBOX_INBOX,
	    .uids = &three,
	    .uid_count = 1,
	    .copied = &copied,
	    .new_uids = &fresh};
	assert_int_equal(test_copy(&copy), 0);
	test_expunge(&accounts, test_account(ONE), &five, 1);
	ids[5] = 4711; /* no email */
	of = (struct account_uids_of){
	    .shard = test_account(ONE), .mailbox = MAILBOX_INBOX, .ids = ids, .count = 6, .done = uids_read};
	account_uids_of(&accounts, &of);
	assert_int_equal(wait_for_it(), 0);
	const uint32_t expected[] = {1, 2, 3, 4, 0, 0};
	for (size_t i = 0; i < 6; i++)
		assert_int_equal(of.uids[i], expected[i]);
	assert_int_equal(of.more_count, 1);
	assert_int_equal(of.more[0].index, 2);
	assert_int_equal(of.more[0].uid, fresh);
	of.mailbox = MAILBOX_INBOX + 1;
	account_uids_of(&accounts, &of);
	assert_int_equal(wait_for_it(), 0);
	for (size_t i = 0; i < 6; i++)
		assert_int_equal(of.uids[i], 0);
	in = (struct account_ids_in){
	    .shard = test_account(ONE), .mailbox = MAILBOX_INBOX, .after = 1, .done = in_read};
	account_ids_in(&accounts, &in);
	assert_int_equal(wait_for_it(), 0);
	assert_int_equal(in.count, 4);
	assert_int_equal(in.uids[0], 2);
	assert_int_equal(in.uids[3], fresh);
	assert_int_equal(in.ids[3], in.ids[1]);
}

int main(void)
{
	log_open(-1, "test", LOG_ERROR);
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(segments_come_and_go),
	    cmocka_unit_test(too_many_segments_are_refused),
	    cmocka_unit_test(no_account_has_no_index),
	    cmocka_unit_test(emails_have_their_uids),
	};
	return test_on_both_engines("search", tests, sizeof tests / sizeof *tests);
}
