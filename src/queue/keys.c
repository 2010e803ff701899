/* The codecs of keys.h. */
#include "queue/keys.h"

#include <errno.h>
#include <string.h>

#include "base/checksum.h"
#include "base/cursor.h"
#include "dsn/dsn_explain.h"

enum { VERSION = 1, DESTINATION_VERSION = 2 };

unsigned queue_home(struct view destination)
{
	return crc32c(destination) % QUEUE_SHARDS;
}

static void add_number(struct queue_key *k, size_t bytes, uint64_t n)
{
	for (size_t i = bytes; i-- > 0; n >>= 8)
		k->data[k->len + i] = (char)n;
	k->len += bytes;
}

/* Times before 1970 would sort behind all others. */
static void add_time(struct queue_key *k, int64_t time)
{
	add_number(k, 8, time > 0 ? (uint64_t)time : 0);
}

static void add_bytes(struct queue_key *k, struct view bytes)
{
	if (bytes.len)
		memcpy(k->data + k->len, bytes.data, bytes.len);
	k->len += bytes.len;
}

struct queue_key queue_key_letter(char letter)
{
	struct queue_key k;
	k.data[0] = letter;
	k.len = 1;
	return k;
}

struct queue_key queue_key_behind_letter(char letter)
{
	return queue_key_letter((char)(letter + 1));
}

struct queue_key queue_key_record(const struct queue_id *id, unsigned part)
{
	struct queue_key k = queue_key_letter('Q');
	add_bytes(&k, queue_id_view(id));
	add_number(&k, 2, part);
	return k;
}

struct queue_key queue_key_destination(struct view destination)
{
	struct queue_key k = queue_key_letter('D');
	add_bytes(&k, view_take(destination, QUEUE_DESTINATION_MAX));
	return k;
}

struct queue_key queue_key_waits(struct view destination, uint8_t rank)
{
	struct queue_key k = queue_key_letter('W');
	add_bytes(&k, view_take(destination, QUEUE_DESTINATION_MAX));
	add_number(&k, 1, 0);
	add_number(&k, 1, rank);
	return k;
}

struct queue_key queue_key_behind_waits(struct view destination)
{
	struct queue_key k = queue_key_waits(destination, 0);
	k.len--;
	k.data[k.len - 1] = 1;
	return k;
}

struct queue_key queue_key_wait(
    struct view destination, uint8_t rank, int64_t time, const struct queue_id *id)
{
	struct queue_key k = queue_key_waits(destination, rank);
	add_time(&k, time);
	add_bytes(&k, queue_id_view(id));
	return k;
}

struct queue_key queue_key_event(int64_t time, const struct queue_id *id)
{
	struct queue_key k = queue_key_letter('E');
	add_time(&k, time);
	if (id)
		add_bytes(&k, queue_id_view(id));
	return k;
}

struct queue_key queue_key_due(int64_t time, struct view destination)
{
	struct queue_key k = queue_key_letter('T');
	add_time(&k, time);
	add_bytes(&k, view_take(destination, QUEUE_DESTINATION_MAX));
	return k;
}

/* ---- reading keys ---- */

static struct cursor begin(struct view key, char letter)
{
	struct cursor c = cursor_on(key);
	if (cursor_u8(&c) != (uint8_t)letter)
		c.failed = true;
	return c;
}

static void read_id(struct cursor *c, struct queue_id *id)
{
	struct view text = cursor_bytes(c, QUEUE_ID_SIZE);
	if (text.len == QUEUE_ID_SIZE)
		memcpy(id->text, text.data, QUEUE_ID_SIZE);
}

static bool complete(const struct cursor *c)
{
	return cursor_ok(c) && cursor_at_end(c);
}

bool queue_key_read_record(struct view key, struct queue_id *id, unsigned *part)
{
	struct cursor c = begin(key, 'Q');
	read_id(&c, id);
	*part = cursor_u16(&c);
	return complete(&c);
}

bool queue_key_read_wait(
    struct view key, struct view *destination, uint8_t *rank, int64_t *time, struct queue_id *id)
{
	struct cursor c = begin(key, 'W');
	ptrdiff_t end = view_find(c.rest, '\0');
	if (end < 0)
		return false;
	*destination = cursor_bytes(&c, (size_t)end);
	cursor_u8(&c);
	*rank = cursor_u8(&c);
	*time = (int64_t)cursor_u64(&c);
	read_id(&c, id);
	return complete(&c);
}

bool queue_key_read_event(struct view key, int64_t *time, struct queue_id *id)
{
	struct cursor c = begin(key, 'E');
	*time = (int64_t)cursor_u64(&c);
	read_id(&c, id);
	return complete(&c);
}

bool queue_key_read_due(struct view key, int64_t *time, struct view *destination)
{
	struct cursor c = begin(key, 'T');
	*time = (int64_t)cursor_u64(&c);
	*destination = c.rest;
	return cursor_ok(&c) && c.rest.len > 0;
}

/* ---- values ---- */

/* What others said is cut to its share. */
static void put_text(struct entry *out, struct view text, size_t max)
{
	entry_add_text(out, view_take(text, max));
}

void queue_mark_encode(struct entry *out)
{
	entry_begin(out, VERSION);
}

void queue_event_encode(const struct queue_event *e, struct entry *out)
{
	queue_mark_encode(out);
	entry_add_fixed(out, 1, e->flags);
	entry_add_fixed(out, 8, (uint64_t)e->arrived);
	entry_add_fixed(out, 8, e->size);
}

int queue_event_decode(struct view value, struct queue_event *e)
{
	struct cursor c = entry_read(value, VERSION);
	struct queue_event r = {.flags = cursor_u8(&c)};
	r.arrived = (int64_t)cursor_u64(&c);
	r.size = cursor_u64(&c);
	if (!cursor_ok(&c))
		return -EBADMSG;
	*e = r;
	return 0;
}

void queue_destination_encode(const struct queue_destination *d, struct entry *out)
{
	entry_begin(out, DESTINATION_VERSION);
	entry_add_fixed(out, 8, d->shards);
	entry_add_fixed(out, 8, (uint64_t)d->next);
	entry_add_fixed(out, 8, (uint64_t)d->until);
	entry_add_fixed(out, 4, d->failures);
	entry_add_fixed(out, 8, (uint64_t)d->failing_since);
	entry_add_fixed(out, 1, d->cause);
	put_text(out, d->status, 16);
	put_text(out, d->text, QUEUE_REPLY_MAX);
	put_text(out, d->host, QUEUE_NAME_MAX);
	put_text(out, d->stage, QUEUE_STAGE_MAX);
	put_text(out, d->route, QUEUE_ROUTE_MAX);
}

int queue_destination_decode(struct view value, struct queue_destination *d)
{
	struct cursor c = entry_read(value, DESTINATION_VERSION);
	struct queue_destination r;
	r.shards = cursor_u64(&c);
	r.next = (int64_t)cursor_u64(&c);
	r.until = (int64_t)cursor_u64(&c);
	r.failures = cursor_u32(&c);
	r.failing_since = (int64_t)cursor_u64(&c);
	r.cause = cursor_u8(&c);
	r.status = entry_take_text(&c);
	r.text = entry_take_text(&c);
	r.host = entry_take_text(&c);
	r.stage = entry_take_text(&c);
	r.route = entry_take_text(&c);
	if (!cursor_ok(&c) || r.cause >= TROUBLE_KINDS)
		return -EBADMSG;
	*d = r;
	return 0;
}

void queue_names_blobs(uint64_t shard, struct view key, struct view value,
    void (*found)(void *arg, const struct blob_id *id), void *arg)
{
	struct queue_id id;
	struct blob_id blob;
	unsigned part;
	if (store_shard_class(shard) != STORE_QUEUE || !queue_key_read_record(key, &id, &part) || part != 0 ||
	    value.len < RECORD_BLOB_AT + BLOB_ID_SIZE)
		return;
	memcpy(blob.bytes, value.data + RECORD_BLOB_AT, BLOB_ID_SIZE);
	if (!blob_is_none(&blob))
		found(arg, &blob);
}
