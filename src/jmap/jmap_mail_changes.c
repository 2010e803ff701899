/*
 * Email/changes, Thread/changes, Mailbox/changes: RFC 8620 section 5.2, RFC 8621 sections 2.2, 3.2, 4.3. The
 * states are asked for in front of the changes: what happens in between is told twice rather than never.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "jmap/jmap_mail_state.h"

enum list { CREATED, UPDATED, DESTROYED, LISTS };

struct changing {
	enum jmap_mail_kind kind;
	struct jmap_changes asked;
	struct jmap_mail_states states;
	struct buf ids[LISTS]; /* 8 octets each */
	bool not_counts;       /* of a mailbox more than its counts changed */
	bool stale;
};

static void release(void *data)
{
	struct changing *g = data;
	for (size_t i = 0; i < LISTS; i++)
		buf_done(&g->ids[i]);
}

static void cannot(struct jmap_call *c)
{
	jmap_error(c, "cannotCalculateChanges", "what has changed since then is not known any more");
}

/* ---- mailboxes in portions ---- */

static int compare(const void *a, const void *b)
{
	return memcmp(a, b, EMAIL_ID_SIZE);
}

/* The number behind which so many of the mailboxes lie; 0: all do. */
static uint64_t last_of_portion(struct changing *g, size_t room)
{
	struct buf all;
	uint64_t last = 0;
	buf_init(&all, JMAP_RESPONSE_MAX);
	for (size_t i = 0; i < LISTS; i++)
		(void)buf_append(&all, buf_view(&g->ids[i]));
	if (!buf_failed(&all) && room > 0 && room < buf_view(&all).len / EMAIL_ID_SIZE) {
		qsort(all.data + all.start, all.len / EMAIL_ID_SIZE, EMAIL_ID_SIZE, compare);
		struct cursor in = cursor_on(view_skip(buf_view(&all), (room - 1) * EMAIL_ID_SIZE));
		last = cursor_u64(&in);
	}
	buf_done(&all);
	return last;
}

static void keep_between(struct changing *g, uint64_t first, uint64_t last)
{
	for (size_t i = 0; i < LISTS; i++) {
		struct view ids = buf_view(&g->ids[i]);
		size_t kept = 0;
		for (size_t at = 0; at < ids.len; at += EMAIL_ID_SIZE) {
			struct cursor in = cursor_on(view_skip(ids, at));
			uint64_t id = cursor_u64(&in);
			if (id < first || (last && id > last))
				continue;
			memmove(g->ids[i].data + g->ids[i].start + kept, ids.data + at, EMAIL_ID_SIZE);
			kept += EMAIL_ID_SIZE;
		}
		buf_truncate(&g->ids[i], kept);
	}
}

/*
 * Store tells all mailboxes that have changed, so portions of them (maxChanges) are made here: by their
 * numbers, of the changes behind one state. Those of the first portion may change before the last one is
 * told, so the state behind it is that of the first. Sets the new state; true: there is more.
 */
static bool divide(struct changing *g, struct jmap_state *state)
{
	struct jmap_state since = g->asked.since;
	uint64_t now = state->modseq, until = since.until ? since.until : now, last;
	if (since.until)
		keep_between(g, since.part + 1, 0);
	last = last_of_portion(g, (size_t)g->asked.max);
	if (last == 0) {
		state->modseq = until;
		return until < now;
	}
	keep_between(g, 0, last);
	*state =
	    (struct jmap_state){.modseq = since.modseq, .access = since.access, .part = last, .until = until};
	return true;
}

/* ---- telling ---- */

static void write_ids(struct jmap_call *c, const struct changing *g, const char *name, enum list list)
{
	static const char letters[] = {[JMAP_KIND_EMAILS] = MAIL_ID_EMAIL,
	    [JMAP_KIND_THREADS] = MAIL_ID_THREAD,
	    [JMAP_KIND_MAILBOXES] = MAIL_ID_MAILBOX};
	struct json_out *out = jmap_respond(c);
	json_out_name(out, view_from_string(name));
	json_out_array(out);
	for (struct cursor in = cursor_on(buf_view(&g->ids[list])); !cursor_at_end(&in);)
		jmap_put_id(out, letters[g->kind], jmap_account(c)->number, cursor_u64(&in));
	json_out_end(out);
}

/* RFC 8621 section 2.2. */
static void write_updated_properties(struct jmap_call *c, const struct changing *g)
{
	static const char *const counts[] = {"totalEmails", "unreadEmails", "totalThreads", "unreadThreads"};
	struct json_out *out = jmap_respond(c);
	json_out_name(out, VIEW("updatedProperties"));
	if (g->not_counts || g->ids[UPDATED].len == 0 || g->ids[CREATED].len || g->ids[DESTROYED].len) {
		json_out_null(out);
		return;
	}
	json_out_array(out);
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
		json_out_string(out, view_from_string(counts[i]));
	json_out_end(out);
}

static void tell(struct jmap_call *c, const struct changing *g, const struct jmap_state *state, bool more)
{
	struct json_out *out = jmap_respond(c);
	jmap_put_state(out, "oldState", g->asked.since);
	jmap_put_state(out, "newState", *state);
	json_out_name(out, VIEW("hasMoreChanges"));
	json_out_bool(out, more);
	write_ids(c, g, "created", CREATED);
	write_ids(c, g, "updated", UPDATED);
	write_ids(c, g, "destroyed", DESTROYED);
	if (g->kind == JMAP_KIND_MAILBOXES)
		write_updated_properties(c, g);
	jmap_end(c);
}

/* ---- answers ---- */

static void take(struct changing *g, const struct email_changed *changed)
{
	static const struct {
		enum jmap_mail_kind kind;
		enum list list;
	} kinds[EMAIL_CHANGED_KINDS] = {
	    [EMAIL_CREATED] = {JMAP_KIND_EMAILS, CREATED},
	    [EMAIL_UPDATED] = {JMAP_KIND_EMAILS, UPDATED},
	    [EMAIL_DESTROYED] = {JMAP_KIND_EMAILS, DESTROYED},
	    [THREAD_CREATED] = {JMAP_KIND_THREADS, CREATED},
	    [THREAD_UPDATED] = {JMAP_KIND_THREADS, UPDATED},
	    [THREAD_DESTROYED] = {JMAP_KIND_THREADS, DESTROYED},
	    [MAILBOX_CREATED] = {JMAP_KIND_MAILBOXES, CREATED},
	    [MAILBOX_UPDATED] = {JMAP_KIND_MAILBOXES, UPDATED},
	    [MAILBOX_COUNTS] = {JMAP_KIND_MAILBOXES, UPDATED},
	    [MAILBOX_DESTROYED] = {JMAP_KIND_MAILBOXES, DESTROYED},
	};
	if (changed->kind >= EMAIL_CHANGED_KINDS || kinds[changed->kind].kind != g->kind)
		return;
	buf_append(&g->ids[kinds[changed->kind].list], changed->ids);
	g->not_counts |= changed->kind == MAILBOX_UPDATED;
}

static void changes_answered(struct jmap_call *c, unsigned type, const void *answer)
{
	struct changing *g = jmap_data(c);
	const struct mail_done *done = answer;
	struct jmap_state state = jmap_mail_state_of(&g->states, g->kind);
	if (type == EMAIL_CHANGED)
		take(g, answer);
	if (type != MAIL_DONE)
		return;
	bool failed =
	    buf_failed(&g->ids[CREATED]) || buf_failed(&g->ids[UPDATED]) || buf_failed(&g->ids[DESTROYED]);
	bool more = done->number == 1;
	if (g->stale || done->error == -ESTALE || done->error == -E2BIG) {
		cannot(c);
		return;
	}
	if (done->error || failed) {
		jmap_error_of(c, done->error ? done->error : -ENOMEM, "the changes");
		return;
	}
	if (g->kind == JMAP_KIND_MAILBOXES)
		more = divide(g, &state);
	else if (more)
		state = (struct jmap_state){
		    .modseq = done->modseq, .access = g->states.access, .part = done->uidnext};
	tell(c, g, &state, more);
}

static void states_answered(struct jmap_call *c, unsigned type, const void *answer)
{
	struct changing *g = jmap_data(c);
	const struct mail_done *done = answer;
	if (type == EMAIL_STATE)
		jmap_mail_states_take(&g->states, answer);
	if (type != MAIL_DONE)
		return;
	struct jmap_state now = jmap_mail_state_of(&g->states, g->kind);
	if (done->error)
		jmap_error_of(c, done->error, "the changes");
	/* A state that is still to come was never given; what of the account is seen may be something else.
	 */
	g->stale = now.access != g->asked.since.access || g->asked.since.modseq > now.modseq ||
	           g->asked.since.until > now.modseq;
}

/* Which of the changes are wanted. */
static uint64_t want_of(enum jmap_mail_kind kind)
{
	return kind == JMAP_KIND_EMAILS    ? EMAIL_CHANGES_EMAILS
	       : kind == JMAP_KIND_THREADS ? EMAIL_CHANGES_THREADS
	                                   : EMAIL_CHANGES_MAILBOXES;
}

void jmap_mail_changes(struct jmap_call *c, enum jmap_mail_kind kind)
{
	struct changing *g = jmap_call_data(c, sizeof *g, release);
	g->kind = kind;
	for (size_t i = 0; i < LISTS; i++)
		buf_init(&g->ids[i], JMAP_RESPONSE_MAX);
	if (!jmap_changes_begin(c, &g->asked))
		return;
	struct email_states states = {.account = jmap_account(c)->ask};
	struct email_changes changes = {.account = jmap_account(c)->ask,
	    .want = want_of(kind),
	    .since = g->asked.since.modseq,
	    .part = g->asked.since.until ? 0 : g->asked.since.part,
	    .access = g->asked.since.access,
	    .max = kind == JMAP_KIND_MAILBOXES ? 0 : g->asked.max};
	jmap_ask(c, EMAIL_STATES, &states, states_answered);
	jmap_ask(c, EMAIL_CHANGES, &changes, changes_answered);
}
