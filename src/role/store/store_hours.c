/* Mail by the hour: see store_admin.h. */
#include <inttypes.h>

#include "base/clock.h"
#include "base/hours.h"
#include "role/store/store_admin.h"

static struct hours hours;

void store_hours_note(enum store_hour what, uint64_t count)
{
	hours_add(&hours, clock_wall(), what, count);
}

void store_hours_json(struct buf *out)
{
	int64_t now = clock_wall();
	for (unsigned back = HOURS_MAX; back-- > 0;)
		buf_printf(out,
		    "%s{\"from\":%" PRId64 ",\"received\":%" PRIu64 ",\"delivered\":%" PRIu64
		    ",\"sent\":%" PRIu64 ",\"failed\":%" PRIu64 "}",
		    back == HOURS_MAX - 1 ? "[" : ",", (now / HOUR_SECONDS - back) * HOUR_SECONDS,
		    hours_get(&hours, now, back, STORE_RECEIVED),
		    hours_get(&hours, now, back, STORE_DELIVERED), hours_get(&hours, now, back, STORE_SENT),
		    hours_get(&hours, now, back, STORE_FAILED));
	buf_append_string(out, "]\n");
}
