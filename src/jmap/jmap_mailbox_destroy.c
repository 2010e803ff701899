/* Mailboxes that go: jmap_mailbox_setting.h. */
#include <errno.h>
#include <stdlib.h>

#include "base/mem.h"
#include "jmap/jmap_mailbox_setting.h"
#include "jmap/jmap_place.h"

static void remove_next(struct jmap_call *c);

static void fail_going(struct jmap_call *c, const struct mailbox_going *g, const char *type, const char *why)
{
	struct mailbox_setting *s = jmap_data(c);
	jmap_set_failed(c, g->id, type, NULL, "%s", why);
	s->going_at++;
}

static void on_removed(struct jmap_call *c, unsigned type, const void *answer)
{
	struct mailbox_setting *s = jmap_data(c);
	const struct mailbox_going *g = &s->going[s->going_at];
	const struct mail_done *done = answer;
	if (type != MAIL_DONE)
		return;
	if (done->error == 0) {
		jmap_set_destroyed(c, g->id);
		jmap_mailbox_list_remove(&s->list, g->number);
		s->going_at++;
	} else if (done->error == -EBUSY) {
		fail_going(c, g, "mailboxHasEmail", "Emails have come into it meanwhile");
	} else {
		fail_going(c, g, mailbox_error_type(done->error),
		    done->error == -EPERM ? "the inbox stays" : mailbox_error_text(done->error));
	}
	remove_next(c);
}

/* What is in it just now: mail may have come since the list was read. */
static void on_looked(struct jmap_call *c, unsigned type, const void *answer)
{
	struct mailbox_setting *s = jmap_data(c);
	const struct mailbox_going *g = &s->going[s->going_at];
	const struct mail_done *done = answer;
	if (type == MAIL_MAILBOX)
		jmap_mailbox_list_take(&s->list, jmap_account(c)->ask, answer);
	if (type != MAIL_DONE)
		return;
	const struct jmap_listed *m = jmap_mailbox_of_number(&s->list, g->number);
	if (done->error || m == NULL) {
		int64_t error = done->error ? done->error : -ENOENT;
		fail_going(c, g, mailbox_error_type(error), mailbox_error_text(error));
	} else if (jmap_mailbox_has_child(&s->list, m)) {
		fail_going(c, g, "mailboxHasChild", "there are Mailboxes within it");
	} else if (m->emails > 0 && !s->removes_emails) {
		fail_going(c, g, "mailboxHasEmail", "there are Emails in it");
	} else {
		/* Mail may come before it goes. */
		jmap_ask(c, MAIL_REMOVE,
		    &(struct mail_remove){.account = jmap_account(c)->ask,
		        .mailbox = g->number,
		        .only_empty = !s->removes_emails},
		    on_removed);
		return;
	}
	remove_next(c);
}

static void remove_next(struct jmap_call *c)
{
	struct mailbox_setting *s = jmap_data(c);
	if (s->going_at == s->going_count) {
		jmap_set_next(c);
		return;
	}
	jmap_ask(c, MAIL_MAILBOXES,
	    &(struct mail_mailboxes){
	        .account = jmap_account(c)->ask, .mailbox = s->going[s->going_at].number},
	    on_looked);
}

static size_t depth_of(struct view path)
{
	size_t depth = 0;
	for (size_t i = 0; i < path.len; i++)
		depth += path.data[i] == '/';
	return depth;
}

void mailbox_destroy(struct jmap_call *c, struct view id)
{
	struct mailbox_setting *s = jmap_data(c);
	uint64_t number = jmap_mailbox_number(c, id);
	const struct jmap_listed *m = jmap_mailbox_of_number(&s->list, number);
	if (m == NULL) {
		jmap_set_failed(c, id, "notFound", NULL, "there is no such Mailbox");
		jmap_set_next(c);
		return;
	}
	if (s->going_count == s->going_room) {
		size_t room = s->going_room ? 2 * s->going_room : 16;
		struct mailbox_going *going = mem_try_resize(s->going, room * sizeof *going);
		if (going == NULL) {
			jmap_set_failed(c, id, "serverFail", NULL, "there is no memory for this now");
			jmap_set_next(c);
			return;
		}
		s->going = going;
		s->going_room = room;
	}
	s->going[s->going_count++] =
	    (struct mailbox_going){.id = id, .number = number, .depth = depth_of(buf_view(&m->path))};
	jmap_set_next(c);
}

static int deepest_first(const void *a, const void *b)
{
	const struct mailbox_going *x = a, *y = b;
	return (x->depth < y->depth) - (x->depth > y->depth);
}

/* Those within others go first, in whatever order they were named. */
void mailbox_destroy_flush(struct jmap_call *c)
{
	struct mailbox_setting *s = jmap_data(c);
	if (s->going_count > 1)
		qsort(s->going, s->going_count, sizeof *s->going, deepest_first);
	remove_next(c);
}
