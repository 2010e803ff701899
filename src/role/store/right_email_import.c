/*
 * EMAIL_IMPORT: a new email in one or more mailboxes, from an upload, from what is kept, or from an email
 * that the session may read.
 */
#include <errno.h>

#include "account/email_import.h"
#include "base/container.h"
#include "base/mem.h"
#include "role/store/imap_event.h"
#include "role/store/question.h"
#include "role/store/right_appended.h"
#include "role/store/right_kept.h"
#include "role/store/store_private.h"

struct right_import_email {
	struct question question;
	uint64_t account, from_account, from, kept;
	struct appended appended;
	size_t count, granted; /* mailboxes; those that the session may put mail into */
	uint32_t mailboxes[ACCOUNT_TARGET_PLACES_MAX];
	struct right_mailbox box;
	struct account_wanted_place places[ACCOUNT_TARGET_PLACES_MAX];
	bool given; /* the upload is the store's */

	/* Where the bytes are. */
	struct right_account source;
	struct account_emails emails;
	struct account_fetch fetch;
	struct account_keep keep;
	char *prefix;
	uint64_t hashes[ACCOUNT_HASHES_MAX];

	struct account_email_import call;
};

static struct right_import_email *import_of(struct question *question)
{
	return container_of(question, struct right_import_email, question);
}

static void release(struct question *question)
{
	struct right_import_email *i = import_of(question);
	appended_free(&i->appended, i->given);
	account_emails_free(&i->emails);
	account_fetch_free(&i->fetch);
	mem_free(i->prefix);
}

static const struct question_kind kind = {.release = release};

/* ---- the email is made ---- */

/* An email of another one's bytes is a copy (RFC 8621 section 4.7). */
static void note_events(const struct right_import_email *i)
{
	const struct account_places *places = &i->call.places;
	for (size_t k = 0; k < places->count; k++)
		imap_event_note(&(struct imap_event){.cause = i->from ? EVENT_COPY : EVENT_APPEND,
		    .shard = i->appended.target.shard,
		    .mailbox = places->at[k].mailbox,
		    .actor = i->question.right->account,
		    .uids = &places->at[k].uid,
		    .count = 1});
}

static void imported(struct account_email_import *call, int result)
{
	struct right_import_email *i = container_of(call, struct right_import_email, call);
	const struct account_target *target = &i->appended.target;
	if (result == 0) {
		store_notice_quota(target, 1);
		note_events(i);
	}
	if (!question_back(&i->question))
		return;
	struct mail_done done = {.error = result, .number = result == -EEXIST ? call->existing : 0};
	if (result == 0)
		done = (struct mail_done){.number = target->emailid,
		    .uidnext = call->thread,
		    .messages = call->size,
		    .modseq = target->modseq};
	question_done(&i->question, &done);
}

static void carry_out(struct right_import_email *i)
{
	const struct settings *settings = &store_role.process->settings;
	struct account_target *target = &i->appended.target;
	target->shard = i->box.shard;
	target->places = i->places;
	target->place_count = i->count;
	target->enforce_quota = true;
	target->quota_default = settings->quota_default;
	target->quota_messages_default = settings->quota_messages_default;
	i->appended.delivery.quota_warning = (unsigned)settings->quota_warning;
	i->call.delivery = &i->appended.delivery;
	i->call.who = right_is_own(i->question.right, i->account) ? NULL : right_is_who(i->question.right);
	i->call.done = imported;
	i->given = true;
	question_call(&i->question);
	account_email_import(&store_role.accounts, &i->call);
}

/* ---- bytes of an email ---- */

static void fetched(struct account_fetch *fetch, int result)
{
	struct right_import_email *i = container_of(fetch, struct right_import_email, fetch);
	struct account_delivery *d = &i->appended.delivery;
	if (!question_back(&i->question))
		return;
	const struct account_fetched *e = result ? NULL : &fetch->messages[0];
	if (result == 0)
		result = e->result;
	if (result) {
		question_fail(&i->question, result);
		return;
	}
	i->prefix = mem_string(e->prefix);
	mem_free(i->appended.summary);
	mem_free(i->appended.structure);
	i->appended.summary = mem_string(e->summary);
	i->appended.structure = mem_string(e->structure);
	for (size_t k = 0; k < e->hash_count; k++)
		i->hashes[k] = e->hashes[k];
	i->appended.target.prefix = view_of(i->prefix, e->prefix.len);
	d->blob = e->blob;
	d->body_len = e->body_len;
	d->text_growth = e->text_growth;
	d->summary = view_of(i->appended.summary, e->summary.len);
	d->structure = view_of(i->appended.structure, e->structure.len);
	d->message_id_hash = e->hash_count ? i->hashes[0] : 0;
	d->references = i->hashes + 1;
	d->reference_count = e->hash_count ? e->hash_count - 1 : 0;
	i->call.source_shard = i->source.box.shard;
	i->call.source_email = i->from;
	carry_out(i);
}

static void looked_up(struct account_emails *emails, int result)
{
	struct right_import_email *i = container_of(emails, struct right_import_email, emails);
	if (!question_back(&i->question))
		return;
	if (result == 0 && emails->emails[0].mailbox_count == 0)
		result = -ENOENT;
	if (result) {
		question_fail(&i->question, result);
		return;
	}
	struct account_delivery *d = &i->appended.delivery;
	d->binary = emails->emails[0].flags & FLAG_BINARY;
	if (d->internaldate == 0)
		d->internaldate = emails->emails[0].internaldate;
	i->fetch = (struct account_fetch){.shard = i->source.box.shard,
	    .emailids = &i->from,
	    .emailid_count = 1,
	    .derived = ACCOUNT_INDEXED,
	    .done = fetched};
	question_call(&i->question);
	account_fetch(&store_role.accounts, &i->fetch);
}

static void source_granted(struct question *question)
{
	struct right_import_email *i = import_of(question);
	i->emails = (struct account_emails){.shard = i->source.box.shard,
	    .who = i->source.who,
	    .ids = &i->from,
	    .count = 1,
	    .done = looked_up};
	question_call(question);
	account_emails(&store_role.accounts, &i->emails);
}

/* ---- bytes that are kept ---- */

static void kept_found(struct account_keep *keep, int result)
{
	struct right_import_email *i = container_of(keep, struct right_import_email, keep);
	if (!question_back(&i->question))
		return;
	if (result) {
		question_fail(&i->question, result);
		return;
	}
	struct account_delivery *d = &i->appended.delivery;
	d->blob = keep->blob;
	d->body_len = keep->size;
	/* Each octet can grow by one, and the last line get an end. */
	if (d->text_growth > (d->binary ? d->body_len + 2 : 0)) {
		question_fail(&i->question, -EINVAL);
		return;
	}
	i->call.source_shard = i->keep.shard;
	i->call.source_kept = i->keep.id;
	i->call.source_expires = i->keep.expires;
	carry_out(i);
}

static void find_bytes(struct right_import_email *i)
{
	if (i->from) {
		right_account(&i->question, i->from_account, &i->source, source_granted);
	} else if (i->kept) {
		i->keep = (struct account_keep){.shard = i->question.right->account,
		    .id = kept_id_of(i->kept),
		    .expires = kept_expiry_of(i->kept),
		    .done = kept_found};
		question_call(&i->question);
		account_kept(&store_role.accounts, &i->keep);
	} else {
		carry_out(i);
	}
}

/* ---- the mailboxes ---- */

static void next_mailbox(struct right_import_email *i);

static void mailbox_granted(struct question *question)
{
	struct right_import_email *i = import_of(question);
	struct account_wanted_place *place = &i->places[i->granted++];
	*place = i->appended.place;
	place->number = i->box.mailbox;
	right_leave_out_flags(&i->box, place);
	if (i->granted < i->count)
		next_mailbox(i);
	else
		find_bytes(i);
}

static void next_mailbox(struct right_import_email *i)
{
	right_access(
	    &i->question, i->account, i->mailboxes[i->granted], RIGHT_INSERT, &i->box, mailbox_granted);
}

static int take_mailboxes(struct right_import_email *i, struct view numbers)
{
	struct cursor in = cursor_on(numbers);
	if (numbers.len % EMAIL_MAILBOX_SIZE || numbers.len == 0)
		return -EINVAL;
	for (; !cursor_at_end(&in); i->count++) {
		if (i->count == ACCOUNT_TARGET_PLACES_MAX)
			return -EMLINK;
		i->mailboxes[i->count] = cursor_u32(&in);
	}
	return 0;
}

void right_email_import(struct right *r, uint32_t request, const void *message)
{
	const struct email_import *m = message;
	struct right_import_email *i = question_begin(r, request, sizeof *i, &kind);
	const struct mail_append append = {.upload = m->upload,
	    .flags = m->flags,
	    .internaldate = m->internaldate,
	    .keywords = m->keywords,
	    .summary = m->summary,
	    .trailer = m->trailer,
	    .message_id_hash = m->message_id_hash,
	    .references = m->references,
	    .binary = m->binary,
	    .text_growth = m->text_growth};
	i->account = m->account;
	i->from_account = m->from_account;
	i->from = m->from;
	i->kept = m->kept;
	bool uploaded = m->from == 0 && m->kept == 0;
	int error = appended_take(&i->appended, uploaded ? r : NULL, &append);
	if (error == 0)
		error = take_mailboxes(i, m->mailboxes);
	if (error)
		question_fail(&i->question, error);
	else
		next_mailbox(i);
}
