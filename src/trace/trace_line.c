/* See trace_line.h. */
#include "trace/trace_line.h"

#include "base/view.h"

static const char *const names[TRACE_KINDS] = {"accepted", "recipient", "kept", "queued", "delivered",
    "relayed", "deferred", "failed", "expanded", "expired", "notified", "held", "released", "deleted",
    "rerouted", "retried", "discarded", "refused", "submitted", "attempt", "rejected", "requeued", "done"};

const char *trace_kind_name(enum trace_kind kind)
{
	return names[kind];
}

int trace_kind_by_name(struct view name)
{
	for (int i = 0; i < TRACE_KINDS; i++)
		if (view_equal(name, view_from_string(names[i])))
			return i;
	return -1;
}

bool trace_day_name(const char *name)
{
	static const char form[] = "0000-00-00";
	for (size_t i = 0; i < TRACE_DAY_LEN; i++)
		if (form[i] == '0' ? !ascii_is_digit(name[i]) : name[i] != form[i])
			return false;
	return name[TRACE_DAY_LEN] == '\0';
}
