/* The directory's operations as values, on the memory engine and on the embedded one: what is asked, what is
 * answered, what is refused. */
#include "account/push.h"
#include "directory_job_world.h"

static void resolves(void **state)
{
	(void)state;
	uint64_t alice = add_domain_and_alice();
	struct view none[] = {VIEW("alice@example.test"), VIEW("quota"), VIEW("\0\0\0\0\0\0\0\0")};
	assert_int_equal(ask(DIRECTORY_RESOLVE, 0, "Alice+tag@EXAMPLE.test", NULL, NULL, NULL), 0);
	assert_int_equal(answer.fields.count, 3);
	assert_int_equal(directory_number(field(0)), alice);
	assert_view(field(1), "alice@example.test");
	/* Whether it has a quota of its own: only such mailboxes are asked for their room. */
	assert_int_equal(directory_number(field(2)), 1);
	assert_int_equal(ask_views(DIRECTORY_ACCOUNT_SET, 0, none, 3), 0);
	assert_int_equal(ask(DIRECTORY_RESOLVE, 0, "alice@example.test", NULL, NULL, NULL), 0);
	assert_int_equal(directory_number(field(2)), 0);
	assert_int_equal(
	    ask(DIRECTORY_ALIAS_PUT, 0, "all@example.test", "alice@example.test\nbob@else.test", NULL, NULL),
	    0);
	assert_int_equal(ask(DIRECTORY_RESOLVE, 0, "all@example.test", NULL, NULL, NULL), 0);
	assert_int_equal(answer.fields.count, 6);
	assert_int_equal(directory_number(field(3)), 0); /* elsewhere */
	assert_view(field(4), "bob@else.test");
	assert_int_equal(directory_number(field(5)), 0);
	/* Not here, and not ours, are two things. */
	assert_int_equal(ask(DIRECTORY_RESOLVE, 0, "nobody@example.test", NULL, NULL, NULL), -ENOENT);
	assert_int_equal(ask(DIRECTORY_RESOLVE, 0, "nobody@else.test", NULL, NULL, NULL), -EXDEV);
	assert_int_equal(ask(DIRECTORY_RESOLVE, 0, "no address", NULL, NULL, NULL), -EINVAL);
	/* Also where the local part is longer than ours can be, or has dots that ours may have too. */
	char text[400];
	memset(text, 'l', 300);
	strcpy(text + 300, "@else.test");
	assert_int_equal(ask(DIRECTORY_RESOLVE, 0, text, NULL, NULL, NULL), -EXDEV);
	strcpy(text + 300, "@example.test");
	assert_int_equal(ask(DIRECTORY_RESOLVE, 0, text, NULL, NULL, NULL), -EMSGSIZE);
	assert_int_equal(ask(DIRECTORY_RESOLVE, 0, "a..b@else.test", NULL, NULL, NULL), -EXDEV);
	/* A sub-address of any length that a path can have. */
	snprintf(text, sizeof text, "alice+%0200d@example.test", 7);
	assert_int_equal(ask(DIRECTORY_RESOLVE, 0, text, NULL, NULL, NULL), 0);
	assert_int_equal(directory_number(field(0)), alice);
	assert_int_equal(
	    ask(DIRECTORY_ALIAS_PUT, 0, "a..b@example.test", "alice@example.test", NULL, NULL), 0);
	assert_int_equal(ask(DIRECTORY_RESOLVE, 0, "A..b@example.test", NULL, NULL, NULL), 0);
	assert_int_equal(directory_number(field(0)), alice);
	/* RFC 5321 section 4.5.1. */
	assert_int_equal(ask(DIRECTORY_RESOLVE, 0, "Postmaster", NULL, NULL, NULL), 0);
	assert_int_equal(directory_number(field(0)), alice);
	assert_int_equal(ask(DIRECTORY_DOMAIN_PUT, 0, "empty.test", "", "", "+"), 0);
	assert_int_equal(ask(DIRECTORY_RESOLVE, 0, "postmaster@empty.test", NULL, NULL, NULL), 0);
	assert_int_equal(directory_number(field(0)), alice);
	assert_int_equal(ask(DIRECTORY_ADMIN_PUT, 0, "alice@example.test", NULL, NULL, NULL), 0);
	assert_int_equal(ask(DIRECTORY_RESOLVE, 0, "POSTMASTER", NULL, NULL, NULL), 0);
	assert_int_equal(directory_number(field(0)), alice);
	assert_int_equal(ask(DIRECTORY_ACCOUNT_SET, 0, "alice@example.test", "disabled", "1", NULL), 0);
	assert_int_equal(ask(DIRECTORY_RESOLVE, 0, "alice@example.test", NULL, NULL, NULL), -EACCES);
	/* A circle is refused, and what was there stays. */
	assert_int_equal(ask(DIRECTORY_ALIAS_PUT, 0, "top@example.test", "all@example.test", NULL, NULL), 0);
	assert_int_equal(
	    ask(DIRECTORY_ALIAS_PUT, 0, "all@example.test", "top@example.test\nbob@else.test", NULL, NULL),
	    -ELOOP);
	assert_int_equal(ask(DIRECTORY_RESOLVE, 0, "top@example.test", NULL, NULL, NULL), 0);
	assert_view(field(1), "bob@else.test");
	assert_int_equal(ask(DIRECTORY_ALIAS_DELETE, 0, "all@example.test", NULL, NULL, NULL), 0);
	assert_int_equal(ask(DIRECTORY_RESOLVE, 0, "all@example.test", NULL, NULL, NULL), -ENOENT);
}

static void accounts_come_whole_and_go_whole(void **state)
{
	(void)state;
	uint64_t alice = add_domain_and_alice();
	struct view quota[] = {VIEW("alice@example.test"), VIEW("quota"), VIEW("\0\0\0\0\0\0\x10\0")};
	struct view messages[] = {VIEW("alice@example.test"), VIEW("messages"), VIEW("\0\0\0\0\0\0\0\x09")};
	/* Entry and shard. */
	assert_int_equal(test_stat(&accounts, alice).quota, 1000000);
	assert_int_equal(ask(DIRECTORY_ACCOUNT_ADD, 5, "ALICE@example.test", "", NULL, NULL), -EEXIST);
	assert_int_equal(ask(DIRECTORY_ACCOUNT_ADD, 5, "alice@else.test", "", NULL, NULL), -ENOENT);
	assert_int_equal(ask_views(DIRECTORY_ACCOUNT_SET, 0, quota, 3), 0);
	assert_int_equal(answer.number, alice);
	assert_int_equal(test_stat(&accounts, alice).quota, 4096);
	assert_int_equal(ask_views(DIRECTORY_ACCOUNT_SET, 0, messages, 3), 0);
	assert_int_equal(test_stat(&accounts, alice).quota, 4096);
	assert_int_equal(test_stat(&accounts, alice).quota_messages, 9);
	assert_int_equal(ask(DIRECTORY_ACCOUNT_SET, 0, "alice@example.test", "colour", "red", NULL), -EINVAL);
	assert_int_equal(test_deliver(&accounts, alice, 1, 100, "p"), 0);
	assert_int_equal(ask(DIRECTORY_ACCOUNT_STAT, 0, "alice@example.test", NULL, NULL, NULL), 0);
	assert_int_equal(answer.fields.count, DIRECTORY_ACCOUNT_NUMBERS);
	assert_int_equal(directory_number(field(0)), 1);
	assert_int_equal(directory_number(field(1)), 101);
	assert_int_equal(directory_number(field(3)), 4096);
	assert_true(directory_number(field(5)) > 1);
	assert_int_equal(ask(DIRECTORY_DOMAIN_DELETE, 0, "example.test", NULL, NULL, NULL), -ENOTEMPTY);
	remove_now("alice@example.test");
	struct account_request gone = {.shard = alice};
	assert_int_equal(test_request(&accounts, account_stat, &gone), -ENOENT);
	assert_int_equal(ask(DIRECTORY_ACCOUNT_DELETE, 0, "alice@example.test", NULL, NULL, NULL), -ENOENT);
	assert_int_equal(ask(DIRECTORY_ACCOUNT_STAT, 0, "alice@example.test", NULL, NULL, NULL), -ENOENT);
	/* Another of that name is somebody else. */
	assert_int_equal(ask(DIRECTORY_ACCOUNT_ADD, 0, "alice@example.test", "", NULL, NULL), 0);
	assert_int_not_equal(answer.number, alice);
	remove_now("alice@example.test");
	/* One that was empty is made again without a word. */
	assert_int_equal(
	    ask(DIRECTORY_DOMAIN_DELETE, DIRECTORY_REMOVE_ALL, "example.test", NULL, NULL, NULL), 0);
	assert_int_equal(ask(DIRECTORY_DOMAIN_PUT, 0, "example.test", "", "", "+"), 0);
	assert_int_equal(ask(DIRECTORY_DOMAIN_DELETE, 0, "example.test", NULL, NULL, NULL), 0);
	assert_int_equal(ask(DIRECTORY_DOMAIN_DELETE, 0, "example.test", NULL, NULL, NULL), -ENOENT);
}

/* What led to an address that is given up follows in the same commit. */
static void aliases_follow_a_new_address(void **state)
{
	char name[64];
	(void)state;
	add_domain_and_alice();
	assert_int_equal(ask(DIRECTORY_ACCOUNT_ADD, 0, "bob@example.test", "", NULL, NULL), 0);
	assert_int_equal(ask(DIRECTORY_DOMAIN_PUT, 0, "other.test", "", "alice@example.test", "+"), 0);
	assert_int_equal(ask(DIRECTORY_ALIAS_PUT, 0, "both@other.test",
	                     "bob@example.test\nalice@example.test", NULL, NULL),
	    0);
	assert_int_equal(ask(DIRECTORY_ALIAS_PUT, 0, "info@example.test",
	                     "alice@example.test\nann@example.test", NULL, NULL),
	    0);
	assert_int_equal(ask(DIRECTORY_ALIAS_PUT, 0, "bobs@example.test", "bob@example.test", NULL, NULL), 0);
	assert_int_equal(
	    ask(DIRECTORY_ACCOUNT_RENAME, 1, "alice@example.test", "ann@example.test", NULL, NULL), 0);
	assert_int_equal(directory_number(field(0)), 3);
	test_accounts_restart();
	assert_int_equal(ask(DIRECTORY_RESOLVE, 0, "alice@example.test", NULL, NULL, NULL), -ENOENT);
	assert_int_equal(ask(DIRECTORY_RESOLVE, 0, "anything@other.test", NULL, NULL, NULL), 0);
	assert_view(field(1), "ann@example.test");
	assert_int_equal(ask(DIRECTORY_ALIAS_LIST, 0, "other.test", "", NULL, NULL), 0);
	assert_view(field(1), "bob@example.test\nann@example.test");
	assert_int_equal(ask(DIRECTORY_ALIAS_LIST, 0, "example.test", "", NULL, NULL), 0);
	assert_view(field(1), "bob@example.test");
	assert_view(field(3), "ann@example.test");
	/* Too many: nothing has changed. */
	for (unsigned i = 0; i <= DIRECTORY_LED_MAX; i++) {
		snprintf(name, sizeof name, "a%03u@example.test", i);
		assert_int_equal(ask(DIRECTORY_ALIAS_PUT, 0, name, "bob@example.test", NULL, NULL), 0);
	}
	assert_int_equal(
	    ask(DIRECTORY_ACCOUNT_RENAME, 1, "bob@example.test", "rob@example.test", NULL, NULL), -E2BIG);
	assert_int_equal(ask(DIRECTORY_LOOK_UP, 0, "bob@example.test", NULL, NULL, NULL), 0);
	assert_int_equal(ask(DIRECTORY_LOOK_UP, 0, "rob@example.test", NULL, NULL, NULL), -ENOENT);
}

static void a_new_address_keeps_everything(void **state)
{
	(void)state;
	static char text[3 * DIRECTORY_OPAQUE_MAX];
	uint64_t alice = add_domain_and_alice();
	struct view credentials[] = {VIEW("alice@example.test"), view_of(text, sizeof text), VIEW("")};
	memset(text, 'c', sizeof text);
	assert_int_equal(ask_views(DIRECTORY_CREDENTIALS_PUT, 0, credentials, 3), 0);
	assert_int_equal(
	    ask(DIRECTORY_GROUP_ADD, 0, "team@example.test", "alice@example.test", NULL, NULL), 0);
	assert_int_equal(ask(DIRECTORY_ADMIN_PUT, 0, "alice@example.test", NULL, NULL, NULL), 0);
	assert_int_equal(ask(DIRECTORY_ACCOUNT_ADD, 0, "bob@example.test", "", NULL, NULL), 0);
	assert_int_equal(
	    ask(DIRECTORY_ALIAS_PUT, 0, "ann@example.test", "alice@example.test", NULL, NULL), 0);
	assert_int_equal(
	    ask(DIRECTORY_ACCOUNT_RENAME, 0, "alice@example.test", "bob@example.test", NULL, NULL), -EEXIST);
	assert_int_equal(
	    ask(DIRECTORY_ACCOUNT_RENAME, 0, "alice@example.test", "alice@else.test", NULL, NULL), -ENOENT);
	assert_int_equal(
	    ask(DIRECTORY_ACCOUNT_RENAME, 0, "nobody@example.test", "x@example.test", NULL, NULL), -ENOENT);
	/* Her own alias becomes her address, and the old address an alias. */
	assert_int_equal(
	    ask(DIRECTORY_ACCOUNT_RENAME, 0, "alice@example.test", "Ann@example.test", NULL, NULL), 0);
	assert_int_equal(answer.number, alice);
	test_accounts_restart();
	assert_int_equal(ask(DIRECTORY_LOOK_UP, 0, "ann@example.test", NULL, NULL, NULL), 0);
	assert_int_equal(answer.number, alice);
	assert_true(view_equal(field(1), view_of(text, sizeof text)));
	assert_int_equal(ask(DIRECTORY_LOOK_UP, 0, "alice@example.test", NULL, NULL, NULL), -ENOENT);
	/* Who logs in with the old address is the same person; but an alias of two people is neither. */
	assert_int_equal(ask(DIRECTORY_LOOK_UP, 1, "Alice@example.test", NULL, NULL, NULL), 0);
	assert_int_equal(answer.number, alice);
	assert_view(field(0), "ann@example.test");
	assert_true(view_equal(field(1), view_of(text, sizeof text)));
	assert_int_equal(ask(DIRECTORY_ALIAS_PUT, 0, "both@example.test",
	                     "ann@example.test\nbob@example.test", NULL, NULL),
	    0);
	assert_int_equal(ask(DIRECTORY_LOOK_UP, 1, "both@example.test", NULL, NULL, NULL), -ENOENT);
	assert_int_equal(ask(DIRECTORY_RESOLVE, 0, "alice@example.test", NULL, NULL, NULL), 0);
	assert_int_equal(directory_number(field(0)), alice);
	assert_int_equal(ask(DIRECTORY_ADDRESS, alice, NULL, NULL, NULL, NULL), 0);
	assert_view(field(0), "ann@example.test");
	assert_int_equal(ask(DIRECTORY_GROUP_MEMBERS, 0, "team@example.test", "", NULL, NULL), 0);
	assert_view(field(0), "ann@example.test");
	assert_int_equal(ask(DIRECTORY_ADMIN_GET, 0, NULL, NULL, NULL, NULL), 0);
	assert_view(field(0), "ann@example.test");
	assert_int_equal(
	    ask(DIRECTORY_ACCOUNT_RENAME, 1, "bob@example.test", "rob@example.test", NULL, NULL), 0);
	assert_int_equal(ask(DIRECTORY_RESOLVE, 0, "bob@example.test", NULL, NULL, NULL), -ENOENT);
}

static int run_add(struct txn *t, void *arg)
{
	struct directory_account a = {.quota = 5000, .disabled = true, .credentials = VIEW("secret")};
	int error = directory_account_add(t, VIEW("bob@example.test"), &a);
	*(uint64_t *)arg = a.shard;
	return error;
}

/* Making it was cut behind the entry: it is no dead end. */
static void a_cut_making_is_ended_or_taken_back(void **state)
{
	(void)state;
	uint64_t bob;
	add_domain_and_alice();
	assert_int_equal(test_commit(accounts.store, run_add, &bob), 0);
	test_accounts_restart();
	assert_int_equal(ask(DIRECTORY_ACCOUNT_ADD, 0, "bob@example.test", "", NULL, NULL), -EEXIST);
	assert_int_equal(ask(DIRECTORY_RESOLVE, 0, "bob@example.test", NULL, NULL, NULL), -EACCES);
	assert_int_equal(ask(DIRECTORY_ACCOUNT_STAT, 0, "bob@example.test", NULL, NULL, NULL), 0);
	assert_int_equal(answer.number, bob);
	assert_int_equal(directory_number(field(0)) + directory_number(field(5)), 0);
	assert_int_equal(ask(DIRECTORY_ACCOUNT_SET, 0, "bob@example.test", "disabled", "", NULL), 0);
	assert_int_equal(answer.number, bob);
	assert_int_equal(test_deliver(&accounts, bob, 1, 100, "p"), 0);
	assert_int_equal(test_stat(&accounts, bob).quota, 5000);
	/* One that is whole stays as it is. */
	assert_int_equal(ask(DIRECTORY_ACCOUNT_SET, 0, "bob@example.test", "disabled", "1", NULL), 0);
	assert_int_equal(ask(DIRECTORY_ACCOUNT_SET, 0, "bob@example.test", "disabled", "", NULL), 0);
	assert_int_equal(test_stat(&accounts, bob).messages, 1);
	remove_now("bob@example.test");
	assert_int_equal(test_commit(accounts.store, run_add, &bob), 0);
	remove_now("bob@example.test");
	assert_int_equal(ask(DIRECTORY_ACCOUNT_ADD, 0, "bob@example.test", "", NULL, NULL), 0);
}

static void credentials_of_any_size(void **state)
{
	(void)state;
	static const size_t sizes[] = {0, 1, DIRECTORY_OPAQUE_MAX, DIRECTORY_OPAQUE_MAX + 1,
	    5 * DIRECTORY_OPAQUE_MAX, 56 * DIRECTORY_OPAQUE_MAX, 3 * DIRECTORY_OPAQUE_MAX + 7, 10};
	static char text[57 * DIRECTORY_OPAQUE_MAX];
	uint64_t alice = add_domain_and_alice();
	struct view before = VIEW("secret");
	char *kept = NULL;
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		for (size_t k = 0; k < sizes[i]; k++)
			text[k] = (char)(k * 7 + i);
		struct view fields[] = {VIEW("alice@example.test"), view_of(text, sizes[i]), before};
		struct view wrong[] = {fields[0], fields[1], VIEW("not those")};
		assert_int_equal(ask_views(DIRECTORY_CREDENTIALS_PUT, 0, wrong, 3), -ESTALE);
		assert_int_equal(ask_views(DIRECTORY_CREDENTIALS_PUT, 0, fields, 3), 0);
		assert_int_equal(answer.number, alice);
		assert_int_equal(ask(DIRECTORY_LOOK_UP, 0, "Alice@Example.Test", NULL, NULL, NULL), 0);
		assert_int_equal(answer.number, alice);
		assert_view(field(0), "alice@example.test");
		assert_true(view_equal(field(1), view_of(text, sizes[i])));
		free(kept);
		kept = malloc(sizes[i] + 1);
		memcpy(kept, text, sizes[i]);
		before = view_of(kept, sizes[i]);
	}
	struct view too_long[] = {
	    VIEW("alice@example.test"), view_of(text, 56 * DIRECTORY_OPAQUE_MAX + 1), VIEW("")};
	assert_int_equal(ask_views(DIRECTORY_CREDENTIALS_PUT, 0, too_long, 3), -EMSGSIZE);
	assert_int_equal(ask(DIRECTORY_LOOK_UP, 0, "alice@example.test", NULL, NULL, NULL), 0);
	assert_true(view_equal(field(1), before));
	free(kept);
}

static void the_secret_is_the_first(void **state)
{
	(void)state;
	assert_int_equal(ask(DIRECTORY_SECRET, 0, "first", NULL, NULL, NULL), 0);
	assert_view(field(0), "first");
	test_accounts_restart();
	assert_int_equal(ask(DIRECTORY_SECRET, 0, "second", NULL, NULL, NULL), 0);
	assert_int_equal(answer.fields.count, 1);
	assert_view(field(0), "first");
}

/* More than a part, and entries as long as they may be: every one comes once, in order. */
static void lists_come_in_parts(void **state)
{
	(void)state;
	enum { COUNT = 3 * DIRECTORY_LIST_PART + 5 };
	static char targets[DIRECTORY_ALIAS_BYTES_MAX + 1];
	char name[64], after[64] = "";
	unsigned seen = 0, parts = 0;
	add_domain_and_alice();
	for (size_t len = 0; len + 60 < sizeof targets;)
		len += (size_t)sprintf(
		    targets + len, "%sa.rather.long.name%05zu@another.example.test", len ? "\n" : "", len);
	for (unsigned i = 0; i < COUNT; i++) {
		snprintf(name, sizeof name, "alias%05u@example.test", i);
		assert_int_equal(ask(DIRECTORY_ALIAS_PUT, 0, name, targets, NULL, NULL), 0);
	}
	for (;; parts++) {
		assert_int_equal(ask(DIRECTORY_ALIAS_LIST, 0, "example.test", after, NULL, NULL), 0);
		assert_int_equal(answer.fields.count % 2, 0);
		assert_true(answer.fields.count / 2 <= DIRECTORY_LIST_PART);
		if (answer.fields.count == 0)
			break;
		for (size_t i = 0; i < answer.fields.count; i += 2) {
			snprintf(name, sizeof name, "alias%05u@example.test", seen++);
			assert_view(field(i), name);
			assert_view(field(i + 1), targets);
		}
		strcpy(after, name);
	}
	assert_int_equal(seen, COUNT);
	assert_int_equal(parts, 4);
	assert_int_equal(ask(DIRECTORY_DOMAIN_LIST, 0, "", NULL, NULL, NULL), 0);
	assert_int_equal(answer.fields.count, 5);
	assert_view(field(0), "example.test");
	assert_view(field(3), "+");
	assert_int_equal(ask(DIRECTORY_ACCOUNT_LIST, 0, "example.test", "", NULL, NULL), 0);
	assert_int_equal(answer.fields.count, DIRECTORY_ACCOUNT_FIELDS);
	assert_view(field(3), "");
	assert_view(field(4), "");
}

static int run_push_add(struct txn *t, void *arg)
{
	const struct account_push p = {.number = 1,
	    .session = 7,
	    .expires = INT64_MAX,
	    .url = VIEW("https://push.example.test/1"),
	    .device = VIEW("device"),
	    .code = VIEW("cccccccccccccccccccccccccccccccc")};
	return account_push_add(t, *(const uint64_t *)arg, 0, &p);
}

static int count_push(void *arg, const struct account_push *p)
{
	(void)p;
	++*(unsigned *)arg;
	return 0;
}

struct counting {
	uint64_t shard;
	unsigned count;
};

static int run_push_count(struct txn *t, void *arg)
{
	struct counting *c = arg;
	c->count = 0;
	return account_push_each(t, c->shard, count_push, &c->count);
}

static unsigned pushes(uint64_t shard)
{
	struct counting c = {.shard = shard};
	assert_int_equal(test_read(accounts.store, shard, run_push_count, &c), 0);
	return c.count;
}

/* No role is there to say that sessions have ended, as with an administrator's command while no server runs.
 */
static void pushes_end_with_the_sessions(void **state)
{
	(void)state;
	uint64_t alice = add_domain_and_alice();
	struct view put[] = {VIEW("alice@example.test"), VIEW("one more"), VIEW("")};
	assert_int_equal(test_commit(accounts.store, run_push_add, &alice), 0);
	assert_int_equal(ask_views(DIRECTORY_CREDENTIALS_PUT, DIRECTORY_CREDENTIALS_ADDED, put, 3), 0);
	assert_int_equal(pushes(alice), 1);
	put[1] = VIEW("others");
	assert_int_equal(ask_views(DIRECTORY_CREDENTIALS_PUT, DIRECTORY_CREDENTIALS_REPLACED, put, 3), 0);
	assert_int_equal(answer.number, alice);
	assert_int_equal(pushes(alice), 0);
}

static void credentials_and_pushes_are_one_commit(void **state)
{
	(void)state;
	uint64_t alice = add_domain_and_alice();
	struct store *inner = accounts.store;
	struct view put[] = {VIEW("alice@example.test"), VIEW("new"), VIEW("")};
	assert_int_equal(test_commit(accounts.store, run_push_add, &alice), 0);
	/* The second commit from now on would fail: there is none. */
	accounts.store = store_failing(inner);
	store_fail(accounts.store, STORE_FAULT_COMMIT, 2, -EIO);
	assert_int_equal(ask_views(DIRECTORY_CREDENTIALS_PUT, DIRECTORY_CREDENTIALS_REPLACED, put, 3), 0);
	assert_true(store_fault_pending(accounts.store, STORE_FAULT_COMMIT));
	assert_int_equal(pushes(alice), 0);
}

static void damaged_pushes_keep_nobody_from_a_new_password(void **state)
{
	(void)state;
	uint64_t alice = add_domain_and_alice();
	struct view put[] = {VIEW("alice@example.test"), VIEW("new"), VIEW("")};
	assert_int_equal(test_commit(accounts.store, run_push_add, &alice), 0);
	if (!test_accounts_spoil(VIEW("https://push.example.test/1")))
		return;
	assert_int_equal(ask_views(DIRECTORY_CREDENTIALS_PUT, DIRECTORY_CREDENTIALS_REPLACED, put, 3), 0);
	assert_int_equal(answer.number, alice);
	assert_int_equal(ask(DIRECTORY_LOOK_UP, 0, "alice@example.test", NULL, NULL, NULL), 0);
	assert_view(field(1), "new");
}

/* Auth ends the sessions of those whom an answer in doubt names; where nothing was tried, it names nobody. */
static void names_whose_right_may_be_gone(void **state)
{
	(void)state;
	uint64_t alice = add_domain_and_alice();
	struct store *inner = accounts.store;
	accounts.store = store_failing(inner);
	store_fail(accounts.store, STORE_FAULT_COMMIT, 1, -EROFS);
	assert_int_equal(ask(DIRECTORY_ACCOUNT_SET, 0, "alice@example.test", "disabled", "1", NULL), -EROFS);
	assert_int_equal(answer.number, 0);
	store_fail(accounts.store, STORE_FAULT_COMMIT_LOST, 1, -EROFS);
	assert_int_equal(ask(DIRECTORY_ACCOUNT_SET, 0, "alice@example.test", "disabled", "1", NULL), -EROFS);
	assert_int_equal(answer.number, alice);
	store_fail(accounts.store, STORE_FAULT_COMMIT, 1, -EROFS);
	assert_int_equal(
	    ask(DIRECTORY_DOMAIN_DELETE, DIRECTORY_REMOVE_ALL, "example.test", NULL, NULL, NULL), -EROFS);
	assert_int_equal(answer.fields.count, 0);
	store_fail(accounts.store, STORE_FAULT_COMMIT_LOST, 1, -EROFS);
	assert_int_equal(
	    ask(DIRECTORY_DOMAIN_DELETE, DIRECTORY_REMOVE_ALL, "example.test", NULL, NULL, NULL), -EROFS);
	assert_int_equal(answer.fields.count, 1);
	assert_int_equal(directory_number(field(0)), alice);
}

static void knows_administrators(void **state)
{
	(void)state;
	add_domain_and_alice();
	assert_int_equal(ask(DIRECTORY_LOOK_UP, 0, "alice@example.test", NULL, NULL, NULL), 0);
	assert_view(field(2), "");
	assert_int_equal(ask(DIRECTORY_ACCOUNT_SET, 0, "alice@example.test", "administrator", "1", NULL), 0);
	assert_int_equal(ask(DIRECTORY_CREDENTIALS_PUT, 0, "alice@example.test", "new", "", NULL), 0);
	assert_int_equal(ask(DIRECTORY_LOOK_UP, 0, "alice@example.test", NULL, NULL, NULL), 0);
	assert_view(field(1), "new");
	assert_view(field(2), "1");
	assert_int_equal(ask(DIRECTORY_ACCOUNT_LIST, 0, "example.test", "", NULL, NULL), 0);
	assert_view(field(4), "1");
	assert_int_equal(ask(DIRECTORY_ACCOUNT_SET, 0, "alice@example.test", "administrator", "", NULL), 0);
	assert_int_equal(ask(DIRECTORY_LOOK_UP, 0, "alice@example.test", NULL, NULL, NULL), 0);
	assert_view(field(2), "");
}

static void tells_an_account_s_address(void **state)
{
	(void)state;
	uint64_t alice = add_domain_and_alice();
	assert_int_equal(ask(DIRECTORY_ADDRESS, alice, NULL, NULL, NULL, NULL), 0);
	assert_view(field(0), "alice@example.test");
	assert_int_equal(ask(DIRECTORY_ADDRESS, alice + 1, NULL, NULL, NULL, NULL), -ENOENT);
	assert_int_equal(ask(DIRECTORY_ADDRESS, 0, NULL, NULL, NULL, NULL), -ENOENT);
}

static void refuses_what_is_no_operation(void **state)
{
	(void)state;
	struct view many[DIRECTORY_FIELDS_MAX + 1] = {VIEW("a"), VIEW("b")};
	add_domain_and_alice();
	assert_int_equal(ask(0, 0, "example.test", NULL, NULL, NULL), -EINVAL);
	assert_int_equal(ask(DIRECTORY_OPERATIONS, 0, "example.test", NULL, NULL, NULL), -EINVAL);
	assert_int_equal(ask(UINT64_MAX, 0, "example.test", NULL, NULL, NULL), -EINVAL);
	for (uint64_t operation = 1; operation < DIRECTORY_OPERATIONS; operation++) {
		/* Which have a number alone, or nothing. */
		if (directory_operation_fields(operation) != 0)
			assert_int_equal(ask(operation, 0, NULL, NULL, NULL, NULL), -EINVAL);
		assert_int_equal(ask_views(operation, 0, many, DIRECTORY_FIELDS_MAX + 1), -EINVAL);
	}
	assert_false(directory_operation_changes(0) || directory_operation_changes(UINT64_MAX));
	assert_false(
	    directory_operation_changes(DIRECTORY_RESOLVE) || directory_operation_changes(DIRECTORY_LOOK_UP));
	assert_true(directory_operation_changes(DIRECTORY_ALIAS_PUT) &&
	            directory_operation_changes(DIRECTORY_ACCOUNT_SET));
}

static void brings_mail_back_and_purges_it(void **state)
{
	(void)state;
	uint64_t alice = add_domain_and_alice();
	uint32_t uid = 1;
	assert_int_equal(test_deliver(&accounts, alice, 1, 100, ""), 0);
	assert_int_equal(test_expunge(&accounts, alice, &uid, 1), 0);
	assert_int_equal(ask(DIRECTORY_UNDELETE, 0, "alice@example.test", NULL, NULL, NULL), 0);
	assert_int_equal(answer.number, 1);
	assert_int_equal(test_stat(&accounts, alice).messages, 1);
	uid = 2;
	assert_int_equal(test_expunge(&accounts, alice, &uid, 1), 0);
	assert_int_equal(ask(DIRECTORY_PURGE, 0, "alice@example.test", NULL, NULL, NULL), 0);
	assert_int_equal(answer.number, 1);
	assert_int_equal(ask(DIRECTORY_UNDELETE, 0, "alice@example.test", NULL, NULL, NULL), 0);
	assert_int_equal(answer.number, 0);
	assert_int_equal(ask(DIRECTORY_PURGE, 0, "nobody@example.test", NULL, NULL, NULL), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    ON_BOTH(resolves),
	    ON_BOTH(accounts_come_whole_and_go_whole),
	    ON_BOTH(aliases_follow_a_new_address),
	    ON_BOTH(a_new_address_keeps_everything),
	    ON_BOTH(a_cut_making_is_ended_or_taken_back),
	    ON_BOTH(credentials_of_any_size),
	    ON_BOTH(the_secret_is_the_first),
	    ON_BOTH(lists_come_in_parts),
	    ON_BOTH(pushes_end_with_the_sessions),
	    ON_BOTH(credentials_and_pushes_are_one_commit),
	    ON_BOTH(damaged_pushes_keep_nobody_from_a_new_password),
	    ON_BOTH(names_whose_right_may_be_gone),
	    ON_BOTH(knows_administrators),
	    ON_BOTH(tells_an_account_s_address),
	    ON_BOTH(refuses_what_is_no_operation),
	    ON_BOTH(brings_mail_back_and_purges_it),
	};
	log_set_threshold(LOG_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
