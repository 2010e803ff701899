#include "../unit.h"

#include <errno.h>

#include "io/fiber.h"

struct work {
	int steps, done;
};

/* Uses some of its stack, which must still be as it was after each wait. */
static int deep(struct work *w, int depth)
{
	volatile char here[256];
	for (size_t i = 0; i < sizeof here; i++)
		here[i] = (char)(depth + (int)i);
	if (depth > 0)
		deep(w, depth - 1);
	else
		for (; w->done < w->steps; w->done++)
			fiber_wait();
	int good = 1;
	for (size_t i = 0; i < sizeof here; i++)
		good = good && here[i] == (char)(depth + (int)i);
	assert_true(good);
	return good;
}

static void run(void *arg)
{
	assert_true(fiber_is_here());
	deep(arg, 20);
}

static void waits_and_goes_on(void **state)
{
	enum { COUNT = 100 };
	struct fiber *fibers[COUNT];
	struct work work[COUNT];
	(void)state;
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < COUNT; i++) {
			work[i] = (struct work){.steps = i % 5};
			assert_int_equal(fiber_run(run, &work[i], &fibers[i]), 0);
			assert_int_equal(fibers[i] == NULL, i % 5 == 0);
		}
		assert_false(fiber_is_here());
		for (int step = 1; step <= 5; step++)
			for (int i = COUNT - 1; i >= 0; i--)
				if (fibers[i] && fiber_go_on(fibers[i])) {
					assert_int_equal(step, i % 5);
					fibers[i] = NULL;
				}
		for (int i = 0; i < COUNT; i++)
			assert_true(fibers[i] == NULL && work[i].done == work[i].steps);
	}
}

static void there_are_only_so_many(void **state)
{
	static struct fiber *fibers[FIBERS_MAX + 1];
	static struct work work[FIBERS_MAX + 1];
	(void)state;
	for (int i = 0; i <= FIBERS_MAX; i++) {
		work[i].steps = 1;
		assert_int_equal(fiber_run(run, &work[i], &fibers[i]), i < FIBERS_MAX ? 0 : -ENOMEM);
	}
	assert_true(fiber_go_on(fibers[7]));
	assert_int_equal(fiber_run(run, &work[FIBERS_MAX], &fibers[7]), 0);
	for (int i = 0; i < FIBERS_MAX; i++)
		assert_true(fiber_go_on(fibers[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(waits_and_goes_on),
	    cmocka_unit_test(there_are_only_so_many),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
