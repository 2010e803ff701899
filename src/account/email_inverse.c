/* What undoes a change of an email, and an email that was destroyed coming back: see email_plan.h. */
#include <errno.h>

#include "account/email_plan.h"
#include "account/intent.h"

enum {
	INVERSE_MAX = 1800,                /* octets: an entry holds one at least (doc/jmap.md tells) */
	NAMES_MAX = 2 * INVERSE_MAX,       /* while they are gathered */
	BOXES_MAX = 4 * ACCOUNT_PLACES_MAX /* octets of as many numbers as an email has places */
};

struct inverse {
	struct email_change change;
	struct buf add, remove, add_boxes, remove_boxes, snooze;
};

static int put_name(struct plan *p, struct buf *names, uint32_t number)
{
	struct account_keyword k;
	struct view value;
	int error = change_get(&p->c, key_keyword(number), &value);
	if (error == 0)
		error = keyword_decode(value, &k);
	if (error)
		return error == -ENOENT || error == -EBADMSG ? 0 : error;
	if (names->len)
		buf_append_byte(names, ' ');
	return buf_append(names, k.name);
}

static bool has_number(const struct message_flags *f, uint32_t number)
{
	if (number < FLAG_KEYWORDS)
		return f->bits & FLAG_KEYWORD << number;
	for (size_t i = 0; i < f->more.count; i++)
		if (f->more.numbers[i] == number)
			return true;
	return false;
}

/* Names of keywords that `a` has and `b` has not. */
static int put_missing(
    struct plan *p, const struct message_flags *a, const struct message_flags *b, struct buf *names)
{
	int error = 0;
	for (uint32_t n = 0; n < FLAG_KEYWORDS && error == 0; n++)
		if (has_number(a, n) && !has_number(b, n))
			error = put_name(p, names, n);
	for (size_t i = 0; i < a->more.count && error == 0; i++)
		if (!has_number(b, a->more.numbers[i]))
			error = put_name(p, names, a->more.numbers[i]);
	return error;
}

static int invert_flags(struct plan *p, struct inverse *v)
{
	struct message_flags new;
	int error = 0;
	for (size_t i = 0; i < p->count && error == 0; i++) {
		const struct message_flags *old = &p->standing[i].flags;
		error = plan_new_flags(p, old, &new);
		if (error)
			break;
		v->change.add_flags |= old->bits & ~new.bits &FLAGS_SYSTEM;
		v->change.remove_flags |= new.bits & ~old->bits &FLAGS_SYSTEM;
		error = put_missing(p, old, &new, &v->add);
		if (error == 0)
			error = put_missing(p, &new, old, &v->remove);
	}
	for (size_t i = 0; i < p->add.count && error == 0; i++) {
		if (p->add.numbers[i] != PLAN_FRESH)
			continue;
		if (v->remove.len)
			buf_append_byte(&v->remove, ' ');
		error = buf_append(&v->remove, p->add.names[i]);
	}
	return error == -EMLINK || error == -ENOBUFS ? -E2BIG : error;
}

static void invert_places(struct plan *p, struct inverse *v)
{
	for (size_t i = 0; i < p->count; i++)
		if (p->standing[i].goes)
			buf_append_u32(&v->add_boxes, p->standing[i].at.mailbox);
	for (size_t i = 0; i < p->target_count; i++)
		buf_append_u32(&v->remove_boxes, p->targets[i]->number);
}

static int invert_snooze(struct plan *p, struct inverse *v)
{
	const uint64_t asked = p->change.what & (EMAIL_CHANGE_SNOOZE | EMAIL_CHANGE_UNSNOOZE);
	if (asked == 0)
		return 0;
	if (p->was.place.mailbox && !p->was.awake) {
		v->change.what |= EMAIL_CHANGE_SNOOZE;
		return mail_snooze_put(&v->snooze, &p->was.s);
	}
	if (asked & EMAIL_CHANGE_SNOOZE)
		v->change.what |= EMAIL_CHANGE_UNSNOOZE;
	return 0;
}

static int invert(struct plan *p, struct inverse *v)
{
	int64_t until = undelete_until(p->set->accounts, p->set->now);
	if (p->change.what & EMAIL_CHANGE_DESTROY) {
		v->change.what = EMAIL_CHANGE_RESTORE;
		invert_places(p, v);
		return buf_append_u64(&v->snooze, (uint64_t)until);
	}
	int error = invert_flags(p, v);
	invert_places(p, v);
	return error ? error : invert_snooze(p, v);
}

int plan_inverse(struct plan *p, struct buf *out)
{
	struct inverse v = {.change = {.id = p->change.id}};
	size_t before = buf_view(out).len;
	buf_init(&v.add, NAMES_MAX);
	buf_init(&v.remove, NAMES_MAX);
	buf_init(&v.add_boxes, BOXES_MAX);
	buf_init(&v.remove_boxes, BOXES_MAX);
	buf_init(&v.snooze, SNOOZE_BYTES_MAX);
	int error = invert(p, &v);
	v.change.add_keywords = buf_view(&v.add);
	v.change.remove_keywords = buf_view(&v.remove);
	v.change.add_mailboxes = buf_view(&v.add_boxes);
	v.change.remove_mailboxes = buf_view(&v.remove_boxes);
	v.change.snooze = buf_view(&v.snooze);
	if (error == 0 && (!email_change_put(out, &v.change) || buf_view(out).len - before > INVERSE_MAX)) {
		buf_truncate(out, before);
		error = -E2BIG;
	}
	buf_done(&v.add);
	buf_done(&v.remove);
	buf_done(&v.add_boxes);
	buf_done(&v.remove_boxes);
	buf_done(&v.snooze);
	return error;
}

int plan_restore(struct plan *p)
{
	struct cursor in = cursor_on(p->change.snooze);
	int64_t until = (int64_t)cursor_u64(&in);
	if (p->set->who)
		return -EACCES;
	if (!cursor_ok(&in) || !cursor_at_end(&in))
		return -EINVAL;
	int error = until > 0 ? undelete_email(&p->c, until, p->change.id, p->change.add_mailboxes) : -ENOENT;
	return error == -E2BIG ? 1 : error;
}
