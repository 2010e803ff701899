/* Each kind of event has its sentence; store_trace.h says which fields it brings. */
#include "trace/trace_words.h"

#include "base/log_line.h"
#include "format/date.h"
#include "format/plain.h"
#include "trace/trace_write.h"
#include "dsn/dsn_explain.h"

static struct view decode(struct view value, struct arena *arena)
{
	struct buf text;
	struct view kept = {0};
	if (value.len == 0 || value.data[0] != '"')
		return value;
	buf_init(&text, LOG_LINE_MAX);
	log_value_append(value, &text);
	if (!arena_copy(arena, buf_view(&text), &kept))
		kept = (struct view){0};
	buf_done(&text);
	return kept;
}

bool trace_line_read(struct view line, struct arena *arena, struct trace_line *e)
{
	struct view rest = line, key, value;
	struct date date;
	if (!view_next(&rest, ' ', &e->stamp) || !view_next(&rest, ' ', &e->id) ||
	    !view_next(&rest, ' ', &e->name))
		return false;
	if (date_parse(e->stamp, &date) != 0 || e->id.len == 0 || e->name.len == 0)
		return false;
	e->time = date.seconds;
	e->kind = trace_kind_by_name(e->name);
	e->count = 0;
	while (e->count < TRACE_FIELDS_MAX && log_field_next(&rest, &key, &value)) {
		e->fields[e->count].key = key;
		e->fields[e->count++].value = decode(value, arena);
	}
	return true;
}

struct view trace_field(const struct trace_line *e, const char *key)
{
	for (size_t i = 0; i < e->count; i++)
		if (view_equal(e->fields[i].key, view_from_string(key)))
			return e->fields[i].value;
	return (struct view){0};
}

int64_t trace_number(const struct trace_line *e, const char *key)
{
	uint64_t n = 0;
	view_to_u64(trace_field(e, key), INT64_MAX, &n);
	return (int64_t)n;
}

static void say(struct buf *out, const char *words)
{
	buf_append_string(out, words);
}

/* `before` and the field's text, if there is one. */
static bool say_field(struct buf *out, const struct trace_line *e, const char *before, const char *key)
{
	struct view v = trace_field(e, key);
	if (v.len == 0)
		return false;
	say(out, before);
	plain_text(out, v);
	return true;
}

/*
 * Destinations of the queue that are this server's own (queue/keys.h): their names say nothing to a reader.
 * `waits` follows a recipient, `all` stands for everything that is there.
 */
static const struct own_destination {
	const char *name, *waits, *all;
} own_destinations[] = {
    {"@submit", " waits here until it is time to send it", "everything that was to be sent from here"},
    {"@local", " waits here to be put into the mailbox", "everything for mailboxes here"},
    {"@notify", " waits here until its sender is told", "every report to a sender"},
};

static const struct own_destination *own_destination_of(const struct trace_line *e)
{
	for (size_t i = 0; i < sizeof own_destinations / sizeof own_destinations[0]; i++)
		if (view_equal(trace_field(e, "destination"), view_from_string(own_destinations[i].name)))
			return &own_destinations[i];
	return NULL;
}

static void say_recipient(struct buf *out, const struct trace_line *e)
{
	const struct own_destination *own = own_destination_of(e);
	if (say_field(out, e, "", "recipient"))
		return;
	if (own)
		say(out, own->all);
	else if (!say_field(out, e, "everything for ", "destination"))
		say(out, "it");
}

static void say_waits(struct buf *out, const struct trace_line *e)
{
	const struct own_destination *own = own_destination_of(e);
	if (own)
		say(out, own->waits);
	else if (!say_field(out, e, " waits to be sent to ", "destination"))
		say(out, " waits to be sent");
}

static void say_host(struct buf *out, const struct trace_line *e, const char *before)
{
	if (say_field(out, e, before, "host"))
		say_field(out, e, " at ", "address");
	else
		say_field(out, e, before, "address");
}

static void say_accepted(struct buf *out, const struct trace_line *e)
{
	if (trace_field(e, "about").len) {
		say_field(out, e, "written here as a report about ", "about");
	} else if (trace_field(e, "submission").len) {
		say_field(out, e, "completed and signed; until now it waited as ", "submission");
	} else {
		say(out, "accepted");
		say_field(out, e, " from ", "from");
		say_field(out, e, " by ", "service");
		say_field(out, e, ", logged in as ", "account");
	}
	if (!say_field(out, e, ", sender ", "sender"))
		say(out, ", without a sender");
	if (trace_field(e, "size").len) {
		say(out, ", ");
		plain_size(out, (uint64_t)trace_number(e, "size"));
	}
	if (say_field(out, e, ", Message-ID <", "message_id"))
		say(out, ">");
	say_field(out, e, ", session ", "session");
}

/* What the sender wrote, where that is another address. */
static void say_original(struct buf *out, const struct trace_line *e)
{
	if (say_field(out, e, " (written to ", "original"))
		say(out, ")");
}

/* Over LMTP another server keeps it. */
static void say_kept(struct buf *out, const struct trace_line *e)
{
	if (trace_field(e, "host").len) {
		say_recipient(out, e);
		say_host(out, e, " was accepted by ");
		say_field(out, e, ": ", "reply");
		return;
	}
	say(out, "delivered to ");
	if (say_field(out, e, "", "account") || say_field(out, e, "", "recipient"))
		say(out, "'s mailbox");
	else
		say(out, "its mailbox");
	say_field(out, e, ", folder ", "mailbox");
	say_original(out, e);
	say_field(out, e, ", by ", "by");
	say_field(out, e, ": ", "reply");
}

static void say_relayed(struct buf *out, const struct trace_line *e)
{
	say_recipient(out, e);
	say_original(out, e);
	say(out, " was accepted");
	say_host(out, e, " by ");
	if (trace_field(e, "host").len || trace_field(e, "address").len)
		say(out, ", which is now responsible for it,");
	if (!say_field(out, e, " over ", "tls"))
		say(out, " without encryption");
	say_field(out, e, ", verified by ", "verified");
	say_field(out, e, ": ", "reply");
}

/* The host's words are a quotation; what this server found or decided is told as its own. */
static void say_refused(struct buf *out, const struct trace_line *e, const char *by_host, const char *here)
{
	bool own = trace_field(e, "cause").len > 0;
	say_recipient(out, e);
	say(out, own ? here : by_host);
	if (own) {
		say(out, " by this server");
		if (trace_field(e, "stage").len)
			say_host(out, e, " because of ");
	} else {
		say_host(out, e, reply_code(trace_field(e, "reply")) ? " by " : " at ");
	}
	if (!say_field(out, e, ": ", "reply") && !say_field(out, e, ": ", "cause"))
		say_field(out, e, ": ", "status");
	if (trace_number(e, "next")) {
		say(out, "; next attempt ");
		plain_time(out, trace_number(e, "next"));
	}
}

static void say_action(struct buf *out, const struct trace_line *e, const char *what)
{
	say(out, what);
	say_field(out, e, " by ", "by");
	if (trace_number(e, "until")) {
		say(out, " until ");
		plain_time(out, trace_number(e, "until"));
	}
	say_field(out, e, ": ", "why");
}

/* The last words about the recipient follow, with the host or server whose words they are. */
static void say_expired(struct buf *out, const struct trace_line *e)
{
	say_recipient(out, e);
	say(out, " has waited as long as a message may");
	if (trace_field(e, "reply").len == 0)
		return;
	say(out, trace_field(e, "cause").len ? "; this server noted last" : "; the last answer");
	say_host(out, e, trace_field(e, "cause").len ? " about " : " came from ");
	say_field(out, e, ": ", "reply");
}

/* "told carol that joe did not get it, in report DDD" */
static void say_notified(struct buf *out, const struct trace_line *e)
{
	static const struct {
		const char *kind, *words;
	} kinds[] = {{"failed", " did not get it"}, {"delayed", " has to wait for it"},
	    {"delivered", " has got it"}, {"relayed", " was passed to a server that reports no more"},
	    {"expanded", " stands for several others"}};
	say_field(out, e, "told ", "to");
	say(out, " that ");
	say_recipient(out, e);
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (view_equal(trace_field(e, "kind"), view_from_string(kinds[i].kind)))
			say(out, kinds[i].words);
	say_field(out, e, ", in report ", "dsn");
}

/* A host, or the DNS, that was asked for all that waited. */
static void say_attempt(struct buf *out, const struct trace_line *e)
{
	bool passed = trace_field(e, "passed_over").len > 0;
	if (trace_field(e, "host").len == 0) {
		say(out, "looked for the hosts of ");
		if (!say_field(out, e, "", "destination"))
			say(out, "its domain");
		say(out, ", in vain");
	} else {
		say_host(out, e, passed ? "did not try " : "tried ");
		say_field(out, e, " for ", "destination");
		say(out, passed ? " again, which had just failed" : ", in vain");
	}
	say(out, trace_field(e, "cause").len ? "; this server noted" : "; it answered");
	if (!say_field(out, e, ": ", "reply") && !say_field(out, e, ": ", "cause"))
		say_field(out, e, ": ", "status");
}

static void say_rejected(struct buf *out, const struct trace_line *e)
{
	say_field(out, e, "refused to the client ", "from");
	if (!say_field(out, e, ": mail for ", "recipient"))
		say(out, ": its mail");
	if (!say_field(out, e, ", sender ", "sender"))
		say(out, ", without a sender");
	say_field(out, e, ": ", "reply");
}

static void say_others(struct buf *out, const struct trace_line *e)
{
	plain_text(out, e->name);
	for (size_t i = 0; i < e->count; i++) {
		say(out, i ? ", " : ": ");
		plain_text(out, e->fields[i].key);
		say(out, " ");
		plain_text(out, e->fields[i].value);
	}
}

void trace_words(struct buf *out, const struct trace_line *e)
{
	switch (e->kind) {
	case TRACE_ACCEPTED:
		say_accepted(out, e);
		break;
	case TRACE_RECIPIENT:
		say_field(out, e, "for ", "recipient");
		break;
	case TRACE_KEPT:
	case TRACE_DELIVERED:
		say_kept(out, e);
		break;
	case TRACE_QUEUED:
		say_recipient(out, e);
		say_original(out, e);
		say_waits(out, e);
		break;
	case TRACE_RELAYED:
		say_relayed(out, e);
		break;
	case TRACE_DEFERRED:
		say_refused(out, e, " was put off", " was put off");
		break;
	case TRACE_FAILED:
		say_refused(out, e, " was refused", " was given up");
		break;
	case TRACE_EXPIRED:
		say_expired(out, e);
		break;
	case TRACE_EXPANDED:
		say_recipient(out, e);
		say_field(out, e, " leads to ", "to");
		break;
	case TRACE_NOTIFIED:
		say_notified(out, e);
		break;
	case TRACE_SUBMITTED:
		say_field(out, e, "its time has come: from now on it is ", "as");
		break;
	case TRACE_HELD:
		say_action(out, e, "held");
		break;
	case TRACE_RELEASED:
		say_action(out, e, "released");
		break;
	case TRACE_DELETED:
		say_action(out, e, "taken out of the queue");
		break;
	case TRACE_REROUTED:
		say_recipient(out, e);
		say_field(out, e, " goes to ", "route");
		say_action(out, e, "");
		break;
	case TRACE_RETRIED:
		say_action(out, e, "an immediate attempt was requested");
		break;
	case TRACE_REQUEUED:
		say_action(
		    out, e, "its recipients were resolved anew, and an immediate attempt was requested");
		break;
	case TRACE_DISCARDED:
		say_recipient(out, e);
		say_original(out, e);
		say(out, " keeps it nowhere");
		say_field(out, e, ", by ", "by");
		break;
	case TRACE_REFUSED:
		say_recipient(out, e);
		say(out, " refuses it");
		say_field(out, e, ", by ", "by");
		break;
	case TRACE_ATTEMPT:
		say_attempt(out, e);
		break;
	case TRACE_REJECTED:
		say_rejected(out, e);
		break;
	case TRACE_DONE:
		say(out, "has left the queue");
		break;
	default:
		say_others(out, e);
	}
}
