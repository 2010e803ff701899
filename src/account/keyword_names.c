/* Names of keywords for whoever shows flags: see keyword_names.h. */
#include "account/keyword_names.h"

#include <errno.h>

#include "account/change.h"
#include "base/container.h"
#include "base/cursor.h"
#include "base/mem.h"

enum {
	NAMES_AT_ONCE = 500, /* beside ACCOUNT_LIST_MAX messages: one read's share */
	NAMES_MAX = ACCOUNT_KEYWORDS_MAX * (5 + MAIL_KEYWORD_MAX)
};

static int add_name(void *arg, struct view key, struct view value)
{
	struct account_keyword_names *k = arg;
	struct account_keyword keyword;
	uint32_t number;
	int error = keyword_decode(value, &keyword);
	if (error == 0 && !key_read_keyword(key, &number))
		error = -EBADMSG;
	if (error)
		return error;
	k->next = number + 1;
	buf_append_u32(&k->names, number);
	buf_append_u8(&k->names, (uint8_t)keyword.name.len);
	return buf_append(&k->names, keyword.name);
}

static int read_names(struct txn *t, struct account_keyword_names *k)
{
	struct account_key from = key_keyword(k->from), to = key_behind_letter('K');
	struct txn_range range = {
	    .shard = k->shard, .from = key_view(&from), .to = key_view(&to), .limit = NAMES_AT_ONCE};
	k->next = k->from;
	int error = txn_range(t, &range, add_name, k);
	k->slice_more = error == 0 && k->next > k->from;
	return error;
}

static int read_more(struct txn *t, struct account_keyword_names *k)
{
	for (size_t i = 0; i < k->uid_count; i++) {
		struct view value;
		k->more[i].count = 0;
		int error = key_get(t, k->shard, key_more_keywords(k->mailbox, k->uids[i]), &value);
		if (error == 0)
			error = more_decode(value, &k->more[i]);
		if (error && error != -ENOENT)
			return error;
	}
	return 0;
}

static int run_names(struct txn *t, void *arg)
{
	struct account_keyword_names *k = arg;
	struct account_head head;
	int error = head_get(t, k->shard, &head);
	if (error)
		return error;
	buf_truncate(&k->names, k->begun);
	k->slice_more = false;
	if (k->begun == 0) {
		k->modseq = head.keywords_modseq;
		k->has_names = head.keywords_modseq > k->known;
		error = read_more(t, k);
	}
	return error || !k->has_names ? error : read_names(t, k);
}

static void start(struct account_keyword_names *k);

static void ended(struct store_read *read, int result)
{
	struct account_keyword_names *k = container_of(read, struct account_keyword_names, read);
	if (result == 0 && k->slice_more) {
		k->begun = buf_view(&k->names).len;
		k->from = k->next;
		start(k);
		return;
	}
	if (result)
		account_keyword_names_free(k);
	k->done(k, result);
}

static void start(struct account_keyword_names *k)
{
	k->read = (struct store_read){.shard = k->shard, .run = run_names, .arg = k, .done = ended};
	store_read(k->accounts->store, &k->read);
}

void account_keyword_names(struct accounts *a, struct account_keyword_names *k)
{
	k->accounts = a;
	k->from = 0;
	k->begun = 0;
	buf_init(&k->names, NAMES_MAX);
	k->more = mem_array(k->uid_count, sizeof *k->more);
	start(k);
}

void account_keyword_names_free(struct account_keyword_names *k)
{
	buf_done(&k->names);
	mem_free(k->more);
	k->more = NULL;
}
