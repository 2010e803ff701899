/*
 * Writing notifications: RFC 8098 section 3, as a multipart/report (RFC 6522), and as RFC 6533 section 6
 * where an address is beyond ASCII.
 */
#include <errno.h>

#include "base/utf8.h"
#include "dsn/dsn_private.h"
#include "dsn/mdn.h"
#include "format/header.h"
#include "format/limits.h"
#include "format/transfer.h"

static const char *const types[MDN_TYPES] = {"deleted", "dispatched", "displayed", "processed"};

const char *mdn_type_name(enum mdn_type type)
{
	return types[type];
}

int mdn_type_by_name(struct view name)
{
	for (int i = 0; i < MDN_TYPES; i++)
		if (view_equal_nocase(name, view_from_string(types[i])))
			return i;
	return -1;
}

bool mdn_field_is_taken(struct view name)
{
	static const char *const taken[] = {"Reporting-UA", "MDN-Gateway", "Original-Recipient",
	    "Final-Recipient", "Original-Message-ID", "Disposition", "Failure", "Error", "Warning"};
	bool good = name.len > 0 && name.len <= FIELD_NAME_MAX;
	for (size_t i = 0; i < name.len && good; i++)
		good = header_is_ftext(name.data[i]);
	for (size_t i = 0; i < sizeof taken / sizeof *taken && good; i++)
		good = !view_equal_nocase(name, view_from_string(taken[i]));
	return !good;
}

static bool has_upper_octets(struct view text)
{
	return !utf8_is_ascii(text);
}

/* Whether lines fit every host. */
static bool may_follow(struct view original)
{
	struct view line;
	if (view_find(original, '\0') >= 0)
		return false;
	while (view_next(&original, '\n', &line))
		if (line.len > LINE_MAX_OCTETS + 1)
			return false;
	return true;
}

static bool header_is_ascii(struct view message)
{
	struct view line;
	while (view_next(&message, '\n', &line) && view_trim(line).len > 0)
		if (has_upper_octets(line))
			return false;
	return true;
}

static void put_text(struct buf *out, struct view boundary, struct view text)
{
	dsn_put_delimiter(out, boundary, false);
	buf_append_string(out, "Content-Type: text/plain; charset=utf-8\r\n"
	                       "Content-Transfer-Encoding: quoted-printable\r\n\r\n");
	quoted_printable_encode(out, text, true);
}

static void put_field(struct buf *out, const char *name, struct view value, bool global)
{
	if (value.len > 0)
		dsn_put_field(out, name, value, global);
}

/* RFC 8098 section 3.1.1, in its order. */
static void put_disposition(struct buf *out, const struct mdn_report *report, bool global)
{
	const struct mdn *m = &report->mdn;
	dsn_put_delimiter(out, report->boundary, false);
	buf_append_string(out, global ? "Content-Type: message/global-disposition-notification\r\n"
	                                "Content-Transfer-Encoding: 8bit\r\n\r\n"
	                              : "Content-Type: message/disposition-notification\r\n\r\n");
	put_field(out, "Reporting-UA", m->reporting_ua, global);
	put_field(out, "MDN-Gateway", m->gateway, global);
	put_field(out, "Original-Recipient", m->original_recipient, global);
	put_field(out, "Final-Recipient", m->final_recipient, global);
	put_field(out, "Original-Message-ID", m->original_message_id, global);
	buf_printf(out, "Disposition: %s/%s; %s\r\n",
	    m->automatic_action ? "automatic-action" : "manual-action",
	    m->sent_automatically ? "MDN-sent-automatically" : "MDN-sent-manually", mdn_type_name(m->type));
	for (size_t i = 0; i < m->error_count; i++)
		put_field(out, "Error", m->errors[i], global);
	for (size_t i = 0; i < m->extension_count; i++) {
		char name[FIELD_NAME_MAX + 1];
		struct buf text;
		buf_init(&text, sizeof name);
		buf_append(&text, m->extensions[i].name);
		buf_append_byte(&text, '\0');
		put_field(out, buf_view(&text).data, m->extensions[i].value, global);
		buf_done(&text);
	}
}

static void put_original(struct buf *out, const struct mdn_report *report, bool eight_bit, bool global)
{
	dsn_put_delimiter(out, report->boundary, false);
	buf_printf(out, "Content-Type: %s\r\n", global ? "message/global" : "message/rfc822");
	if (eight_bit)
		buf_append_string(out, "Content-Transfer-Encoding: 8bit\r\n");
	buf_append_string(out, "\r\n");
	buf_append(out, report->original);
}

int mdn_write(const struct mdn_report *report, struct buf *out, unsigned *needs)
{
	const struct mdn *m = &report->mdn;
	size_t before = out->len;
	if (!dsn_letter_good(m->final_recipient, report->boundary, 1) ||
	    m->extension_count > MDN_EXTENSIONS_MAX)
		return -EINVAL;
	if (!may_follow(report->original))
		return -EILSEQ;
	bool global = has_upper_octets(m->final_recipient) || has_upper_octets(m->original_recipient);
	bool original_global = !header_is_ascii(report->original);
	bool original_eight_bit = has_upper_octets(report->original);
	buf_printf(out,
	    "Content-Type: multipart/report; "
	    "report-type=disposition-notification;\r\n\tboundary=\"=_%.*s\"\r\n",
	    VIEW_FMT(report->boundary));
	if (global || original_eight_bit)
		buf_append_string(out, "Content-Transfer-Encoding: 8bit\r\n");
	buf_append_string(out, "\r\nThis says what became of a message, in MIME format.\r\n");
	put_text(out, report->boundary, report->text);
	put_disposition(out, report, global);
	if (report->original.len > 0)
		put_original(out, report, original_eight_bit, original_global);
	dsn_put_delimiter(out, report->boundary, true);
	if (buf_failed(out)) {
		buf_truncate(out, before);
		return -ENOBUFS;
	}
	*needs = (global || original_eight_bit ? MDN_NEEDS_8BITMIME : 0) |
	         (global || original_global ? MDN_NEEDS_SMTPUTF8 : 0);
	return 0;
}
