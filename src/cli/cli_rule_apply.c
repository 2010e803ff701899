/*
 * rule apply: what a script would do with mail that is there, done: filed, flagged, discarded mail put into
 * Trash. Nothing is sent. With each message is kept first what is about to be done with it, so that all of it
 * can be undone, wherever it was interrupted.
 */
#include "cli/rule_apply.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/mem.h"
#include "base/random.h"
#include "cli/cli_progress.h"
#include "cli/rule_emails.h"
#include "cli/rule_flags.h"
#include "mail/mail_flags.h"
#include "mail/message_wire.h"
#include "mail/uid_ranges.h"

enum { TARGETS_MAX = 31, PLACE_SIZE = 8 };

struct apply {
	const struct rule_apply *is;
	uint64_t action;
	uint32_t trash;
	uint64_t *emails; /* of the mailbox, by UID */
	size_t room;
	struct rule_emails *there;                               /* of mailboxes that copies go into */
	uint64_t moved, copied, flagged, trashed, missing, left; /* left: what is not done with past mail */
};

/* What is to be done with one message. */
struct plan {
	uint32_t targets[TARGETS_MAX]; /* where else it shall lie */
	bool lies[TARGETS_MAX];        /* it lies there already, so no copy is made */
	size_t target_count;
	bool stays, discarded, trashed;
	const struct script_deed *first; /* the deed that is kept as the reason */
	struct buf flags;                /* that it gives the message, and that this had not */
};

static void take_email(void *arg, unsigned type, const union mailbox_answer *answer)
{
	struct apply *a = arg;
	struct mail_message m;
	if (type != MAIL_MESSAGES)
		return;
	for (struct cursor in = cursor_on(answer->messages.entries);
	     mail_message_get(&in, MAIL_WANT_IDS, &m);) {
		if (m.uid >= a->room) {
			size_t room = 2 * (size_t)m.uid + 64;
			a->emails = mem_resize(a->emails, room * sizeof *a->emails);
			for (size_t i = a->room; i < room; i++)
				a->emails[i] = 0;
			a->room = room;
		}
		a->emails[m.uid] = m.emailid;
	}
}

static void take_trash(void *arg, unsigned type, const union mailbox_answer *answer)
{
	struct apply *a = arg;
	if (type == MAIL_MAILBOX && answer->mailbox.account == 0 &&
	    answer->mailbox.role == MAILBOX_ROLE_TRASH)
		a->trash = (uint32_t)answer->mailbox.mailbox;
}

/* The mailbox that a deed means, of all that there are. */
struct wanted {
	const struct script_deed *deed;
	uint32_t by_id, by_use, by_path;
};

static void take_wanted(void *arg, unsigned type, const union mailbox_answer *answer)
{
	struct wanted *w = arg;
	const struct mail_mailbox *m = &answer->mailbox;
	char id[48];
	if (type != MAIL_MAILBOX || m->account != 0 || m->mailbox == 0)
		return;
	uint32_t number = (uint32_t)m->mailbox;
	snprintf(id, sizeof id, "M%" PRIx64 "-%" PRIx32, m->owner_number, number);
	if (view_equal(w->deed->mailbox_id, view_from_string(id)))
		w->by_id = number;
	if (w->deed->special_use.len > 0 && m->role != MAILBOX_ROLE_NONE &&
	    m->role == mailbox_role_of_use(w->deed->special_use))
		w->by_use = number;
	bool inbox = m->role == MAILBOX_ROLE_INBOX && view_equal_nocase(w->deed->target, VIEW("INBOX"));
	if (inbox || view_equal(m->path, w->deed->target))
		w->by_path = number;
}

/* The mailbox of a deed, as delivery finds it: by its id, else by its use, else by its name; made if the
 * script says so; 0: there is none. */
static int find_target(struct apply *a, const struct script_deed *d, uint32_t *mailbox)
{
	struct wanted w = {.deed = d};
	struct mail_done done;
	struct mail_create create = {.path = d->target};
	int error = mailbox_client_run(
	    a->is->client, MAIL_MAILBOXES, &(struct mail_mailboxes){.own_only = 1}, take_wanted, &w, NULL);
	*mailbox = w.by_id ? w.by_id : w.by_use ? w.by_use : w.by_path;
	if (error || *mailbox || !d->create)
		return error;
	error = mailbox_client_run(a->is->client, MAIL_CREATE, &create, NULL, NULL, &done);
	*mailbox = error ? 0 : (uint32_t)done.number;
	return error == -EINVAL || error == -EMLINK ? 0 : error;
}

static void add_target(struct plan *p, uint32_t mailbox)
{
	for (size_t i = 0; i < p->target_count; i++)
		if (p->targets[i] == mailbox)
			return;
	if (p->target_count < TARGETS_MAX)
		p->targets[p->target_count++] = mailbox;
}

static int plan_deed(struct apply *a, const struct script_deed *d, struct plan *p)
{
	uint32_t mailbox = 0;
	int error = 0;
	if (d->failed.len > 0 || d->kind == SCRIPT_KEEPS) {
		p->stays = true;
	} else if (d->kind == SCRIPT_FILES) {
		error = find_target(a, d, &mailbox);
		p->stays = p->stays || mailbox == 0 || mailbox == a->is->mailbox;
		a->missing += error == 0 && mailbox == 0;
	} else if (d->kind == SCRIPT_DISCARDS) {
		p->discarded = true;
	} else {
		a->left++;
		return 0;
	}
	if (mailbox && mailbox != a->is->mailbox)
		add_target(p, mailbox);
	if (p->first == NULL || (p->first->kind == SCRIPT_KEEPS && d->kind != SCRIPT_KEEPS))
		p->first = d;
	return error;
}

/* What is kept or filed is not discarded, whatever else a script says (RFC 5228 section 4.4). */
static void plan_discard(struct apply *a, struct plan *p)
{
	if (!p->discarded || p->stays || p->target_count > 0)
		return;
	a->missing += a->trash == 0;
	p->stays = a->trash == 0 || a->trash == a->is->mailbox;
	p->trashed = !p->stays;
	if (p->trashed)
		add_target(p, a->trash);
}

static int note(struct apply *a, uint32_t uid, const struct plan *p)
{
	const struct script_deed *d = p->first;
	struct buf places;
	buf_init(&places, (TARGETS_MAX + 1) * PLACE_SIZE);
	buf_append_u32(&places, a->is->mailbox);
	buf_append_u32(&places, 0);
	for (size_t i = 0; i < p->target_count; i++) {
		buf_append_u32(&places, p->targets[i]);
		buf_append_u32(&places, 0);
	}
	struct script_note m = {.email = uid < a->room ? a->emails[uid] : 0,
	    .action = a->action,
	    .kind = d->kind,
	    .line = d->line,
	    .rule = d->rule,
	    .why_line = d->why_line,
	    .rule_name = d->rule_name,
	    .why = d->why,
	    .script = view_from_string(a->is->script),
	    .target = d->kind == SCRIPT_FILES ? d->target : (struct view){0},
	    .flags = buf_view(&p->flags),
	    .places = buf_view(&places)};
	int error = mailbox_client_run(a->is->client, SCRIPT_NOTE, &m, NULL, NULL, NULL);
	buf_done(&places);
	return error;
}

/* A copy that is there is not made once more: an earlier call may have made it and been interrupted. *left:
 * there is something to do. */
static int look_for_copies(struct apply *a, uint32_t uid, struct plan *p, bool *left)
{
	int error = 0;
	*left = buf_view(&p->flags).len > 0 || (p->target_count > 0 && !p->stays);
	for (size_t i = p->stays ? 0 : 1; i < p->target_count; i++) {
		const struct rule_emails *emails =
		    rule_emails_of(&a->there, a->is->client, p->targets[i], &error);
		if (emails == NULL)
			return error;
		p->lies[i] = uid < a->room && rule_emails_uid(emails, a->emails[uid]) != 0;
		*left = *left || !p->lies[i];
	}
	return 0;
}

static int carry(struct apply *a, const struct plan *p, struct view uids)
{
	struct mail_copy copy = {.mailbox = a->is->mailbox, .uids = uids};
	int error = 0;
	if (buf_view(&p->flags).len > 0) {
		error = rule_flags(a->is->client, a->is->mailbox, buf_view(&p->flags), MAIL_ADD, uids);
		a->flagged += error == 0;
	}
	/* The move comes last: the copies are made from where the message lies. */
	for (size_t i = p->target_count; i > 0 && error == 0; i--) {
		if (p->lies[i - 1])
			continue;
		copy.to_mailbox = p->targets[i - 1];
		copy.move = i == 1 && !p->stays;
		error = mailbox_client_run(a->is->client, MAIL_COPY, &copy, NULL, NULL, NULL);
		a->moved += error == 0 && copy.move && !p->trashed;
		a->trashed += error == 0 && copy.move && p->trashed;
		a->copied += error == 0 && !copy.move;
	}
	return error;
}

/* Those that the message has already are not the rule's to take off again, when it is undone. */
static int find_flags(struct apply *a, struct plan *p, struct view uids)
{
	if (p->first->flags.len == 0)
		return 0;
	return rule_flags_missing(a->is->client, a->is->mailbox, p->first->flags, uids, &p->flags);
}

static int do_plan(struct apply *a, uint32_t uid, struct plan *p, struct view uids)
{
	bool left = false;
	int error = find_flags(a, p, uids);
	if (error == 0)
		error = look_for_copies(a, uid, p, &left);
	if (error || !left)
		return error;
	error = note(a, uid, p);
	if (error == -ENOENT || error == -EINVAL)
		return 0; /* it went meanwhile */
	return error ? error : carry(a, p, uids);
}

static int do_message(struct apply *a, const struct script_deed *deeds, size_t count)
{
	uint32_t uid = (uint32_t)deeds[0].uid;
	struct plan p = {.stays = false};
	struct buf uids;
	int error = 0;
	for (size_t i = 0; i < count && error == 0; i++)
		error = plan_deed(a, &deeds[i], &p);
	plan_discard(a, &p);
	if (error || p.first == NULL || (p.target_count == 0 && p.first->flags.len == 0))
		return error;
	buf_init(&p.flags, SCRIPT_TARGET_MAX);
	buf_init(&uids, UID_RANGE_SIZE);
	uid_ranges_add(&uids, uid, uid);
	error = do_plan(a, uid, &p, buf_view(&uids));
	buf_done(&uids);
	buf_done(&p.flags);
	return error;
}

static void print_sum(const struct apply *a, bool json)
{
	if (json) {
		printf(",\"action\": %" PRIu64 ", \"moved\": %" PRIu64 ", \"copied\": %" PRIu64
		       ", \"flagged\": %" PRIu64 ", \"trashed\": %" PRIu64 ", \"mailboxMissing\": %" PRIu64
		       ", \"notDone\": %" PRIu64 "}\n",
		    a->action, a->moved, a->copied, a->flagged, a->trashed, a->missing, a->left);
		return;
	}
	printf("%" PRIu64 " moved, %" PRIu64 " copied, %" PRIu64 " flagged, %" PRIu64 " put into Trash.\n",
	    a->moved, a->copied, a->flagged, a->trashed);
	if (a->missing)
		printf("%" PRIu64 " stayed, since the mailbox is not there.\n", a->missing);
	if (a->left)
		printf(
		    "With past mail nothing is sent on, answered or refused (%" PRIu64 " such).\n", a->left);
	printf("`postrider rule undo %s --action %" PRIu64 "` takes it back.\n", a->is->client->address,
	    a->action);
}

int rule_apply_deeds(const struct rule_apply *is, const struct rule_deeds *all, bool json)
{
	struct apply a = {.is = is, .action = (random_u64() >> 12) + 1};
	struct mail_fetch fetch = {.mailbox = is->mailbox, .want = MAIL_WANT_IDS};
	int error =
	    mailbox_client_run(is->client, MAIL_MAILBOXES, &(struct mail_mailboxes){0}, take_trash, &a, NULL);
	if (error == 0)
		error = mailbox_client_run(is->client, MAIL_FETCH, &fetch, take_email, &a, NULL);
	for (size_t i = 0, end; i < all->count && error == 0; i = end) {
		for (end = i; end < all->count && all->items[end].uid == all->items[i].uid;)
			end++;
		error = do_message(&a, &all->items[i], end - i);
		cli_progress_often(end, all->count, NULL);
	}
	cli_progress_end();
	print_sum(&a, json);
	mem_free(a.emails);
	rule_emails_free(a.there);
	return error;
}
