/*
 * Appending: see append.h. Bodies come with the commit that names them, as long as one carries so many. Of
 * more, each is made durable by itself before (account_keep), and upkeep drops it if the commit never comes.
 */
#include "account/append.h"

#include <errno.h>

#include "account/intent.h"
#include "account/message.h"
#include "base/clock.h"
#include "base/container.h"

enum {
	KEPT_SECONDS = 600, /* from the first body to the commit: as long as a slow disk may take */
	REPLACE_WRITES = MESSAGE_WRITES_MAX + CHANGE_END_WRITES
};

static size_t writes_of(const struct account_append *a)
{
	size_t writes = a->replace ? REPLACE_WRITES : 0;
	for (size_t i = 0; i < a->count; i++)
		writes += account_delivery_writes(a->messages[i]);
	return writes;
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

static int check_sources(struct txn *t, const struct account_append *a)
{
	struct view value;
	int error = 0;
	for (size_t i = 0; a->source_emails && i < a->count && error == 0; i++)
		error = key_get(t, a->source_shard, key_email(a->source_emails[i]), &value);
	return error == -ENOENT ? -ESTALE : error;
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
	int error = check_replaced(t, a);
	if (error == 0)
		error = check_sources(t, a);
	for (size_t i = 0; i < a->count && error == 0; i++) {
		struct account_delivery *d = a->messages[i];
		if (a->bodies_with_commit)
			d->blob = txn_body(t, i);
		error = account_delivery_run(t, d);
		a->modseq = d->targets[0].modseq;
	}
	if (error == 0)
		error = remove_replaced(t, a);
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

void account_append(struct accounts *accounts, struct account_append *a)
{
	a->accounts = accounts;
	a->now = clock_wall();
	a->kept = 0;
	a->bodies_with_commit = a->count <= STORE_UPLOADS_MAX && a->source_emails == NULL;
	for (size_t i = 0; i < a->count; i++)
		a->messages[i]->all_or_none = true;
	if (a->count > ACCOUNT_APPEND_MAX || writes_of(a) > STORE_WRITE_KEYS_MAX) {
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
