/* The reports that others have sent, as a list for administrators by the web: see store_admin.h. */
#include <inttypes.h>

#include "base/container.h"
#include "base/mem.h"
#include "format/json.h"
#include "ledger/received.h"
#include "role/store/store_admin.h"
#include "role/store/store_private.h"

enum { LINES_MAX = RECEIVED_LIST_MAX * 10 * RECEIVED_TEXT_MAX };

struct store_received {
	struct channel *to; /* NULL: nobody listens any more */
	uint32_t request;
	void (*ended)(void *arg);
	void *arg;
	struct store_read read;
	struct received_place place, next;
	struct buf lines;
	bool more;
};

static void put_text(struct buf *out, const char *name, struct view text)
{
	buf_printf(out, ",\"%s\":", name);
	json_append_string(out, text);
}

/* The id is the place of the report: what tells it apart from all others. */
static int take(void *arg, const struct received_report *report)
{
	struct store_received *r = arg;
	buf_printf(&r->lines,
	    "{\"id\":\"R%u-%016" PRIx64 "\",\"kind\":%u,\"at\":%" PRId64 ",\"begin\":%" PRIu64
	    ",\"end\":%" PRIu64,
	    report->kind, report->hash, report->kind, report->at, report->begin, report->end);
	put_text(&r->lines, "domain", report->domain);
	put_text(&r->lines, "organisation", report->org);
	put_text(&r->lines, "reportId", report->id);
	put_text(&r->lines, "provenDomain", report->from);
	return buf_append_string(&r->lines, "}\n");
}

static int run(struct txn *t, void *arg)
{
	struct store_received *r = arg;
	buf_clear(&r->lines);
	r->next = r->place;
	return received_list(t, &r->next, take, r, &r->more);
}

static void tell(struct store_received *r, struct view text, uint64_t status, bool last)
{
	struct message_output m = {.text = text, .status = status, .last = last};
	if (r->to)
		ipc_send(r->to, MESSAGE_OUTPUT, r->request, &m, -1);
}

static void listed(struct store_read *read, int result)
{
	enum { PIECE = 128 * 1024 };
	struct store_received *r = container_of(read, struct store_received, read);
	for (struct view rest = buf_view(&r->lines); result == 0 && rest.len; rest = view_skip(rest, PIECE))
		tell(r, view_take(rest, PIECE), 0, false);
	r->place = r->next;
	if (result == 0 && r->more && r->to && !store_role.draining) {
		store_read(store_role.store, &r->read);
		return;
	}
	tell(r, result ? VIEW("the reports cannot be read now; try again in a moment\n") : VIEW(""),
	    result ? 75 : 0, true);
	r->ended(r->arg);
	buf_done(&r->lines);
	mem_free(r);
}

struct store_received *store_received_start(
    struct channel *to, uint32_t request, void (*ended)(void *arg), void *arg)
{
	struct store_received *r = mem_alloc(sizeof *r);
	*r = (struct store_received){.to = to, .request = request, .ended = ended, .arg = arg};
	buf_init(&r->lines, LINES_MAX);
	r->read = (struct store_read){.shard = LEDGER_SHARD, .run = run, .arg = r, .done = listed};
	store_read(store_role.store, &r->read);
	return r;
}

void store_received_cancel(struct store_received *r)
{
	r->to = NULL;
}
