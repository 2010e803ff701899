/* The codecs of keys.h. */
#include "account/keys.h"

#include <errno.h>
#include <string.h>

#include "base/cursor.h"

enum { VERSION = 1 };

static void put_be(char *out, size_t bytes, uint64_t n)
{
	while (bytes-- > 0) {
		out[bytes] = (char)n;
		n >>= 8;
	}
}

static void add_number(struct account_key *k, size_t bytes, uint64_t n)
{
	put_be(k->data + k->len, bytes, n);
	k->len += bytes;
}

struct account_key key_letter(char letter)
{
	return (struct account_key){.data = {letter}, .len = 1};
}

struct account_key key_behind_letter(char letter)
{
	return key_letter((char)(letter + 1));
}

struct account_key key_head(void)
{
	return key_letter('F');
}

struct account_key key_mailbox(uint32_t mailbox)
{
	struct account_key k = key_letter('G');
	add_number(&k, 4, mailbox);
	return k;
}

struct account_key key_mailbox_name(uint32_t parent, struct view name)
{
	struct account_key k = key_letter('B');
	name = view_take(name, ACCOUNT_MAILBOX_NAME_MAX);
	add_number(&k, 4, parent);
	if (name.len)
		memcpy(k.data + k.len, name.data, name.len);
	k.len += name.len;
	return k;
}

struct account_key key_email(uint64_t emailid)
{
	struct account_key k = key_letter('N');
	add_number(&k, 8, ~emailid);
	return k;
}

struct account_key key_message(uint32_t mailbox, uint32_t uid)
{
	struct account_key k = key_letter('M');
	add_number(&k, 4, mailbox);
	add_number(&k, 4, uid);
	return k;
}

struct account_key key_thread(uint64_t hash)
{
	struct account_key k = key_letter('T');
	add_number(&k, 8, hash);
	return k;
}

struct account_key key_delivery(const unsigned char id[ACCOUNT_DELIVERY_ID_SIZE])
{
	struct account_key k = key_letter('D');
	memcpy(k.data + 1, id, ACCOUNT_DELIVERY_ID_SIZE);
	k.len += ACCOUNT_DELIVERY_ID_SIZE;
	return k;
}

struct account_key key_change(uint64_t modseq, enum account_kind kind, uint64_t id)
{
	struct account_key k = key_letter('C');
	add_number(&k, 8, modseq);
	add_number(&k, 1, kind);
	add_number(&k, 8, id);
	return k;
}

struct account_key key_intent(uint64_t id, uint32_t part)
{
	struct account_key k = key_letter('I');
	add_number(&k, 8, id);
	add_number(&k, 4, part);
	return k;
}

struct account_key key_deleted(int64_t expiry, uint64_t emailid)
{
	struct account_key k = key_letter('U');
	add_number(&k, 8, (uint64_t)expiry);
	add_number(&k, 8, emailid);
	return k;
}

static bool begins(struct cursor *c, struct view key, char letter)
{
	*c = cursor_on(key);
	return cursor_u8(c) == (uint8_t)letter;
}

static bool complete(const struct cursor *c)
{
	return cursor_ok(c) && cursor_at_end(c);
}

bool key_read_message(struct view key, uint32_t *mailbox, uint32_t *uid)
{
	struct cursor c;
	if (!begins(&c, key, 'M'))
		return false;
	*mailbox = cursor_u32(&c);
	*uid = cursor_u32(&c);
	return complete(&c);
}

bool key_read_change(struct view key, uint64_t *modseq, enum account_kind *kind, uint64_t *id)
{
	struct cursor c;
	if (!begins(&c, key, 'C'))
		return false;
	*modseq = cursor_u64(&c);
	*kind = (enum account_kind)cursor_u8(&c);
	*id = cursor_u64(&c);
	return complete(&c);
}

bool key_read_intent(struct view key, uint64_t *id, uint32_t *part)
{
	struct cursor c;
	if (!begins(&c, key, 'I'))
		return false;
	*id = cursor_u64(&c);
	*part = cursor_u32(&c);
	return complete(&c);
}

bool key_read_deleted(struct view key, int64_t *expiry, uint64_t *emailid)
{
	struct cursor c;
	if (!begins(&c, key, 'U'))
		return false;
	*expiry = (int64_t)cursor_u64(&c);
	*emailid = cursor_u64(&c);
	return complete(&c);
}

/* Writers of values. */

static void add(struct account_value *v, size_t bytes, uint64_t n)
{
	if (bytes > sizeof v->data - v->len) {
		v->failed = true;
		return;
	}
	put_be(v->data + v->len, bytes, n);
	v->len += bytes;
}

static void add_text(struct account_value *v, struct view text)
{
	add(v, 2, text.len);
	if (text.len > sizeof v->data - v->len) {
		v->failed = true;
		return;
	}
	if (text.len)
		memcpy(v->data + v->len, text.data, text.len);
	v->len += text.len;
}

static void add_places(struct account_value *v, const struct account_place *places, size_t count)
{
	add(v, 1, count);
	for (size_t i = 0; i < count; i++) {
		add(v, 4, places[i].mailbox);
		add(v, 4, places[i].uid);
	}
}

static void begin(struct account_value *v)
{
	v->len = 0;
	v->failed = false;
	add(v, 1, VERSION);
}

/* Readers. */

static struct view read_text(struct cursor *c)
{
	size_t len = cursor_u16(c);
	return cursor_bytes(c, len);
}

static size_t read_places(struct cursor *c, struct account_place places[ACCOUNT_COPIES_MAX])
{
	size_t count = cursor_u8(c);
	if (count > ACCOUNT_COPIES_MAX) {
		c->failed = true;
		return 0;
	}
	for (size_t i = 0; i < count; i++) {
		places[i].mailbox = cursor_u32(c);
		places[i].uid = cursor_u32(c);
	}
	return count;
}

static struct cursor read_from(struct view value)
{
	struct cursor c = cursor_on(value);
	if (cursor_u8(&c) < VERSION)
		c.failed = true;
	return c;
}

static int result_of(const struct cursor *c)
{
	return cursor_ok(c) ? 0 : -EBADMSG;
}

void head_encode(const struct account_head *h, struct account_value *out)
{
	begin(out);
	add(out, 1, h->removing);
	add(out, 4, h->generation);
	add(out, 8, h->modseq);
	add(out, 8, h->next_email);
	add(out, 8, h->next_intent);
	add(out, 4, h->next_mailbox);
	add(out, 4, h->next_uidvalidity);
	add(out, 8, h->quota);
	add(out, 8, h->messages);
	add(out, 8, h->bytes);
	add(out, 8, h->deleted_bytes);
	add(out, 8, h->tombstones);
	add(out, 8, h->tombstone_floor);
}

int head_decode(struct view value, struct account_head *h)
{
	struct cursor c = read_from(value);
	struct account_head r;
	r.removing = cursor_u8(&c) != 0;
	r.generation = cursor_u32(&c);
	r.modseq = cursor_u64(&c);
	r.next_email = cursor_u64(&c);
	r.next_intent = cursor_u64(&c);
	r.next_mailbox = cursor_u32(&c);
	r.next_uidvalidity = cursor_u32(&c);
	r.quota = cursor_u64(&c);
	r.messages = cursor_u64(&c);
	r.bytes = cursor_u64(&c);
	r.deleted_bytes = cursor_u64(&c);
	r.tombstones = cursor_u64(&c);
	r.tombstone_floor = cursor_u64(&c);
	if (cursor_ok(&c))
		*h = r;
	return result_of(&c);
}

void mailbox_encode(const struct account_mailbox *m, struct account_value *out)
{
	begin(out);
	add(out, 4, m->parent);
	add(out, 4, m->uidvalidity);
	add(out, 4, m->uidnext);
	add(out, 8, m->created_modseq);
	add(out, 8, m->modseq);
	add(out, 4, m->messages);
	add(out, 4, m->unseen);
	add(out, 8, m->bytes);
	add(out, 1, m->role);
	add_text(out, m->name);
}

int mailbox_decode(struct view value, struct account_mailbox *m)
{
	struct cursor c = read_from(value);
	struct account_mailbox r;
	r.parent = cursor_u32(&c);
	r.uidvalidity = cursor_u32(&c);
	r.uidnext = cursor_u32(&c);
	r.created_modseq = cursor_u64(&c);
	r.modseq = cursor_u64(&c);
	r.messages = cursor_u32(&c);
	r.unseen = cursor_u32(&c);
	r.bytes = cursor_u64(&c);
	r.role = cursor_u8(&c);
	r.name = read_text(&c);
	if (cursor_ok(&c))
		*m = r;
	return result_of(&c);
}

void message_encode(const struct account_message *m, struct account_value *out)
{
	begin(out);
	add(out, 8, m->emailid);
	add(out, 4, m->flags);
	add(out, 8, m->modseq);
	add(out, 8, m->size);
	add(out, 8, (uint64_t)m->internaldate);
	if (m->flags & FLAG_BINARY)
		add(out, 8, m->text_growth);
}

int message_decode(struct view value, struct account_message *m)
{
	struct cursor c = read_from(value);
	struct account_message r;
	r.emailid = cursor_u64(&c);
	r.flags = cursor_u32(&c);
	r.modseq = cursor_u64(&c);
	r.size = cursor_u64(&c);
	r.internaldate = (int64_t)cursor_u64(&c);
	r.text_growth = r.flags & FLAG_BINARY ? cursor_u64(&c) : 0;
	if (cursor_ok(&c))
		*m = r;
	return result_of(&c);
}

static void add_email(struct account_value *out, const struct account_email *e)
{
	for (size_t i = 0; i < BLOB_ID_SIZE; i++)
		add(out, 1, e->blob.bytes[i]);
	add(out, 8, e->body_len);
	add(out, 8, (uint64_t)e->internaldate);
	add(out, 8, (uint64_t)e->received);
	add(out, 8, e->thread);
	add(out, 8, e->created_modseq);
	add(out, 8, e->modseq);
	add(out, 8, e->message_id_hash);
	add_places(out, e->places, e->place_count);
	add_text(out, e->prefix);
	add_text(out, e->uidl);
	add_text(out, e->summary);
	if (e->text_growth > 0)
		add(out, 8, e->text_growth);
}

static void read_email(struct cursor *c, struct account_email *e)
{
	struct view blob = cursor_bytes(c, BLOB_ID_SIZE);
	e->blob = (struct blob_id){{0}};
	if (blob.len == BLOB_ID_SIZE)
		memcpy(e->blob.bytes, blob.data, BLOB_ID_SIZE);
	e->body_len = cursor_u64(c);
	e->internaldate = (int64_t)cursor_u64(c);
	e->received = (int64_t)cursor_u64(c);
	e->thread = cursor_u64(c);
	e->created_modseq = cursor_u64(c);
	e->modseq = cursor_u64(c);
	e->message_id_hash = cursor_u64(c);
	e->place_count = read_places(c, e->places);
	e->prefix = read_text(c);
	e->uidl = read_text(c);
	e->summary = read_text(c);
	e->text_growth = cursor_at_end(c) ? 0 : cursor_u64(c);
}

void email_encode(const struct account_email *e, struct account_value *out)
{
	begin(out);
	add_email(out, e);
}

int email_decode(struct view value, struct account_email *e)
{
	struct cursor c = read_from(value);
	struct account_email r;
	read_email(&c, &r);
	if (cursor_ok(&c))
		*e = r;
	return result_of(&c);
}

void change_encode(const struct account_change *ch, struct account_value *out)
{
	begin(out);
	add(out, 1, ch->destroyed);
	add(out, 8, ch->created_modseq);
	add(out, 8, (uint64_t)ch->time);
	add_places(out, ch->places, ch->place_count);
}

int change_decode(struct view value, struct account_change *ch)
{
	struct cursor c = read_from(value);
	struct account_change r;
	r.destroyed = cursor_u8(&c) != 0;
	r.created_modseq = cursor_u64(&c);
	r.time = (int64_t)cursor_u64(&c);
	r.place_count = read_places(&c, r.places);
	if (cursor_ok(&c))
		*ch = r;
	return result_of(&c);
}

void deleted_encode(const struct account_deleted *d, struct account_value *out)
{
	begin(out);
	add(out, 4, d->mailbox);
	add(out, 4, d->flags);
	add(out, 8, (uint64_t)d->deleted);
	add_email(out, &d->email);
}

int deleted_decode(struct view value, struct account_deleted *d)
{
	struct cursor c = read_from(value);
	struct account_deleted r;
	r.mailbox = cursor_u32(&c);
	r.flags = cursor_u32(&c);
	r.deleted = (int64_t)cursor_u64(&c);
	read_email(&c, &r.email);
	if (cursor_ok(&c))
		*d = r;
	return result_of(&c);
}

void intent_encode(const struct account_intent *i, struct account_value *out)
{
	begin(out);
	add(out, 4, i->mailbox);
	add(out, 8, (uint64_t)i->time);
	add(out, 2, i->count);
	for (size_t n = 0; n < i->count; n++) {
		add(out, 4, i->ranges[n].first);
		add(out, 4, i->ranges[n].last);
	}
}

int intent_decode(struct view value, struct account_intent *i)
{
	struct cursor c = read_from(value);
	struct account_intent r;
	r.mailbox = cursor_u32(&c);
	r.time = (int64_t)cursor_u64(&c);
	r.count = cursor_u16(&c);
	if (r.count > ACCOUNT_INTENT_RANGES)
		return -EBADMSG;
	for (size_t n = 0; n < r.count; n++) {
		r.ranges[n].first = cursor_u32(&c);
		r.ranges[n].last = cursor_u32(&c);
	}
	if (cursor_ok(&c))
		*i = r;
	return result_of(&c);
}

void number_encode(uint64_t n, struct account_value *out)
{
	begin(out);
	add(out, 8, n);
}

int number_decode(struct view value, uint64_t *n)
{
	struct cursor c = read_from(value);
	uint64_t r = cursor_u64(&c);
	if (cursor_ok(&c))
		*n = r;
	return result_of(&c);
}

void delivered_encode(int64_t time, uint64_t emailid, struct account_value *out)
{
	begin(out);
	add(out, 8, (uint64_t)time);
	add(out, 8, emailid);
}

int delivered_decode(struct view value, int64_t *time, uint64_t *emailid)
{
	struct cursor c = read_from(value);
	int64_t when = (int64_t)cursor_u64(&c);
	uint64_t id = cursor_u64(&c);
	if (cursor_ok(&c)) {
		*time = when;
		*emailid = id;
	}
	return result_of(&c);
}

void account_names_blobs(uint64_t shard, struct view key, struct view value,
    void (*found)(void *arg, const struct blob_id *id), void *arg)
{
	struct account_email email;
	struct account_deleted deleted;
	if (store_shard_class(shard) != STORE_ACCOUNT || view_empty(key))
		return;
	if (key.data[0] == 'N' && email_decode(value, &email) == 0)
		found(arg, &email.blob);
	else if (key.data[0] == 'U' && deleted_decode(value, &deleted) == 0)
		found(arg, &deleted.email.blob);
}
