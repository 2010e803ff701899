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
#include "role/store/right_appended.h"
#include "role/store/imap_event.h"
#include "role/store/store_private.h"

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
	char *path; /* of the own mailbox; NULL: it has a number */
	struct right_appending *all;
	struct account_delivery *deliveries[ACCOUNT_APPEND_MAX];
	const struct account_annotate *annotations[ACCOUNT_APPEND_MAX];
	struct account_append call;
	bool given; /* the uploads are the store's */
};

static void free_messages(struct right_appending *all, bool given)
{
	for (size_t i = 0; all && i < all->count; i++) {
		appended_free(all->messages[i], given);
		mem_free(all->messages[i]);
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
	mem_free(a->path);
}

static const struct question_kind kind = {.release = release};

/* ---- carrying out ---- */

/* A message that replaces another one has come as well. The mailbox is known by now, whichever way it was
 * named. */
static void note_event(const struct right_append *a, int result)
{
	uint32_t uids[ACCOUNT_APPEND_MAX];
	for (size_t i = 0; i < a->all->count; i++)
		uids[i] = a->all->messages[i]->target.uid;
	imap_event_note(&(struct imap_event){.cause = EVENT_APPEND,
	    .shard = a->call.shard,
	    .mailbox = a->call.mailbox,
	    .actor = a->question.right->account,
	    .uids = uids,
	    .count = result ? 0 : a->all->count});
}

static void appended(struct account_append *call, int result)
{
	struct right_append *a = container_of(call, struct right_append, call);
	struct question *q = &a->question;
	struct buf uids;
	for (size_t i = 0; i < a->all->count && result == 0; i++)
		store_notice_quota(&a->all->messages[i]->target, 1);
	if (!question_back(q))
		return;
	buf_init(&uids, ACCOUNT_APPEND_MAX * UID_RANGE_SIZE);
	for (size_t i = 0; i < a->all->count && result == 0; i++)
		uid_ranges_add(&uids, a->all->messages[i]->target.uid, a->all->messages[i]->target.uid);
	note_event(a, result);
	question_answer_ranges(q, MAIL_UIDS, buf_view(&uids));
	buf_done(&uids);
	struct mail_done done = {.error = result};
	if (result == 0)
		done = (struct mail_done){
		    .modseq = call->modseq, .uidvalidity = call->uidvalidity, .uidnext = call->uidnext};
	question_done(q, &done);
}

/* False: the session has no right to annotate for all. */
static bool take_annotations(struct right_append *a, struct appended *m, size_t i)
{
	if (m->annotations.any_shared && !(a->box.rights & RIGHT_ANNOTATE))
		return false;
	m->annotate = (struct account_annotate){.shard = a->box.shard,
	    .mailbox = a->box.mailbox,
	    .user = a->question.right->account,
	    .entries = m->annotations.items,
	    .entry_count = m->annotations.count,
	    .quota_default = store_role.process->settings.quota_default};
	a->annotations[i] = m->annotations.count ? &m->annotate : NULL;
	return true;
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
		m->target.quota_messages_default = settings->quota_messages_default;
		m->delivery.quota_warning = (unsigned)settings->quota_warning;
		m->place.number = a->box.mailbox;
		m->place.path = a->last.path;
		right_leave_out_flags(&a->box, &m->place);
		a->deliveries[i] = &m->delivery;
		if (!take_annotations(a, m, i)) {
			question_fail(question, -EACCES);
			return;
		}
	}
	a->call = (struct account_append){.shard = a->box.shard,
	    .messages = a->deliveries,
	    .annotations = a->annotations,
	    .count = a->all->count,
	    .mailbox = a->box.mailbox,
	    .path = a->last.path,
	    .replace_mailbox = a->replaced.mailbox,
	    .replace = (uint32_t)a->last.replace,
	    .done = appended};
	a->given = true;
	question_call(question);
	account_append(&store_role.accounts, &a->call);
}

static void replaced_granted(struct question *question)
{
	if (append_of(question)->replaced.rights & RIGHT_DELETE)
		carry_out(question);
	else
		question_fail(question, -EACCES);
}

/* The message that is replaced is one of the same account; it goes without having been marked \Deleted, which
 * takes both rights (RFC 8508 section 5). */
static void granted(struct question *question)
{
	struct right_append *a = append_of(question);
	if (a->last.replace)
		right_access(question, a->last.account, a->last.replace_mailbox, RIGHT_EXPUNGE, &a->replaced,
		    replaced_granted);
	else
		carry_out(question);
}

/* ---- one message ---- */

/* UIDs, UIDLs and names of deliveries that somebody else has given are for administrators. */
static bool is_imported(const struct mail_append *m)
{
	return m->uid || m->uidl.len || m->delivery.len;
}

void right_append(struct right *r, uint32_t request, const void *message)
{
	const struct mail_append *m = message;
	if (r->permissions & RIGHT_IMPORT) {
		right_import(r, request, m);
		return;
	}
	if (r->appending == NULL)
		r->appending = mem_alloc(sizeof *r->appending);
	struct right_appending *all = r->appending;
	if (all->count == ACCOUNT_APPEND_MAX || is_imported(m)) {
		right_break(r, "append-not-permitted");
		return;
	}
	struct appended *one = mem_alloc(sizeof *one);
	all->messages[all->count++] = one;
	int error = appended_take(one, r, m);
	all->error = all->error ? all->error : error;
	if (m->more)
		return;
	struct right_append *a = question_begin(r, request, sizeof *a, &kind);
	a->all = all;
	a->last = *m;
	r->appending = NULL;
	if (m->path.len) {
		a->path = mem_string(m->path);
		a->last.path = view_of(a->path, m->path.len);
	}
	if (all->error)
		question_fail(&a->question, all->error);
	else if (m->path.len && (!right_is_own(r, m->account) || m->mailbox))
		question_fail(&a->question, -EINVAL);
	else
		right_access(&a->question, m->account, m->mailbox, RIGHT_INSERT, &a->box, granted);
}

void right_append_close(struct right *r)
{
	free_messages(r->appending, false);
}
