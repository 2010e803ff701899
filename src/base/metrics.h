/*
 * Figures that operators watch. Each process counts what it does where it happens: an addition in memory,
 * from any thread, and nothing else. The master gathers the values of all processes
 * (process/messages_control.h), adds them up, and shows them as OpenMetrics text; no label comes from
 * outside, so their number is fixed.
 */
#ifndef BASE_METRICS_H
#define BASE_METRICS_H

#include "base/buf.h"

enum metric {
	METRIC_CONNECTIONS,      /* service */
	METRIC_CONNECTIONS_OPEN, /* role: a gauge */
	METRIC_CONNECTIONS_OVER, /* refused, since a limit of connections was reached */
	METRIC_MESSAGES_IN,      /* way */
	METRIC_MESSAGES_REFUSED, /* reason */
	METRIC_STORED,           /* put into a mailbox */
	METRIC_DELIVERIES,       /* result: of recipients elsewhere, and of what was queued */
	METRIC_LOGINS,           /* result */
	METRIC_QUEUE,            /* age, as queue_count has them: a gauge */
	METRIC_QUEUE_BYTES,      /* a gauge */
	METRIC_COMMITS,          /* of store */
	METRIC_DAMAGED,          /* places on the disk */
	METRIC_LOG_LINES,        /* level */
	METRIC_DELIVERY_SECONDS, /* from the end of a message to its answer: a histogram, as the following
	                            ones */
	METRIC_LOGIN_SECONDS,
	METRIC_REQUEST_SECONDS, /* of JMAP */
	METRICS
};

/* Labels, by their place in the table of metrics.c. */
enum metric_way { METRIC_BY_SMTP, METRIC_BY_SUBMISSION, METRIC_BY_LMTP, METRIC_BY_JMAP };
enum { METRIC_LOGIN_GOOD, METRIC_LOGIN_FAILED /* and enum login_failure */ };
enum metric_result {
	METRIC_DELIVERED,
	METRIC_RELAYED,
	METRIC_DEFERRED,
	METRIC_FAILED,
	METRIC_EXPIRED,
	METRIC_DELETED
};

/* A counter grows. `label` is 0 where a figure has none; one that the table does not have is passed over. */
void metric_add(enum metric metric, unsigned label, uint64_t n);
/* A gauge is this now; or a counter that somebody else counts. */
void metric_set(enum metric metric, unsigned label, uint64_t value);
/* Something took so long. */
void metric_took(enum metric metric, int64_t milliseconds);

/* The label's number for METRIC_MESSAGES_REFUSED: an enhanced status code. */
unsigned metric_reason(struct view enhanced);

/* ---- gathering ---- */

enum { METRICS_SLOTS_MAX = 512 }; /* values of all figures, with their labels and buckets */

/* How many there are; and this process's, in an array of so many. */
size_t metrics_slots(void);
void metrics_read(uint64_t values[METRICS_SLOTS_MAX]);

/* Adds one process's values to a sum. `ended`: the process is gone: of gauges nothing is left then. */
void metrics_sum(uint64_t sum[METRICS_SLOTS_MAX], const uint64_t values[METRICS_SLOTS_MAX], bool ended);

/* Appends all of them as OpenMetrics text, without "# EOF". */
void metrics_write(const uint64_t values[METRICS_SLOTS_MAX], struct buf *out);

/* The lines that stand above a family's samples. type: "gauge", "counter"; unit: may be empty. */
void metrics_write_head(
    struct buf *out, const char *name, const char *type, const char *unit, const char *help);

#endif
