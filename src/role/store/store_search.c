/* Which account's index is looked at when, and what becomes of it: see store_search.h. */
#include "role/store/store_search.h"

#include <errno.h>

#include "base/clock.h"
#include "base/container.h"
#include "base/log.h"
#include "base/mem.h"
#include "role/store/search_thread.h"
#include "role/store/store_private.h"

enum {
	QUIET_MS = 1000,     /* after the first news of an account: more mail often follows at once */
	AGAIN_MS = 60 * 1000 /* after a failure */
};

struct dirty {
	struct dirty *next;
	uint64_t account;
	int64_t due;
};

static struct {
	bool on, stopping;
	struct map by_account;
	struct dirty *first, **last;
	struct loop_timer timer;
	uint64_t account; /* that is being worked on; 0: none */
	struct account_search merge_state;
	struct store_watch watch;
} search_walk;

/* ---- which accounts ---- */

static void set_timer(void)
{
	int64_t wait = search_walk.first ? search_walk.first->due - clock_monotonic_ms() : -1;
	if (search_walk.first && search_walk.account == 0 && !search_walk.stopping)
		loop_timer_set(&search_walk.timer, wait > 0 ? wait : 0);
}

static void note_after(uint64_t account, int64_t ms)
{
	if (!search_walk.on || search_walk.stopping || map_get_u64(&search_walk.by_account, account))
		return;
	struct dirty *d = mem_alloc(sizeof *d);
	d->account = account;
	d->due = clock_monotonic_ms() + ms;
	map_set_u64(&search_walk.by_account, account, d);
	struct dirty **at = search_walk.last;
	if (ms == QUIET_MS) {
		*at = d;
		search_walk.last = &d->next;
	} else {
		/* Few come with another delay: they find their place. */
		for (at = &search_walk.first; *at && (*at)->due <= d->due;)
			at = &(*at)->next;
		d->next = *at;
		*at = d;
		if (d->next == NULL)
			search_walk.last = &d->next;
	}
	set_timer();
}

void store_search_note(uint64_t account)
{
	note_after(account, QUIET_MS);
}

static void touched(struct store_watch *w)
{
	if (store_shard_class(w->touched) == STORE_ACCOUNT)
		store_search_note(w->touched);
}

static void forget(struct dirty *d)
{
	search_walk.first = d->next;
	if (search_walk.first == NULL)
		search_walk.last = &search_walk.first;
	map_remove_u64(&search_walk.by_account, d->account);
	mem_free(d);
}

/* ---- an account's turn ---- */

static void end_turn(void)
{
	search_walk.account = 0;
	set_timer();
}

static void merged(void *arg, int result, bool did)
{
	uint64_t account = search_walk.account;
	(void)arg;
	if (search_walk.stopping)
		return;
	if (result && result != -ECANCELED && result != -ENOENT && result != -ESTALE)
		log_event(
		    LOG_WARNING, "-", "search-merge-failed", log_u64("account", account), log_errno(result));
	if (result == -EBADMSG)
		store_search_rebuild(account, NULL, NULL);
	else if (did || result == -ESTALE)
		store_search_note(account);
	end_turn();
}

static void merge_state_read(struct account_search *s, int result)
{
	if (result || search_walk.stopping)
		merged(NULL, result ? result : -ECANCELED, false);
	else
		store_search_merge(s, merged, NULL);
}

static void merge(void)
{
	search_walk.merge_state =
	    (struct account_search){.shard = search_walk.account, .done = merge_state_read};
	account_search_read(&store_role.accounts, &search_walk.merge_state);
}

static void indexed(uint64_t account, int result)
{
	if (search_walk.stopping)
		return;
	switch (result) {
	case 0:
		merge();
		return;
	case -E2BIG: /* too many segments: first they become fewer */
		store_search_note(account);
		merge();
		return;
	case -EILSEQ:
		log_event(LOG_INFO, "-", "search-index-anew", log_u64("account", account));
		store_search_rebuild(account, NULL, NULL);
		break;
	case -ESTALE:
		store_search_note(account);
		break;
	case -ENOENT:
	case -ECANCELED:
		break;
	default:
		log_event(
		    LOG_WARNING, "-", "search-index-failed", log_u64("account", account), log_errno(result));
		note_after(account, AGAIN_MS);
	}
	end_turn();
}

static void next_account(void *arg)
{
	struct dirty *d = search_walk.first;
	(void)arg;
	if (d == NULL || search_walk.account || search_walk.stopping)
		return;
	if (d->due > clock_monotonic_ms()) {
		set_timer();
		return;
	}
	search_walk.account = d->account;
	forget(d);
	store_search_index(search_walk.account, indexed);
}

/* ---- made anew ---- */

struct rebuild {
	struct account_search_change change;
	store_search_dropped *done;
	void *arg;
};

static void dropped(struct account_search_change *c, int result)
{
	struct rebuild *r = container_of(c, struct rebuild, change);
	if (result == 0)
		store_search_note(c->shard);
	if (r->done)
		r->done(r->arg, result);
	mem_free(r);
}

void store_search_rebuild(uint64_t account, store_search_dropped *done, void *arg)
{
	struct rebuild *r = mem_alloc(sizeof *r);
	r->done = done;
	r->arg = arg;
	r->change = (struct account_search_change){.shard = account, .drop_all = true, .done = dropped};
	account_search_change(&store_role.accounts, &r->change);
}

/* ---- the role's ---- */

void store_search_figures(struct store_search_figures *f)
{
	*f = (struct store_search_figures){
	    .waiting = search_walk.by_account.count, .account = search_walk.account, .on = search_walk.on};
	store_search_index_figures(f);
}

void store_search_start(void)
{
	map_init(&search_walk.by_account);
	search_walk.last = &search_walk.first;
	loop_timer_init(&search_walk.timer, &store_role.process->loop, next_account, NULL);
	store_search_index_start();
	int error = search_threads_start();
	if (error)
		log_event(LOG_ERROR, "-", "search-cannot-start", log_errno(error));
	search_walk.on = error == 0 && store_role.process->settings.search_index;
	search_walk.watch = (struct store_watch){.shard = STORE_EVERY_SHARD, .changed = touched};
	if (search_walk.on)
		store_watch(store_role.store, &search_walk.watch);
}

void store_search_stop(void)
{
	if (search_walk.on)
		store_unwatch(store_role.store, &search_walk.watch);
	search_walk.stopping = true;
	loop_timer_cancel(&search_walk.timer);
	search_threads_stop();
	store_search_merge_stop();
	store_search_index_stop();
}

void store_search_end(void)
{
	search_threads_end();
	while (search_walk.first)
		forget(search_walk.first);
	map_done(&search_walk.by_account);
}
