/*
 * Delivery: one body, any number of recipients of this server, one transaction. All that could refuse is
 * looked at before the first entry is written, so a full mailbox among the recipients costs nobody anything.
 */
#include <errno.h>

#include "account/correspondents.h"
#include "account/filed.h"
#include "account/lists.h"
#include "account/mailbox.h"
#include "account/message.h"
#include "account/muted.h"
#include "account/wanted.h"
#include "base/clock.h"
#include "base/container.h"
#include "mime/summary.h"

enum {
	/* Of all targets together: beside their other entries they fit one transaction. */
	REFERENCES_ALTOGETHER = 400,
	PLACES_ALTOGETHER = 200,
	LEARNING_TARGETS_MAX = 50
};

/* Looked for among the ids of this period and the last one: so each is known for at least one period. */
static int find_delivery(struct txn *t, const struct account_delivery *d, struct account_target *target)
{
	struct view value;
	uint32_t period = delivery_period(d->now);
	if (!target->has_delivery_id)
		return -ENOENT;
	int error = key_get(t, target->shard, key_delivery(period, target->delivery_id), &value);
	if (error == -ENOENT && period > 0)
		error = key_get(t, target->shard, key_delivery(period - 1, target->delivery_id), &value);
	if (error == 0)
		error = number_decode(value, &target->emailid);
	return error == -EBADMSG ? -ENOENT : error; /* rather twice than never */
}

bool account_delivery_is_refusal(int result)
{
	return result == -ENOENT || result == -EDQUOT || result == -EFBIG || result == -EMSGSIZE;
}

static uint64_t limit_of(uint64_t own, uint64_t general)
{
	return own ? own : general;
}

static int check_quota(const struct account_head *head, const struct account_target *target, uint64_t size)
{
	uint64_t quota = limit_of(head->quota, target->quota_default), used = head_bytes(head);
	uint64_t messages = limit_of(head->quota_messages, target->quota_messages_default);
	/* What an empty mailbox could not hold will never be taken: trying again is of no use. */
	if (quota && size > quota)
		return -EFBIG;
	if (quota && (used > quota || size > quota - used))
		return -EDQUOT;
	return messages && head->messages >= messages ? -EDQUOT : 0;
}

static unsigned percent(uint64_t used, uint64_t limit)
{
	return limit == 0 ? 0 : used >= limit ? 100 : (unsigned)((double)used * 100 / (double)limit);
}

/* The fuller of the two. */
static unsigned percent_used(const struct account_head *head, const struct account_target *target)
{
	unsigned bytes = percent(head_bytes(head), limit_of(head->quota, target->quota_default));
	unsigned messages =
	    percent(head->messages, limit_of(head->quota_messages, target->quota_messages_default));
	return bytes > messages ? bytes : messages;
}

static uint64_t body_len_of(const struct account_delivery *d, const struct account_target *target)
{
	return target->upload ? target->own_len : d->body_len;
}

/* 0: take it; 1: it has it already; or why not. */
static int check_target(struct txn *t, const struct account_delivery *d, struct account_target *target)
{
	struct account_head head;
	target->emailid = 0;
	target->repeated = target->muted = false;
	target->uid = target->warn = 0;
	target->modseq = 0;
	int error = head_get(t, target->shard, &head);
	if (error)
		return error;
	error = find_delivery(t, d, target);
	if (error != -ENOENT)
		return error == 0 ? 1 : error;
	if (target->summary.len > SUMMARY_INLINE_MAX || target->structure.len > STRUCTURE_INLINE_MAX)
		return -EMSGSIZE;
	if (target->prefix.len + target->uidl.len > ACCOUNT_PREFIX_MAX ||
	    target->uidl.len > ACCOUNT_UIDL_MAX || d->summary.len > SUMMARY_INLINE_MAX ||
	    d->structure.len > STRUCTURE_INLINE_MAX)
		return -EMSGSIZE;
	return target->enforce_quota && !target->nowhere
	           ? check_quota(&head, target, target->prefix.len + body_len_of(d, target))
	           : 0;
}

int account_delivery_check(struct txn *t, struct account_delivery *const *deliveries, size_t count)
{
	struct account_head head;
	int error = head_get(t, deliveries[0]->targets[0].shard, &head);
	for (size_t i = 0; i < count && error == 0; i++) {
		struct account_target *target = &deliveries[i]->targets[0];
		uint64_t size = target->prefix.len + deliveries[i]->body_len;
		error = check_target(t, deliveries[i], target);
		if (error == 0 && target->enforce_quota)
			error = check_quota(&head, target, size);
		if (error == 0) {
			head.bytes += size;
			head.messages++;
		}
		error = error > 0 ? 0 : error;
	}
	return error;
}

static size_t references_of(const struct account_delivery *d)
{
	size_t share = REFERENCES_ALTOGETHER / (d->target_count ? d->target_count : 1);
	size_t count =
	    d->reference_count < MESSAGE_REFERENCES_MAX ? d->reference_count : MESSAGE_REFERENCES_MAX;
	return count < share ? count : share;
}

static size_t places_of(const struct account_delivery *d, const struct account_target *target)
{
	size_t share = PLACES_ALTOGETHER / (d->target_count ? d->target_count : 1);
	size_t count =
	    target->place_count < ACCOUNT_TARGET_PLACES_MAX ? target->place_count : ACCOUNT_TARGET_PLACES_MAX;
	if (count > share)
		count = share;
	return count ? count : 1;
}

static void set_hashes(const struct account_delivery *d, struct account_email *email)
{
	size_t references = references_of(d);
	if (d->message_id_hash == 0 && references == 0)
		return;
	email->hashes[0] = d->message_id_hash;
	email->hash_count = 1;
	for (size_t i = 0; i < references; i++) {
		bool known = false;
		for (size_t k = 0; k < email->hash_count; k++)
			known = known || email->hashes[k] == d->references[i];
		if (!known)
			email->hashes[email->hash_count++] = d->references[i];
	}
}

static int add_keywords(
    struct account_change *c, const struct account_wanted_place *wanted, struct message_flags *flags)
{
	for (size_t i = 0; i < wanted->keyword_count; i++) {
		uint32_t number;
		int error = keywords_get(c, wanted->keywords[i], &number);
		if (error == 0)
			error = keywords_add(flags, number);
		if (error && error != -EINVAL && error != -EMLINK)
			return error;
	}
	return 0;
}

/* Subscribed, since whoever files mail there wants to see it. -EINVAL, -EMLINK: there can be none. */
static int make_mailbox(struct account_change *c, struct view text, uint32_t *mailbox)
{
	struct account_mailbox m = {.subscribed = true};
	struct mailbox_path path;
	size_t levels;
	uint32_t parent;
	int error = mailbox_path_read(text, &path);
	if (error == 0)
		error = mailbox_follow(c->txn, c->shard, &path, 0, &levels, &parent);
	if (error == 0)
		error = mailbox_room(c, path.count - levels);
	if (error == 0)
		error = mailbox_inherit(c, parent, &m);
	return error ? error : mailbox_make(c, &path, levels, parent, &m, mailbox);
}

/* *missed: it is INBOX, as what was wanted cannot be had. */
static int find_mailbox(
    struct account_change *c, const struct account_wanted_place *wanted, uint32_t *mailbox, bool *missed)
{
	struct change_mailbox *box;
	int error = account_mailbox_wanted(c->txn, c->shard, wanted, mailbox);
	if (error == -ENOENT && wanted->create && wanted->path.len > 0)
		error = make_mailbox(c, wanted->path, mailbox);
	*missed = wanted->else_inbox && (error == -ENOENT || error == -EINVAL || error == -EMLINK);
	if (*missed) {
		*mailbox = MAILBOX_INBOX;
		error = 0;
	}
	return error ? error : change_mailbox(c, *mailbox, &box);
}

/* The mailboxes that are asked for, each once. */
static int find_places(struct account_change *c, const struct account_delivery *d,
    struct account_target *target, struct message_place *places, size_t *count)
{
	struct account_wanted_place only = {.mailbox = target->mailbox};
	size_t wanted = places_of(d, target);
	*count = 0;
	target->missed = 0;
	for (size_t i = 0; i < wanted; i++) {
		const struct account_wanted_place *w = target->place_count ? &target->places[i] : &only;
		struct message_place *p = &places[*count];
		size_t k = 0;
		bool missed;
		int error = find_mailbox(c, w, &p->mailbox, &missed);
		if (error)
			return error;
		target->missed |= missed ? 1U << i : 0;
		while (k < *count && places[k].mailbox != p->mailbox)
			k++;
		p = &places[k];
		if (k == *count) {
			p->flags.bits = d->binary && !target->upload ? FLAG_BINARY : 0;
			p->flags.more.count = 0;
			(*count)++;
		}
		p->flags.bits |= w->flags & FLAGS_SYSTEM;
		error = add_keywords(c, w, &p->flags);
		if (error)
			return error;
	}
	return 0;
}

static int remember_delivery(
    struct account_change *c, const struct account_delivery *d, const struct account_target *target)
{
	struct entry value;
	if (!target->has_delivery_id)
		return 0;
	number_encode(target->emailid, &value);
	return change_put(c, key_delivery(delivery_period(d->now), target->delivery_id), &value);
}

/* A second delivery of it must find that there was one. */
static int deliver_nowhere(struct txn *t, const struct account_delivery *d, struct account_target *target)
{
	struct account_change c;
	if (!target->has_delivery_id)
		return 0;
	int error = change_begin(&c, t, target->shard, d->now);
	if (error == 0)
		error = remember_delivery(&c, d, target);
	return error ? error : change_end(&c);
}

static int put_filed(struct account_change *c, const struct account_delivery *d,
    const struct account_target *target, const struct message_place *places, size_t count)
{
	struct account_place at[ACCOUNT_TARGET_PLACES_MAX];
	struct entry value;
	if (target->filed.len == 0)
		return 0;
	for (size_t i = 0; i < count; i++)
		at[i] = (struct account_place){.mailbox = places[i].mailbox, .uid = places[i].uid};
	filed_encode(d->now, at, count, target->filed, &value);
	return change_put(c, key_filed(target->emailid), &value);
}

static bool is_alone(const struct account_delivery *d)
{
	return d->target_count == 1 && !d->many;
}

/* What is learnt of correspondents. Many recipients at once are never one's own Sent, and leave no room for
 * names; so many as these leave none for anything. */
static size_t learning_writes(const struct account_delivery *d)
{
	if (d->target_count > LEARNING_TARGETS_MAX)
		return 0;
	return is_alone(d) ? ACCOUNT_WRITTEN_WRITES : ACCOUNT_HEARD_WRITES;
}

static int learn(struct account_change *c, const struct account_delivery *d,
    const struct account_email *email, uint64_t emailid, uint32_t mailbox)
{
	const uint32_t *roles = c->head.roles;
	if (mailbox == roles[MAILBOX_ROLE_SENT])
		return is_alone(d) ? correspondents_written(c, email->summary) : 0;
	if (d->target_count > LEARNING_TARGETS_MAX || mailbox == roles[MAILBOX_ROLE_JUNK] ||
	    mailbox == roles[MAILBOX_ROLE_DRAFTS])
		return 0;
	return correspondents_heard(c, emailid, email->summary, is_alone(d) && d->author_proven);
}

/* Somebody has named the mailbox itself: an import. */
static bool is_put(const struct account_target *target)
{
	return target->place_count > 0 && target->places[0].number > 0;
}

/* Whether the server gives it keywords of its own. Many recipients leave no room for those of each. */
static bool marks(const struct account_delivery *d)
{
	return !d->appended && d->target_count <= LEARNING_TARGETS_MAX;
}

/* For programs that show an invitation as one (doc/jmap.md). An account that can have no more keywords does
 * without. */
static int mark_invitation(
    struct account_change *c, struct view summary, struct message_place *places, size_t count)
{
	uint32_t number;
	if (!message_summary_has_invitation(summary))
		return 0;
	int error = keywords_get(c, VIEW("$hasinvitation"), &number);
	for (size_t i = 0; i < count && error == 0; i++)
		error = keywords_add(&places[i].flags, number);
	return error == -EMLINK ? 0 : error;
}

static int deliver_to(struct txn *t, const struct account_delivery *d, struct account_target *target)
{
	struct account_change c;
	struct message_place places[ACCOUNT_TARGET_PLACES_MAX];
	size_t count;
	struct account_email email = {
	    .blob = target->upload           ? txn_body(t, target->upload - 1)
	            : blob_is_none(&d->blob) ? txn_body(t, 0)
	                                     : d->blob,
	    .body_len = body_len_of(d, target),
	    .internaldate = d->internaldate ? d->internaldate : d->now,
	    .received = d->now,
	    .prefix = target->prefix,
	    .uidl = target->uidl,
	    .summary = target->upload ? target->summary : d->summary,
	    .structure = target->upload ? target->structure : d->structure,
	    .text_growth = d->binary && !target->upload ? d->text_growth : 0,
	    .list = d->list,
	};
	set_hashes(d, &email);
	int error = change_begin(&c, t, target->shard, d->now);
	if (error == 0 && percent_used(&c.head, target) < ACCOUNT_QUOTA_CALM)
		c.head.quota_warned = false;
	if (error == 0)
		error = find_places(&c, d, target, places, &count);
	if (error == 0 && !d->appended && !is_put(target))
		error = muted_heed(&c, &email, places, &count, marks(d), &target->muted);
	if (error == 0 && marks(d))
		error = mark_invitation(&c, email.summary, places, count);
	if (error == 0)
		error = message_add(&c, &email, places, count, &target->emailid);
	if (error == 0)
		error = put_filed(&c, d, target, places, count);
	if (error == 0)
		error = learn(&c, d, &email, target->emailid, places[0].mailbox);
	if (error)
		return error;
	if (d->list_counts && places[0].mailbox != c.head.roles[MAILBOX_ROLE_JUNK])
		error = lists_see(&c, d->list, d->now);
	if (error)
		return error;
	target->uid = places[0].uid;
	unsigned used = percent_used(&c.head, target);
	if (d->quota_warning && used >= d->quota_warning && !c.head.quota_warned) {
		c.head.quota_warned = true;
		target->warn = used;
	}
	target->modseq = c.head.modseq;
	if (!d->appended)
		change_mark_state(&c, MAIL_STATE_DELIVERIES);
	error = remember_delivery(&c, d, target);
	return error ? error : change_end(&c);
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
			int error =
			    target->nowhere ? deliver_nowhere(t, d, target) : deliver_to(t, d, target);
			if (error)
				return error;
		} else if (target->result == 1) {
			target->result = 0;
			target->repeated = true;
		}
	}
	return any || done_before ? 0 : refusal;
}

static size_t creation_writes(const struct account_wanted_place *w)
{
	size_t levels = 1;
	if (!w->create)
		return 0;
	for (size_t i = 0; i < w->path.len; i++)
		levels += w->path.data[i] == '/';
	return MAILBOX_MAKE_WRITES * (levels < ACCOUNT_DEPTH_MAX ? levels : ACCOUNT_DEPTH_MAX);
}

/* Of places with flags: O and Q; of each keyword the entry, its name, the message's use of it. */
static size_t flags_writes(const struct account_delivery *d, const struct account_target *target)
{
	size_t writes = 0;
	for (size_t i = 0; i < target->place_count && i < places_of(d, target); i++) {
		const struct account_wanted_place *w = &target->places[i];
		writes += 3 * w->keyword_count + (w->keyword_count > 0) + creation_writes(w);
		writes += (w->flags & FLAGS_SYSTEM) || w->keyword_count > 0;
	}
	return writes;
}

/* Of $muted, which is there already, and of $hasinvitation, which may be new: the use of each, the latter's
 * name, and O and Q of each place. */
static size_t mark_writes(size_t places)
{
	enum { USES_AND_NAME = 4 };
	return USES_AND_NAME + 2 * places;
}

size_t account_delivery_writes(const struct account_delivery *d)
{
	enum { HEAD_AND_DELIVERY_ID = 2 };
	size_t writes = 0;
	for (size_t i = 0; i < d->target_count; i++) {
		size_t places = places_of(d, &d->targets[i]);
		writes += message_add_writes(places, 1 + references_of(d)) + places + HEAD_AND_DELIVERY_ID +
		          flags_writes(d, &d->targets[i]) + learning_writes(d) + d->list_counts +
		          (marks(d) ? mark_writes(places) : 0) + (d->targets[i].filed.len > 0);
	}
	return writes;
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
