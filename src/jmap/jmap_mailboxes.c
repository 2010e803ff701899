/* The mailboxes of an account: jmap_mailboxes.h. */
#include "jmap/jmap_mailboxes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM_FIRST = 32 };

const char *jmap_mailbox_role(uint64_t role)
{
	static const char *const names[] = {[MAILBOX_ROLE_INBOX] = "inbox",
	    [MAILBOX_ROLE_DRAFTS] = "drafts",
	    [MAILBOX_ROLE_SENT] = "sent",
	    [MAILBOX_ROLE_JUNK] = "junk",
	    [MAILBOX_ROLE_TRASH] = "trash",
	    [MAILBOX_ROLE_ARCHIVE] = "archive",
	    [MAILBOX_ROLE_ALL] = "all",
	    [MAILBOX_ROLE_FLAGGED] = "flagged",
	    [MAILBOX_ROLE_IMPORTANT] = "important",
	    [MAILBOX_ROLE_SNOOZED] = "snoozed"};
	return role < sizeof names / sizeof *names ? names[role] : NULL;
}

struct jmap_mailbox *jmap_mailboxes_find(const struct jmap_mailboxes *list, uint64_t number)
{
	size_t low = 0, high = list->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (list->items[middle].mailbox.mailbox < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low < list->count && list->items[low].mailbox.mailbox == number ? &list->items[low] : NULL;
}

static bool make_room(struct arena *arena, struct jmap_mailboxes_use *use)
{
	struct jmap_mailboxes *list = &use->list;
	if (list->count < use->room)
		return true;
	size_t room = use->room ? use->room * 2 : ROOM_FIRST;
	struct jmap_mailbox *items = arena_array(arena, room, sizeof *items);
	if (items == NULL)
		return false;
	if (list->count > 0)
		memcpy(items, list->items, list->count * sizeof *items);
	list->items = items;
	use->room = room;
	return true;
}

static void take(struct jmap_call *c, struct jmap_mailboxes_use *use, const struct mail_mailbox *mailbox)
{
	struct arena *arena = jmap_arena(c);
	struct jmap_mailbox taken = {.mailbox = *mailbox};
	/* A subscription without a mailbox is IMAP's alone; and others' mailboxes are in their accounts. */
	if (mailbox->marks & MAIL_MAILBOX_NO_MAILBOX || mailbox->account != jmap_account(c)->ask)
		return;
	if (!arena_copy(arena, mailbox->path, &taken.mailbox.path) || !make_room(arena, use)) {
		use->failed = true;
		return;
	}
	ptrdiff_t slash = view_find_last(taken.mailbox.path, '/');
	taken.name = view_skip(taken.mailbox.path, (size_t)(slash + 1));
	taken.mailbox.owner = (struct view){0};
	if (mailbox->mailbox == MAILBOX_INBOX)
		taken.mailbox.role = MAILBOX_ROLE_INBOX;
	if (taken.mailbox.role == MAILBOX_ROLE_TRASH)
		use->list.trash = mailbox->mailbox;
	use->list.items[use->list.count++] = taken;
}

static int compare(const void *one, const void *other)
{
	const struct jmap_mailbox *a = one, *b = other;
	return a->mailbox.mailbox < b->mailbox.mailbox ? -1 : a->mailbox.mailbox > b->mailbox.mailbox;
}

static void mailboxes_answered(struct jmap_call *c, unsigned type, const void *answer)
{
	struct jmap_mailboxes_use *use = jmap_data(c);
	const struct mail_done *done = answer;
	struct jmap_mailboxes *list = &use->list;
	if (type == MAIL_MAILBOX)
		take(c, use, answer);
	if (type != MAIL_DONE)
		return;
	if (done->error || use->failed) {
		jmap_error_of(c, done->error ? done->error : -ENOMEM, "the mailboxes");
		return;
	}
	if (list->count > 1)
		qsort(list->items, list->count, sizeof *list->items, compare);
	for (size_t i = 0; i < list->count; i++) {
		uint64_t parent = list->items[i].mailbox.parent;
		list->items[i].parent = parent ? jmap_mailboxes_find(list, parent) : NULL;
	}
	list->state = jmap_mail_state_of(&use->states, JMAP_KIND_MAILBOXES);
	use->ready(c, list);
}

static void states_answered(struct jmap_call *c, unsigned type, const void *answer)
{
	struct jmap_mailboxes_use *use = jmap_data(c);
	const struct mail_done *done = answer;
	if (type == EMAIL_STATE)
		jmap_mail_states_take(&use->states, answer);
	if (type == MAIL_DONE && done->error)
		jmap_error_of(c, done->error, "the mailboxes");
}

void jmap_mailboxes_load(struct jmap_call *c, void (*ready)(struct jmap_call *c, struct jmap_mailboxes *list))
{
	struct jmap_mailboxes_use *use = jmap_data(c);
	struct email_states states = {.account = jmap_account(c)->ask};
	struct mail_mailboxes mailboxes = {
	    .account = jmap_account(c)->ask, .own_only = jmap_account(c)->ask == 0, .offered = true};
	use->ready = ready;
	jmap_ask(c, EMAIL_STATES, &states, states_answered);
	jmap_ask(c, MAIL_MAILBOXES, &mailboxes, mailboxes_answered);
}
