/* A change of an account, from its first look to its last write: see change.h. */
#include "account/change.h"

#include <errno.h>
#include <string.h>

#include "account/keywords.h"

int value_put(struct txn *t, uint64_t shard, struct account_key key, const struct entry *value)
{
	return entry_put(t, shard, key_view(&key), value);
}

int key_get(struct txn *t, uint64_t shard, struct account_key key, struct view *value)
{
	return txn_get(t, shard, key_view(&key), value);
}

int key_delete(struct txn *t, uint64_t shard, struct account_key key)
{
	return txn_delete(t, shard, key_view(&key));
}

int head_get(struct txn *t, uint64_t shard, struct account_head *head)
{
	struct view value;
	struct account_head h;
	int error = key_get(t, shard, key_head(), &value);
	if (error == 0)
		error = head_decode(value, &h);
	if (error == 0 && h.removing)
		error = -ENOENT;
	if (error == 0)
		*head = h;
	return error;
}

int head_put(struct txn *t, uint64_t shard, const struct account_head *head)
{
	struct entry value;
	head_encode(head, &value);
	return value_put(t, shard, key_head(), &value);
}

int change_get(struct account_change *c, struct account_key key, struct view *value)
{
	return key_get(c->txn, c->shard, key, value);
}

int change_put(struct account_change *c, struct account_key key, const struct entry *value)
{
	c->writes++;
	c->head_changed = true;
	return value_put(c->txn, c->shard, key, value);
}

int change_delete(struct account_change *c, struct account_key key)
{
	c->writes++;
	c->head_changed = true;
	return key_delete(c->txn, c->shard, key);
}

/* Mail that goes and mail that comes in one change are never of the same number and size but by chance, and
 * then what is used is as it was. */
static uint64_t used(const struct account_head *h)
{
	return head_bytes(h) + (h->messages << 48);
}

void head_mark_state(struct account_head *h, enum mail_state state)
{
	h->states[state] = ++h->modseq;
}

int change_begin(struct account_change *c, struct txn *t, uint64_t shard, int64_t now)
{
	/* Not zeroed as a whole: mailboxes and blocks are large, and most changes touch one. */
	c->txn = t;
	c->shard = shard;
	c->now = now;
	c->user = 0;
	c->without_shared = false;
	c->head_changed = c->flushed = c->uses_changed = false;
	c->writes = c->mailbox_count = c->block_count = c->oldest_block = 0;
	c->chunk.mailbox = 0;
	memset(c->uses, 0, sizeof c->uses);
	int error = head_get(t, shard, &c->head);
	c->head.modseq += error == 0;
	c->used_before = error == 0 ? used(&c->head) : 0;
	return error;
}

/* ---- mailboxes ---- */

int change_add_mailbox(
    struct account_change *c, uint32_t number, const struct account_mailbox *m, struct change_mailbox **out)
{
	if (c->mailbox_count == CHANGE_MAILBOXES_MAX)
		return -E2BIG;
	struct change_mailbox *box = &c->mailboxes[c->mailbox_count];
	box->number = number;
	box->changed = false;
	memcpy(&box->m, m, offsetof(struct account_mailbox, grants) + m->grant_count * sizeof *m->grants);
	if (m->name.len)
		memcpy(box->name, m->name.data, m->name.len);
	box->m.name.data = box->name;
	c->mailbox_count++;
	*out = box;
	return 0;
}

int change_any_mailbox(struct account_change *c, uint32_t number, struct change_mailbox **out)
{
	struct view value;
	struct account_mailbox m;
	for (size_t i = 0; i < c->mailbox_count; i++)
		if (c->mailboxes[i].number == number) {
			*out = &c->mailboxes[i];
			return 0;
		}
	int error = change_get(c, key_mailbox(number), &value);
	if (error == 0)
		error = mailbox_decode(value, &m);
	return error ? error : change_add_mailbox(c, number, &m, out);
}

int mailbox_get(struct txn *t, uint64_t shard, uint32_t number, struct account_mailbox *m)
{
	struct view value;
	int error = key_get(t, shard, key_mailbox(number), &value);
	if (error == 0)
		error = mailbox_decode(value, m);
	return error == 0 && m->removing ? -ENOENT : error;
}

int change_mailbox(struct account_change *c, uint32_t number, struct change_mailbox **out)
{
	struct change_mailbox *box;
	int error = change_any_mailbox(c, number, &box);
	if (error == 0 && box->m.removing)
		error = -ENOENT;
	if (error == 0)
		*out = box;
	return error;
}

void change_mark_state(struct account_change *c, enum mail_state state)
{
	c->head.states[state] = c->head.modseq;
	c->head_changed = true;
}

void change_mark_mailbox(struct account_change *c, struct change_mailbox *m)
{
	change_mark_state(c, MAIL_STATE_MAILBOXES);
	m->changed = true;
	m->m.modseq = c->head.modseq;
}

void change_mark_messages(struct account_change *c, struct change_mailbox *m)
{
	change_mark_state(c, MAIL_STATE_EMAILS);
	m->changed = true;
	m->m.messages_modseq = c->head.modseq;
}

static int write_mailboxes(struct account_change *c)
{
	struct entry value;
	int error = 0;
	for (size_t i = 0; i < c->mailbox_count && error == 0; i++) {
		struct change_mailbox *box = &c->mailboxes[i];
		if (!box->changed)
			continue;
		mailbox_encode(&box->m, &value);
		error = change_put(c, key_mailbox(box->number), &value);
	}
	return error;
}

/* ---- blocks ---- */

int flags_block_get(
    struct txn *t, uint64_t shard, uint32_t mailbox, uint32_t block, struct account_flags_block *out)
{
	struct view value;
	int error = key_get(t, shard, key_flags(mailbox, block), &value);
	if (error == -ENOENT) {
		out->known = 0;
		return 0;
	}
	return error ? error : flags_block_decode(value, out);
}

static uint64_t log_id(uint32_t mailbox, uint32_t block)
{
	return (uint64_t)mailbox << 32 | block;
}

static int write_block(struct account_change *c, struct change_block *b)
{
	struct entry value;
	int error = 0;
	if (b->flags_changed && b->flags.known == 0) {
		error = change_delete(c, key_flags(b->mailbox, b->number));
	} else if (b->flags_changed) {
		flags_block_encode(&b->flags, &value);
		error = change_put(c, key_flags(b->mailbox, b->number), &value);
	}
	if (error == 0 && b->logged) {
		log_encode(&b->log, &value);
		error = change_put(
		    c, key_log(c->head.modseq, KIND_PLACES, log_id(b->mailbox, b->number)), &value);
	}
	b->flags_changed = b->logged = false;
	return error;
}

/* This change's own log of the block before it went out of sight. */
static int read_own_log(struct account_change *c, struct change_block *b)
{
	struct view value;
	b->log.time = c->now;
	b->log.changed = b->log.gone = b->log.deleted = 0;
	if (!c->flushed)
		return 0;
	int error =
	    change_get(c, key_log(c->head.modseq, KIND_PLACES, log_id(b->mailbox, b->number)), &value);
	if (error == 0)
		error = log_decode(value, &b->log);
	return error == -ENOENT ? 0 : error;
}

static struct change_block *free_block(struct account_change *c, int *error)
{
	if (c->block_count < CHANGE_BLOCKS)
		return &c->blocks[c->block_count];
	struct change_block *b = &c->blocks[c->oldest_block];
	*error = write_block(c, b);
	c->oldest_block = (c->oldest_block + 1) % CHANGE_BLOCKS;
	c->flushed = true;
	return b;
}

static int find_block(struct account_change *c, uint32_t mailbox, uint32_t number, struct change_block **out)
{
	int error = 0;
	for (size_t i = 0; i < c->block_count; i++)
		if (c->blocks[i].mailbox == mailbox && c->blocks[i].number == number) {
			*out = &c->blocks[i];
			return 0;
		}
	struct change_block *b = free_block(c, &error);
	if (error)
		return error;
	b->mailbox = mailbox;
	b->number = number;
	b->flags_changed = b->logged = false;
	error = flags_block_get(c->txn, c->shard, mailbox, number, &b->flags);
	if (error == 0)
		error = read_own_log(c, b);
	if (error)
		return error;
	c->block_count += c->block_count < CHANGE_BLOCKS;
	*out = b;
	return 0;
}

int change_flags_of(
    struct account_change *c, uint32_t mailbox, uint32_t uid, uint64_t *flags, uint64_t *modseq)
{
	struct change_block *b;
	unsigned i = block_bit(uid);
	int error = find_block(c, mailbox, block_of(uid), &b);
	if (error)
		return error;
	bool known = b->flags.known >> i & 1;
	*flags = known ? b->flags.flags[i] : 0;
	*modseq = known ? b->flags.modseq[i] : 0;
	return 0;
}

static void set_in_block(struct account_change *c, struct change_block *b, unsigned i, uint64_t flags)
{
	b->flags.known |= (uint64_t)1 << i;
	b->flags.flags[i] = flags & ~FLAGS_FIXED;
	b->flags.modseq[i] = c->head.modseq;
	b->flags_changed = true;
}

int change_begin_flags(struct account_change *c, uint32_t mailbox, uint32_t uid, uint64_t flags)
{
	struct change_block *b;
	int error = find_block(c, mailbox, block_of(uid), &b);
	if (error == 0)
		set_in_block(c, b, block_bit(uid), flags);
	return error;
}

static void log_block(struct account_change *c, struct change_block *b)
{
	bool first = b->log.changed == 0 && b->log.gone == 0;
	c->head.log_entries += first;
	c->head_changed = b->logged = true;
}

/* What it had before this change, the first time that it is logged. */
static void log_before(struct change_block *b, unsigned i)
{
	uint64_t bit = (uint64_t)1 << i;
	if ((b->log.changed | b->log.gone) & bit)
		return;
	if (b->flags.known & bit && b->flags.flags[i] & FLAG_DELETED)
		b->log.deleted |= bit;
}

int change_set_flags(struct account_change *c, uint32_t mailbox, uint32_t uid, uint64_t flags)
{
	struct change_block *b;
	unsigned i = block_bit(uid);
	int error = find_block(c, mailbox, block_of(uid), &b);
	if (error)
		return error;
	log_before(b, i);
	set_in_block(c, b, i, flags);
	log_block(c, b);
	b->log.changed |= (uint64_t)1 << i;
	return 0;
}

/* ---- UIDs that are gone ---- */

int gone_get(struct txn *t, uint64_t shard, uint32_t mailbox, uint32_t chunk, struct account_gone *out)
{
	struct view value;
	int error = key_get(t, shard, key_gone(mailbox, chunk), &value);
	if (error == -ENOENT) {
		memset(out, 0, sizeof *out);
		return 0;
	}
	return error ? error : gone_decode(value, out);
}

static int write_chunk(struct account_change *c)
{
	struct entry value;
	if (c->chunk.mailbox == 0 || !c->chunk.changed)
		return 0;
	gone_encode(&c->chunk.gone, &value);
	return change_put(c, key_gone(c->chunk.mailbox, c->chunk.number), &value);
}

/* Has the UID's chunk at hand. */
static int find_chunk(struct account_change *c, uint32_t mailbox, uint32_t uid, uint64_t **word)
{
	uint32_t number = chunk_of(uid);
	*word = &c->chunk.gone.words[uid % ACCOUNT_CHUNK / ACCOUNT_BLOCK];
	if (c->chunk.mailbox == mailbox && c->chunk.number == number)
		return 0;
	int error = write_chunk(c);
	c->chunk.mailbox = 0;
	if (error == 0)
		error = gone_get(c->txn, c->shard, mailbox, number, &c->chunk.gone);
	if (error)
		return error;
	c->chunk.mailbox = mailbox;
	c->chunk.number = number;
	c->chunk.changed = false;
	return 0;
}

static int note_gone(struct account_change *c, uint32_t mailbox, uint32_t uid)
{
	uint64_t *word;
	int error = find_chunk(c, mailbox, uid, &word);
	if (error)
		return error;
	*word |= (uint64_t)1 << block_bit(uid);
	c->chunk.changed = true;
	return 0;
}

int change_has_message(struct account_change *c, const struct change_mailbox *box, uint32_t uid, bool *has)
{
	uint64_t *word;
	*has = false;
	if (uid == 0 || uid >= box->m.uidnext)
		return 0;
	int error = find_chunk(c, box->number, uid, &word);
	*has = error == 0 && !(*word >> block_bit(uid) & 1);
	return error;
}

int change_forget_message(
    struct account_change *c, const struct change_mailbox *box, uint32_t uid, const struct account_message *m)
{
	struct change_block *b;
	uint64_t bit = (uint64_t)1 << block_bit(uid);
	int error = find_block(c, box->number, block_of(uid), &b);
	if (error == 0 && !box->m.removing)
		error = note_gone(c, box->number, uid);
	if (error)
		return error;
	log_before(b, block_bit(uid));
	b->flags_changed = b->flags_changed || (b->flags.known & bit);
	b->flags.known &= ~bit;
	log_block(c, b);
	b->log.changed &= ~bit;
	b->log.gone |= bit;
	b->log.emailids[block_bit(uid)] = m->emailid;
	b->log.threads[block_bit(uid)] = m->thread;
	b->log.arrived[block_bit(uid)] = m->modseq;
	return 0;
}

int change_log_destroyed(struct account_change *c, enum account_kind kind, uint64_t id)
{
	struct account_log log = {.time = c->now};
	struct entry value;
	log_encode(&log, &value);
	c->head.log_entries++;
	return change_put(c, key_log(c->head.modseq, kind, id), &value);
}

static int write_blocks(struct account_change *c)
{
	int error = 0;
	for (size_t i = 0; i < c->block_count && error == 0; i++)
		error = write_block(c, &c->blocks[i]);
	return error;
}

/* Whoever watches the account learns which mailboxes to look at. */
static void tell(const struct account_change *c)
{
	uint32_t mailboxes[CHANGE_MAILBOXES_MAX];
	size_t count = 0;
	for (size_t i = 0; i < c->mailbox_count; i++)
		if (c->mailboxes[i].changed)
			mailboxes[count++] = c->mailboxes[i].number;
	txn_tell(c->txn, c->shard, c->head.modseq, mailboxes, count);
}

int change_end(struct account_change *c)
{
	int error = write_blocks(c);
	if (error == 0)
		error = write_chunk(c);
	if (error == 0)
		error = keywords_write_uses(c);
	if (error == 0)
		error = write_mailboxes(c);
	if (error || !c->head_changed)
		return error;
	if (used(&c->head) != c->used_before)
		c->head.states[MAIL_STATE_QUOTA] = c->head.modseq;
	if (c->head.rules_modseq == c->head.modseq)
		c->head.states[MAIL_STATE_SCRIPTS] = c->head.states[MAIL_STATE_VACATION] = c->head.modseq;
	if (c->head.submissions_modseq == c->head.modseq)
		c->head.states[MAIL_STATE_SUBMISSIONS] = c->head.modseq;
	if (c->head.identities_modseq == c->head.modseq)
		c->head.states[MAIL_STATE_IDENTITIES] = c->head.modseq;
	tell(c);
	return head_put(c->txn, c->shard, &c->head);
}
