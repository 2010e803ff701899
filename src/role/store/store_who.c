/* `postrider who`: sessions that have a channel to an account's mail. */
#include <inttypes.h>

#include "format/date.h"
#include "format/json.h"
#include "role/store/right.h"
#include "role/store/store_admin.h"

struct who {
	struct view address; /* of this account alone; empty: of all */
	struct buf *out;
};

static void put(struct buf *out, const char *name, const char *text)
{
	buf_printf(out, ",\"%s\":", name);
	json_append_string(out, view_from_string(text));
}

static void put_time(struct buf *out, const char *name, int64_t seconds)
{
	int64_t year;
	unsigned month, day, rest = (unsigned)(seconds % 86400);
	civil_from_days(seconds / 86400, &year, &month, &day);
	buf_printf(out, ",\"%s\":\"%04" PRId64 "-%02u-%02uT%02u:%02u:%02uZ\"", name, year, month, day,
	    rest / 3600, rest / 60 % 60, rest % 60);
}

static void found(void *arg, const struct right *r)
{
	const struct who *w = arg;
	if (w->address.len > 0 && !view_equal_nocase(view_from_string(r->address), w->address))
		return;
	buf_printf(w->out, "{\"account\":%" PRIu64, r->account);
	put(w->out, "address", r->address);
	put(w->out, "service", r->service);
	put(w->out, "client", r->client);
	put_time(w->out, "since", r->since);
	buf_append_string(w->out, "}\n");
}

void store_who_put(struct view address, struct buf *out)
{
	struct who w = {.address = address, .out = out};
	right_each_session(found, &w);
}
