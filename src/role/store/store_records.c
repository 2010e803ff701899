/* What relay's daily look at the domains' records found, from its memos: see store_admin.h. */
#include <inttypes.h>

#include "base/clock.h"
#include "base/container.h"
#include "base/mem.h"
#include "format/json.h"
#include "ledger/memo.h"
#include "role/store/store_admin.h"
#include "role/store/store_private.h"
#include "trust/zone/zone_drift.h"

enum { LINES_MAX = 4 * (MEMO_LIST_BYTES + MEMO_VALUE_MAX) };

struct store_records {
	struct channel *to; /* NULL: nobody listens any more */
	uint32_t request;
	void (*ended)(void *arg);
	void *arg;
	struct store_read read;
	char *after;
	struct buf lines, last;
	bool more;
	bool plans;    /* are told as well */
	unsigned kind; /* of the memos that are read */
};

static int take(void *arg, const struct memo *memo)
{
	struct store_records *r = arg;
	struct view rest = memo->value, line;
	bool first = true;
	buf_append_string(&r->lines, "{\"name\":");
	json_append_string(&r->lines, memo->name);
	if (r->kind == MEMO_ZONE) {
		buf_printf(&r->lines, ",\"lookedAt\":%" PRId64 ",\"wrong\":[", zone_memory_time(memo->value));
		(void)view_next(&rest, '\n', &line); /* the time */
	} else {
		buf_append_string(&r->lines, ",\"plan\":[");
	}
	while (rest.len && view_next(&rest, '\n', &line)) {
		buf_append_string(&r->lines, first ? "" : ",");
		json_append_string(&r->lines, line);
		first = false;
	}
	return buf_append_string(&r->lines, "]}\n");
}

static int run(struct txn *t, void *arg)
{
	struct store_records *r = arg;
	buf_clear(&r->lines);
	return memo_list(t, r->kind, view_from_string(r->after), clock_wall(), take, r, &r->last, &r->more);
}

static void tell(struct store_records *r, struct view text, uint64_t status, bool last)
{
	struct message_output m = {.text = text, .status = status, .last = last};
	if (r->to)
		ipc_send(r->to, MESSAGE_OUTPUT, r->request, &m, -1);
}

static void end(struct store_records *r)
{
	r->ended(r->arg);
	buf_done(&r->lines);
	buf_done(&r->last);
	mem_free(r->after);
	mem_free(r);
}

static void listed(struct store_read *read, int result)
{
	enum { PIECE = 128 * 1024 };
	struct store_records *r = container_of(read, struct store_records, read);
	for (struct view rest = buf_view(&r->lines); result == 0 && rest.len; rest = view_skip(rest, PIECE))
		tell(r, view_take(rest, PIECE), 0, false);
	if (result == 0 && r->more && r->to) {
		mem_free(r->after);
		r->after = mem_string(buf_view(&r->last));
		store_read(store_role.store, &r->read);
		return;
	}
	if (result == 0 && r->plans && r->kind == MEMO_ZONE && r->to) {
		r->kind = MEMO_ZONE_PLAN;
		mem_free(r->after);
		r->after = mem_string(VIEW(""));
		store_read(store_role.store, &r->read);
		return;
	}
	tell(r, result ? VIEW("the records cannot be read now; try again in a moment\n") : VIEW(""),
	    result ? 75 : 0, true);
	end(r);
}

struct store_records *store_records_start(
    struct channel *to, uint32_t request, bool plans, void (*ended)(void *arg), void *arg)
{
	struct store_records *r = mem_alloc(sizeof *r);
	*r = (struct store_records){.to = to,
	    .request = request,
	    .ended = ended,
	    .arg = arg,
	    .after = mem_string(VIEW("")),
	    .plans = plans,
	    .kind = MEMO_ZONE};
	buf_init(&r->lines, LINES_MAX);
	buf_init(&r->last, MEMO_NAME_MAX);
	r->read = (struct store_read){.shard = LEDGER_SHARD, .run = run, .arg = r, .done = listed};
	store_read(store_role.store, &r->read);
	return r;
}

void store_records_cancel(struct store_records *r)
{
	r->to = NULL;
}

bool store_records_look(struct view domain)
{
	struct message_zone_look m = {.domain = domain};
	return store_role.relay.up && ipc_send(&store_role.relay.channel, MESSAGE_ZONE_LOOK, 0, &m, -1) == 0;
}
