/* Many commits at once, in an order that the test decides: the committer stops at its first group until let
 * go. */
#include "support.h"

#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>

static const uint64_t shard = (uint64_t)STORE_ACCOUNT << 56 | 7;

static sem_t stopped, let_go;
static atomic_bool stops;

static void stop_once(const char *step)
{
	if (strcmp(step, "group-run") != 0 || !atomic_exchange(&stops, false))
		return;
	sem_post(&stopped);
	sem_wait(&let_go);
}

struct many {
	struct store_commit commit;
	unsigned number, entries;
	int result;
	unsigned place; /* in the order of their ends; 0: not yet */
};

static unsigned ended;
static bool all_ended;
static unsigned ends_wanted;

static void many_done(struct store_commit *c, int result)
{
	struct many *m = (struct many *)c;
	m->result = result;
	m->place = ++ended;
	all_ended = ended == ends_wanted;
}

static int run_many(struct txn *t, void *arg)
{
	const struct many *m = arg;
	char key[32], value[700];
	memset(value, 'v', sizeof value);
	for (unsigned i = 0; i < m->entries; i++) {
		int n = snprintf(key, sizeof key, "m%06u-%06u", m->number, i);
		int error =
		    txn_put(t, shard + m->number, view_of(key, (size_t)n), view_of(value, sizeof value));
		if (error)
			return error;
	}
	return 0;
}

static struct store *open_stopped(void)
{
	struct store *s;
	struct store_options options = {
	    .folder = test_folder(), .min_free = 1, .index_size = 1 << 30, .at_step = stop_once};
	assert_int_equal(store_open(&options, &s), 0);
	sem_init(&stopped, 0, 0);
	sem_init(&let_go, 0, 0);
	atomic_store(&stops, true);
	ended = 0;
	all_ended = false;
	return s;
}

static void add(struct store *s, struct many *m, unsigned number, unsigned entries, struct store_upload *u)
{
	*m = (struct many){.number = number, .entries = entries};
	m->commit =
	    (struct store_commit){.run = run_many, .arg = m, .done = many_done, .large = entries > 100};
	if (u)
		m->commit.uploads[m->commit.upload_count++] = u;
	store_commit(s, &m->commit);
}

/* Together they are ten times what one group can write; and who changes little doesn't wait for who changes
 * much. */
static void a_storm_of_large_commits_costs_nobody(void **state)
{
	(void)state;
	enum { LARGE = 70 };
	static struct many all[LARGE + 2];
	struct store *s = open_stopped();
	struct store_stats stats;
	ends_wanted = LARGE + 2;
	add(s, &all[0], 0, 1, NULL);
	sem_wait(&stopped);
	for (unsigned i = 1; i <= LARGE; i++)
		add(s, &all[i], i, 900, NULL);
	add(s, &all[LARGE + 1], LARGE + 1, 1, NULL);
	sem_post(&let_go);
	test_wait(s, &all_ended);
	for (unsigned i = 0; i < LARGE + 2; i++)
		assert_int_equal(all[i].result, 0);
	assert_int_equal(all[LARGE + 1].place, 2);
	for (unsigned i = 2; i <= LARGE; i++)
		assert_true(all[i].place > all[i - 1].place);
	store_stats(s, &stats);
	assert_int_equal(stats.rollbacks, 0);
	assert_true(stats.syncs >= LARGE * 900u * 700u / (12u << 20));
	store_close(s);
}

/* But it does not wait for ever, however much comes in. */
static void a_large_commit_gets_its_turn(void **state)
{
	(void)state;
	enum { SMALL = 60 };
	static struct many all[SMALL + 2];
	struct store *s = open_stopped();
	ends_wanted = SMALL + 2;
	add(s, &all[0], 0, 1, NULL);
	sem_wait(&stopped);
	add(s, &all[1], 1, 900, NULL);
	/* Four of these fill a group. */
	for (unsigned i = 2; i < SMALL + 2; i++)
		add(s, &all[i], i, 1, test_upload(s, i, 1 << 20));
	sem_post(&let_go);
	test_wait(s, &all_ended);
	for (unsigned i = 0; i < SMALL + 2; i++)
		assert_int_equal(all[i].result, 0);
	assert_in_range(all[1].place, 2, 50);
	store_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_storm_of_large_commits_costs_nobody),
	    cmocka_unit_test(a_large_commit_gets_its_turn),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
