/*
 * What relay has found about a domain's records, told to whoever gets postmaster@ of the domain: into the
 * mailboxes of accounts here. Addresses elsewhere are not written to: the log has told it.
 */
#include <errno.h>
#include <stdio.h>

#include "base/container.h"
#include "base/mem.h"
#include "directory/directory.h"
#include "role/store/store_private.h"

enum {
	ACCOUNTS_MAX = 10, /* of one notice: a list may have more, and these are told by one of them */
	DOMAIN_BYTES = 255 /* as the message has it */
};

struct admin_notice {
	struct store_read read;
	struct asked asked;
	char *postmaster, *subject, *text;
	uint64_t accounts[ACCOUNTS_MAX];
	size_t count;
};

static int run(struct txn *t, void *arg)
{
	struct admin_notice *n = arg;
	struct directory_targets *targets = mem_alloc(sizeof *targets);
	int error = directory_resolve(t, view_from_string(n->postmaster), targets);
	n->count = 0;
	for (size_t i = 0; error == 0 && i < targets->count && n->count < ACCOUNTS_MAX; i++)
		if (!targets->items[i].remote)
			n->accounts[n->count++] = targets->items[i].shard;
	mem_free(targets);
	return error;
}

static void end(struct admin_notice *n, int error)
{
	struct message_result m = {.error = error};
	asked_answer(&n->asked, MESSAGE_NOTICED, &m);
	mem_free(n->postmaster);
	mem_free(n->subject);
	mem_free(n->text);
	mem_free(n);
}

static void resolved(struct store_read *read, int result)
{
	struct admin_notice *n = container_of(read, struct admin_notice, read);
	for (size_t i = 0; result == 0 && i < n->count; i++)
		store_notice_text(n->accounts[i], n->subject, n->text);
	end(n, result == 0 && n->count == 0 ? -ENOENT : result);
}

void store_notice_admin(struct link *link, struct channel_frame *frame, const void *message)
{
	const struct message_notice *m = message;
	struct admin_notice *n = mem_alloc(sizeof *n);
	char text[DOMAIN_BYTES + 64];
	if (!asked_begin(&n->asked, link, frame)) {
		struct message_result busy = {.error = -EBUSY};
		ipc_send(&link->channel, MESSAGE_NOTICED, frame->request, &busy, -1);
		mem_free(n);
		return;
	}
	snprintf(text, sizeof text, "postmaster@%.*s", VIEW_FMT(m->domain));
	n->postmaster = mem_string(view_from_string(text));
	snprintf(text, sizeof text, "The DNS records of %.*s have changed", VIEW_FMT(m->domain));
	n->subject = mem_string(view_from_string(text));
	n->text = mem_string(m->text);
	n->read = (struct store_read){.shard = DIRECTORY_SHARD, .run = run, .arg = n, .done = resolved};
	store_read(store_role.store, &n->read);
}
