/* Whether a mailbox has room, which smtp asks before it takes a message for it: RCPT is the time to refuse
 * it. */
#include <errno.h>

#include "base/mem.h"
#include "role/store/store_private.h"

struct room {
	struct account_request request;
	struct asked asked;
	uint64_t bytes;
};

static void room_known(struct account_request *r, int result)
{
	struct room *room = r->arg;
	struct store_stats stats;
	const struct settings *settings = &store_role.process->settings;
	uint64_t quota = r->quota ? r->quota : settings->quota_default;
	uint64_t messages = r->quota_messages ? r->quota_messages : settings->quota_messages_default;
	store_stats(store_role.store, &stats);
	if (result == 0 && (stats.nearly_full || stats.trouble == ENOSPC))
		result = -ENOSPC;
	else if (result == 0 && stats.read_only)
		result = -EROFS;
	else if (result == 0 && quota && room->bytes > quota)
		result = -EFBIG;
	else if (result == 0 && quota && (r->bytes >= quota || room->bytes > quota - r->bytes))
		result = -EDQUOT;
	else if (result == 0 && messages && r->messages >= messages)
		result = -EDQUOT;
	struct message_result m = {.error = result};
	asked_answer(&room->asked, MESSAGE_ROOM_ANSWER, &m);
	mem_free(room);
}

void store_room(struct link *link, struct channel_frame *frame, const void *message)
{
	const struct message_room *m = message;
	struct room *room = mem_alloc(sizeof *room);
	if (!asked_begin(&room->asked, link, frame)) {
		struct message_result busy = {.error = -EBUSY};
		ipc_send(&link->channel, MESSAGE_ROOM_ANSWER, frame->request, &busy, -1);
		mem_free(room);
		return;
	}
	room->bytes = m->bytes;
	room->request = (struct account_request){.shard = m->account, .done = room_known, .arg = room};
	account_stat(&store_role.accounts, &room->request);
}
