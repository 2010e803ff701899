/* A right that has been taken away is told to the store of now, and to one that comes soon after. */
#include "../../unit.h"

#include <unistd.h>

#include "process/role.h"
#include "role/auth/auth_private.h"

static struct role_process process;
static const struct role role = {.bit = ROLE_AUTH, .name = "auth", .functions = &auth_functions};
static int store;     /* its end of the channel */
static struct buf in; /* what has come there */

static void new_store(void)
{
	int pair[2];
	if (store >= 0)
		close(store);
	buf_done(&in);
	buf_init(&in, CHANNEL_FRAME_MAX);
	assert_int_equal(channel_pair(pair), 0);
	store = pair[0];
	auth_functions.peer(&process, ROLE_STORE, pair[1]);
}

/* The account of the next message to store; 0: there is none. */
static uint64_t told(void)
{
	struct channel_frame frame;
	struct message_revoke m = {0};
	struct arena arena;
	loop_turn(&process.loop);
	arena_init(&arena, 4096);
	int error = channel_receive_blocking(store, &in, &frame, 0);
	if (error == 0) {
		assert_int_equal(frame.type, MESSAGE_REVOKE);
		assert_int_equal(ipc_decode(&frame, &m, &arena), 0);
	}
	arena_done(&arena);
	return m.account;
}

static void the_next_store_is_told_again(void **state)
{
	(void)state;
	store = -1;
	process.role = &role;
	process.introduced.fd = -1;
	loop_init(&process.loop);
	assert_int_equal(auth_functions.start(&process), 0);
	new_store();
	assert_int_equal(told(), 0);
	auth_revoke(7, 0);
	auth_revoke(8, 0);
	assert_int_equal(told(), 7); /* the second is left unread */
	new_store();
	assert_int_equal(told(), 7);
	assert_int_equal(told(), 8);
	assert_int_equal(told(), 0);
	/* Of very many only the last. */
	for (uint64_t account = 1; account <= 300; account++)
		auth_revoke(account, 0);
	new_store();
	assert_int_equal(told(), 300 - 256 + 1);
	calls_close(&auth_role.store);
	close(store);
	buf_done(&in);
	loop_done(&process.loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_next_store_is_told_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
