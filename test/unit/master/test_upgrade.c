/* What an upgrade does where the test of the whole server has no hand: processes that cannot be made, and
 * moments. */
#include "../unit.h"

#include <sys/wait.h>
#include <unistd.h>

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

static void hear_nothing(void *arg, struct channel_frame *frame)
{
	(void)arg;
	(void)frame;
}

/* A store's process, as far as messages to it go; this is its end. */
static int run(struct child *child)
{
	int pair[2];
	assert_int_equal(channel_pair(pair), 0);
	channel_init(&child->control, &master->loop, pair[0], hear_nothing, nothing, child);
	child->up = true;
	return pair[1];
}

static void a_reload_does_not_start_a_store_before_its_time(void **state)
{
	(void)state;
	struct child *store = master->current[row_of(ROLE_STORE)], *keys = master->current[row_of(ROLE_KEYS)];
	int end = run(store);
	master->upgrade.step = UPGRADE_YIELDS;
	master_reload(master);
	assert_true(master->reload_again);
	/* One that began before, and whose keys answer now. */
	master->reload_again = false;
	master->reload_waits = keys;
	master_reload_continue(master, keys);
	assert_true(master->reload_again);
	assert_int_equal(store->starts, 0);
	/* The new store serves: then it is made up for, and refused, as there is no such file. */
	master_upgrade_heard(master, store, MESSAGE_READY);
	assert_int_equal(master->upgrade.step, UPGRADE_MASTER);
	assert_false(master->reload_again);
	channel_done(&store->control);
	close(end);
}

static void a_store_that_is_down_need_not_yield(void **state)
{
	(void)state;
	struct child *before = master->current[row_of(ROLE_STORE)];
	master->executable = -1; /* the process that is made ends at once */
	master->hear = hear_nothing;
	loop_timer_set(&before->restart, 1000);
	master->upgrade.step = UPGRADE_RELAY;
	assert_true(master_upgrade_took_over(master, master->current[row_of(ROLE_RELAY)]));
	struct child *after = master->current[row_of(ROLE_STORE)];
	assert_int_equal(master->upgrade.step, UPGRADE_YIELDS);
	assert_true(after != before && after->pid > 0 && after->place == CHILD_CURRENT && !after->waits);
	assert_int_equal(after->starts, 1);
	assert_int_equal(before->place, CHILD_FREE);
	assert_null(master->beside[row_of(ROLE_STORE)]);
	assert_false(event_pending(&before->restart.event, EV_TIMEOUT, NULL));
	assert_int_equal(waitpid(after->pid, NULL, 0), after->pid);
	channel_done(&after->control);
	for (size_t i = 0; i < master->log_socket_count; i++)
		close(master->log_sockets[i].fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(nothing_stays_of_a_process_that_could_not_be_made, start, stop),
	    cmocka_unit_test_setup_teardown(relay_starts_again_when_there_is_no_new_store, start, stop),
	    cmocka_unit_test_setup_teardown(a_reload_does_not_start_a_store_before_its_time, start, stop),
	    cmocka_unit_test_setup_teardown(a_store_that_is_down_need_not_yield, start, stop),
	};
	log_set_threshold(LOG_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
