/*
 * Channels bound to an account: whoever holds the other end may read and change this account and nothing
 * else. Closing it, on either side, ends the right. Today's verbs are the maildrop's.
 */
#include <errno.h>
#include <unistd.h>

#include "base/cursor.h"
#include "base/log.h"
#include "base/mem.h"
#include "role/store/store_private.h"

enum {
	BATCH_BYTES = 256 * 1024, /* what one read ahead brings */
	PIECE = 128 * 1024,       /* of a message that is larger than a batch */
	LIST_PIECE = 64 * 1024,
	ENTRY_MAX = 18 + ACCOUNT_UIDL_MAX,
	RIGHT_MS = 24 * 3600 * 1000
};

/* A FETCH under way. A newer one replaces it; `serial` tells them apart, since request numbers are the peer's
 * to choose. */
struct reading {
	uint64_t serial;
	uint32_t request;
	uint32_t *indexes;
	size_t count, next;
	uint64_t offset, length;
	/* Of a message larger than a batch: what is left to read. */
	struct blob_id blob;
	uint64_t at, end;
	bool large;
};

struct session {
	struct session *next, *previous;
	struct link link;
	struct loop_timer day; /* after one, auth must confirm the right again */
	struct loop_task end;  /* frees it, when no function of its channel is on the stack */
	uint64_t account;
	struct maildrop maildrop;
	bool opening, open, closing;
	uint32_t open_request;
	size_t listed;    /* entries that were sent */
	size_t next_uidl; /* of `fetch`, which holds imported UIDLs while uidls_here */
	bool listing, uidls_here;

	struct reading reading;
	struct account_fetch fetch;
	uint64_t fetch_ids[ACCOUNT_FETCH_MAX];
	struct store_blob_read blob_read;
	struct store_blob_part part;
	uint64_t last_serial, fetch_serial; /* fetch_serial: of the FETCH that the read under way is for */
	bool busy;                          /* a read is under way */

	struct account_expunge expunge;
	uint32_t *uids;
	size_t uid_count, uid_room;
	uint32_t expunge_request;
	bool expunging, expunge_failed;
};

static struct session *sessions;

static void forget_uidls(struct session *s);

/* ---- end ---- */

static void free_session(void *arg)
{
	struct session *s = arg;
	loop_timer_cancel(&s->day);
	forget_uidls(s);
	if (s->open)
		maildrop_close(&s->maildrop);
	if (s->previous)
		s->previous->next = s->next;
	else
		sessions = s->next;
	if (s->next)
		s->next->previous = s->previous;
	mem_free(s->reading.indexes);
	mem_free(s->uids);
	mem_free(s->part.out);
	mem_free(s);
}

/* The end of the channel may be found out from within its own functions, so the session goes at the end of
 * the turn. */
static void free_when_idle(struct session *s)
{
	if (s->closing && !s->opening && !s->busy && !s->expunging)
		loop_task_schedule(&s->end);
}

static void closed(struct link *link)
{
	struct session *s = link->arg;
	s->closing = true;
	free_when_idle(s);
}

static void end_session(struct session *s)
{
	link_close(&s->link);
	closed(&s->link);
}

static void right_expired(void *arg)
{
	struct session *s = arg;
	log_event(LOG_INFO, "-", "right-expired", log_u64("account", s->account));
	end_session(s);
}

/* ---- the list ---- */

static void send_list(struct session *s);
static void answer_open(struct session *s, int error);

static void uidls_known(struct account_fetch *f, int result)
{
	struct session *s = f->arg;
	s->busy = false;
	s->uidls_here = true;
	s->next_uidl = 0;
	if (s->closing) {
		free_when_idle(s);
	} else if (result) {
		s->listing = false;
		answer_open(s, result);
	} else {
		send_list(s);
	}
}

static void forget_uidls(struct session *s)
{
	if (s->uidls_here)
		account_fetch_free(&s->fetch);
	s->uidls_here = false;
}

/* The imported UIDLs of the next entries that have one: they stand with the emails, not in the list. */
static void read_uidls(struct session *s)
{
	size_t count = 0;
	forget_uidls(s);
	for (size_t i = s->listed; i < s->maildrop.count && count < ACCOUNT_FETCH_MAX; i++)
		if (s->maildrop.entries[i].own_uidl)
			s->fetch_ids[count++] = s->maildrop.entries[i].emailid;
	s->fetch = (struct account_fetch){.shard = s->account,
	    .emailids = s->fetch_ids,
	    .emailid_count = count,
	    .done = uidls_known,
	    .arg = s};
	s->busy = true;
	account_fetch(&store_role.accounts, &s->fetch);
}

/* Appends one entry; false when its UIDL must be read first. */
static bool put_entry(struct session *s, const struct maildrop_entry *e, struct buf *out)
{
	struct view uidl = {0};
	if (e->own_uidl && (!s->uidls_here || s->next_uidl == s->fetch.count))
		return false;
	if (e->own_uidl) {
		const struct account_fetched *known = &s->fetch.messages[s->next_uidl++];
		uidl = view_take(known->uidl,
		    ACCOUNT_UIDL_MAX); /* empty for one that is gone: then its number stands for it */
	}
	buf_append_u64(out, e->size);
	buf_append_u64(out, e->emailid);
	buf_append_u8(out, e->binary);
	buf_append_u8(out, (uint8_t)uidl.len);
	buf_append(out, uidl);
	return true;
}

/* As much as the channel takes now; goes on when it has drained, or when the UIDLs are there. */
static void send_list(struct session *s)
{
	struct buf part;
	bool missing = false;
	if (s->busy)
		return;
	buf_init(&part, LIST_PIECE + ENTRY_MAX);
	while (!missing && s->listed < s->maildrop.count &&
	       channel_backlog(&s->link.channel) < CHANNEL_HIGH_WATER) {
		buf_clear(&part);
		while (!missing && s->listed < s->maildrop.count && buf_view(&part).len < LIST_PIECE) {
			missing = !put_entry(s, &s->maildrop.entries[s->listed], &part);
			s->listed += !missing;
		}
		struct message_maildrop_list m = {.entries = buf_view(&part)};
		if (m.entries.len > 0)
			ipc_send(&s->link.channel, MESSAGE_MAILDROP_LIST, s->open_request, &m, -1);
	}
	buf_done(&part);
	if (missing)
		read_uidls(s);
	if (s->listed < s->maildrop.count)
		return;
	forget_uidls(s);
	s->listing = false;
	struct message_maildrop_opened m = {.count = s->maildrop.count};
	ipc_send(&s->link.channel, MESSAGE_MAILDROP_OPENED, s->open_request, &m, -1);
}

static void answer_open(struct session *s, int error)
{
	struct message_maildrop_opened m = {.error = (uint64_t)(int64_t)error};
	ipc_send(&s->link.channel, MESSAGE_MAILDROP_OPENED, s->open_request, &m, -1);
}

static void opened(struct maildrop *maildrop, int result)
{
	struct session *s = maildrop->arg;
	s->opening = false;
	s->open = result == 0;
	if (s->closing) {
		free_when_idle(s);
	} else if (result) {
		answer_open(s, result);
	} else {
		s->listing = true;
		send_list(s);
	}
}

static void take_open(struct session *s, uint32_t request)
{
	if (s->open || s->opening) {
		log_event(LOG_ERROR, "-", "opened-twice", log_u64("account", s->account));
		end_session(s);
		return;
	}
	s->open_request = request;
	s->maildrop = (struct maildrop){.shard = s->account, .opened = opened, .arg = s};
	int error = maildrop_open(&store_role.accounts, &s->maildrop);
	if (error)
		answer_open(s, error);
	else
		s->opening = true;
}

/* ---- reading ---- */

static void read_more(struct session *s);

static void send_data(struct session *s, uint32_t index, struct view bytes, bool last, int error)
{
	struct message_fetch_data m = {
	    .index = index, .error = (uint64_t)(int64_t)error, .last = last, .bytes = bytes};
	if (s->link.up && ipc_send(&s->link.channel, MESSAGE_FETCH_DATA, s->reading.request, &m, -1) != 0) {
		/* A message with a hole must not look whole: the channel ends, and with it the client's
		 * session. */
		log_event(LOG_ERROR, "-", "fetch-broken", log_u64("account", s->account));
		end_session(s);
	}
}

/* Sends [from, to) of the message that begins with `prefix` and goes on with what of the body is here; the
 * rest becomes `large`. */
static void send_message(struct session *s, const struct account_fetched *message)
{
	struct reading *r = &s->reading;
	uint32_t index = r->indexes[r->next];
	uint64_t whole = message->prefix.len + message->body_len;
	uint64_t from = r->offset < whole ? r->offset : whole;
	uint64_t to = r->length < whole - from ? from + r->length : whole;
	bool nothing = from == to;
	struct view head = from < message->prefix.len
	                       ? view_take(view_skip(message->prefix, (size_t)from), (size_t)(to - from))
	                       : (struct view){0};
	if (head.len > 0)
		send_data(s, index, head, from + head.len == to, 0);
	from += head.len;
	uint64_t here = message->prefix.len + message->body.len;
	while (from < to && from < here) {
		uint64_t len = to < here ? to - from : here - from;
		struct view piece = view_take(view_skip(message->body, (size_t)(from - message->prefix.len)),
		    len < PIECE ? (size_t)len : PIECE);
		from += piece.len;
		send_data(s, index, piece, from == to, 0);
	}
	if (from < to) {
		r->large = true;
		r->blob = message->blob;
		r->at = from - message->prefix.len;
		r->end = to - message->prefix.len;
		return;
	}
	if (nothing)
		send_data(s, index, (struct view){0}, true, 0);
	r->next++;
}

static void fetched(struct account_fetch *f, int result)
{
	struct session *s = f->arg;
	bool stale = s->closing || s->fetch_serial != s->reading.serial;
	s->busy = false;
	if (!stale && result) {
		send_data(s, s->reading.indexes[s->reading.next], (struct view){0}, true, result);
		s->reading.next++;
	}
	for (size_t i = 0; !stale && result == 0 && i < f->count && !s->reading.large; i++) {
		if (f->messages[i].result == 0) {
			send_message(s, &f->messages[i]);
		} else {
			log_event(LOG_ERROR, "-", "message-unreadable", log_u64("account", s->account),
			    log_u64("email", f->messages[i].emailid), log_errno(f->messages[i].result),
			    log_string("do", "run `postrider store check`; everything else is served"));
			send_data(s, s->reading.indexes[s->reading.next], (struct view){0}, true,
			    f->messages[i].result);
			s->reading.next++;
		}
	}
	account_fetch_free(f);
	if (s->closing)
		free_when_idle(s);
	else
		read_more(s);
}

static void piece_read(struct store_blob_read *read)
{
	struct session *s = read->arg;
	struct reading *r = &s->reading;
	s->busy = false;
	if (!s->closing && s->fetch_serial == r->serial) {
		bool last = r->at + s->part.length == r->end || s->part.result;
		send_data(s, r->indexes[r->next], view_of(s->part.out, s->part.result ? 0 : s->part.length),
		    last, s->part.result);
		r->at += s->part.length;
		if (last) {
			r->large = false;
			r->next++;
		}
	}
	if (s->closing)
		free_when_idle(s);
	else
		read_more(s);
}

static void read_piece(struct session *s)
{
	struct reading *r = &s->reading;
	uint64_t left = r->end - r->at;
	if (s->part.out == NULL)
		s->part.out = mem_alloc(PIECE);
	s->part.id = r->blob;
	s->part.offset = r->at;
	s->part.length = left < PIECE ? (size_t)left : PIECE;
	s->blob_read = (struct store_blob_read){.parts = &s->part, .count = 1, .arg = s, .done = piece_read};
	s->busy = true;
	s->fetch_serial = r->serial;
	store_blob_read(store_role.store, &s->blob_read);
}

static void read_batch(struct session *s)
{
	struct reading *r = &s->reading;
	size_t count = 0;
	for (size_t i = r->next; i < r->count && count < ACCOUNT_FETCH_MAX; i++)
		s->fetch_ids[count++] = s->maildrop.entries[r->indexes[i]].emailid;
	s->fetch = (struct account_fetch){.shard = s->account,
	    .emailids = s->fetch_ids,
	    .emailid_count = count,
	    .budget = BATCH_BYTES,
	    .done = fetched,
	    .arg = s};
	s->busy = true;
	s->fetch_serial = r->serial;
	account_fetch(&store_role.accounts, &s->fetch);
}

static void read_more(struct session *s)
{
	struct reading *r = &s->reading;
	if (s->busy || channel_backlog(&s->link.channel) >= CHANNEL_HIGH_WATER)
		return;
	if (r->large)
		read_piece(s);
	else if (r->next < r->count)
		read_batch(s);
}

static void take_fetch(struct session *s, const struct message_fetch *m, uint32_t request)
{
	struct cursor in = cursor_on(m->indexes);
	size_t count = m->indexes.len / 4;
	mem_free(s->reading.indexes);
	s->reading = (struct reading){
	    .serial = ++s->last_serial, .request = request, .offset = m->offset, .length = m->length};
	s->reading.indexes = mem_array(count, sizeof *s->reading.indexes);
	for (size_t i = 0; i < count; i++) {
		uint32_t index = cursor_u32(&in);
		if (!s->open || s->listing || index >= s->maildrop.count) {
			log_event(LOG_ERROR, "-", "bad-index", log_u64("account", s->account));
			end_session(s); /* our own workers never ask for what they were not told of */
			return;
		}
		s->reading.indexes[s->reading.count++] = index;
	}
	read_more(s);
}

static void drained(void *arg)
{
	struct link *link = arg;
	struct session *s = link->arg;
	if (s->listing)
		send_list(s);
	else
		read_more(s);
}

/* ---- expunge ---- */

static void expunged(struct account_expunge *x, int result)
{
	struct session *s = x->arg;
	s->expunging = false;
	log_record(result ? LOG_ERROR : LOG_INFO, "-", "expunged", log_u64("account", s->account),
	    log_u64("messages", s->uid_count), log_i64("result", result));
	s->uid_count = 0;
	if (s->closing) {
		free_when_idle(s);
		return;
	}
	struct message_result m = {.error = (uint64_t)(int64_t)result};
	ipc_send(&s->link.channel, MESSAGE_EXPUNGED, s->expunge_request, &m, -1);
}

/* In ascending order, as account_expunge wants them: so there are never more than the list has. */
static bool add_uid(struct session *s, uint32_t index)
{
	if (!s->open || index >= s->maildrop.count ||
	    (s->uid_count > 0 && s->maildrop.entries[index].uid <= s->uids[s->uid_count - 1]))
		return false;
	if (s->uid_count == s->uid_room) {
		s->uid_room = s->uid_room ? s->uid_room * 2 : 256;
		s->uids = mem_resize(s->uids, s->uid_room * sizeof *s->uids);
	}
	s->uids[s->uid_count++] = s->maildrop.entries[index].uid;
	return true;
}

static void take_expunge(struct session *s, const struct message_expunge *m, uint32_t request)
{
	struct cursor in = cursor_on(m->indexes);
	if (s->expunging)
		return;
	if (!s->open) {
		log_event(LOG_ERROR, "-", "expunge-before-open", log_u64("account", s->account));
		end_session(s);
		return;
	}
	while (!cursor_at_end(&in)) {
		uint32_t index = cursor_u32(&in);
		if (!cursor_ok(&in) || !add_uid(s, index)) {
			log_event(LOG_ERROR, "-", "bad-index", log_u64("account", s->account));
			end_session(s);
			return;
		}
	}
	if (!m->last)
		return;
	s->expunge_request = request;
	s->expunging = true;
	s->expunge = (struct account_expunge){.shard = s->account,
	    .mailbox = MAILBOX_INBOX,
	    .uids = s->uids,
	    .uid_count = s->uid_count,
	    .done = expunged,
	    .arg = s};
	account_expunge(&store_role.accounts, &s->expunge);
}

/* ---- the channel ---- */

static void received(struct link *link, struct channel_frame *frame)
{
	struct session *s = link->arg;
	union {
		struct message_empty empty;
		struct message_fetch fetch;
		struct message_expunge expunge;
	} m;
	if (!link_decode(link, frame, &m))
		return;
	if (frame->type == MESSAGE_MAILDROP_OPEN)
		take_open(s, frame->request);
	else if (frame->type == MESSAGE_FETCH)
		take_fetch(s, &m.fetch, frame->request);
	else
		take_expunge(s, &m.expunge, frame->request);
}

void store_session_grant(struct link *auth, uint32_t request, const struct message_grant *asked)
{
	int pair[2];
	/* What this channel can do is POP3's; for another service nobody gets it. */
	int error = view_equal(asked->service, VIEW("pop3")) ? channel_pair(pair) : -EPROTONOSUPPORT;
	struct message_granted m = {.error = (uint64_t)(int64_t)error};
	if (m.error) {
		ipc_send(&auth->channel, MESSAGE_GRANTED, request, &m, -1);
		return;
	}
	struct session *s = mem_alloc(sizeof *s);
	s->account = asked->account;
	loop_task_init(&s->end, &store_role.process->loop, free_session, s);
	loop_timer_init(&s->day, &store_role.process->loop, right_expired, s);
	loop_timer_set(&s->day, RIGHT_MS);
	s->next = sessions;
	if (sessions)
		sessions->previous = s;
	sessions = s;
	link_open(&s->link, store_role.process, pair[0], ROLE_POP3, received, closed, s);
	s->link.channel.drained = drained;
	ipc_send(&auth->channel, MESSAGE_GRANTED, request, &m, pair[1]);
}

void store_session_revoke(uint64_t account)
{
	for (struct session *s = sessions, *next; s; s = next) {
		next = s->next;
		if (s->account == account)
			end_session(s);
	}
}

void store_session_close_all(void)
{
	for (struct session *s = sessions, *next; s; s = next) {
		next = s->next;
		end_session(s);
	}
}
