/*
 * EMAIL_GET: what emails are, streamed. A batch of ids is looked up, and what stands with the emails
 * themselves is fetched in runs; no more than the channel takes is under way.
 */
#include <errno.h>

#include "base/container.h"
#include "base/mem.h"
#include "format/limits.h"
#include "mail/email_wire.h"
#include "role/store/question.h"
#include "role/store/right_message.h"
#include "role/store/store_private.h"

struct right_emails {
	struct question question;
	struct right_account account;
	uint64_t want;
	uint64_t *ids;
	size_t count, next; /* next: the first that was not looked up */
	uint64_t modseq;

	struct account_emails emails;
	size_t at; /* of the batch: the first that was not answered */
	struct right_keywords keywords;

	/* Of the batch: emails that are there, from `base` on, in runs. */
	struct account_fetch call;
	uint64_t fetched[ACCOUNT_EMAILS_MAX];
	size_t fetch_at[ACCOUNT_EMAILS_MAX]; /* which of the batch each is */
	size_t fetch_count, fetch_next;
	bool begun;
	struct buf entries;
	struct right_message message;
};

static struct right_emails *emails_of(struct question *question)
{
	return container_of(question, struct right_emails, question);
}

static void release(struct question *question)
{
	struct right_emails *e = emails_of(question);
	mem_free(e->ids);
	account_emails_free(&e->emails);
	right_keywords_free(&e->keywords);
	account_fetch_free(&e->call);
	buf_done(&e->entries);
	right_message_done(&e->message);
}

static void proceed(struct right_emails *e);

static void go_on(struct question *question)
{
	proceed(emails_of(question));
}

static const struct question_kind kind = {.go_on = go_on, .release = release};

/* ---- entries ---- */

/* False when the question has ended of it, here and below. */
static bool send_entries(struct right_emails *e)
{
	struct email_entries m = {.entries = buf_view(&e->entries)};
	bool sent = m.entries.len == 0 || question_answer(&e->question, EMAIL_ENTRIES, &m);
	buf_clear(&e->entries);
	return sent;
}

static bool put(struct right_emails *e, struct email_entry *entry)
{
	if (email_entry_put(&e->entries, e->want, entry))
		return buf_view(&e->entries).len < MESSAGE_FRAME_BYTES || send_entries(e);
	if (!send_entries(e))
		return false;
	if (email_entry_put(&e->entries, e->want, entry))
		return true;
	right_message_shorten(&entry->message);
	if (email_entry_put(&e->entries, e->want, entry))
		return true;
	question_fail(&e->question, -ENOMEM);
	return false;
}

static bool answer(
    struct right_emails *e, const struct account_email_info *i, const struct account_fetched *f)
{
	struct email_entry entry = {.mailbox_count = i->mailbox_count};
	struct mail_message *m = &entry.message;
	for (size_t k = 0; k < i->mailbox_count; k++)
		entry.mailboxes[k] = i->mailboxes[k];
	*m = (struct mail_message){.emailid = i->id,
	    .thread = i->thread,
	    .flags = i->flags,
	    .modseq = i->modseq,
	    .size = i->size + i->text_growth,
	    .internaldate = i->internaldate,
	    .savedate = i->savedate};
	right_message_begin(&e->message, i->flags & FLAG_MORE ? &e->emails.more[i->more] : NULL, m);
	right_message_order(&e->message, &i->order, i->hashes, i->hash_count, m);
	if (i->snooze_len) {
		m->snooze = view_take(view_skip(buf_view(e->emails.snoozes), i->snooze_at), i->snooze_len);
		m->awake = i->awake;
	}
	if (f)
		right_message_email(&e->message, f, m);
	return put(e, &entry);
}

/* ---- what stands with the emails ---- */

static bool needs_email(const struct right_emails *e, const struct account_email_info *i)
{
	return right_message_needs_email(e->want) || (e->want & MAIL_WANT_ORDER && !i->order.known);
}

static void fetched(struct account_fetch *call, int result)
{
	struct right_emails *e = container_of(call, struct right_emails, call);
	if (!question_back(&e->question))
		return;
	if (result) {
		question_fail(&e->question, result);
		return;
	}
	size_t first = call->first, count = call->count, found = call->found;
	for (size_t i = 0; i < count; i++) {
		const struct account_fetched *f = &call->messages[first + i];
		size_t at = e->fetch_at[e->fetch_next + i];
		/* It went meanwhile. */
		if (f->result != -ENOENT && !answer(e, &e->emails.emails[at], f))
			return;
		e->at = at + 1;
	}
	e->fetch_next += count;
	if (first + count == found) {
		account_fetch_free(call);
		e->begun = false;
	}
	proceed(e);
}

/* The emails of the batch that are there, from here on. */
static void fetch(struct right_emails *e)
{
	e->fetch_count = e->fetch_next = 0;
	for (size_t i = e->at; i < e->emails.found; i++) {
		const struct account_email_info *info = &e->emails.emails[i];
		if (info->mailbox_count == 0)
			continue;
		if (!needs_email(e, info))
			break;
		e->fetch_at[e->fetch_count] = i;
		e->fetched[e->fetch_count++] = info->id;
	}
	e->call = right_message_fetch(&e->message, e->account.box.shard, e->fetched, e->fetch_count);
	/* Who asks for one alone, and its header, needs all of it: a letter to 300 people has a long one. */
	if (e->count == 1 && e->want & MAIL_WANT_HEADER)
		e->call.head = MIME_HEADER_MAX;
	e->call.done = fetched;
	e->begun = true;
	question_call(&e->question);
	account_fetch(&store_role.accounts, &e->call);
}

/* ---- the batch ---- */

static void names_told(struct question *question, int error)
{
	if (error)
		question_fail(question, error);
	else
		proceed(emails_of(question));
}

static void looked_up(struct account_emails *emails, int result)
{
	struct right_emails *e = container_of(emails, struct right_emails, emails);
	uint64_t keywords = 0;
	if (!question_back(&e->question))
		return;
	if (result) {
		question_fail(&e->question, result);
		return;
	}
	if (e->next == 0)
		e->modseq = emails->emails_modseq;
	e->next += emails->found;
	for (size_t i = 0; i < emails->found; i++)
		keywords |= emails->emails[i].flags & ~(FLAGS_SYSTEM | FLAGS_OF_MESSAGE);
	if (keywords && e->want & MAIL_WANT_FLAGS)
		right_keywords(&e->question, &e->keywords, &e->account.box, NULL, 0, names_told);
	else
		proceed(e);
}

static void look_up(struct right_emails *e)
{
	size_t left = e->count - e->next;
	account_emails_free(&e->emails);
	e->at = 0;
	e->emails = (struct account_emails){.shard = e->account.box.shard,
	    .who = e->account.who,
	    .ids = e->ids + e->next,
	    .with_snoozes = e->want & MAIL_WANT_SNOOZE,
	    .count = left < ACCOUNT_EMAILS_MAX ? left : ACCOUNT_EMAILS_MAX,
	    .done = looked_up};
	question_call(&e->question);
	account_emails(&store_role.accounts, &e->emails);
}

/* Also without ids there is a state to be told. */
static void proceed(struct right_emails *e)
{
	if (!right_has_room(e->question.right))
		return;
	if (e->begun) {
		question_call(&e->question);
		account_fetch_next(&e->call);
		return;
	}
	for (; e->emails.emails && e->at < e->emails.found; e->at++) {
		const struct account_email_info *i = &e->emails.emails[e->at];
		if (i->mailbox_count == 0)
			continue;
		if (needs_email(e, i)) {
			fetch(e);
			return;
		}
		if (!answer(e, i, NULL))
			return;
	}
	if (e->next < e->count || e->emails.emails == NULL)
		look_up(e);
	else if (send_entries(e))
		question_done(
		    &e->question, &(struct mail_done){.modseq = e->modseq, .number = e->account.access});
}

static void granted(struct question *question)
{
	emails_of(question)->message.own = emails_of(question)->account.who == NULL;
	proceed(emails_of(question));
}

void right_emails(struct right *r, uint32_t request, const void *message)
{
	const struct email_get *m = message;
	struct right_emails *e = question_begin(r, request, sizeof *e, &kind);
	e->want = m->want & ~(uint64_t)MAIL_WANT_UIDL;
	buf_init(&e->entries, MESSAGE_ENTRIES_BYTES);
	right_message_init(&e->message, e->want, m->body_max);
	int error = question_ids(m->ids, &e->ids, &e->count);
	if (error)
		question_fail(&e->question, error);
	else
		right_account(&e->question, m->account, &e->account, granted);
}
