/* Entries of an account, as a damaged store would give them. The first byte chooses which. What can be read
 * can be written, and is then the same. */
#include "fuzz.h"

#include "account/keys.h"

/* Decodes, writes, decodes again, writes again: the second form is the first. */
#define SAME(type, decode, encode)                                                                           \
	static void fuzz_##type(struct view bytes)                                                           \
	{                                                                                                    \
		struct type value, again;                                                                    \
		struct entry first, second;                                                                  \
		if (decode(bytes, &value) != 0)                                                              \
			return;                                                                              \
		encode(&value, &first);                                                                      \
		if (first.failed)                                                                            \
			return;                                                                              \
		check(decode(entry_view(&first), &again) == 0);                                              \
		encode(&again, &second);                                                                     \
		check(view_equal(entry_view(&first), entry_view(&second)));                                  \
	}

SAME(account_head, head_decode, head_encode)
SAME(account_mailbox, mailbox_decode, mailbox_encode)
SAME(account_message, message_decode, message_encode)
SAME(account_places, places_decode, places_encode)
SAME(account_log, log_decode, log_encode)
SAME(account_flags_block, flags_block_decode, flags_block_encode)
SAME(account_gone, gone_decode, gone_encode)
SAME(account_keyword, keyword_decode, keyword_encode)
SAME(account_more, more_decode, more_encode)
SAME(account_thread, thread_decode, thread_encode)
SAME(account_deleted, deleted_decode, deleted_encode)
SAME(account_intent, intent_decode, intent_encode)
SAME(account_remembered, remembered_decode, remembered_encode)
SAME(account_share, share_decode, share_encode)
SAME(account_value, value_decode, value_encode)
SAME(account_kept, kept_decode, kept_encode)

static int script_7_decode(struct view value, struct account_script *s)
{
	return script_decode(7, value, s);
}
SAME(account_script, script_7_decode, script_encode)

static int file_link_7_decode(struct view value, struct account_file_link *l)
{
	return file_link_decode(7, value, l);
}
SAME(account_file_link, file_link_7_decode, file_link_encode)

static void fuzz_email(struct view bytes)
{
	enum { EMAILID = 77 };
	struct account_email value, again;
	struct entry first, second;
	if (email_decode(EMAILID, bytes, &value) != 0)
		return;
	check(value.hash_count <= ACCOUNT_HASHES_MAX && value.thread != 0);
	touch(value.prefix);
	touch(value.uidl);
	touch(value.summary);
	touch(value.structure);
	email_encode(EMAILID, &value, &first);
	if (first.failed)
		return;
	check(email_decode(EMAILID, entry_view(&first), &again) == 0);
	email_encode(EMAILID, &again, &second);
	check(view_equal(entry_view(&first), entry_view(&second)));
}

static void found(void *arg, const struct blob_id *id)
{
	(void)arg;
	touch(view_of(id->bytes, BLOB_ID_SIZE));
	check(!blob_is_none(id));
}

static void fuzz_keys(struct view bytes)
{
	uint32_t mailbox, uid, part;
	uint64_t modseq, id, number;
	int64_t expiry;
	enum account_kind kind;
	struct view summary;
	if (key_read_mailbox(bytes, &mailbox)) {
		struct account_key k = key_mailbox(mailbox);
		check(view_equal(key_view(&k), bytes));
	}
	if (key_read_share(bytes, &number, &mailbox)) {
		struct account_key k = key_share(number, mailbox);
		check(view_equal(key_view(&k), bytes));
	}
	touch(key_metadata_name(bytes));
	if (key_read_message(bytes, &mailbox, &uid)) {
		struct account_key k = key_message(mailbox, uid);
		check(view_equal(key_view(&k), bytes));
	}
	if (key_read_script(bytes, &id)) {
		struct account_key k = key_script(id);
		check(view_equal(key_view(&k), bytes));
	}
	if (key_read_file_link(bytes, &part)) {
		struct account_key k = key_file_link(part);
		check(view_equal(key_view(&k), bytes));
	}
	if (key_read_flags(bytes, &mailbox, &uid)) {
		struct account_key k = key_flags(mailbox, uid);
		check(view_equal(key_view(&k), bytes));
	}
	if (key_read_gone(bytes, &mailbox, &uid)) {
		struct account_key k = key_gone(mailbox, uid);
		check(view_equal(key_view(&k), bytes));
	}
	if (key_read_seen(bytes, &mailbox, &number, &uid)) {
		struct account_key k = key_seen(mailbox, number, uid);
		check(view_equal(key_view(&k), bytes));
	}
	if (key_read_log(bytes, &modseq, &kind, &id)) {
		struct account_key k = key_log(modseq, kind, id);
		check(view_equal(key_view(&k), bytes));
	}
	if (key_read_intent(bytes, &id, &part)) {
		struct account_key k = key_intent(id, part);
		check(view_equal(key_view(&k), bytes));
	}
	if (key_read_deleted(bytes, &expiry, &id)) {
		struct account_key k = key_deleted(expiry, id);
		check(view_equal(key_view(&k), bytes));
	}
	if (key_read_kept(bytes, &expiry, &id)) {
		struct account_key k = key_kept(expiry, id);
		check(view_equal(key_view(&k), bytes));
	}
	if (key_read_thread_email(bytes, &modseq, &id)) {
		struct account_key k = key_thread_email(modseq, id);
		check(view_equal(key_view(&k), bytes));
	}
	if (number_decode(bytes, &number) == 0) {
		struct entry e;
		number_encode(number, &e);
		check(number_decode(entry_view(&e), &id) == 0 && id == number);
	}
	if (summary_decode(bytes, &summary) == 0)
		touch(summary);
	account_names_blobs(
	    store_shard(STORE_ACCOUNT, 1), view_take(bytes, 9), view_skip(bytes, 9), found, NULL);
	account_names_blobs(
	    store_shard(STORE_ACCOUNT, 1), view_take(bytes, 10), view_skip(bytes, 10), found, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const kinds[])(struct view) = {fuzz_account_head, fuzz_account_mailbox,
	    fuzz_account_message, fuzz_account_places, fuzz_account_log, fuzz_account_flags_block,
	    fuzz_account_keyword, fuzz_account_more, fuzz_account_thread, fuzz_account_deleted,
	    fuzz_account_intent, fuzz_account_kept, fuzz_email, fuzz_keys, fuzz_account_gone,
	    fuzz_account_remembered, fuzz_account_share, fuzz_account_value, fuzz_account_script,
	    fuzz_account_file_link};
	if (size > 0)
		kinds[data[0] % (sizeof kinds / sizeof *kinds)](view_skip(view_of(data, size), 1));
	return 0;
}
