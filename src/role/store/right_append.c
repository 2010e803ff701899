/*
 * MAIL_APPEND: the messages of a command come one by one, each with a body that was uploaded before; the last
 * one carries all of them out.
 */
#include <errno.h>

#include "account/append.h"
#include "base/container.h"
#include "base/mem.h"
#include "mail/uid_ranges.h"
#include "role/store/question.h"
#include "role/store/store_private.h"

struct appended {
	struct account_delivery delivery;
	struct account_target target;
	struct account_wanted_place place;
	struct view words[ACCOUNT_FLAGS_KEYWORDS_MAX];
	uint64_t references[MESSAGE_REFERENCES_MAX];
	char *keywords, *summary;
};

/* The messages of a command so far. */
struct right_appending {
	struct appended *messages[ACCOUNT_APPEND_MAX];
	size_t count;
	int error; /* of one of them: none is added */
};

struct right_append {
	struct question question;
	struct right_mailbox box, replaced;
	struct mail_append last;
	struct right_appending *all;
	struct account_delivery *deliveries[ACCOUNT_APPEND_MAX];
	struct account_append call;
	bool given; /* the uploads are the store's */
};

static void free_messages(struct right_appending *all, bool given)
{
	for (size_t i = 0; all && i < all->count; i++) {
		struct appended *m = all->messages[i];
		if (!given)
			store_upload_abort(m->delivery.upload);
		mem_free(m->keywords);
		mem_free(m->summary);
		mem_free(m);
	}
	mem_free(all);
}

static struct right_append *append_of(struct question *question)
{
	return container_of(question, struct right_append, question);
}

static void release(struct question *question)
{
	struct right_append *a = append_of(question);
	free_messages(a->all, a->given);
}

static const struct question_kind kind = {.release = release};

/* ---- carrying out ---- */

static void appended(struct account_append *call, int result)
{
	struct right_append *a = container_of(call, struct right_append, call);
	struct question *q = &a->question;
	struct buf uids;
	if (!question_back(q))
		return;
	buf_init(&uids, ACCOUNT_APPEND_MAX * UID_RANGE_SIZE);
	for (size_t i = 0; i < a->all->count && result == 0; i++)
		uid_ranges_add(&uids, a->all->messages[i]->target.uid, a->all->messages[i]->target.uid);
	question_answer_ranges(q, MAIL_UIDS, buf_view(&uids));
	buf_done(&uids);
	struct mail_done done = {.error = result};
	if (result == 0)
		done = (struct mail_done){
		    .modseq = call->modseq, .uidvalidity = call->uidvalidity, .uidnext = call->uidnext};
	question_done(q, &done);
}

static void carry_out(struct question *question)
{
	struct right_append *a = append_of(question);
	const struct settings *settings = &store_role.process->settings;
	for (size_t i = 0; i < a->all->count; i++) {
		struct appended *m = a->all->messages[i];
		m->target.shard = a->box.shard;
		m->target.enforce_quota = true;
		m->target.quota_default = settings->quota_default;
		m->place.number = a->box.mailbox;
		a->deliveries[i] = &m->delivery;
	}
	a->call = (struct account_append){.shard = a->box.shard,
	    .messages = a->deliveries,
	    .count = a->all->count,
	    .mailbox = a->box.mailbox,
	    .replace_mailbox = a->replaced.mailbox,
	    .replace = (uint32_t)a->last.replace,
	    .done = appended};
	a->given = true;
	question_call(question);
	account_append(&store_role.accounts, &a->call);
}

/* The message that is replaced is one of the same account. */
static void granted(struct question *question)
{
	struct right_append *a = append_of(question);
	if (a->last.replace)
		right_access(question, a->last.account, a->last.replace_mailbox, RIGHT_EXPUNGE, &a->replaced,
		    carry_out);
	else
		carry_out(question);
}

/* ---- one message ---- */

static int fill(struct appended *a, const struct mail_append *m)
{
	struct account_delivery *d = &a->delivery;
	struct cursor references = cursor_on(m->references);
	size_t count;
	int error = d->upload ? 0 : -EIO;
	d->body_len = error ? 0 : store_upload_length(d->upload);
	if (error == 0 && m->trailer.len > 0)
		error = store_upload_append(d->upload, m->trailer);
	/* Each octet can grow by one, and the last line get an end. */
	if (error == 0 && m->text_growth > (m->binary ? d->body_len + 2 : 0))
		error = -EINVAL;
	a->keywords = mem_string(m->keywords);
	a->summary = mem_string(m->summary);
	if (!question_keywords(view_of(a->keywords, m->keywords.len), a->words, &count))
		error = -EMLINK;
	while (!cursor_at_end(&references) && d->reference_count < MESSAGE_REFERENCES_MAX)
		a->references[d->reference_count++] = cursor_u64(&references);
	if (error)
		return error;
	d->internaldate = (int64_t)m->internaldate;
	d->binary = m->binary;
	d->text_growth = m->text_growth;
	d->summary = view_of(a->summary, m->summary.len);
	d->message_id_hash = m->message_id_hash;
	d->references = a->references;
	d->targets = &a->target;
	d->target_count = 1;
	a->target.places = &a->place;
	a->target.place_count = 1;
	a->place.flags = m->flags & FLAGS_SYSTEM;
	a->place.keywords = a->words;
	a->place.keyword_count = count;
	return 0;
}

/* UIDs, UIDLs and names of deliveries that somebody else has given are for administrators. */
static bool is_imported(const struct mail_append *m)
{
	return m->uid || m->uidl.len || m->delivery.len;
}

void right_append(struct right *r, uint32_t request, const void *message)
{
	const struct mail_append *m = message;
	if (r->appending == NULL)
		r->appending = mem_alloc(sizeof *r->appending);
	struct right_appending *all = r->appending;
	if (all->count == ACCOUNT_APPEND_MAX || is_imported(m)) {
		right_break(r, "append-not-permitted");
		return;
	}
	struct appended *one = mem_alloc(sizeof *one);
	all->messages[all->count++] = one;
	one->delivery.upload = right_upload_claim(r, m->upload);
	int error = fill(one, m);
	all->error = all->error ? all->error : error;
	if (m->more)
		return;
	struct right_append *a = question_begin(r, request, sizeof *a, &kind);
	a->all = all;
	a->last = *m;
	r->appending = NULL;
	if (all->error)
		question_fail(&a->question, all->error);
	else
		right_access(&a->question, m->account, m->mailbox, RIGHT_INSERT, &a->box, granted);
}

void right_append_close(struct right *r)
{
	free_messages(r->appending, false);
}
