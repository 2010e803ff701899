/* See filed_list.h. */
#include "account/filed_list.h"

#include <errno.h>

#include "account/change.h"
#include "base/container.h"
#include "base/cursor.h"
#include "base/mem.h"

static int add(void *arg, struct view key, struct view value)
{
	struct account_filed_list *l = arg;
	struct account_filed_entry *e = &l->entries[l->count];
	struct cursor c = cursor_on(key);
	struct view kept;
	(void)cursor_u8(&c);
	e->emailid = cursor_u64(&c);
	if (!cursor_ok(&c))
		return -EBADMSG;
	l->next = e->emailid + 1;
	if (!arena_copy(&l->texts, value, &kept))
		return -ENOMEM;
	l->count += filed_decode(kept, &e->filed) == 0;
	return 0;
}

static int run_ids(struct txn *t, struct account_filed_list *l)
{
	int error = 0;
	for (size_t i = 0; i < l->id_count && i < ACCOUNT_FILED_LIST_MAX && error == 0; i++) {
		struct account_key key = key_filed(l->ids[i]);
		struct view value;
		error = key_get(t, l->shard, key, &value);
		if (error == 0)
			error = add(l, key_view(&key), value);
		if (error == -ENOENT || error == -EBADMSG)
			error = 0;
	}
	return error;
}

static int run(struct txn *t, void *arg)
{
	struct account_filed_list *l = arg;
	struct account_key from = key_filed(l->from), to = key_filed(l->to == UINT64_MAX ? l->to : l->to + 1);
	struct txn_range range = {
	    .shard = l->shard, .from = key_view(&from), .to = key_view(&to), .limit = ACCOUNT_FILED_LIST_MAX};
	l->count = 0;
	l->next = l->from;
	arena_reset(&l->texts);
	if (l->ids)
		return run_ids(t, l);
	return txn_range(t, &range, add, l);
}

static void read_done(struct store_read *read, int result)
{
	struct account_filed_list *l = container_of(read, struct account_filed_list, read);
	l->more = result == 0 && l->ids == NULL && l->next > l->from && l->next <= l->to;
	l->done(l, result);
}

void account_filed_list(struct accounts *a, struct account_filed_list *l)
{
	l->entries = mem_array(ACCOUNT_FILED_LIST_MAX, sizeof *l->entries);
	arena_init(&l->texts, ACCOUNT_FILED_LIST_MAX * (STORE_ENTRY_MAX + 64));
	l->read = (struct store_read){.shard = l->shard, .run = run, .arg = l, .done = read_done};
	store_read(a->store, &l->read);
}

void account_filed_list_free(struct account_filed_list *l)
{
	mem_free(l->entries);
	l->entries = NULL;
	arena_done(&l->texts);
}
