/*
 * Mailboxes and their messages beside a model: random deliveries, changes of flags and keywords, copies,
 * moves, deletions, mailboxes made and removed, restarts. What a list says, what the mailboxes count, which
 * keywords there are, and what has changed since any moment before, must be what the model says.
 */
#include "support.h"

#include <errno.h>
#include <stdio.h>

#include "account/message.h"
#include "account/check.h"
#include "base/log.h"
#include "base/mem.h"

enum { ONE = 1, BOXES = 5, MESSAGES_MAX = 600, WORDS = 80, STEPS = 900, ROOM = 4096 };

struct known {
	uint32_t uid;
	uint64_t emailid, modseq, flags;
	bool words[WORDS];
};

static struct box {
	bool exists;
	uint32_t number;
	char name[16];
	struct known messages[MESSAGES_MAX];
	size_t count;
	/* A moment before, and what there was. */
	bool noted;
	uint64_t since;
	size_t then_count;
	struct known then[MESSAGES_MAX];
} boxes[BOXES];

static bool deleted_words[WORDS]; /* of mail that can still come back */
static uint32_t dice;

static uint32_t roll(uint32_t below)
{
	dice = dice * 1664525 + 1013904223;
	return (dice >> 8) % below;
}

static struct view word(unsigned i)
{
	static char names[WORDS][16];
	snprintf(names[i], sizeof names[i], "Word-%u", i);
	return view_from_string(names[i]);
}

static struct box *any_box(void)
{
	struct box *b;
	do
		b = &boxes[roll(BOXES)];
	while (!b->exists);
	return b;
}

static uint32_t picked[ROOM], copied[ROOM], new_uids[ROOM];

/* Some of its messages, ascending, and now and then one that is not there. */
static size_t pick(const struct box *b, uint32_t one_in)
{
	size_t count = 0;
	for (size_t i = 0; i < b->count; i++)
		if (roll(one_in) == 0)
			picked[count++] = b->messages[i].uid;
	if (roll(4) == 0)
		picked[count++] = 4000000 + roll(10);
	return count;
}

static struct known *find(struct box *b, uint32_t uid)
{
	for (size_t i = 0; i < b->count; i++)
		if (b->messages[i].uid == uid)
			return &b->messages[i];
	return NULL;
}

static size_t places_of(uint64_t emailid)
{
	size_t places = 0;
	for (size_t i = 0; i < BOXES; i++)
		for (size_t k = 0; boxes[i].exists && k < boxes[i].count; k++)
			places += boxes[i].messages[k].emailid == emailid;
	return places;
}

static void forget(struct box *b, struct known *k)
{
	for (unsigned w = 0; w < WORDS && places_of(k->emailid) == 1; w++)
		deleted_words[w] = deleted_words[w] || k->words[w];
	memmove(k, k + 1, (size_t)(b->messages + b->count - k - 1) * sizeof *k);
	b->count--;
}

/* ---- steps ---- */

static void deliver(void)
{
	struct box *b = any_box();
	struct account_target target = {.shard = test_account(ONE), .mailbox = view_from_string(b->name)};
	struct account_delivery d = {.targets = &target, .target_count = 1};
	if (b->count == MESSAGES_MAX)
		return;
	assert_int_equal(test_delivery(&accounts, &d, 1, 10 + roll(50)), 0);
	b->messages[b->count++] = (struct known){.uid = target.uid,
	    .emailid = target.emailid,
	    .modseq = test_stat(&accounts, test_account(ONE)).modseq};
}

static void change_flags(void)
{
	static const uint64_t bits[] = {FLAG_SEEN, FLAG_ANSWERED, FLAG_FLAGGED, FLAG_DELETED, FLAG_DRAFT};
	struct box *b = any_box();
	struct view words[8];
	unsigned which[8];
	uint64_t since = roll(4) == 0 && b->count ? b->messages[roll((uint32_t)b->count)].modseq : UINT64_MAX;
	static uint32_t failed[ROOM];
	struct account_flags f = {.shard = test_account(ONE),
	    .mailbox = b->number,
	    .uids = picked,
	    .uid_count = pick(b, 1 + roll(6)),
	    .how = (enum account_flags_how)roll(3),
	    .flags = roll(2) ? bits[roll(5)] | bits[roll(5)] : 0,
	    .keywords = words,
	    .keyword_count = roll(3) ? roll(8) : 0,
	    .unchanged_since = since,
	    .failed = failed};
	for (size_t i = 0; i < f.keyword_count; i++)
		words[i] = word(which[i] = roll(WORDS));
	assert_int_equal(test_flags(&f), 0);
	size_t changed = 0, too_new = 0;
	for (size_t i = 0; i < f.uid_count; i++) {
		struct known *k = find(b, picked[i]);
		if (k == NULL)
			continue;
		if (k->modseq > since) {
			assert_int_equal(failed[too_new++], k->uid);
			continue;
		}
		struct known after = *k;
		if (f.how == FLAGS_REPLACE) {
			after.flags = 0;
			memset(after.words, 0, sizeof after.words);
		}
		after.flags = f.how == FLAGS_REMOVE ? after.flags & ~f.flags : after.flags | f.flags;
		for (size_t w = 0; w < f.keyword_count; w++)
			after.words[which[w]] = f.how != FLAGS_REMOVE;
		if (after.flags == k->flags && memcmp(after.words, k->words, sizeof k->words) == 0)
			continue;
		after.modseq = f.modseq; /* a slice has room for all of these */
		*k = after;
		changed++;
	}
	assert_int_equal(f.changed, changed);
	assert_int_equal(f.failed_count, too_new);
}

static void copy_or_move(void)
{
	struct box *from = any_box(), *to = any_box();
	struct account_copy c = {.shard = test_account(ONE),
	    .mailbox = from->number,
	    .to = to->number,
	    .move = roll(2),
	    .uids = picked,
	    .uid_count = pick(from, 8),
	    .copied = copied,
	    .new_uids = new_uids};
	if (to->count + c.uid_count > MESSAGES_MAX)
		return;
	bool full = false;
	for (size_t i = 0; i < c.uid_count && !c.move; i++)
		full = full || (find(from, picked[i]) &&
		                   places_of(find(from, picked[i])->emailid) == ACCOUNT_PLACES_MAX);
	assert_int_equal(test_copy(&c), full ? -EMLINK : 0);
	for (size_t i = 0; i < c.count; i++) {
		struct known *k = find(from, c.copied[i]);
		assert_non_null(k);
		struct known there = *k;
		there.uid = c.new_uids[i];
		there.modseq = c.modseq;
		to->messages[to->count++] = there;
		if (c.move)
			forget(from, find(from, c.copied[i]));
	}
}

static void expunge(void)
{
	struct box *b = any_box();
	static uint32_t gone[ROOM];
	struct account_removed removed = {.uids = gone};
	size_t count = pick(b, 10), was_there = 0;
	assert_int_equal(
	    test_expunge_from(&accounts, test_account(ONE), b->number, picked, count, &removed), 0);
	for (size_t i = 0; i < count; i++) {
		struct known *k = find(b, picked[i]);
		if (k == NULL)
			continue;
		assert_int_equal(gone[was_there++], k->uid);
		forget(b, k);
	}
	assert_int_equal(removed.count, was_there);
}

static void make_or_remove(void)
{
	struct box *b = &boxes[1 + roll(BOXES - 1)];
	struct account_mailbox_request r = {
	    .shard = test_account(ONE), .mailbox = b->number, .name = view_from_string(b->name)};
	if (!b->exists) {
		assert_int_equal(test_mailbox(account_mailbox_create, &r), 0);
		*b = (struct box){.exists = true, .number = r.mailbox};
		snprintf(b->name, sizeof b->name, "box%zu", (size_t)(b - boxes));
		return;
	}
	assert_int_equal(test_mailbox(account_mailbox_remove, &r), 0);
	while (b->count)
		forget(b, b->messages);
	b->exists = b->noted = false;
}

static void purge(void)
{
	struct account_request r = {.shard = test_account(ONE)};
	assert_int_equal(test_request(&accounts, account_purge, &r), 0);
	memset(deleted_words, 0, sizeof deleted_words);
}

/* ---- the comparison ---- */

static bool has_word(const struct account_listed *m, const struct account_more *more, uint32_t number)
{
	if (number < FLAG_KEYWORDS)
		return m->flags & FLAG_KEYWORD << number;
	for (size_t i = 0; i < more->count; i++)
		if (more->numbers[i] == number)
			return true;
	return false;
}

static uint32_t numbers[WORDS];

static void compare_message(const struct box *b, const struct account_listed *m, const struct known *k)
{
	struct account_more more = {.count = 0};
	struct entry e;
	size_t words = 0, found = 0;
	assert_int_equal(m->uid, k->uid);
	assert_true(m->emailid == k->emailid);
	assert_true(m->modseq == k->modseq);
	assert_true((m->flags & FLAGS_SYSTEM) == k->flags);
	if (m->flags & FLAG_MORE) {
		assert_int_equal(test_entry(test_account(ONE), key_more_keywords(b->number, k->uid), &e), 0);
		assert_int_equal(more_decode(entry_view(&e), &more), 0);
		assert_true(more.count > 0);
	}
	for (unsigned w = 0; w < WORDS; w++) {
		words += k->words[w];
		found += k->words[w] && has_word(m, &more, numbers[w]);
	}
	assert_int_equal(words, found);
	for (uint64_t bits = m->flags / FLAG_KEYWORD; bits; bits &= bits - 1)
		found--;
	assert_int_equal(found, more.count); /* and no others */
}

/* Every name that something has, and no other, is there; `uses` are right. */
static void compare_keywords(void)
{
	size_t used = 0;
	for (unsigned w = 0; w < WORDS; w++) {
		struct account_keyword k = {.uses = 0};
		uint64_t live = 0, number;
		struct entry e;
		for (size_t i = 0; i < BOXES; i++)
			for (size_t m = 0; boxes[i].exists && m < boxes[i].count; m++)
				live += boxes[i].messages[m].words[w];
		int error = test_entry(test_account(ONE), key_keyword_name(word(w)), &e);
		assert_int_equal(error, live || deleted_words[w] ? 0 : -ENOENT);
		if (error)
			continue;
		used++;
		assert_int_equal(number_decode(entry_view(&e), &number), 0);
		numbers[w] = (uint32_t)number;
		assert_int_equal(test_entry(test_account(ONE), key_keyword(numbers[w]), &e), 0);
		assert_int_equal(keyword_decode(entry_view(&e), &k), 0);
		assert_true(deleted_words[w] ? k.uses >= live : k.uses == live);
	}
	assert_int_equal(test_count(test_account(ONE), 'K'), used);
	assert_int_equal(test_count(test_account(ONE), 'N'), used);
}

static void compare_counts(const struct box *b, uint64_t bytes)
{
	struct account_mailbox m;
	struct entry e;
	uint32_t unseen = 0, deleted = 0;
	for (size_t i = 0; i < b->count; i++) {
		unseen += !(b->messages[i].flags & FLAG_SEEN);
		deleted += (b->messages[i].flags & FLAG_DELETED) != 0;
	}
	assert_int_equal(test_entry(test_account(ONE), key_mailbox(b->number), &e), 0);
	assert_int_equal(mailbox_decode(entry_view(&e), &m), 0);
	assert_int_equal(m.messages, b->count);
	assert_int_equal(m.unseen, unseen);
	assert_int_equal(m.deleted, deleted);
	assert_true(m.bytes == bytes);
	assert_view(m.name, b->name);
}

/* Nothing stays of what went: blocks of flags have messages, emails have places or can still come back. */
static void compare_leftovers(void)
{
	size_t blocks = 0, emails = 0, messages = 0;
	for (size_t i = 0; i < BOXES; i++) {
		const struct box *b = &boxes[i];
		for (size_t m = 0; b->exists && m < b->count; m++) {
			blocks += m == 0 || block_of(b->messages[m].uid) != block_of(b->messages[m - 1].uid);
			messages++;
			bool first = true;
			for (size_t k = 0; k <= i && first; k++)
				for (size_t o = 0;
				     boxes[k].exists && o < (k == i ? m : boxes[k].count) && first; o++)
					first = boxes[k].messages[o].emailid != b->messages[m].emailid;
			emails += first;
		}
	}
	assert_true(test_count(test_account(ONE), 'O') <= blocks);
	size_t there = 0;
	for (size_t i = 0; i < BOXES; i++)
		there += boxes[i].exists;
	assert_true(test_count(test_account(ONE), 'J') <= there); /* their UIDs stay in the first chunk */
	assert_int_equal(test_count(test_account(ONE), 'M'), messages);
	assert_int_equal(test_count(test_account(ONE), 'E'), emails + test_count(test_account(ONE), 'U'));
	assert_int_equal(test_stat(&accounts, test_account(ONE)).messages, emails);
}

static bool bit_of(const struct account_changes *c, uint32_t uid, bool gone)
{
	for (size_t i = 0; i < c->count; i++)
		if (c->blocks[i].block == block_of(uid))
			return (gone ? c->blocks[i].gone : c->blocks[i].changed) >> block_bit(uid) & 1;
	return false;
}

/* What is said to have changed since the moment that was noted leads from what there was to what there is. */
static void compare_changes(struct box *b)
{
	struct account_changes c = {.shard = test_account(ONE), .mailbox = b->number, .since = b->since};
	uint32_t arrived = UINT32_MAX, last = 0;
	assert_int_equal(test_changes(&c), 0);
	for (size_t i = 0; i < b->then_count; i++) {
		const struct known *then = &b->then[i], *now = find(b, then->uid);
		last = then->uid;
		assert_int_equal(bit_of(&c, then->uid, true), now == NULL);
		assert_int_equal(bit_of(&c, then->uid, false), now && now->modseq > b->since);
	}
	for (size_t i = b->count; i-- > 0 && b->messages[i].uid > last;)
		arrived = b->messages[i].uid;
	/* Below the first that is there now there may be some that came and went. */
	assert_true(c.arrived == arrived);
	assert_true(c.modseq >= b->since);
	for (size_t i = 1; i < c.count; i++)
		assert_true(c.blocks[i - 1].block < c.blocks[i].block);
	account_changes_free(&c);
}

/* A list of flags alone says the same as one of everything. */
static void compare_flags(const struct box *b)
{
	static struct account_listed listed[200];
	size_t at = 0;
	struct account_list l = {.shard = test_account(ONE),
	    .mailbox = b->number,
	    .flags_only = true,
	    .first = 1,
	    .last = UINT32_MAX,
	    .messages = listed,
	    .room = 1 + roll(200)};
	do {
		assert_int_equal(test_list(&l), 0);
		for (size_t i = 0; i < l.count; i++) {
			assert_true(at < b->count);
			assert_int_equal(listed[i].uid, b->messages[at].uid);
			assert_true((listed[i].flags & FLAGS_SYSTEM) == b->messages[at++].flags);
		}
		l.first = l.next;
	} while (l.more);
	assert_int_equal(at, b->count);
}

static void compare_uids(const struct box *b)
{
	struct account_uids u = {.shard = test_account(ONE),
	    .mailbox = b->number,
	    .from = roll(2) || b->count == 0 ? 0 : b->messages[roll((uint32_t)b->count)].uid};
	size_t at = 0, range = 0;
	assert_int_equal(test_uids(&u), 0);
	assert_int_equal(u.next, 0);
	assert_int_equal(u.messages, b->count);
	for (; at < b->count && b->messages[at].uid < u.from; at++)
		;
	while (range < u.count) {
		for (uint32_t uid = u.ranges[range].first; uid <= u.ranges[range].last; uid++) {
			assert_true(at < b->count);
			assert_int_equal(b->messages[at++].uid, uid);
		}
		range++;
		assert_true(range == u.count || u.ranges[range].first > u.ranges[range - 1].last + 1);
	}
	assert_int_equal(at, b->count);
	account_uids_free(&u);
}

static void was_checked(struct account_check *x, int result)
{
	assert_int_equal(result, 0);
	*(bool *)x->arg = true;
}

static void entries_agree(void)
{
	bool done = false;
	struct account_check x = {.shard = test_account(ONE), .done = was_checked, .arg = &done};
	account_check(&accounts, &x);
	test_wait(accounts.store, &done);
	assert_int_equal(x.wrong, 0);
	assert_true(x.mailboxes >= 1);
}

static void note(struct box *b)
{
	b->noted = true;
	b->since = test_stat(&accounts, test_account(ONE)).modseq;
	memcpy(b->then, b->messages, b->count * sizeof *b->then);
	b->then_count = b->count;
}

static void look(struct box *b)
{
	static struct account_listed listed[200];
	uint64_t bytes = 0;
	size_t at = 0;
	if (!b->exists)
		return;
	struct account_list l = {.shard = test_account(ONE),
	    .mailbox = b->number,
	    .first = 1,
	    .last = UINT32_MAX,
	    .messages = listed,
	    .room = 1 + roll(200)};
	do {
		assert_int_equal(test_list(&l), 0);
		for (size_t i = 0; i < l.count; i++) {
			assert_true(at < b->count);
			compare_message(b, &listed[i], &b->messages[at++]);
			bytes += listed[i].size;
		}
		l.first = l.next;
	} while (l.more);
	assert_int_equal(at, b->count);
	assert_int_equal(l.total, b->count);
	compare_flags(b);
	compare_uids(b);
	compare_counts(b, bytes);
	if (b->noted)
		compare_changes(b);
	if (!b->noted || roll(2))
		note(b);
}

static void agree_with_the_model(void **state)
{
	(void)state;
	memset(boxes, 0, sizeof boxes);
	memset(deleted_words, 0, sizeof deleted_words);
	dice = 4711;
	test_create(&accounts, test_account(ONE), 0);
	for (size_t i = 0; i < BOXES; i++)
		snprintf(boxes[i].name, sizeof boxes[i].name, i ? "box%zu" : "INBOX", i);
	boxes[0].exists = true;
	boxes[0].number = MAILBOX_INBOX;
	for (unsigned step = 0; step < STEPS; step++) {
		uint32_t kind = roll(100);
		if (kind < 40)
			deliver();
		else if (kind < 60)
			change_flags();
		else if (kind < 72)
			copy_or_move();
		else if (kind < 80)
			expunge();
		else if (kind < 82)
			make_or_remove();
		else if (kind < 83)
			purge();
		else if (kind < 85)
			test_accounts_restart();
		else {
			compare_keywords();
			compare_leftovers();
			entries_agree();
			look(&boxes[roll(BOXES)]);
		}
	}
	compare_keywords();
	compare_leftovers();
	for (size_t i = 0; i < BOXES; i++)
		look(&boxes[i]);
}

int main(void)
{
	log_open(-1, "test", LOG_ERROR);
	static const struct CMUnitTest tests[] = {cmocka_unit_test(agree_with_the_model)};
	return test_on_both_engines("messages_model", tests, sizeof tests / sizeof *tests);
}
