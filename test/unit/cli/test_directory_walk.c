/* A walk over all accounts, with a directory that is played: who cannot be read hides nobody. */
#include "../unit.h"

#include <errno.h>
#include <string.h>

#include "cli/directory_walk.h"

static struct {
	int list_error; /* for the domain "second.test" */
	size_t seen_count;
	int first, second, third; /* what is said of these accounts */
} played;

/* Plays the directory: two domains, the first with two accounts, the second with one. */
int directory_client_ask(struct directory_client *client, enum directory_operation operation, uint64_t number,
    const struct view *fields, size_t count, struct message_directory_answer *answer)
{
	static struct message_field rows[2 * DIRECTORY_ACCOUNT_FIELDS];
	size_t each = operation == DIRECTORY_DOMAIN_LIST ? 5 : DIRECTORY_ACCOUNT_FIELDS;
	bool first = operation == DIRECTORY_ACCOUNT_LIST && view_equal(fields[0], VIEW("first.test"));
	(void)client;
	(void)number;
	(void)count;
	memset(rows, 0, sizeof rows);
	*answer = (struct message_directory_answer){.fields = {.items = rows, .count = 2 * each}};
	if (operation == DIRECTORY_DOMAIN_LIST) {
		rows[0].value = VIEW("first.test");
		rows[each].value = VIEW("second.test");
	} else if (first) {
		rows[0].value = VIEW("a@first.test");
		rows[each].value = VIEW("b@first.test");
	} else {
		rows[0].value = VIEW("c@second.test");
		answer->fields.count = each;
		return played.list_error;
	}
	return 0;
}

int cli_directory_problem(const char *subject, int error)
{
	(void)subject;
	return error == 0 ? 0 : error == -EAGAIN ? EXIT_TEMPORARY : EXIT_NOTHING;
}

static int ask(void *arg, struct directory_client *client, const char *address)
{
	(void)arg;
	(void)client;
	played.seen_count++;
	return address[0] == 'a' ? played.first : address[0] == 'b' ? played.second : played.third;
}

static int walk(const char *only)
{
	played.seen_count = 0;
	return directory_each_account(NULL, only, ask, NULL);
}

static void asks_of_each(void **state)
{
	(void)state;
	memset(&played, 0, sizeof played);
	assert_int_equal(walk(NULL), 0);
	assert_int_equal(played.seen_count, 3);
	assert_int_equal(walk("first.test"), 0);
	assert_int_equal(played.seen_count, 2);
}

static void who_cannot_be_read_hides_nobody(void **state)
{
	(void)state;
	memset(&played, 0, sizeof played);
	played.first = EXIT_NOTHING;
	played.third = EXIT_DATA;
	assert_int_equal(walk(NULL), EXIT_NOTHING);
	assert_int_equal(played.seen_count, 3);
	played.first = 0;
	assert_int_equal(walk(NULL), EXIT_DATA);
	played.list_error = -ENOENT;
	assert_int_equal(walk(NULL), EXIT_NOTHING);
	assert_int_equal(played.seen_count, 2);
}

static void what_is_the_servers_ends_it(void **state)
{
	(void)state;
	memset(&played, 0, sizeof played);
	played.first = EXIT_NOTHING;
	played.second = EXIT_TEMPORARY;
	assert_int_equal(walk(NULL), EXIT_TEMPORARY);
	assert_int_equal(played.seen_count, 2);
	played.first = EXIT_UNAVAILABLE;
	assert_int_equal(walk(NULL), EXIT_UNAVAILABLE);
	assert_int_equal(played.seen_count, 1);
	played.first = played.second = 0;
	played.list_error = -EAGAIN;
	assert_int_equal(walk(NULL), EXIT_TEMPORARY);
	assert_int_equal(played.seen_count, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(asks_of_each),
	    cmocka_unit_test(who_cannot_be_read_hides_nobody),
	    cmocka_unit_test(what_is_the_servers_ends_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
