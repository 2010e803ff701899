/* See store_yield.h. */
#include "role/store/store_yield.h"

#include "base/clock.h"
#include "base/log.h"
#include "role/store/right.h"
#include "role/store/right_pass.h"
#include "role/store/store_private.h"

enum {
	LOOK_MS = 20, /* for a moment without uploads: nobody waits for it */
	ANSWERS_LOOK_MS = 1,
	/* For answers to what callers asked before they had the successor's channel: a few ms, and tenths of
	 * a second where rules run over a message, on a busy machine some seconds. No client can hold them
	 * up. What is not answered by then fails as at a restart. */
	ANSWERS_MS = 5000,
	/* For what a client can hold up: a body that is half told, an answer that it does not take. All
	 * others wait meanwhile. */
	CLIENTS_MS = 60
};

static struct {
	struct role_process *process;
	void (*close_all)(void);
	struct loop_timer look;
	int64_t deadline; /* monotonic ms */
	int64_t began;    /* likewise: the successor's callers wait since then */
	int successor;    /* the channel to it */
	bool yields, done;
} yield_state;

static bool callers_are_gone(void)
{
	return !peers_any_up(&store_role.smtp) && !peers_any_up(&store_role.auth) &&
	       !peers_any_up(&store_role.keys);
}

static void all_passed(void)
{
	role_exit(yield_state.process);
}

static void yield_now(void)
{
	yield_state.done = true;
	right_pass_gather();
	yield_state.close_all();
	ipc_send(&yield_state.process->control, MESSAGE_YIELDED, 0, &(struct message_empty){0}, -1);
	right_pass_send(yield_state.process, yield_state.successor, all_passed);
}

/* Of answers that are owed. */
static int64_t patience(void)
{
	return store_upload_any() && !store_deliver_any() ? CLIENTS_MS : ANSWERS_MS;
}

static bool are_quiet(int64_t now)
{
	return right_pass_is_quiet() || now - yield_state.began >= CLIENTS_MS;
}

static void look(void *arg)
{
	int64_t now = clock_monotonic_ms();
	(void)arg;
	if (store_role.draining)
		return; /* the server stops */
	bool late = yield_state.yields ? now - yield_state.began >= patience() : now >= yield_state.deadline;
	if (yield_state.yields && (late || (callers_are_gone() && are_quiet(now)))) {
		yield_now();
		return;
	}
	/* The master says what follows; or nothing, when the upgrade was given up. */
	if (!yield_state.yields && (late || (!store_upload_any() && !store_role.relay.up))) {
		ipc_send(&yield_state.process->control, MESSAGE_MAY_YIELD, 0, &(struct message_empty){0}, -1);
		return;
	}
	loop_timer_set(&yield_state.look, yield_state.yields ? ANSWERS_LOOK_MS : LOOK_MS);
}

void store_yield_retire(struct role_process *p, void (*close_all)(void))
{
	if (yield_state.yields || store_role.draining)
		return;
	if (yield_state.process == NULL)
		loop_timer_init(&yield_state.look, &p->loop, look, NULL);
	yield_state.process = p;
	yield_state.close_all = close_all;
	yield_state.deadline = clock_monotonic_ms() + (int64_t)p->settings.drain_seconds * 1000;
	loop_timer_set(&yield_state.look, 0);
}

void store_yield_now(int fd)
{
	yield_state.successor = fd;
	yield_state.yields = true;
	yield_state.began = clock_monotonic_ms();
	store_admin_retire();
	right_pass_pause();
	loop_timer_set(&yield_state.look, 0);
}

bool store_yield_is_done(void)
{
	return yield_state.done;
}
