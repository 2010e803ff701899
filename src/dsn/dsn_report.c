/*
 * Reports, outside in: the header, the human part, the part for programs (RFC 3464), the beginning of the
 * returned part. Everything from outside goes through dsn_put_clean or an encoder, so that no reply and no
 * address writes a line of ours.
 */
#include <errno.h>
#include <string.h>

#include "base/utf8.h"
#include "dsn/dsn.h"
#include "dsn/dsn_private.h"
#include "format/limits.h"

static const char *const actions[DSN_ACTIONS] = {"failed", "delayed", "delivered", "relayed", "expanded"};

const char *dsn_action_name(enum dsn_action action)
{
	return actions[action];
}

int dsn_action_by_name(struct view name)
{
	for (int i = 0; i < DSN_ACTIONS; i++)
		if (view_equal_nocase(name, view_from_string(actions[i])))
			return i;
	return -1;
}

/* ---- the part for programs ---- */

static bool is_printable(struct view v)
{
	for (size_t i = 0; i < v.len; i++)
		if (!ascii_is_print(v.data[i]))
			return false;
	return true;
}

/*
 * An address with its type, never folded: RFC 3464 section 2.3.1, RFC 6533 section 3. An original recipient
 * of another type than these, or one with octets that no field can hold, stays in xtext, as it came. One that
 * fits no line is left out.
 */
static void put_address(struct buf *out, const char *name, struct view type, struct view address, bool global)
{
	struct buf text;
	if (address.len == 0)
		return;
	buf_init(&text, LINE_MAX_OCTETS);
	bool utf8 =
	    view_equal_nocase(type, VIEW("utf-8")) || (!utf8_is_ascii(address) && utf8_valid(address));
	buf_printf(&text, "%s: ", name);
	dsn_put_clean(&text, utf8 ? VIEW("utf-8") : type, false);
	buf_append_byte(&text, ';');
	if (utf8)
		utf8_address_encode(address, global, &text);
	else if (is_printable(address))
		buf_append(&text, address);
	else
		xtext_encode(address, &text);
	if (!buf_failed(&text)) {
		buf_append(out, buf_view(&text));
		buf_append_string(out, "\r\n");
	}
	buf_done(&text);
}

static void put_typed(struct buf *out, const char *name, const char *type, struct view value, bool global)
{
	struct buf text;
	if (value.len == 0)
		return;
	buf_init(&text, value.len + 100);
	buf_printf(&text, "%s; ", type);
	buf_append(&text, value);
	dsn_put_field(out, name, buf_view(&text), global);
	buf_done(&text);
}

/* RFC 3464 section 2.3.6: of type smtp is only what a host really replied; our own words have a type of our
 * own. */
static void put_diagnostic(struct buf *out, const struct dsn_recipient *r, bool global)
{
	struct buf text;
	buf_init(&text, DSN_REPLY_MAX + 200);
	if (dsn_host_said(r)) {
		buf_append(&text, view_take(r->reply, DSN_REPLY_MAX));
		put_typed(out, "Diagnostic-Code", "smtp", buf_view(&text), global);
	} else {
		dsn_put_own_words(&text, r);
		put_typed(out, "Diagnostic-Code", "x-postrider", buf_view(&text), global);
	}
	buf_done(&text);
}

/* RFC 3464 section 2.3, in its order. */
static void put_recipient(
    struct buf *out, const struct dsn_report *report, const struct dsn_recipient *r, bool global)
{
	int offset = report->now.offset_minutes;
	buf_append_string(out, "\r\n");
	put_address(out, "Original-Recipient", r->original_type, r->original, global);
	put_address(out, "Final-Recipient", VIEW("rfc822"), r->final, global);
	buf_printf(out, "Action: %s\r\n", dsn_action_name(r->action));
	dsn_put_field(out, "Status", dsn_status_of(r), false);
	if (trouble_met_host(r->trouble, r->stage))
		put_typed(out, "Remote-MTA", "dns", r->remote, global);
	put_diagnostic(out, r, global);
	dsn_put_date(out, "Last-Attempt-Date", r->last_attempt, offset);
	if (report->queue_id.len)
		dsn_put_field(out, "Final-Log-ID", report->queue_id, false);
	if (r->action == DSN_DELAYED)
		dsn_put_date(out, "Will-Retry-Until", r->retry_until, offset);
}

static void put_status_part(struct buf *out, const struct dsn_report *report, bool global)
{
	dsn_put_delimiter(out, report->boundary, false);
	buf_append_string(out, global ? "Content-Type: message/global-delivery-status\r\n"
	                                "Content-Transfer-Encoding: 8bit\r\n\r\n"
	                              : "Content-Type: message/delivery-status\r\n\r\n");
	/* RFC 3464 section 2.2: the fields of the message. */
	if (report->envid.len)
		dsn_put_field(out, "Original-Envelope-Id", report->envid, false);
	put_typed(out, "Reporting-MTA", "dns", report->reporting_mta, global);
	dsn_put_date(out, "Arrival-Date", report->arrival, report->now.offset_minutes);
	for (size_t i = 0; i < report->count; i++)
		put_recipient(out, report, &report->recipients[i], global);
}

/* ---- the returned part ---- */

static void put_returned_header(struct buf *out, const struct dsn_report *report)
{
	bool global = report->utf8 && report->content != DSN_7BIT;
	const char *encoding = dsn_encoding(report->content);
	if (report->what == DSN_RETURN_NOTHING)
		return;
	dsn_put_delimiter(out, report->boundary, false);
	buf_printf(out, "Content-Type: %s\r\n",
	    report->what == DSN_RETURN_MESSAGE ? (global ? "message/global" : "message/rfc822")
	    : global                           ? "message/global-headers"
	                                       : "text/rfc822-headers");
	if (encoding)
		buf_printf(out, "Content-Transfer-Encoding: %s\r\n", encoding);
	buf_append_string(out, "\r\n");
}

/* ---- the header ---- */

int dsn_report_subject(const struct dsn_report *report, struct buf *out)
{
	static const char *const words[DSN_ACTIONS] = {"Your message could not be delivered",
	    "Your message is delayed", "Your message was delivered", "Your message was passed on",
	    "Your message was passed on to a list"};
	enum { ADDRESS_SHOWN = 100 };
	size_t failed = dsn_count(report, DSN_FAILED), delayed = dsn_count(report, DSN_DELAYED);
	const struct dsn_recipient *first = &report->recipients[0];
	struct view address = first->original.len ? first->original : first->final;
	if (dsn_count(report, first->action) < report->count)
		return buf_append_string(out, failed    ? "Your message could not be delivered to everyone"
		                              : delayed ? "Your message is delayed for some recipients"
		                                        : "Your message was delivered or passed on");
	buf_append_string(out, words[first->action]);
	if (report->count > 1)
		return buf_printf(out, ": %zu addresses", report->count);
	if (!is_printable(address) || address.len > ADDRESS_SHOWN)
		return buf_failed(out) ? -ENOBUFS : 0;
	buf_append_string(out, ": ");
	return buf_append(out, address);
}

/* A Message-ID that can stand in our header; others are of no use to threads either. */
static bool is_message_id(struct view id)
{
	for (size_t i = 0; i < id.len; i++)
		if (!ascii_is_print(id.data[i]) || strchr(" <>", id.data[i]))
			return false;
	return id.len > 0 && id.len < 250;
}

static void put_header(struct buf *out, const struct dsn_report *report, enum dsn_content content)
{
	struct buf subject;
	struct view about = report->original_message_id;
	buf_init(&subject, 1024);
	dsn_report_subject(report, &subject);
	dsn_put_letter(out, &(struct dsn_letter){.postmaster = report->postmaster,
	                        .to = report->to,
	                        .message_id = report->message_id,
	                        .subject = buf_view(&subject),
	                        .now = report->now});
	buf_done(&subject);
	if (is_message_id(about))
		buf_printf(
		    out, "In-Reply-To: <%.*s>\r\nReferences: <%.*s>\r\n", VIEW_FMT(about), VIEW_FMT(about));
	buf_printf(out,
	    "Content-Type: multipart/report; report-type=delivery-status;\r\n\tboundary=\"=_%.*s\"\r\n",
	    VIEW_FMT(report->boundary));
	if (dsn_encoding(content))
		buf_printf(out, "Content-Transfer-Encoding: %s\r\n", dsn_encoding(content));
	buf_append_string(out, "\r\nThis is a report about the delivery of a message, in MIME format.\r\n");
}

/* ---- the whole ---- */

/* Anything in the part for programs that only a global one can say as it is. */
static bool wants_global(const struct dsn_report *report)
{
	bool ascii = true;
	if (!report->utf8)
		return false;
	for (size_t i = 0; i < report->count && ascii; i++) {
		const struct dsn_recipient *r = &report->recipients[i];
		ascii = utf8_is_ascii(r->final) && utf8_is_ascii(r->original) && utf8_is_ascii(r->reply) &&
		        utf8_is_ascii(r->trouble_text) && utf8_is_ascii(r->remote);
	}
	return !ascii;
}

static bool is_boundary(struct view v)
{
	for (size_t i = 0; i < v.len; i++)
		if (!ascii_is_alnum(v.data[i]))
			return false;
	return v.len >= 16 && v.len <= 50;
}

bool dsn_letter_good(struct view to, struct view boundary, size_t count)
{
	return to.len > 0 && is_boundary(boundary) && count > 0;
}

int dsn_report_write(const struct dsn_report *report, struct buf *head, struct buf *tail, unsigned *needs)
{
	struct buf text;
	size_t head_before = head->len, tail_before = tail->len;
	if (!dsn_letter_good(report->to, report->boundary, report->count))
		return -EINVAL;
	bool global = wants_global(report);
	enum dsn_content content = report->what == DSN_RETURN_NOTHING ? DSN_7BIT : report->content;
	if (global && content == DSN_7BIT)
		content = DSN_8BIT;
	buf_init(&text, DSN_HEAD_MAX / 4);
	dsn_put_explanation(&text, report);
	put_header(head, report, content);
	dsn_put_text_part(head, report->boundary, buf_view(&text));
	put_status_part(head, report, global);
	put_returned_header(head, report);
	dsn_put_delimiter(tail, report->boundary, true);
	bool failed = buf_failed(&text) || buf_failed(head) || buf_failed(tail);
	buf_done(&text);
	if (failed) {
		buf_truncate(head, head_before);
		buf_truncate(tail, tail_before);
		return -ENOBUFS;
	}
	bool header_utf8 = !utf8_is_ascii(report->to) || !utf8_is_ascii(report->postmaster);
	if (needs)
		*needs = (content == DSN_8BIT ? DSN_NEEDS_8BITMIME : 0) |
		         (content == DSN_BINARY ? DSN_NEEDS_BINARYMIME : 0) |
		         (header_utf8 ? DSN_NEEDS_SMTPUTF8 : 0);
	return 0;
}
