/* What all checks may take together, and what is left for those that take little. */
#include "../../unit.h"

#include "trust/sender/sender_budget.h"

enum { MAX = 16 * SENDER_LARGE };

static void large_ones_leave_room_for_others(void **state)
{
	struct sender_budget b = {0};
	size_t large[8] = {0}, small[200] = {0};
	(void)state;
	for (size_t i = 0; i < 4; i++)
		assert_true(sender_budget_charge(&b, MAX, &large[i], 2 * SENDER_LARGE));
	assert_false(sender_budget_charge(&b, MAX, &large[4], SENDER_LARGE + 1));
	assert_true(sender_budget_charge(&b, MAX, &large[4], 0));
	for (size_t i = 0; i < 100; i++)
		assert_true(sender_budget_charge(&b, MAX, &small[i], SENDER_LARGE / 20));
	/* One that grows leaves those that are small. */
	assert_false(sender_budget_charge(&b, MAX, &small[0], SENDER_LARGE + 1));
	assert_true(sender_budget_charge(&b, MAX, &small[0], SENDER_LARGE / 20));
	/* In the end all is in use. */
	for (size_t i = 100; i < 160; i++)
		assert_true(sender_budget_charge(&b, MAX, &small[i], SENDER_LARGE / 20));
	assert_false(sender_budget_charge(&b, MAX, &small[160], SENDER_LARGE / 20));
	for (size_t i = 0; i < 200; i++)
		sender_budget_charge(&b, MAX, &small[i], 0);
	for (size_t i = 0; i < 8; i++)
		sender_budget_charge(&b, MAX, &large[i], 0);
	assert_true(b.all == 0 && b.large == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(large_ones_leave_room_for_others),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
