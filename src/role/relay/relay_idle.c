/* See relay_idle.h. */
#include "role/relay/relay_idle.h"

#include "base/clock.h"

static struct relay_idle *idle_first, *idle_last;

void relay_idle_begin(struct relay_idle *i, const struct relay_turn *turn, struct loop_timer *timer)
{
	bool wanted = relay_turn_is_wanted(turn);
	*i = (struct relay_idle){.before = idle_last,
	    .turn = turn,
	    .timer = timer,
	    .since = clock_monotonic_ms(),
	    .spared = wanted,
	    .listed = true};
	*(idle_last ? &idle_last->after : &idle_first) = i;
	idle_last = i;
	loop_timer_set(timer, wanted ? RELAY_SPARE_MS : RELAY_IDLE_MS);
}

void relay_idle_end(struct relay_idle *i)
{
	if (!i->listed)
		return;
	*(i->before ? &i->before->after : &idle_first) = i->after;
	*(i->after ? &i->after->before : &idle_last) = i->before;
	*i = (struct relay_idle){0};
}

void relay_idle_spare(const struct share *share)
{
	struct relay_idle *i = idle_first;
	while (i && (i->spared || !relay_turn_has(i->turn, share)))
		i = i->after;
	if (i == NULL)
		return;
	int64_t left = i->since + RELAY_SPARE_MS - clock_monotonic_ms();
	i->spared = true;
	loop_timer_set(i->timer, left > 0 ? left : 0);
}
