#include "maildrop_world.h"

#include <string.h>
#include <unistd.h>

#include "../../account/support.h"
#include "base/cursor.h"
#include "master/roles.h"
#include "role/store/right.h"
#include "role/store/store_private.h"

struct role_process maildrop_process;
static struct link auth;
static int granted_fd;

struct maildrop_peer pop3;

static void pop3_received(void *arg, struct channel_frame *frame)
{
	struct arena arena;
	union {
		struct message_maildrop_list list;
		struct message_maildrop_opened opened;
		struct message_fetch_data data;
		struct message_expunged expunged;
		struct mail_changed changed;
	} m;
	(void)arg;
	arena_init(&arena, 4096);
	assert_int_equal(ipc_decode(frame, &m, &arena), 0);
	if (frame->type == MESSAGE_MAILDROP_LIST) {
		struct cursor in = cursor_on(m.list.entries);
		while (!cursor_at_end(&in)) {
			pop3.list[pop3.entries].size = cursor_u64(&in);
			pop3.list[pop3.entries].id = cursor_u64(&in);
			assert_int_equal(cursor_u8(&in), 0); /* not binary */
			struct view uidl = cursor_bytes(&in, cursor_u8(&in));
			assert_true(cursor_ok(&in) && uidl.len < 80);
			memcpy(pop3.list[pop3.entries++].uidl, uidl.data, uidl.len);
		}
	} else if (frame->type == MESSAGE_MAILDROP_OPENED) {
		pop3.opened = true;
		pop3.error = m.opened.error;
		pop3.count = m.opened.count;
	} else if (frame->type == MESSAGE_FETCH_DATA) {
		pop3.pieces++;
		pop3.ended += m.data.last != 0;
		buf_append(&pop3.body, m.data.bytes);
	} else if (frame->type == MESSAGE_EXPUNGED) {
		pop3.expunged++;
		pop3.expunge_error = m.expunged.error;
		pop3.modseq = m.expunged.modseq;
		assert_true(m.expunged.last && m.expunged.ranges.len <= sizeof pop3.ranges);
		pop3.range_bytes = m.expunged.ranges.len;
		if (m.expunged.ranges.len)
			memcpy(pop3.ranges, m.expunged.ranges.data, m.expunged.ranges.len);
	} else if (frame->type == MAIL_CHANGED) {
		assert_true(m.changed.modseq > pop3.modseq);
		pop3.changed++;
		pop3.modseq = m.changed.modseq;
	}
	arena_done(&arena);
}

static void pop3_closed(void *arg)
{
	(void)arg;
	pop3.up = false;
}

void maildrop_turn(void)
{
	for (int i = 0; i < 50; i++) {
		loop_turn(&maildrop_process.loop);
		store_dispatch(store_role.store);
	}
}

/* Stands for auth, which gets the channel. */
static void auth_received(void *arg, struct channel_frame *frame)
{
	(void)arg;
	assert_int_equal(frame->type, MESSAGE_GRANTED);
	granted_fd = frame->fd;
}

static void auth_closed(void *arg)
{
	(void)arg;
}

int maildrop_grant(unsigned number, struct view service)
{
	static struct channel other;
	int pair[2];
	assert_int_equal(channel_pair(pair), 0);
	link_open(&auth, &maildrop_process, pair[0], ROLE_AUTH, NULL, NULL);
	channel_init(&other, &maildrop_process.loop, pair[1], auth_received, auth_closed, NULL);
	granted_fd = -1;
	right_grant(&auth, 1, &(struct message_grant){.account = test_account(number), .service = service});
	maildrop_turn();
	link_close(&auth);
	channel_done(&other);
	return granted_fd;
}

/* A new peer, at its end of the channel. */
static void begin_peer(int fd)
{
	buf_done(&pop3.body);
	memset(&pop3, 0, sizeof pop3);
	buf_init(&pop3.body, 1 << 22);
	channel_init(&pop3.channel, &maildrop_process.loop, fd, pop3_received, pop3_closed, NULL);
	pop3.up = true;
}

void maildrop_log_in(unsigned number)
{
	int fd = maildrop_grant(number, VIEW("pop3"));
	assert_true(fd >= 0);
	begin_peer(fd);
}

void maildrop_log_out(void)
{
	channel_done(&pop3.channel);
	maildrop_turn();
}

void maildrop_session(unsigned number, unsigned permissions)
{
	int pair[2];
	assert_int_equal(channel_pair(pair), 0);
	right_open(test_account(number), permissions, ROLE_IMAP, pair[0]);
	begin_peer(pair[1]);
}

void maildrop_list(void)
{
	assert_int_equal(
	    ipc_send(&pop3.channel, MESSAGE_MAILDROP_OPEN, 1, &(struct message_empty){0}, -1), 0);
	maildrop_turn();
}

void maildrop_ask(unsigned type, uint32_t request, const uint32_t *indexes, size_t count)
{
	struct buf bytes;
	buf_init(&bytes, 4096);
	for (size_t i = 0; i < count; i++)
		buf_append_u32(&bytes, indexes[i]);
	struct message_fetch fetch = {.indexes = buf_view(&bytes), .length = UINT64_MAX};
	struct message_expunge expunge = {.indexes = buf_view(&bytes), .last = true};
	const void *m = type == MESSAGE_FETCH ? (const void *)&fetch : &expunge;
	assert_int_equal(ipc_send(&pop3.channel, type, request, m, -1), 0);
	buf_done(&bytes);
}

int maildrop_world_begin(void **state)
{
	(void)state;
	maildrop_process.role = role_by_name("store");
	loop_init(&maildrop_process.loop);
	settings_init(&maildrop_process.settings);
	store_role.process = &maildrop_process;
	store_role.store = store_memory();
	accounts_init(&store_role.accounts, store_role.store, 0);
	assert_int_equal(test_create(&store_role.accounts, test_account(1), 0), 0);
	for (uint32_t i = 0; i < 200; i++) {
		char uidl[80];
		memset(uidl, 'u', sizeof uidl);
		snprintf(uidl, sizeof uidl, "imported-%u", i);
		struct account_target target = {.shard = test_account(1),
		    .prefix = VIEW("A: b\r\n"),
		    .uidl = i % 3 == 0 ? view_from_string(uidl) : (struct view){0}};
		struct account_delivery d = {.targets = &target, .target_count = 1};
		assert_int_equal(test_delivery(&store_role.accounts, &d, i, 100 + i), 0);
	}
	return 0;
}

int maildrop_world_end(void **state)
{
	(void)state;
	buf_done(&pop3.body);
	maildrop_turn();
	accounts_done(&store_role.accounts);
	store_close(store_role.store);
	settings_done(&maildrop_process.settings);
	loop_done(&maildrop_process.loop);
	return 0;
}
