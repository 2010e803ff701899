/*
 * Channels between roles: each caller gets one to each role that it calls, made here, since no role can make
 * or name one. A channel that closes while both live, because one of them broke the rules, is replaced: its
 * number tells which channel is meant, since both ends report it, and perhaps when the next one is there
 * already.
 */
#include "master/master_private.h"

#include "base/clock.h"
#include "base/log.h"

enum {
	RENEW_MS = 1000, /* at most so often for two roles: a broken one must not keep the others busy */
	GRACE_MS = 50    /* when the peer has died, the news of that comes first */
};

static struct introduction *introduction_of(
    struct master *m, const struct child *caller, const struct child *called)
{
	return &m->introductions[caller - m->children][called - m->children];
}

/* Rules and content serve one store at a time: one that yields goes on with the channels that it has. */
static bool may_call(const struct child *caller)
{
	return caller->role->bit != ROLE_STORE || caller->place == CHILD_CURRENT;
}

static void introduce(struct master *m, struct child *caller, struct child *called)
{
	struct introduction *i = introduction_of(m, caller, called);
	int pair[2];
	loop_timer_cancel(&i->again);
	if (!caller->up || !called->up || !may_call(caller) || channel_pair(pair) != 0)
		return;
	i->number = ++m->last_channel;
	i->made = clock_monotonic_ms();
	struct message_peer to_called = {.role = caller->role->bit, .number = i->number},
	                    to_caller = {.role = called->role->bit, .number = i->number};
	ipc_send(&called->control, MESSAGE_PEER, 0, &to_called, pair[0]);
	ipc_send(&caller->control, MESSAGE_PEER, 0, &to_caller, pair[1]);
}

/* A retired process is called by nobody: its callers have its successor. One that waits has no channels. */
static bool may_be_called(const struct child *child)
{
	return child->place == CHILD_CURRENT && !child->waits;
}

void master_introduce_everywhere(struct master *m, struct child *child)
{
	for (size_t i = 0; i < CHILDREN_MAX && !child->waits; i++) {
		struct child *other = &m->children[i];
		if (other->place == CHILD_FREE || other->waits)
			continue;
		if (child->role->calls & other->role->bit && may_be_called(other))
			introduce(m, child, other);
		else if (other->role->calls & child->role->bit && may_be_called(child))
			introduce(m, other, child);
	}
}

void master_introduce_callers(struct master *m, struct child *called)
{
	for (size_t i = 0; i < CHILDREN_MAX; i++) {
		struct child *other = &m->children[i];
		if (other->place != CHILD_FREE && !other->waits && other->role->calls & called->role->bit)
			introduce(m, other, called);
	}
}

void master_introduce_called(struct master *m, struct child *caller)
{
	for (size_t i = 0; i < CHILDREN_MAX; i++) {
		struct child *other = &m->children[i];
		if (other->place != CHILD_FREE && caller->role->calls & other->role->bit &&
		    may_be_called(other))
			introduce(m, caller, other);
	}
}

void master_introduce_stores(struct child *before, struct child *successor)
{
	int pair[2];
	struct message_peer m = {.role = ROLE_STORE};
	if (!before->up || !successor->up || channel_pair(pair) != 0)
		return;
	ipc_send(&before->control, MESSAGE_PEER, 0, &m, pair[0]);
	ipc_send(&successor->control, MESSAGE_PEER, 0, &m, pair[1]);
}

static void renew(void *arg)
{
	struct introduction *i = arg;
	struct master *m = i->master;
	size_t at = (size_t)(i - &m->introductions[0][0]);
	struct child *caller = &m->children[at / CHILDREN_MAX], *called = &m->children[at % CHILDREN_MAX];
	/* Where one of them has ended, its restart brings a channel. */
	if (m->stopping || !caller->up || !called->up || !may_call(caller) || !may_be_called(called))
		return;
	log_record(LOG_WARNING, "-", "channel-renewed", log_string("from", caller->role->name),
	    log_string("to", called->role->name));
	introduce(m, caller, called);
}

/* Of an earlier channel, which the other end has reported, no introduction has the number. */
void master_peer_lost(struct master *m, const struct child *child, const struct message_peer *lost)
{
	for (size_t i = 0; i < CHILDREN_MAX && lost->number > 0; i++) {
		const struct child *other = &m->children[i];
		if (other->place == CHILD_FREE || other->role->bit != lost->role)
			continue;
		struct introduction *between = child->role->calls & lost->role
		                                   ? introduction_of(m, child, other)
		                                   : introduction_of(m, other, child);
		if (lost->number != between->number)
			continue;
		between->number = 0;
		int64_t wait = between->made + RENEW_MS - clock_monotonic_ms();
		loop_timer_set(&between->again, wait > GRACE_MS ? wait : GRACE_MS);
	}
}

void master_introduce_init(struct master *m)
{
	for (size_t i = 0; i < CHILDREN_MAX; i++)
		for (size_t j = 0; j < CHILDREN_MAX; j++) {
			m->introductions[i][j].master = m;
			loop_timer_init(
			    &m->introductions[i][j].again, &m->loop, renew, &m->introductions[i][j]);
		}
}
