/* Masked addresses in the directory: they lead to their owner while they are on, and are nobody else's ever.
 */
#include "../store/in_memory.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "directory/addresses.h"
#include "directory/groups.h"
#include "directory/masked.h"

static uint64_t owners[2];

static int run_people(struct txn *t, void *arg)
{
	struct directory_domain d = {.separator = '+', .catch_all = VIEW("b@example.test")},
	                        other = {.alias_of = VIEW("example.test")};
	struct directory_account a = {.quota = 0}, b = {.quota = 0};
	(void)arg;
	int error = directory_domain_put(t, VIEW("example.test"), &d);
	if (error == 0)
		error = directory_domain_put(t, VIEW("other.test"), &other);
	if (error == 0)
		error = directory_account_add(t, VIEW("a@example.test"), &a);
	if (error == 0)
		error = directory_account_add(t, VIEW("b@example.test"), &b);
	if (error == 0)
		error = directory_alias_put(t, VIEW("sales@example.test"), VIEW("b@example.test"));
	if (error == 0)
		error = directory_group_add(t, VIEW("team@example.test"), VIEW("b@example.test"));
	owners[0] = a.shard;
	owners[1] = b.shard;
	return error;
}

static int begin(void **state)
{
	store_begin(state);
	return test_commit(store, run_people, NULL);
}

struct change {
	const char *address;
	struct directory_masked masked;
};

static int run_add(struct txn *t, void *arg)
{
	const struct change *c = arg;
	return directory_masked_add(t, view_from_string(c->address), &c->masked);
}

static int run_set(struct txn *t, void *arg)
{
	const struct change *c = arg;
	return directory_masked_set(t, view_from_string(c->address), &c->masked);
}

static int add(const char *address, uint64_t owner)
{
	return test_commit(store, run_add, &(struct change){address, {owner, true}});
}

static int set(const char *address, uint64_t owner, bool on)
{
	return test_commit(store, run_set, &(struct change){address, {owner, on}});
}

struct lookup {
	const char *address;
	struct directory_targets targets;
};

static int run_resolve(struct txn *t, void *arg)
{
	struct lookup *l = arg;
	return directory_resolve(t, view_from_string(l->address), &l->targets);
}

/* Whose mail it is: the shard, or a negative errno. */
static int64_t leads_to(const char *address)
{
	static struct lookup l;
	l.address = address;
	int error = test_read(store, DIRECTORY_SHARD, run_resolve, &l);
	if (error)
		return error;
	assert_int_equal(l.targets.count, 1);
	assert_true(l.targets.masked);
	return (int64_t)l.targets.items[0].shard;
}

static void it_leads_to_its_owner_while_it_is_on(void **state)
{
	(void)state;
	assert_int_equal(add("Shop.x7k2@example.test", owners[0]), 0);
	assert_int_equal(leads_to("shop.x7k2@example.test"), (int64_t)owners[0]);
	assert_int_equal(set("shop.x7k2@example.test", owners[0], false), 0);
	assert_int_equal(leads_to("shop.x7k2@example.test"), -EACCES);
	assert_int_equal(leads_to("shop.x7k2+tag@example.test"), -EACCES);
	assert_int_equal(set("shop.x7k2@example.test", owners[0], true), 0);
	assert_int_equal(leads_to("shop.x7k2@example.test"), (int64_t)owners[0]);
}

static int run_account(struct txn *t, void *arg)
{
	struct directory_account a = {.quota = 0};
	return directory_account_add(t, view_from_string(arg), &a);
}

static int run_alias(struct txn *t, void *arg)
{
	return directory_alias_put(t, view_from_string(arg), VIEW("b@example.test"));
}

static int run_alias_delete(struct txn *t, void *arg)
{
	return directory_alias_delete(t, view_from_string(arg));
}

static void nobody_gets_anothers_address(void **state)
{
	char taken[] = "shop@example.test";
	(void)state;
	assert_int_equal(add("b@example.test", owners[0]), -EEXIST);
	assert_int_equal(add("sales@example.test", owners[0]), -EEXIST);
	assert_int_equal(add("team@example.test", owners[0]), -EEXIST);
	assert_int_equal(add("x@elsewhere.test", owners[0]), -ENOENT);
	assert_int_equal(add("x@other.test", owners[0]), -ENOENT);
	assert_int_equal(add("x@example.test", owners[0] + 100), -ENOENT);
	assert_int_equal(add("b+x@example.test", owners[0]), -EINVAL);
	assert_int_equal(add(taken, owners[0]), 0);
	assert_int_equal(add(taken, owners[1]), -EEXIST);
	assert_int_equal(set(taken, owners[1], false), -EACCES);
	assert_int_equal(set("sales@example.test", owners[1], false), -ENOENT);
	assert_int_equal(set("none@example.test", owners[0], true), -ENOENT);
	/* Not even when it is off. */
	assert_int_equal(set(taken, owners[0], false), 0);
	assert_int_equal(add(taken, owners[1]), -EEXIST);
	assert_int_equal(test_commit(store, run_account, taken), -EEXIST);
	assert_int_equal(test_commit(store, run_alias, taken), -EEXIST);
	assert_int_equal(leads_to(taken), -EACCES);
	assert_int_equal(test_commit(store, run_alias_delete, taken), 0);
	assert_int_equal(test_commit(store, run_account, taken), 0);
}

static int run_delete(struct txn *t, void *arg)
{
	return directory_account_delete(t, view_from_string(arg));
}

static void it_is_not_who_comes_after_its_owner(void **state)
{
	char own[] = "a@example.test";
	(void)state;
	assert_int_equal(add("one@example.test", owners[0]), 0);
	assert_int_equal(leads_to("one@other.test"), (int64_t)owners[0]);
	assert_int_equal(test_commit(store, run_delete, own), 0);
	assert_int_equal(leads_to("one@example.test"), -EACCES);
	assert_int_equal(test_commit(store, run_account, own), 0);
	assert_int_equal(leads_to("one@example.test"), -EACCES);
	assert_int_equal(add("one@example.test", owners[1]), -EEXIST);
	assert_int_equal(set("one@example.test", owners[1], true), -EACCES);
}

struct listed {
	size_t count, on, slice;
	char last[64];
};

static int visit(void *arg, struct view address, const struct directory_masked *m)
{
	struct listed *l = arg;
	assert_int_equal(m->owner, owners[0]);
	l->count++;
	l->on += m->on;
	(void)snprintf(l->last, sizeof l->last, "%.*s", VIEW_FMT(address));
	return ++l->slice == 1;
}

static int run_list(struct txn *t, void *arg)
{
	struct listed *l = arg;
	l->slice = 0;
	return directory_masked_each(t, VIEW("example.test"), view_from_string(l->last), visit, arg);
}

static int count_alias(void *arg, struct view address, struct view targets)
{
	(void)address, (void)targets;
	++*(size_t *)arg;
	return 0;
}

static int run_aliases(struct txn *t, void *arg)
{
	return directory_alias_each(t, VIEW("example.test"), (struct view){0}, count_alias, arg);
}

static void lists_tell_them_apart(void **state)
{
	struct listed l = {0};
	size_t aliases = 0;
	(void)state;
	assert_int_equal(add("one@example.test", owners[0]), 0);
	assert_int_equal(add("two@example.test", owners[0]), 0);
	assert_int_equal(set("two@example.test", owners[0], false), 0);
	while (test_read(store, DIRECTORY_SHARD, run_list, &l) == 1)
		assert_true(l.count <= 2);
	assert_int_equal(l.count, 2);
	assert_int_equal(l.on, 1);
	assert_int_equal(test_read(store, DIRECTORY_SHARD, run_aliases, &aliases), 0);
	assert_int_equal(aliases, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(it_leads_to_its_owner_while_it_is_on, begin, store_end),
	    cmocka_unit_test_setup_teardown(nobody_gets_anothers_address, begin, store_end),
	    cmocka_unit_test_setup_teardown(it_is_not_who_comes_after_its_owner, begin, store_end),
	    cmocka_unit_test_setup_teardown(lists_tell_them_apart, begin, store_end),
	};
	return cmocka_run_group_tests_name("directory/masked", tests, NULL, NULL);
}
