/* Making emails of bytes that are there: see email_import.h. */
#include "account/email_import.h"

#include <errno.h>
#include <string.h>

#include "account/change.h"
#include "account/email_look.h"
#include "base/container.h"

static bool is_blob(const struct blob_id *a, const struct blob_id *b)
{
	return memcmp(a->bytes, b->bytes, BLOB_ID_SIZE) == 0;
}

/* Asked before the first write, as refusals must be. */
static int check_source(struct txn *t, const struct account_email_import *i)
{
	struct account_email email;
	struct account_kept kept;
	struct view value;
	int error;
	if (i->source_shard == 0)
		return 0;
	if (i->source_email) {
		error = key_get(t, i->source_shard, key_email(i->source_email), &value);
		if (error == 0)
			error = email_decode(i->source_email, value, &email);
		if (error == 0 && !is_blob(&email.blob, &i->delivery->blob))
			error = -ENOENT;
	} else {
		error = key_get(t, i->source_shard, key_kept(i->source_expires, i->source_kept), &value);
		if (error == 0)
			error = kept_decode(value, &kept);
		if (error == 0 && !is_blob(&kept.blob, &i->delivery->blob))
			error = -ENOENT;
	}
	return error == -ENOENT ? -ESTALE : error;
}

static int check_mailboxes(struct txn *t, const struct account_target *target)
{
	struct account_head head;
	struct account_mailbox m;
	int error = head_get(t, target->shard, &head);
	for (size_t i = 0; i < target->place_count && error == 0; i++) {
		error = mailbox_get(t, target->shard, target->places[i].number, &m);
		error = error == -ENOENT ? -ENXIO : error;
	}
	return error;
}

static int run_import(struct txn *t, void *arg)
{
	struct account_email_import *i = arg;
	struct account_target *target = i->delivery->targets;
	struct account_email email;
	struct view value;
	int error = check_mailboxes(t, target);
	if (error == 0)
		error = check_source(t, i);
	if (error == 0)
		error = account_delivery_run(t, i->delivery);
	if (error == 0)
		error = key_get(t, target->shard, key_email(target->emailid), &value);
	if (error == 0)
		error = email_decode(target->emailid, value, &email);
	if (error == 0)
		error = email_places(t, target->shard, target->emailid, &i->places);
	if (error)
		return error;
	i->thread = email.thread;
	i->size = email.prefix.len + email.body_len + email.text_growth;
	return 0;
}

static void imported(struct store_commit *commit, int result)
{
	struct account_email_import *i = container_of(commit, struct account_email_import, commit);
	i->done(i, result);
}

void account_email_import(struct accounts *a, struct account_email_import *i)
{
	struct account_delivery *d = i->delivery;
	d->appended = d->all_or_none = true;
	account_delivery_begin(d);
	i->commit = (struct store_commit){.run = run_import, .arg = i, .done = imported};
	if (d->upload)
		i->commit.uploads[i->commit.upload_count++] = d->upload;
	store_commit(a->store, &i->commit);
}
