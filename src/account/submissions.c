/* Submissions within a transaction: see submissions.h. */
#include "account/submissions.h"

#include <errno.h>
#include <string.h>

#include "account/change.h"
#include "account/identities.h"
#include "account/submission_entries.h"
#include "base/mem.h"

enum { VERSION = 1 };

/* ---- entries ---- */

static struct account_key with(const char *kind, uint64_t number)
{
	struct account_key k = key_letter('C');
	k.data[k.len++] = kind[0];
	entry_write_fixed(k.data + k.len, 8, number);
	k.len += 8;
	return k;
}

struct account_key key_submission(uint64_t number)
{
	return with("E", number);
}

struct account_key key_submission_recipient(uint64_t number, uint32_t recipient)
{
	struct account_key k = with("G", number);
	entry_write_fixed(k.data + k.len, 4, recipient);
	k.len += 4;
	return k;
}

bool key_read_submission(struct view key, uint64_t *number)
{
	struct cursor c = cursor_on(key);
	if (cursor_u8(&c) != 'C' || cursor_u8(&c) != 'E')
		return false;
	*number = cursor_u64(&c);
	return cursor_ok(&c) && cursor_at_end(&c);
}

static void encode(const struct account_submission *s, struct entry *out)
{
	entry_begin(out, VERSION);
	entry_add_number(out, s->email);
	entry_add_number(out, s->thread);
	entry_add_number(out, s->identity);
	entry_add_number(out, s->created);
	entry_add_number(out, s->modseq);
	entry_add_number(out, (uint64_t)s->send_at);
	entry_add_number(out, s->undo);
	entry_add_number(out, s->recipients);
	entry_add_bytes(out, view_of(s->queue, QUEUE_ID_SIZE));
	entry_add_text(out, s->sender);
	entry_add_text(out, s->parameters);
}

int submission_decode(uint64_t number, struct view value, struct account_submission *s)
{
	struct cursor c = entry_read(value, VERSION);
	struct account_submission r = {.number = number};
	r.email = entry_take_number(&c);
	r.thread = entry_take_number(&c);
	r.identity = entry_take_number(&c);
	r.created = entry_take_number(&c);
	r.modseq = entry_take_number(&c);
	r.send_at = (int64_t)entry_take_number(&c);
	r.undo = (uint8_t)entry_take_limited(&c, SUBMISSION_UNDO_LAST);
	r.recipients = (uint32_t)entry_take_limited(&c, SUBMISSION_RECIPIENTS_MAX);
	struct view queue = cursor_bytes(&c, QUEUE_ID_SIZE);
	if (queue.len == QUEUE_ID_SIZE)
		memcpy(r.queue, queue.data, QUEUE_ID_SIZE);
	r.sender = entry_take_text(&c);
	r.parameters = entry_take_text(&c);
	if (cursor_ok(&c))
		*s = r;
	return entry_result(&c);
}

static void encode_recipient(const struct submission_recipient *r, struct entry *out)
{
	entry_begin(out, VERSION);
	entry_add_text(out, r->address);
	entry_add_text(out, r->parameters);
	entry_add_text(out, r->orcpt);
	entry_add_number(out, r->notify);
	entry_add_number(out, r->delivered);
	entry_add_text(out, view_take(r->reply, SUBMISSION_REPLY_MAX));
}

int submission_recipient_decode(struct view value, struct submission_recipient *r)
{
	struct cursor c = entry_read(value, VERSION);
	struct submission_recipient got;
	got.address = entry_take_text(&c);
	got.parameters = entry_take_text(&c);
	got.orcpt = entry_take_text(&c);
	got.notify = entry_take_number(&c);
	got.delivered = entry_take_limited(&c, SUBMISSION_DELIVERED_LAST);
	got.reply = entry_take_text(&c);
	if (cursor_ok(&c))
		*r = got;
	return entry_result(&c);
}

/* ---- looking ---- */

int account_submission_get(struct txn *t, uint64_t shard, uint64_t number, struct account_submission *s)
{
	struct view value;
	int error = key_get(t, shard, key_submission(number), &value);
	return error ? error : submission_decode(number, value, s);
}

int account_submission_recipient(
    struct txn *t, uint64_t shard, uint64_t number, uint32_t recipient, struct view *address)
{
	struct submission_recipient r;
	struct view value;
	int error = key_get(t, shard, key_submission_recipient(number, recipient), &value);
	if (error == 0)
		error = submission_recipient_decode(value, &r);
	if (error == 0)
		*address = r.address;
	return error == -EBADMSG ? -ENOENT : error;
}

static int note_oldest(void *arg, struct view key, struct view value)
{
	struct account_submission s;
	uint64_t number, *oldest = arg;
	/* A damaged one is of no use to anybody: it goes first. */
	if (!key_read_submission(key, &number))
		return -EBADMSG;
	if (submission_decode(number, value, &s) == 0 && s.undo == SUBMISSION_PENDING)
		return 0;
	*oldest = number;
	return 1;
}

static int find_oldest(struct txn *t, uint64_t shard, uint64_t *oldest)
{
	struct account_key from = key_submission(0), to = key_submission(UINT64_MAX);
	struct txn_range range = {.shard = shard, .from = key_view(&from), .to = key_view(&to)};
	int error = txn_range(t, &range, note_oldest, oldest);
	return error > 0 ? 0 : error == 0 ? -EMLINK : error;
}

int account_submission_check(
    struct txn *t, uint64_t shard, uint64_t number, uint64_t identity, struct account_sendable *out)
{
	struct account_sendable found = {.oldest = 0};
	struct account_head head;
	struct account_places places = {.count = 0};
	struct account_identity as;
	struct account_email email;
	struct view value;
	int error = head_get(t, shard, &head);
	if (error == 0)
		error = key_get(t, shard, key_email(number), &value);
	if (error == 0)
		error = email_decode(number, value, &email);
	if (error)
		return error;
	found.thread = email.thread;
	found.next = head.last_submission + 1;
	found.blob = email.blob;
	found.body_len = email.body_len;
	/* Deleted mail, which may still come back, is none. */
	error = key_get(t, shard, key_places(number), &value);
	if (error == 0)
		error = places_decode(value, &places);
	else if (error == -ENOENT)
		error = 0, places.count = 1;
	if (error == 0 && places.count == 0)
		error = -ENOENT;
	if (error == 0)
		error = account_identity_get(t, shard, identity, &as);
	if (error == -ENOENT && places.count > 0)
		error = -ENXIO;
	if (error == 0 && head.submissions >= SUBMISSION_COUNT_MAX)
		error = find_oldest(t, shard, &found.oldest);
	if (error == 0)
		*out = found;
	return error;
}

/* ---- changing ---- */

static void touch(struct account_change *c)
{
	c->head.submissions_modseq = c->head.modseq;
	c->head_changed = true;
}

static int put(struct account_change *c, const struct account_submission *s)
{
	struct entry value;
	encode(s, &value);
	return change_put(c, key_submission(s->number), &value);
}

static int put_recipient(
    struct account_change *c, uint64_t number, uint32_t i, const struct submission_recipient *r)
{
	struct entry value;
	encode_recipient(r, &value);
	return change_put(c, key_submission_recipient(number, i), &value);
}

static int erase(struct account_change *c, uint64_t number)
{
	struct account_submission s;
	struct view value;
	int error = change_get(c, key_submission(number), &value);
	if (error)
		return error;
	/* One that cannot be read has no more recipients than any. */
	uint32_t recipients =
	    submission_decode(number, value, &s) == 0 ? s.recipients : SUBMISSION_RECIPIENTS_MAX;
	for (uint32_t i = 0; i < recipients && error == 0; i++)
		error = change_delete(c, key_submission_recipient(number, i));
	if (error == 0)
		error = change_delete(c, key_submission(number));
	if (error == 0)
		error = change_log_destroyed(c, KIND_SUBMISSION, number);
	c->head.submissions = (uint32_t)less(c->head.submissions, 1);
	touch(c);
	return error;
}

static int add(struct account_change *c, uint64_t oldest, struct account_submission *s,
    const struct submission_recipient *list)
{
	int error = oldest ? erase(c, oldest) : 0;
	if (error && error != -ENOENT)
		return error;
	s->number = ++c->head.last_submission;
	s->created = s->modseq = c->head.modseq;
	c->head.submissions++;
	touch(c);
	error = put(c, s);
	for (uint32_t i = 0; i < s->recipients && error == 0; i++)
		error = put_recipient(c, s->number, i, &list[i]);
	return error;
}

int account_submission_add(struct txn *t, uint64_t shard, int64_t now, uint64_t oldest,
    struct account_submission *s, const struct submission_recipient *list)
{
	struct account_change *c = mem_alloc(sizeof *c);
	int error = change_begin(c, t, shard, now);
	if (error == 0)
		error = add(c, oldest, s, list);
	if (error == 0)
		error = change_end(c);
	mem_free(c);
	return error;
}

int account_submission_remove(struct txn *t, uint64_t shard, int64_t now, uint64_t number, uint64_t *modseq)
{
	struct account_change *c = mem_alloc(sizeof *c);
	int error = change_begin(c, t, shard, now);
	if (error == 0)
		error = erase(c, number);
	if (error == 0)
		error = change_end(c);
	*modseq = c->head.submissions_modseq;
	mem_free(c);
	return error;
}

/* ---- news ---- */

/* An entry that is read, changed and written: its texts are copied, since a write ends them. */
struct copied {
	char texts[STORE_ENTRY_MAX];
	size_t len;
};

static struct view copy(struct copied *to, struct view text)
{
	struct view copied = view_of(to->texts + to->len, text.len);
	if (text.len)
		memcpy(to->texts + to->len, text.data, text.len);
	to->len += text.len;
	return copied;
}

static bool takes(const struct submission_recipient *r, const struct account_submission_news *n)
{
	/* Of all that still waited: whoever has got it has got it. */
	if (n->address.len == 0)
		return r->delivered == SUBMISSION_QUEUED;
	if (!view_equal_nocase(r->address, n->address))
		return false;
	if (n->delivered == SUBMISSION_NO)
		return r->delivered != SUBMISSION_NO;
	return r->delivered == SUBMISSION_QUEUED || r->delivered == SUBMISSION_UNKNOWN;
}

static int tell_recipient(struct account_change *c, uint64_t number, uint32_t i,
    const struct account_submission_news *news, size_t count, bool *changed)
{
	struct account_key key = key_submission_recipient(number, i);
	struct submission_recipient r;
	struct copied copied = {.len = 0};
	struct view value;
	int error = change_get(c, key, &value);
	if (error == 0)
		error = submission_recipient_decode(value, &r);
	if (error)
		return error == -ENOENT || error == -EBADMSG ? 0 : error;
	bool any = false;
	for (size_t k = 0; k < count; k++) {
		if (!takes(&r, &news[k]))
			continue;
		r.delivered = news[k].delivered;
		r.reply = news[k].reply;
		any = true;
	}
	if (!any)
		return 0;
	*changed = true;
	r.address = copy(&copied, r.address);
	r.parameters = copy(&copied, r.parameters);
	r.orcpt = copy(&copied, r.orcpt);
	return put_recipient(c, number, i, &r);
}

static int tell(struct account_change *c, struct account_submission *s, uint8_t undo, const char *queue,
    const struct account_submission_news *news, size_t count)
{
	struct copied copied = {.len = 0};
	if (s->undo == SUBMISSION_CANCELED)
		return 0;
	bool changed = s->undo != undo || queue;
	int error = 0;
	s->sender = copy(&copied, s->sender);
	s->parameters = copy(&copied, s->parameters);
	for (uint32_t i = 0; i < s->recipients && error == 0 && count > 0; i++)
		error = tell_recipient(c, s->number, i, news, count, &changed);
	if (error || !changed)
		return error;
	s->undo = undo;
	if (queue)
		memcpy(s->queue, queue, QUEUE_ID_SIZE);
	s->modseq = c->head.modseq;
	touch(c);
	return put(c, s);
}

int account_submission_news(struct txn *t, uint64_t shard, int64_t now, uint64_t number, uint8_t undo,
    const char *queue, const struct account_submission_news *news, size_t count, uint64_t *modseq)
{
	struct account_change *c = mem_alloc(sizeof *c);
	struct account_submission s;
	struct view value;
	int error = change_begin(c, t, shard, now);
	if (error == 0)
		error = change_get(c, key_submission(number), &value);
	if (error == 0)
		error = submission_decode(number, value, &s);
	bool gone = error == -ENOENT || error == -EBADMSG;
	if (error == 0)
		error = tell(c, &s, undo, queue, news, count);
	if (error == 0)
		error = change_end(c);
	if (error == 0 && modseq)
		*modseq = c->head.submissions_modseq;
	mem_free(c);
	return gone ? 0 : error;
}
