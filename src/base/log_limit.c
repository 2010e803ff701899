/*
 * The pace of log lines: see log_limit.h. Each entry holds one time only (the generic cell rate algorithm):
 * each line moves it on by the pace, and a line is left out when it is further ahead of now than the burst
 * allows.
 */
#include "base/log_limit.h"

#include <string.h>

#include "base/map.h"

const struct log_pace_limits log_pace_limits[LOG_PACES] = {
    [LOG_PACE_PLAIN] = {.burst = 10, .milliseconds = 1000, .all_burst = 200, .all_milliseconds = 200},
    [LOG_PACE_SESSION] = {.burst = 200, .milliseconds = 500, .all_burst = 2000, .all_milliseconds = 100},
    [LOG_PACE_MESSAGE] = {.burst = 5000, .milliseconds = 100, .all_burst = 50000, .all_milliseconds = 10},
};

static bool take(int64_t *free_at, int64_t now, int64_t burst, int64_t pace)
{
	int64_t from = *free_at > now ? *free_at : now;
	if (from - now > (burst - 1) * pace)
		return false;
	*free_at = from + pace;
	return true;
}

/* The names are literals, so that their addresses tell them apart. When no entry is free, the last one is
 * shared: then names are wrong, and the limit still holds. */
static struct log_limit_event *event_of(struct log_limit *limit, const char *name)
{
	size_t at = ((uintptr_t)name >> 3) % LOG_LIMIT_EVENTS;
	for (size_t i = 1; i < LOG_LIMIT_EVENTS && limit->events[at].name && limit->events[at].name != name;
	     i++)
		at = (at + 1) % LOG_LIMIT_EVENTS;
	if (limit->events[at].name == NULL)
		limit->events[at].name = name;
	return &limit->events[at];
}

/*
 * An entry whose pace is kept says nothing and may be taken over. When all ways are in use by faster causes,
 * the slowest of them is shared: the two may write what one may.
 */
static struct log_limit_cause *cause_of(struct log_limit *limit, uint64_t key, int64_t now)
{
	struct log_limit_cause *set =
	    &limit->causes[key % (LOG_LIMIT_CAUSES / LOG_LIMIT_WAYS) * LOG_LIMIT_WAYS];
	struct log_limit_cause *least = set;
	for (size_t i = 0; i < LOG_LIMIT_WAYS; i++) {
		if (set[i].key == key)
			return &set[i];
		if (set[i].free_at < least->free_at)
			least = &set[i];
	}
	if (least->free_at <= now)
		*least = (struct log_limit_cause){.key = key};
	return least;
}

static void leave_out(struct log_limit_event *event, struct view cause)
{
	struct view shown = view_take(cause, cause.len < LOG_LIMIT_EXAMPLE ? cause.len : LOG_LIMIT_EXAMPLE);
	event->left_out++;
	if (shown.len)
		memcpy(event->example, shown.data, shown.len);
	event->example[shown.len] = '\0';
}

bool log_limit_take(
    struct log_limit *limit, const char *name, struct view cause, enum log_pace pace, int64_t now)
{
	const struct log_pace_limits *l = &log_pace_limits[pace];
	struct log_limit_event *event = event_of(limit, name);
	uint64_t key = map_hash(cause) + (uint64_t)(event - limit->events + 1) * UINT64_C(0x9e3779b97f4a7c15);
	struct log_limit_cause *own = cause_of(limit, key, now);
	int64_t before = own->free_at;
	bool good = take(&own->free_at, now, l->burst, l->milliseconds);
	if (good && !take(&event->free_at, now, l->all_burst, l->all_milliseconds)) {
		own->free_at = before;
		good = false;
	}
	if (!good)
		leave_out(event, cause);
	return good;
}

const struct log_limit_event *log_limit_tell(struct log_limit *limit, size_t *position, uint64_t *count)
{
	while (*position < LOG_LIMIT_EVENTS) {
		struct log_limit_event *event = &limit->events[(*position)++];
		if (event->left_out == 0)
			continue;
		*count = event->left_out;
		event->left_out = 0;
		return event;
	}
	return NULL;
}
