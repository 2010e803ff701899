/* The rules of believe.h. */
#include "queue/believe.h"

struct belief {
	int64_t now, retry_max;
	const struct queue_config *config;
	bool mend, changed;
};

/* 0 means that there is no such time. */
static void set(struct belief *b, int64_t *time, int64_t value)
{
	value = value > 1 ? value : 1;
	if (*time == 0 || *time == value)
		return;
	b->changed = true;
	if (b->mend)
		*time = value;
}

static void at_most(struct belief *b, int64_t *time, int64_t value)
{
	if (*time > value)
		set(b, time, value);
}

/* A time that was computed from the arrival keeps its distance from it. */
static void believe_arrival(struct belief *b, struct queue_record *r)
{
	int64_t ahead = r->arrived - b->now;
	if (ahead <= 0)
		return;
	set(b, &r->expires, r->expires - ahead);
	set(b, &r->terms.hold_until, r->terms.hold_until - ahead);
	set(b, &r->warn_at, r->warn_at - ahead);
	set(b, &r->terms.by_time, r->terms.by_time - ahead);
	set(b, &r->arrived, b->now);
}

static void believe_hold(struct belief *b, struct queue_record *r)
{
	int64_t ahead = r->held_since - b->now;
	if (!r->held || ahead <= 0)
		return;
	set(b, &r->held_until, r->held_until - ahead);
	set(b, &r->held_since, b->now);
}

/* `arrival`: how far ahead the message arrived, or 0; the first attempt was reckoned from there. */
static void believe_recipient(struct belief *b, struct record_recipient *p, int64_t arrival, int64_t released)
{
	int64_t ahead = p->last_attempt > b->now ? p->last_attempt - b->now : 0;
	int64_t next = p->not_before - (p->last_attempt > 0 ? ahead : arrival);
	if (ahead > 0)
		set(b, &p->last_attempt, b->now);
	int64_t most = b->now + b->retry_max;
	most = released > most ? released : most;
	set(b, &p->not_before, next < most ? next : most);
}

static void believe(struct belief *b, struct queue_record *r)
{
	/* A record that is only looked at keeps its times, so what follows from them is reckoned here. */
	int64_t ahead = r->arrived > b->now ? r->arrived - b->now : 0;
	int64_t released =
	    b->mend || r->terms.hold_until == 0 ? r->terms.hold_until : r->terms.hold_until - ahead;
	believe_arrival(b, r);
	if (b->mend)
		released = r->terms.hold_until;
	believe_hold(b, r);
	for (size_t i = 0; i < r->count; i++)
		believe_recipient(b, &r->recipients[i], ahead, released);
	at_most(b, &r->notify_after, b->now + b->retry_max);
	/* While it is held its deadlines rest; they are put off when it is released. */
	if (r->held)
		return;
	int64_t from = released > b->now ? released : b->now;
	at_most(b, &r->expires, from + b->config->give_up_seconds);
	if (b->config->warn_seconds > 0)
		at_most(b, &r->warn_at, from + b->config->warn_seconds);
}

bool queue_record_believe(struct queue_record *r, int64_t now, const struct queue_config *config)
{
	struct belief b = {.now = now, .config = config, .mend = true};
	b.retry_max = schedule_most(&config->schedule);
	believe(&b, r);
	return b.changed;
}

bool queue_record_is_believable(const struct queue_record *r, int64_t now, const struct queue_config *config)
{
	struct queue_record copy = *r; /* its recipients are not written to */
	struct belief b = {.now = now, .config = config};
	b.retry_max = schedule_most(&config->schedule);
	believe(&b, &copy);
	return !b.changed;
}
