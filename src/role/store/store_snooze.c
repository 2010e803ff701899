/*
 * See store_snooze.h. The ledger's alarms say for which accounts there is something to be done first.
 * Accounts whose time has come are worked on together, each in steps of one commit; then one commit removes
 * their alarms and leaves one for what comes next in each. Whatever ends in between is done once more, and
 * finds nothing to do where it was done.
 */
#include "role/store/store_snooze.h"

#include <errno.h>

#include "account/email_set.h"
#include "account/snooze.h"
#include "base/clock.h"
#include "base/container.h"
#include "base/log.h"
#include "base/mem.h"
#include "ledger/alarms.h"
#include "mail/email_wire.h"
#include "role/store/store_act.h"
#include "role/store/store_private.h"

enum {
	/* Clocks jump, and nobody says so: this late may be what was to come back in the meantime. */
	LOOK_MS = 5000,
	AGAIN_MS = 5000, /* after an error of the store */
	PLACE_SIZE = 16
};

struct waker {
	uint64_t shard;
	int error;
	struct account_due due;
	struct account_email_set set;
	struct buf changes;
	int results[ACCOUNT_DUE_MAX];
};

static struct {
	struct loop_timer timer;
	int64_t first; /* when something is to be done; 0: nothing is known */
	bool started, running, again, stopping;

	/* The round under way. */
	struct store_read read;
	struct store_commit commit;
	struct alarm alarms[ALARMS_LIST_MAX];
	size_t count, due, left;
	int64_t now;
	struct waker *wakers[ALARMS_LIST_MAX];
	size_t waker_count;
} snooze;

static void look(void);

static void set_timer(void)
{
	if (snooze.stopping || snooze.first == 0)
		return;
	int64_t ms = snooze.first * 1000 - clock_wall_ms(), most = LOOK_MS;
	if (clock_is_simulated())
		most = CLOCK_SIMULATED_LOOK_MS;
	loop_timer_set(&snooze.timer, ms < 0 ? 0 : ms < most ? ms : most);
}

static void on_timer(void *arg)
{
	(void)arg;
	if (snooze.stopping || snooze.running)
		return;
	if (clock_wall() >= snooze.first)
		look();
	else
		set_timer();
}

void store_snooze_note(int64_t at)
{
	if (at == 0 || !snooze.started)
		return;
	snooze.again = snooze.again || snooze.running; /* what was read may not have it */
	if (snooze.running || (snooze.first && snooze.first <= at))
		return;
	snooze.first = at;
	set_timer();
}

static void end_round(int error)
{
	for (size_t i = 0; i < snooze.waker_count; i++) {
		buf_done(&snooze.wakers[i]->changes);
		mem_free(snooze.wakers[i]);
	}
	snooze.waker_count = 0;
	snooze.running = false;
	if (snooze.stopping)
		return;
	if (error) {
		log_event(LOG_WARNING, "-", "snooze-failed", log_errno(error));
		snooze.first = snooze.first ? snooze.first : clock_wall();
		loop_timer_set(&snooze.timer, AGAIN_MS);
	} else if (snooze.again) {
		look();
	} else {
		set_timer();
	}
}

/* ---- what comes next ---- */

/* Damage is told elsewhere, and mended or not: it must not hold up others. */
static bool is_done(const struct waker *w)
{
	return w->error == 0 || w->error == -ENOENT || w->error == -EBADMSG;
}

static const struct waker *waker_of(uint64_t shard)
{
	for (size_t i = 0; i < snooze.waker_count; i++)
		if (snooze.wakers[i]->shard == shard)
			return snooze.wakers[i];
	return NULL;
}

static int run_settle(struct txn *t, void *arg)
{
	int error = 0;
	(void)arg;
	for (size_t i = 0; i < snooze.due && error == 0; i++)
		if (is_done(waker_of(snooze.alarms[i].account)))
			error = alarm_drop(t, &snooze.alarms[i]);
	for (size_t i = 0; i < snooze.waker_count && error == 0; i++) {
		const struct waker *w = snooze.wakers[i];
		struct alarm next = {.account = w->shard};
		if (w->error)
			continue;
		error = account_due_first(t, w->shard, snooze.now, &next.at);
		if (error == 0 && next.at)
			error = alarm_put(t, &next);
		error = error == -ENOENT || error == -EBADMSG ? 0 : error;
	}
	return error;
}

static void settled(struct store_commit *commit, int result)
{
	(void)commit;
	for (size_t i = 0; i < snooze.waker_count && result == 0; i++)
		if (!is_done(snooze.wakers[i]))
			result = snooze.wakers[i]->error;
	snooze.again = true; /* there may be more than one list has */
	end_round(result);
}

static void waker_ended(struct waker *w, int error)
{
	w->error = error;
	if (--snooze.left > 0)
		return;
	if (snooze.stopping) {
		end_round(0);
		return;
	}
	snooze.commit =
	    (struct store_commit){.run = run_settle, .arg = &snooze, .large = true, .done = settled};
	store_commit(store_role.store, &snooze.commit);
}

/* ---- an account ---- */

static void ask_due(struct waker *w);

static void woken(struct account_email_set *set, int result)
{
	struct waker *w = container_of(set, struct waker, set);
	/* What comes back by itself is no doing of anybody's that scripts follow. */
	mem_free(set->events);
	if (result || w->due.count < ACCOUNT_DUE_MAX || snooze.stopping)
		waker_ended(w, result);
	else
		ask_due(w);
}

static void due_known(struct account_due *due, int result)
{
	struct waker *w = container_of(due, struct waker, due);
	if (result == 0 && due->acts && !snooze.stopping)
		store_act_wake(w->shard);
	buf_clear(&w->changes);
	for (size_t i = 0; i < due->count && result == 0; i++) {
		struct buf text;
		buf_init(&text, PLACE_SIZE);
		buf_append_u32(&text, due->places[i].mailbox);
		buf_append_u32(&text, due->places[i].uid);
		buf_append_u64(&text, (uint64_t)due->times[i]);
		struct email_change change = {
		    .id = due->emails[i], .what = EMAIL_CHANGE_WAKE, .snooze = buf_view(&text)};
		if (!email_change_put(&w->changes, &change))
			result = -ENOMEM;
		buf_done(&text);
	}
	if (result || due->count == 0 || snooze.stopping) {
		waker_ended(w, result);
		return;
	}
	w->set = (struct account_email_set){.shard = w->shard,
	    .actor = w->shard,
	    .changes = buf_view(&w->changes),
	    .count = due->count,
	    .if_modseq = UINT64_MAX,
	    .quota_default = store_role.process->settings.quota_default,
	    .results = w->results,
	    .done = woken};
	account_email_set(&store_role.accounts, &w->set);
}

static void ask_due(struct waker *w)
{
	w->due = (struct account_due){.shard = w->shard, .now = snooze.now, .done = due_known};
	account_due(&store_role.accounts, &w->due);
}

static void add_waker(uint64_t shard)
{
	if (waker_of(shard))
		return;
	struct waker *w = mem_alloc(sizeof *w);
	*w = (struct waker){.shard = shard};
	buf_init(&w->changes, EMAIL_SET_BYTES);
	snooze.wakers[snooze.waker_count++] = w;
}

/* ---- a round ---- */

static int run_list(struct txn *t, void *arg)
{
	(void)arg;
	return alarms_list(t, snooze.alarms, &snooze.count);
}

static void listed(struct store_read *read, int result)
{
	(void)read;
	if (result || snooze.stopping) {
		end_round(result);
		return;
	}
	snooze.now = clock_wall();
	for (snooze.due = 0; snooze.due < snooze.count && snooze.alarms[snooze.due].at <= snooze.now;)
		add_waker(snooze.alarms[snooze.due++].account);
	snooze.first = snooze.count ? snooze.alarms[0].at : 0;
	if (snooze.due == 0) {
		end_round(0);
		return;
	}
	snooze.left = snooze.waker_count;
	for (size_t i = 0; i < snooze.waker_count; i++)
		ask_due(snooze.wakers[i]);
}

static void look(void)
{
	snooze.running = true;
	snooze.again = false;
	snooze.read = (struct store_read){.shard = LEDGER_SHARD, .run = run_list, .done = listed};
	store_read(store_role.store, &snooze.read);
}

/* ---- upkeep ---- */

static struct {
	struct store_read read;
	struct store_commit commit;
	struct alarm first;
	int64_t now;
	void (*done)(void);
} heal;

static int run_first(struct txn *t, void *arg)
{
	(void)arg;
	return account_due_first(t, heal.first.account, heal.now, &heal.first.at);
}

static int run_heal(struct txn *t, void *arg)
{
	(void)arg;
	return alarm_put(t, &heal.first);
}

static void healed(struct store_commit *commit, int result)
{
	(void)commit;
	if (result == 0)
		store_snooze_note(heal.first.at);
	heal.done();
}

static void first_known(struct store_read *read, int result)
{
	(void)read;
	if (result || heal.first.at == 0) {
		heal.done();
		return;
	}
	heal.commit = (struct store_commit){.run = run_heal, .large = true, .done = healed};
	store_commit(store_role.store, &heal.commit);
}

void store_snooze_heal(uint64_t shard, void (*done)(void))
{
	heal.first = (struct alarm){.account = shard};
	heal.done = done;
	heal.now = clock_wall();
	heal.read = (struct store_read){.shard = shard, .run = run_first, .done = first_known};
	store_read(store_role.store, &heal.read);
}

/* ---- the role ---- */

static int note_alarm(struct txn *t, uint64_t shard, int64_t at)
{
	return alarm_put(t, &(struct alarm){at, shard});
}

void store_snooze_start(void)
{
	loop_timer_init(&snooze.timer, &store_role.process->loop, on_timer, NULL);
	store_role.accounts.alarm = note_alarm;
	snooze.started = true;
	look();
}

void store_snooze_stop(void)
{
	snooze.stopping = true;
	loop_timer_cancel(&snooze.timer);
}
