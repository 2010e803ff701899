/* Groups of users: who is in which, and what goes with an account. */
#include "../store/in_memory.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "directory/groups.h"

static int run_people(struct txn *t, void *arg)
{
	static const char *const names[] = {"a@example.test", "b@example.test", "c@example.test"};
	struct directory_domain d = {.disabled = false};
	(void)arg;
	int error = directory_domain_put(t, VIEW("example.test"), &d);
	for (size_t i = 0; i < 3 && error == 0; i++) {
		struct directory_account a = {.quota = 0};
		error = directory_account_add(t, view_from_string(names[i]), &a);
	}
	return error;
}

static int begin(void **state)
{
	store_begin(state);
	return test_commit(store, run_people, NULL);
}

struct membership {
	const char *group, *member;
};

static int run_add(struct txn *t, void *arg)
{
	const struct membership *m = arg;
	return directory_group_add(t, view_from_string(m->group), view_from_string(m->member));
}

static int run_remove(struct txn *t, void *arg)
{
	const struct membership *m = arg;
	return directory_group_remove(t, view_from_string(m->group), view_from_string(m->member));
}

static int run_delete(struct txn *t, void *arg)
{
	return directory_account_delete(t, view_from_string(arg));
}

static int add(const char *group, const char *member)
{
	return test_commit(store, run_add, &(struct membership){group, member});
}

static int take_out(const char *group, const char *member)
{
	return test_commit(store, run_remove, &(struct membership){group, member});
}

static char text[2048];

static int put_member(void *arg, struct view member)
{
	(void)arg;
	snprintf(text + strlen(text), sizeof text - strlen(text), "%.*s ", (int)member.len, member.data);
	return 0;
}

static int put_group(void *arg, struct view group, uint64_t members)
{
	(void)arg;
	snprintf(text + strlen(text), sizeof text - strlen(text), "%.*s:%d ", (int)group.len, group.data,
	    (int)members);
	return 0;
}

static int run_members(struct txn *t, void *arg)
{
	text[0] = '\0';
	return directory_member_each(t, view_from_string(arg), (struct view){0}, put_member, NULL);
}

static int run_groups(struct txn *t, void *arg)
{
	text[0] = '\0';
	return directory_group_each(t, VIEW("EXAMPLE.test"), view_from_string(arg), put_group, NULL);
}

static const char *members(const char *group)
{
	char name[64];
	snprintf(name, sizeof name, "%s", group);
	return test_read(store, DIRECTORY_SHARD, run_members, name) == 0 ? text : "none";
}

static const char *groups(const char *after)
{
	char name[64];
	snprintf(name, sizeof name, "%s", after);
	assert_int_equal(test_read(store, DIRECTORY_SHARD, run_groups, name), 0);
	return text;
}

struct numbers {
	uint64_t shard, numbers[DIRECTORY_GROUPS_OF_ACCOUNT_MAX];
	size_t count;
	char name[100];
};

static int run_of(struct txn *t, void *arg)
{
	struct numbers *n = arg;
	struct view name;
	int error = directory_groups_of(t, n->shard, n->numbers, &n->count);
	if (error == 0 && n->count > 0) {
		error = directory_group_name(t, n->numbers[0], &name);
		if (error == 0)
			snprintf(n->name, sizeof n->name, "%.*s", (int)name.len, name.data);
	}
	return error;
}

static struct numbers groups_of(unsigned account)
{
	struct numbers n = {.shard = store_shard(STORE_ACCOUNT, account)};
	assert_int_equal(test_read(store, DIRECTORY_SHARD, run_of, &n), 0);
	return n;
}

static void groups_have_members(void **state)
{
	(void)state;
	assert_int_equal(add("team@example.test", "B@example.test"), 0);
	assert_int_equal(add("Team@example.test", "a@example.test"), 0);
	assert_int_equal(add("team@example.test", "a@example.test"), 0); /* it is one already */
	assert_int_equal(add("team@example.test", "nobody@example.test"), -ENXIO);
	assert_int_equal(add("team@elsewhere.test", "a@example.test"), -ENOENT);
	assert_int_equal(add("other@example.test", "a@example.test"), 0);
	assert_string_equal(members("TEAM@example.test"), "a@example.test b@example.test ");
	assert_string_equal(groups(""), "other@example.test:1 team@example.test:2 ");
	assert_string_equal(groups("other@example.test"), "team@example.test:2 ");
	assert_int_equal(groups_of(1).count, 2);
	assert_int_equal(groups_of(2).count, 1);
	assert_string_equal(groups_of(2).name, "team@example.test");
	assert_int_equal(groups_of(3).count, 0);
	assert_int_equal(take_out("team@example.test", "c@example.test"), -ENOENT);
	assert_int_equal(take_out("team@example.test", "a@example.test"), 0);
	uint64_t first = groups_of(2).numbers[0];
	assert_int_equal(take_out("team@example.test", "b@example.test"), 0);
	assert_string_equal(members("team@example.test"), "none");
	/* Of the same name, and another one: what was given to the first is not the second's. */
	assert_int_equal(add("team@example.test", "b@example.test"), 0);
	assert_true(groups_of(2).numbers[0] != first);
}

/* An account that goes leaves all groups; nobody who comes later under its address is in them. */
static void an_account_leaves_its_groups(void **state)
{
	char gone[] = "a@example.test";
	(void)state;
	assert_int_equal(add("team@example.test", "a@example.test"), 0);
	assert_int_equal(add("team@example.test", "b@example.test"), 0);
	assert_int_equal(add("alone@example.test", "a@example.test"), 0);
	assert_int_equal(test_commit(store, run_delete, gone), 0);
	assert_string_equal(groups(""), "team@example.test:1 ");
	assert_string_equal(members("team@example.test"), "b@example.test ");
	assert_int_equal(groups_of(1).count, 0);
}

static void there_are_limits(void **state)
{
	char group[64];
	(void)state;
	for (unsigned i = 0; i < DIRECTORY_GROUPS_OF_ACCOUNT_MAX; i++) {
		snprintf(group, sizeof group, "g%u@example.test", i);
		assert_int_equal(add(group, "a@example.test"), 0);
	}
	assert_int_equal(add("more@example.test", "a@example.test"), -EMLINK);
	assert_string_equal(members("more@example.test"), "none");
	assert_int_equal(groups_of(1).count, DIRECTORY_GROUPS_OF_ACCOUNT_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(groups_have_members, begin, store_end),
	    cmocka_unit_test_setup_teardown(an_account_leaves_its_groups, begin, store_end),
	    cmocka_unit_test_setup_teardown(there_are_limits, begin, store_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
