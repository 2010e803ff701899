/* What an upgrade does where the test of the whole server has no hand: processes that cannot be made. */
#include "../unit.h"

#include "base/log.h"
#include "base/mem.h"
#include "master/master_private.h"

static struct master *master;
static struct settings settings;
static struct master_options options = {.config = "/nonexistent", .settings = &settings};

static void nothing(void *arg)
{
	(void)arg;
}

static void init_child(struct master *m, struct child *child, size_t row, enum child_place place)
{
	*child = (struct child){.master = m, .role = &roles[row], .place = place};
	loop_timer_init(&child->restart, &m->loop, nothing, child);
	loop_timer_init(&child->patience, &m->loop, nothing, child);
}

static size_t row_of(enum role_bit bit)
{
	size_t row = 0;
	while (roles[row].bit != bit)
		row++;
	return row;
}

/* All roles have their place, and no process. */
static int start(void **state)
{
	(void)state;
	master = mem_alloc(sizeof *master);
	loop_init(&master->loop);
	settings_init(&settings);
	master->options = &options;
	master->settings = &settings;
	master->init_child = init_child;
	master_introduce_init(master);
	master_upgrade_init(master);
	for (size_t i = 0; i < roles_count; i++) {
		master->current[i] = &master->children[i];
		init_child(master, master->current[i], i, CHILD_CURRENT);
	}
	return 0;
}

static int stop(void **state)
{
	(void)state;
	for (size_t i = 0; i < CHILDREN_MAX; i++)
		if (master->children[i].place != CHILD_FREE) {
			loop_timer_cancel(&master->children[i].restart);
			loop_timer_cancel(&master->children[i].patience);
		}
	loop_timer_cancel(&master->upgrade.patience);
	settings_done(&settings);
	loop_done(&master->loop);
	mem_free(master);
	return 0;
}

/* There is no room for another process's log lines. */
static void let_no_process_start(void)
{
	master->log_socket_count = LOG_SOURCES_MAX;
}

static struct child *successor(enum role_bit bit)
{
	size_t row = row_of(bit);
	struct child *child = &master->children[roles_count];
	init_child(master, child, row, CHILD_SUCCESSOR);
	child->ready = true;
	master->beside[row] = child;
	return child;
}

static void nothing_stays_of_a_process_that_could_not_be_made(void **state)
{
	(void)state;
	let_no_process_start();
	master->upgrade.step = UPGRADE_STARTS;
	master_upgrade_heard(master, successor(ROLE_LOG), MESSAGE_READY);
	assert_int_equal(master->upgrade.step, UPGRADE_NOT);
	assert_null(master->beside[row_of(ROLE_CONTENT)]);
	for (size_t i = roles_count + 1; i < CHILDREN_MAX; i++)
		assert_int_equal(master->children[i].place, CHILD_FREE);
}

static void relay_starts_again_when_there_is_no_new_store(void **state)
{
	(void)state;
	struct child *relay = master->current[row_of(ROLE_RELAY)];
	let_no_process_start();
	master->upgrade.step = UPGRADE_RELAY;
	assert_true(master_upgrade_took_over(master, relay));
	assert_int_equal(master->upgrade.step, UPGRADE_NOT);
	assert_null(master->beside[row_of(ROLE_STORE)]);
	assert_true(event_pending(&relay->restart.event, EV_TIMEOUT, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(nothing_stays_of_a_process_that_could_not_be_made, start, stop),
	    cmocka_unit_test_setup_teardown(relay_starts_again_when_there_is_no_new_store, start, stop),
	};
	log_set_threshold(LOG_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
