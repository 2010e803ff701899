/*
 * The values of keys.h. A structure and its two functions stand together; what one writes the other reads.
 * Decoders fill a structure of their own first, so that damage leaves the caller's untouched, and check what
 * the code above relies on: counts, places in a block, numbers that fit 32 bits.
 */
#include <errno.h>
#include <string.h>

#include "account/keys.h"

enum { VERSION = 2 };

static struct cursor read_from(struct view value)
{
	return entry_read(value, VERSION);
}

static uint32_t take_u32(struct cursor *c)
{
	return (uint32_t)entry_take_limited(c, UINT32_MAX);
}

/* A field that an entry got later: one that was written before ends in front of it. */
static uint64_t take_later(struct cursor *c)
{
	return cursor_ok(c) && cursor_at_end(c) ? 0 : entry_take_number(c);
}

static uint32_t take_later_u32(struct cursor *c)
{
	return cursor_ok(c) && cursor_at_end(c) ? 0 : take_u32(c);
}

static int64_t take_time(struct cursor *c)
{
	return (int64_t)entry_take_number(c);
}

static void add_time(struct entry *out, int64_t time)
{
	entry_add_number(out, (uint64_t)time);
}

/* A set within a block: where its first bit is, and the bits from there on. */
static void add_bits(struct entry *out, uint64_t bits)
{
	unsigned first = 0;
	while (first < ACCOUNT_BLOCK - 1 && !(bits >> first & 1))
		first++;
	entry_add_fixed(out, 1, first);
	entry_add_number(out, bits >> first);
}

static uint64_t take_bits(struct cursor *c)
{
	unsigned first = cursor_u8(c);
	uint64_t bits = entry_take_number(c);
	if (first < ACCOUNT_BLOCK && bits << first >> first == bits)
		return bits << first;
	c->failed = true;
	return 0;
}

void value_take_blob(struct cursor *c, struct blob_id *id)
{
	entry_take_blob(c, id);
	if (blob_is_none(id))
		c->failed = true;
}

static void add_place(struct entry *out, const struct account_place *p)
{
	entry_add_number(out, p->mailbox);
	entry_add_number(out, p->uid);
}

static void take_place(struct cursor *c, struct account_place *p)
{
	p->mailbox = take_u32(c);
	p->uid = take_u32(c);
}

/* ---- F ---- */

void head_encode(const struct account_head *h, struct entry *out)
{
	entry_begin(out, VERSION);
	entry_add_number(out, h->removing);
	entry_add_number(out, h->generation);
	entry_add_number(out, h->modseq);
	entry_add_number(out, h->next_email);
	entry_add_number(out, h->next_intent);
	entry_add_number(out, h->next_kept);
	entry_add_number(out, h->next_mailbox);
	entry_add_number(out, h->next_uidvalidity);
	entry_add_number(out, h->quota);
	entry_add_number(out, h->messages);
	entry_add_number(out, h->bytes);
	entry_add_number(out, h->deleted_bytes);
	entry_add_number(out, h->kept);
	entry_add_number(out, h->kept_bytes);
	entry_add_number(out, h->log_entries);
	entry_add_number(out, h->log_floor);
	entry_add_number(out, h->keywords);
	entry_add_number(out, h->next_keyword);
	entry_add_number(out, h->keywords_modseq);
	entry_add_number(out, h->mailboxes);
	entry_add_number(out, h->roles_made);
	entry_add_number(out, MAILBOX_ROLE_LAST + 1);
	for (size_t i = 0; i <= MAILBOX_ROLE_LAST; i++)
		entry_add_number(out, h->roles[i]);
	entry_add_number(out, h->subscriptions);
	entry_add_number(out, h->remembered);
	entry_add_number(out, h->shares);
	entry_add_number(out, h->quota_messages);
	entry_add_number(out, h->quota_warned);
	entry_add_number(out, h->metadata);
	entry_add_number(out, h->noted_bytes);
	entry_add_number(out, h->annotations);
	entry_add_number(out, h->scripts);
	entry_add_number(out, h->last_script);
	entry_add_number(out, h->script_bytes);
	entry_add_number(out, h->active_script);
	entry_add_number(out, h->rules_modseq);
	entry_add_number(out, h->away_script);
	entry_add_number(out, h->submissions);
	entry_add_number(out, h->last_submission);
	entry_add_number(out, h->submissions_modseq);
	entry_add_number(out, h->identities);
	entry_add_number(out, h->last_identity);
	entry_add_number(out, h->identities_modseq);
	entry_add_number(out, MAIL_STATES);
	for (size_t i = 0; i < MAIL_STATES; i++)
		entry_add_number(out, h->states[i]);
	entry_add_number(out, h->snoozes);
	entry_add_number(out, h->acts);
	entry_add_number(out, h->acts_at_work);
	entry_add_number(out, h->last_act);
	entry_add_number(out, h->share_notes);
	entry_add_number(out, h->last_share_note);
	entry_add_number(out, h->last_file_link);
}

int head_decode(struct view value, struct account_head *h)
{
	struct cursor c = read_from(value);
	struct account_head r;
	r.removing = entry_take_number(&c) != 0;
	r.generation = take_u32(&c);
	r.modseq = entry_take_number(&c);
	r.next_email = entry_take_number(&c);
	r.next_intent = entry_take_number(&c);
	r.next_kept = entry_take_number(&c);
	r.next_mailbox = take_u32(&c);
	r.next_uidvalidity = take_u32(&c);
	r.quota = entry_take_number(&c);
	r.messages = entry_take_number(&c);
	r.bytes = entry_take_number(&c);
	r.deleted_bytes = entry_take_number(&c);
	r.kept = entry_take_number(&c);
	r.kept_bytes = entry_take_number(&c);
	r.log_entries = entry_take_number(&c);
	r.log_floor = entry_take_number(&c);
	r.keywords = take_u32(&c);
	r.next_keyword = take_u32(&c);
	r.keywords_modseq = entry_take_number(&c);
	r.mailboxes = take_u32(&c);
	r.roles_made = take_later(&c) != 0;
	size_t roles = take_later_u32(&c);
	if (roles > MAILBOX_ROLE_LAST + 1)
		c.failed = true;
	for (size_t i = 0; i <= MAILBOX_ROLE_LAST; i++)
		r.roles[i] = i < roles ? take_u32(&c) : 0;
	r.subscriptions = take_later_u32(&c);
	r.remembered = take_later_u32(&c);
	r.shares = take_later_u32(&c);
	r.quota_messages = take_later(&c);
	r.quota_warned = take_later(&c) != 0;
	r.metadata = take_later_u32(&c);
	r.noted_bytes = take_later(&c);
	r.annotations = take_later_u32(&c);
	r.scripts = take_later_u32(&c);
	r.last_script = take_later(&c);
	r.script_bytes = take_later(&c);
	r.active_script = take_later(&c);
	r.rules_modseq = take_later(&c);
	r.away_script = take_later(&c);
	r.submissions = take_later_u32(&c);
	r.last_submission = take_later(&c);
	r.submissions_modseq = take_later(&c);
	r.identities = take_later_u32(&c);
	r.last_identity = take_later(&c);
	r.identities_modseq = take_later(&c);
	size_t states = take_later_u32(&c);
	if (states > MAIL_STATES)
		c.failed = true;
	for (size_t i = 0; i < MAIL_STATES; i++)
		r.states[i] = i < states ? entry_take_number(&c) : 0;
	r.snoozes = take_later_u32(&c);
	r.acts = take_later_u32(&c);
	r.acts_at_work = take_later_u32(&c);
	r.last_act = take_later(&c);
	r.share_notes = take_later_u32(&c);
	r.last_share_note = take_later(&c);
	r.last_file_link = take_later_u32(&c);
	if (cursor_ok(&c))
		*h = r;
	return entry_result(&c);
}

/* ---- G ---- */

/* In a grant's kind. */
enum { GRANT_NEGATIVE = 4 };

void mailbox_encode(const struct account_mailbox *m, struct entry *out)
{
	entry_begin(out, VERSION);
	entry_add_number(out, m->parent);
	entry_add_number(out, m->uidvalidity);
	entry_add_number(out, m->uidnext);
	entry_add_number(out, m->created_modseq);
	entry_add_number(out, m->modseq);
	entry_add_number(out, m->messages_modseq);
	entry_add_number(out, m->messages);
	entry_add_number(out, m->unseen);
	entry_add_number(out, m->deleted);
	entry_add_number(out, m->bytes);
	entry_add_number(out, m->removing);
	entry_add_number(out, m->role);
	entry_add_number(out, m->subscribed);
	entry_add_number(out, m->order);
	entry_add_text(out, m->name);
	entry_add_number(out, m->grant_count);
	for (size_t i = 0; i < m->grant_count; i++) {
		entry_add_number(out, m->grants[i].kind | (m->grants[i].negative ? GRANT_NEGATIVE : 0));
		entry_add_number(out, m->grants[i].who);
		entry_add_number(out, m->grants[i].rights);
	}
	entry_add_number(out, m->deleted_bytes);
	entry_add_number(out, m->recent);
}

int mailbox_decode(struct view value, struct account_mailbox *m)
{
	struct cursor c = read_from(value);
	struct account_mailbox r;
	r.parent = take_u32(&c);
	r.uidvalidity = take_u32(&c);
	r.uidnext = take_u32(&c);
	r.created_modseq = entry_take_number(&c);
	r.modseq = entry_take_number(&c);
	r.messages_modseq = entry_take_number(&c);
	r.messages = take_u32(&c);
	r.unseen = take_u32(&c);
	r.deleted = take_u32(&c);
	r.bytes = entry_take_number(&c);
	r.removing = entry_take_number(&c) != 0;
	r.role = (uint8_t)entry_take_limited(&c, UINT8_MAX);
	r.subscribed = entry_take_number(&c) != 0;
	r.order = take_u32(&c);
	r.name = entry_take_text(&c);
	r.grant_count = (size_t)entry_take_limited(&c, ACCOUNT_GRANTS_MAX);
	for (size_t i = 0; i < r.grant_count; i++) {
		uint64_t kind = entry_take_limited(&c, GRANT_NEGATIVE | GRANT_KIND_LAST);
		r.grants[i].negative = (kind & GRANT_NEGATIVE) != 0;
		r.grants[i].kind = kind & (GRANT_NEGATIVE - 1);
		if (r.grants[i].kind > GRANT_KIND_LAST)
			c.failed = true;
		r.grants[i].who = entry_take_number(&c);
		r.grants[i].rights = take_u32(&c);
	}
	r.deleted_bytes = take_later(&c);
	r.recent = take_later_u32(&c);
	if (r.name.len > ACCOUNT_MAILBOX_NAME_MAX)
		c.failed = true;
	if (!cursor_ok(&c))
		return -EBADMSG;
	/* The list's rest is never read, and copying it would cost each delivery a kilobyte. */
	memcpy(m, &r, offsetof(struct account_mailbox, grants) + r.grant_count * sizeof *r.grants);
	return 0;
}

/* ---- M, V, E, Z ---- */

void message_encode(const struct account_message *m, struct entry *out)
{
	char order[MESSAGE_ORDER_MAX];
	entry_begin(out, VERSION);
	entry_add_number(out, m->emailid);
	entry_add_number(out, m->thread == m->emailid ? 0 : m->thread);
	entry_add_number(out, m->flags);
	entry_add_number(out, m->modseq);
	entry_add_number(out, m->size);
	add_time(out, m->internaldate);
	add_time(out, m->savedate);
	if (m->flags & FLAG_BINARY)
		entry_add_number(out, m->text_growth);
	entry_add_bytes(out, view_of(order, message_order_write(&m->order, order)));
	entry_add_number(out, m->hash_count);
	for (size_t i = 0; i < m->hash_count; i++)
		entry_add_fixed(out, 8, m->hashes[i]);
}

static void take_short(struct cursor *c, struct account_message *m)
{
	m->emailid = entry_take_number(c);
	m->thread = entry_take_number(c);
	if (m->thread == 0)
		m->thread = m->emailid;
	m->flags = entry_take_number(c);
	m->modseq = entry_take_number(c);
	m->size = entry_take_number(c);
	m->internaldate = take_time(c);
	m->savedate = take_time(c);
	m->text_growth = m->flags & FLAG_BINARY ? entry_take_number(c) : 0;
}

int message_decode_short(struct view value, struct account_message *m)
{
	struct cursor c = read_from(value);
	take_short(&c, m);
	return entry_result(&c);
}

int message_decode(struct view value, struct account_message *m)
{
	struct cursor c = read_from(value);
	struct account_message r;
	take_short(&c, &r);
	r.order = message_order_get(&c);
	r.hash_count = (size_t)entry_take_limited(&c, ACCOUNT_HASHES_MAX);
	for (size_t i = 0; i < r.hash_count; i++)
		r.hashes[i] = entry_take_fixed(&c, 8);
	if (cursor_ok(&c))
		*m = r;
	return entry_result(&c);
}

void places_encode(const struct account_places *p, struct entry *out)
{
	entry_begin(out, VERSION);
	entry_add_number(out, p->count);
	for (size_t i = 0; i < p->count; i++)
		add_place(out, &p->at[i]);
}

int places_decode(struct view value, struct account_places *p)
{
	struct cursor c = read_from(value);
	struct account_places r;
	r.count = (size_t)entry_take_limited(&c, ACCOUNT_PLACES_MAX);
	for (size_t i = 0; i < r.count; i++)
		take_place(&c, &r.at[i]);
	if (cursor_ok(&c))
		*p = r;
	return entry_result(&c);
}

/* Most emails are alone in their thread: a 0 says so in one byte. */
void email_encode(uint64_t emailid, const struct account_email *e, struct entry *out)
{
	entry_begin(out, VERSION);
	entry_add_blob(out, &e->blob);
	entry_add_number(out, e->body_len);
	add_time(out, e->internaldate);
	add_time(out, e->received);
	entry_add_number(out, e->thread == emailid ? 0 : e->thread);
	entry_add_number(out, e->created_modseq);
	add_place(out, &e->home);
	entry_add_number(out, e->text_growth);
	entry_add_number(out, e->summary_apart);
	entry_add_number(out, e->hash_count);
	for (size_t i = 0; i < e->hash_count; i++)
		entry_add_fixed(out, 8, e->hashes[i]);
	entry_add_text(out, e->prefix);
	entry_add_text(out, e->uidl);
	entry_add_text(out, e->summary_apart ? (struct view){0} : e->summary);
	entry_add_text(out, e->structure);
	entry_add_number(out, e->list);
}

int email_decode(uint64_t emailid, struct view value, struct account_email *e)
{
	struct cursor c = read_from(value);
	struct account_email r;
	value_take_blob(&c, &r.blob);
	r.body_len = entry_take_number(&c);
	r.internaldate = take_time(&c);
	r.received = take_time(&c);
	r.thread = entry_take_number(&c);
	r.thread = r.thread ? r.thread : emailid;
	r.created_modseq = entry_take_number(&c);
	take_place(&c, &r.home);
	r.text_growth = entry_take_number(&c);
	r.summary_apart = entry_take_number(&c) != 0;
	r.hash_count = (size_t)entry_take_limited(&c, ACCOUNT_HASHES_MAX);
	for (size_t i = 0; i < r.hash_count; i++)
		r.hashes[i] = entry_take_fixed(&c, 8);
	r.prefix = entry_take_text(&c);
	r.uidl = entry_take_text(&c);
	r.summary = entry_take_text(&c);
	r.structure = entry_take_text(&c);
	r.list = take_later(&c);
	if (cursor_ok(&c))
		*e = r;
	return entry_result(&c);
}

void summary_encode(struct view summary, struct entry *out)
{
	entry_begin(out, VERSION);
	entry_add_text(out, summary);
}

int summary_decode(struct view value, struct view *summary)
{
	struct cursor c = read_from(value);
	struct view r = entry_take_text(&c);
	if (cursor_ok(&c))
		*summary = r;
	return entry_result(&c);
}

/* ---- L ---- */

void log_encode(const struct account_log *l, struct entry *out)
{
	entry_begin(out, VERSION);
	add_time(out, l->time);
	add_bits(out, l->changed);
	add_bits(out, l->gone);
	add_bits(out, l->deleted);
	for (unsigned i = 0; i < ACCOUNT_BLOCK; i++)
		if (l->gone >> i & 1) {
			entry_add_number(out, l->emailids[i]);
			entry_add_number(out, l->threads[i] == l->emailids[i] ? 0 : l->threads[i]);
			entry_add_number(out, l->arrived[i]);
		}
}

int log_decode(struct view value, struct account_log *l)
{
	struct cursor c = read_from(value);
	struct account_log r = {.time = take_time(&c)};
	r.changed = take_bits(&c);
	r.gone = take_bits(&c);
	r.deleted = take_bits(&c);
	for (unsigned i = 0; i < ACCOUNT_BLOCK; i++)
		if (r.gone >> i & 1) {
			r.emailids[i] = entry_take_number(&c);
			r.threads[i] = entry_take_number(&c);
			if (r.threads[i] == 0)
				r.threads[i] = r.emailids[i];
			r.arrived[i] = entry_take_number(&c);
		}
	if (cursor_ok(&c))
		*l = r;
	return entry_result(&c);
}

/* ---- O ---- */

/* Messages that follow one another and are alike: most of a block, when a person marks many at once. */
void flags_block_encode(const struct account_flags_block *b, struct entry *out)
{
	entry_begin(out, VERSION);
	for (unsigned i = 0; i < ACCOUNT_BLOCK;) {
		unsigned n = 1;
		if (!(b->known >> i & 1)) {
			i++;
			continue;
		}
		while (i + n < ACCOUNT_BLOCK && (b->known >> (i + n) & 1) && b->flags[i + n] == b->flags[i] &&
		       b->modseq[i + n] == b->modseq[i])
			n++;
		entry_add_fixed(out, 1, i);
		entry_add_fixed(out, 1, n);
		entry_add_number(out, b->flags[i]);
		entry_add_number(out, b->modseq[i]);
		i += n;
	}
}

int flags_block_decode(struct view value, struct account_flags_block *b)
{
	struct cursor c = read_from(value);
	struct account_flags_block r;
	r.known = 0;
	while (cursor_ok(&c) && !cursor_at_end(&c)) {
		unsigned first = cursor_u8(&c), n = cursor_u8(&c);
		uint64_t flags = entry_take_number(&c), modseq = entry_take_number(&c);
		if (first + n > ACCOUNT_BLOCK || n == 0)
			return -EBADMSG;
		for (unsigned i = first; i < first + n; i++) {
			r.known |= (uint64_t)1 << i;
			r.flags[i] = flags;
			r.modseq[i] = modseq;
		}
	}
	if (cursor_ok(&c))
		*b = r;
	return entry_result(&c);
}

/* ---- K, Q ---- */

void keyword_encode(const struct account_keyword *k, struct entry *out)
{
	entry_begin(out, VERSION);
	entry_add_number(out, k->uses);
	entry_add_text(out, k->name);
}

int keyword_decode(struct view value, struct account_keyword *k)
{
	struct cursor c = read_from(value);
	struct account_keyword r = {.uses = entry_take_number(&c)};
	r.name = entry_take_text(&c);
	if (r.name.len == 0 || r.name.len > MAIL_KEYWORD_MAX)
		c.failed = true;
	if (cursor_ok(&c))
		*k = r;
	return entry_result(&c);
}

static void add_more(struct entry *out, const struct account_more *m)
{
	entry_add_number(out, m->count);
	for (size_t i = 0; i < m->count; i++)
		entry_add_number(out, m->numbers[i]);
}

static void take_more(struct cursor *c, struct account_more *m)
{
	m->count = (size_t)entry_take_limited(c, ACCOUNT_MORE_KEYWORDS_MAX);
	for (size_t i = 0; i < m->count; i++)
		m->numbers[i] = (uint16_t)entry_take_limited(c, ACCOUNT_KEYWORDS_MAX - 1);
}

void more_encode(const struct account_more *m, struct entry *out)
{
	entry_begin(out, VERSION);
	add_more(out, m);
}

int more_decode(struct view value, struct account_more *m)
{
	struct cursor c = read_from(value);
	struct account_more r;
	take_more(&c, &r);
	if (cursor_ok(&c))
		*m = r;
	return entry_result(&c);
}

/* ---- T, U, I, X, B, D, N, H ---- */

void thread_encode(const struct account_thread *t, struct entry *out)
{
	entry_begin(out, VERSION);
	entry_add_number(out, t->thread);
	entry_add_number(out, t->uses);
}

int thread_decode(struct view value, struct account_thread *t)
{
	struct cursor c = read_from(value);
	struct account_thread r = {.thread = entry_take_number(&c)};
	r.uses = entry_take_number(&c);
	if (cursor_ok(&c))
		*t = r;
	return entry_result(&c);
}

void deleted_encode(const struct account_deleted *d, struct entry *out)
{
	entry_begin(out, VERSION);
	entry_add_number(out, d->mailbox);
	entry_add_number(out, d->flags);
	add_time(out, d->deleted);
	entry_add_number(out, d->size);
	add_more(out, &d->more);
}

int deleted_decode(struct view value, struct account_deleted *d)
{
	struct cursor c = read_from(value);
	struct account_deleted r;
	r.mailbox = take_u32(&c);
	r.flags = entry_take_number(&c);
	r.deleted = take_time(&c);
	r.size = entry_take_number(&c);
	take_more(&c, &r.more);
	if (cursor_ok(&c))
		*d = r;
	return entry_result(&c);
}

void intent_encode(const struct account_intent *i, struct entry *out)
{
	entry_begin(out, VERSION);
	entry_add_number(out, i->what);
	entry_add_fixed(out, 8, i->process);
	entry_add_number(out, i->mailbox);
	add_time(out, i->time);
	entry_add_number(out, i->count);
	for (size_t n = 0; n < i->count; n++) {
		entry_add_fixed(out, 4, i->ranges[n].first);
		entry_add_fixed(out, 4, i->ranges[n].last);
	}
}

int intent_decode(struct view value, struct account_intent *i)
{
	struct cursor c = read_from(value);
	struct account_intent r = {.what = (uint8_t)entry_take_limited(&c, INTENT_LAST)};
	r.process = entry_take_fixed(&c, 8);
	r.mailbox = take_u32(&c);
	r.time = take_time(&c);
	r.count = (size_t)entry_take_limited(&c, ACCOUNT_INTENT_RANGES);
	for (size_t n = 0; n < r.count; n++) {
		r.ranges[n].first = cursor_u32(&c);
		r.ranges[n].last = cursor_u32(&c);
	}
	if (cursor_ok(&c))
		*i = r;
	return entry_result(&c);
}

void remembered_encode(const struct account_remembered *m, struct entry *out)
{
	entry_begin(out, VERSION);
	add_time(out, m->until);
	entry_add_number(out, m->role);
	entry_add_text(out, m->path);
}

int remembered_decode(struct view value, struct account_remembered *m)
{
	struct cursor c = read_from(value);
	struct account_remembered r = {.until = take_time(&c)};
	r.role = (uint8_t)entry_take_limited(&c, MAILBOX_ROLE_LAST);
	r.path = entry_take_text(&c);
	if (cursor_ok(&c))
		*m = r;
	return entry_result(&c);
}

void number_encode(uint64_t n, struct entry *out)
{
	entry_begin(out, VERSION);
	entry_add_number(out, n);
}

int number_decode(struct view value, uint64_t *n)
{
	struct cursor c = read_from(value);
	uint64_t r = entry_take_number(&c);
	if (cursor_ok(&c))
		*n = r;
	return entry_result(&c);
}

void mark_encode(struct entry *out)
{
	entry_begin(out, VERSION);
}
