/* What administrators are told of store, at the socket and by the web: figures, mail by the hour, and what
 * relay's daily look at the domains' records has found. */
#ifndef ROLE_STORE_STORE_ADMIN_H
#define ROLE_STORE_STORE_ADMIN_H

#include "io/channel.h"

/* store_stats.c: `postrider store stats`. */
void store_stats_put(struct buf *out, bool json);

/* store_who.c: a line {"account","address","service","client","since"} for each session; of one address, or
 * all. */
void store_who_put(struct view address, struct buf *out);

/* store_hours.c: mail since the process began. */
enum store_hour { STORE_RECEIVED, STORE_DELIVERED, STORE_SENT, STORE_FAILED };
void store_hours_note(enum store_hour what, uint64_t count);
/* [{"from","received","delivered","sent","failed"}] of HOURS_MAX hours, the oldest first. */
void store_hours_json(struct buf *out);

/*
 * store_records.c: a line {"name","lookedAt","wrong":[...]} for each domain that was looked at, as
 * MESSAGE_OUTPUT; plans: then a line {"name","plan":[...]} for each, with the lines of zone_plan_lines; then
 * `ended`. cancel: nothing is sent any more.
 */
struct store_records;
struct store_records *store_records_start(
    struct channel *to, uint32_t request, bool plans, void (*ended)(void *arg), void *arg);
/* Has relay look at a domain now. False: relay is not there. */
bool store_records_look(struct view domain);
void store_records_cancel(struct store_records *r);

/* store_received.c: the same of reports that others have sent, without what they say:
 * {"id","kind","at","begin","end","domain","organisation","reportId","provenDomain"}. */
struct store_received;
struct store_received *store_received_start(
    struct channel *to, uint32_t request, void (*ended)(void *arg), void *arg);
void store_received_cancel(struct store_received *r);

/* store_trace_admin.c: what store_trace_start has found, each message a line as trace_json writes it. */
void store_trace_answer_json(struct channel *to, uint32_t request);

#endif
