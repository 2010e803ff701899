/* Emails that are put off and come back, as parts of a change: email_plan.h. */
#include <errno.h>

#include "account/answered.h"
#include "account/email_look.h"
#include "account/email_plan.h"
#include "account/roles.h"

enum { SNOOZES = EMAIL_CHANGE_SNOOZE | EMAIL_CHANGE_UNSNOOZE | EMAIL_CHANGE_WAKE };

static int find_snooze(struct plan *p)
{
	struct account_places places = {.count = 0};
	int error = p->c.head.snoozes ? email_places(p->c.txn, p->c.shard, p->change.id, &places) : 0;
	for (size_t i = 0; i < places.count && error == 0; i++) {
		error = snooze_get(p->c.txn, p->c.shard, places.at[i], &p->was);
		if (error == 0)
			return 0;
		error = error == -ENOENT ? 0 : error;
	}
	p->was.place.mailbox = 0;
	return error;
}

/* The mailbox that it comes back to; INBOX instead of one that is gone. */
static int find_return(struct plan *p, uint32_t wanted, uint32_t *found)
{
	struct change_mailbox *box;
	*found = wanted ? wanted : MAILBOX_INBOX;
	int error = plan_mailbox(p, *found, &box);
	if (error == -ENOENT)
		*found = MAILBOX_INBOX;
	return error == -ENOENT ? 0 : error;
}

static int plan_putting_off(struct plan *p)
{
	struct account_snooze *z = &p->new;
	int error = p->was.place.mailbox == 0 && p->c.head.snoozes >= ACCOUNT_SNOOZES_MAX ? -EDQUOT : 0;
	if (!mail_snooze_get(p->change.snooze, &z->s))
		return -EINVAL;
	if (error == 0 && p->c.head.roles[MAILBOX_ROLE_SNOOZED] == 0)
		error = roles_make_snoozed(&p->c, view_from_string(p->set->language));
	p->enters = p->c.head.roles[MAILBOX_ROLE_SNOOZED];
	uint32_t back = 0;
	if (error == 0)
		error = find_return(p, z->s.mailbox, &back);
	if (error == 0 && z->s.mailbox && z->s.mailbox != back)
		return -ENXIO;
	if (error == 0 && back == p->enters)
		return -EDOM;
	/* A reminder stays where it lies. */
	p->leaves = z->s.unless_answered ? 0 : back;
	z->place.mailbox = p->enters;
	z->email = p->change.id;
	return error;
}

/* Whether a reminder that is answered, or taken back, has another place to stay at. */
static int lies_elsewhere(struct plan *p, bool *elsewhere)
{
	struct account_places places;
	int error = email_places(p->c.txn, p->c.shard, p->change.id, &places);
	*elsewhere = false;
	for (size_t i = 0; i < places.count && error == 0; i++)
		*elsewhere = *elsewhere || places.at[i].mailbox != p->was.place.mailbox;
	return error;
}

/* *over: it leaves the mailbox of the role, and that is all. */
static int plan_reminder(struct plan *p, bool wakes, bool *over)
{
	bool answered = true;
	int error = 0;
	*over = false;
	if (!p->was.s.unless_answered)
		return 0;
	if (wakes)
		error = email_is_answered(p->c.txn, p->c.shard, &p->c.head, p->change.id, &answered);
	return error || !answered ? error : lies_elsewhere(p, over);
}

/* It goes from where it lies to where it was to go. One that came back before is known no longer. */
static int plan_coming_back(struct plan *p, bool wakes)
{
	bool over;
	if (p->was.place.mailbox == 0 || p->was.awake) {
		p->by_itself = false;
		return 0;
	}
	p->leaves = p->was.place.mailbox;
	int error = plan_reminder(p, wakes, &over);
	if (error || over)
		return error;
	error = find_return(p, p->was.s.mailbox, &p->enters);
	if (error || !wakes)
		return error;
	p->change.add_flags = p->was.s.add_flags;
	p->change.remove_flags = p->was.s.remove_flags;
	p->change.add_keywords = p->was.s.add_keywords;
	p->change.remove_keywords = p->was.s.remove_keywords;
	p->new.place.mailbox = p->enters;
	p->new.email = p->change.id;
	p->new.awake = true;
	p->new.s = (struct mail_snooze){.until = p->set->now};
	return 0;
}

/* The email may be elsewhere by now. */
static int check_place(struct plan *p, struct account_place place)
{
	struct account_places places;
	int error = email_places(p->c.txn, p->c.shard, p->change.id, &places);
	for (size_t i = 0; i < places.count && error == 0; i++)
		if (places.at[i].mailbox == place.mailbox && places.at[i].uid == place.uid)
			return 0;
	return error ? error : -ENOENT;
}

/* The place in a wish to wake is its own email's, and its time has come; else there is nothing to be done. */
static int take_waking(struct plan *p)
{
	struct cursor in = cursor_on(p->change.snooze);
	struct account_place place = {.mailbox = cursor_u32(&in)};
	place.uid = cursor_u32(&in);
	p->woken_time = (int64_t)cursor_u64(&in);
	p->woken_place.mailbox = 0;
	if (!cursor_ok(&in) || !cursor_at_end(&in))
		return -EINVAL;
	int error = snooze_get(p->c.txn, p->c.shard, place, &p->was);
	if (error == -ENOENT)
		p->woken_place = place;
	if (error)
		return error;
	bool other = p->was.email != p->change.id || account_snooze_due(&p->was) != p->woken_time;
	if (other || p->woken_time > p->set->now) {
		p->was.place.mailbox = 0;
		return -ENOENT;
	}
	return check_place(p, place);
}

int plan_snooze(struct plan *p)
{
	const struct email_change *e = &p->change;
	p->was.place.mailbox = p->new.place.mailbox = p->leaves = p->enters = 0;
	p->by_itself = !(e->what & EMAIL_CHANGE_ALL_MAILBOXES) && e->add_mailboxes.len == 0 &&
	               e->remove_mailboxes.len == 0 && e->what & SNOOZES;
	if (!(e->what & SNOOZES))
		return 0;
	if (p->set->who)
		return -EACCES;
	p->writes += 2 * ACCOUNT_SNOOZE_WRITES;
	int error = e->what & EMAIL_CHANGE_WAKE ? take_waking(p) : find_snooze(p);
	if (error)
		return error;
	p->new.awake = false;
	return e->what & EMAIL_CHANGE_SNOOZE ? plan_putting_off(p)
	                                     : plan_coming_back(p, e->what & EMAIL_CHANGE_WAKE);
}

int plan_snooze_check(const struct plan *p)
{
	bool leaves = false;
	if (p->new.place.mailbox && !plan_stands_in(p, p->enters) && !plan_is_target(p, p->enters))
		return -EDOM;
	for (size_t i = 0; i < p->count; i++)
		leaves = leaves || (p->standing[i].goes && p->standing[i].at.mailbox == p->leaves);
	/* What IMAP has marked for its end does not come back. */
	return p->change.what & EMAIL_CHANGE_WAKE && p->by_itself && !leaves ? -ENOENT : 0;
}

/* ---- carrying out ---- */

static void note_alarm(struct plan *p, int64_t at)
{
	struct email_set_step *step = &p->set->step;
	if (step->alarm == 0 || at < step->alarm)
		step->alarm = at;
}

/* Its flags as they are, so that it is told as changed. */
static int touch(struct plan *p, struct standing *s)
{
	return message_set_flags(&p->c, s->box, s->at.uid, &s->flags, &s->flags);
}

/* Where it stands in a mailbox now; one that stood there before is told as changed. */
static int find_place(struct plan *p, uint32_t mailbox, struct account_place *out)
{
	for (size_t i = 0; i < p->target_count; i++)
		if (p->targets[i]->number == mailbox) {
			*out = (struct account_place){mailbox, p->uids[i]};
			return 0;
		}
	for (size_t i = 0; i < p->count; i++)
		if (p->standing[i].at.mailbox == mailbox && !p->standing[i].goes) {
			*out = p->standing[i].at;
			return touch(p, &p->standing[i]);
		}
	return -EBADMSG;
}

int carry_out_snooze(struct plan *p, bool *changed)
{
	bool stays = false;
	int error = 0;
	if (!(p->change.what & SNOOZES) || (p->was.place.mailbox == 0 && p->new.place.mailbox == 0))
		return 0;
	*changed = true;
	if (p->was.place.mailbox)
		error = snooze_drop(&p->c, &p->was);
	for (size_t i = 0; i < p->count && error == 0 && p->was.place.mailbox && !stays; i++) {
		struct standing *s = &p->standing[i];
		stays = s->at.mailbox == p->was.place.mailbox && s->at.uid == p->was.place.uid && !s->goes;
		if (stays)
			error = touch(p, s);
	}
	if (error || p->new.place.mailbox == 0)
		return error;
	error = find_place(p, p->enters, &p->new.place);
	if (error == 0)
		error = snooze_add(&p->c, &p->new);
	if (error == 0)
		note_alarm(p, account_snooze_due(&p->new));
	return error;
}

int plan_give_up(struct plan *p)
{
	if (!(p->change.what & EMAIL_CHANGE_WAKE))
		return 0;
	if (p->was.place.mailbox)
		return snooze_drop(&p->c, &p->was);
	return p->woken_place.mailbox ? snooze_forget_time(&p->c, p->woken_place, p->woken_time) : 0;
}
