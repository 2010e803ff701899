/*
 * A session that wants to know when its account changes: it is told the modseq of the last change, and reads
 * what it wants to know. A peer that is slow gets fewer of them, and the last one always.
 */
#include "base/container.h"
#include "base/log.h"
#include "base/mem.h"
#include "role/store/right.h"
#include "role/store/store_private.h"

struct right_watch {
	struct right *right;
	struct store_watch watch;
	struct account_request head;
	uint32_t request;
	uint64_t told; /* the peer knows of the changes up to this one */
	bool watching, asked, again;
};

static void look(struct right_watch *w);

static void tell(struct right_watch *w, uint64_t modseq)
{
	if (modseq <= w->told)
		return;
	struct message_changed m = {.modseq = w->told = modseq};
	ipc_send(&w->right->link.channel, MESSAGE_CHANGED, w->request, &m, -1);
}

static void looked(struct account_request *head, int result)
{
	struct right_watch *w = head->arg;
	w->asked = false;
	if (!right_back(w->right))
		return;
	if (result) {
		/* What cannot be told would be missed for ever: the session comes again. */
		log_event(
		    LOG_ERROR, "-", "watch-broken", log_u64("account", w->right->account), log_errno(result));
		right_end(w->right);
		return;
	}
	tell(w, head->modseq);
	if (w->again)
		look(w);
}

/* A commit says by itself which change was the last; the head is read for what happened before the watch. */
static void look(struct right_watch *w)
{
	w->again = w->asked || !right_has_room(w->right);
	if (w->again)
		return;
	if (w->watch.number) {
		tell(w, w->watch.number);
		return;
	}
	w->asked = true;
	w->head = (struct account_request){.shard = w->right->account, .done = looked, .arg = w};
	right_begin(w->right);
	account_stat(&store_role.accounts, &w->head);
}

static void changed(struct store_watch *watch)
{
	look(container_of(watch, struct right_watch, watch));
}

void right_watch(struct right *r, uint32_t request, const void *message)
{
	const struct message_watch *m = message;
	struct right_watch *w = r->watch;
	if (w == NULL) {
		w = r->watch = mem_alloc(sizeof *w);
		w->right = r;
		w->watch = (struct store_watch){.shard = r->account, .changed = changed};
		store_watch(store_role.store, &w->watch);
		w->watching = true;
	}
	w->request = request;
	w->told = m->modseq;
	look(w);
}

void right_watch_drained(struct right *r)
{
	if (r->watch && r->watch->again && !r->watch->asked)
		look(r->watch);
}

void right_watch_stop(struct right *r)
{
	if (r->watch == NULL || !r->watch->watching)
		return;
	store_unwatch(store_role.store, &r->watch->watch);
	r->watch->watching = false;
}

void right_watch_close(struct right *r)
{
	mem_free(r->watch);
}
