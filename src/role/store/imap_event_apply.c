/* See imap_event_apply.h. */
#include "role/store/imap_event_apply.h"

#include <errno.h>

#include "account/wanted.h"
#include "base/clock.h"
#include "base/container.h"
#include "base/log.h"
#include "base/utf8.h"
#include "role/store/store_filtering.h"
#include "role/store/store_private.h"

enum {
	MEMORY_MAX = 1 << 20, /* of redirects and their records */
	FLAGS_WRITES = 400 /* entries that what is sent on changes at most, beside the records themselves */
};

static bool stopped; /* the store is about to close: no step follows */

static void go_on(struct imap_event_apply *a);

static bool is_over(struct imap_event_apply *a)
{
	if (stopped)
		a->done(a);
	return stopped;
}

static void fail(struct imap_event_apply *a, const char *what)
{
	a->not_done = what;
	a->kept = true; /* nothing may be lost by what went wrong */
}

/* ---- flags ---- */

static bool has_word(struct view words, struct view word)
{
	struct view one;
	while (words.len > 0 && view_next(&words, ' ', &one))
		if (view_equal_nocase(one, word))
			return true;
	return false;
}

/* The words of one list that are not in the other, as a change of flags. False: there is none. */
static bool take_difference(struct imap_event_apply *a, struct view of, struct view other)
{
	struct view word;
	a->set.flags = 0;
	a->set.keyword_count = 0;
	a->set.keywords = a->words;
	while (of.len > 0 && view_next(&of, ' ', &word)) {
		if (word.len == 0 || has_word(other, word))
			continue;
		if (word.data[0] == '\\')
			a->set.flags |= mail_system_flag(word);
		else if (word.len <= MAIL_KEYWORD_MAX && a->set.keyword_count < ACCOUNT_FLAGS_KEYWORDS_MAX)
			a->words[a->set.keyword_count++] = word;
	}
	return a->set.flags || a->set.keyword_count;
}

static void set_flags(struct imap_event_apply *a, uint32_t mailbox, const uint32_t *uid,
    enum account_flags_how how, void (*done)(struct account_flags *call, int result))
{
	a->set.shard = a->shard;
	a->set.mailbox = mailbox;
	a->set.uids = uid;
	a->set.uid_count = 1;
	a->set.how = how;
	a->set.unchanged_since = UINT64_MAX;
	a->set.done = done;
	account_flags(&store_role.accounts, &a->set);
}

/* ---- the message itself, at the end ---- */

static void finish(struct imap_event_apply *a);

static void own_flags_set(struct account_flags *call, int result)
{
	struct imap_event_apply *a = container_of(call, struct imap_event_apply, set);
	if (is_over(a))
		return;
	if (result)
		a->not_done = "The flags of the message could not be changed.";
	a->changed = call->modseq ? call->modseq : a->changed;
	finish(a);
}

/* First the flags that go, then those that come; of a message that the script does not keep \Deleted, which
 * is what section 3.7 makes of a discard. */
static void finish(struct imap_event_apply *a)
{
	if (!a->kept) {
		a->kept = true;
		a->removed = true;
		a->kept_flags = a->flags;
		a->set.flags = FLAG_DELETED;
		a->set.keyword_count = 0;
		set_flags(a, a->mailbox, &a->uid, FLAGS_ADD, own_flags_set);
		return;
	}
	if (!a->removed) {
		a->removed = true;
		if (take_difference(a, a->flags, a->kept_flags)) {
			set_flags(a, a->mailbox, &a->uid, FLAGS_REMOVE, own_flags_set);
			return;
		}
	}
	if (take_difference(a, a->kept_flags, a->flags)) {
		a->kept_flags = a->flags;
		set_flags(a, a->mailbox, &a->uid, FLAGS_ADD, own_flags_set);
		return;
	}
	a->done(a);
}

/* ---- fileinto ---- */

static const struct message_rules_action *action_of(const struct imap_event_apply *a)
{
	return &a->filter->actions[a->next];
}

static void next_action(struct imap_event_apply *a)
{
	a->next++;
	go_on(a);
}

static void copy_flags_set(struct account_flags *call, int result)
{
	struct imap_event_apply *a = container_of(call, struct imap_event_apply, set);
	if (is_over(a))
		return;
	if (result)
		a->not_done = "The flags of a copy could not be changed.";
	next_action(a);
}

static void copied(struct account_copy *call, int result)
{
	struct imap_event_apply *a = container_of(call, struct imap_event_apply, copy);
	struct view flags = action_of(a)->flags;
	if (is_over(a))
		return;
	if (result || call->count == 0)
		fail(a, "The message could not be copied into the mailbox that the script names.");
	else if (take_difference(a, flags, a->flags) || take_difference(a, a->flags, flags)) {
		/* A copy is nobody's yet: it gets just these. */
		take_difference(a, flags, (struct view){0});
		set_flags(a, a->target, &a->copied_uid, FLAGS_REPLACE, copy_flags_set);
		return;
	}
	next_action(a);
}

/* Into the mailbox where it lies: that keeps it. */
static void copy(struct imap_event_apply *a)
{
	if (a->target == a->mailbox) {
		a->kept = true;
		a->kept_flags = action_of(a)->flags;
		next_action(a);
		return;
	}
	a->copy = (struct account_copy){.shard = a->shard,
	    .mailbox = a->mailbox,
	    .to = a->target,
	    .quota_default = store_role.process->settings.quota_default,
	    .uids = &a->uid,
	    .uid_count = 1,
	    .copied = &a->new_uid,
	    .new_uids = &a->copied_uid,
	    .done = copied};
	account_copy(&store_role.accounts, &a->copy);
}

static void created(struct account_mailbox_request *create, int result)
{
	struct imap_event_apply *a = container_of(create, struct imap_event_apply, create);
	if (is_over(a))
		return;
	if (result && result != -EEXIST) {
		fail(a, "The mailbox that the script names could not be made.");
		next_action(a);
		return;
	}
	a->target = create->mailbox;
	copy(a);
}

static void found(struct store_read *read, int result)
{
	struct imap_event_apply *a = container_of(read, struct imap_event_apply, read);
	const struct message_rules_action *action = action_of(a);
	if (is_over(a))
		return;
	if (result == 0) {
		copy(a);
	} else if (result == -ENOENT && action->create) {
		a->create = (struct account_mailbox_request){
		    .shard = a->shard, .path = action->target, .done = created};
		account_mailbox_create(&store_role.accounts, &a->create);
	} else {
		fail(a, "A mailbox that the script names is not there.");
		next_action(a);
	}
}

static int run_find(struct txn *t, void *arg)
{
	struct imap_event_apply *a = arg;
	const struct message_rules_action *action = action_of(a);
	return account_mailbox_wanted(t, a->shard,
	    &(struct account_wanted_place){
	        .path = action->target, .mailbox_id = action->mailbox_id, .special_use = action->special_use},
	    &a->target);
}

static void file(struct imap_event_apply *a)
{
	a->read = (struct store_read){.shard = a->shard, .run = run_find, .arg = a, .done = found};
	store_read(store_role.store, &a->read);
}

/* ---- what is sent on, and what is remembered ---- */

static int run_send(struct txn *t, void *arg)
{
	struct imap_event_apply *a = arg;
	int error = redirects_check(t, &a->redirects, FLAGS_WRITES);
	if (error == 0)
		error = filtering_put_marks(t, a->filter, a->redirects.now);
	return error ? error : redirects_run(t, &a->redirects);
}

static void sent(struct store_commit *commit, int result)
{
	struct imap_event_apply *a = container_of(commit, struct imap_event_apply, commit);
	redirects_done(&a->redirects, result, VIEW("-"));
	redirects_free(&a->redirects);
	if (is_over(a))
		return;
	if (result)
		fail(a, "The message could not be sent on.");
	else
		filtering_send_answers(a->filter, VIEW("-"));
	go_on(a);
}

static void redirects_found(struct redirects *r)
{
	struct imap_event_apply *a = container_of(r, struct imap_event_apply, redirects);
	if (stopped) {
		redirects_free(r);
		a->done(a);
		return;
	}
	for (const struct redirect *d = r->first; d; d = d->next)
		if (redirect_why_not(d->fate))
			fail(a, redirect_why_not(d->fate));
	a->commit = (struct store_commit){.run = run_send, .arg = a, .done = sent};
	redirects_begin(r, &a->blob);
	store_commit(store_role.store, &a->commit);
}

static void wish_redirects(struct imap_event_apply *a)
{
	struct redirects *r = &a->redirects;
	for (size_t i = 0; i < a->filter->action_count; i++) {
		struct redirect *d =
		    a->filter->actions[i].kind == RULES_REDIRECT ? arena_alloc(&a->arena, sizeof *d) : NULL;
		if (d == NULL)
			continue;
		*d = (struct redirect){
		    .account = a->shard, .forwarder = a->owner, .action = &a->filter->actions[i]};
		*r->last = d;
		r->last = &d->next;
	}
}

/* Its owner sends it, as by hand: reports come back to this address. A program that put it here said nothing
 * of its octets: what the next host cannot take is found out then, and costs nothing where there is none. A
 * host without SMTPUTF8 can take no header in UTF-8: its owner is told then. */
static void send_on(struct imap_event_apply *a)
{
	uint64_t all = blob_length(&a->blob);
	a->record = (struct queue_record){.blob = a->blob,
	    .body_len = a->body_len,
	    .trailer_len = all > a->body_len ? all - a->body_len : 0,
	    .text_growth = a->text_growth,
	    .terms = {.sender = a->owner,
	        .body = a->binary ? SMTP_BINARYMIME : SMTP_8BITMIME,
	        .utf8 = a->utf8 || !utf8_is_ascii(a->owner)},
	    .message_id_hash = a->message_id_hash,
	    .arrived = clock_wall()};
	for (size_t i = 0; i < a->reference_count && i < MESSAGE_REFERENCES_MAX; i++)
		a->record.references[a->record.reference_count++] = a->references[i];
	a->redirects = (struct redirects){.arena = &a->arena,
	    .record = &a->record,
	    .message_id_hash = a->message_id_hash,
	    .now = clock_wall(),
	    .done = redirects_found};
	a->redirects.last = &a->redirects.first;
	wish_redirects(a);
	redirects_find(&a->redirects);
}

/* ---- one action after the other ---- */

/* What nobody has thrown away, filed or sent elsewhere stays, whatever else is wanted with it. */
static bool is_sent_away(const struct filter *f)
{
	for (size_t i = 0; i < f->action_count; i++)
		if (f->actions[i].kind == RULES_DISCARD || f->actions[i].kind == RULES_FILEINTO ||
		    f->actions[i].kind == RULES_REDIRECT)
			return true;
	return false;
}

static void go_on(struct imap_event_apply *a)
{
	for (; a->next < a->filter->action_count; a->next++) {
		switch ((enum rules_action_kind)action_of(a)->kind) {
		case RULES_KEEP:
			a->kept = true;
			a->kept_flags = action_of(a)->flags;
			break;
		case RULES_FILEINTO:
			file(a);
			return;
		default:
			break; /* it was sent on in the first step; nothing is done, or nobody can be answered
			        */
		}
	}
	finish(a);
}

void imap_event_apply(struct imap_event_apply *a)
{
	a->next = 0;
	a->kept = !is_sent_away(a->filter);
	a->removed = false;
	a->kept_flags = a->flags;
	a->changed = 0;
	a->not_done = NULL;
	arena_init(&a->arena, MEMORY_MAX);
	send_on(a);
}

void imap_event_apply_stop(void)
{
	stopped = true;
}

void imap_event_apply_free(struct imap_event_apply *a)
{
	arena_done(&a->arena);
}
