/* Creating, removing and counting accounts. */
#include "account/account.h"

#include <errno.h>
#include <stdio.h>

#include "account/account_hide.h"
#include "account/change.h"
#include "account/file_link.h"
#include "account/roles.h"
#include "account/slices.h"
#include "base/clock.h"
#include "base/container.h"
#include "base/mem.h"
#include "base/random.h"

void accounts_init(struct accounts *a, struct store *store, int64_t undelete_seconds)
{
	*a = (struct accounts){.store = store, .undelete_seconds = undelete_seconds, .process = random_u64()};
	map_init(&a->maildrops);
}

void accounts_set_language(struct accounts *a, struct view language)
{
	snprintf(
	    a->language, sizeof a->language, "%.*s", (int)language.len, language.data ? language.data : "");
}

void request_take_language(struct accounts *a, struct account_request *r)
{
	struct view language = view_empty(r->language) ? view_from_string(a->language) : r->language;
	snprintf(r->tag, sizeof r->tag, "%.*s", (int)language.len, language.data ? language.data : "");
}

void accounts_done(struct accounts *a)
{
	map_done(&a->maildrops);
	mem_free(a->left);
	a->left = NULL;
	a->left_count = 0;
}

static struct account_request *request_of_commit(struct store_commit *c)
{
	return container_of(c, struct account_request, commit);
}

static struct account_request *request_of_read(struct store_read *r)
{
	return container_of(r, struct account_request, read);
}

static void slice_done(struct store_commit *c, int result)
{
	struct account_request *r = request_of_commit(c);
	if (result == 0) {
		r->count += r->counted;
		r->from = r->next;
		if (r->removed)
			r->removed->kept_count = r->removed->count;
	}
	if (result == 0 && r->more)
		store_commit(r->accounts->store, c);
	else if (r->ended)
		r->ended(r, result);
	else
		r->done(r, result);
}

void request_commit(
    struct accounts *a, struct account_request *r, int (*run)(struct txn *t, void *arg), bool frees_space)
{
	r->accounts = a;
	r->now = clock_wall();
	r->more = false;
	r->count = r->counted = 0;
	r->from = r->next = (struct account_key){.len = 0};
	r->commit = (struct store_commit){
	    .run = run, .arg = r, .frees_space = frees_space, .large = true, .done = slice_done};
	store_commit(a->store, &r->commit);
}

static int put_inbox(struct txn *t, uint64_t shard, uint32_t uidvalidity, uint64_t modseq)
{
	struct entry value;
	struct account_mailbox inbox = {.uidvalidity = uidvalidity,
	    .uidnext = 1,
	    .recent = 1,
	    .created_modseq = modseq,
	    .modseq = modseq,
	    .messages_modseq = modseq,
	    .role = MAILBOX_ROLE_INBOX,
	    .subscribed = true,
	    .name = VIEW("INBOX")};
	mailbox_encode(&inbox, &value);
	int error = value_put(t, shard, key_mailbox(MAILBOX_INBOX), &value);
	number_encode(MAILBOX_INBOX, &value);
	return error ? error : value_put(t, shard, key_mailbox_name(MAILBOX_ROOT, inbox.name), &value);
}

/*
 * The first UIDVALIDITY of an account. Its number is never given to another, so that an account made anew
 * under the same address has others; between two accounts' first ones there is room for as many mailboxes as
 * anybody makes and unmakes. Neither is 0 (RFC 9051 section 2.3.1.1).
 */
static uint32_t first_uidvalidity(uint64_t shard)
{
	enum { ROOM = 4096 };
	return (uint32_t)((shard & 0xffffffffffffffu) % (UINT32_MAX / ROOM)) * ROOM + 1;
}

static int make_roles(struct txn *t, const struct account_request *r)
{
	struct account_change c;
	int error = change_begin(&c, t, r->shard, r->now);
	if (error == 0)
		error = roles_make(&c, view_from_string(r->tag));
	return error ? error : change_end(&c);
}

static int run_create(struct txn *t, void *arg)
{
	const struct account_request *r = arg;
	struct view value;
	uint32_t uidvalidity = first_uidvalidity(r->shard);
	struct account_head head = {.generation = 1,
	    .modseq = 1,
	    .next_email = 1,
	    .next_intent = 1,
	    .next_kept = 1,
	    .next_mailbox = MAILBOX_INBOX + 1,
	    .next_uidvalidity = uidvalidity + 1,
	    .mailboxes = 1,
	    .quota = r->quota};
	int error = key_get(t, r->shard, key_head(), &value);
	if (error != -ENOENT)
		return error ? error : -EEXIST;
	error = put_inbox(t, r->shard, uidvalidity, head.modseq);
	if (error == 0)
		error = head_put(t, r->shard, &head);
	return error ? error : make_roles(t, r);
}

void account_create(struct accounts *a, struct account_request *r)
{
	request_take_language(a, r);
	request_commit(a, r, run_create, false);
}

/* Marks first, so that nothing new comes in between the slices; the head, with the mark, goes last. */
static int run_remove(struct txn *t, void *arg)
{
	struct account_request *r = arg;
	struct account_head head;
	struct view value;
	r->more = false;
	r->counted = 0;
	int error = key_get(t, r->shard, key_head(), &value);
	if (error)
		return error == -ENOENT ? 0 : error;
	error = head_decode(value, &head);
	if (error)
		return error;
	if (!head.removing) {
		head.removing = r->more = true;
		return head_put(t, r->shard, &head);
	}
	struct slice *slice = slice_new();
	error = slice_collect(slice, t, r->shard, (struct view){0}, (struct view){0}, SLICE_KEYS);
	for (size_t i = 0; error == 0 && i < slice->count; i++)
		if (!view_equal(slice_key(slice, i), VIEW("F")))
			error = txn_delete(t, r->shard, slice_key(slice, i));
	if (error == 0) {
		r->counted = slice->count;
		r->more = slice->count == SLICE_KEYS;
		if (!r->more)
			error = key_delete(t, r->shard, key_head());
	}
	slice_free(slice);
	return error;
}

int account_hide(struct txn *t, uint64_t shard, bool hidden)
{
	struct account_head head;
	struct view value;
	int error = key_get(t, shard, key_head(), &value);
	if (error == 0)
		error = head_decode(value, &head);
	if (error || head.removing == hidden)
		return error == -ENOENT ? 0 : error;
	head.removing = hidden;
	return head_put(t, shard, &head);
}

void account_remove(struct accounts *a, struct account_request *r)
{
	request_commit(a, r, run_remove, true);
}

static int run_stat(struct txn *t, void *arg)
{
	struct account_request *r = arg;
	struct account_head head;
	int error = head_get(t, r->shard, &head);
	if (error)
		return error;
	r->quota = head.quota;
	r->quota_messages = head.quota_messages;
	r->messages = head.messages;
	r->mailboxes = head.mailboxes;
	r->bytes = head_bytes(&head);
	r->deleted_bytes = head.deleted_bytes;
	r->modseq = head.modseq;
	return 0;
}

static int run_stat_links(struct txn *t, void *arg)
{
	struct account_request *r = arg;
	int error = run_stat(t, r);
	return error ? error
	             : account_file_links_sum(t, r->shard, r->now, &r->file_links, &r->file_link_bytes);
}

static void read_done(struct store_read *read, int result)
{
	struct account_request *r = request_of_read(read);
	r->done(r, result);
}

static void begin_read(struct accounts *a, struct account_request *r, int (*run)(struct txn *t, void *arg))
{
	r->accounts = a;
	r->now = clock_wall();
	r->read = (struct store_read){.shard = r->shard, .run = run, .arg = r, .done = read_done};
	store_read(a->store, &r->read);
}

void account_stat(struct accounts *a, struct account_request *r)
{
	begin_read(a, r, run_stat);
}

void account_stat_links(struct accounts *a, struct account_request *r)
{
	begin_read(a, r, run_stat_links);
}

static int run_set_quota(struct txn *t, void *arg)
{
	const struct account_request *r = arg;
	struct account_head head;
	int error = head_get(t, r->shard, &head);
	if (error)
		return error;
	head.quota = r->quota;
	head_mark_state(&head, MAIL_STATE_QUOTA);
	txn_tell(t, r->shard, head.modseq, NULL, 0);
	return head_put(t, r->shard, &head);
}

void account_set_quota(struct accounts *a, struct account_request *r)
{
	request_commit(a, r, run_set_quota, false);
}

static int run_set_quota_messages(struct txn *t, void *arg)
{
	const struct account_request *r = arg;
	struct account_head head;
	int error = head_get(t, r->shard, &head);
	if (error)
		return error;
	head.quota_messages = r->quota_messages;
	head_mark_state(&head, MAIL_STATE_QUOTA);
	txn_tell(t, r->shard, head.modseq, NULL, 0);
	return head_put(t, r->shard, &head);
}

void account_set_quota_messages(struct accounts *a, struct account_request *r)
{
	request_commit(a, r, run_set_quota_messages, false);
}
