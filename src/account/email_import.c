/* Making emails of bytes that are there: see email_import.h. */
#include "account/email_import.h"

#include <errno.h>
#include <string.h>

#include "account/change.h"
#include "account/email_look.h"
#include "base/container.h"
#include "base/mem.h"

static bool is_blob(const struct blob_id *a, const struct blob_id *b)
{
	return memcmp(a->bytes, b->bytes, BLOB_ID_SIZE) == 0;
}

/* Asked before the first write, as refusals must be. */
static int check_email(struct txn *t, const struct account_email_import *i)
{
	struct account_email email;
	struct view value;
	int error = key_get(t, i->source_shard, key_email(i->source_email), &value);
	if (error == 0)
		error = email_decode(i->source_email, value, &email);
	return error ? error : is_blob(&email.blob, &i->delivery->blob) ? 0 : -ENOENT;
}

static int check_kept(struct txn *t, struct account_email_import *i)
{
	struct view value;
	int error = key_get(t, i->source_shard, key_kept(i->source_expires, i->source_kept), &value);
	if (error == 0)
		error = kept_decode(value, &i->kept);
	return error ? error : is_blob(&i->kept.blob, &i->delivery->blob) ? 0 : -ENOENT;
}

static int check_source(struct txn *t, struct account_email_import *i)
{
	i->kept.use_count = 0;
	if (i->source_shard == 0)
		return 0;
	int error = i->source_email ? check_email(t, i) : check_kept(t, i);
	return error == -ENOENT ? -ESTALE : error;
}

/* ---- twins ---- */

/* One that is deleted, by JMAP or by IMAP's \Deleted, is none. */
static int check_twin(struct txn *t, struct account_email_import *i, uint64_t emailid)
{
	struct account_places places = {.count = 0};
	struct email_look *look = mem_alloc(sizeof *look);
	look_init(look, t, i->delivery->targets[0].shard, i->who);
	int error = look_places(look, emailid, &places);
	mem_free(look);
	if (error || places.count == 0)
		return error;
	i->existing = emailid;
	return -EEXIST;
}

static int check_twins(struct txn *t, struct account_email_import *i)
{
	uint64_t shard = i->delivery->targets[0].shard;
	if (i->source_email && i->source_shard == shard)
		return check_twin(t, i, i->source_email);
	for (size_t k = 0; k < i->kept.use_count; k++)
		if (i->kept.uses[k].shard == shard)
			return check_twin(t, i, i->kept.uses[k].email);
	return 0;
}

/* What was made of the kept body in this account last; of very many accounts the first one is forgotten. */
static int note_use(struct txn *t, struct account_email_import *i)
{
	const struct account_target *target = i->delivery->targets;
	struct account_kept *kept = &i->kept;
	struct entry value;
	size_t k = 0;
	if (i->source_kept == 0)
		return 0;
	while (k < kept->use_count && kept->uses[k].shard != target->shard)
		k++;
	if (k == ACCOUNT_KEPT_USES_MAX) {
		memmove(&kept->uses[0], &kept->uses[1], (ACCOUNT_KEPT_USES_MAX - 1) * sizeof kept->uses[0]);
		k = --kept->use_count;
	}
	kept->uses[k] = (struct account_kept_use){target->shard, target->emailid};
	kept->use_count += k == kept->use_count;
	kept_encode(kept, &value);
	return value_put(t, i->source_shard, key_kept(i->source_expires, i->source_kept), &value);
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
		error = check_twins(t, i);
	if (error == 0)
		error = account_delivery_run(t, i->delivery);
	if (error == 0)
		error = note_use(t, i);
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
