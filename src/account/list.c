/* Lists of messages with their flags, in slices: see messages.h. */
#include "account/messages.h"

#include <errno.h>

#include "account/change.h"
#include "base/container.h"

static int add_message(void *arg, struct view key, struct view value)
{
	struct account_list *l = arg;
	struct account_message m;
	uint32_t mailbox, uid;
	int error = message_decode(value, &m);
	if (error == 0 && !key_read_message(key, &mailbox, &uid))
		error = -EBADMSG;
	if (error)
		return error;
	l->messages[l->count++] = (struct account_listed){.uid = uid,
	    .emailid = m.emailid,
	    .flags = m.flags,
	    .modseq = m.modseq,
	    .size = m.size,
	    .text_growth = m.text_growth,
	    .internaldate = m.internaldate,
	    .savedate = m.savedate};
	return 0;
}

struct flags_walk {
	struct account_list *list;
	size_t at; /* messages before it belong to earlier blocks */
};

/* Both are in the order of UIDs. */
static int add_flags(void *arg, struct view key, struct view value)
{
	struct flags_walk *w = arg;
	struct account_flags_block b;
	uint32_t mailbox, block;
	int error = flags_block_decode(value, &b);
	if (error == 0 && !key_read_flags(key, &mailbox, &block))
		error = -EBADMSG;
	if (error)
		return error;
	while (w->at < w->list->count && block_of(w->list->messages[w->at].uid) < block)
		w->at++;
	for (; w->at < w->list->count && block_of(w->list->messages[w->at].uid) == block; w->at++) {
		struct account_listed *m = &w->list->messages[w->at];
		unsigned i = block_bit(m->uid);
		if (b.known >> i & 1) {
			m->flags = b.flags[i];
			m->modseq = b.modseq[i];
		}
	}
	return 0;
}

static int read_flags(struct txn *t, struct account_list *l)
{
	struct flags_walk walk = {.list = l};
	if (l->count == 0)
		return 0;
	struct account_key from = key_flags(l->mailbox, block_of(l->messages[0].uid));
	struct account_key to = key_flags(l->mailbox, block_of(l->messages[l->count - 1].uid) + 1);
	/* A block without messages has no entry, so that there are no more of these than of those. */
	struct txn_range range = {
	    .shard = l->shard, .from = key_view(&from), .to = key_view(&to), .limit = ACCOUNT_LIST_MAX};
	return txn_range(t, &range, add_flags, &walk);
}

static int run_list(struct txn *t, void *arg)
{
	struct account_list *l = arg;
	struct account_head head;
	struct account_mailbox m;
	struct view value;
	struct account_key from = key_message(l->mailbox, l->first), to = key_message(l->mailbox, l->last);
	to.data[to.len++] = '\0'; /* the end is exclusive; one byte more includes the last UID */
	struct txn_range range = {.shard = l->shard,
	    .from = key_view(&from),
	    .to = key_view(&to),
	    .limit = l->room < ACCOUNT_LIST_MAX ? l->room : ACCOUNT_LIST_MAX};
	l->count = 0;
	int error = head_get(t, l->shard, &head);
	if (error == 0)
		error = key_get(t, l->shard, key_mailbox(l->mailbox), &value);
	if (error == 0)
		error = mailbox_decode(value, &m);
	if (error)
		return error;
	l->modseq = m.messages_modseq;
	l->uidnext = m.uidnext;
	l->uidvalidity = m.uidvalidity;
	l->total = m.messages;
	error = range.limit > 0 && l->first <= l->last ? txn_range(t, &range, add_message, l) : 0;
	l->more = l->count > 0 && l->count == range.limit && l->messages[l->count - 1].uid < l->last;
	return error ? error : read_flags(t, l);
}

static void listed(struct store_read *read, int result)
{
	struct account_list *l = container_of(read, struct account_list, read);
	l->done(l, result);
}

void account_list(struct accounts *a, struct account_list *l)
{
	l->read = (struct store_read){.shard = l->shard, .run = run_list, .arg = l, .done = listed};
	store_read(a->store, &l->read);
}
