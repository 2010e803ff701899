/* What is kept of what an account sends, and as whom: limits, news, and both over a restart of the store. */
#include "support.h"

#include <errno.h>
#include <stdio.h>

#include "account/identities.h"
#include "account/submissions.h"

enum { NOW = 1000000 };

static uint64_t shard;

/* ---- identities ---- */

struct follow {
	const struct view *addresses;
	size_t count;
};

static int run_follow(struct txn *t, void *arg)
{
	const struct follow *f = arg;
	return account_identities_follow(t, shard, NOW, f->addresses, f->count);
}

static int follow(const struct view *addresses, size_t count)
{
	struct follow f = {addresses, count};
	return test_commit(accounts.store, run_follow, &f);
}

static bool done;
static int result;

static void identities_listed(struct account_identities *s, int r)
{
	(void)s;
	result = r;
	done = true;
}

static void list_identities(struct account_identities *s)
{
	*s = (struct account_identities){.shard = shard, .done = identities_listed};
	done = false;
	account_identities(&accounts, s);
	test_wait(accounts.store, &done);
	assert_int_equal(result, 0);
}

struct set {
	uint64_t number, modseq;
	unsigned has;
	struct account_identity with;
};

static int run_set(struct txn *t, void *arg)
{
	struct set *s = arg;
	return account_identity_set(t, shard, NOW, &s->number, s->has, &s->with, &s->modseq);
}

static int run_unset(struct txn *t, void *arg)
{
	struct set *s = arg;
	return account_identity_remove(t, shard, NOW, s->number, &s->modseq);
}

static void begin(unsigned number)
{
	shard = test_account(number);
	assert_int_equal(test_create(&accounts, shard, 0), 0);
	assert_int_equal(test_deliver(&accounts, shard, 1, 100, ""), 0);
}

static void identities_follow_addresses(void **state)
{
	(void)state;
	begin(1);
	const struct view two[] = {VIEW("a@x.test"), VIEW("b@x.test")}, one[] = {VIEW("b@x.test")};
	static char text[IDENTITY_SIGNATURE_MAX];
	memset(text, 's', sizeof text);
	text[4000] = 'x';
	assert_int_equal(follow(two, 2), 0);
	uint64_t before = test_stat(&accounts, shard).modseq;
	assert_int_equal(follow(two, 2), 0); /* nothing is written */
	assert_int_equal(test_stat(&accounts, shard).modseq, before);
	struct set s = {.number = 1,
	    .has = IDENTITY_HAS_NAME | IDENTITY_HAS_TEXT,
	    .with = {.name = VIEW("Anna"), .text = view_of(text, sizeof text)}};
	assert_int_equal(test_commit(accounts.store, run_set, &s), 0);
	test_accounts_restart();
	struct account_identities list;
	list_identities(&list);
	assert_int_equal(list.count, 2);
	assert_true(view_equal(list.list[0].name, VIEW("Anna")));
	assert_true(view_equal(list.list[0].text, view_of(text, sizeof text)));
	assert_true(view_equal(list.list[1].email, VIEW("b@x.test")) && list.list[1].derived);
	account_identities_free(&list);
	/* It becomes shorter, and nothing of the longer one is left. */
	s.with.text = VIEW("short");
	s.has = IDENTITY_HAS_TEXT;
	assert_int_equal(test_commit(accounts.store, run_set, &s), 0);
	list_identities(&list);
	assert_true(
	    view_equal(list.list[0].text, VIEW("short")) && view_equal(list.list[0].name, VIEW("Anna")));
	account_identities_free(&list);
	assert_int_equal(test_commit(accounts.store, run_unset, &s), -EPERM);
	size_t entries = test_count(shard, 'C');
	assert_int_equal(follow(one, 1), 0);
	assert_int_equal(test_count(shard, 'C'), entries - 2); /* itself, and its signature */
	s.number = 1;
	assert_int_equal(test_commit(accounts.store, run_set, &s), -ENOENT);
}

static void identities_are_limited(void **state)
{
	(void)state;
	begin(2);
	struct set s = {.has = IDENTITY_HAS_NAME};
	for (unsigned i = 0; i < IDENTITY_COUNT_MAX; i++) {
		s = (struct set){.with = {.email = VIEW("a@x.test")}};
		assert_int_equal(test_commit(accounts.store, run_set, &s), 0);
		assert_int_equal(s.number, i + 1);
	}
	s = (struct set){.with = {.email = VIEW("a@x.test")}};
	assert_int_equal(test_commit(accounts.store, run_set, &s), -EMLINK);
	/* Addresses that find no room have none, and that is no error. */
	const struct view one[] = {VIEW("b@x.test")};
	assert_int_equal(follow(one, 1), 0);
	s.number = 5;
	assert_int_equal(test_commit(accounts.store, run_unset, &s), 0);
	assert_int_equal(follow(one, 1), 0);
	struct account_identities list;
	list_identities(&list);
	assert_int_equal(list.count, IDENTITY_COUNT_MAX);
	assert_true(list.list[list.count - 1].derived);
	account_identities_free(&list);
}

/* ---- submissions ---- */

struct sending {
	uint64_t email, identity, number;
	struct account_sendable sendable;
};

static int run_send(struct txn *t, void *arg)
{
	struct sending *x = arg;
	const struct submission_recipient recipients[] = {
	    {.address = VIEW("bob@y.test"), .parameters = VIEW("{\"NOTIFY\":\"NEVER\"}"), .notify = 1},
	    {.address = VIEW("carl@y.test")}};
	struct account_submission s = {.email = x->email,
	    .identity = x->identity,
	    .send_at = NOW,
	    .recipients = 2,
	    .queue = "AAAAAAAAAAAA",
	    .sender = VIEW("a@x.test")};
	int error = account_submission_check(t, shard, x->email, x->identity, &x->sendable);
	if (error)
		return error;
	error = account_submission_add(t, shard, NOW, x->sendable.oldest, &s, recipients);
	x->number = s.number;
	return error ? error : s.number == x->sendable.next ? 0 : -EIO;
}

static int send(uint64_t email, uint64_t identity, uint64_t *number)
{
	struct sending x = {.email = email, .identity = identity};
	int error = test_commit(accounts.store, run_send, &x);
	*number = x.number;
	return error;
}

struct telling {
	uint64_t number, modseq;
	uint8_t undo;
	struct account_submission_news news;
	size_t count;
};

static int run_tell(struct txn *t, void *arg)
{
	struct telling *x = arg;
	return account_submission_news(
	    t, shard, NOW, x->number, x->undo, NULL, &x->news, x->count, &x->modseq);
}

static void tell(uint64_t number, struct view address, enum submission_delivered delivered, struct view reply)
{
	struct telling x = {.number = number,
	    .undo = SUBMISSION_FINAL,
	    .news = {.address = address, .delivered = (uint8_t)delivered, .reply = reply},
	    .count = 1};
	assert_int_equal(test_commit(accounts.store, run_tell, &x), 0);
}

static void submissions_listed(struct account_submissions *s, int r)
{
	(void)s;
	result = r;
	done = true;
}

static void list_submissions(struct account_submissions *s, const uint64_t *numbers, size_t count)
{
	*s = (struct account_submissions){.shard = shard,
	    .numbers = numbers,
	    .number_count = count,
	    .with_recipients = true,
	    .done = submissions_listed};
	done = false;
	account_submissions(&accounts, s);
	test_wait(accounts.store, &done);
	assert_int_equal(result, 0);
}

static void expect_recipient(
    uint64_t number, size_t place, enum submission_delivered delivered, const char *reply)
{
	struct account_submissions list;
	struct submission_recipient r;
	list_submissions(&list, &number, 1);
	assert_int_equal(list.count, 1);
	struct cursor in = cursor_on(list.recipients[0]);
	for (size_t i = 0; i <= place; i++)
		assert_true(submission_recipient_get(&in, &r));
	assert_int_equal(r.delivered, delivered);
	assert_true(view_equal(r.reply, view_from_string(reply)));
	account_submissions_free(&list);
}

static void news_are_kept(void **state)
{
	(void)state;
	begin(3);
	const struct view one[] = {VIEW("a@x.test")};
	uint64_t number;
	assert_int_equal(follow(one, 1), 0);
	assert_int_equal(send(1, 9, &number), -ENXIO);
	assert_int_equal(send(9, 1, &number), -ENOENT);
	assert_int_equal(send(1, 1, &number), 0);
	assert_int_equal(number, 1);
	test_accounts_restart();
	expect_recipient(1, 0, SUBMISSION_QUEUED, "");
	tell(1, VIEW("Bob@y.test"), SUBMISSION_QUEUED, VIEW("450 4.7.1 later"));
	expect_recipient(1, 0, SUBMISSION_QUEUED, "450 4.7.1 later");
	tell(1, VIEW("bob@y.test"), SUBMISSION_UNKNOWN, VIEW("250 ok"));
	/* Of several that it led to the worst is told, and nothing takes that back. */
	tell(1, VIEW("bob@y.test"), SUBMISSION_NO, VIEW("550 no"));
	tell(1, VIEW("bob@y.test"), SUBMISSION_YES, VIEW("250 ok"));
	expect_recipient(1, 0, SUBMISSION_NO, "550 no");
	expect_recipient(1, 1, SUBMISSION_QUEUED, "");
	tell(1, (struct view){0}, SUBMISSION_NO, VIEW("550 deleted"));
	expect_recipient(1, 1, SUBMISSION_NO, "550 deleted");
	expect_recipient(1, 0, SUBMISSION_NO, "550 no");
	/* What is deleted is what still waited: whoever has got the mail has got it. */
	assert_int_equal(send(1, 1, &number), 0);
	tell(number, VIEW("bob@y.test"), SUBMISSION_UNKNOWN, VIEW("250 ok"));
	tell(number, (struct view){0}, SUBMISSION_NO, VIEW("550 deleted"));
	expect_recipient(number, 0, SUBMISSION_UNKNOWN, "250 ok");
	expect_recipient(number, 1, SUBMISSION_NO, "550 deleted");
	/* News of one that is gone are none. */
	tell(77, (struct view){0}, SUBMISSION_NO, VIEW("x"));
	/* What was taken back stays so. */
	assert_int_equal(send(1, 1, &number), 0);
	struct telling cancel = {.number = number, .undo = SUBMISSION_CANCELED};
	assert_int_equal(test_commit(accounts.store, run_tell, &cancel), 0);
	tell(number, (struct view){0}, SUBMISSION_NO, VIEW("x"));
	struct account_submissions list;
	list_submissions(&list, NULL, 0);
	assert_int_equal(list.count, 3);
	assert_int_equal(list.list[0].undo, SUBMISSION_FINAL);
	assert_int_equal(list.list[2].undo, SUBMISSION_CANCELED);
	assert_true(list.list[2].modseq > list.list[2].created);
	account_submissions_free(&list);
}

static void old_ones_make_room(void **state)
{
	(void)state;
	begin(4);
	const struct view one[] = {VIEW("a@x.test")};
	uint64_t number;
	assert_int_equal(follow(one, 1), 0);
	for (unsigned i = 1; i <= SUBMISSION_COUNT_MAX; i++)
		assert_int_equal(send(1, 1, &number), 0);
	/* All are pending: none may go. */
	assert_int_equal(send(1, 1, &number), -EMLINK);
	tell(3, (struct view){0}, SUBMISSION_YES, VIEW("250 ok"));
	size_t entries = test_count(shard, 'C');
	assert_int_equal(send(1, 1, &number), 0);
	assert_int_equal(number, SUBMISSION_COUNT_MAX + 1);
	assert_int_equal(test_count(shard, 'C'), entries);
	struct account_submissions list;
	const uint64_t gone = 3;
	list_submissions(&list, &gone, 1);
	assert_int_equal(list.count, 0);
	account_submissions_free(&list);
	list_submissions(&list, NULL, 0);
	assert_int_equal(list.count, SUBMISSION_COUNT_MAX);
	account_submissions_free(&list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(identities_follow_addresses),
	    cmocka_unit_test(identities_are_limited),
	    cmocka_unit_test(news_are_kept),
	    cmocka_unit_test(old_ones_make_room),
	};
	return test_on_both_engines("account/submissions", tests, sizeof tests / sizeof tests[0]);
}
