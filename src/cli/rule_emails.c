/* See rule_emails.h. */
#include "cli/rule_emails.h"

#include <errno.h>
#include <stdlib.h>

#include "base/mem.h"
#include "mail/message_wire.h"

static void take(void *arg, unsigned type, const union mailbox_answer *answer)
{
	struct rule_emails *e = arg;
	struct mail_message m;
	if (type != MAIL_MESSAGES)
		return;
	for (struct cursor in = cursor_on(answer->messages.entries);
	     mail_message_get(&in, MAIL_WANT_IDS, &m);) {
		if (e->count == e->room) {
			e->room = e->room ? 2 * e->room : 256;
			e->items = mem_resize(e->items, e->room * sizeof *e->items);
		}
		e->items[e->count++] = (struct rule_email){m.emailid, m.uid};
	}
}

static int by_email(const void *a, const void *b)
{
	const struct rule_email *x = a, *y = b;
	return x->email < y->email ? -1 : x->email > y->email;
}

const struct rule_emails *rule_emails_of(
    struct rule_emails **all, struct mailbox_client *client, uint32_t mailbox, int *error)
{
	struct mail_fetch fetch = {.mailbox = mailbox, .want = MAIL_WANT_IDS};
	for (struct rule_emails *e = *all; e; e = e->next)
		if (e->mailbox == mailbox)
			return e;
	struct rule_emails *e = mem_alloc(sizeof *e);
	e->mailbox = mailbox;
	*error = mailbox_client_run(client, MAIL_FETCH, &fetch, take, e, NULL);
	if (*error && *error != -ENOENT) {
		mem_free(e->items);
		mem_free(e);
		return NULL;
	}
	*error = 0;
	if (e->count > 0)
		qsort(e->items, e->count, sizeof *e->items, by_email);
	e->next = *all;
	*all = e;
	return e;
}

void rule_emails_free(struct rule_emails *all)
{
	while (all) {
		struct rule_emails *next = all->next;
		mem_free(all->items);
		mem_free(all);
		all = next;
	}
}

uint32_t rule_emails_uid(const struct rule_emails *emails, uint64_t email)
{
	const struct rule_email wanted = {email, 0};
	const struct rule_email *found =
	    emails->count ? bsearch(&wanted, emails->items, emails->count, sizeof wanted, by_email) : NULL;
	return found ? found->uid : 0;
}
