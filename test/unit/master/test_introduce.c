/* The master's side of channels between roles: both ends get one, and a new one when theirs has closed, once
 * and not too often. */
#include "../unit.h"

#include <errno.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "master/master_private.h"

static struct master *master;
static int ends[ROLES_MAX]; /* what the children's processes would hold */

static struct child *child(enum role_bit bit)
{
	for (size_t i = 0; i < roles_count; i++)
		if (roles[i].bit == bit)
			return &master->children[i];
	fail();
	return NULL;
}

static void nothing_comes(void *arg, struct channel_frame *frame)
{
	(void)arg;
	(void)frame;
	fail();
}

static void nothing_closes(void *arg)
{
	(void)arg;
	fail();
}

/* All roles exist; smtp, dns and store run. */
static int start(void **state)
{
	(void)state;
	master = calloc(1, sizeof *master);
	loop_init(&master->loop);
	master_introduce_init(master);
	for (size_t i = 0; i < roles_count; i++) {
		struct child *c = &master->children[i];
		int pair[2];
		*c = (struct child){.master = master, .role = &roles[i], .place = CHILD_CURRENT};
		master->current[i] = c;
		assert_int_equal(channel_pair(pair), 0);
		channel_init(&c->control, &master->loop, pair[0], nothing_comes, nothing_closes, c);
		ends[i] = pair[1];
	}
	child(ROLE_SMTP)->up = child(ROLE_DNS)->up = child(ROLE_STORE)->up = true;
	return 0;
}

static int stop(void **state)
{
	(void)state;
	for (size_t i = 0; i < CHILDREN_MAX; i++)
		for (size_t j = 0; j < CHILDREN_MAX; j++)
			loop_timer_cancel(&master->introductions[i][j].again);
	for (size_t i = 0; i < roles_count; i++) {
		channel_done(&master->children[i].control);
		close(ends[i]);
	}
	loop_done(&master->loop);
	free(master);
	return 0;
}

/* What the child was told: a peer and its channel's number, or 0 for nothing. */
static uint64_t told(enum role_bit bit, enum role_bit expected_peer)
{
	struct channel_frame frame;
	struct message_peer m;
	struct arena arena;
	struct buf in;
	loop_turn(&master->loop);
	buf_init(&in, CHANNEL_FRAME_MAX);
	arena_init(&arena, 4096);
	int error = channel_receive_blocking(ends[child(bit) - master->children], &in, &frame, 0);
	if (error == 0) {
		assert_int_equal(frame.type, MESSAGE_PEER);
		assert_true(ipc_allowed(frame.type, ROLE_MASTER, bit));
		assert_int_equal(ipc_decode(&frame, &m, &arena), 0);
		assert_int_equal(m.role, expected_peer);
		assert_true(frame.fd >= 0 && m.number > 0);
		close(frame.fd);
	} else {
		assert_int_equal(error, -ETIMEDOUT);
		m.number = 0;
	}
	arena_done(&arena);
	buf_done(&in);
	return m.number;
}

static uint64_t both_told(void)
{
	uint64_t number = told(ROLE_SMTP, ROLE_DNS);
	assert_true(number > 0);
	assert_int_equal(told(ROLE_DNS, ROLE_SMTP), number);
	return number;
}

static void introduces_who_runs(void **state)
{
	(void)state;
	master_introduce_everywhere(master, child(ROLE_DNS));
	both_told();
	assert_int_equal(told(ROLE_SMTP, 0), 0);
	assert_int_equal(told(ROLE_DNS, 0), 0); /* pop3 and relay do not run */
	master_introduce_everywhere(master, child(ROLE_SMTP));
	assert_true(told(ROLE_SMTP, ROLE_STORE) > 0);
	assert_true(told(ROLE_STORE, ROLE_SMTP) > 0);
	both_told();
}

static void renews_once_and_not_too_often(void **state)
{
	(void)state;
	int64_t began = clock_monotonic_ms();
	master_introduce_everywhere(master, child(ROLE_DNS));
	struct message_peer dns = {.role = ROLE_DNS, .number = both_told()},
	                    smtp = {.role = ROLE_SMTP, .number = dns.number};
	struct introduction *between = NULL;
	master_peer_lost(master, child(ROLE_SMTP), &dns);
	master_peer_lost(master, child(ROLE_DNS), &smtp); /* both ends tell it */
	uint64_t second;
	while ((second = told(ROLE_SMTP, ROLE_DNS)) == 0)
		;
	assert_true(clock_monotonic_ms() - began >= 900);
	assert_true(second > dns.number);
	assert_int_equal(told(ROLE_DNS, ROLE_SMTP), second);
	/* What is said of the first one does not touch the second. */
	master_peer_lost(master, child(ROLE_SMTP), &dns);
	for (size_t i = 0; i < roles_count; i++)
		for (size_t j = 0; j < roles_count; j++)
			if (master->introductions[i][j].number == second)
				between = &master->introductions[i][j];
	assert_non_null(between);
	assert_false(event_pending(&between->again.event, EV_TIMEOUT, NULL));
}

static void leaves_the_dead_to_their_restart(void **state)
{
	(void)state;
	master_introduce_everywhere(master, child(ROLE_DNS));
	struct message_peer dns = {.role = ROLE_DNS, .number = both_told()};
	master_peer_lost(master, child(ROLE_SMTP), &dns);
	child(ROLE_DNS)->up = false;
	/* The restart comes before the second is over: its channel is the only one. */
	child(ROLE_DNS)->up = true;
	master_introduce_everywhere(master, child(ROLE_DNS));
	uint64_t number = both_told();
	for (size_t i = 0; i < roles_count; i++)
		for (size_t j = 0; j < roles_count; j++)
			assert_false(
			    event_pending(&master->introductions[i][j].again.event, EV_TIMEOUT, NULL));
	assert_true(number > dns.number);
}

static void minds_no_nonsense(void **state)
{
	(void)state;
	struct message_peer m = {.role = ROLE_ADMIN, .number = 1};
	master_peer_lost(master, child(ROLE_SMTP), &m);
	m = (struct message_peer){.role = UINT64_MAX, .number = 0};
	master_peer_lost(master, child(ROLE_SMTP), &m);
	m = (struct message_peer){.role = ROLE_SMTP, .number = 0}; /* itself, never introduced */
	master_peer_lost(master, child(ROLE_SMTP), &m);
	m = (struct message_peer){.role = ROLE_POP3, .number = 0};
	master_peer_lost(master, child(ROLE_SMTP), &m);
	for (size_t i = 0; i < roles_count; i++)
		for (size_t j = 0; j < roles_count; j++)
			assert_false(
			    event_pending(&master->introductions[i][j].again.event, EV_TIMEOUT, NULL));
}

/* An upgrade: whoever calls, of both generations, has a channel to the successor; nobody calls the one
 * before. */
static void callers_are_led_to_a_successor(void **state)
{
	(void)state;
	struct child *before = child(ROLE_DNS), *after = &master->children[roles_count];
	int pair[2];
	assert_int_equal(channel_pair(pair), 0);
	*after = (struct child){.master = master, .role = before->role, .place = CHILD_SUCCESSOR, .up = true};
	channel_init(&after->control, &master->loop, pair[0], nothing_comes, nothing_closes, after);
	master_introduce_everywhere(master, after);
	assert_int_equal(told(ROLE_SMTP, 0), 0);
	before->place = CHILD_RETIRED;
	after->place = CHILD_CURRENT;
	master_introduce_callers(master, after);
	uint64_t number = told(ROLE_SMTP, ROLE_DNS);
	assert_true(number > 0);
	assert_int_equal(told(ROLE_DNS, 0), 0);
	/* A caller that starts again finds the successor alone. */
	master_introduce_everywhere(master, child(ROLE_SMTP));
	assert_true(told(ROLE_SMTP, ROLE_STORE) > 0 && told(ROLE_SMTP, ROLE_DNS) > number);
	assert_int_equal(told(ROLE_SMTP, 0) + told(ROLE_DNS, 0), 0);
	channel_done(&after->control);
	close(pair[1]);
}

/* While store yields, its successor takes questions, but rules and content go on with the one before. */
static void a_store_that_yields_keeps_what_it_calls(void **state)
{
	(void)state;
	struct child *before = child(ROLE_STORE), *rules = child(ROLE_RULES),
	             *after = &master->children[roles_count];
	int pair[2];
	rules->up = true;
	master_introduce_everywhere(master, before);
	uint64_t number = told(ROLE_RULES, ROLE_STORE);
	assert_true(number > 0 && told(ROLE_SMTP, ROLE_STORE) > 0);
	assert_true(told(ROLE_STORE, ROLE_RULES) > 0 && told(ROLE_STORE, ROLE_SMTP) > 0);
	assert_int_equal(channel_pair(pair), 0);
	*after = (struct child){.master = master, .role = before->role, .place = CHILD_CURRENT, .up = true};
	channel_init(&after->control, &master->loop, pair[0], nothing_comes, nothing_closes, after);
	before->place = CHILD_RETIRED;
	master_introduce_callers(master, after);
	assert_true(told(ROLE_SMTP, ROLE_STORE) > 0);
	assert_int_equal(told(ROLE_RULES, 0), 0);
	master_introduce_called(master, after);
	assert_true(told(ROLE_RULES, ROLE_STORE) > number);
	/* What the one before has lost so is not given back to it. */
	master_peer_lost(master, before, &(struct message_peer){.role = ROLE_RULES, .number = number});
	struct loop_timer *again =
	    &master->introductions[before - master->children][rules - master->children].again;
	loop_timer_set(again, 0);
	while (event_pending(&again->event, EV_TIMEOUT, NULL))
		loop_turn(&master->loop);
	assert_int_equal(told(ROLE_RULES, 0) + told(ROLE_STORE, 0), 0);
	channel_done(&after->control);
	close(pair[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(introduces_who_runs, start, stop),
	    cmocka_unit_test_setup_teardown(renews_once_and_not_too_often, start, stop),
	    cmocka_unit_test_setup_teardown(leaves_the_dead_to_their_restart, start, stop),
	    cmocka_unit_test_setup_teardown(minds_no_nonsense, start, stop),
	    cmocka_unit_test_setup_teardown(callers_are_led_to_a_successor, start, stop),
	    cmocka_unit_test_setup_teardown(a_store_that_yields_keeps_what_it_calls, start, stop),
	};
	log_set_threshold(LOG_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
