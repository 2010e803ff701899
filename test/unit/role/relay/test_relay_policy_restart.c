/* MTA-STS policies over a restart: what was fetched is kept in store, and comes back (relay_memo.c). */
#include "../../unit.h"

#include <errno.h>
#include <stdio.h>

#include "policy_asker.h"
#include "role/relay/relay_memo.h"

static struct {
	struct channel channel;
	struct calls calls;
	unsigned listed, set, loaded;
	uint64_t expires;
	char name[300], value[1000];
	size_t len;
	int error; /* that the next questions are answered with */
} memo_store;

static void answer_memos(void *arg, struct channel_frame *frame)
{
	(void)arg;
	struct arena arena;
	union {
		struct message_memo_list list;
		struct message_memo_set set;
	} m;
	arena_init(&arena, 1 << 20);
	assert_int_equal(ipc_decode(frame, &m, &arena), 0);
	if (frame->type == MESSAGE_MEMO_LIST) {
		struct message_memo memo = {.name = view_from_string(memo_store.name),
		    .value = view_of(memo_store.value, memo_store.len),
		    .expires = memo_store.expires};
		bool mine = m.list.kind == RELAY_MEMO_POLICY && memo_store.len > 0;
		struct message_memos memos = {
		    .error = memo_store.error, .memos = {.items = &memo, .count = mine ? 1 : 0}};
		memo_store.listed++;
		assert_int_equal(ipc_send(&memo_store.channel, MESSAGE_MEMOS, frame->request, &memos, -1), 0);
	} else {
		const struct message_memo *memo = m.set.memos.items;
		assert_int_equal(m.set.kind, RELAY_MEMO_POLICY);
		if (memo_store.error == 0) {
			snprintf(memo_store.name, sizeof memo_store.name, "%.*s", VIEW_FMT(memo->name));
			memcpy(memo_store.value, memo->value.data, memo->value.len);
			memo_store.len = memo->value.len;
			memo_store.expires = memo->expires;
		}
		memo_store.set++;
		struct message_result kept = {.error = memo_store.error};
		assert_int_equal(
		    ipc_send(&memo_store.channel, MESSAGE_MEMO_KEPT, frame->request, &kept, -1), 0);
	}
	arena_done(&arena);
}

static void memo_closed(void *arg)
{
	(void)arg;
}

static void memos_loaded(void)
{
	memo_store.loaded++;
}

static void begin_memos(void)
{
	static relay_memo_recall *const recalls[RELAY_MEMO_KINDS] = {
	    [RELAY_MEMO_POLICY] = relay_policy_recall};
	int pair[2];
	assert_int_equal(channel_pair(pair), 0);
	memo_store.listed = memo_store.set = memo_store.loaded = 0;
	calls_init(&memo_store.calls);
	channel_init(&memo_store.channel, &world.process.loop, pair[1], answer_memos, memo_closed, NULL);
	relay_memo_init(&world.process.loop, recalls, memos_loaded);
	assert_false(relay_memo_is_loaded());
	calls_link(&memo_store.calls, &world.process, pair[0], ROLE_STORE);
	relay_memo_link(&memo_store.calls);
}

static void end_memos(void)
{
	relay_memo_done();
	calls_close(&memo_store.calls);
	channel_done(&memo_store.channel);
}

static void restart(void)
{
	end_memos();
	relay_policies_done();
	relay_policies_init(&world.process.loop);
	begin_memos();
	world_until(&memo_store.loaded, 1);
}

/* RFC 8461 section 5.1: what is in force is applied, whatever DNS and the host say. */
static void a_policy_outlives_a_restart(void **state)
{
	(void)state;
	memo_store.len = 0;
	begin_memos();
	world_until(&memo_store.loaded, 1);
	expect_policy("d0.example", MTA_STS_ENFORCE);
	world_until(&memo_store.set, 1);
	assert_string_equal(memo_store.name, "d0.example");
	world.record = NULL;
	world.no_host = true;
	restart();
	expect_policy("d0.example", MTA_STS_ENFORCE);
	assert_int_equal(world.fetches, 1);
	/* As long as it says, and no longer. */
	world_pass(604800 - 10);
	restart();
	expect_policy("d0.example", MTA_STS_ENFORCE);
	world_pass(20);
	restart();
	expect_none("d0.example");
	/* It is not kept any more. */
	world_until(&memo_store.set, 1);
	assert_int_equal(memo_store.len, 0);
	end_memos();
}

static void trouble_with_store_passes(void **state)
{
	(void)state;
	memo_store.len = 0;
	memo_store.error = -EIO;
	begin_memos();
	world_until(&memo_store.listed, 1);
	assert_false(relay_memo_is_loaded());
	memo_store.error = 0;
	world_until(&memo_store.loaded, 1);
	memo_store.error = -EIO;
	expect_policy("d0.example", MTA_STS_ENFORCE);
	world_until(&memo_store.set, 1);
	assert_int_equal(memo_store.len, 0);
	memo_store.error = 0;
	world_until(&memo_store.set, 2);
	assert_string_equal(memo_store.name, "d0.example");
	end_memos();
}

/* Mail must not wait for ever for what the disk does not give. */
static void trouble_that_lasts_is_waited_for_no_more(void **state)
{
	(void)state;
	memo_store.len = 0;
	memo_store.error = -EIO;
	relay_memo_patience_ms = 0;
	begin_memos();
	world_until(&memo_store.loaded, 1);
	assert_true(relay_memo_is_loaded());
	/* They are asked for all the same; and that they are there is told to nobody again. */
	unsigned listed = memo_store.listed;
	memo_store.error = 0;
	world_until(&memo_store.listed, listed + 1);
	expect_policy("d0.example", MTA_STS_ENFORCE);
	world_until(&memo_store.set, 1);
	assert_int_equal(memo_store.loaded, 1);
	relay_memo_patience_ms = 10 * 60 * 1000;
	end_memos();
}

static void what_cannot_be_read_is_no_policy(void **state)
{
	(void)state;
	static const char *const values[] = {
	    "", "\001", "\002\0\0\0\0\0\0\0\1\1x", "\001\0\0\0\0\0\0\0\1\001xversion: STSv2\n"};
	static const size_t lengths[] = {0, 1, 11, 27};
	for (size_t i = 0; i < sizeof values / sizeof *values; i++)
		relay_policy_recall(VIEW("d0.example"), view_of(values[i], lengths[i]));
	expect_policy("d0.example", MTA_STS_ENFORCE);
	assert_int_equal(world.fetches, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, askers_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_policy_outlives_a_restart),
	    TEST(trouble_with_store_passes),
	    TEST(trouble_that_lasts_is_waited_for_no_more),
	    TEST(what_cannot_be_read_is_no_policy),
	};
	return cmocka_run_group_tests(tests, world_make, world_end);
}
