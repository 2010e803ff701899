/* See answered.h. */
#include "account/answered.h"

#include <errno.h>

#include "account/email_look.h"
#include "account/message.h"
#include "base/arena.h"
#include "base/mem.h"
#include "format/domain.h"
#include "format/limits.h"
#include "mime/summary.h"

enum { SUMMARY_MEMORY = 256 * 1024 };

/* The first author of a summary as address_key has it; empty: there is none. */
static int author_of(struct view summary, struct buf *out)
{
	struct message_summary s;
	struct arena arena;
	int error = 0;
	buf_clear(out);
	arena_init(&arena, SUMMARY_MEMORY);
	if (summary.len > 0 && message_summary_decode(summary, &arena, &s) == 0 &&
	    s.envelope.from.count > 0) {
		const struct address *a = &s.envelope.from.items[0];
		if (a->kind == ADDRESS_MAILBOX && address_key(a->local_part, a->domain, out) != 0)
			error = buf_failed(out) ? -ENOMEM : 0;
	}
	arena_done(&arena);
	return error;
}

/* Reports of deliveries are no answers (RFC 3464 names no author; these are the names that they have). */
static bool is_mail_system(struct view author)
{
	ptrdiff_t at = view_find(author, '@');
	struct view local = at < 0 ? author : view_take(author, (size_t)at);
	return view_equal_nocase(local, VIEW("mailer-daemon")) ||
	       view_equal_nocase(local, VIEW("postmaster"));
}

/* Whether it lies where mail lies that people read. */
static int is_read_somewhere(
    struct txn *t, uint64_t shard, const struct account_head *head, uint64_t emailid, bool *is)
{
	struct account_places places;
	int error = email_places(t, shard, emailid, &places);
	*is = false;
	for (size_t i = 0; i < places.count && error == 0; i++) {
		uint32_t mailbox = places.at[i].mailbox;
		*is = *is || (mailbox != head->roles[MAILBOX_ROLE_JUNK] &&
		                 mailbox != head->roles[MAILBOX_ROLE_DRAFTS]);
	}
	return error == -ENOENT ? 0 : error;
}

struct look {
	struct txn *txn;
	uint64_t shard;
	const struct account_head *head;
	struct email_copy *copy;
	struct buf own, other;
};

static int look_at(struct look *l, uint64_t emailid, bool *answers)
{
	int error = email_read(l->txn, l->shard, emailid, l->copy);
	*answers = false;
	if (error == 0)
		error = author_of(l->copy->email.summary, &l->other);
	struct view author = buf_view(&l->other);
	if (error == 0 && author.len > 0 && !view_equal(author, buf_view(&l->own)) && !is_mail_system(author))
		error = is_read_somewhere(l->txn, l->shard, l->head, emailid, answers);
	return error == -ENOENT || error == -EBADMSG ? 0 : error;
}

static int look(struct look *l, uint64_t emailid, bool *answered)
{
	uint64_t ids[ACCOUNT_ANSWERED_LOOKS];
	size_t count = 0;
	int error = email_read(l->txn, l->shard, emailid, l->copy);
	uint64_t thread = error ? 0 : l->copy->email.thread;
	if (error == 0)
		error = author_of(l->copy->email.summary, &l->own);
	if (error == 0)
		error =
		    thread_members(l->txn, l->shard, thread, emailid, ids, ACCOUNT_ANSWERED_LOOKS, &count);
	*answered = error == 0 && count == ACCOUNT_ANSWERED_LOOKS;
	for (size_t i = 0; i < count && error == 0 && !*answered; i++)
		error = look_at(l, ids[i], answered);
	return error == -ENOENT || error == -EBADMSG ? 0 : error;
}

int email_is_answered(
    struct txn *t, uint64_t shard, const struct account_head *head, uint64_t emailid, bool *answered)
{
	struct look l = {.txn = t, .shard = shard, .head = head, .copy = mem_alloc(sizeof *l.copy)};
	buf_init(&l.own, ADDRESS_KEY_MAX);
	buf_init(&l.other, ADDRESS_KEY_MAX);
	int error = look(&l, emailid, answered);
	buf_done(&l.own);
	buf_done(&l.other);
	mem_free(l.copy);
	return error;
}
