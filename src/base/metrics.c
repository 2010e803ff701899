/* See metrics.h. A family is a row, its values are slots one behind the other. */
#include "base/metrics.h"

#include <inttypes.h>
#include <stdatomic.h>

enum type { COUNTER, GAUGE, HISTOGRAM };

/* Seconds, in milliseconds: from a commit on a fast disk to what a person gives up. */
static const int64_t bounds[] = {1, 3, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 30000};
enum { BOUNDS = sizeof bounds / sizeof *bounds, HISTOGRAM_SLOTS = BOUNDS + 2 /* beyond, and the sum */ };

enum { LABELS_MAX = 24 };

static const struct row {
	const char *name, *unit, *help, *label;
	enum type type;
	const char *labels[LABELS_MAX]; /* NULL ends them */
} rows[METRICS] = {
    [METRIC_CONNECTIONS] = {"postrider_connections", "", "Clients that have connected.", "service", COUNTER,
        {"smtp", "submission", "submissions", "lmtp", "pop3", "pop3s", "imap", "imaps", "managesieve", "http",
            "https"}},
    [METRIC_CONNECTIONS_OPEN] = {"postrider_connections_open", "", "Clients that are connected now.", NULL,
        GAUGE, {NULL}},
    [METRIC_CONNECTIONS_OVER] = {"postrider_connections_refused", "",
        "Clients that were refused since a limit of connections was reached.", NULL, COUNTER, {NULL}},
    [METRIC_MESSAGES_IN] = {"postrider_messages_received", "", "Messages that this server has taken.", "by",
        COUNTER, {"smtp", "submission", "lmtp", "jmap"}},
    [METRIC_MESSAGES_REFUSED] = {"postrider_refused", "",
        "Clients, senders, recipients and messages that were refused, by the enhanced status code.", "reason",
        COUNTER,
        {"other", "4.2.1", "4.2.2", "4.3.0", "4.3.1", "4.3.2", "4.4.3", "4.7.0", "4.7.1", "5.1.1", "5.1.2",
            "5.1.3", "5.1.8", "5.2.1", "5.2.2", "5.3.4", "5.4.6", "5.5.1", "5.6.0", "5.7.1", "5.7.26",
            "5.7.27"}},
    [METRIC_STORED] = {"postrider_messages_stored", "", "Messages put into a mailbox, once for each mailbox.",
        NULL, COUNTER, {NULL}},
    [METRIC_DELIVERIES] = {"postrider_deliveries", "", "What became of queued mail, once for each recipient.",
        "result", COUNTER, {"delivered", "relayed", "deferred", "failed", "expired", "deleted"}},
    [METRIC_LOGINS] = {"postrider_logins", "", "Logins, by how they ended.", "result", COUNTER,
        {"good", "wrong", "temporary", "locked", "malformed", "mechanism", "disabled", "cancelled",
            "app-password-needed"}},
    [METRIC_QUEUE] = {"postrider_queue_messages", "",
        "Messages in the queue, by their age; counted each minute.", "age", GAUGE,
        {"1h", "4h", "1d", "3d", "older"}},
    [METRIC_QUEUE_BYTES] = {"postrider_queue_bytes", "bytes", "Octets of the messages in the queue.", NULL,
        GAUGE, {NULL}},
    [METRIC_COMMITS] = {"postrider_commits", "", "Commits of the store, each on the disk.", NULL, COUNTER,
        {NULL}},
    [METRIC_DAMAGED] = {"postrider_damaged", "",
        "Places on the disk that did not hold what was written there.", NULL, COUNTER, {NULL}},
    [METRIC_LOG_LINES] = {"postrider_log_lines", "",
        "Lines for the log, with those that were left out since they were too many.", "level", COUNTER,
        {"debug", "info", "warning", "error"}},
    [METRIC_DELIVERY_SECONDS] = {"postrider_delivery_seconds", "seconds",
        "Time from the end of a message to the answer to its sender.", NULL, HISTOGRAM, {NULL}},
    [METRIC_LOGIN_SECONDS] = {"postrider_login_seconds", "seconds", "Time that a login took.", NULL,
        HISTOGRAM, {NULL}},
    [METRIC_REQUEST_SECONDS] = {"postrider_jmap_request_seconds", "seconds",
        "Time that a request of JMAP took.", NULL, HISTOGRAM, {NULL}},
};

static _Atomic uint64_t own[METRICS_SLOTS_MAX];

static unsigned labels_of(enum metric metric)
{
	unsigned count = 0;
	while (count < LABELS_MAX && rows[metric].labels[count])
		count++;
	return count ? count : 1;
}

static size_t slots_of(enum metric metric)
{
	return rows[metric].type == HISTOGRAM ? HISTOGRAM_SLOTS : labels_of(metric);
}

static size_t first_slot(enum metric metric)
{
	size_t slot = 0;
	for (unsigned i = 0; i < metric; i++)
		slot += slots_of(i);
	return slot;
}

static _Atomic uint64_t *slot_of(enum metric metric, unsigned label)
{
	size_t slot = first_slot(metric) + label;
	return label < slots_of(metric) && slot < METRICS_SLOTS_MAX ? &own[slot] : NULL;
}

void metric_add(enum metric metric, unsigned label, uint64_t n)
{
	_Atomic uint64_t *slot = slot_of(metric, label);
	if (slot)
		atomic_fetch_add_explicit(slot, n, memory_order_relaxed);
}

void metric_set(enum metric metric, unsigned label, uint64_t value)
{
	_Atomic uint64_t *slot = slot_of(metric, label);
	if (slot)
		atomic_store_explicit(slot, value, memory_order_relaxed);
}

void metric_took(enum metric metric, int64_t milliseconds)
{
	unsigned bucket = 0;
	int64_t took = milliseconds > 0 ? milliseconds : 0;
	while (bucket < BOUNDS && took > bounds[bucket])
		bucket++;
	metric_add(metric, bucket, 1);
	metric_add(metric, BOUNDS + 1, (uint64_t)took);
}

unsigned metric_reason(struct view enhanced)
{
	const char *const *labels = rows[METRIC_MESSAGES_REFUSED].labels;
	for (unsigned i = 1; i < labels_of(METRIC_MESSAGES_REFUSED); i++)
		if (view_equal(enhanced, view_from_string(labels[i])))
			return i;
	return 0;
}

/* ---- gathering ---- */

size_t metrics_slots(void)
{
	return first_slot(METRICS);
}

void metrics_read(uint64_t values[METRICS_SLOTS_MAX])
{
	for (size_t i = 0; i < METRICS_SLOTS_MAX; i++)
		values[i] = atomic_load_explicit(&own[i], memory_order_relaxed);
}

void metrics_sum(uint64_t sum[METRICS_SLOTS_MAX], const uint64_t values[METRICS_SLOTS_MAX], bool ended)
{
	size_t slot = 0;
	for (unsigned m = 0; m < METRICS; m++)
		for (size_t i = 0; i < slots_of(m); i++, slot++)
			if (!ended || rows[m].type != GAUGE)
				sum[slot] += values[slot];
}

/* ---- the text ---- */

void metrics_write_head(
    struct buf *out, const char *name, const char *type, const char *unit, const char *help)
{
	buf_printf(out, "# TYPE %s %s\n", name, type);
	if (unit[0])
		buf_printf(out, "# UNIT %s %s\n", name, unit);
	buf_printf(out, "# HELP %s %s\n", name, help);
}

static void put_seconds(struct buf *out, uint64_t milliseconds)
{
	buf_printf(out, "%" PRIu64 ".%03u", milliseconds / 1000, (unsigned)(milliseconds % 1000));
}

/* As programs that read it write numbers: "0.25", "30.0". */
static void put_bound(struct buf *out, int64_t milliseconds)
{
	unsigned rest = (unsigned)(milliseconds % 1000), digits = 3;
	for (; digits > 1 && rest % 10 == 0; digits--)
		rest /= 10;
	buf_printf(out, "%" PRId64 ".%0*u", milliseconds / 1000, (int)digits, rest);
}

static void put_histogram(struct buf *out, const struct row *row, const uint64_t *values)
{
	uint64_t count = 0;
	for (unsigned i = 0; i <= BOUNDS; i++) {
		count += values[i];
		buf_printf(out, "%s_bucket{le=\"", row->name);
		if (i < BOUNDS)
			put_bound(out, bounds[i]);
		else
			buf_append_string(out, "+Inf");
		buf_printf(out, "\"} %" PRIu64 "\n", count);
	}
	buf_printf(out, "%s_count %" PRIu64 "\n%s_sum ", row->name, count, row->name);
	put_seconds(out, values[BOUNDS + 1]);
	buf_append_byte(out, '\n');
}

void metrics_write(const uint64_t values[METRICS_SLOTS_MAX], struct buf *out)
{
	static const char *const types[] = {
	    [COUNTER] = "counter", [GAUGE] = "gauge", [HISTOGRAM] = "histogram"};
	for (unsigned m = 0; m < METRICS; m++) {
		const struct row *row = &rows[m];
		metrics_write_head(out, row->name, types[row->type], row->unit, row->help);
		if (row->type == HISTOGRAM)
			put_histogram(out, row, values);
		for (unsigned i = 0; row->type != HISTOGRAM && i < labels_of(m); i++) {
			buf_append_string(out, row->name);
			if (row->type == COUNTER)
				buf_append_string(out, "_total");
			if (row->label)
				buf_printf(out, "{%s=\"%s\"}", row->label, row->labels[i]);
			buf_printf(out, " %" PRIu64 "\n", values[i]);
		}
		values += slots_of(m);
	}
}
