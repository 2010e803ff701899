/* See dsn_show.h. The sentences are those of dsn_explain.h, so that a bounce of any server is explained
 * alike. */
#include "dsn/dsn_show.h"

#include <errno.h>

#include "format/date.h"
#include "dsn/dsn_report.h"
#include "format/json.h"

static const char *const happened[DSN_ACTIONS] = {
    [DSN_FAILED] = "was not delivered",
    [DSN_DELAYED] = "is delayed",
    [DSN_DELIVERED] = "was delivered",
    [DSN_RELAYED] = "was passed on to a server that will report no more",
    [DSN_EXPANDED] = "was passed on to several others",
};

/*
 * Words of a Postrider begin with their cause. Others are a host's reply, or codes have to do: a server that
 * names the host which refused it has had its answer (RFC 3464 section 2.3.5).
 */
static struct explanation explain(const struct dsn_status_recipient *r)
{
	bool ours = view_equal(r->diagnostic.type, VIEW("x-postrider"));
	return dsn_explain(&(struct dsn_outcome){
	    .cause = ours ? trouble_from_text(r->diagnostic.value) : TROUBLE_NONE,
	    .status = r->status,
	    .words = ours ? (struct view){0} : r->diagnostic.value,
	    .answered = !ours && r->remote.value.len > 0 && r->status.len > 0 && r->status.data[0] == '5'});
}

static void put_date(struct buf *out, const char *before, int64_t seconds)
{
	if (seconds == 0)
		return;
	buf_append_string(out, before);
	date_write(out, (struct date){.seconds = seconds, .zone_known = true});
	buf_append_byte(out, '\n');
}

static void show_recipient(const struct dsn_status_recipient *r, struct buf *out)
{
	struct view address = r->original.value.len ? r->original.value : r->final.value;
	buf_append_string(out, "  ");
	buf_append(out, address.len ? address : VIEW("(no address is given)"));
	buf_printf(out, " %s", r->action < 0 ? "has an unknown outcome" : happened[r->action]);
	if (r->status.len)
		buf_printf(out, " (%.*s)", VIEW_FMT(r->status));
	buf_append_byte(out, '\n');
	if (r->action == DSN_FAILED || r->action == DSN_DELAYED)
		buf_printf(out, "    %s\n", explain(r).meaning);
	if (r->action == DSN_FAILED)
		buf_printf(out, "    %s\n", explain(r).advice);
	if (r->diagnostic.value.len) {
		buf_append_string(out, "    ");
		if (r->remote.value.len)
			buf_printf(out, "%.*s: ", VIEW_FMT(r->remote.value));
		buf_append(out, r->diagnostic.value);
		buf_append_byte(out, '\n');
	}
	if (r->original.value.len && r->final.value.len &&
	    !view_equal_nocase(r->original.value, r->final.value))
		buf_printf(out, "    It was sent on to %.*s\n", VIEW_FMT(r->final.value));
	put_date(out, "    It will be tried until ", r->retry_until);
}

int dsn_show(const struct dsn_status *status, struct buf *out)
{
	buf_append_string(out, "Delivery report");
	if (status->reporting_mta.value.len)
		buf_printf(out, " of %.*s", VIEW_FMT(status->reporting_mta.value));
	buf_append_byte(out, '\n');
	for (size_t i = 0; i < status->count; i++)
		show_recipient(&status->recipients[i], out);
	if (status->left_out)
		buf_printf(out, "  ... and %llu more\n", (unsigned long long)status->left_out);
	put_date(out, "  The message arrived on ", status->arrival);
	return buf_failed(out) ? -ENOBUFS : 0;
}

/* ---- JSON ---- */

static void json_text(struct buf *out, const char *key, struct view value)
{
	if (value.len == 0)
		return;
	buf_printf(out, ",\"%s\":", key);
	json_append_string(out, value);
}

static void json_number(struct buf *out, const char *key, int64_t value)
{
	if (value)
		buf_printf(out, ",\"%s\":%lld", key, (long long)value);
}

static void json_recipient(const struct dsn_status_recipient *r, struct buf *out)
{
	struct explanation e = explain(r);
	buf_append_string(out, "{\"action\":");
	json_append_string(
	    out, view_from_string(r->action < 0 ? "unknown" : dsn_action_name((enum dsn_action)r->action)));
	json_text(out, "original", r->original.value);
	json_text(out, "final", r->final.value);
	json_text(out, "status", r->status);
	json_text(out, "remote", r->remote.value);
	json_text(out, "diagnosticType", r->diagnostic.type);
	json_text(out, "diagnostic", r->diagnostic.value);
	json_text(out, "finalLogId", r->final_log_id);
	json_number(out, "lastAttempt", r->last_attempt);
	json_number(out, "retryUntil", r->retry_until);
	json_text(out, "meaning", view_from_string(e.meaning));
	buf_append_byte(out, '}');
}

int dsn_show_json(const struct dsn_status *status, struct buf *out)
{
	buf_append_string(out, "\"reportingMta\":");
	json_append_string(out, status->reporting_mta.value);
	json_text(out, "envelopeId", status->envid);
	json_number(out, "arrival", status->arrival);
	buf_append_string(out, ",\"recipients\":[");
	for (size_t i = 0; i < status->count; i++) {
		if (i)
			buf_append_byte(out, ',');
		json_recipient(&status->recipients[i], out);
	}
	buf_append_byte(out, ']');
	return buf_failed(out) ? -ENOBUFS : 0;
}
