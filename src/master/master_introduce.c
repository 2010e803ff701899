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

static void introduce(struct master *m, struct child *caller, struct child *called)
{
	struct introduction *i = introduction_of(m, caller, called);
	int pair[2];
	loop_timer_cancel(&i->again);
	if (!caller->up || !called->up || channel_pair(pair) != 0)
		return;
	i->number = ++m->last_channel;
	i->made = clock_monotonic_ms();
	struct message_peer to_called = {.role = caller->role->bit, .number = i->number},
	                    to_caller = {.role = called->role->bit, .number = i->number};
	ipc_send(&called->control, MESSAGE_PEER, 0, &to_called, pair[0]);
	ipc_send(&caller->control, MESSAGE_PEER, 0, &to_caller, pair[1]);
}

void master_introduce_everywhere(struct master *m, struct child *child)
{
	for (size_t i = 0; i < roles_count; i++) {
		struct child *other = &m->children[i];
		if (child->role->calls & other->role->bit)
			introduce(m, child, other);
		else if (other->role->calls & child->role->bit)
			introduce(m, other, child);
	}
}

static void renew(void *arg)
{
	struct introduction *i = arg;
	struct master *m = i->master;
	size_t at = (size_t)(i - &m->introductions[0][0]);
	struct child *caller = &m->children[at / ROLES_MAX], *called = &m->children[at % ROLES_MAX];
	/* Where one of them has ended, its restart brings a channel. */
	if (m->stopping || !caller->up || !called->up)
		return;
	log_record(LOG_WARNING, "-", "channel-renewed", log_string("from", caller->role->name),
	    log_string("to", called->role->name));
	introduce(m, caller, called);
}

void master_peer_lost(struct master *m, const struct child *child, const struct message_peer *lost)
{
	for (size_t i = 0; i < roles_count; i++) {
		const struct child *other = &m->children[i];
		if (other->role->bit != lost->role)
			continue;
		struct introduction *between = child->role->calls & lost->role
		                                   ? introduction_of(m, child, other)
		                                   : introduction_of(m, other, child);
		if (lost->number == 0 || lost->number != between->number)
			return; /* of an earlier channel, which the other end has reported */
		between->number = 0;
		int64_t wait = between->made + RENEW_MS - clock_monotonic_ms();
		loop_timer_set(&between->again, wait > GRACE_MS ? wait : GRACE_MS);
	}
}

void master_introduce_init(struct master *m)
{
	for (size_t i = 0; i < roles_count; i++)
		for (size_t j = 0; j < roles_count; j++) {
			m->introductions[i][j].master = m;
			loop_timer_init(
			    &m->introductions[i][j].again, &m->loop, renew, &m->introductions[i][j]);
		}
}
