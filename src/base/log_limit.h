/*
 * Which lines of the log are written, and which are only counted. Whoever can make a server write one line
 * can make it write that line for ever: a host that is refused, a disk that fails. So each event has a pace
 * in all, and one for each cause: what is faster is left out and counted, and the count is told. A pure
 * machine: no clock, no allocation, a fixed size.
 */
#ifndef BASE_LOG_LIMIT_H
#define BASE_LOG_LIMIT_H

#include "base/view.h"

enum {
	LOG_LIMIT_EVENTS = 256,  /* names of events in one program; some 150 are in use */
	LOG_LIMIT_CAUSES = 2048, /* causes that are fast at the same time; the others need no entry */
	LOG_LIMIT_WAYS = 4,      /* entries among which a cause may choose */
	LOG_LIMIT_EXAMPLE = 80,  /* bytes of a cause that are shown as an example: an address fits */
};

/* How much of an event may be written: so many lines at once, then one every so many milliseconds. */
enum log_pace {
	/* Lines of no session: what is wrong with the machine or another host. One a second is enough to see
	   that it lasts. */
	LOG_PACE_PLAIN,
	/* Lines of a session: a host that brings a mailing list with some hundred dead addresses is told
	 * completely; two lines a second are 40 MB in a day. */
	LOG_PACE_SESSION,
	/* What became of messages that were taken: complete but for a host that brings more than ten a second
	 * for long, which only bulk does. */
	LOG_PACE_MESSAGE,
	LOG_PACES
};

struct log_pace_limits {
	int64_t burst, milliseconds;         /* of one cause */
	int64_t all_burst, all_milliseconds; /* of all causes of an event together */
};
extern const struct log_pace_limits log_pace_limits[LOG_PACES];

struct log_limit_event {
	const char *name;  /* NULL: free */
	int64_t free_at;   /* milliseconds: when the pace would be kept with nothing in hand */
	uint64_t left_out; /* since it was told last */
	char example[LOG_LIMIT_EXAMPLE + 1]; /* the cause of the last line that was left out */
};

struct log_limit_cause {
	uint64_t key;
	int64_t free_at;
};

struct log_limit {
	struct log_limit_event events[LOG_LIMIT_EVENTS];
	struct log_limit_cause causes[LOG_LIMIT_CAUSES];
};

/*
 * Whether a line may be written now (milliseconds of the monotonic clock); if not, it is counted. `event` is
 * kept, not copied. An empty cause: none is known.
 */
bool log_limit_take(
    struct log_limit *limit, const char *event, struct view cause, enum log_pace pace, int64_t now);

/* Walks the events that lines were left out of, and forgets the count of each: start with *position = 0. NULL
 * at the end. The event's name, count and example are good until the next call of any function. */
const struct log_limit_event *log_limit_tell(struct log_limit *limit, size_t *position, uint64_t *count);

#endif
