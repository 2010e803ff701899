/* Deleting messages of a mailbox for an edge: the list comes in parts, and is carried out at its end, all or
 * none. */
#include "base/log.h"
#include "base/mem.h"
#include "role/store/right.h"
#include "role/store/store_private.h"

enum {
	FIRST_ROOM = 256,
	RANGES_BYTES = 64 * 1024 /* in one answer */
};

struct right_expunge {
	struct right *right;
	struct account_expunge call;
	uint32_t *uids;
	size_t count, room;
	struct account_removed removed;
	uint32_t request;
	bool under_way;
};

/* Ascending, as account_expunge wants them: so there are never more than the mailbox has. */
bool right_expunge_add(struct right *r, uint32_t uid)
{
	struct right_expunge *x = r->expunge;
	if (x == NULL) {
		x = r->expunge = mem_alloc(sizeof *x);
		x->right = r;
	}
	if (x->under_way || (x->count > 0 && uid <= x->uids[x->count - 1]))
		return false;
	if (x->count == x->room) {
		x->room = x->room ? x->room * 2 : FIRST_ROOM;
		x->uids = mem_resize(x->uids, x->room * sizeof *x->uids);
	}
	x->uids[x->count++] = uid;
	return true;
}

static void send_ranges(struct right_expunge *x, struct buf *ranges, int error, bool last)
{
	struct message_expunged m = {
	    .error = error, .modseq = x->removed.modseq, .last = last, .ranges = buf_view(ranges)};
	ipc_send(&x->right->link.channel, MESSAGE_EXPUNGED, x->request, &m, -1);
	buf_clear(ranges);
}

/* UIDs that follow one another go as one range. */
static void answer(struct right_expunge *x, int error)
{
	const struct account_removed *removed = &x->removed;
	size_t count = error ? 0 : removed->count;
	struct buf ranges;
	buf_init(&ranges, RANGES_BYTES);
	for (size_t i = 0, end; i < count; i = end) {
		for (end = i + 1; end < count && removed->uids[end] == removed->uids[end - 1] + 1;)
			end++;
		buf_append_u32(&ranges, removed->uids[i]);
		buf_append_u32(&ranges, removed->uids[end - 1]);
		if (end < count && buf_view(&ranges).len == RANGES_BYTES)
			send_ranges(x, &ranges, 0, false);
	}
	send_ranges(x, &ranges, error, true);
	buf_done(&ranges);
}

static void expunged(struct account_expunge *call, int result)
{
	struct right_expunge *x = call->arg;
	struct right *r = x->right;
	log_record(result ? LOG_ERROR : LOG_INFO, "-", "expunged", log_u64("account", r->account),
	    log_u64("messages", x->count), log_result(result));
	x->under_way = false;
	x->count = 0;
	if (right_back(r))
		answer(x, result);
	mem_free(x->removed.uids);
	x->removed.uids = NULL;
}

void right_expunge_run(struct right *r, uint32_t mailbox, uint32_t request)
{
	struct right_expunge *x = r->expunge;
	if (x == NULL || x->under_way) {
		right_break(r, "nothing-to-expunge");
		return;
	}
	x->request = request;
	x->under_way = true;
	x->removed = (struct account_removed){.uids = mem_array(x->count, sizeof *x->removed.uids)};
	x->call = (struct account_expunge){.shard = r->account,
	    .mailbox = mailbox,
	    .uids = x->uids,
	    .uid_count = x->count,
	    .removed = &x->removed,
	    .done = expunged,
	    .arg = x};
	right_begin(r);
	account_expunge(&store_role.accounts, &x->call);
}

void right_expunge_close(struct right *r)
{
	if (r->expunge == NULL)
		return;
	mem_free(r->expunge->uids);
	mem_free(r->expunge);
}

bool right_expunge_is_quiet(const struct right *r)
{
	return r->expunge == NULL || (!r->expunge->under_way && r->expunge->count == 0);
}
