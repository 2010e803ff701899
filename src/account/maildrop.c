/* The maildrop of POP3: INBOX as a list, held by one session at a time. */
#include <errno.h>

#include "account/change.h"
#include "base/container.h"
#include "base/mem.h"

static void forget(struct maildrop *m)
{
	map_remove_u64(&m->accounts->maildrops, m->shard);
	mem_free(m->entries);
	m->entries = NULL;
	m->count = m->room = 0;
}

static int add_entry(void *arg, struct view key, struct view value)
{
	struct maildrop *m = arg;
	struct account_message message;
	uint32_t mailbox, uid;
	int error = message_decode_short(value, &message);
	if (error == 0 && !key_read_message(key, &mailbox, &uid))
		error = -EBADMSG;
	if (error)
		return error;
	uint64_t size = message.size + message.text_growth;
	m->entries[m->count++] = (struct maildrop_entry){
	    .emailid = message.emailid,
	    .size = size,
	    .uid = uid,
	    .binary = (message.flags & FLAG_BINARY) != 0,
	    .own_uidl = (message.flags & FLAG_OWN_UIDL) != 0,
	};
	m->bytes += size;
	m->next_uid = uid + 1;
	return 0;
}

/* At the end of the list: does the mailbox count as many? */
static int compare_count(struct txn *t, struct maildrop *m)
{
	struct account_mailbox inbox;
	struct view value;
	int error = key_get(t, m->shard, key_mailbox(MAILBOX_INBOX), &value);
	if (error == 0)
		error = mailbox_decode(value, &inbox);
	if (error == 0)
		m->contradicted = inbox.messages != m->count;
	return error;
}

/* One slice, into room made on the loop's thread. It may run again, and then begins where it did the first
 * time. */
static int run_list(struct txn *t, void *arg)
{
	struct maildrop *m = arg;
	struct account_key from = key_message(MAILBOX_INBOX, m->slice_uid),
	                   to = key_message(MAILBOX_INBOX + 1, 0);
	struct txn_range range = {.shard = m->shard,
	    .from = key_view(&from),
	    .to = key_view(&to),
	    .limit = STORE_READ_KEYS_MAX - 3};
	int error;
	m->count = m->slice_count;
	m->bytes = m->slice_bytes;
	m->more = m->contradicted = false;
	error = txn_range(t, &range, add_entry, m);
	m->more = m->count - m->slice_count == range.limit;
	return error || m->more ? error : compare_count(t, m);
}

static int list_next(struct maildrop *m);

static void give_up(struct maildrop *m, int error)
{
	forget(m);
	m->opened(m, error);
}

static void listed(struct store_read *read, int result)
{
	struct maildrop *m = container_of(read, struct maildrop, read);
	if (result == 0 && !m->more) {
		if (m->contradicted)
			store_suspect(m->accounts->store);
		m->opened(m, 0);
		return;
	}
	if (result == 0)
		result = list_next(m);
	if (result)
		give_up(m, result);
}

static int list_next(struct maildrop *m)
{
	if (m->room - m->count < STORE_READ_KEYS_MAX) {
		size_t room = m->room ? m->room * 2 : STORE_READ_KEYS_MAX;
		struct maildrop_entry *bigger = mem_try_resize(m->entries, room * sizeof *m->entries);
		if (bigger == NULL)
			return -ENOMEM;
		m->entries = bigger;
		m->room = room;
	}
	m->slice_count = m->count;
	m->slice_bytes = m->bytes;
	m->slice_uid = m->next_uid;
	m->read = (struct store_read){.shard = m->shard, .run = run_list, .arg = m, .done = listed};
	store_read(m->accounts->store, &m->read);
	return 0;
}

int maildrop_open(struct accounts *a, struct maildrop *m)
{
	if (map_get_u64(&a->maildrops, m->shard))
		return -EBUSY;
	m->accounts = a;
	m->entries = NULL;
	m->count = m->room = 0;
	m->bytes = 0;
	m->next_uid = 0;
	map_set_u64(&a->maildrops, m->shard, m);
	int error = list_next(m);
	if (error)
		forget(m);
	return error;
}

int maildrop_adopt(struct accounts *a, struct maildrop *m, const struct maildrop_entry *entries, size_t count)
{
	if (map_get_u64(&a->maildrops, m->shard))
		return -EBUSY;
	m->accounts = a;
	m->entries = mem_try_resize(NULL, (count + 1) * sizeof *m->entries);
	if (m->entries == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		m->entries[i] = entries[i];
	m->count = count;
	m->room = count + 1;
	map_set_u64(&a->maildrops, m->shard, m);
	return 0;
}

void maildrop_close(struct maildrop *m)
{
	forget(m);
}
