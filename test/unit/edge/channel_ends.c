/* See channel_ends.h. */
#include "channel_ends.h"

#include <stdio.h>

#include "base/cursor.h"
#include "master/roles.h"

struct account_client client;
struct account_maildrop maildrop;
struct store_end store;
struct session_end session;

static struct role_process process;

static void store_received(void *arg, struct channel_frame *frame)
{
	struct arena arena;
	union {
		struct message_empty empty;
		struct message_fetch fetch;
		struct message_expunge expunge;
		struct mail_watch watch;
	} m;
	(void)arg;
	arena_init(&arena, 4096);
	assert_int_equal(ipc_decode(frame, &m, &arena), 0);
	store.request = frame->request;
	if (frame->type == MESSAGE_MAILDROP_OPEN) {
		store.lists++;
	} else if (frame->type == MESSAGE_FETCH) {
		struct cursor in = cursor_on(m.fetch.indexes);
		store.fetches++;
		for (store.count = 0; !cursor_at_end(&in); store.count++)
			store.indexes[store.count] = cursor_u32(&in);
		store.offset = m.fetch.offset;
		store.length = m.fetch.length;
	} else if (frame->type == MAIL_WATCH) {
		store.watches++;
		store.known = m.watch.modseq;
	} else {
		assert_int_equal(frame->type, MESSAGE_EXPUNGE);
		store.expunges++;
		store.expunged += m.expunge.indexes.len / 4;
		store.last = m.expunge.last;
	}
	arena_done(&arena);
}

static void store_closed(void *arg)
{
	(void)arg;
	store.up = false;
}

static bool on_listed(void *arg, const struct account_client_message *message)
{
	(void)arg;
	assert_int_equal(message->id, session.listed + 1);
	session.listed += !session.no_room;
	return !session.no_room;
}

static void on_opened(void *arg, int error)
{
	(void)arg;
	session.opened++;
	session.open_error = error;
}

static void on_piece(void *arg, struct view bytes, bool last, int error)
{
	(void)arg;
	buf_append(&session.text, bytes);
	session.ends += last;
	session.error = error;
	if (last && session.close)
		account_client_close(&client);
	if (!last || !session.ask_more)
		return;
	session.ask_more = false;
	account_client_fetch(&client, session.index, session.offset, session.length);
	/* What was handed over stays readable although something else has been asked for. */
	assert_true(bytes.len == 0 || bytes.data[0] != 0);
}

static bool on_is_full(void *arg)
{
	(void)arg;
	return session.full;
}

static uint64_t on_size(void *arg, uint32_t index)
{
	(void)arg;
	assert_true(index < session.listed);
	return session.size;
}

static void on_removed(void *arg, uint32_t first, uint32_t last)
{
	(void)arg;
	assert_true(first > session.last_removed && last >= first);
	session.removed += last - first + 1;
	session.last_removed = last;
}

static void on_expunged(void *arg, int error, uint64_t modseq)
{
	(void)arg;
	session.modseq = modseq;
	session.expunged++;
	session.expunge_error = error;
}

static void on_answer(void *arg, uint32_t request, unsigned type, const void *answer)
{
	const struct mail_changed *changed = answer;
	const struct mail_done *done = answer;
	(void)arg;
	session.answers++;
	session.answered = request;
	if (type == MAIL_CHANGED) {
		session.changed++;
		session.modseq = changed->modseq;
	} else {
		assert_int_equal(type, MAIL_DONE);
		session.done_error = done->error;
	}
	if (session.close)
		account_client_close(&client);
}

static void on_lost(void *arg)
{
	(void)arg;
	session.lost++;
}

static const struct account_client_handler handler = {
    .listed = on_listed,
    .opened = on_opened,
    .piece = on_piece,
    .is_full = on_is_full,
    .size = on_size,
    .removed = on_removed,
    .expunged = on_expunged,
    .answer = on_answer,
    .lost = on_lost,
};

void turn(void)
{
	for (int i = 0; i < 100; i++)
		loop_turn(&process.loop);
}

/* imap's end, as far as this channel is concerned. */
static const struct role_hears mail_hears[] = {{ROLE_STORE, account_client_mail_verbs}, {0}};
static const struct role_functions mail_functions = {.hears = mail_hears};
static const struct role mail_role = {ROLE_IMAP, "imap", .functions = &mail_functions};

static int start_as(const struct role *role)
{
	int pair[2];
	memset(&store, 0, sizeof store);
	memset(&session, 0, sizeof session);
	session.size = SIZE;
	buf_init(&session.text, 1 << 24);
	process.role = role;
	process.introduced.fd = -1;
	loop_init(&process.loop);
	assert_int_equal(channel_pair(pair), 0);
	channel_init(&store.channel, &process.loop, pair[0], store_received, store_closed, NULL);
	store.up = true;
	account_client_init(&client, &handler, NULL, &maildrop);
	account_client_open(&client, &process, pair[1]);
	return 0;
}

int start(void **state)
{
	(void)state;
	return start_as(role_by_name("pop3"));
}

int start_mail(void **state)
{
	(void)state;
	return start_as(&mail_role);
}

int stop(void **state)
{
	(void)state;
	account_client_close(&client);
	channel_done(&store.channel);
	buf_done(&session.text);
	loop_done(&process.loop);
	return 0;
}

void list(size_t count)
{
	struct buf entries;
	account_client_list(&client);
	turn();
	assert_int_equal(store.lists, 1);
	buf_init(&entries, count * 32 + 1);
	for (size_t i = 0; i < count; i++) {
		buf_append_u64(&entries, session.size);
		buf_append_u64(&entries, i + 1);
		buf_append_u8(&entries, 0);
		buf_append_u8(&entries, 0);
	}
	struct message_maildrop_list m = {.entries = buf_view(&entries)};
	assert_int_equal(ipc_send(&store.channel, MESSAGE_MAILDROP_LIST, store.request, &m, -1), 0);
	struct message_maildrop_opened end = {.count = count};
	assert_int_equal(ipc_send(&store.channel, MESSAGE_MAILDROP_OPENED, store.request, &end, -1), 0);
	buf_done(&entries);
	turn();
}

void fetch(uint32_t index)
{
	buf_clear(&session.text);
	account_client_fetch(&client, index, 0, UINT64_MAX);
	turn();
}

void send_piece(uint32_t request, uint32_t index, struct view bytes, bool last, int error)
{
	struct message_fetch_data m = {.index = index, .bytes = bytes, .last = last};
	m.error = error;
	assert_int_equal(ipc_send(&store.channel, MESSAGE_FETCH_DATA, request, &m, -1), 0);
}

void send_message(uint32_t index)
{
	char text[32];
	snprintf(text, sizeof text, "message %u, ", (unsigned)index);
	send_piece(store.request, index, view_from_string(text), false, 0);
	send_piece(store.request, index, VIEW("its end"), true, 0);
}

void serve(void)
{
	for (size_t i = 0; i < store.count; i++)
		send_message(store.indexes[i]);
	turn();
}

void assert_message(uint32_t index)
{
	char text[64];
	snprintf(text, sizeof text, "message %u, its end", (unsigned)index);
	assert_view(buf_view(&session.text), text);
	assert_int_equal(session.error, 0);
}
