/*
 * Recipients and senders. What the directory said is remembered until it changes, which only this process can
 * bring about: a busy list costs store nothing.
 */
#include <errno.h>

#include "base/mem.h"
#include "daemon/auth_private.h"

enum { CACHE_MAX = 20000 }; /* addresses; about 200 bytes each */

struct known {
	size_t count;
	struct message_target targets[]; /* addresses point behind the array */
};

static struct map cache;
static uint64_t cache_epoch; /* raised with each change: answers that were asked for before are not kept */

struct resolving {
	struct link *edge;
	uint64_t edge_generation, epoch;
	uint32_t request;
	uint64_t account; /* a sender's check, else 0 */
	struct buf address;
};

void auth_forget_addresses(void)
{
	size_t position = 0;
	void *value;
	while (map_each(&cache, &position, NULL, &value))
		mem_free(value);
	map_done(&cache);
	cache_epoch++;
}

static struct known *remember(struct view address, const struct message_directory_answer *m)
{
	size_t count = m->fields.count / 2, bytes = 0;
	for (size_t i = 0; i < count; i++)
		bytes += auth_answer_field(m, 2 * i + 1).len;
	struct known *known = mem_alloc(sizeof *known + count * sizeof known->targets[0] + bytes);
	char *at = (char *)&known->targets[count];
	known->count = count;
	for (size_t i = 0; i < count; i++) {
		struct view text = auth_answer_field(m, 2 * i + 1);
		for (size_t k = 0; k < text.len; k++)
			at[k] = text.data[k];
		known->targets[i] =
		    (struct message_target){.account = directory_number(auth_answer_field(m, 2 * i)),
		        .address = view_of(at, text.len)};
		at += text.len;
	}
	if (cache.count >= CACHE_MAX)
		auth_forget_addresses();
	mem_free(map_set(&cache, address, known));
	return known;
}

/* ---- answers ---- */

static void answer_targets(struct link *edge, uint32_t request, const struct known *known)
{
	struct message_resolved m = {.verdict = RESOLVE_LOCAL,
	    .targets = {.items = (void *)(uintptr_t)known->targets, .count = known->count}};
	for (size_t i = 0; i < known->count; i++)
		if (known->targets[i].account == 0)
			m.verdict =
			    RESOLVE_NOT_OURS; /* an alias leads out of our domains: nobody carries that on */
	if (m.verdict != RESOLVE_LOCAL)
		m.targets.count = 0;
	ipc_send(&edge->channel, MESSAGE_RESOLVED, request, &m, -1);
}

static void answer_error(struct link *edge, uint32_t request, int error)
{
	/* -ENOENT with a domain that is not ours is told apart: a stranger shall know that we do not relay.
	 */
	struct message_resolved m = {.verdict = error == -ENOENT   ? RESOLVE_UNKNOWN_USER
	                                        : error == -EACCES ? RESOLVE_DISABLED
	                                        : error == -EXDEV  ? RESOLVE_NOT_OURS
	                                        : error == -EINVAL || error == -EMSGSIZE
	                                            ? RESOLVE_UNKNOWN_USER
	                                            : RESOLVE_TEMPORARY};
	ipc_send(&edge->channel, MESSAGE_RESOLVED, request, &m, -1);
}

static void answer_sender(struct link *edge, uint32_t request, const struct known *known, uint64_t account)
{
	struct message_verdict m = {0};
	for (size_t i = 0; known && i < known->count; i++)
		m.allowed |= known->targets[i].account == account;
	ipc_send(&edge->channel, MESSAGE_VERDICT, request, &m, -1);
}

static bool resolved(void *arg, struct link *link, struct channel_frame *frame)
{
	struct resolving *r = arg;
	struct message_directory_answer m;
	struct known *known = NULL;
	int error = -EAGAIN;
	if (frame && !link_decode(link, frame, &m))
		return false;
	if (frame)
		error = (int)(int64_t)m.error;
	if (error == 0)
		known = remember(buf_view(&r->address), &m);
	if (r->edge->up && r->edge->generation == r->edge_generation) {
		if (r->account)
			answer_sender(r->edge, r->request, known, r->account);
		else if (known)
			answer_targets(r->edge, r->request, known);
		else
			answer_error(r->edge, r->request, error);
	}
	if (r->epoch != cache_epoch)
		auth_forget_addresses(); /* the directory changed while this was under way */
	buf_done(&r->address);
	mem_free(r);
	return true;
}

static void ask(struct link *edge, uint32_t request, struct view address, uint64_t account)
{
	struct resolving *r = mem_alloc(sizeof *r);
	*r = (struct resolving){.edge = edge,
	    .edge_generation = edge->generation,
	    .epoch = cache_epoch,
	    .request = request,
	    .account = account};
	buf_init(&r->address, 2048);
	buf_append(&r->address, address);
	if (auth_ask_directory(DIRECTORY_RESOLVE, 0, &address, 1, resolved, r) == 0)
		resolved(r, NULL, NULL);
}

void auth_resolve(struct link *edge, uint32_t request, struct view address)
{
	const struct known *known = map_get(&cache, address);
	if (known)
		answer_targets(edge, request, known);
	else
		ask(edge, request, address, 0);
}

/* RFC 6409 section 6.1: an address is a user's own when mail for it reaches him. */
void auth_check_sender(struct link *edge, uint32_t request, uint64_t account, struct view address)
{
	const struct known *known = map_get(&cache, address);
	if (known)
		answer_sender(edge, request, known, account);
	else
		ask(edge, request, address, account);
}
