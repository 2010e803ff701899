/*
 * Failures on their way to a report: told together, told again, bounded, tried again. dns, auth, keys and
 * store are played here, on one loop.
 */
#include "../../unit.h"

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>

#include "io/channel.h"
#include "master/roles.h"
#include "process/messages.h"
#include "role/smtp/smtp_failure_case.h"

static struct {
	struct role_process process;
	struct calls dns, auth, keys, store;
	struct channel ends[4];
	unsigned asked, sent, refused; /* questions to dns; letters that store took, and did not take */
	unsigned dns_status;           /* RCODE of all answers but consents */
	bool consents;                 /* every place takes reports of everybody */
	int error;                     /* of store */
	char letter[8192];             /* the last one */
} world;

/* ---- the others ---- */

static void closed(void *arg)
{
	(void)arg;
}

static void play_dns(void *arg, struct channel_frame *frame)
{
	static const char record[] = "\010v=DMARC1";
	struct message_field field = {.value = view_of(record, sizeof record - 1)};
	struct message_answer m = {.status = world.dns_status, .ttl = 60, .records = {.items = &field}};
	struct message_query q;
	struct arena arena;
	(void)arg;
	arena_init(&arena, 4096);
	assert_int_equal(ipc_decode(frame, &q, &arena), 0);
	world.asked++;
	if (world.consents && memmem(q.name.data, q.name.len, "._report._dmarc.", 16)) {
		m.status = 0;
		m.records.count = 1;
	}
	assert_int_equal(ipc_send(&world.ends[0], MESSAGE_ANSWER, frame->request, &m, -1), 0);
	arena_done(&arena);
}

static void play_auth(void *arg, struct channel_frame *frame)
{
	const struct message_resolved m = {.verdict = RESOLVE_NOT_OURS};
	(void)arg;
	assert_int_equal(frame->type, MESSAGE_RESOLVE);
	assert_int_equal(ipc_send(&world.ends[1], MESSAGE_RESOLVED, frame->request, &m, -1), 0);
}

static void play_keys(void *arg, struct channel_frame *frame)
{
	const struct message_signers_answer m = {.error = -ENOENT};
	(void)arg;
	assert_int_equal(frame->type, MESSAGE_SIGNERS);
	assert_int_equal(ipc_send(&world.ends[2], MESSAGE_SIGNERS_ANSWER, frame->request, &m, -1), 0);
}

static void play_store(void *arg, struct channel_frame *frame)
{
	struct message_deliver d;
	struct message_delivery_result result = {.error = world.error};
	const struct message_delivered m = {.results = {.items = &result, .count = 1}};
	struct arena arena;
	(void)arg;
	if (frame->type != MESSAGE_DELIVER)
		return;
	arena_init(&arena, 1 << 20);
	assert_int_equal(ipc_decode(frame, &d, &arena), 0);
	snprintf(world.letter, sizeof world.letter, "%.*s", VIEW_FMT(d.bytes));
	world.sent += world.error == 0;
	world.refused += world.error != 0;
	assert_int_equal(ipc_send(&world.ends[3], MESSAGE_DELIVERED, frame->request, &m, -1), 0);
	arena_done(&arena);
}

/* ---- beginning and end ---- */

static void join(
    size_t number, struct calls *calls, unsigned peer, void (*play)(void *arg, struct channel_frame *frame))
{
	int pair[2];
	assert_int_equal(channel_pair(pair), 0);
	calls_init(calls);
	calls_link(calls, &world.process, pair[0], peer);
	channel_init(&world.ends[number], &world.process.loop, pair[1], play, closed, NULL);
}

static int begin(void **state)
{
	(void)state;
	memset(&world, 0, sizeof world);
	world.process.role = role_by_name("smtp");
	world.process.settings.hostname = VIEW("mx.receiver.example");
	world.dns_status = 3;
	loop_init(&world.process.loop);
	join(0, &world.dns, ROLE_DNS, play_dns);
	join(1, &world.auth, ROLE_AUTH, play_auth);
	join(2, &world.keys, ROLE_KEYS, play_keys);
	join(3, &world.store, ROLE_STORE, play_store);
	failure_gather_ms = 1;
	failure_remembered_ms = 3600 * 1000;
	failure_later_ms = 1;
	const struct letter_way way = {
	    .process = &world.process, .store = &world.store, .auth = &world.auth, .keys = &world.keys};
	failure_cases_start(&way, &world.dns);
	return 0;
}

static int end(void **state)
{
	struct calls *const calls[] = {&world.dns, &world.auth, &world.keys, &world.store};
	(void)state;
	failure_cases_end();
	for (size_t i = 0; i < 4; i++) {
		channel_done(&world.ends[i]);
		calls_close(calls[i]);
	}
	loop_done(&world.process.loop);
	return 0;
}

static void until(const unsigned *counter, unsigned n)
{
	loop_turn(&world.process.loop);
	while (*counter < n) {
		event_base_loop(world.process.loop.base, EVLOOP_ONCE);
		loop_turn(&world.process.loop);
	}
}

/* Everything that is due is done: nothing happens for some time. */
static void settle(void)
{
	for (int quiet = 0; quiet < 20; quiet++) {
		unsigned asked = world.asked, sent = world.sent;
		const struct timespec moment = {.tv_nsec = 2 * 1000 * 1000};
		nanosleep(&moment, NULL);
		event_base_loop(world.process.loop.base, EVLOOP_NONBLOCK);
		loop_turn(&world.process.loop);
		if (world.asked != asked || world.sent != sent)
			quiet = 0;
	}
}

static void forge(unsigned domain, unsigned source, const char *place)
{
	char name[40], address[40], ruf[80];
	snprintf(name, sizeof name, "d%u.example", domain);
	snprintf(address, sizeof address, "192.0.2.%u", source);
	snprintf(ruf, sizeof ruf, "mailto:ruf@%s", place ? place : name);
	const struct report_failure f = {.at = 1796083200,
	    .incidents = 1,
	    .domain = view_from_string(name),
	    .source = view_from_string(address),
	    .type = VIEW("dmarc"),
	    .alignment = VIEW("dkim, spf"),
	    .delivery = VIEW("reject")};
	const struct failure_told t = {.domain = view_from_string(name),
	    .ruf = view_from_string(ruf),
	    .failure = &f,
	    .header = VIEW("Message-ID: <1@x>\r\n")};
	failure_cases_add(&t);
}

static void expect(const char *text)
{
	if (strstr(world.letter, text) == NULL)
		fail_msg("no \"%s\" in: %s", text, world.letter);
}

/* ---- the tests ---- */

static void alike_failures_are_told_together(void **state)
{
	(void)state;
	forge(1, 1, NULL);
	forge(1, 1, NULL);
	until(&world.sent, 1);
	expect("\r\nIncidents: 2\r\n");
	expect("\r\nSource-IP: 192.0.2.1\r\n");
	expect("To: <ruf@d1.example>\r\n");
	expect("Message-ID: <1@x>\r\n");
	/* Another one at once; the same later. */
	failure_remembered_ms = 300;
	forge(1, 2, NULL);
	until(&world.sent, 2);
	expect("\r\nIncidents: 1\r\n");
	for (int i = 0; i < 3; i++)
		forge(1, 2, NULL);
	until(&world.sent, 3);
	expect("\r\nIncidents: 3\r\n");
	expect("\r\nSource-IP: 192.0.2.2\r\n");
}

static void each_domain_gets_few(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3 * FAILURE_DOMAIN_HOUR; i++)
		forge(1, i, NULL);
	forge(2, 1, NULL);
	until(&world.sent, FAILURE_DOMAIN_HOUR + 1);
	settle();
	assert_int_equal(world.sent, FAILURE_DOMAIN_HOUR + 1);
}

static void each_place_gets_few(void **state)
{
	(void)state;
	world.consents = true;
	for (unsigned i = 0; i < 2 * FAILURE_PLACE_HOUR; i++)
		forge(i / FAILURE_DOMAIN_HOUR, i, "reports.other.example");
	until(&world.sent, FAILURE_PLACE_HOUR);
	settle();
	assert_int_equal(world.sent, FAILURE_PLACE_HOUR);
}

static void all_together_get_few(void **state)
{
	(void)state;
	for (unsigned i = 0; i < FAILURE_ALL_HOUR + 50; i++)
		forge(i / FAILURE_DOMAIN_HOUR, i % FAILURE_DOMAIN_HOUR, NULL);
	until(&world.sent, FAILURE_ALL_HOUR);
	settle();
	assert_int_equal(world.sent, FAILURE_ALL_HOUR);
}

static void nobody_is_told_who_does_not_want_it(void **state)
{
	(void)state;
	forge(1, 1, "other.test");
	until(&world.asked, 1);
	settle();
	assert_int_equal(world.sent, 0);
}

static void what_cannot_be_told_is_tried_again(void **state)
{
	(void)state;
	/* Without DNS, which must say who agrees: three times. */
	world.consents = true;
	world.dns_status = 2;
	forge(1, 1, "other.test");
	settle();
	assert_int_equal(world.sent, 0);
	unsigned asked = world.asked;
	assert_true(asked > 0 && asked % FAILURE_TRIES == 0);
	world.dns_status = 3;
	settle();
	assert_int_equal(world.asked, asked);
	/* It comes back before that. */
	world.dns_status = 2;
	failure_later_ms = 100;
	forge(2, 1, "other.test");
	until(&world.asked, asked + 1);
	world.dns_status = 3;
	until(&world.sent, 1);
	/* And so with store, which had no room. */
	world.error = -ENOSPC;
	forge(3, 1, NULL);
	until(&world.refused, 1);
	world.error = 0;
	until(&world.sent, 2);
	expect("To: <ruf@d3.example>\r\n");
}

static void it_may_end_at_any_time(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 50; i++)
		forge(i, 1, NULL);
	until(&world.sent, 3);
	failure_cases_end();
	forge(1, 2, NULL);
	settle();
	assert_int_equal(world.sent, 3);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(alike_failures_are_told_together),
	    TEST(each_domain_gets_few),
	    TEST(each_place_gets_few),
	    TEST(all_together_get_few),
	    TEST(nobody_is_told_who_does_not_want_it),
	    TEST(what_cannot_be_told_is_tried_again),
	    TEST(it_may_end_at_any_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
