#include "../../unit.h"

#include "role/auth/auth_ticket.h"

static struct view name_of(const struct ticket *t)
{
	return view_from_string(t->name);
}

static void a_ticket_is_found_by_its_name_and_kind(void **state)
{
	(void)state;
	struct ticket *t = ticket_new(TICKET_SECOND, VIEW("joe@example.test"));
	char name[TICKET_NAME_SIZE];
	memcpy(name, t->name, sizeof name);
	assert_int_equal(strlen(name), TICKET_NAME_SIZE - 1);
	assert_string_equal(t->address, "joe@example.test");
	assert_ptr_equal(ticket_find(name_of(t), TICKET_SECOND), t);
	assert_null(ticket_find(name_of(t), TICKET_PASSKEY));
	assert_null(ticket_find(VIEW(""), TICKET_SECOND));
	assert_null(ticket_find(VIEW("0123456789abcdef0123456789abcdef"), TICKET_SECOND));
	struct ticket *other = ticket_new(TICKET_SECOND, VIEW("joe@example.test"));
	assert_memory_not_equal(t->name, other->name, sizeof t->name);
	assert_memory_not_equal(t->challenge, other->challenge, sizeof t->challenge);
	ticket_end(t);
	assert_null(ticket_find(view_from_string(name), TICKET_SECOND));
	assert_ptr_equal(ticket_find(name_of(other), TICKET_SECOND), other);
	ticket_end(other);
}

static void ten_wrong_tries_end_it(void **state)
{
	(void)state;
	struct ticket *t = ticket_new(TICKET_SECOND, VIEW("joe@example.test"));
	char name[TICKET_NAME_SIZE];
	memcpy(name, t->name, sizeof name);
	for (int i = 0; i < TICKET_TRIES; i++) {
		struct ticket *found = ticket_find(view_from_string(name), TICKET_SECOND);
		assert_ptr_equal(found, t);
		ticket_failed(found);
	}
	assert_null(ticket_find(view_from_string(name), TICKET_SECOND));
}

static void its_time_ends_it(void **state)
{
	(void)state;
	struct ticket *t = ticket_new(TICKET_TOTP, VIEW("joe@example.test"));
	char name[TICKET_NAME_SIZE];
	memcpy(name, t->name, sizeof name);
	t->until -= TICKET_MS;
	assert_null(ticket_find(view_from_string(name), TICKET_TOTP));
}

/* Who floods us pushes out what strangers have, and nothing of those who have shown who they are. */
static void strangers_push_out_strangers(void **state)
{
	(void)state;
	struct ticket *known = ticket_new(TICKET_SECOND, VIEW("joe@example.test"));
	struct ticket *strange = ticket_new(TICKET_PASSKEY, (struct view){0}), *last = NULL;
	char first[TICKET_NAME_SIZE];
	memcpy(first, strange->name, sizeof first);
	for (int i = 0; i < TICKETS_MAX - 1; i++)
		last = ticket_new(TICKET_PASSKEY, (struct view){0});
	assert_ptr_equal(ticket_find(view_from_string(first), TICKET_PASSKEY), strange);
	last = ticket_new(TICKET_PASSKEY, (struct view){0});
	assert_null(ticket_find(view_from_string(first), TICKET_PASSKEY));
	assert_ptr_equal(ticket_find(name_of(last), TICKET_PASSKEY), last);
	assert_ptr_equal(ticket_find(name_of(known), TICKET_SECOND), known);
	ticket_end(known);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_ticket_is_found_by_its_name_and_kind),
	    cmocka_unit_test(ten_wrong_tries_end_it),
	    cmocka_unit_test(its_time_ends_it),
	    cmocka_unit_test(strangers_push_out_strangers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
