/* Whether an account reads a mailing list, for smtp, which judges who sent a message (account/lists.h). */
#include <errno.h>

#include "account/lists.h"
#include "base/clock.h"
#include "base/container.h"
#include "base/mem.h"
#include "role/store/store_private.h"

struct list_question {
	struct asked asked;
	struct account_list_question list;
};

static void known(struct account_list_question *l, int result)
{
	struct list_question *q = container_of(l, struct list_question, list);
	struct message_result m = {.error = result};
	asked_answer(&q->asked, MESSAGE_MAILING_LIST_ANSWER, &m);
	mem_free(q);
}

void store_list(struct link *link, struct channel_frame *frame, const void *message)
{
	const struct message_mailing_list *m = message;
	struct list_question *q = mem_alloc(sizeof *q);
	if (!asked_begin(&q->asked, link, frame)) {
		struct message_result busy = {.error = -EBUSY};
		ipc_send(&link->channel, MESSAGE_MAILING_LIST_ANSWER, frame->request, &busy, -1);
		mem_free(q);
		return;
	}
	q->list = (struct account_list_question){
	    .shard = m->account, .list = m->list, .now = clock_wall(), .done = known};
	account_reads_list(&store_role.accounts, &q->list);
}
