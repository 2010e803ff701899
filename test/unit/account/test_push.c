/* Subscriptions to what changes in an account: whose they are, their limits, codes, and what goes. */
#include "support.h"

#include <errno.h>

#include "account/push.h"

enum { NOW = 1000000, LATER = NOW + 1000 };

static uint64_t shard;

static struct view code(char c)
{
	static char text[PUSH_CODE_SIZE];
	memset(text, c, sizeof text);
	return view_of(text, sizeof text);
}

struct call {
	struct account_push push;
	struct push_update update;
	uint64_t session, number;
	int64_t now, expires;
	bool all;
	size_t left, seen, verified;
};

static int run_add(struct txn *t, void *arg)
{
	struct call *c = arg;
	return account_push_add(t, shard, c->now, &c->push);
}

static int run_update(struct txn *t, void *arg)
{
	struct call *c = arg;
	return account_push_update(t, shard, c->now, c->session, &c->update, &c->expires);
}

static int run_remove(struct txn *t, void *arg)
{
	struct call *c = arg;
	return account_push_remove(t, shard, c->session, c->number);
}

static int run_sweep(struct txn *t, void *arg)
{
	struct call *c = arg;
	return account_push_sweep(t, shard, c->now, c->session, c->all, &c->left);
}

static int count(void *arg, const struct account_push *p)
{
	struct call *c = arg;
	c->seen++;
	c->verified += p->verified;
	assert_true(view_equal(p->url, VIEW("https://push.example.test/a")));
	assert_true(view_equal(p->device, VIEW("d")));
	return 0;
}

static int run_each(struct txn *t, void *arg)
{
	struct call *c = arg;
	c->seen = c->verified = 0;
	return account_push_each(t, shard, count, arg);
}

static int add(uint64_t number, uint64_t session, int64_t expires)
{
	struct call c = {.now = NOW,
	    .push = {.number = number,
	        .session = session,
	        .expires = expires,
	        .all_types = true,
	        .url = VIEW("https://push.example.test/a"),
	        .device = VIEW("d"),
	        .code = code('c')}};
	return test_commit(accounts.store, run_add, &c);
}

static int update(uint64_t number, uint64_t session, struct push_update m)
{
	struct call c = {.now = NOW, .session = session, .update = m};
	c.update.number = number;
	return test_commit(accounts.store, run_update, &c);
}

static size_t sweep(int64_t now, uint64_t session, bool all)
{
	struct call c = {.now = now, .session = session, .all = all};
	assert_int_equal(test_commit(accounts.store, run_sweep, &c), 0);
	return c.left;
}

static struct call each(void)
{
	struct call c = {.now = NOW};
	assert_int_equal(test_read(accounts.store, shard, run_each, &c), 0);
	return c;
}

static void begin(void)
{
	shard = test_account(1);
	assert_int_equal(test_create(&accounts, shard, 0), 0);
}

static void a_code_verifies(void **state)
{
	(void)state;
	begin();
	assert_int_equal(add(5, 7, LATER), 0);
	assert_int_equal(add(5, 7, LATER), -EEXIST);
	assert_int_equal(each().verified, 0);
	assert_int_equal(
	    update(5, 7, (struct push_update){.has = PUSH_HAS_CODE, .code = code('d')}), -EACCES);
	assert_int_equal(
	    update(5, 7, (struct push_update){.has = PUSH_HAS_CODE, .code = VIEW("ccc")}), -EACCES);
	assert_int_equal(each().verified, 0);
	/* The next set without a code leaves it as it is. */
	assert_int_equal(update(5, 7, (struct push_update){.has = PUSH_HAS_CODE, .code = code('c')}), 0);
	assert_int_equal(
	    update(5, 7, (struct push_update){.has = PUSH_HAS_TYPES, .types = VIEW("Email")}), 0);
	assert_int_equal(each().verified, 1);
	test_accounts_restart();
	assert_int_equal(each().verified, 1);
}

static void they_belong_to_a_session(void **state)
{
	(void)state;
	begin();
	assert_int_equal(add(1, 7, LATER), 0);
	assert_int_equal(add(2, 8, LATER), 0);
	assert_int_equal(add(3, 0, LATER), 0);
	assert_int_equal(
	    update(1, 8, (struct push_update){.has = PUSH_HAS_CODE, .code = code('c')}), -ENOENT);
	struct call other = {.session = 8, .number = 1};
	assert_int_equal(test_commit(accounts.store, run_remove, &other), -ENOENT);
	assert_int_equal(each().seen, 3);
	/* One session's go; then those of passwords; then all. */
	assert_int_equal(sweep(NOW, 7, false), 2);
	assert_int_equal(sweep(NOW, 7, false), 2);
	assert_int_equal(sweep(NOW, 0, false), 1);
	assert_int_equal(sweep(NOW, ACCOUNT_PUSH_ANY, true), 0);
	struct call any = {.session = ACCOUNT_PUSH_ANY, .number = 2};
	assert_int_equal(test_commit(accounts.store, run_remove, &any), -ENOENT);
}

static void they_are_limited_and_expire(void **state)
{
	(void)state;
	begin();
	for (unsigned i = 1; i <= PUSH_COUNT_MAX; i++)
		assert_int_equal(add(i, 1, LATER + i), 0);
	assert_int_equal(add(100, 1, LATER), -EMLINK);
	/* What has expired is nobody's any more, and makes room. */
	assert_int_equal(update(1, 1, (struct push_update){.has = PUSH_HAS_EXPIRES, .expires = NOW}), 0);
	assert_int_equal(
	    update(1, 1, (struct push_update){.has = PUSH_HAS_EXPIRES, .expires = LATER}), -ENOENT);
	assert_int_equal(add(100, 1, LATER), 0);
	assert_int_equal(each().seen, PUSH_COUNT_MAX);
	assert_int_equal(sweep(LATER + 5, ACCOUNT_PUSH_ANY, false), PUSH_COUNT_MAX - 5);
	/* Past a limit; and of an account that is none. */
	struct call c = {
	    .now = NOW, .push = {.number = 200, .expires = LATER, .device = VIEW("d"), .code = code('c')}};
	assert_int_equal(test_commit(accounts.store, run_add, &c), -EINVAL);
	c.push.url = VIEW("https://x.test/");
	c.push.point = VIEW("short");
	assert_int_equal(test_commit(accounts.store, run_add, &c), -EINVAL);
	shard = test_account(2);
	assert_int_equal(add(1, 1, LATER), -ENOENT);
}

static int run_emails(struct txn *t, void *arg)
{
	struct call *c = arg;
	return account_push_emails(t, shard, c->number, &c->push.email_json, &c->push.email_form);
}

static int emails(uint64_t number, struct view json)
{
	struct call c = {.number = number};
	int error = test_read(accounts.store, shard, run_emails, &c);
	if (error == 0)
		assert_true(c.push.email_json.len == json.len && c.push.email_form.len == 1);
	return error;
}

/* What they want to know of emails goes with them, and only encrypted. */
static void emails_are_told_encrypted(void **state)
{
	static char point[PUSH_POINT_SIZE], auth[PUSH_AUTH_SIZE];
	struct call c = {.now = NOW,
	    .push = {.number = 5,
	        .session = 7,
	        .expires = LATER,
	        .url = VIEW("https://push.example.test/a"),
	        .device = VIEW("d"),
	        .code = code('c'),
	        .emails = true,
	        .email_json = VIEW("{}"),
	        .email_form = VIEW("f")}};
	(void)state;
	begin();
	assert_int_equal(test_commit(accounts.store, run_add, &c), -EINVAL);
	c.push.point = view_of(point, sizeof point);
	c.push.auth = view_of(auth, sizeof auth);
	assert_int_equal(test_commit(accounts.store, run_add, &c), 0);
	assert_int_equal(emails(5, VIEW("{}")), 0);
	assert_int_equal(emails(6, VIEW("")), -ENOENT);
	struct push_update none = {.has = PUSH_HAS_EMAILS},
	                   other = {
	                       .has = PUSH_HAS_EMAILS, .email_json = VIEW("[]  "), .email_form = VIEW("g")};
	assert_int_equal(update(5, 7, other), 0);
	assert_int_equal(emails(5, VIEW("[]  ")), 0);
	assert_int_equal(update(5, 7, none), 0);
	assert_int_equal(emails(5, VIEW("")), -ENOENT);
	assert_int_equal(update(5, 7, other), 0);
	/* One without keys gets none later; and they go with their subscription. */
	assert_int_equal(add(8, 7, LATER), 0);
	assert_int_equal(update(8, 7, other), -EPERM);
	assert_int_equal(sweep(LATER + 1, ACCOUNT_PUSH_ANY, false), 0);
	assert_int_equal(emails(5, VIEW("")), -ENOENT);
}

static void a_damaged_one_costs_itself_alone(void **state)
{
	struct call spoiled = {.now = NOW,
	    .push = {.number = 6,
	        .session = 7,
	        .expires = LATER,
	        .url = VIEW("https://push.example.test/a"),
	        .device = VIEW("d")}};
	(void)state;
	begin();
	assert_int_equal(add(5, 7, LATER), 0);
	spoiled.push.code = code('z');
	assert_int_equal(test_commit(accounts.store, run_add, &spoiled), 0);
	assert_int_equal(add(8, 7, LATER), 0);
	if (!test_accounts_spoil(code('z')))
		return;
	assert_int_equal(each().seen, 2);
	/* It counts. Its session's end, or a new password, takes the others away. */
	assert_int_equal(sweep(NOW, ACCOUNT_PUSH_ANY, false), 3);
	assert_int_equal(sweep(NOW, 7, false), 1);
	assert_int_equal(each().seen, 0);
	assert_int_equal(add(9, 9, LATER), 0);
	assert_int_equal(sweep(NOW, ACCOUNT_PUSH_ANY, true), 1);
	assert_int_equal(each().seen, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_code_verifies),
	    cmocka_unit_test(they_belong_to_a_session),
	    cmocka_unit_test(they_are_limited_and_expire),
	    cmocka_unit_test(emails_are_told_encrypted),
	    cmocka_unit_test(a_damaged_one_costs_itself_alone),
	};
	return test_on_both_engines("push", tests, sizeof tests / sizeof tests[0]);
}
