/* See store_filtering.h. */
#include "role/store/store_filtering.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "account/filed.h"
#include "account/marks.h"
#include "base/clock.h"
#include "base/container.h"
#include "base/log.h"
#include "base/mem.h"
#include "dsn/dsn_explain.h"
#include "format/header.h"
#include "mime/digest.h"
#include "mime/trailer.h"
#include "role/store/store_answer.h"
#include "role/store/store_private.h"
#include "role/store/store_trace.h"
#include "trace/trace_write.h"

enum {
	KEYWORDS_MAX = 30, /* that one place gives a message; the others are left out */
	/* Entries that mailboxes made by one delivery take at most, and keywords given by it: with all else
	 * they fit one commit. */
	CREATED_ALTOGETHER = 60,
	KEYWORDS_ALTOGETHER = 120,
	KNOWN_BY_MAX = 64 * 1024,     /* octets of a text that it is known by */
	MARK_SECONDS_MAX = 90 * 86400 /* SIEVE_DUPLICATE_MOST of sieve/sieve_limits.h */
};

/* ---- from actions to places ---- */

struct budget {
	size_t created, keywords;
};

static void take_flags(
    struct filtering *f, struct view words, struct account_wanted_place *place, struct budget *budget)
{
	struct view word, *keywords = arena_array(f->arena, KEYWORDS_MAX, sizeof *keywords);
	while (words.len > 0 && view_next(&words, ' ', &word)) {
		place->flags |= mail_system_flag(word);
		if (word.len == 0 || word.data[0] == '\\' || word.len > MAIL_KEYWORD_MAX ||
		    keywords == NULL || place->keyword_count == KEYWORDS_MAX ||
		    budget->keywords == KEYWORDS_ALTOGETHER)
			continue;
		keywords[place->keyword_count++] = word;
		budget->keywords++;
	}
	place->keywords = keywords;
}

static size_t levels_of(struct view path)
{
	size_t levels = 1;
	for (size_t i = 0; i < path.len; i++)
		levels += path.data[i] == '/';
	return levels;
}

static struct account_wanted_place place_of(struct filtering *f, const struct account_target *target,
    const struct message_rules_action *a, struct budget *budget)
{
	struct account_wanted_place place = {.mailbox = target->mailbox};
	if (a->kind == RULES_FILEINTO) {
		place.path = a->target;
		place.mailbox_id = a->mailbox_id;
		place.special_use = a->special_use;
		place.else_inbox = true;
		size_t levels = levels_of(a->target);
		place.create = a->create && levels <= ACCOUNT_DEPTH_MAX &&
		               budget->created + levels <= CREATED_ALTOGETHER;
		budget->created += place.create ? levels : 0;
	}
	take_flags(f, a->flags, &place, budget);
	return place;
}

static void add_place(struct filtering *f, struct account_target *target, struct filtered *r,
    const struct message_rules_action *a, struct budget *budget)
{
	if (target->place_count == ACCOUNT_TARGET_PLACES_MAX)
		return;
	r->place_kinds[target->place_count] = (uint8_t)a->kind;
	r->places[target->place_count++] = place_of(f, target, a, budget);
}

/* Of a report there is nobody to be told: it is kept. */
static bool refuse(const struct filtering *f, struct filtered *r, const struct message_rules_action *a)
{
	struct buf report;
	if (f->mail.terms.sender.len == 0)
		return false;
	buf_init(&report, QUEUE_REPLY_MAX);
	buf_printf(&report, "%s: %.*s", trouble_phrase(TROUBLE_RULES),
	    VIEW_FMT(view_take(a->target, QUEUE_REPLY_MAX - 100)));
	bool good = !buf_failed(&report) && arena_copy(f->arena, buf_view(&report), &r->report);
	buf_done(&report);
	if (!good)
		return false;
	r->refused = true;
	r->reason = a->target;
	r->words = a->said;
	r->exact = a->exact || a->kind == RULES_EREJECT;
	return true;
}

static const struct redirect *redirect_of(const struct filtering *f, const struct message_rules_action *a)
{
	const struct redirect *d = f->redirects.first;
	while (d && d->action != a)
		d = d->next;
	return d;
}

/* Whether the message is where it should be. What was redirected before comes back, and is kept; or it came
 * twice, and then as well. */
static bool is_redirected(struct filtering *f, struct filtered *r, const struct message_rules_action *a)
{
	const struct redirect *d = redirect_of(f, a);
	if (d && d->fate == REDIRECT_GOES)
		return true;
	const char *why = redirect_why_not(d ? d->fate : REDIRECT_NOWHERE);
	r->not_done = why ? why : r->not_done;
	return false;
}

/* What is kept with the email, as far as there is room: that of the implicit keep says nothing. */
static struct view filed_of(struct filtering *f, const struct filter *filter)
{
	struct view kept = {0};
	struct buf reasons;
	bool any = false;
	buf_init(&reasons, ACCOUNT_FILED_MAX - 100);
	for (size_t i = 0; i < filter->action_count && i < ACCOUNT_FILED_REASONS_MAX; i++) {
		const struct message_rules_action *a = &filter->actions[i];
		any = any || a->line > 0;
		const struct account_filed_reason reason = {.kind = (uint8_t)a->kind,
		    .program = filter->programs[a->program].id,
		    .version = filter->programs[a->program].version,
		    .line = (uint32_t)a->line,
		    .why_line = (uint32_t)a->why_line,
		    .rule = (uint32_t)a->rule,
		    .script = a->script.len ? a->script : filter->programs[a->program].name,
		    .rule_name = a->rule_name,
		    .why = a->why,
		    .target =
		        a->kind == RULES_FILEINTO || a->kind == RULES_REDIRECT ? a->target : (struct view){0},
		    .flags = a->flags};
		if (account_filed_add(&reasons, &reason) != 0)
			break;
	}
	if (!any || !arena_copy(f->arena, buf_view(&reasons), &kept))
		kept = (struct view){0};
	buf_done(&reasons);
	return kept;
}

/* One form for all places: that of the last action that keeps it. */
static const struct filter_version *version_of(const struct filter *filter)
{
	uint64_t version = 0;
	for (size_t k = 0; k < filter->action_count; k++)
		if (filter->actions[k].kind == RULES_KEEP || filter->actions[k].kind == RULES_FILEINTO)
			version = filter->actions[k].version;
	return version ? &filter->versions[version - 1] : NULL;
}

/* Whatever cannot be done as it is wanted must not lose the mail: then it is kept as well. */
static void apply(struct filtering *f, size_t i, struct budget *budget)
{
	static const struct message_rules_action keep = {.kind = RULES_KEEP};
	struct account_target *target = &f->delivery->targets[i];
	struct filtered *r = &f->targets[i];
	bool lost = false, away = false;
	if (r->filter == NULL || !r->filter->any || r->filter->failed)
		return; /* as without rules */
	r->places = arena_array(f->arena, ACCOUNT_TARGET_PLACES_MAX, sizeof *r->places);
	if (r->places == NULL)
		return;
	target->places = r->places;
	for (size_t k = 0; k < r->filter->action_count; k++) {
		const struct message_rules_action *a = &r->filter->actions[k];
		switch ((enum rules_action_kind)a->kind) {
		case RULES_KEEP:
		case RULES_FILEINTO:
			add_place(f, target, r, a, budget);
			break;
		case RULES_REDIRECT:
			lost = !is_redirected(f, r, a) || lost;
			away = true;
			break;
		case RULES_REJECT:
		case RULES_EREJECT:
			lost = !refuse(f, r, a) || lost;
			away = true;
			break;
		case RULES_DISCARD:
			away = true;
			break;
		case RULES_VACATION:
		case RULES_NOTIFY:
			break; /* nothing that the commit does */
		}
	}
	/* What nobody has thrown away, refused or sent elsewhere is kept, whatever else is wanted with it. */
	if ((lost || !away) && target->place_count == 0)
		add_place(f, target, r, &keep, budget);
	target->nowhere = target->place_count == 0;
	target->filed = filed_of(f, r->filter);
	r->version = version_of(r->filter);
	/* Nothing was delivered, so the same message may come again. */
	target->has_delivery_id = target->has_delivery_id && !r->refused;
}

static void wish_redirects(struct filtering *f, size_t i)
{
	const struct filtered *r = &f->targets[i];
	for (size_t k = 0; r->filter && k < r->filter->action_count; k++) {
		struct redirect *d =
		    r->filter->actions[k].kind == RULES_REDIRECT ? arena_alloc(f->arena, sizeof *d) : NULL;
		if (d == NULL)
			continue;
		*d = (struct redirect){.account = r->filter->account,
		    .forwarder = r->recipient,
		    .action = &r->filter->actions[k],
		    .notify = r->notify,
		    .orcpt = r->orcpt};
		*f->redirects.last = d;
		f->redirects.last = &d->next;
	}
}

/* ---- the filters ---- */

static struct filtering *under_way; /* linked by `next` */

static void take_out(struct filtering *f)
{
	struct filtering **at = &under_way;
	while (*at != f)
		at = &(*at)->next;
	*at = f->next;
}

static void redirects_found(struct redirects *r)
{
	struct filtering *f = r->arg;
	struct budget budget = {0};
	f->reading = false;
	if (f->stopping) {
		f->stopped(f);
		return;
	}
	take_out(f);
	for (size_t i = 0; i < f->delivery->target_count; i++)
		apply(f, i, &budget);
	f->done(f);
}

/* One that has no Message-ID is known by what no host on the way changes: without that, it would go in
 * circles for ever. */
static uint64_t known_by(const struct filtering *f)
{
	static const char *const names[] = {"Date", "From", "Subject"};
	struct view header, body = f->mail.bytes, field;
	struct buf all;
	if (f->delivery->message_id_hash)
		return f->delivery->message_id_hash;
	const char *end = body.len ? memmem(body.data, body.len, "\r\n\r\n", 4) : NULL;
	header = end == NULL ? body : view_take(body, (size_t)(end - body.data) + 2);
	body = view_skip(body, header.len);
	buf_init(&all, 2 * KNOWN_BY_MAX);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (header_find(header, view_from_string(names[i]), &field))
			buf_append(&all, view_take(field, KNOWN_BY_MAX / 4));
		buf_append(&all, VIEW("\n"));
	}
	buf_append(&all, view_take(body, KNOWN_BY_MAX));
	uint64_t hash = message_id_hash(buf_view(&all));
	buf_done(&all);
	return hash;
}

/* All rules have spoken. */
static void finish(void *arg)
{
	struct filtering *f = arg;
	struct redirects *r = &f->redirects;
	*r = (struct redirects){
	    .arena = f->arena, .record = &f->record, .now = clock_wall(), .done = redirects_found, .arg = f};
	r->last = &r->first;
	for (size_t i = 0; i < f->delivery->target_count; i++)
		wish_redirects(f, i);
	if (r->first)
		r->message_id_hash = known_by(f);
	f->reading = true;
	redirects_find(r);
}

static void one_done(struct filter *filter)
{
	struct filtering *f = filter->arg;
	if (--f->waiting == 0)
		loop_task_schedule(&f->end);
}

static void ask(struct filtering *f, size_t i)
{
	struct account_target *target = &f->delivery->targets[i];
	struct filtered *r = &f->targets[i];
	if (!filter_has_rules(target->shard))
		return;
	struct filter *filter = r->filter = filter_new();
	filter->mail = &f->mail;
	filter->account = target->shard;
	filter->recipient = r->recipient;
	filter->original = r->original;
	filter->orcpt = r->orcpt;
	filter->notify = r->notify;
	filter->mailbox = target->mailbox;
	filter->prefix = target->prefix;
	filter->done = one_done;
	filter->arg = f;
	f->waiting++;
	filter_begin(filter);
}

static void ask_all(struct filtering *f)
{
	f->waiting++; /* until all have been asked */
	for (size_t i = 0; i < f->delivery->target_count; i++)
		ask(f, i);
	if (--f->waiting == 0)
		loop_task_schedule(&f->end);
}

bool filtering_is_needed(const struct account_delivery *delivery)
{
	for (size_t i = 0; i < delivery->target_count; i++)
		if (filter_has_rules(delivery->targets[i].shard))
			return true;
	return false;
}

/* ---- the message ---- */

/* Without the message nothing is asked, and all is kept: the commit will tell what is wrong with the disk. */
static void bytes_known(struct filtering *f, size_t length, int error)
{
	f->reading = false;
	if (f->stopping) {
		f->stopped(f);
		return;
	}
	if (error) {
		log_event(LOG_WARNING, "-", "rules-not-run", log_text("message", f->id), log_errno(error));
		loop_task_schedule(&f->end);
		return;
	}
	buf_commit(&f->bytes, length);
	f->mail.bytes = buf_view(&f->bytes);
	ask_all(f);
}

static void upload_read(struct store_upload_read *read, int result)
{
	bytes_known(container_of(read, struct filtering, upload), read->length, result);
}

static void blob_read(struct store_blob_read *read)
{
	struct filtering *f = container_of(read, struct filtering, read);
	bytes_known(f, f->part.length, f->part.result);
}

void filtering_begin(
    struct filtering *f, struct store_upload *upload, const struct blob_id *blob, uint64_t length)
{
	size_t wanted = length < FILTER_MESSAGE_MAX ? (size_t)length : FILTER_MESSAGE_MAX;
	loop_task_init(&f->end, &store_role.process->loop, finish, f);
	f->began = f->reading = true;
	f->next = under_way;
	under_way = f;
	buf_init(&f->bytes, FILTER_MESSAGE_MAX);
	f->mail.size = length;
	char *room = wanted ? buf_reserve(&f->bytes, wanted) : NULL;
	if (wanted == 0 || room == NULL) {
		bytes_known(f, 0, wanted ? -ENOMEM : 0);
	} else if (upload) {
		f->upload = (struct store_upload_read){
		    .upload = upload, .length = wanted, .out = room, .done = upload_read};
		if (store_upload_read(&f->upload))
			bytes_known(f, wanted, 0);
	} else {
		f->part = (struct store_blob_part){.id = *blob, .length = wanted, .out = room};
		f->read = (struct store_blob_read){.parts = &f->part, .count = 1, .done = blob_read};
		store_blob_read(store_role.store, &f->read);
	}
}

static bool put_version(
    struct account_target *target, const struct filter_version *v, struct store_commit *commit)
{
	if (commit->upload_count == STORE_UPLOADS_MAX)
		return false;
	struct store_upload *upload = store_upload_begin(store_role.store);
	if (store_upload_append(upload, buf_view(&v->bytes)) != 0 ||
	    store_upload_append(upload, buf_view(&v->trailer)) != 0) {
		store_upload_abort(upload);
		return false;
	}
	commit->uploads[commit->upload_count++] = upload;
	target->upload = commit->upload_count;
	target->own_len = buf_view(&v->bytes).len;
	target->summary = buf_failed(&v->summary) ? (struct view){0} : buf_view(&v->summary);
	target->structure = trailer_short_structure(buf_view(&v->trailer));
	target->prefix = (struct view){0}; /* it stands in the message */
	return true;
}

void filtering_put_versions(struct filtering *f, struct store_commit *commit)
{
	for (size_t i = 0; f->began && i < f->delivery->target_count; i++) {
		struct filtered *r = &f->targets[i];
		struct account_target *target = &f->delivery->targets[i];
		if (r->version && !target->nowhere && !put_version(target, r->version, commit))
			r->not_done = "The message is kept as it came: the header could not be changed for "
			              "so many at a time.";
	}
}

bool filtering_needs_body(const struct filtering *f)
{
	for (size_t i = 0; i < f->delivery->target_count; i++)
		if (!f->delivery->targets[i].nowhere)
			return true;
	for (const struct redirect *d = f->redirects.first; d; d = d->next)
		if (d->fate == REDIRECT_GOES)
			return true;
	return false;
}

/* ---- the commit ---- */

static size_t mark_writes(const struct filtering *f)
{
	size_t marks = 0;
	for (size_t i = 0; f->began && i < f->delivery->target_count; i++)
		marks += f->targets[i].filter ? f->targets[i].filter->mark_count : 0;
	return marks * ACCOUNT_MARK_WRITES;
}

size_t filtering_writes(const struct filtering *f)
{
	return redirects_writes(&f->redirects) + mark_writes(f);
}

int filtering_check(struct txn *t, struct filtering *f, size_t others)
{
	return redirects_check(t, &f->redirects, others + mark_writes(f));
}

int filtering_put_marks(struct txn *t, const struct filter *filter, int64_t now)
{
	int error = 0;
	for (size_t i = 0; i < filter->mark_count && error == 0; i++) {
		const struct message_rules_mark *m = &filter->marks[i];
		const struct account_mark mark = {.kind = MARK_SEEN,
		    .handle = m->handle,
		    .who = m->id,
		    .since = now,
		    .until = now + (int64_t)(m->seconds < MARK_SECONDS_MAX ? m->seconds : MARK_SECONDS_MAX)};
		bool found = false;
		/* RFC 7352 section 3.2: without :last the first one counts. */
		if (!m->last)
			error = marks_find(t, filter->account, &mark, now, &found);
		if (error == 0 && !found)
			error = marks_set(t, filter->account, &mark);
	}
	return error == -EMSGSIZE ? 0 : error;
}

int filtering_run(struct txn *t, struct filtering *f)
{
	int error = 0;
	bool any = false;
	/* Who was delivered to before has no part in it, but others of the same message may be new: its alias
	 * was changed, and it was requeued. */
	for (size_t i = 0; f->began && i < f->delivery->target_count && error == 0; i++) {
		const struct account_target *target = &f->delivery->targets[i];
		any = any || !target->repeated;
		if (f->targets[i].filter && target->result == 0 && !target->repeated &&
		    !f->targets[i].refused)
			error = filtering_put_marks(t, f->targets[i].filter, f->redirects.now);
	}
	return error || !any ? error : redirects_run(t, &f->redirects);
}

/* ---- afterwards ---- */

/* Nobody answers what was found to be junk: its sender is forged, or wants to know which addresses are read.
 */
static bool is_junk(struct view mailbox)
{
	return view_equal_nocase(mailbox, VIEW("\\Junk"));
}

static void send_answer(const struct filter *filter, const struct filter_composed *composed, struct view id)
{
	const struct message_rules_action *a = &filter->actions[composed->action];
	struct store_answer answer = {.account = filter->account,
	    .about = id,
	    .message = buf_view(&composed->bytes),
	    .recipients = a->target,
	    .sender = a->sender,
	    .author = a->author,
	    .utf8 = a->utf8,
	    .eight_bit = a->eight_bit,
	    .once = a->kind == RULES_VACATION,
	    .handle = a->handle,
	    .seconds = a->seconds,
	    .copy = {.wanted = a->fcc,
	        .create = a->fcc_create,
	        .path = a->fcc_mailbox,
	        .mailbox_id = a->fcc_mailbox_id,
	        .special_use = a->fcc_special_use,
	        .flags = a->fcc_flags}};
	if (a->composed && a->silent.len == 0 && (a->kind == RULES_VACATION || a->kind == RULES_NOTIFY))
		store_answer_send(&answer);
}

void filtering_send_answers(const struct filter *filter, struct view id)
{
	for (size_t i = 0; i < filter->composed_count; i++)
		send_answer(filter, &filter->composed[i], id);
}

static void tell_one(struct filtering *f, size_t i)
{
	const struct account_target *target = &f->delivery->targets[i];
	const struct filtered *r = &f->targets[i];
	const struct filter *filter = r->filter;
	if (filter == NULL || !filter->any || target->result != 0)
		return;
	/* For a message that has come now, and not once more. */
	if (!target->repeated && !is_junk(filter->mailbox))
		filtering_send_answers(filter, f->id);
	if (filter->failed) {
		log_event(LOG_WARNING, "-", "rules-failed", log_u64("account", filter->account),
		    log_text("message", f->id), log_text("script", filter->script),
		    log_u64("line", filter->line), log_string("why", filter->failed));
		filter_tell_owner(filter, filter->version, filter->failed);
	} else if (r->not_done) {
		log_event(LOG_WARNING, "-", "rules-not-followed", log_u64("account", filter->account),
		    log_text("message", f->id), log_string("why", r->not_done));
		filter_tell_owner(filter, filter->version, r->not_done);
	} else if (target->missed) {
		filter_tell_owner(filter, filter->version,
		    "A mailbox that they name is not there, so the message is in your INBOX. Make the "
		    "mailbox, or "
		    "let the script make it (require \"mailbox\", and fileinto :create).");
	}
}

/* "rule 3 'Invoices' of script 'mine', line 12". Not which words it found: the trace holds nothing of what
 * mail says. */
static void write_reason(struct buf *out, const struct filter *filter, const struct message_rules_action *a)
{
	struct view script = a->script.len ? a->script : filter->programs[a->program].name;
	if (a->rule)
		buf_printf(out, "rule %u%s%.*s%s of ", (unsigned)a->rule, a->rule_name.len ? " '" : "",
		    VIEW_FMT(a->rule_name), a->rule_name.len ? "'" : "");
	buf_printf(out, "script '%.*s'", VIEW_FMT(script));
	if (a->line)
		buf_printf(out, ", line %u", (unsigned)(a->why_line ? a->why_line : a->line));
	if (a->kind == RULES_REDIRECT) /* only one that was not done is traced here */
		buf_append_string(out, ", which sends on no more in this hour");
}

/* Whose mail it is, and what the sender wrote. */
struct traced {
	struct view recipient, original;
};

static void trace_action(const struct filtering *f, const struct filter *filter,
    const struct message_rules_action *a, enum trace_kind kind, const struct traced *who, struct view mailbox)
{
	bool led = who->original.len > 0 && !view_equal_nocase(who->original, who->recipient);
	struct log_field fields[5];
	struct buf by;
	size_t n = 0;
	buf_init(&by, 2000);
	write_reason(&by, filter, a);
	fields[n++] = log_text("recipient", who->recipient);
	fields[n++] = log_text("by", buf_view(&by));
	if (mailbox.len > 0)
		fields[n++] = log_text("mailbox", mailbox);
	if (led)
		fields[n++] = log_text("original", who->original);
	fields[n] = (struct log_field){.key = NULL};
	trace_fields(f->id, kind, fields);
	buf_done(&by);
}

bool filtering_trace(const struct filtering *f, size_t i, struct view recipient, struct view original)
{
	const struct traced who = {.recipient = recipient, .original = original};
	const struct filtered *r = f->began ? &f->targets[i] : NULL;
	if (r == NULL || r->filter == NULL || !r->filter->any || r->filter->failed || r->places == NULL)
		return false;
	const struct account_target *target = &f->delivery->targets[i]; /* there is none before it began */
	const struct message_rules_action *stopped = NULL; /* a redirect, by the limit of the hour */
	size_t place = 0;
	for (size_t k = 0; k < r->filter->action_count; k++) {
		const struct message_rules_action *a = &r->filter->actions[k];
		const struct redirect *d = redirect_of(f, a);
		stopped = d && d->fate == REDIRECT_TOO_OFTEN ? a : stopped;
		bool kept = a->kind == RULES_KEEP || a->kind == RULES_FILEINTO;
		if (kept && place < target->place_count) {
			bool inbox = a->kind == RULES_KEEP || (target->missed & 1U << place);
			struct view box = target->muted                                  ? STORE_TRACE_ARCHIVE
			                  : target->mailbox.len && a->kind == RULES_KEEP ? target->mailbox
			                                                                 : VIEW("INBOX");
			trace_action(f, r->filter, a, TRACE_KEPT, &who, inbox ? box : a->target);
			place++;
		} else if (a->kind == RULES_DISCARD && target->nowhere && !r->refused) {
			trace_action(f, r->filter, a, TRACE_DISCARDED, &who, (struct view){0});
		} else if (r->refused && (a->kind == RULES_REJECT || a->kind == RULES_EREJECT)) {
			trace_action(f, r->filter, a, TRACE_REFUSED, &who, (struct view){0});
		}
	}
	struct view rest = place == target->place_count ? (struct view){0}
	                   : target->muted              ? STORE_TRACE_ARCHIVE
	                                                : VIEW("INBOX");
	if (stopped)
		trace_action(f, r->filter, stopped, TRACE_KEPT, &who, rest);
	else if (rest.len > 0)
		store_trace_kept(f->id, recipient, original, rest, target->muted);
	return true;
}

void filtering_tell(struct filtering *f, int result)
{
	for (size_t i = 0; f->began && result == 0 && i < f->delivery->target_count; i++)
		tell_one(f, i);
}

void filtering_stop_all(void)
{
	while (under_way) {
		struct filtering *f = under_way;
		under_way = f->next;
		f->stopping = true;
		if (!f->reading)
			f->stopped(f);
	}
	filter_tell_forget();
}

void filtering_free(struct filtering *f)
{
	if (!f->began)
		return;
	loop_task_cancel(&f->end);
	redirects_free(&f->redirects);
	for (size_t i = 0; i < f->delivery->target_count; i++)
		filter_free(f->targets[i].filter);
	buf_done(&f->bytes);
	f->began = false;
}
