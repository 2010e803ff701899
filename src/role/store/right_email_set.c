/* EMAIL_SET: flags, keywords, mailboxes and the end of emails. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "account/email_set.h"
#include "base/container.h"
#include "base/log.h"
#include "base/mem.h"
#include "mail/email_wire.h"
#include "role/store/imap_event.h"
#include "role/store/question.h"
#include "role/store/store_private.h"
#include "role/store/store_snooze.h"

struct right_email_set {
	struct question question;
	struct right_account account;
	char *changes;
	struct account_email_set call;
};

static void release(struct question *question)
{
	struct right_email_set *s = container_of(question, struct right_email_set, question);
	mem_free(s->changes);
	mem_free(s->call.results);
	mem_free(s->call.events);
}

static const struct question_kind kind = {.release = release};

/* Those that could not be changed, of all that were looked at. False when the question has ended of it. */
static bool answer_failed(struct right_email_set *s)
{
	enum { AT_ONCE = 12 * 1000 };
	struct cursor in = cursor_on(s->call.changes);
	struct email_change change;
	struct buf entries;
	bool goes_on = true;
	buf_init(&entries, AT_ONCE + 12);
	for (size_t i = 0; i < s->call.finished && goes_on && email_change_get(&in, &change); i++) {
		if (s->call.results[i] != 0) {
			buf_append_u64(&entries, change.id);
			buf_append_u32(&entries, (uint32_t)-s->call.results[i]);
		}
		if (buf_view(&entries).len < AT_ONCE && i + 1 < s->call.finished)
			continue;
		struct email_set_failed m = {.entries = buf_view(&entries)};
		goes_on = m.entries.len == 0 || question_answer(&s->question, EMAIL_SET_FAILED, &m);
		buf_clear(&entries);
	}
	buf_done(&entries);
	return goes_on;
}

/* ---- what scripts may follow ---- */

/* Flags first, as they were set before a message went elsewhere; then by mailbox and UID. */
static int by_place(const void *a, const void *b)
{
	const struct account_email_event *x = a, *y = b;
	if (x->came != y->came)
		return x->came ? 1 : -1;
	if (x->mailbox != y->mailbox)
		return x->mailbox < y->mailbox ? -1 : 1;
	return x->uid < y->uid ? -1 : x->uid > y->uid;
}

static bool belongs(const struct account_email_event *a, const struct account_email_event *b)
{
	return a->came == b->came && a->mailbox == b->mailbox;
}

/* One for each mailbox. They are about what was done before an error as well. */
static void note_events(const struct account_email_set *call)
{
	struct account_email_event *list = call->events;
	size_t count = call->event_count;
	uint32_t *uids = mem_try((count + 1) * sizeof *uids);
	uint64_t *changed = mem_try((count + 1) * sizeof *changed);
	bool lost = uids == NULL || changed == NULL;
	if (lost || call->events_lost)
		log_event(LOG_WARNING, "-", "event-dropped", log_u64("account", call->shard),
		    log_string("why", "no memory"));
	if (count > 1)
		qsort(list, count, sizeof *list, by_place);
	for (size_t i = 0, n; i < count && !lost; i += n) {
		for (n = 0; i + n < count && belongs(&list[i], &list[i + n]); n++) {
			uids[n] = list[i + n].uid;
			changed[n] = list[i + n].changed;
		}
		imap_event_note(&(struct imap_event){.cause = list[i].came ? EVENT_COPY : EVENT_FLAG,
		    .shard = call->shard,
		    .mailbox = list[i].mailbox,
		    .actor = call->actor,
		    .uids = uids,
		    .count = n,
		    .changed = list[i].came ? NULL : changed});
	}
	mem_free(uids);
	mem_free(changed);
}

static void changed(struct account_email_set *call, int result)
{
	struct right_email_set *s = container_of(call, struct right_email_set, call);
	note_events(call);
	store_snooze_note(call->alarm);
	if (!question_back(&s->question) || !answer_failed(s))
		return;
	question_done(&s->question, &(struct mail_done){.error = result,
	                                .modseq = call->modseq,
	                                .uidnext = call->before,
	                                .number = call->changed,
	                                .messages = call->finished});
}

static void granted(struct question *question)
{
	struct right_email_set *s = container_of(question, struct right_email_set, question);
	s->call.shard = s->account.box.shard;
	s->call.who = s->account.who;
	question_call(question);
	account_email_set(&store_role.accounts, &s->call);
}

/* How many there are; false: they are none. */
static bool count_changes(struct view changes, size_t *count)
{
	struct cursor in = cursor_on(changes);
	struct email_change change;
	*count = 0;
	while (email_change_get(&in, &change))
		if (++*count > EMAIL_IDS_MAX)
			return false;
	return cursor_ok(&in);
}

void right_email_set(struct right *r, uint32_t request, const void *message)
{
	const struct email_set *m = message;
	struct right_email_set *s = question_begin(r, request, sizeof *s, &kind);
	size_t count;
	if (!count_changes(m->changes, &count)) {
		question_fail(&s->question, -EINVAL);
		return;
	}
	s->changes = mem_try(m->changes.len + 1);
	s->call = (struct account_email_set){.actor = r->account,
	    .count = count,
	    .if_modseq = m->if_modseq,
	    .quota_default = store_role.process->settings.quota_default,
	    .results = mem_try((count + 1) * sizeof *s->call.results),
	    .done = changed};
	if (s->changes == NULL || s->call.results == NULL) {
		question_fail(&s->question, -ENOMEM);
		return;
	}
	if (m->changes.len)
		memcpy(s->changes, m->changes.data, m->changes.len);
	s->call.changes = view_of(s->changes, m->changes.len);
	right_account(&s->question, m->account, &s->account, granted);
}
