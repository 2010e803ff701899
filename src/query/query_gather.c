/* Fetching the messages of a set. */
#include "query/query_gather.h"

#include "base/mem.h"
#include "mail/uid_ranges.h"

#include <errno.h>

enum { RANGES_MAX = 4096 /* in one question: 32 KB of a frame */ };

struct query_gather {
	struct query_gathering is;
	void *arg;
	uint32_t next; /* place that wasn't asked about yet */
	size_t hint;
	struct buf ranges;
	int error;
	bool ended;
};

struct query_gather *query_gather_new(const struct query_gathering *gathering, void *arg)
{
	struct query_gather *g = mem_alloc(sizeof(*g));

	*g = (struct query_gather){.is = *gathering, .arg = arg};
	buf_init(&g->ranges, RANGES_MAX * UID_RANGE_SIZE);
	return g;
}

void query_gather_free(struct query_gather *g)
{
	if (!g)
		return;
	buf_done(&g->ranges);
	mem_free(g);
}

/* Nothing may follow a call: the gathering may be freed in `done`. */
static void go_on(struct query_gather *g)
{
	struct mail_fetch fetch = {.account = g->is.account, .mailbox = g->is.mailbox, .want = g->is.want};

	buf_clear(&g->ranges);
	if (g->error == 0)
		g->error = query_set_ranges(g->is.set, g->is.places, false, &g->next, RANGES_MAX, &g->ranges);
	if (g->error || g->ranges.len == 0) {
		g->ended = true;
		g->is.done(g->arg, g->error);
		return;
	}
	fetch.uids = buf_view(&g->ranges);
	g->is.ask(g->arg, MAIL_FETCH, &fetch);
}

void query_gather_start(struct query_gather *g)
{
	go_on(g);
}

static void take(struct query_gather *g, struct view entries)
{
	struct cursor in = cursor_on(entries);
	struct mail_message m;
	uint32_t place;

	while (g->error == 0 && mail_message_get(&in, g->is.want, &m))
		if (query_place_of(g->is.places, m.uid, &g->hint, &place) && query_set_has(g->is.set, place))
			g->error = g->is.take(g->arg, place, &m);
	if (g->error == 0 && !cursor_ok(&in))
		g->error = -EBADMSG;
}

void query_gather_answer(struct query_gather *g, enum mail_type type, const void *answer)
{
	if (g->ended)
		return;
	if (type == MAIL_MESSAGES && g->error == 0) {
		take(g, ((const struct mail_messages *)answer)->entries);
	} else if (type == MAIL_DONE) {
		if (g->error == 0)
			g->error = (int)((const struct mail_done *)answer)->error;
		go_on(g);
	}
}
