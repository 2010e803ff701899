/* See store_redirect.h. */
#include "role/store/store_redirect.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "account/marks.h"
#include "account/sent_on.h"
#include "base/container.h"
#include "base/mem.h"
#include "base/random.h"
#include "base/utf8.h"
#include "directory/directory.h"
#include "format/path.h"
#include "role/store/directory_job.h"
#include "role/store/store_private.h"
#include "trace/trace_write.h"

enum {
	RECORDS_MAX = 8, /* of one delivery: one for most, and others for redirects that ask for something of
	                    their own */
	/* Addresses that one delivery sends on to: with the mailboxes of a hundred recipients they fit one
	 * commit. And those that one redirect may lead to, over aliases of ours. */
	RECIPIENTS_MAX = 100,
	LEADS_TO_MAX = 50,
	/* How long it is remembered that a message was redirected: mail goes in circles for hours, where
	 * hosts are down for days. */
	REMEMBERED_SECONDS = 5 * 86400,
	ID_TEXT = 17 /* a hash as text */
};

/* ---- those under way ---- */

static struct redirects *under_way; /* linked by `next` */

/* What is about to be sent on for the account, and not counted in it yet: deliveries to it run side by side.
 */
static uint64_t count_under_way(uint64_t account)
{
	uint64_t count = 0;
	for (const struct redirects *r = under_way; r; r = r->next)
		for (const struct redirect *d = r->first; d; d = d->next)
			count += d->account == account && d->fate == REDIRECT_GOES ? d->count : 0;
	return count;
}

static void take_out(struct redirects *r)
{
	struct redirects **at = &under_way;
	while (*at && *at != r)
		at = &(*at)->next;
	if (*at)
		*at = r->next;
}

/* ---- where an address leads ---- */

static bool copy_text(struct redirects *r, const char *format, struct view a, struct view b, struct view *out)
{
	struct buf text;
	buf_init(&text, 2048);
	buf_printf(&text, format, VIEW_FMT(a), VIEW_FMT(b));
	bool good = !buf_failed(&text) && arena_copy(r->arena, buf_view(&text), out);
	buf_done(&text);
	return good;
}

static bool set_elsewhere(struct redirects *r, struct record_recipient *p, struct view address)
{
	struct buf domain;
	ptrdiff_t at = view_find_last(address, '@');
	buf_init(&domain, QUEUE_NAME_MAX);
	bool good = at > 0 && domain_normalize(view_skip(address, (size_t)at + 1), &domain) == 0 &&
	            arena_copy(r->arena, buf_view(&domain), &p->destination) &&
	            arena_copy(r->arena, address, &p->address);
	buf_done(&domain);
	return good;
}

static bool set_here(struct redirects *r, struct record_recipient *p, const struct directory_target *t)
{
	p->local = true;
	p->account = t->shard;
	return arena_copy(r->arena, address_view(&t->address), &p->address) &&
	       copy_text(r, "Return-Path: <%.*s>\r\nDelivered-To: %.*s\r\n", r->record->terms.sender,
	           address_view(&t->address), &p->prefix);
}

static uint64_t notify_bits(struct view words, uint64_t otherwise)
{
	static const struct {
		const char *word;
		uint64_t bit;
	} known[] = {{"NEVER", NOTIFY_NEVER}, {"SUCCESS", NOTIFY_SUCCESS}, {"FAILURE", NOTIFY_FAILURE},
	    {"DELAY", NOTIFY_DELAY}};
	struct view word;
	uint64_t bits = 0;
	while (words.len > 0 && view_next(&words, ',', &word))
		for (size_t i = 0; i < sizeof known / sizeof *known; i++)
			bits |= view_equal_nocase(word, view_from_string(known[i].word)) ? known[i].bit : 0;
	if (bits)
		return bits;
	/* It has been delivered here, as far as its sender is told (RFC 3461 section 5.2). */
	return otherwise & ~(uint64_t)NOTIFY_SUCCESS ? otherwise & ~(uint64_t)NOTIFY_SUCCESS
	       : otherwise                           ? NOTIFY_NEVER
	                                             : 0;
}

static bool add_recipient(
    struct redirects *r, struct redirect *d, const struct directory_target *t, struct view address)
{
	struct record_recipient *p = &d->recipients[d->count];
	*p = (struct record_recipient){.state = RECORD_WAITING,
	    .notify = (uint8_t)notify_bits(d->action->notify, d->notify),
	    .orcpt = d->orcpt,
	    .forwarder = d->forwarder};
	if (!(t && !t->remote ? set_here(r, p, t) : set_elsewhere(r, p, address)))
		return false;
	d->count++;
	return true;
}

/* ---- records ---- */

static void set_terms(struct mail_terms *terms, const struct message_rules_action *a, int64_t now)
{
	terms->hold_until = 0;
	if (view_equal(a->ret, VIEW("FULL")))
		terms->ret = RET_FULL;
	else if (view_equal(a->ret, VIEW("HDRS")))
		terms->ret = RET_HDRS;
	if (a->by_mode == 0)
		return;
	terms->by_mode = a->by_mode;
	terms->by_trace = a->by_trace;
	terms->by_time = now + a->by > 0 ? now + a->by : 0;
}

static bool same_terms(const struct mail_terms *a, const struct mail_terms *b)
{
	return a->ret == b->ret && a->utf8 == b->utf8 && a->by_mode == b->by_mode &&
	       a->by_trace == b->by_trace && a->by_time == b->by_time;
}

/* An address beyond ASCII asks for SMTPUTF8, whatever its message came by (RFC 6531 section 3.4). */
static bool needs_utf8(const struct redirect *d)
{
	for (size_t i = 0; i < d->count; i++)
		if (!d->recipients[i].local && !utf8_is_ascii(d->recipients[i].address))
			return true;
	return false;
}

static struct queue_delivery *record_for(struct redirects *r, const struct redirect *d)
{
	struct mail_terms terms = r->record->terms;
	set_terms(&terms, d->action, r->now);
	terms.utf8 = terms.utf8 || needs_utf8(d);
	for (size_t i = 0; i < r->record_count; i++)
		if (same_terms(&r->records[i].record.terms, &terms) || i + 1 == RECORDS_MAX)
			return &r->records[i];
	struct queue_delivery *q = &r->records[r->record_count];
	char id[RANDOM_ID_SIZE];
	*q = (struct queue_delivery){.record = *r->record};
	random_id(id);
	memcpy(q->id.text, id, sizeof q->id.text);
	q->record.terms = terms;
	q->record.recipients = arena_array(r->arena, RECIPIENTS_MAX, sizeof *q->record.recipients);
	q->record.count = 0;
	q->record.shared = true;
	q->record.submitter = 0;
	if (q->record.recipients == NULL ||
	    !copy_text(r, "rules of %.*s%.*s", d->forwarder, VIEW(""), &q->record.client))
		return NULL;
	r->record_count++;
	return q;
}

/* The record that it goes with, before anybody counts on its going. False: there is no memory. */
static bool give_record(struct redirects *r, const struct redirect *d)
{
	if (r->records == NULL)
		r->records = arena_array(r->arena, RECORDS_MAX, sizeof *r->records);
	struct queue_delivery *q = r->records ? record_for(r, d) : NULL;
	if (q == NULL)
		return false;
	memcpy(q->record.recipients + q->record.count, d->recipients, d->count * sizeof *d->recipients);
	q->record.count += d->count;
	return true;
}

/* ---- its targets ---- */

/* The account itself is no target: what is left of an alias that leads there too goes to the others. */
static void take_targets(
    struct redirects *r, struct redirect *d, const struct directory_targets *targets, uint64_t sent_on)
{
	size_t count = targets ? targets->count : 1;
	bool itself = false;
	d->fate = REDIRECT_NOWHERE;
	if (count > LEADS_TO_MAX || r->recipient_count + count > RECIPIENTS_MAX) {
		d->fate = count > LEADS_TO_MAX ? REDIRECT_NOWHERE : REDIRECT_TOO_MANY;
		return;
	}
	d->recipients = arena_array(r->arena, count, sizeof *d->recipients);
	for (size_t i = 0; i < count && d->recipients; i++) {
		const struct directory_target *t = targets ? &targets->items[i] : NULL;
		if (t && !t->remote && t->shard == d->account)
			itself = true;
		else if (!add_recipient(r, d, t, t ? address_view(&t->address) : d->address))
			return;
	}
	if (sent_on + count_under_way(d->account) + d->count > STORE_REDIRECTS_AN_HOUR)
		d->fate = REDIRECT_TOO_OFTEN;
	else if (d->recipients)
		d->fate = d->count > 0 ? REDIRECT_GOES : itself ? REDIRECT_TO_ITSELF : REDIRECT_NOWHERE;
	if (d->fate == REDIRECT_GOES && !give_record(r, d))
		d->fate = REDIRECT_NOWHERE;
	r->recipient_count += d->fate == REDIRECT_GOES ? d->count : 0;
}

/* ---- what was redirected before ---- */

static struct account_mark mark_of(
    const struct redirects *r, const struct redirect *d, char id[ID_TEXT], char handle[300])
{
	snprintf(id, ID_TEXT, "%016llx", (unsigned long long)r->message_id_hash);
	int len = snprintf(handle, 300, "redirect %.*s", VIEW_FMT(view_take(d->address, 250)));
	return (struct account_mark){.kind = MARK_SEEN,
	    .handle = view_of(handle, len < ACCOUNT_MARK_HANDLE_MAX ? (size_t)len : ACCOUNT_MARK_HANDLE_MAX),
	    .who = view_of(id, ID_TEXT - 1),
	    .since = r->now,
	    .until = r->now + REMEMBERED_SECONDS};
}

static int look_at_mark(struct txn *t, const struct redirects *r, const struct redirect *d, bool *found)
{
	char id[ID_TEXT], handle[300];
	struct account_mark mark = mark_of(r, d, id, handle);
	*found = false;
	return r->message_id_hash ? marks_find(t, d->account, &mark, r->now, found) : 0;
}

/* ---- one after the other ---- */

struct looked {
	struct directory_targets targets;
	int error;
	bool before;
	uint64_t sent_on; /* by the account in this hour */
};

/* Two reads, since each sees what its own shard holds. */
static int run_mark(struct txn *t, void *arg)
{
	struct redirects *r = arg;
	int error = look_at_mark(t, r, r->at, &r->looked->before);
	return error ? error : account_sent_on(t, r->at->account, r->now, &r->looked->sent_on);
}

static int run_look(struct txn *t, void *arg)
{
	struct redirects *r = arg;
	r->looked->error = directory_job_resolve(t, r->at->address, &r->looked->targets);
	return 0;
}

static bool read_address(struct redirects *r, struct redirect *d)
{
	struct path path;
	struct buf text;
	buf_init(&text, 1024);
	bool good = mailbox_parse(d->action->target, r->arena, &path) == 0 && path.kind == PATH_MAILBOX &&
	            mailbox_write(&text, path.local_part, path.domain) == 0 &&
	            arena_copy(r->arena, buf_view(&text), &d->address);
	buf_done(&text);
	return good;
}

static void go_on(struct redirects *r);

static void looked(struct store_read *read, int result)
{
	struct redirects *r = container_of(read, struct redirects, read);
	struct looked *l = r->looked;
	struct redirect *d = r->at;
	r->reading = false;
	if (result)
		d->fate = REDIRECT_NOWHERE;
	else if (l->before)
		d->fate = REDIRECT_AGAIN;
	else if (l->error == 0)
		take_targets(r, d, &l->targets, l->sent_on);
	else if (l->error == -EXDEV)
		take_targets(r, d, NULL, l->sent_on);
	else
		d->fate = REDIRECT_NOWHERE;
	r->at = d->next;
	go_on(r);
}

static void mark_read(struct store_read *read, int result)
{
	struct redirects *r = container_of(read, struct redirects, read);
	if (result || r->looked->before) {
		looked(read, result);
		return;
	}
	r->read = (struct store_read){.shard = DIRECTORY_SHARD, .run = run_look, .arg = r, .done = looked};
	store_read(store_role.store, &r->read);
}

static void go_on(struct redirects *r)
{
	while (r->at && !read_address(r, r->at)) {
		r->at->fate = REDIRECT_NOWHERE;
		r->at = r->at->next;
	}
	if (r->at) {
		r->reading = true;
		r->looked->before = false;
		r->read = (struct store_read){
		    .shard = r->at->account, .run = run_mark, .arg = r, .done = mark_read};
		store_read(store_role.store, &r->read);
		return;
	}
	mem_free(r->looked);
	r->looked = NULL;
	r->done(r);
}

void redirects_find(struct redirects *r)
{
	r->at = r->first;
	r->next = under_way;
	under_way = r;
	if (r->at)
		r->looked = mem_alloc(sizeof *r->looked);
	go_on(r);
}

void redirects_free(struct redirects *r)
{
	take_out(r);
	mem_free(r->looked);
	r->looked = NULL;
}

const char *redirect_why_not(enum redirect_fate fate)
{
	switch (fate) {
	case REDIRECT_NOWHERE:
		return "An address that they redirect to is not known here, or leads to too many others, so "
		       "the message is in your INBOX.";
	case REDIRECT_TOO_MANY:
		return "The message goes to so many that your rules could not send it on.";
	case REDIRECT_TOO_OFTEN:
		return "They have sent on 1000 mails within an hour, and may not send on more, so the "
		       "message stayed here. When that hour is over, they send on again. If you do not "
		       "get so much mail, look whether somebody else has changed your rules, and change your "
		       "password.";
	case REDIRECT_WANTED:
	case REDIRECT_GOES:
	case REDIRECT_TO_ITSELF:
	case REDIRECT_AGAIN:
		break;
	}
	return NULL;
}

/* ---- the commit ---- */

void redirects_begin(struct redirects *r, const struct blob_id *body)
{
	for (size_t i = 0; i < r->record_count; i++) {
		if (body)
			r->records[i].body = *body;
		queue_delivery_begin(store_role.queue, &r->records[i]);
	}
}

size_t redirects_writes(const struct redirects *r)
{
	size_t writes = 0;
	for (const struct redirect *d = r->first; d; d = d->next)
		if (d->fate == REDIRECT_GOES)
			writes += 4 * d->count + ACCOUNT_MARK_WRITES + ACCOUNT_SENT_ON_WRITES;
	return writes + 64 * r->record_count;
}

int redirects_check(struct txn *t, struct redirects *r, size_t others)
{
	int error = 0;
	for (size_t i = 0; i < r->record_count && error == 0; i++)
		error = queue_delivery_check(t, &r->records[i], others + redirects_writes(r));
	return error;
}

int redirects_run(struct txn *t, struct redirects *r)
{
	int error = 0;
	for (size_t i = 0; i < r->record_count && error == 0; i++)
		error = queue_delivery_run(t, &r->records[i]);
	for (const struct redirect *d = r->first; d && error == 0; d = d->next) {
		char id[ID_TEXT], handle[300];
		struct account_mark mark = mark_of(r, d, id, handle);
		if (d->fate == REDIRECT_GOES && r->message_id_hash)
			error = marks_set(t, d->account, &mark);
		if (d->fate == REDIRECT_GOES && error == 0)
			error = account_sent_on_add(t, d->account, r->now, d->count);
	}
	return error;
}

static void trace(const struct queue_delivery *q, struct view about)
{
	struct view id = queue_id_view(&q->id);
	const struct queue_record *record = &q->record;
	trace_event(id, TRACE_ACCEPTED, log_text("from", record->client),
	    log_text("sender", record->terms.sender), log_u64("size", record->body_len),
	    log_text("message_id", record->message_id), log_u64("recipients", record->count),
	    log_text(about.len ? "about" : NULL, about));
	for (size_t i = 0; i < record->count && about.len > 0; i++)
		trace_event(about, TRACE_EXPANDED, log_text("recipient", record->recipients[i].forwarder),
		    log_text("to", record->recipients[i].address));
}

void redirects_done(struct redirects *r, int result, struct view about)
{
	for (size_t i = 0; i < r->record_count; i++) {
		if (result == 0)
			trace(&r->records[i], about);
		queue_delivery_done(store_role.queue, &r->records[i], result);
	}
	r->record_count = 0;
	take_out(r);
}
