/*
 * Appending: see append.h. Bodies come with the commit that names them, as long as one carries so many. Of
 * more, each is made durable by itself before (account_keep), and upkeep drops it if the commit never comes.
 */
#include "account/append.h"

#include <errno.h>

#include "account/annotation_entries.h"
#include "account/intent.h"
#include "account/mailbox.h"
#include "account/message.h"
#include "base/clock.h"
#include "base/container.h"
#include "base/mem.h"

enum {
	KEPT_SECONDS = 600, /* from the first body to the commit: as long as a slow disk may take */
	REPLACE_WRITES = MESSAGE_WRITES_MAX + CHANGE_END_WRITES,
	INTENT_WRITES = 2 /* it, and the head */
};

/* A message that is moved takes its keywords along, and those that it names apart are entries there as well.
 */
static size_t writes_of_one(const struct account_append *a, size_t i)
{
	size_t writes = account_delivery_writes(a->messages[i]);
	/* Of annotations the head, and an entry of each. */
	if (a->annotations && a->annotations[i])
		writes += 1 + a->annotations[i]->entry_count;
	return a->move ? writes + REMOVE_WRITES + 2 * a->messages[i]->targets[0].places[0].keyword_count
	               : writes;
}

static size_t writes_beside(const struct account_append *a)
{
	size_t writes = a->replace ? REPLACE_WRITES : 0;
	if (a->move)
		writes += CHANGE_END_WRITES;
	if (a->more || a->part > 0)
		writes += INTENT_WRITES + (a->more ? 0 : a->part);
	return writes;
}

static size_t writes_of(const struct account_append *a)
{
	size_t writes = writes_beside(a);
	for (size_t i = 0; i < a->count; i++)
		writes += writes_of_one(a, i);
	return writes;
}

/* So that as many fit a step as they would without what is learnt of them. */
static void mark_many(const struct account_append *a)
{
	for (size_t i = 0; i < a->count; i++)
		a->messages[i]->many = a->count > 1 || a->move;
}

size_t account_append_fit(const struct account_append *a)
{
	mark_many(a);
	size_t writes = writes_beside(a), n = 0;
	for (; n < a->count; n++) {
		writes += writes_of_one(a, n);
		if (n > 0 && writes > STORE_SLICE_KEYS)
			break;
	}
	return n;
}

/* Asked before the first write, as refusals must be. */
static int check_replaced(struct txn *t, const struct account_append *a)
{
	struct account_change c;
	struct message_now now;
	if (a->replace == 0)
		return 0;
	int error = change_begin(&c, t, a->shard, a->now);
	if (error == 0)
		error = message_get(&c, a->replace_mailbox, a->replace, &now);
	return error == -ENOENT ? -ESTALE : error;
}

/* For as many as there are in all, of messages that have none yet, and beside the messages themselves. */
static int check_annotations_room(struct txn *t, const struct account_append *a, size_t count, uint64_t bytes)
{
	struct account_head head;
	if (count == 0)
		return 0;
	for (size_t i = 0; i < a->count; i++)
		bytes += a->messages[i]->targets[0].prefix.len + a->messages[i]->body_len;
	int error = head_get(t, a->shard, &head);
	return error ? error
	             : annotations_room(&head, count, bytes, a->messages[0]->targets[0].quota_default);
}

static int check_annotations(struct txn *t, const struct account_append *a)
{
	uint64_t bytes = 0;
	size_t count = 0;
	for (size_t i = 0; a->annotations && i < a->count; i++) {
		const struct account_annotate *x = a->annotations[i];
		for (size_t j = 0; x && j < x->entry_count; j++)
			bytes += x->entries[j].none ? 0 : x->entries[j].value.len;
		count += x ? x->entry_count : 0;
	}
	return check_annotations_room(t, a, count, bytes);
}

static int set_annotations(struct txn *t, const struct account_append *a, size_t i)
{
	struct account_change c;
	struct account_annotate annotate;
	if (a->annotations == NULL || a->annotations[i] == NULL)
		return 0;
	annotate = *a->annotations[i];
	annotate.mailbox = a->mailbox; /* which may have been found by its path */
	int error = change_begin(&c, t, a->shard, a->now);
	if (error == 0)
		error = annotations_set(&c, &annotate, a->messages[i]->targets[0].uid);
	return error ? error : change_end(&c);
}

static int begin_source(struct account_change *c, struct txn *t, const struct account_append *a)
{
	int error = change_begin(c, t, a->source_shard, a->now);
	c->user = a->source_user;
	c->without_shared = a->source_without_shared;
	return error;
}

/* Its body is still there, and of a move the message is in the place that it is taken from. */
static int check_source(struct account_change *c, const struct account_append *a, size_t i)
{
	struct view value;
	struct message_now now;
	int error = change_get(c, key_email(a->source_emails[i]), &value);
	if (error == 0 && a->move)
		error = message_get(c, a->source_mailbox, a->source_uids[i], &now);
	if (error == 0 && a->move && now.m.emailid != a->source_emails[i])
		error = -ESTALE;
	return error == -ENOENT ? -ESTALE : error;
}

/* As many of them as fit one step with their annotations; one alone always does. */
static int check_sources(struct txn *t, struct account_append *a)
{
	struct account_change c;
	size_t writes = writes_beside(a), count = 0;
	uint64_t bytes = 0;
	if (a->source_emails == NULL)
		return 0;
	int error = begin_source(&c, t, a);
	for (size_t i = 0; i < a->count && error == 0; i++) {
		struct annotations_weight noted;
		error = check_source(&c, a, i);
		if (error == 0)
			error = annotations_weigh(&c, a->source_mailbox, a->source_uids[i], &noted);
		if (error)
			break;
		writes += writes_of_one(a, i) + noted.count + (a->move ? noted.all : 0);
		if (i > 0 && noted.all > 0 && writes > STORE_SLICE_KEYS) {
			a->count = i;
			a->more = !a->move;
			break;
		}
		count += noted.count;
		bytes += noted.bytes;
	}
	if (error == 0 && writes > STORE_WRITE_KEYS_MAX)
		error = -E2BIG;
	return error ? error : check_annotations_room(t, a, count, bytes);
}

/* Of all at once, before those that are moved go. */
static int copy_annotations(struct txn *t, const struct account_append *a)
{
	struct account_change from, to;
	if (a->source_emails == NULL)
		return 0;
	int error = begin_source(&from, t, a);
	if (error || from.head.annotations == 0)
		return error;
	error = change_begin(&to, t, a->shard, a->now);
	for (size_t i = 0; i < a->count && error == 0; i++)
		error = annotations_copy(&from, a->source_mailbox, a->source_uids[i], &to, a->mailbox,
		    a->messages[i]->targets[0].uid);
	return error ? error : change_end(&to);
}

static int remove_moved(struct txn *t, struct account_append *a)
{
	struct account_change c;
	if (!a->move)
		return 0;
	int error = change_begin(&c, t, a->source_shard, a->now);
	for (size_t i = 0; i < a->count && error == 0; i++)
		error = message_remove(
		    &c, a->source_mailbox, a->source_uids[i], undelete_until(a->accounts, a->now));
	if (error)
		return error;
	a->source_modseq = c.head.modseq;
	return change_end(&c);
}

/* What this step of a copy has added becomes a part of the intent; with the last step all parts go. */
static int keep_intent(struct txn *t, struct account_append *a)
{
	struct account_head head;
	int error = 0;
	for (uint32_t part = 0; !a->more && part < a->part && error == 0; part++)
		error = key_delete(t, a->shard, key_intent(a->intent, part));
	if (!a->more || error)
		return error;
	error = head_get(t, a->shard, &head);
	if (error == 0 && a->part == 0) {
		a->intent = head.next_intent++;
		error = head_put(t, a->shard, &head);
	}
	if (error)
		return error;
	/* The step is one commit, so their UIDs follow one another. */
	struct account_intent *intent = mem_alloc(sizeof *intent);
	*intent = (struct account_intent){.what = INTENT_COPY,
	    .process = a->accounts->process,
	    .mailbox = a->mailbox,
	    .time = a->now,
	    .count = 1,
	    .ranges = {{a->messages[0]->targets[0].uid, a->messages[a->count - 1]->targets[0].uid}}};
	error = intent_put(t, a->shard, a->intent, a->part, intent);
	mem_free(intent);
	return error;
}

static int remove_replaced(struct txn *t, struct account_append *a)
{
	struct account_change c;
	if (a->replace == 0)
		return 0;
	int error = change_begin(&c, t, a->shard, a->now);
	if (error == 0)
		error =
		    message_remove(&c, a->replace_mailbox, a->replace, undelete_until(a->accounts, a->now));
	if (error)
		return error;
	a->modseq = c.head.modseq;
	return change_end(&c);
}

static int run_append(struct txn *t, void *arg)
{
	struct account_append *a = arg;
	struct account_mailbox m;
	int error = a->path.len ? mailbox_at_path(t, a->shard, a->path, &a->mailbox) : 0;
	if (error == 0)
		error = check_replaced(t, a);
	if (error == 0)
		error = check_sources(t, a);
	if (error == 0)
		error = account_delivery_check(t, a->messages, a->count);
	if (error == 0)
		error = check_annotations(t, a);
	for (size_t i = 0; i < a->count && error == 0; i++) {
		struct account_delivery *d = a->messages[i];
		if (a->bodies_with_commit)
			d->blob = txn_body(t, i);
		error = account_delivery_run(t, d);
		a->modseq = d->targets[0].modseq;
		if (error == 0)
			error = set_annotations(t, a, i);
	}
	if (error == 0)
		error = copy_annotations(t, a);
	if (error == 0)
		error = remove_replaced(t, a);
	if (error == 0)
		error = remove_moved(t, a);
	if (error == 0)
		error = keep_intent(t, a);
	if (error == 0)
		error = mailbox_get(t, a->shard, a->mailbox, &m);
	if (error)
		return error;
	a->uidvalidity = m.uidvalidity;
	a->uidnext = m.uidnext;
	return 0;
}

static void committed(struct store_commit *commit, int result)
{
	struct account_append *a = container_of(commit, struct account_append, commit);
	if (result == 0 && a->more)
		a->part++;
	a->done(a, result);
}

static void commit(struct account_append *a)
{
	a->commit =
	    (struct store_commit){.run = run_append, .arg = a, .large = a->count > 1, .done = committed};
	for (size_t i = 0; i < a->count; i++) {
		account_delivery_begin(a->messages[i]);
		if (a->bodies_with_commit)
			a->commit.uploads[a->commit.upload_count++] = a->messages[i]->upload;
	}
	store_commit(a->accounts->store, &a->commit);
}

/* What was not given to the store yet goes. */
static void give_up(struct account_append *a, size_t from, int error)
{
	for (size_t i = from; i < a->count; i++)
		store_upload_abort(a->messages[i]->upload);
	a->done(a, error);
}

static void keep_next(struct account_append *a);

static void kept(struct account_keep *keep, int result)
{
	struct account_append *a = container_of(keep, struct account_append, keep);
	if (result) {
		give_up(a, a->kept + 1, result);
		return;
	}
	a->messages[a->kept++]->blob = keep->blob;
	if (a->kept < a->count)
		keep_next(a);
	else
		commit(a);
}

static void keep_next(struct account_append *a)
{
	struct account_delivery *d = a->messages[a->kept];
	a->keep = (struct account_keep){.shard = a->shard,
	    .upload = d->upload,
	    .seconds = KEPT_SECONDS,
	    .quota_default = d->targets[0].quota_default,
	    .done = kept};
	account_keep(a->accounts, &a->keep);
}

/* A request that is refused without a look is answered like all others: in store_dispatch. */
static int run_refuse(struct txn *t, void *arg)
{
	(void)t, (void)arg;
	return -E2BIG;
}

void account_append_leave(struct accounts *a, const struct account_append *append)
{
	if (append->part > 0)
		intent_leave(a, append->shard, append->intent);
}

void account_append(struct accounts *accounts, struct account_append *a)
{
	a->accounts = accounts;
	a->now = clock_wall();
	a->kept = 0;
	a->bodies_with_commit = a->count <= STORE_UPLOADS_MAX && a->source_emails == NULL;
	for (size_t i = 0; i < a->count; i++)
		a->messages[i]->all_or_none = a->messages[i]->appended = true;
	mark_many(a);
	if (a->count > ACCOUNT_APPEND_MAX || a->part >= ACCOUNT_APPEND_STEPS_MAX ||
	    writes_of(a) > STORE_WRITE_KEYS_MAX) {
		for (size_t i = 0; i < a->count; i++)
			store_upload_abort(a->messages[i]->upload);
		a->commit = (struct store_commit){.run = run_refuse, .arg = a, .done = committed};
		store_commit(accounts->store, &a->commit);
	} else if (a->bodies_with_commit || a->source_emails) {
		commit(a);
	} else {
		keep_next(a);
	}
}
