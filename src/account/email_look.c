/* Looking at emails: see email_look.h. */
#include "account/email_look.h"

#include <errno.h>

void look_init(struct email_look *l, struct txn *t, uint64_t shard, const struct account_who *who)
{
	/* The block is large, and set when it is first read. */
	l->txn = t;
	l->shard = shard;
	l->who = who;
	l->looked = l->count = l->oldest = 0;
	l->block_mailbox = 0;
	l->seen.user = who ? who->user : 0;
	l->seen.mailbox = 0;
	l->seen.read = l->seen.changed = false;
}

int look_begin(struct email_look *l, struct txn *t, uint64_t shard, const struct account_who *who,
    struct account_head *head)
{
	look_init(l, t, shard, who);
	l->looked++;
	return head_get(t, shard, head);
}

bool look_may_read(const struct account_mailbox *m, const struct account_who *who)
{
	const uint32_t needed = RIGHT_LOOKUP | RIGHT_READ;
	return !m->removing && (account_rights(m, who) & needed) == needed;
}

int look_mailbox(struct email_look *l, uint32_t mailbox, bool *visible)
{
	struct account_mailbox m;
	struct view value;
	for (size_t i = 0; i < l->count; i++)
		if (l->mailboxes[i].number == mailbox) {
			*visible = l->mailboxes[i].visible;
			return 0;
		}
	l->looked++;
	int error = key_get(l->txn, l->shard, key_mailbox(mailbox), &value);
	if (error == 0)
		error = mailbox_decode(value, &m);
	if (error && error != -ENOENT)
		return error;
	*visible = error == 0 && look_may_read(&m, l->who);
	size_t at = l->count;
	if (l->count < LOOK_MAILBOXES) {
		l->count++;
	} else {
		at = l->oldest;
		l->oldest = (l->oldest + 1) % LOOK_MAILBOXES;
	}
	l->mailboxes[at].number = mailbox;
	l->mailboxes[at].visible = *visible;
	return 0;
}

int email_places(struct txn *t, uint64_t shard, uint64_t emailid, struct account_places *places)
{
	struct account_email email;
	struct view value;
	int error = key_get(t, shard, key_places(emailid), &value);
	if (error == 0)
		return places_decode(value, places);
	if (error != -ENOENT)
		return error;
	error = key_get(t, shard, key_email(emailid), &value);
	if (error == 0)
		error = email_decode(emailid, value, &email);
	if (error == 0) {
		places->count = 1;
		places->at[0] = email.home;
	}
	return error;
}

/* Has the block of a message's flags at hand. */
static int have_block(struct email_look *l, const struct account_place *place)
{
	uint32_t number = block_of(place->uid);
	if (l->block_mailbox == place->mailbox && l->block_number == number)
		return 0;
	l->looked++;
	l->block_mailbox = 0;
	int error = flags_block_get(l->txn, l->shard, place->mailbox, number, &l->block);
	if (error)
		return error;
	l->block_mailbox = place->mailbox;
	l->block_number = number;
	return 0;
}

static uint64_t flags_in_block(const struct email_look *l, uint32_t uid)
{
	unsigned i = block_bit(uid);
	return l->block.known >> i & 1 ? l->block.flags[i] : 0;
}

static int look_place(struct email_look *l, const struct account_place *place, bool *visible)
{
	int error = look_mailbox(l, place->mailbox, visible);
	if (error || !*visible)
		return error;
	error = have_block(l, place);
	*visible = error == 0 && !(flags_in_block(l, place->uid) & FLAG_DELETED);
	return error;
}

int look_places(struct email_look *l, uint64_t emailid, struct account_places *places)
{
	size_t kept = 0;
	l->looked += 2;
	places->count = 0;
	int error = email_places(l->txn, l->shard, emailid, places);
	for (size_t i = 0; i < places->count && error == 0; i++) {
		bool visible;
		error = look_place(l, &places->at[i], &visible);
		if (error == 0 && visible)
			places->at[kept++] = places->at[i];
	}
	places->count = kept;
	return error == -ENOENT ? 0 : error;
}

int look_message(
    struct email_look *l, const struct account_place *place, bool whole, struct account_message *m)
{
	struct view value;
	l->looked++;
	int error = key_get(l->txn, l->shard, key_message(place->mailbox, place->uid), &value);
	if (error)
		return error;
	return whole ? message_decode(value, m) : message_decode_short(value, m);
}

int look_flags(struct email_look *l, const struct account_place *place, const struct account_message *m,
    uint64_t *flags, uint64_t *modseq)
{
	int error = have_block(l, place);
	if (error)
		return error;
	unsigned i = block_bit(place->uid);
	*flags = (m->flags & FLAGS_FIXED) | flags_in_block(l, place->uid);
	*modseq = l->block.known >> i & 1 ? l->block.modseq[i] : m->modseq;
	if (l->seen.user && l->seen.mailbox != place->mailbox) {
		l->seen.mailbox = place->mailbox;
		l->seen.read = false;
	}
	return seen_overlay(l->txn, l->shard, &l->seen, place->uid, flags);
}

int look_more(
    struct email_look *l, const struct account_place *place, uint64_t flags, struct account_more *more)
{
	struct view value;
	more->count = 0;
	if (!(flags & FLAG_MORE))
		return 0;
	l->looked++;
	int error = key_get(l->txn, l->shard, key_more_keywords(place->mailbox, place->uid), &value);
	if (error == 0)
		error = more_decode(value, more);
	/* What is lost has the others. */
	return error == -ENOENT || error == -EBADMSG ? 0 : error;
}

/* FNV-1a of the numbers' octets. */
uint64_t look_access(uint64_t before, uint32_t mailbox)
{
	uint64_t hash = before ? before : UINT64_C(14695981039346656037);
	for (unsigned i = 0; i < 32; i += 8)
		hash = (hash ^ (mailbox >> i & 0xff)) * UINT64_C(1099511628211);
	hash &= (uint64_t)INT64_MAX;
	return hash ? hash : 1;
}
