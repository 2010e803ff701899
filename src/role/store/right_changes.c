/* MAIL_CHANGES: what a session does not know yet of its mailbox. */
#include "role/store/right_changes.h"

#include "base/container.h"
#include "mail/uid_ranges.h"
#include "role/store/store_private.h"

struct right_changes {
	struct question question;
	struct right_mailbox box;
	uint64_t since;
	struct account_changes changes;
	struct account_uids uids;
	uint32_t uidnext, messages;
	bool counted;
};

static void release(struct question *question)
{
	struct right_changes *c = container_of(question, struct right_changes, question);
	account_changes_free(&c->changes);
	account_uids_free(&c->uids);
}

static const struct question_kind kind = {.release = release};

static bool has(uint64_t bits, unsigned i)
{
	return i < ACCOUNT_BLOCK && bits >> i & 1;
}

/* The UIDs of a block's bits, but for those that are there. */
static void add_bits(struct buf *ranges, uint32_t block, uint64_t bits, const struct view *there)
{
	uint32_t base = block * ACCOUNT_BLOCK;
	for (unsigned i = 0; there && i < ACCOUNT_BLOCK; i++)
		if (has(bits, i) && uid_ranges_have(*there, base + i))
			bits &= ~((uint64_t)1 << i);
	for (unsigned i = 0, end; i < ACCOUNT_BLOCK; i = end) {
		for (end = i; has(bits, end);)
			end++;
		if (end > i)
			uid_ranges_add(ranges, base + i, base + end - 1);
		else
			end++;
	}
}

static void answer_bits(struct question *q, const struct account_changes *c, enum mail_type type, bool gone,
    const struct view *there)
{
	enum { AT_ONCE = 64 * 1024, OF_A_BLOCK = ACCOUNT_BLOCK * UID_RANGE_SIZE };
	struct buf ranges;
	buf_init(&ranges, AT_ONCE + OF_A_BLOCK);
	for (size_t i = 0; i < c->count; i++) {
		const struct account_changed_block *b = &c->blocks[i];
		add_bits(&ranges, b->block, gone ? b->gone : b->changed, there);
		if (buf_view(&ranges).len < AT_ONCE && i + 1 < c->count)
			continue;
		question_answer_ranges(q, type, buf_view(&ranges));
		buf_clear(&ranges);
	}
	buf_done(&ranges);
}

void right_changes_answer(struct question *q, const struct account_changes *c, const struct view *there)
{
	answer_bits(q, c, MAIL_CHANGED_FLAGS, false, NULL);
	answer_bits(q, c, MAIL_VANISHED, true, there);
}

static void read_uids(struct right_changes *c, uint32_t from);

static void uids_read(struct account_uids *u, int result)
{
	struct right_changes *c = container_of(u, struct right_changes, uids);
	struct question *q = &c->question;
	struct buf ranges;
	if (!question_back(q))
		return;
	if (result) {
		question_fail(q, result);
		return;
	}
	buf_init(&ranges, u->count * UID_RANGE_SIZE + UID_RANGE_SIZE);
	for (size_t i = 0; i < u->count && c->changes.arrived != UINT32_MAX; i++)
		uid_ranges_add(&ranges, u->ranges[i].first, u->ranges[i].last);
	question_answer_ranges(q, MAIL_ARRIVED, buf_view(&ranges));
	buf_done(&ranges);
	if (!c->counted) {
		c->counted = true;
		c->uidnext = u->uidnext;
		c->messages = u->messages;
	}
	if (u->next && c->changes.arrived != UINT32_MAX) {
		read_uids(c, u->next);
		return;
	}
	struct mail_done done = {.modseq = c->changes.modseq, .uidnext = c->uidnext, .messages = c->messages};
	question_done(q, &done);
}

static void read_uids(struct right_changes *c, uint32_t from)
{
	account_uids_free(&c->uids);
	c->uids = (struct account_uids){
	    .shard = c->box.shard, .mailbox = c->box.mailbox, .from = from, .done = uids_read};
	question_call(&c->question);
	account_uids(&store_role.accounts, &c->uids);
}

static void changes_read(struct account_changes *changes, int result)
{
	struct right_changes *c = container_of(changes, struct right_changes, changes);
	if (!question_back(&c->question))
		return;
	if (result) {
		question_fail(&c->question, result);
		return;
	}
	right_changes_answer(&c->question, changes, NULL);
	/* Of a mailbox where nothing is new the counts alone. */
	read_uids(c, changes->arrived);
}

static void granted(struct question *q)
{
	struct right_changes *c = container_of(q, struct right_changes, question);
	c->changes = (struct account_changes){
	    .shard = c->box.shard, .mailbox = c->box.mailbox, .since = c->since, .done = changes_read};
	question_call(q);
	account_changes(&store_role.accounts, &c->changes);
}

void right_changes(struct right *r, uint32_t request, const void *message)
{
	const struct mail_changes *m = message;
	struct right_changes *c = question_begin(r, request, sizeof *c, &kind);
	c->since = m->since;
	right_access(&c->question, m->account, m->mailbox, RIGHT_READ, &c->box, granted);
}
