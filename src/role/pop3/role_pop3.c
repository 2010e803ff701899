/*
 * The driver of POP3 sessions: streams on one side, auth and the account's channel on the other. It reads
 * ahead: while a client takes one message, the next ones are on their way from store, so that a client which
 * asks for one after the other waits for no round trip.
 */
#include "role/pop3/role_pop3.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/cursor.h"
#include "base/log.h"
#include "base/mem.h"
#include "edge/edge_connection.h"
#include "edge/login.h"
#include "pop3/pop3_session.h"

enum {
	AHEAD_BYTES = 256 * 1024, /* what may wait here for a client that has not asked for it yet */
	AHEAD_MESSAGES = 128,
	LOGIN_SECONDS = 120 /* until somebody has logged in, a connection gets this long */
};

_Static_assert(
    (int)POP3_OUTPUT_HIGH == (int)STREAM_HIGH_WATER, "a session that pauses must be told when to go on");

/* A request to store for messages in a row; their pieces come in order. */
struct fetch {
	uint32_t request;    /* 0: none */
	uint32_t first, end; /* the indexes asked for: [first, end) */
	uint32_t next;       /* the one whose pieces the session gets next */
	uint32_t arriving;   /* the one whose pieces come in next */
	bool ranged;         /* a part of one message, for TOP */
};

struct pop3_connection {
	struct edge_connection edge; /* the first member */
	struct pop3_session *session;
	struct login login;
	struct link account;
	uint32_t last_request, open_request, expunge_request;
	struct fetch fetch;
	struct buf ahead; /* pieces that wait: index, last, error, length, bytes */
	uint32_t window; /* messages to ask for at the next miss: doubles while the client goes on in order */
	uint32_t expected;  /* the index that would go on in order */
	bool session_wants; /* the session waits for pieces of fetch.next */
	bool handing_over, logged_in;
	char stamp[96];
	uint64_t fetched;
};

static struct {
	struct edge edge;
	struct calls auth;
} role;

/* ---- the account's channel ---- */

static void drop_ahead(struct pop3_connection *c)
{
	c->fetch = (struct fetch){0};
	buf_done(&c->ahead);
}

struct piece {
	uint32_t index;
	bool last;
	int error;
	struct view bytes;
};

enum { PIECE_HEADER = 13 };

static void store_piece(struct pop3_connection *c, const struct piece *piece)
{
	buf_append_u32(&c->ahead, piece->index);
	buf_append_u8(&c->ahead, piece->last);
	buf_append_u32(&c->ahead, (uint32_t)piece->error);
	buf_append_u32(&c->ahead, (uint32_t)piece->bytes.len);
	buf_append(&c->ahead, piece->bytes);
	if (buf_failed(&c->ahead))
		stream_abort(&c->edge.stream); /* a message with a hole must not look whole */
}

static bool next_piece(struct pop3_connection *c, struct piece *piece)
{
	struct cursor in = cursor_on(buf_view(&c->ahead));
	piece->index = cursor_u32(&in);
	piece->last = cursor_u8(&in);
	piece->error = (int32_t)cursor_u32(&in);
	piece->bytes = cursor_bytes(&in, cursor_u32(&in));
	return cursor_ok(&in);
}

/* What the session gets may make it ask for the next message at once: then this goes on in a loop, not in
 * depth. */
static void give_piece(struct pop3_connection *c, const struct piece *piece)
{
	if (piece->last || piece->error) {
		c->session_wants = false;
		c->fetch.next++;
		c->fetched++;
	}
	pop3_piece(c->session, piece->bytes, piece->last, piece->error);
	stream_wrote(&c->edge.stream);
}

static void hand_over(struct pop3_connection *c)
{
	struct piece piece;
	if (c->handing_over)
		return;
	c->handing_over = true;
	while (c->session_wants && !c->edge.ending && buf_view(&c->ahead).len > 0 && next_piece(c, &piece) &&
	       piece.index == c->fetch.next) {
		size_t len = PIECE_HEADER + piece.bytes.len;
		give_piece(c, &piece);
		buf_consume(&c->ahead, len);
	}
	c->handing_over = false;
}

/* The client or the buffers are full: store waits, through its channel, until there is room again. */
static void balance(struct pop3_connection *c)
{
	if (c->account.up)
		channel_pause(&c->account.channel, stream_backlog(&c->edge.stream) >= STREAM_HIGH_WATER ||
		                                       buf_view(&c->ahead).len >= AHEAD_BYTES);
}

static void take_data(struct pop3_connection *c, const struct message_fetch_data *m)
{
	struct piece piece = {
	    .index = (uint32_t)m->index, .last = m->last, .error = (int)m->error, .bytes = m->bytes};
	if (piece.last || piece.error)
		c->fetch.arriving++;
	if (c->session_wants && !c->handing_over && buf_view(&c->ahead).len == 0 &&
	    piece.index == c->fetch.next)
		give_piece(c, &piece);
	else
		store_piece(c, &piece);
	hand_over(c);
	balance(c);
}

static void take_list(struct pop3_connection *c, struct view entries)
{
	struct cursor in = cursor_on(entries);
	while (!cursor_at_end(&in) && cursor_ok(&in)) {
		struct pop3_entry entry = {.size = cursor_u64(&in)};
		entry.id = cursor_u64(&in);
		entry.binary = cursor_u8(&in) != 0;
		entry.uidl = cursor_bytes(&in, cursor_u8(&in));
		if (!cursor_ok(&in) || !pop3_entry(c->session, &entry))
			return;
	}
}

static void account_received(struct link *link, struct channel_frame *frame)
{
	struct pop3_connection *c = link->arg;
	union {
		struct message_maildrop_list list;
		struct message_maildrop_opened opened;
		struct message_fetch_data data;
		struct message_result result;
	} m;
	if (!link_decode(link, frame, &m) || c->edge.ending)
		return;
	switch (frame->type) {
	case MESSAGE_MAILDROP_LIST:
		if (frame->request == c->open_request)
			take_list(c, m.list.entries);
		return;
	case MESSAGE_MAILDROP_OPENED: {
		if (frame->request != c->open_request)
			return;
		int error = (int)m.opened.error;
		bool whole = m.opened.count == pop3_message_count(c->session);
		pop3_opened(c->session, error == -EBUSY   ? POP3_IN_USE
		                        : error || !whole ? POP3_OPEN_FAILED
		                                          : POP3_OPENED);
		log_record(LOG_INFO, c->edge.id, "pop3-maildrop",
		    log_u64("messages", pop3_message_count(c->session)), log_i64("error", error));
		if (error || !whole)
			link_close(&c->account); /* the client is back before the login: it holds no right */
		break;
	}
	case MESSAGE_FETCH_DATA:
		if (frame->request == c->fetch.request)
			take_data(c, &m.data);
		break;
	default:
		if (frame->request == c->expunge_request)
			pop3_expunged(c->session, (int)m.result.error);
	}
	stream_wrote(&c->edge.stream);
	stream_resume(&c->edge.stream);
}

static void account_closed(struct link *link)
{
	struct pop3_connection *c = link->arg;
	/* Store was restarted, or the right was revoked: nothing was deleted, the client comes again. */
	if (c->edge.ending)
		return;
	log_event(LOG_INFO, c->edge.id, "pop3-account-gone", log_string("client", c->edge.client.text));
	if (pop3_is_busy(c->session)) {
		pop3_piece(c->session, (struct view){0}, true, -EIO);
		pop3_opened(c->session, POP3_OPEN_FAILED);
		pop3_expunged(c->session, -EIO);
		stream_wrote(&c->edge.stream);
	}
	stream_close(&c->edge.stream);
}

/* ---- what the session asks for ---- */

static void ask_login(void *arg, const struct pop3_login *login)
{
	struct pop3_connection *c = arg;
	struct login_terms terms = {
	    .connection = &c->edge,
	    .mechanism = login->mechanism,
	    .initial = login->initial,
	    .has_initial = login->has_initial,
	    .apop_stamp = view_from_string(c->stamp),
	};
	login_begin(&c->login, &terms);
}

static void ask_login_more(void *arg, struct view response, bool cancel)
{
	struct pop3_connection *c = arg;
	login_more(&c->login, response, cancel);
}

static void ask_open(void *arg)
{
	struct pop3_connection *c = arg;
	c->open_request = ++c->last_request;
	if (!c->account.up || ipc_send(&c->account.channel, MESSAGE_MAILDROP_OPEN, c->open_request,
	                          &(struct message_empty){0}, -1) != 0)
		pop3_opened(c->session, POP3_OPEN_FAILED);
}

static void send_fetch(struct pop3_connection *c, uint64_t offset, uint64_t length)
{
	struct buf indexes;
	buf_init(&indexes, 4 * AHEAD_MESSAGES);
	for (uint32_t i = c->fetch.first; i < c->fetch.end; i++)
		buf_append_u32(&indexes, i);
	struct message_fetch m = {.indexes = buf_view(&indexes), .offset = offset, .length = length};
	if (!c->account.up || ipc_send(&c->account.channel, MESSAGE_FETCH, c->fetch.request, &m, -1) != 0) {
		struct piece failed = {.index = c->fetch.next, .last = true, .error = -EIO};
		drop_ahead(c);
		give_piece(c, &failed);
	}
	buf_done(&indexes);
}

/* How many messages from this one on: as many as the window and the buffer allow, and at least this one. */
static uint32_t messages_ahead(const struct pop3_connection *c, uint32_t index)
{
	uint64_t bytes = 0;
	uint32_t end = index;
	size_t count = pop3_message_count(c->session);
	while (end < count && end - index < c->window && end - index < AHEAD_MESSAGES) {
		bytes += pop3_message_size(c->session, end);
		if (end > index && bytes > AHEAD_BYTES)
			break;
		end++;
	}
	return end - index;
}

static void ask_fetch(void *arg, uint32_t index, uint64_t offset, uint64_t length)
{
	struct pop3_connection *c = arg;
	bool whole = offset == 0 && length == UINT64_MAX;
	c->session_wants = true;
	if (whole && !c->fetch.ranged && c->fetch.request && index == c->fetch.next && index < c->fetch.end) {
		c->expected = index + 1;
		hand_over(c);
		return;
	}
	drop_ahead(c);
	c->window = whole && index == c->expected && c->window < AHEAD_MESSAGES ? c->window * 2
	            : whole && index == c->expected                             ? c->window
	                                                                        : 1;
	c->expected = index + 1;
	c->fetch = (struct fetch){
	    .request = ++c->last_request, .first = index, .next = index, .arriving = index, .ranged = !whole};
	c->fetch.end = index + (whole ? messages_ahead(c, index) : 1);
	send_fetch(c, offset, length);
}

static void ask_expunge(void *arg, const uint32_t *indexes, size_t count)
{
	enum { A_MESSAGE = 32 * 1024 }; /* indexes in one frame */
	struct pop3_connection *c = arg;
	struct buf part;
	int error = c->account.up ? 0 : -EPIPE;
	c->expunge_request = ++c->last_request;
	buf_init(&part, 4 * A_MESSAGE);
	for (size_t i = 0; i < count && error == 0; i++) {
		buf_append_u32(&part, indexes[i]);
		bool last = i + 1 == count;
		if (!last && buf_view(&part).len < 4 * A_MESSAGE)
			continue;
		struct message_expunge m = {.indexes = buf_view(&part), .last = last};
		error = ipc_send(&c->account.channel, MESSAGE_EXPUNGE, c->expunge_request, &m, -1);
		buf_clear(&part);
	}
	buf_done(&part);
	if (error)
		pop3_expunged(c->session, error);
}

static void ask_tls(void *arg)
{
	struct pop3_connection *c = arg;
	edge_connection_start_tls(&c->edge);
}

static void ask_close(void *arg)
{
	struct pop3_connection *c = arg;
	stream_close(&c->edge.stream);
}

static const struct pop3_backend backend = {
    .login = ask_login,
    .login_more = ask_login_more,
    .open = ask_open,
    .fetch = ask_fetch,
    .expunge = ask_expunge,
    .start_tls = ask_tls,
    .close = ask_close,
};

/* ---- logins ---- */

static void on_challenge(void *arg, struct view text)
{
	struct pop3_connection *c = arg;
	pop3_challenge(c->session, text);
	stream_wrote(&c->edge.stream);
	stream_resume(&c->edge.stream);
}

static void on_logged_in(void *arg, uint64_t account, struct view address, int channel)
{
	struct pop3_connection *c = arg;
	char prefix[24];
	/* The form of maildrop_uidl (account/account.h). */
	snprintf(prefix, sizeof prefix, "%llx.", (unsigned long long)(account & 0xffffffffffffffu));
	pop3_uidl_prefix(c->session, view_from_string(prefix));
	log_record(LOG_INFO, c->edge.id, "pop3-login", log_text("address", address),
	    log_string("client", c->edge.client.text));
	if (channel >= 0)
		link_open(
		    &c->account, role.edge.process, channel, ROLE_STORE, account_received, account_closed, c);
	c->logged_in = true;
	pop3_logged_in(c->session);
	stream_wrote(&c->edge.stream);
	stream_resume(&c->edge.stream);
}

static void on_login_failed(void *arg, enum login_failure why)
{
	static const enum pop3_refusal refusals[] = {
	    [LOGIN_BAD_CREDENTIALS] = POP3_BAD_CREDENTIALS,
	    [LOGIN_TEMPORARY] = POP3_TRY_LATER,
	    [LOGIN_THROTTLED] = POP3_THROTTLED,
	    [LOGIN_MALFORMED] = POP3_BAD_SYNTAX,
	    [LOGIN_BAD_MECHANISM] = POP3_UNKNOWN_MECHANISM,
	    [LOGIN_DISABLED] = POP3_BAD_CREDENTIALS,
	};
	struct pop3_connection *c = arg;
	log_event(LOG_WARNING, c->edge.id, "pop3-login-failed", log_string("client", c->edge.client.text),
	    log_u64("reason", why));
	pop3_refused(c->session, refusals[why <= LOGIN_DISABLED ? why : LOGIN_TEMPORARY]);
	stream_wrote(&c->edge.stream);
	stream_resume(&c->edge.stream);
}

/* ---- the connection ---- */

static void set_deadline(struct pop3_connection *c)
{
	bool in = c->session && pop3_is_authenticated(c->session);
	stream_set_deadline(
	    &c->edge.stream, 1000 * (int64_t)(in ? role.edge.process->settings.pop3_idle : LOGIN_SECONDS));
}

static const char *const *announced(bool secure)
{
	return login_announced(secure, role.edge.process->settings.login_mechanisms);
}

static void on_begin(void *arg)
{
	struct pop3_connection *c = arg;
	const struct settings *settings = &role.edge.process->settings;
	bool secure = edge_connection_is_secure(&c->edge);
	int host = (int)(settings->hostname.len < 60 ? settings->hostname.len : 60);
	snprintf(c->stamp, sizeof c->stamp, "<%s.%lld@%.*s>", c->edge.id, (long long)clock_wall(), host,
	    settings->hostname.data);
	struct pop3_config config = {
	    .hostname = settings->hostname,
	    .mechanisms = login_mechanisms(true),
	    .announced = announced,
	    .tls_available = role.edge.tls != NULL,
	    .secure = secure,
	    .clear_login = edge_connection_clear_login(&c->edge),
	    .errors_max = (unsigned)role.edge.process->settings.errors_max,
	    .apop_stamp = view_from_string(c->stamp),
	};
	c->session = pop3_session_new(&config, &backend, c, stream_out(&c->edge.stream));
	log_event(LOG_DEBUG, c->edge.id, "pop3-connect", log_string("client", c->edge.client.text),
	    log_u64("tls", secure));
	stream_wrote(&c->edge.stream);
	set_deadline(c);
}

static size_t on_input(void *arg, struct view bytes)
{
	struct pop3_connection *c = arg;
	size_t consumed = pop3_feed(c->session, bytes);
	stream_wrote(&c->edge.stream);
	/* Before the login one deadline holds for all of it; then whole commands count, not bytes that
	 * trickle in. */
	if (consumed > 0 && pop3_is_authenticated(c->session))
		set_deadline(c);
	if (pop3_is_busy(c->session) || stream_backlog(&c->edge.stream) >= STREAM_HIGH_WATER)
		stream_hold(&c->edge.stream);
	return consumed;
}

static void on_drained(void *arg)
{
	struct pop3_connection *c = arg;
	pop3_drained(c->session);
	stream_wrote(&c->edge.stream);
	hand_over(c);
	balance(c);
	set_deadline(c);
	if (!pop3_is_busy(c->session))
		stream_resume(&c->edge.stream);
}

static void on_secured(void *arg)
{
	struct pop3_connection *c = arg;
	pop3_secured(c->session);
	log_event(LOG_DEBUG, c->edge.id, "pop3-stls", log_string("client", c->edge.client.text));
	set_deadline(c);
}

/* RFC 1939 section 3: an idle session ends without the UPDATE state: nothing is deleted. A client that still
 * takes data is not idle. */
static void on_idle(void *arg)
{
	struct pop3_connection *c = arg;
	if (pop3_is_busy(c->session) || stream_backlog(&c->edge.stream) == 0)
		stream_close(&c->edge.stream);
	else
		stream_abort(&c->edge.stream);
}

/* Who has not logged in loses nothing. A session that has may finish until the deadline. */
static void on_drain(void *arg)
{
	struct pop3_connection *c = arg;
	if (!pop3_is_authenticated(c->session))
		stream_close(&c->edge.stream);
}

static void on_opened(void *arg)
{
	struct pop3_connection *c = arg;
	c->login = (struct login){.auth = &role.auth,
	    .arg = c,
	    .challenge = on_challenge,
	    .logged_in = on_logged_in,
	    .failed = on_login_failed};
	c->window = 1;
	buf_init(&c->ahead, 4 * AHEAD_BYTES + CHANNEL_FRAME_MAX);
	stream_set_deadline(&c->edge.stream, 1000 * LOGIN_SECONDS);
}

static void on_ended(void *arg, enum stream_end how)
{
	struct pop3_connection *c = arg;
	if (c->logged_in)
		log_record(LOG_INFO, c->edge.id, "pop3-end", log_u64("fetched", c->fetched),
		    log_u64("bytes_out", c->edge.stream.bytes_out), log_u64("how", how));
	login_forget(&c->login);
	link_close(&c->account);
	pop3_session_free(c->session);
	buf_done(&c->ahead);
}

static const struct edge_protocol protocol = {
    .size = sizeof(struct pop3_connection),
    .alpn = "pop3",
    .too_many = "-ERR [SYS/TEMP] too many connections, try again later\r\n",
    .descriptors_each = 2, /* the client and the account */
    .opened = on_opened,
    .begin = on_begin,
    .input = on_input,
    .drained = on_drained,
    .secured = on_secured,
    .idle = on_idle,
    .drain = on_drain,
    .ended = on_ended,
};

/* ---- the role ---- */

int pop3_role_start(struct role_process *p)
{
	edge_init(&role.edge, p, &protocol);
	calls_init(&role.auth);
	return 0;
}

int pop3_role_serve(struct role_process *p)
{
	(void)p;
	return edge_serve(&role.edge);
}

void pop3_role_peer(struct role_process *p, enum role_bit peer, int fd)
{
	if (peer == ROLE_KEYS)
		edge_set_keys(&role.edge, fd);
	else
		calls_link(&role.auth, p, fd, peer);
}

void pop3_role_listener(struct role_process *p, enum service service, int fd)
{
	(void)p;
	edge_add_listener(&role.edge, service, fd);
}

void pop3_role_drain(struct role_process *p)
{
	(void)p;
	edge_drain(&role.edge);
}
