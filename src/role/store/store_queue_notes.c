/* What became of queued messages, told when it is on the disk: lines in the log, events in the trace. */
#include <string.h>

#include "base/log.h"
#include "base/metrics.h"
#include "role/store/store_admin.h"
#include "role/store/store_private.h"
#include "trace/trace_write.h"
#include "dsn/dsn_explain.h"

static const struct {
	const char *event; /* NULL: not in the log */
	enum log_level level;
	enum trace_kind kind;
} rows[] = {
    [NOTE_QUEUED] = {"queue-added", LOG_INFO, TRACE_QUEUED},
    [NOTE_DELIVERED] = {"relay-delivered", LOG_INFO, TRACE_DELIVERED},
    [NOTE_RELAYED] = {"relay-delivered", LOG_INFO, TRACE_RELAYED},
    [NOTE_DEFERRED] = {"relay-deferred", LOG_INFO, TRACE_DEFERRED},
    [NOTE_FAILED] = {"relay-failed", LOG_WARNING, TRACE_FAILED},
    [NOTE_EXPIRED] = {"queue-expired", LOG_WARNING, TRACE_EXPIRED},
    [NOTE_DELAYED] = {"queue-delayed", LOG_INFO, TRACE_KINDS},
    [NOTE_EXPANDED] = {"queue-expanded", LOG_INFO, TRACE_EXPANDED},
    [NOTE_NOTIFIED] = {"queue-notified", LOG_INFO, TRACE_NOTIFIED},
    [NOTE_UNTOLD] = {"queue-untold", LOG_ERROR, TRACE_KINDS},
    [NOTE_HELD] = {"queue-held", LOG_WARNING, TRACE_HELD},
    [NOTE_RELEASED] = {"queue-released", LOG_WARNING, TRACE_RELEASED},
    [NOTE_DELETED] = {"queue-deleted", LOG_WARNING, TRACE_DELETED},
    [NOTE_REROUTED] = {"queue-rerouted", LOG_WARNING, TRACE_REROUTED},
    [NOTE_RETRIED] = {"queue-retried", LOG_INFO, TRACE_RETRIED},
    [NOTE_REQUEUED] = {"queue-requeued", LOG_INFO, TRACE_REQUEUED},
    [NOTE_SUBMITTED] = {"queue-submitted", LOG_INFO, TRACE_SUBMITTED},
    [NOTE_DONE] = {NULL, LOG_DEBUG, TRACE_DONE},
};

static void count(const struct queue_note *n)
{
	static const struct {
		enum queue_note_kind kind;
		enum metric_result result;
	} results[] = {{NOTE_DELIVERED, METRIC_DELIVERED}, {NOTE_RELAYED, METRIC_RELAYED},
	    {NOTE_DEFERRED, METRIC_DEFERRED}, {NOTE_FAILED, METRIC_FAILED}, {NOTE_EXPIRED, METRIC_EXPIRED},
	    {NOTE_DELETED, METRIC_DELETED}};
	for (size_t i = 0; i < sizeof results / sizeof *results; i++)
		if (n->kind == results[i].kind)
			metric_add(METRIC_DELIVERIES, results[i].result, 1);
}

static const char *const actions[] = {[ACTION_NONE] = "none",
    [ACTION_FAILED] = "failed",
    [ACTION_DELAYED] = "delayed",
    [ACTION_DELIVERED] = "delivered",
    [ACTION_RELAYED] = "relayed",
    [ACTION_EXPANDED] = "expanded"};

enum { FIELDS_MAX = 20 };

struct fields {
	struct log_field items[FIELDS_MAX + 1];
	size_t count;
};

static void add(struct fields *f, struct log_field field)
{
	if (f->count < FIELDS_MAX)
		f->items[f->count++] = field;
}

static void add_text(struct fields *f, const char *key, struct view text)
{
	if (text.len > 0)
		add(f, log_text(key, text));
}

void store_queue_note(const struct queue_note *n)
{
	struct fields f = {0};
	char id[QUEUE_ID_SIZE + 1];
	memcpy(id, n->id.text, QUEUE_ID_SIZE);
	id[QUEUE_ID_SIZE] = '\0';
	add_text(&f, "recipient", n->recipient);
	add_text(&f, "original", n->forwarder);
	add_text(&f, "destination", n->destination);
	add_text(&f, "route", n->route);
	add_text(&f, "host", n->host);
	add_text(&f, "address", n->address);
	add_text(&f, "status", n->status);
	/* Without a cause the reply is the host's own. */
	if (n->cause != TROUBLE_NONE)
		add(&f, log_string("cause", trouble_phrase((enum trouble)n->cause)));
	add_text(&f, "reply", n->reply);
	if (n->kind == NOTE_DEFERRED || n->kind == NOTE_FAILED || n->kind == NOTE_EXPIRED)
		add_text(&f, "stage", n->stage);
	add_text(&f, "tls", n->tls);
	add_text(&f, "verified", n->verified);
	add_text(&f, "to", n->to);
	if (n->kind == NOTE_NOTIFIED)
		add_text(&f, "dsn", n->dsn);
	if (n->kind == NOTE_SUBMITTED)
		add_text(&f, "as", n->dsn);
	add_text(&f, "by", n->by);
	add_text(&f, "why", n->why);
	if (n->kind == NOTE_NOTIFIED || n->kind == NOTE_UNTOLD)
		add(&f, log_string("kind", actions[n->action]));
	if (n->kind == NOTE_DELETED)
		add(&f, log_u64("bounce", n->action == ACTION_FAILED));
	if (n->kind == NOTE_DEFERRED)
		add(&f, log_i64("next", n->at));
	if (f.count == 0)
		add(&f, log_string("message", id));
	count(n);
	if (n->kind == NOTE_RELAYED || n->kind == NOTE_FAILED || n->kind == NOTE_EXPIRED)
		store_hours_note(n->kind == NOTE_RELAYED ? STORE_SENT : STORE_FAILED, 1);
	if (rows[n->kind].event)
		log_fields(rows[n->kind].level, id, rows[n->kind].event, f.items, LOG_COMPLETE);
	if (rows[n->kind].kind != TRACE_KINDS)
		trace_fields(queue_id_view(&n->id), rows[n->kind].kind, f.items);
}
