/* The codec of records, and whom an outcome concerns: record.h. */
#include "queue/record.h"

#include <errno.h>
#include <string.h>

#include "base/cursor.h"
#include "dsn/dsn_explain.h"

enum { VERSION = 5 };
enum { BY_DONE = 1, HELD = 2, SHARED = 4, GROWS = 8, SUBMITTED = 16 };
enum { UTF8 = 1, REQUIRETLS = 2, HAS_PRIORITY = 4, BY_TRACE = 8 }; /* of the terms */
enum { LOCAL = 1, WARNED = 2 };

bool queue_id_from(struct view text, struct queue_id *id)
{
	if (text.len != QUEUE_ID_SIZE)
		return false;
	for (size_t i = 0; i < text.len; i++)
		if (!ascii_is_alnum(text.data[i]))
			return false;
	memcpy(id->text, text.data, QUEUE_ID_SIZE);
	return true;
}

bool queue_record_tells(
    const struct queue_record *r, const struct record_recipient *recipient, enum queue_action action)
{
	unsigned notify = recipient->notify;
	if (record_sender_is_null(r) || action == ACTION_NONE || (notify & NOTIFY_NEVER))
		return false;
	if (action == ACTION_FAILED)
		return notify == 0 || (notify & NOTIFY_FAILURE);
	if (action == ACTION_DELAYED)
		return notify == 0 || (notify & NOTIFY_DELAY);
	return (notify & NOTIFY_SUCCESS) != 0;
}

/* ---- writing ---- */

/* How much of what the next hosts said is kept: all of it, or less when the record grows too long. */
struct room {
	size_t reply, words;
};

static void put_text(struct buf *out, struct view text, size_t max)
{
	text = view_take(text, max);
	buf_append_u16(out, (uint16_t)text.len);
	buf_append(out, text);
}

static void put_recipient(struct buf *out, const struct record_recipient *p, const struct room *room)
{
	size_t at = buf_view(out).len;
	buf_append_u16(out, 0);
	buf_append_u8(out, p->state);
	buf_append_u8(out, p->action);
	buf_append_u8(out, p->notify);
	buf_append_u8(out, (uint8_t)((p->local ? LOCAL : 0) | (p->warned ? WARNED : 0)));
	buf_append_u8(out, p->cause);
	buf_append_u8(out, p->over);
	buf_append_u32(out, p->attempts);
	buf_append_u64(out, (uint64_t)p->last_attempt);
	buf_append_u64(out, (uint64_t)p->not_before);
	buf_append_u64(out, p->account);
	put_text(out, p->address, QUEUE_TEXT_MAX);
	put_text(out, p->orcpt, QUEUE_TEXT_MAX);
	put_text(out, p->forwarder, QUEUE_TEXT_MAX);
	put_text(out, p->destination, QUEUE_NAME_MAX);
	put_text(out, p->route, QUEUE_ROUTE_MAX);
	put_text(out, p->mailbox, QUEUE_TEXT_MAX);
	put_text(out, p->prefix, QUEUE_PREFIX_MAX);
	put_text(out, p->status, 16);
	put_text(out, p->reply, room->reply);
	put_text(out, p->stage, QUEUE_STAGE_MAX);
	put_text(out, p->host, room->words);
	put_text(out, p->host_address, room->words < 128 ? room->words : 128);
	put_text(out, p->tls, room->words < 128 ? room->words : 128);
	put_text(out, p->verified, room->words < 64 ? room->words : 64);
	size_t len = buf_view(out).len - at - 2;
	if (!buf_failed(out)) {
		char *size = out->data + out->start + at;
		size[0] = (char)(len >> 8);
		size[1] = (char)len;
	}
}

static void put_terms(struct buf *out, const struct mail_terms *t)
{
	buf_append_u8(out, (uint8_t)((t->utf8 ? UTF8 : 0) | (t->requiretls ? REQUIRETLS : 0) |
	                             (t->has_priority ? HAS_PRIORITY : 0) | (t->by_trace ? BY_TRACE : 0)));
	buf_append_u8(out, (uint8_t)t->ret);
	buf_append_u8(out, (uint8_t)t->body);
	buf_append_u8(out, (uint8_t)(t->priority - SMTP_PRIORITY_MIN));
	buf_append_u8(out, (uint8_t)t->by_mode);
	buf_append_u64(out, (uint64_t)t->by_time);
	buf_append_u64(out, (uint64_t)t->hold_until);
	put_text(out, t->sender, QUEUE_TEXT_MAX);
	put_text(out, t->envid, QUEUE_TEXT_MAX);
}

static void put_record(struct buf *out, const struct queue_record *r, const struct room *room)
{
	buf_append_u8(out, VERSION);
	buf_append(out, view_of(r->blob.bytes, BLOB_ID_SIZE));
	buf_append_u64(out, r->body_len);
	buf_append_u64(out, r->trailer_len);
	put_terms(out, &r->terms);
	buf_append_u64(out, (uint64_t)r->arrived);
	buf_append_u64(out, (uint64_t)r->expires);
	buf_append_u64(out, (uint64_t)r->warn_at);
	buf_append_u8(
	    out, (uint8_t)((r->by_done ? BY_DONE : 0) | (r->held ? HELD : 0) | (r->shared ? SHARED : 0) |
	                   (r->text_growth ? GROWS : 0) | (r->submission ? SUBMITTED : 0)));
	buf_append_u64(out, (uint64_t)r->held_since);
	buf_append_u64(out, (uint64_t)r->held_until);
	buf_append_u64(out, (uint64_t)r->notify_after);
	buf_append_u32(out, r->notify_attempts);
	buf_append_u64(out, r->submitter);
	put_text(out, r->client, QUEUE_CLIENT_MAX);
	put_text(out, r->message_id, QUEUE_MESSAGE_ID_MAX);
	put_text(out, r->summary, SUMMARY_INLINE_MAX);
	put_text(out, r->headers, VERDICT_HEADERS_MAX);
	put_text(out, r->head, QUEUE_HEAD_MAX);
	put_text(out, r->signer, QUEUE_NAME_MAX);
	put_text(out, r->held_by, QUEUE_WORDS_MAX);
	put_text(out, r->held_why, QUEUE_WORDS_MAX);
	buf_append_u64(out, r->message_id_hash);
	buf_append_u8(out, r->reference_count);
	for (size_t i = 0; i < r->reference_count; i++)
		buf_append_u64(out, r->references[i]);
	buf_append_u16(out, (uint16_t)r->count);
	for (size_t i = 0; i < r->count; i++)
		put_recipient(out, &r->recipients[i], room);
	if (r->text_growth)
		buf_append_u64(out, r->text_growth);
	if (r->submission)
		buf_append_u64(out, r->submission);
}

int queue_record_encode(const struct queue_record *r, struct buf *out)
{
	static const struct room rooms[] = {{QUEUE_REPLY_MAX, QUEUE_NAME_MAX}, {160, 60}, {60, 0}, {0, 0}};
	size_t before = buf_view(out).len;
	if (r->count > QUEUE_RECIPIENTS_MAX)
		return -EMSGSIZE;
	for (size_t i = 0; i < sizeof rooms / sizeof *rooms; i++) {
		put_record(out, r, &rooms[i]);
		if (!buf_failed(out) && buf_view(out).len - before <= QUEUE_RECORD_MAX)
			return 0;
		buf_truncate(out, before);
		out->failed = false;
	}
	return -EMSGSIZE;
}

/* ---- reading ---- */

static struct view read_text(struct cursor *c, size_t max)
{
	size_t len = cursor_u16(c);
	if (len > max)
		c->failed = true;
	return cursor_bytes(c, len);
}

static void read_recipient(struct cursor *outer, struct record_recipient *p)
{
	size_t len = cursor_u16(outer);
	struct cursor c = cursor_on(cursor_bytes(outer, len));
	p->state = cursor_u8(&c);
	p->action = cursor_u8(&c);
	p->notify = cursor_u8(&c);
	unsigned flags = cursor_u8(&c);
	p->local = flags & LOCAL;
	p->warned = flags & WARNED;
	p->cause = cursor_u8(&c);
	p->over = cursor_u8(&c);
	p->attempts = cursor_u32(&c);
	p->last_attempt = (int64_t)cursor_u64(&c);
	p->not_before = (int64_t)cursor_u64(&c);
	p->account = cursor_u64(&c);
	p->address = read_text(&c, QUEUE_TEXT_MAX);
	p->orcpt = read_text(&c, QUEUE_TEXT_MAX);
	p->forwarder = read_text(&c, QUEUE_TEXT_MAX);
	p->destination = read_text(&c, QUEUE_NAME_MAX);
	p->route = read_text(&c, QUEUE_ROUTE_MAX);
	p->mailbox = read_text(&c, QUEUE_TEXT_MAX);
	p->prefix = read_text(&c, QUEUE_PREFIX_MAX);
	p->status = read_text(&c, 16);
	p->reply = read_text(&c, QUEUE_REPLY_MAX);
	p->stage = read_text(&c, QUEUE_STAGE_MAX);
	p->host = read_text(&c, QUEUE_NAME_MAX);
	p->host_address = read_text(&c, 128);
	p->tls = read_text(&c, 128);
	p->verified = read_text(&c, 64);
	if (!cursor_ok(&c) || p->state > RECORD_EXPANDED || p->action > ACTION_EXPANDED ||
	    p->cause >= TROUBLE_KINDS || p->over >= TROUBLE_KINDS || view_find(p->destination, '\0') >= 0 ||
	    view_find(p->route, '\0') >= 0)
		outer->failed = true;
}

static void read_terms(struct cursor *c, struct mail_terms *t)
{
	unsigned flags = cursor_u8(c);
	t->utf8 = (flags & UTF8) != 0;
	t->requiretls = (flags & REQUIRETLS) != 0;
	t->has_priority = (flags & HAS_PRIORITY) != 0;
	t->by_trace = (flags & BY_TRACE) != 0;
	t->ret = cursor_u8(c);
	t->body = cursor_u8(c);
	t->priority = cursor_u8(c) + SMTP_PRIORITY_MIN;
	t->by_mode = cursor_u8(c);
	t->by_time = (int64_t)cursor_u64(c);
	t->hold_until = (int64_t)cursor_u64(c);
	t->sender = read_text(c, QUEUE_TEXT_MAX);
	t->envid = read_text(c, QUEUE_TEXT_MAX);
	if (t->ret > RET_HDRS || t->body > SMTP_BINARYMIME || t->priority > SMTP_PRIORITY_MAX ||
	    t->by_mode > SMTP_BY_NOTIFY)
		c->failed = true;
}

static void read_head(struct cursor *c, struct queue_record *r)
{
	struct view blob = cursor_bytes(c, BLOB_ID_SIZE);
	if (blob.len == BLOB_ID_SIZE)
		memcpy(r->blob.bytes, blob.data, BLOB_ID_SIZE);
	r->body_len = cursor_u64(c);
	r->trailer_len = cursor_u64(c);
	read_terms(c, &r->terms);
	r->arrived = (int64_t)cursor_u64(c);
	r->expires = (int64_t)cursor_u64(c);
	r->warn_at = (int64_t)cursor_u64(c);
	unsigned flags = cursor_u8(c);
	r->by_done = flags & BY_DONE;
	r->held = flags & HELD;
	r->shared = flags & SHARED;
	r->text_growth = flags & GROWS ? 1 : 0; /* these two stand behind the recipients */
	r->submission = flags & SUBMITTED ? 1 : 0;
	r->held_since = (int64_t)cursor_u64(c);
	r->held_until = (int64_t)cursor_u64(c);
	r->notify_after = (int64_t)cursor_u64(c);
	r->notify_attempts = cursor_u32(c);
	r->submitter = cursor_u64(c);
	r->client = read_text(c, QUEUE_CLIENT_MAX);
	r->message_id = read_text(c, QUEUE_MESSAGE_ID_MAX);
	r->summary = read_text(c, SUMMARY_INLINE_MAX);
	r->headers = read_text(c, VERDICT_HEADERS_MAX);
	r->head = read_text(c, QUEUE_HEAD_MAX);
	r->signer = read_text(c, QUEUE_NAME_MAX);
	r->held_by = read_text(c, QUEUE_WORDS_MAX);
	r->held_why = read_text(c, QUEUE_WORDS_MAX);
	r->message_id_hash = cursor_u64(c);
	r->reference_count = cursor_u8(c);
	if (r->reference_count > MESSAGE_REFERENCES_MAX)
		c->failed = true;
	for (size_t i = 0; i < r->reference_count && !c->failed; i++)
		r->references[i] = cursor_u64(c);
	r->count = cursor_u16(c);
}

int queue_record_decode(struct view bytes, struct queue_record *r, struct arena *arena)
{
	struct cursor c = cursor_on(bytes);
	struct queue_record read = {0};
	if (cursor_u8(&c) != VERSION)
		return -EBADMSG;
	read_head(&c, &read);
	if (!cursor_ok(&c) || read.count > QUEUE_RECIPIENTS_MAX)
		return -EBADMSG;
	read.recipients = arena_array(arena, read.count, sizeof *read.recipients);
	if (read.recipients == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < read.count && cursor_ok(&c); i++)
		read_recipient(&c, &read.recipients[i]);
	if (read.text_growth > 0)
		read.text_growth = cursor_u64(&c);
	if (read.submission > 0)
		read.submission = cursor_u64(&c);
	if (!cursor_ok(&c))
		return -EBADMSG;
	*r = read;
	return 0;
}
