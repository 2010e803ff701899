/*
 * A round of reports, with a store, a dns, an auth and a keys role that are played here: a domain that has
 * changed its policy more often than is told, and what cannot be handed over now.
 */
#include "../../../unit.h"

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>

#include "io/channel.h"
#include "master/roles.h"
#include "process/messages.h"
#include "report/report_find.h"
#include "report/report_wish.h"
#include "role/relay/relay_state.h"
#include "role/relay/report/relay_report.h"

enum { DAY = 20000, POLICIES = 60, TOLD = 50, LEFT_OUT = 5, FIRST_PART = 2 * 52 + 1 };

static struct role_process process;
static struct {
	struct channel ends[4];
	unsigned letters, drops, rounds, refused;
	int error; /* of a delivery */
	struct message_report_round round;
} world;

/* ---- what was counted ---- */

static struct buf bytes[2 * POLICIES];

/* A policy and a row of one message behind it, for each; they differ in what the policy says of "fo". */
static void count_messages(void)
{
	char fo[8];
	for (size_t i = 0; i < POLICIES; i++) {
		snprintf(fo, sizeof fo, "%zu", i);
		struct report_wish wish = {
		    .policy = {.domain = VIEW("d.example"), .p = VIEW("none"), .fo = view_from_string(fo)},
		    .rua = VIEW("mailto:rua@d.example")};
		struct report_row row = {.source = VIEW("192.0.2.1"),
		    .disposition = VIEW("none"),
		    .dkim = VIEW("pass"),
		    .spf = VIEW("fail"),
		    .header_from = VIEW("d.example")};
		buf_init(&bytes[2 * i], 2000);
		buf_init(&bytes[2 * i + 1], 2000);
		assert_int_equal(codec_encode(&bytes[2 * i], &report_wish_schema, &wish), 0);
		assert_int_equal(codec_encode(&bytes[2 * i + 1], &report_row_schema, &row), 0);
	}
}

static void list(const struct message_tally_list *asked, struct channel_frame *frame)
{
	struct message_tally items[2 * POLICIES];
	size_t from = asked->begun ? FIRST_PART : 0, to = asked->begun ? 2 * POLICIES : FIRST_PART;
	struct message_tally_rows m = {
	    .more = !asked->begun, .policy = 1, .row = 1, .tallies = {items, to - from}};
	for (size_t i = from; i < to; i++) {
		struct view v = buf_view(&bytes[i]);
		items[i - from] = i % 2 == 0 ? (struct message_tally){.day = DAY, .policy = v}
		                             : (struct message_tally){.day = DAY, .count = 1, .row = v};
	}
	assert_int_equal(ipc_send(&world.ends[3], MESSAGE_TALLY_ROWS, frame->request, &m, -1), 0);
}

/* ---- the others ---- */

static void closed(void *arg)
{
	(void)arg;
}

static void play_dns(void *arg, struct channel_frame *frame)
{
	const struct message_answer m = {.status = 3, .ttl = 60};
	(void)arg;
	assert_int_equal(ipc_send(&world.ends[0], MESSAGE_ANSWER, frame->request, &m, -1), 0);
}

static void play_auth(void *arg, struct channel_frame *frame)
{
	const struct message_resolved m = {.verdict = RESOLVE_NOT_OURS};
	(void)arg;
	assert_int_equal(ipc_send(&world.ends[1], MESSAGE_RESOLVED, frame->request, &m, -1), 0);
}

static void play_keys(void *arg, struct channel_frame *frame)
{
	const struct message_signers_answer m = {.error = -ENOENT};
	(void)arg;
	assert_int_equal(ipc_send(&world.ends[2], MESSAGE_SIGNERS_ANSWER, frame->request, &m, -1), 0);
}

static void check_letter(struct view text)
{
	struct report_found found;
	struct arena arena;
	char left_out[60];
	snprintf(left_out, sizeof left_out, "%d further messages are not listed", LEFT_OUT + POLICIES - TOLD);
	arena_init(&arena, REPORT_MEMORY);
	assert_int_equal(report_find(text, &arena, &found), 0);
	const struct report_row *rows = found.dmarc.rows.items;
	assert_int_equal(found.dmarc.rows.count, 1);
	assert_int_equal(rows[0].count, 1);
	assert_true(view_starts(found.dmarc.error, view_from_string(left_out)));
	arena_done(&arena);
}

static void deliver(const struct message_deliver *d, struct channel_frame *frame)
{
	struct message_delivery_result result = {.error = world.error};
	const struct message_delivered m = {.results = {.items = &result, .count = 1}};
	check_letter(d->bytes);
	world.letters += world.error == 0;
	world.refused += world.error != 0;
	assert_int_equal(ipc_send(&world.ends[3], MESSAGE_DELIVERED, frame->request, &m, -1), 0);
}

static void play_store(void *arg, struct channel_frame *frame)
{
	union {
		struct message_tally_next next;
		struct message_tally_list list;
		struct message_tally_drop drop;
		struct message_deliver deliver;
	} m;
	struct message_tally_subject subject = {
	    .day = DAY, .left_out = LEFT_OUT, .subject = VIEW("d.example")};
	const struct message_result good = {.error = 0};
	struct arena arena;
	(void)arg;
	arena_init(&arena, 1 << 20);
	assert_int_equal(frame->type == MESSAGE_REPORT_ROUND ? ipc_decode(frame, &world.round, &arena)
	                                                     : ipc_decode(frame, &m, &arena),
	    0);
	switch (frame->type) {
	case MESSAGE_TALLY_NEXT:
		if (m.next.kind != 1 || m.next.subject.len > 0 || world.drops > 0)
			subject = (struct message_tally_subject){.error = -ENOENT};
		assert_int_equal(
		    ipc_send(&world.ends[3], MESSAGE_TALLY_SUBJECT, frame->request, &subject, -1), 0);
		break;
	case MESSAGE_TALLY_LIST:
		list(&m.list, frame);
		break;
	case MESSAGE_TALLY_DROP:
		world.drops++;
		assert_int_equal(
		    ipc_send(&world.ends[3], MESSAGE_TALLY_DROPPED, frame->request, &good, -1), 0);
		break;
	case MESSAGE_DELIVER:
		deliver(&m.deliver, frame);
		break;
	case MESSAGE_REPORT_ROUND:
		world.rounds++;
		break;
	default:
		fail_msg("message %u", frame->type);
	}
	arena_done(&arena);
}

/* ---- beginning and end ---- */

static void join(
    size_t number, struct calls *calls, unsigned peer, void (*play)(void *arg, struct channel_frame *frame))
{
	int pair[2];
	assert_int_equal(channel_pair(pair), 0);
	calls_init(calls);
	calls_link(calls, &process, pair[0], peer);
	channel_init(&world.ends[number], &process.loop, pair[1], play, closed, NULL);
}

static int begin(void **state)
{
	(void)state;
	memset(&world, 0, sizeof world);
	process.role = role_by_name("relay");
	process.settings.hostname = VIEW("mx.receiver.example");
	relay_role.process = &process;
	loop_init(&process.loop);
	join(0, &relay_role.dns, ROLE_DNS, play_dns);
	join(1, &relay_role.auth, ROLE_AUTH, play_auth);
	join(2, &relay_role.keys, ROLE_KEYS, play_keys);
	join(3, &relay_role.store, ROLE_STORE, play_store);
	count_messages();
	relay_report_start();
	return 0;
}

static int end(void **state)
{
	struct calls *const calls[] = {
	    &relay_role.dns, &relay_role.auth, &relay_role.keys, &relay_role.store};
	(void)state;
	relay_report_stop();
	for (size_t i = 0; i < 4; i++) {
		channel_done(&world.ends[i]);
		calls_close(calls[i]);
	}
	for (size_t i = 0; i < sizeof bytes / sizeof bytes[0]; i++)
		buf_done(&bytes[i]);
	loop_done(&process.loop);
	return 0;
}

static void round_of(uint64_t ticket)
{
	const struct message_report_now now = {.ticket = ticket};
	unsigned before = world.rounds;
	relay_report_now(NULL, NULL, &now);
	while (world.rounds == before) {
		event_base_loop(process.loop.base, EVLOOP_ONCE);
		loop_turn(&process.loop);
	}
	assert_int_equal(world.round.ticket, ticket);
	assert_int_equal(world.round.error, 0);
}

/* ---- the tests ---- */

/* So many policies are told, each in its report; the messages under others are counted as not listed. */
static void a_domain_may_change_its_policy_often(void **state)
{
	(void)state;
	round_of(7);
	assert_int_equal(world.letters, TOLD);
	assert_int_equal(world.round.sent, TOLD);
	assert_int_equal(world.drops, 1);
	/* All of it is told. */
	round_of(8);
	assert_int_equal(world.letters, TOLD);
}

/* What store does not take stays counted, and is told in the next round. */
static void what_is_not_taken_is_told_again(void **state)
{
	(void)state;
	world.error = -ENOSPC;
	round_of(1);
	assert_int_equal(world.refused, TOLD);
	assert_int_equal(world.drops, 0);
	assert_int_equal(world.round.sent, 0);
	assert_int_equal(world.round.later, 1);
	world.error = 0;
	round_of(2);
	assert_int_equal(world.letters, TOLD);
	assert_int_equal(world.drops, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(a_domain_may_change_its_policy_often, begin, end),
	    cmocka_unit_test_setup_teardown(what_is_not_taken_is_told_again, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
