/*
 * Deliveries. One message of smtp or relay becomes one commit: what goes into mailboxes, what the queue
 * keeps, and, when it is a report, that its sender has been told. The body is there once.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/container.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "role/store/store_filtering.h"
#include "role/store/store_admin.h"
#include "role/store/store_deliver_parts.h"
#include "role/store/store_masked.h"
#include "role/store/store_private.h"
#include "role/store/store_push.h"
#include "role/store/store_trace.h"
#include "format/mail_terms.h"
#include "ledger/received.h"
#include "mime/trailer.h"

enum {
	ARENA_MAX = 4 * 1024 * 1024,
	/* Octets that a record keeps for mailboxes that it may come to by a requeue: of nearly every message,
	   and so few that no record grows too large by them. */
	REQUEUED_MAX = 4096
};

#define NO_TARGET SIZE_MAX

struct item {
	size_t target;                 /* the mailbox that it goes to in this commit, or NO_TARGET */
	struct view reached, original; /* the mailbox's address; the recipient's as it was given */
};

/* A delivery under way; what the frame held is copied, since the frame is gone when the commit is done. */
struct delivery {
	struct store_commit commit;
	struct account_delivery mail;
	struct queue_delivery queue;
	bool is_report;
	struct received_mail report; /* of a report about our domains */
	struct arena arena;
	uint64_t references[MESSAGE_REFERENCES_MAX];
	struct link *link;
	uint32_t request;
	uint64_t generation, refused; /* refused: as in message_deliver */
	struct view session;
	struct item *items; /* what was asked for, in its order: so it is answered */
	size_t item_count;
	struct record_recipient *recipients; /* what the queue has to do, or to tell */
	size_t *recipient_targets;           /* of each the target that it goes with, or NO_TARGET */
	size_t recipient_count;
	struct queue_part *parts; /* of many recipients */
	struct filtering rules;
};

static void answer(
    struct link *link, uint32_t request, const struct message_delivery_result *results, size_t count)
{
	struct message_delivered m = {.results = {.items = (void *)(uintptr_t)results, .count = count}};
	if (link->up)
		ipc_send(&link->channel, MESSAGE_DELIVERED, request, &m, -1);
}

static void answer_all(struct link *link, uint32_t request, const struct message_deliver *m, int error)
{
	size_t count = m->deliveries.count;
	struct message_delivery_result *results = mem_array(count, sizeof *results);
	for (size_t i = 0; i < count; i++)
		results[i].error = error;
	answer(link, request, results, count);
	mem_free(results);
}

static size_t under_way; /* deliveries */

bool store_deliver_any(void)
{
	return under_way > 0;
}

static void free_delivery(struct delivery *d)
{
	under_way--;
	filtering_free(&d->rules);
	arena_done(&d->arena);
	mem_free(d);
}

/* ---- the commit ---- */

/* A recipient that only goes with a target is of no use when the target was refused. */
static size_t keep_recipients(struct delivery *d)
{
	struct record_recipient *kept = d->queue.record.recipients;
	size_t count = 0;
	for (size_t i = 0; i < d->recipient_count; i++)
		if (d->recipient_targets[i] == NO_TARGET ||
		    d->mail.targets[d->recipient_targets[i]].result == 0)
			kept[count++] = d->recipients[i];
	return count;
}

/* Too many wait to be read: it is delivered, and not read. */
static int keep_report(struct txn *t, struct delivery *d)
{
	d->report.body = txn_body(t, 0);
	int error = received_mail_put(t, &d->report);
	return error == -EDQUOT ? 0 : error;
}

/* By an address that is not the mailbox's own: it may be a masked one. */
static bool has_other_name(const struct item *item)
{
	return item->target != NO_TARGET && !view_equal_nocase(item->original, item->reached);
}

static size_t masked_writes(const struct delivery *d)
{
	size_t writes = 0;
	for (size_t i = 0; i < d->item_count; i++)
		writes += has_other_name(&d->items[i]) ? STORE_MASKED_WRITES : 0;
	return writes;
}

static int note_masked(struct txn *t, const struct delivery *d)
{
	int error = 0;
	for (size_t i = 0; i < d->item_count && error == 0; i++) {
		const struct item *item = &d->items[i];
		const struct account_target *target =
		    has_other_name(item) ? &d->mail.targets[item->target] : NULL;
		if (target && target->result == 0 && !target->repeated)
			error = store_masked_heard(t, target->shard, item->original, d->mail.now);
	}
	return error;
}

static int run(struct txn *t, void *arg)
{
	struct delivery *d = arg;
	int refused = 0;
	d->queue.record.count = d->recipient_count;
	size_t writes = account_delivery_writes(&d->mail) + masked_writes(d);
	int error = queue_delivery_check(t, &d->queue, writes + filtering_writes(&d->rules));
	if (error == 0)
		error = filtering_check(t, &d->rules, writes);
	if (error)
		return error;
	if (d->mail.target_count > 0)
		refused = account_delivery_run(t, &d->mail);
	bool alone = d->recipient_count == 0 && d->queue.report_count == 0;
	/* No mailbox took it: with one reply for all, or nothing else to do, that is the end. Trouble is
	 * always: some mailboxes may have been written and others not been looked at. */
	if (refused && (alone || d->mail.all_or_none || !account_delivery_is_refusal(refused)))
		return refused;
	d->queue.record.count = keep_recipients(d);
	error = note_masked(t, d);
	if (error == 0 && d->queue.submits)
		error = store_submit_run(t, &d->queue);
	if (error == 0)
		error = queue_delivery_run(t, &d->queue);
	if (error == 0)
		error = filtering_run(t, &d->rules);
	if (error == 0 && d->is_report && !d->queue.repeated)
		error = keep_report(t, d);
	return error ? error : refused && d->queue.record.count == 0 ? refused : 0;
}

static void trace(const struct delivery *d)
{
	const struct queue_record *r = &d->queue.record;
	struct view id = queue_id_view(&d->queue.id);
	/* A report: the message that it is about; of several the first. What was submitted: as what it
	 * waited.
	 */
	struct view about = d->queue.report_count ? queue_id_view(&d->queue.reports[0].id)
	                    : d->queue.submits    ? queue_id_view(&d->queue.submitted)
	                                          : (struct view){0};
	store_hours_note(STORE_RECEIVED, 1);
	struct store_trace_mail mail = {.record = r,
	    .summary = d->mail.summary,
	    .recipients = d->parts ? d->parts[0].count : d->item_count,
	    .session = d->session,
	    .refused = d->refused,
	    .about = about,
	    .is_submission = d->queue.report_count == 0};
	store_trace_accepted(id, &mail);
	for (size_t i = 1; i < d->queue.part_count; i++) {
		mail.recipients = d->parts[i].count;
		mail.about = (struct view){0};
		store_trace_accepted(queue_id_view(&d->parts[i].id), &mail);
	}
	for (size_t i = 0; i < d->item_count; i++) {
		const struct item *item = &d->items[i];
		const struct account_target *target =
		    item->target == NO_TARGET ? NULL : &d->mail.targets[item->target];
		if (target && target->result == 0)
			store_hours_note(STORE_DELIVERED, 1);
		if (target && target->result == 0)
			metric_add(METRIC_STORED, 0, 1);
		if (target && target->result == 0 &&
		    !filtering_trace(&d->rules, item->target, item->reached, item->original))
			store_trace_kept(id, item->reached, item->original,
			    target->mailbox.len ? target->mailbox : VIEW("INBOX"), target->muted);
	}
}

/* The recipient's own words, where the dialogue can still say them. */
static struct message_delivery_result result_of(const struct delivery *d, size_t item, int result)
{
	size_t target = d->items[item].target;
	if (target == NO_TARGET)
		return (struct message_delivery_result){.error = result};
	const struct filtered *r = &d->rules.targets[target];
	int own = d->mail.targets[target].result;
	if (own == 0 && result == 0 && r->refused && r->answered)
		return (struct message_delivery_result){.error = -EPERM, .text = r->words};
	return (struct message_delivery_result){.error = own ? own : result};
}

static void done(struct store_commit *c, int result)
{
	struct delivery *d = container_of(c, struct delivery, commit);
	struct message_delivery_result *results = mem_array(d->item_count, sizeof *results);
	for (size_t i = 0; i < d->item_count; i++)
		results[i] = result_of(d, i, result);
	if (result == 0 && !d->queue.repeated && d->queue.id.text[0])
		trace(d);
	if (result == 0)
		store_notice_quota(d->mail.targets, d->mail.target_count);
	if (result == 0)
		store_push_delivered(d->mail.targets, d->mail.target_count);
	filtering_tell(&d->rules, result);
	if (result == 0 && d->is_report)
		store_report_in_look();
	queue_delivery_done(store_role.queue, &d->queue, result);
	redirects_done(&d->rules.redirects, result, queue_id_view(&d->queue.id));
	if (d->generation == d->link->generation)
		answer(d->link, d->request, results, d->item_count);
	mem_free(results);
	free_delivery(d);
}

/* ---- from the message ---- */

/* The target of an account, new where it was not named before: two aliases of one person are one mailbox. */
static int take_target(
    struct delivery *d, const struct message_deliver *m, const struct message_delivery *from, size_t *target)
{
	size_t k = 0;
	while (k < d->mail.target_count && d->mail.targets[k].shard != from->account)
		k++;
	*target = k;
	if (k < d->mail.target_count) {
		/* Through one of the two names others get it as well. */
		d->mail.targets[k].enforce_quota = d->mail.targets[k].enforce_quota && from->enforce_quota;
		return 0;
	}
	if (k == ACCOUNT_TARGETS_MAX)
		return -EINVAL;
	struct account_target *t = &d->mail.targets[k];
	t->shard = from->account;
	t->enforce_quota = from->enforce_quota;
	t->quota_default = store_role.process->settings.quota_default;
	t->quota_messages_default = store_role.process->settings.quota_messages_default;
	if (m->id.len == QUEUE_ID_SIZE) {
		t->has_delivery_id = true;
		memcpy(t->delivery_id, m->id.data, QUEUE_ID_SIZE);
	}
	struct filtered *r = &d->rules.targets[d->mail.target_count++];
	r->notify = from->notify;
	return arena_copy(&d->arena, from->reached, &r->recipient) &&
	               arena_copy(&d->arena, from->address, &r->original) &&
	               arena_copy(&d->arena, from->orcpt, &r->orcpt) &&
	               arena_copy(&d->arena, from->mailbox, &t->mailbox) &&
	               store_prefix_join(&d->arena, from->prefix, m->headers, &t->prefix)
	           ? 0
	           : -ENOMEM;
}

/* A name that keys can hold, and that is none of ours. */
static bool is_destination(struct view name)
{
	return name.len > 0 && name.len <= QUEUE_NAME_MAX && name.data[0] != '@' &&
	       view_find(name, '\0') < 0 && view_find(name, '>') < 0;
}

/* What each kind is in the queue's record; what is told of it, if its sender wants to hear of it. */
static const struct delivery_kind {
	enum record_state state;
	enum queue_action action;
} kinds[] = {[DELIVER_MAILBOX] = {RECORD_DELIVERED, ACTION_DELIVERED},
    [DELIVER_LATER] = {RECORD_WAITING, ACTION_NONE},
    [DELIVER_REMOTE] = {RECORD_WAITING, ACTION_NONE},
    [DELIVER_EXPANDED] = {RECORD_EXPANDED, ACTION_EXPANDED}};

static int take_recipient(struct delivery *d, const struct message_delivery *from, size_t target)
{
	struct record_recipient *p = &d->recipients[d->recipient_count];
	enum queue_action action = kinds[from->kind].action;
	*p = (struct record_recipient){.state = (uint8_t)kinds[from->kind].state,
	    .notify = (uint8_t)from->notify,
	    .local = from->kind == DELIVER_LATER,
	    .account = from->account};
	bool told = queue_record_tells(&d->queue.record, p, action);
	/* It is in the mailbox, and nobody waits to hear so: the queue has nothing to do with it. */
	if (from->kind == DELIVER_MAILBOX && !told)
		return 0;
	const struct {
		struct view from, *to;
	} texts[] = {{from->address, &p->address}, {from->orcpt, &p->orcpt}, {from->forwarder, &p->forwarder},
	    {from->kind == DELIVER_REMOTE ? from->destination : (struct view){0}, &p->destination},
	    {from->kind == DELIVER_LATER ? from->mailbox : (struct view){0}, &p->mailbox},
	    {from->kind == DELIVER_LATER ? from->prefix : (struct view){0}, &p->prefix}};
	for (size_t k = 0; k < sizeof texts / sizeof *texts; k++)
		if (!arena_copy(&d->arena, texts[k].from, texts[k].to))
			return -ENOMEM;
	p->action = (uint8_t)(told ? action : ACTION_NONE);
	d->recipient_targets[d->recipient_count++] = target;
	return 0;
}

static int take_item(struct delivery *d, const struct message_deliver *m, size_t i)
{
	const struct message_delivery *from = (const struct message_delivery *)m->deliveries.items + i;
	struct item *item = &d->items[i];
	int error = 0;
	item->target = NO_TARGET;
	if (from->kind == DELIVER_REMOTE && !is_destination(from->destination))
		return -EINVAL;
	if (from->kind == DELIVER_MAILBOX)
		error = take_target(d, m, from, &item->target);
	if (error == 0 && (!arena_copy(&d->arena, from->reached, &item->reached) ||
	                      !arena_copy(&d->arena, from->address, &item->original)))
		error = -ENOMEM;
	return error ? error : take_recipient(d, from, item->target);
}

/* What it is known by, and what it refers to: for its thread, in mailboxes now and, held, later. */
static void copy_references(struct delivery *d, const struct message_deliver *m)
{
	const struct message_reference *from = m->references.items;
	struct queue_record *r = &d->queue.record;
	d->mail.list = m->list;
	d->mail.list_counts = m->list && m->list_counts;
	/* Whoever submits writes as itself; others are proven by DMARC. */
	d->mail.author_proven = m->submitter != 0 || m->author.len > 0;
	d->mail.message_id_hash = r->message_id_hash = m->message_id_hash;
	d->mail.references = d->references;
	d->mail.reference_count = m->references.count;
	r->reference_count = (uint8_t)m->references.count;
	for (size_t i = 0; i < m->references.count; i++)
		d->references[i] = r->references[i] = from[i].hash;
}

static bool copy_head(struct delivery *d, const struct message_deliver *m)
{
	struct queue_record *r = &d->queue.record;
	*r = (struct queue_record){
	    .terms = m->terms, .submitter = m->submitter, .arrived = (int64_t)m->received_at};
	copy_references(d, m);
	d->refused = m->refused;
	return arena_copy(&d->arena, m->session, &d->session) &&
	       arena_copy(&d->arena, m->terms.sender, &r->terms.sender) &&
	       arena_copy(&d->arena, m->terms.envid, &r->terms.envid) &&
	       arena_copy(&d->arena, m->head, &r->head) && arena_copy(&d->arena, m->signer, &r->signer) &&
	       arena_copy(&d->arena, m->client, &r->client) &&
	       arena_copy(&d->arena, m->message_id, &r->message_id);
}

static int copy_deliveries(struct delivery *d, const struct message_deliver *m)
{
	struct queue_record *r = &d->queue.record;
	size_t count = m->deliveries.count;
	bool local = false, waits = false;
	d->items = arena_array(&d->arena, count, sizeof *d->items);
	d->rules.targets = arena_array(&d->arena, count, sizeof *d->rules.targets);
	d->mail.targets = arena_array(&d->arena, count, sizeof *d->mail.targets);
	d->recipients = arena_array(&d->arena, count, sizeof *d->recipients);
	d->recipient_targets = arena_array(&d->arena, count, sizeof *d->recipient_targets);
	r->recipients = arena_array(&d->arena, count, sizeof *r->recipients);
	if (d->items == NULL || d->rules.targets == NULL || d->mail.targets == NULL ||
	    d->recipients == NULL || d->recipient_targets == NULL || r->recipients == NULL)
		return -ENOMEM;
	d->item_count = count;
	for (size_t i = 0; i < count; i++) {
		int error = take_item(d, m, i);
		if (error)
			return error;
	}
	for (size_t i = 0; i < d->recipient_count; i++) {
		r->recipients[i] = d->recipients[i];
		local = local || d->recipients[i].local;
		waits = waits || d->recipients[i].state == RECORD_WAITING;
	}
	r->count = d->recipient_count;
	r->shared = d->mail.target_count > 0;
	d->mail.all_or_none = m->all_or_none;
	bool good = arena_copy(&d->arena, m->summary, &d->mail.summary) &&
	            arena_copy(&d->arena, trailer_short_structure(m->trailer), &d->mail.structure);
	/* What waits may come into a mailbox here in the end: when it is requeued, too. */
	if (local || (waits && m->summary.len + m->headers.len <= REQUEUED_MAX))
		good = good && arena_copy(&d->arena, m->summary, &r->summary) &&
		       arena_copy(&d->arena, m->headers, &r->headers);
	return good ? 0 : -ENOMEM;
}

static int copy_reports(struct delivery *d, const struct message_deliver *m)
{
	const struct message_delivery_report *from = m->reports.items;
	d->queue.report_count = m->reports.count;
	d->queue.reports = arena_array(&d->arena, m->reports.count, sizeof *d->queue.reports);
	if (d->queue.reports == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < m->reports.count; i++) {
		d->queue.reports[i] = (struct change_report){
		    .recipient = (uint32_t)from[i].recipient, .action = (enum queue_action)from[i].action};
		if (from[i].recipient >= QUEUE_RECIPIENTS_MAX || from[i].action > ACTION_EXPANDED ||
		    !queue_id_from(from[i].id, &d->queue.reports[i].id))
			return -EINVAL;
	}
	return 0;
}

static int make_parts(struct delivery *d)
{
	size_t parts =
	    store_deliver_parts(&d->arena, &d->queue.id, d->recipients, &d->recipient_count, &d->parts);
	if (parts == 0)
		return -ENOMEM;
	memcpy(d->queue.record.recipients, d->recipients, d->recipient_count * sizeof *d->recipients);
	d->queue.record.count = d->recipient_count;
	d->queue.parts = d->parts;
	d->queue.part_count = parts;
	return 0;
}

static int copy_message(struct delivery *d, const struct message_deliver *m)
{
	bool named = queue_id_from(m->id, &d->queue.id);
	/* What the queue keeps, others speak of by its id. */
	if (!named && (m->id.len > 0 || m->reports.count > 0))
		return -EINVAL;
	int error = copy_head(d, m) ? copy_deliveries(d, m) : -ENOMEM;
	if (error == 0 && !named && d->recipient_count > 0)
		error = -EINVAL;
	if (error == 0 && d->mail.target_count == 0 && d->recipient_count > STORE_PART_RECIPIENTS)
		error = make_parts(d);
	if (error == 0 && m->submission.len > 0)
		error = store_submit_take(&d->queue, d->link, m, &d->arena);
	return error ? error : copy_reports(d, m);
}

/* ---- rules, and the commit ---- */

static void begin_commit(struct delivery *d)
{
	account_delivery_begin(&d->mail);
	queue_delivery_begin(store_role.queue, &d->queue);
	store_commit(store_role.store, &d->commit);
}

/* Whether all that is asked for is refused: then SMTP's one reply can say so. */
static bool all_refuse(const struct delivery *d)
{
	bool exact = true;
	for (size_t i = 0; i < d->item_count; i++)
		if (d->items[i].target == NO_TARGET || !d->rules.targets[d->items[i].target].refused)
			return false;
		else
			exact = exact && d->rules.targets[d->items[i].target].exact;
	return exact;
}

/* The dialogue says that they are refused: no report says anything else. */
static void drop_recipients(struct delivery *d, size_t target)
{
	size_t kept = 0;
	for (size_t i = 0; i < d->recipient_count; i++) {
		if (d->recipient_targets[i] == target)
			continue;
		d->recipients[kept] = d->recipients[i];
		d->recipient_targets[kept++] = d->recipient_targets[i];
	}
	d->recipient_count = kept;
}

static void set_refusal(struct delivery *d, struct record_recipient *p, const struct filtered *r)
{
	p->state = RECORD_FAILED;
	p->action = queue_record_tells(&d->queue.record, p, ACTION_FAILED) ? ACTION_FAILED : ACTION_NONE;
	p->cause = TROUBLE_RULES;
	p->status = VIEW("5.7.1");
	p->reply = r->report;
}

static void report_refusal(struct delivery *d, size_t target)
{
	const struct filtered *r = &d->rules.targets[target];
	bool any = false;
	/* Those that their sender wanted to hear of anyway have a place already: one for each alias. */
	for (size_t i = 0; i < d->recipient_count; i++) {
		if (d->recipient_targets[i] != target)
			continue;
		set_refusal(d, &d->recipients[i], r);
		any = true;
	}
	if (any)
		return;
	struct record_recipient *p = &d->recipients[d->recipient_count];
	*p = (struct record_recipient){
	    .address = r->original, .orcpt = r->orcpt, .notify = (uint8_t)r->notify};
	set_refusal(d, p, r);
	d->recipient_targets[d->recipient_count++] = target;
}

/* Each refusal is said in the dialogue, or by a report. */
static void take_refusals(struct delivery *d)
{
	bool all = all_refuse(d);
	for (size_t i = 0; i < d->mail.target_count; i++) {
		struct filtered *r = &d->rules.targets[i];
		if (!r->refused)
			continue;
		r->answered = all || (d->mail.targets[i].enforce_quota && r->exact);
		if (r->answered)
			drop_recipients(d, i);
		else
			report_refusal(d, i);
	}
	for (size_t i = 0; i < d->recipient_count; i++)
		d->queue.record.recipients[i] = d->recipients[i];
	d->queue.record.count = d->recipient_count;
	if (d->recipient_count > 0 && d->queue.id.text[0] == '\0')
		store_new_id(&d->queue.id);
}

/* Nobody keeps the message. */
static void drop_body(struct delivery *d)
{
	store_upload_abort(d->commit.uploads[0]);
	d->commit.upload_count = 0;
}

static void rules_done(struct filtering *f)
{
	struct delivery *d = container_of(f, struct delivery, rules);
	take_refusals(d);
	redirects_begin(&f->redirects, NULL);
	if (!filtering_needs_body(f) && d->queue.record.count == 0 && !d->is_report)
		drop_body(d);
	filtering_put_versions(f, &d->commit);
	if (d->commit.upload_count == 0 && all_refuse(d))
		done(&d->commit, 0); /* there is nothing to be kept */
	else
		begin_commit(d);
}

/* Whoever sent it has ended before us, or is told by the end of its channel. */
static void rules_stopped(struct filtering *f)
{
	struct delivery *d = container_of(f, struct delivery, rules);
	store_upload_abort(d->commit.uploads[0]);
	free_delivery(d);
}

static void ask_rules(struct delivery *d, const struct message_deliver *m, struct store_upload *body)
{
	struct filtering *f = &d->rules;
	f->delivery = &d->mail;
	f->arena = &d->arena;
	f->record = d->queue.record;
	f->record.summary = d->mail.summary;
	/* Also where nobody here is to get it later: a redirect may lead here. */
	if (!arena_copy(&d->arena, m->headers, &f->record.headers))
		f->record.headers = (struct view){0};
	f->record.recipients = NULL;
	f->record.count = 0;
	f->mail.terms = d->queue.record.terms;
	f->mail.now = d->mail.internaldate;
	f->id = queue_id_view(&d->queue.id);
	f->done = rules_done;
	f->stopped = rules_stopped;
	filtering_begin(f, body, NULL, d->mail.body_len);
}

static void take_delivery(struct link *link, const struct message_deliver *m, uint32_t request)
{
	struct store_upload *body =
	    m->upload ? store_upload_claim(link, m->upload) : store_upload_begin(store_role.store);
	if (body == NULL || m->deliveries.count + m->reports.count == 0) {
		store_upload_abort(body);
		answer_all(link, request, m, -EIO);
		return;
	}
	int error = store_upload_append(body, m->bytes);
	uint64_t body_len = store_upload_length(body);
	/* Each octet can grow by one, and the last line get an end. */
	if (error == 0 && m->text_growth > (m->terms.body == SMTP_BINARYMIME ? body_len + 2 : 0))
		error = -EINVAL;
	if (error == 0 && m->trailer.len > 0)
		error = store_upload_append(body, m->trailer);
	struct delivery *d = mem_alloc(sizeof *d);
	under_way++;
	arena_init(&d->arena, ARENA_MAX);
	d->link = link;
	d->request = request;
	d->generation = link->generation;
	if (error == 0)
		error = copy_message(d, m);
	if (error) {
		store_upload_abort(body);
		answer_all(link, request, m, error);
		free_delivery(d);
		return;
	}
	d->mail.body_len = d->queue.record.body_len = body_len;
	d->mail.binary = m->terms.body == SMTP_BINARYMIME;
	d->mail.text_growth = d->queue.record.text_growth = m->text_growth;
	d->queue.record.trailer_len = m->trailer.len;
	d->mail.internaldate = (int64_t)m->received_at;
	d->is_report = m->is_report;
	if (m->is_report) {
		d->report.at = (int64_t)m->received_at;
		d->report.length = body_len;
		memcpy(d->report.id, d->queue.id.text, sizeof d->report.id);
		d->is_report = arena_copy(&d->arena, m->author, &d->report.from);
	}
	d->commit =
	    (struct store_commit){.run = run, .arg = d, .done = done, .uploads = {body}, .upload_count = 1};
	d->mail.quota_warning = (unsigned)store_role.process->settings.quota_warning;
	if (filtering_is_needed(&d->mail))
		ask_rules(d, m, body);
	else
		begin_commit(d);
}

/* ---- the link ---- */

void store_deliver_upload(struct link *link, struct channel_frame *frame, const void *message)
{
	store_upload_piece(link, message, frame->request);
}

void store_deliver_upload_abort(struct link *link, struct channel_frame *frame, const void *message)
{
	const struct message_upload_abort *m = message;
	(void)frame;
	store_upload_cancel(link, m->upload);
}

void store_deliver_message(struct link *link, struct channel_frame *frame, const void *message)
{
	take_delivery(link, message, frame->request);
}

const struct link_verb store_smtp_verbs[] = {
    {MESSAGE_UPLOAD, store_deliver_upload},
    {MESSAGE_UPLOAD_ABORT, store_deliver_upload_abort},
    {MESSAGE_DELIVER, store_deliver_message},
    {MESSAGE_ROOM, store_room},
    {MESSAGE_ETRN, store_etrn},
    {MESSAGE_SHOW, store_show},
    {MESSAGE_MAILING_LIST, store_list},
    {MESSAGE_TALLY_ADD, store_tally_add},
    {MESSAGE_REFUSED, store_refused},
    {0},
};

void store_deliver_close(void)
{
	for (struct peer *peer = store_role.smtp.first; peer; peer = peer->next)
		store_upload_forget(&peer->link);
	peers_close(&store_role.smtp);
}

void store_deliver_open(int fd)
{
	store_role.smtp.size = sizeof(struct store_sender);
	peers_open(&store_role.smtp, store_role.process, fd, ROLE_SMTP, store_upload_forget);
}
