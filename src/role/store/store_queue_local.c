/*
 * "@local": mail for mailboxes here that was to be held until a time. The store role takes it like relay
 * takes the rest, and puts each message into its mailboxes in the same commit that says so in its record.
 */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/container.h"
#include "base/log.h"
#include "base/mem.h"
#include "role/store/store_filtering.h"
#include "role/store/store_masked.h"
#include "role/store/store_private.h"
#include "role/store/store_push.h"
#include "dsn/dsn_explain.h"
#include "format/mail_terms.h"

enum {
	AT_ONCE = 16,
	LOCAL_REQUEST = 0,
	AGAIN_SECONDS = 30,
	LOCAL_WRITES = 400 /* entries of the queue that an outcome changes at most: a record and its waits */
};

/* One message: all its mailboxes here that are due. */
struct local {
	struct store_commit commit;
	struct account_delivery mail;
	struct spool spool;
	struct queue_id id;
	unsigned shard;
	uint64_t number;
	uint64_t references[MESSAGE_REFERENCES_MAX];
	struct change_outcome outcome;
	struct change_result *results;
	size_t *targets; /* of each result */
	size_t count;
	bool wanted; /* the record still was when the commit came to it */
	struct filtering rules;
	struct arena arena;
};

static struct {
	uint64_t number; /* 0: it is not ours now */
	size_t under_way;
	bool more, taking, failed;
} local_now;

static void take_more(void);

static void go_on(void)
{
	if (local_now.number == 0 || local_now.taking || local_now.under_way > 0)
		return;
	if (local_now.more) {
		take_more();
		return;
	}
	uint64_t number = local_now.number;
	local_now.number = 0;
	queue_rest(store_role.queue, number,
	    &(struct spool_rest){
	        .how = local_now.failed ? REST_LATER : REST_EMPTY, .seconds = AGAIN_SECONDS});
}

static void take_more(void)
{
	local_now.taking = true;
	local_now.more = false;
	if (queue_take(store_role.queue, LOCAL_REQUEST, local_now.number, AT_ONCE, 0) != 0) {
		local_now.taking = false;
		local_now.number = 0;
	}
}

void store_queue_local_offer(const struct queue_offer *offer)
{
	local_now.number = offer->number;
	local_now.under_way = 0;
	local_now.failed = false;
	take_more();
}

bool store_queue_local_taken(uint64_t number, int error, size_t count, bool more)
{
	if (number != local_now.number || number == 0)
		return false;
	local_now.taking = false;
	local_now.more = more && error == 0 && count > 0 && !local_now.failed;
	local_now.failed = local_now.failed || error;
	go_on();
	return true;
}

/* ---- one message ---- */

static enum trouble trouble_of(int error)
{
	return error == -ENOENT   ? TROUBLE_MAILBOX_GONE
	       : error == -EDQUOT ? TROUBLE_MAILBOX_FULL
	       : error == -EFBIG  ? TROUBLE_MAILBOX_SMALL
	                          : TROUBLE_LOCAL;
}

/* Failures that no later attempt can change. */
static bool is_final(int error)
{
	return error == -ENOENT || error == -EFBIG || error == -EMSGSIZE;
}

static void set_refusal(struct change_result *r, const struct filtered *rules)
{
	*r = (struct change_result){.recipient = r->recipient,
	    .verdict = QUEUE_FAILED,
	    .cause = TROUBLE_RULES,
	    .status = VIEW("5.7.1"),
	    .reply = rules->report};
}

/* What the mailboxes said, for the record. */
static void set_results(struct local *l)
{
	for (size_t i = 0; i < l->count; i++) {
		int error = l->mail.targets[l->targets[i]].result;
		struct change_result *r = &l->results[i];
		if (error == 0 && l->rules.targets[l->targets[i]].refused) {
			set_refusal(r, &l->rules.targets[l->targets[i]]);
			continue;
		}
		r->verdict = error == 0 ? QUEUE_DELIVERED : is_final(error) ? QUEUE_FAILED : QUEUE_DEFERRED;
		r->cause = (uint8_t)(error == 0 ? TROUBLE_NONE : trouble_of(error));
		r->status = error == 0 ? VIEW("2.0.0")
		                       : view_from_string(trouble_status(trouble_of(error), is_final(error)));
		r->reply =
		    error == 0 ? (struct view){0} : view_from_string(trouble_phrase(trouble_of(error)));
	}
}

/* Whether the record still wants all of it: an administrator may have been here meanwhile. */
static int is_wanted(struct local *l, bool *wanted)
{
	struct spool_message m;
	int error = spool_load(&l->spool, l->shard, &l->id, &m);
	*wanted = error == 0 && !m.record.held;
	for (size_t i = 0; i < l->count && *wanted; i++)
		*wanted = l->results[i].recipient < m.record.count &&
		          m.record.recipients[l->results[i].recipient].state == RECORD_WAITING;
	return error == -ENOENT ? 0 : error;
}

static int note_masked(struct txn *t, const struct local *l)
{
	int error = 0;
	for (size_t i = 0; i < l->mail.target_count && error == 0; i++) {
		const struct account_target *target = &l->mail.targets[i];
		if (target->result == 0 && !target->repeated)
			error =
			    store_masked_heard(t, target->shard, l->rules.targets[i].original, l->mail.now);
	}
	return error;
}

/* A refusal of a mailbox is no failure of the commit: the record says so, and nothing else was written. */
static int run(struct txn *t, void *arg)
{
	struct local *l = arg;
	size_t writes = account_delivery_writes(&l->mail) + STORE_MASKED_WRITES * l->mail.target_count;
	spool_begin(&l->spool, t);
	l->spool.reserved = writes + filtering_writes(&l->rules);
	int error = is_wanted(l, &l->wanted);
	if (error || !l->wanted)
		return error;
	error = filtering_check(t, &l->rules, writes + LOCAL_WRITES);
	if (error)
		return error;
	error = account_delivery_run(t, &l->mail);
	if (error && !account_delivery_is_refusal(error))
		return error;
	set_results(l);
	error = note_masked(t, l);
	if (error == 0)
		error = change_outcome(&l->spool, l->shard, &l->id, &l->outcome);
	if (error == 0)
		error = spool_news(&l->spool);
	return error ? error : filtering_run(t, &l->rules);
}

static void end(struct local *l)
{
	queue_lease_end(store_role.queue, l->number, queue_id_view(&l->id));
	if (l->number == local_now.number)
		local_now.under_way--;
	spool_done(&l->spool);
	filtering_free(&l->rules);
	arena_done(&l->arena);
	mem_free(l);
	go_on();
}

static void trace(const struct local *l)
{
	for (size_t i = 0; i < l->mail.target_count; i++)
		filtering_trace(&l->rules, i, l->rules.targets[i].recipient, l->rules.targets[i].original);
}

static void done(struct store_commit *c, int result)
{
	struct local *l = container_of(c, struct local, commit);
	/* What an administrator took away meanwhile was not delivered: nothing is sent, and nobody is told.
	 */
	redirects_done(&l->rules.redirects, result ? result : l->wanted ? 0 : -ENOENT, queue_id_view(&l->id));
	if (result == 0 && l->wanted) {
		queue_take_effects(store_role.queue, &l->spool);
		store_notice_quota(l->mail.targets, l->mail.target_count);
		store_push_delivered(l->mail.targets, l->mail.target_count);
		trace(l);
		filtering_tell(&l->rules, result);
	} else if (result) {
		/* It stays, and comes back when "@local" is due again. */
		log_event(LOG_ERROR, "-", "queue-not-kept", log_text("message", queue_id_view(&l->id)),
		    log_errno(result));
		local_now.failed = true;
		local_now.more = false;
	}
	end(l);
}

static void begin_commit(struct local *l)
{
	account_delivery_begin(&l->mail);
	spool_init(&l->spool, queue_config(store_role.queue), clock_wall());
	l->commit.run = run;
	l->commit.arg = l;
	l->commit.done = done;
	store_commit(store_role.store, &l->commit);
}

/* ---- its rules ---- */

static void rules_done(struct filtering *f)
{
	struct local *l = container_of(f, struct local, rules);
	redirects_begin(&f->redirects, &l->mail.blob);
	filtering_put_versions(f, &l->commit);
	begin_commit(l);
}

/* It stays in the queue. */
static void rules_stopped(struct filtering *f)
{
	struct local *l = container_of(f, struct local, rules);
	filtering_free(f);
	arena_done(&l->arena);
	mem_free(l);
}

/* What is sent on needs more of the record than mailboxes do. */
static bool copy_record(struct local *l, const struct queue_record *from)
{
	struct queue_record *to = &l->rules.record;
	*to = *from;
	to->recipients = NULL;
	to->count = 0;
	return arena_copy(&l->arena, from->terms.sender, &to->terms.sender) &&
	       arena_copy(&l->arena, from->terms.envid, &to->terms.envid) &&
	       arena_copy(&l->arena, from->client, &to->client) &&
	       arena_copy(&l->arena, from->message_id, &to->message_id) &&
	       arena_copy(&l->arena, from->head, &to->head) &&
	       arena_copy(&l->arena, from->signer, &to->signer) &&
	       arena_copy(&l->arena, from->summary, &to->summary) &&
	       arena_copy(&l->arena, from->headers, &to->headers);
}

static bool ask_rules(struct local *l, const struct queue_record *record)
{
	struct filtering *f = &l->rules;
	if (!copy_record(l, record))
		return false;
	f->delivery = &l->mail;
	f->arena = &l->arena;
	f->mail.terms = f->record.terms;
	f->mail.now = l->mail.internaldate;
	f->id = queue_id_view(&l->id);
	f->done = rules_done;
	f->stopped = rules_stopped;
	filtering_begin(f, NULL, &l->mail.blob, l->mail.body_len);
	return true;
}

static bool copy_targets(struct local *l, const struct queue_handout *h)
{
	struct account_target *targets = arena_array(&l->arena, h->count, sizeof *targets);
	l->rules.targets = arena_array(&l->arena, h->count, sizeof *l->rules.targets);
	l->targets = arena_array(&l->arena, h->count, sizeof *l->targets);
	l->results = arena_array(&l->arena, h->count, sizeof *l->results);
	if (targets == NULL || l->rules.targets == NULL || l->targets == NULL || l->results == NULL)
		return false;
	for (size_t i = 0; i < h->count; i++) {
		const struct record_recipient *p = &h->record->recipients[h->recipients[i]];
		size_t k = 0;
		while (k < l->mail.target_count && targets[k].shard != p->account)
			k++;
		l->results[i].recipient = h->recipients[i];
		l->targets[i] = k;
		if (k < l->mail.target_count)
			continue;
		targets[k] = (struct account_target){.shard = p->account,
		    .enforce_quota = true,
		    .quota_default = store_role.process->settings.quota_default,
		    .quota_messages_default = store_role.process->settings.quota_messages_default,
		    .has_delivery_id = true};
		memcpy(targets[k].delivery_id, h->id.text, QUEUE_ID_SIZE);
		if (!arena_copy(&l->arena, p->mailbox, &targets[k].mailbox) ||
		    !store_prefix_join(&l->arena, p->prefix, h->record->headers, &targets[k].prefix) ||
		    !arena_copy(&l->arena, p->address, &l->rules.targets[k].recipient) ||
		    !arena_copy(&l->arena, p->address, &l->rules.targets[k].original) ||
		    !arena_copy(&l->arena, p->orcpt, &l->rules.targets[k].orcpt))
			return false;
		l->rules.targets[k].notify = p->notify;
		l->mail.target_count++;
	}
	l->count = h->count;
	l->mail.targets = targets;
	return arena_copy(&l->arena, h->record->summary, &l->mail.summary);
}

bool store_queue_local_message(const struct queue_handout *h)
{
	if (h->number != local_now.number || local_now.number == 0)
		return false;
	struct local *l = mem_alloc(sizeof *l);
	arena_init(&l->arena, 4 << 20);
	l->id = h->id;
	l->number = h->number;
	if (!queue_lease_shard(store_role.queue, h->number, queue_id_view(&h->id), &l->shard) ||
	    !copy_targets(l, h)) {
		arena_done(&l->arena);
		mem_free(l);
		return true;
	}
	l->mail.blob = h->record->blob;
	l->mail.body_len = h->record->body_len;
	l->mail.binary = h->record->terms.body == SMTP_BINARYMIME;
	l->mail.text_growth = h->record->text_growth;
	l->mail.internaldate = h->record->arrived;
	l->mail.message_id_hash = h->record->message_id_hash;
	l->mail.reference_count = h->record->reference_count;
	l->mail.references = l->references;
	memcpy(l->references, h->record->references, sizeof l->references);
	l->outcome = (struct change_outcome){.results = l->results, .count = l->count, .active = true};
	l->mail.quota_warning = (unsigned)store_role.process->settings.quota_warning;
	local_now.under_way++;
	if (!filtering_is_needed(&l->mail) || !ask_rules(l, h->record))
		begin_commit(l);
	return true;
}
