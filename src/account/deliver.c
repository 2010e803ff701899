/*
 * Delivery: one body, any number of recipients of this server, one transaction. All that could refuse is
 * looked at before the first entry is written, so a full mailbox among the recipients costs nobody anything.
 */
#include <errno.h>

#include "account/message.h"
#include "base/clock.h"
#include "base/container.h"

static bool was_delivered(struct txn *t, struct account_target *target)
{
	struct view value;
	int64_t time;
	return target->has_delivery_id &&
	       key_get(t, target->shard, key_delivery(target->delivery_id), &value) == 0 &&
	       delivered_decode(value, &time, &target->emailid) == 0;
}

bool account_delivery_is_refusal(int result)
{
	return result == -ENOENT || result == -EDQUOT || result == -EFBIG || result == -EMSGSIZE;
}

/* 0: take it; 1: it has it already; or why not. */
static int check_target(struct txn *t, const struct account_delivery *d, struct account_target *target)
{
	struct account_head head;
	target->emailid = 0;
	target->uid = 0;
	int error = head_get(t, target->shard, &head);
	if (error)
		return error;
	if (was_delivered(t, target))
		return 1;
	if (target->prefix.len + d->summary.len + target->uidl.len > ACCOUNT_INLINE_MAX ||
	    target->uidl.len > ACCOUNT_UIDL_MAX)
		return -EMSGSIZE;
	uint64_t size = target->prefix.len + d->body_len;
	uint64_t quota = head.quota ? head.quota : target->quota_default;
	if (!target->enforce_quota || quota == 0)
		return 0;
	/* What an empty mailbox could not hold will never be taken: trying again is of no use. */
	if (size > quota)
		return -EFBIG;
	return head.bytes > quota || size > quota - head.bytes ? -EDQUOT : 0;
}

static int deliver_to(struct txn *t, const struct account_delivery *d, struct account_target *target)
{
	struct account_session s;
	uint32_t mailbox;
	struct account_email email = {
	    .blob = blob_is_none(&d->blob) ? txn_body(t, 0) : d->blob,
	    .body_len = d->body_len,
	    .internaldate = d->internaldate ? d->internaldate : d->now,
	    .received = d->now,
	    .message_id_hash = d->message_id_hash,
	    .prefix = target->prefix,
	    .uidl = target->uidl,
	    .summary = d->summary,
	    .text_growth = d->binary ? d->text_growth : 0,
	};
	uint32_t flags = d->binary ? target->flags | FLAG_BINARY : target->flags & ~(uint32_t)FLAG_BINARY;
	int error = mailbox_find(t, target->shard, target->mailbox, &mailbox);
	if (error == 0)
		error = session_begin(&s, t, target->shard, mailbox, d->now);
	if (error == 0)
		error = message_add(
		    &s, &email, flags, d->references, d->reference_count, &target->emailid, &target->uid);
	if (error == 0 && target->has_delivery_id) {
		struct account_value value;
		delivered_encode(d->now, target->emailid, &value);
		error = value_put(t, target->shard, key_delivery(target->delivery_id), &value);
	}
	return error ? error : session_end(&s);
}

int account_delivery_run(struct txn *t, struct account_delivery *d)
{
	bool any = false, done_before = false;
	int refusal = -ENOENT;
	for (size_t i = 0; i < d->target_count; i++) {
		struct account_target *target = &d->targets[i];
		target->result = check_target(t, d, target);
		any = any || target->result == 0;
		done_before = done_before || target->result == 1;
		if (target->result < 0) {
			refusal = target->result;
			if (d->all_or_none || !account_delivery_is_refusal(refusal))
				return refusal;
		}
	}
	for (size_t i = 0; i < d->target_count; i++) {
		struct account_target *target = &d->targets[i];
		if (target->result == 0) {
			int error = deliver_to(t, d, target);
			if (error)
				return error;
		} else if (target->result == 1) {
			target->result = 0;
		}
	}
	return any || done_before ? 0 : refusal;
}

size_t account_delivery_writes(size_t targets)
{
	return targets * (MESSAGE_ADD_WRITES + SESSION_WRITES + 1);
}

void account_delivery_begin(struct account_delivery *d)
{
	d->now = clock_wall();
}

static int run_delivery(struct txn *t, void *arg)
{
	return account_delivery_run(t, arg);
}

static void commit_done(struct store_commit *c, int result)
{
	struct account_delivery *d = container_of(c, struct account_delivery, commit);
	d->done(d, result);
}

void account_deliver(struct accounts *a, struct account_delivery *d)
{
	account_delivery_begin(d);
	d->commit = (struct store_commit){.run = run_delivery, .arg = d, .done = commit_done};
	if (d->upload)
		d->commit.uploads[d->commit.upload_count++] = d->upload;
	store_commit(a->store, &d->commit);
}
