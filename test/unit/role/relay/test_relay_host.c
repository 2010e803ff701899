/* A host by itself: its destinations are waiters in this test; its connections go to a listener on loopback.
 */
#include "relay_world.h"

#include <stdio.h>
#include <unistd.h>

#include "format/outcome.h"
#include "role/relay/relay_host.h"
#include "role/relay/relay_place.h"

enum { WAITERS = 3, MESSAGES = 3 };

static struct waiter {
	struct relay_waiter waiter;
	const char *sender;
	unsigned left, failed, must_wait, finished;
	char why[200];
} waiters[WAITERS];

static struct relay_host *host;

static void on_finished(void *arg, struct relay_message *again)
{
	struct waiter *w = arg;
	assert_null(again);
	w->finished++;
}

static const struct relay_message_owner message_owner = {.finished = on_finished};

static struct relay_message *next(struct relay_waiter *waiter)
{
	struct waiter *w = (struct waiter *)waiter;
	char id[32];
	if (w->left == 0)
		return NULL;
	w->left--;
	w->waiter.pending = w->left;
	snprintf(id, sizeof id, "message%05u", w->left % 100000);
	struct message_queue_message m = relay_world_message(1, id, w->sender);
	return relay_message_new(w->sender, &m, &message_owner, w);
}

static void on_failed(struct relay_waiter *waiter, struct relay_host *h, const struct relay_reason *why)
{
	struct waiter *w = (struct waiter *)waiter;
	assert_ptr_equal(h, host);
	w->failed++;
	snprintf(w->why, sizeof w->why, "%s %s", why->status, why->text);
}

static void on_must_wait(struct relay_waiter *waiter)
{
	((struct waiter *)waiter)->must_wait++;
}

static const struct relay_waiter_functions functions = {
    .next = next, .failed = on_failed, .must_wait = on_must_wait};

static int start(void **state)
{
	static const char *const senders[WAITERS] = {"a@example.test", "b@example.test", "c@example.test"};
	relay_world_start(state);
	relay_world.process.settings.destination_connections = 1;
	relay_places_configure();
	for (size_t i = 0; i < WAITERS; i++)
		waiters[i] = (struct waiter){.waiter.functions = &functions, .sender = senders[i]};
	host = relay_host_use(relay_world_endpoint());
	return 0;
}

static int stop(void **state)
{
	for (size_t i = 0; i < WAITERS; i++)
		relay_host_forget(host, &waiters[i].waiter);
	relay_host_release(host);
	relay_hosts_quit();
	for (int i = 0; i < 10; i++)
		relay_world_turn();
	return relay_world_stop(state);
}

static void give(struct waiter *w, unsigned messages, bool regular)
{
	w->left = messages;
	w->waiter.pending = messages;
	w->waiter.regular = regular;
	relay_host_want(host, &w->waiter);
}

/* One message each: a destination with much mail does not keep the others from the host. */
static void destinations_take_turns(void **state)
{
	(void)state;
	for (size_t i = 0; i < WAITERS; i++)
		give(&waiters[i], MESSAGES, true);
	int fd = relay_world_accept();
	relay_world_greet(fd);
	for (int m = 0; m < MESSAGES; m++)
		for (size_t i = 0; i < WAITERS; i++)
			relay_world_receive(fd, waiters[i].sender, "250 kept\r\n");
	relay_world_until(&relay_world.outcomes, WAITERS * MESSAGES);
	assert_false(relay_world_is_called()); /* destination_connections */
	assert_false(relay_host_is_dead(host));
	close(fd);
}

/* Endpoints that differ in nothing are one host. */
static void is_shared(void **state)
{
	(void)state;
	struct relay_host *same = relay_host_use(relay_world_endpoint());
	struct relay_endpoint *other = relay_world_endpoint();
	other->tls = SMTP_CLIENT_TLS_REQUIRED;
	struct relay_host *strict = relay_host_use(other);
	assert_ptr_equal(same, host);
	assert_ptr_not_equal(strict, host);
	assert_int_equal(relay_hosts_count(), 2);
	relay_host_release(same);
	relay_host_release(strict);
	assert_int_equal(relay_hosts_count(), 1);
}

/* Who waits is told why; who comes within the next seconds is told at once, and nobody connects again. */
static void one_that_is_not_there_is_dead_for_a_while(void **state)
{
	(void)state;
	relay_world.process.settings.queue_retry_min = 600;
	relay_world_refuse();
	give(&waiters[0], 1, true);
	give(&waiters[1], 1, true);
	relay_world_until(&waiters[0].failed, 1);
	relay_world_until(&waiters[1].failed, 1);
	assert_true(relay_host_is_dead(host));
	assert_non_null(strstr(waiters[1].why, "4.4.1 no connection to 127.0.0.1:"));
	assert_int_equal(relay_shares.all.count, 0);
	give(&waiters[2], 1, true);
	relay_world_until(&waiters[2].failed, 1);
	assert_string_equal(waiters[2].why, waiters[0].why);
	relay_world.process.settings.queue_retry_min = 0; /* forgotten at once: stop finds no host */
}

static void ignore(void *arg)
{
	(void)arg;
}

/* Without a place it says so to everybody in its line, and connects when there is one. */
static void waits_for_a_place(void **state)
{
	struct share_claim other = {.granted = ignore, .shares = {&relay_shares.all}, .share_count = 1};
	(void)state;
	share_limit(&relay_shares.all, 1);
	assert_true(share_take(&other));
	give(&waiters[0], 1, true);
	give(&waiters[1], 1, true);
	relay_world_until(&waiters[0].must_wait, 1);
	relay_world_until(&waiters[1].must_wait, 1);
	assert_false(relay_world_is_called());
	share_give_back(other.shares, 1);
	int fd = relay_world_accept();
	relay_world_greet(fd);
	relay_world_receive(fd, waiters[0].sender, "250 kept\r\n");
	relay_world_receive(fd, waiters[1].sender, "250 kept\r\n");
	relay_world_until(&relay_world.outcomes, 2);
	close(fd);
}

/* Reports have half of the places: the line they wait in is left when other mail comes. */
static void regular_mail_need_not_wait_with_reports(void **state)
{
	struct share_claim other = {.granted = ignore, .shares = {&relay_shares.reports}, .share_count = 1};
	(void)state;
	share_limit(&relay_shares.reports, 1);
	assert_true(share_take(&other));
	give(&waiters[0], 1, false);
	relay_world_until(&waiters[0].must_wait, 1);
	give(&waiters[1], 1, true);
	int fd = relay_world_accept();
	relay_world_greet(fd);
	relay_world_receive(fd, waiters[0].sender, "250 kept\r\n");
	relay_world_receive(fd, waiters[1].sender, "250 kept\r\n");
	relay_world_until(&relay_world.outcomes, 2);
	share_give_back(other.shares, 1);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(destinations_take_turns, start, stop),
	    cmocka_unit_test_setup_teardown(is_shared, start, stop),
	    cmocka_unit_test_setup_teardown(one_that_is_not_there_is_dead_for_a_while, start, stop),
	    cmocka_unit_test_setup_teardown(waits_for_a_place, start, stop),
	    cmocka_unit_test_setup_teardown(regular_mail_need_not_wait_with_reports, start, stop),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
