#include "../unit.h"

#include <unistd.h>

#include "config/local_users.h"

static void names_are_names(void **state)
{
	static const char *const good[] = {"root", "www-data", "_apt", "a.b", "1000", "*", "machine$"};
	static const char *const bad[] = {
	    "", "-f", "a b", "a\nb", "a:b", "a/b", "**", "a-name-that-is-longer-than-useradd-takes"};
	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		assert_true(local_users_name_is_good(view_from_string(good[i])));
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(local_users_name_is_good(view_from_string(bad[i])));
}

static void are_found_by_number(void **state)
{
	char name[LOCAL_USER_NAME_SIZE];
	struct view users = VIEW("0 root\n33 www-data\n");
	(void)state;
	assert_true(local_users_find(users, 0, name));
	assert_string_equal(name, "root");
	assert_true(local_users_find(users, 33, name));
	assert_string_equal(name, "www-data");
	assert_false(local_users_find(users, 3, name));
	assert_string_equal(name, "uid 3");
	assert_false(local_users_find(users, (uid_t)-1, name));
	assert_false(local_users_find(VIEW(""), 0, name));
	/* All, and who has a name keeps it. */
	assert_true(local_users_find(VIEW("*\n0 root\n"), 0, name));
	assert_string_equal(name, "root");
	assert_true(local_users_find(VIEW("*\n0 root\n"), 7, name));
	assert_string_equal(name, "uid 7");
	/* Lines that are none. */
	assert_false(local_users_find(VIEW("7\n7 \nx root\n-7 a\n"), 7, name));
}

static void are_looked_up(void **state)
{
	struct buf users;
	char name[LOCAL_USER_NAME_SIZE];
	(void)state;
	buf_init(&users, LOCAL_USERS_TEXT_MAX);
	assert_true(local_users_add(&users, VIEW("root")));
	assert_true(local_users_add(&users, VIEW("4000000000")));
	assert_false(local_users_add(&users, VIEW("no-such-user-here")));
	assert_false(local_users_add(&users, VIEW("-1")));
	assert_false(local_users_add(&users, VIEW("4294967295")));
	assert_string_equal(buf_string(&users), "0 root\n4000000000 4000000000\n");
	assert_true(local_users_find(buf_view(&users), 4000000000, name));
	assert_true(local_users_add(&users, VIEW("*")));
	assert_true(local_users_find(buf_view(&users), 12345, name));
	buf_done(&users);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names_are_names),
	    cmocka_unit_test(are_found_by_number),
	    cmocka_unit_test(are_looked_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
