/* Messages for people and scripts: see message_tool.h. */
#include "cli/message_tool.h"

#include <errno.h>

#include "base/show.h"
#include "base/utf8.h"
#include "format/charset.h"
#include "format/date.h"
#include "dsn/dsn_show.h"
#include "format/encoded_word.h"
#include "format/header.h"
#include "format/json.h"
#include "format/limits.h"
#include "mime/preview.h"
#include "mime/summary.h"

enum {
	REPORT_ARENA = 8 << 20, /* holds what the limits of dsn_parse.h allow */
	/* Messages encoded in messages: nobody forwards an encoded one in an encoded one more often. */
	ENCODED_DEPTH_MAX = 8,
	PART_NUMBER_MAX = 4096, /* a part's number: a few digits for each level */
};

struct message {
	struct view bytes;
	struct mime_parser *parser;
	const struct mime_tree *tree;
};

static struct message open_message(struct view bytes)
{
	struct message m = {.bytes = bytes, .parser = mime_parser_new()};
	struct mime_tree *tree = mime_parse(m.parser, bytes);
	mime_check_encodings(tree, bytes);
	m.tree = tree;
	return m;
}

static int close_message(struct message *m, const struct buf *out)
{
	mime_parser_free(m->parser);
	return buf_failed(out) ? -ENOBUFS : 0;
}

/* A value's first line. */
static void append_line(struct buf *out, struct view text)
{
	ptrdiff_t end = view_find(text, '\n');
	show_line(out, end < 0 ? text : view_take(text, (size_t)end));
}

/* ---- show ---- */

/* As it is understood, in the one form that everybody reads; as it came, where it is not. */
static void show_date(struct view body, struct buf *out)
{
	struct date date;
	if (date_parse(body, &date) != 0 || date_write(out, date) != 0)
		show_line(out, body);
}

/* A subject is to be read; addresses, and the names beside them, say who somebody is. */
static void show_field(const struct message *m, const char *name, struct buf *out)
{
	struct view block = view_take(m->bytes, (size_t)m->tree->parts[0].body_offset), body;
	struct buf text;
	if (!header_find(block, view_from_string(name), &body))
		return;
	buf_init(&text, 4 * body.len + 16);
	encoded_word_decode(body, &text);
	buf_printf(out, "%-8s ", name);
	if (view_equal(view_from_string(name), VIEW("Date")))
		show_date(buf_view(&text), out);
	else if (view_equal(view_from_string(name), VIEW("Subject")))
		show_title(out, buf_view(&text));
	else
		show_line(out, buf_view(&text));
	buf_append_byte(out, '\n');
	buf_done(&text);
}

static void show_body(const struct message *m, size_t index, struct buf *out)
{
	const struct mime_part *part = &m->tree->parts[index];
	struct buf octets, text, shown;
	bool defective = false, html = media_type_is(&part->type, "text", "html");
	buf_init(&octets, (size_t)part->body_len + 16);
	buf_init(&text, 4 * (size_t)part->body_len + 16);
	buf_init(&shown, 16 * (size_t)part->body_len + 16);
	struct view charset = parameter_find(&part->type.parameters, VIEW("charset"));
	mime_decode_body(part, m->bytes, !charset_keeps_no_state(charset), &octets, NULL);
	charset_to_utf8(charset, buf_view(&octets), &text, &defective);
	if (html)
		html_to_text(buf_view(&text), &shown);
	show_text(out, view_trim(buf_view(html ? &shown : &text)));
	buf_append_byte(out, '\n');
	buf_done(&octets);
	buf_done(&text);
	buf_done(&shown);
}

/* Text that was attached, but is to be shown at once (RFC 2183 section 2.1). */
static bool is_inline_text(const struct message *m, size_t index)
{
	const struct mime_part *part = &m->tree->parts[index];
	return view_equal(part->disposition, VIEW("inline")) && mime_part_is_attachment(m->tree, index) &&
	       !mime_part_is_forwarded(m->tree, index) &&
	       (media_type_is(&part->type, "text", "plain") || media_type_is(&part->type, "text", "html"));
}

/* All that is the message's text, with an empty line between its parts. */
static void show_texts(const struct message *m, struct buf *out)
{
	size_t body[MIME_PARTS_MAX];
	size_t count = mime_text_body(m->tree, body), next = 0;
	bool first = true;
	for (size_t i = 0; i < m->tree->count; i++) {
		bool is_body = next < count && body[next] == i;
		next += is_body;
		if (!is_body && !is_inline_text(m, i))
			continue;
		if (!first)
			buf_append_byte(out, '\n');
		show_body(m, i, out);
		first = false;
	}
}

static void append_size(struct buf *out, uint64_t size)
{
	static const char *const units[] = {"B", "KB", "MB", "GB"};
	double n = (double)size;
	size_t unit = 0;
	for (; n >= 1000 && unit < 3; unit++)
		n /= 1000;
	buf_printf(out, unit ? "%.1f %s" : "%.0f %s", n, units[unit]);
}

static void show_attachments(const struct message *m, struct buf *out)
{
	for (size_t i = 0; i < m->tree->count; i++) {
		const struct mime_part *part = &m->tree->parts[i];
		if (!mime_part_is_attachment(m->tree, i))
			continue;
		buf_append_string(out, "\nAttachment ");
		mime_part_number(m->tree, i, out);
		buf_append_string(out, ": ");
		append_line(out, part->type.type);
		buf_append_byte(out, '/');
		append_line(out, part->type.subtype);
		buf_append_string(out, ", ");
		append_size(out, part->body_len);
		if (part->file_name.len) {
			buf_append_string(out, ", ");
			append_line(out, part->file_name);
		}
	}
}

/* What a bounce says about its message, in the words of dsn_show. */
static void show_report(const struct message *m, bool json, struct buf *out)
{
	struct buf body;
	struct arena arena;
	struct dsn_status status;
	int part = dsn_status_part(m->tree);
	if (part < 0)
		return;
	buf_init(&body, (size_t)m->tree->parts[part].body_len + 16);
	arena_init(&arena, REPORT_ARENA);
	mime_decode_body(&m->tree->parts[part], m->bytes, false, &body, NULL);
	if (dsn_status_parse(buf_view(&body), &arena, &status) == 0) {
		buf_append_string(out, json ? ",\"deliveryReport\":{" : "\n");
		if (json)
			dsn_show_json(&status, out);
		else
			dsn_show(&status, out);
		buf_append_string(out, json ? "}" : "");
	}
	arena_done(&arena);
	buf_done(&body);
}

static void show_for_people(const struct message *m, struct buf *out)
{
	static const char *const fields[] = {"Date", "From", "Sender", "Reply-To", "To", "Cc", "Subject"};
	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
		show_field(m, fields[i], out);
	buf_append_byte(out, '\n');
	show_texts(m, out);
	show_report(m, false, out);
	size_t before = out->len;
	show_attachments(m, out);
	if (out->len > before)
		buf_append_byte(out, '\n');
}

static void json_text(struct buf *out, const char *key, struct view raw)
{
	struct buf text;
	if (raw.data == NULL)
		return;
	buf_init(&text, 4 * raw.len + 16);
	encoded_word_decode(raw, &text);
	buf_printf(out, ",\"%s\":", key);
	json_append_string(out, buf_view(&text));
	buf_done(&text);
}

/* The same moment as a program reads it (RFC 3339); without a zone that is known, in UTC. */
static void json_sent_at(struct buf *out, struct view raw)
{
	struct date date;
	struct buf text;
	buf_init(&text, 64);
	if (date_parse(raw, &date) == 0 && date_write_rfc3339(&text, date) == 0) {
		buf_append_string(out, ",\"sentAt\":");
		json_append_string(out, buf_view(&text));
	}
	buf_done(&text);
}

static void json_address(struct buf *out, const struct address *a)
{
	struct buf name, mailbox;
	buf_init(&name, 4 * a->display_name.len + 16);
	buf_init(&mailbox, a->local_part.len + a->domain.len + 2);
	encoded_word_decode(a->display_name, &name);
	buf_append(&mailbox, a->local_part);
	if (a->domain.len) {
		buf_append_byte(&mailbox, '@');
		buf_append(&mailbox, a->domain);
	}
	buf_append_string(out, a->kind == ADDRESS_GROUP_START ? "{\"group\":" : "{\"name\":");
	json_append_string(out, buf_view(&name));
	if (a->kind == ADDRESS_MAILBOX) {
		buf_append_string(out, ",\"email\":");
		json_append_string(out, buf_view(&mailbox));
	}
	buf_append_byte(out, '}');
	buf_done(&name);
	buf_done(&mailbox);
}

static void json_addresses(struct buf *out, const char *key, const struct address_list *list)
{
	bool first = true;
	if (list->count == 0)
		return;
	buf_printf(out, ",\"%s\":[", key);
	for (size_t i = 0; i < list->count; i++) {
		if (list->items[i].kind == ADDRESS_GROUP_END)
			continue;
		if (!first)
			buf_append_byte(out, ',');
		json_address(out, &list->items[i]);
		first = false;
	}
	buf_append_byte(out, ']');
}

static int show_as_json(const struct message *m, struct buf *out)
{
	struct arena arena;
	struct message_summary s;
	arena_init(&arena, 2 * MIME_KEPT_MAX);
	int error = message_summary_make(m->parser, m->tree, &arena, &s);
	if (error == 0) {
		buf_printf(out, "{\"size\":%llu", (unsigned long long)s.size);
		json_text(out, "date", s.envelope.date);
		json_sent_at(out, s.envelope.date);
		json_addresses(out, "from", &s.envelope.from);
		json_addresses(out, "sender", &s.envelope.sender);
		json_addresses(out, "replyTo", &s.envelope.reply_to);
		json_addresses(out, "to", &s.envelope.to);
		json_addresses(out, "cc", &s.envelope.cc);
		json_addresses(out, "bcc", &s.envelope.bcc);
		json_text(out, "subject", s.envelope.subject);
		json_text(out, "messageId", s.envelope.message_id);
		json_text(out, "inReplyTo", s.envelope.in_reply_to);
		json_text(out, "references", s.envelope.references);
		json_text(out, "preview", s.preview);
		buf_printf(out, ",\"hasAttachment\":%s", s.has_attachment ? "true" : "false");
		show_report(m, true, out);
		buf_append_string(out, "}\n");
	}
	arena_done(&arena);
	return error;
}

int message_tool_show(struct view message, struct buf *out, bool json)
{
	struct message m = open_message(message);
	int error = 0;
	if (json)
		error = show_as_json(&m, out);
	else
		show_for_people(&m, out);
	int failed = close_message(&m, out);
	return error ? error : failed;
}

/* ---- structure ---- */

static void pad_to(struct buf *out, size_t start, size_t column)
{
	size_t width = utf8_length(view_skip(buf_view(out), start));
	for (; width < column; width++)
		buf_append_byte(out, ' ');
	buf_append(out, VIEW("  "));
}

/* Messages that lie encoded in others, as the one that is looked at: where it hangs, and how deep. */
struct place {
	const char *prefix; /* of part numbers: "2.", or "" */
	unsigned depth;     /* of its root in the whole */
	unsigned encoded;   /* how many encodings lie around it */
};

/* The decoded message within a part, for a function that looks at it. Nothing is done beyond the limit of
 * them. */
static int within(const struct message *m, size_t index, struct place place,
    void (*look)(const struct message *m, struct place place, struct buf *out), struct buf *out)
{
	struct buf body, prefix;
	int error = 0;
	if (!mime_part_is_encoded_message(m->tree, index) || place.encoded == ENCODED_DEPTH_MAX)
		return 0;
	buf_init(&body, (size_t)m->tree->parts[index].body_len + 16);
	buf_init(&prefix, PART_NUMBER_MAX);
	buf_append_string(&prefix, place.prefix);
	mime_part_number(m->tree, index, &prefix);
	buf_append_byte(&prefix, '.');
	error = mime_decode_body(&m->tree->parts[index], m->bytes, false, &body, NULL);
	if (error == 0) {
		struct message inner = open_message(buf_view(&body));
		look(&inner,
		    (struct place){buf_string(&prefix), place.depth + m->tree->parts[index].depth + 1,
		        place.encoded + 1},
		    out);
		error = close_message(&inner, out);
	}
	buf_done(&prefix);
	buf_done(&body);
	return error;
}

static void append_number(const struct message *m, size_t index, struct place place, struct buf *out)
{
	struct buf number;
	buf_init(&number, PART_NUMBER_MAX);
	mime_part_number(m->tree, index, &number);
	if (number.len)
		buf_append_string(out, place.prefix);
	buf_append(out, buf_view(&number));
	buf_done(&number);
}

static void structure_line(const struct message *m, size_t index, struct place place, struct buf *out)
{
	const struct mime_part *part = &m->tree->parts[index];
	size_t start = out->len;
	for (unsigned i = 0; i < place.depth + part->depth; i++)
		buf_append(out, VIEW("  "));
	append_line(out, part->type.type);
	buf_append_byte(out, '/');
	append_line(out, part->type.subtype);
	pad_to(out, start, 36);
	start = out->len;
	append_number(m, index, place, out);
	pad_to(out, start, 8);
	start = out->len;
	append_size(out, part->body_len);
	pad_to(out, start, 9);
	start = out->len;
	buf_append_string(out, transfer_encoding_name(part->encoding));
	pad_to(out, start, 16);
	append_line(out, parameter_find(&part->type.parameters, VIEW("charset")));
	if (part->disposition.len) {
		buf_append_byte(out, ' ');
		append_line(out, part->disposition);
	}
	if (part->file_name.len) {
		buf_append(out, VIEW(" \""));
		append_line(out, part->file_name);
		buf_append_byte(out, '"');
	}
	while (out->len && buf_view(out).data[out->len - 1] == ' ')
		buf_truncate(out, out->len - 1);
	buf_append_byte(out, '\n');
}

static void structure_lines(const struct message *m, struct place place, struct buf *out)
{
	for (size_t i = 0; i < m->tree->count; i++) {
		structure_line(m, i, place, out);
		within(m, i, place, structure_lines, out);
	}
}

static void structure_defects(const struct message *m, struct place place, struct buf *out)
{
	for (size_t i = 0; i < m->tree->count; i++) {
		for (unsigned kind = 0; kind < MIME_DEFECT_KINDS; kind++) {
			if (!(m->tree->parts[i].defects >> kind & 1))
				continue;
			size_t start = out->len;
			buf_append_string(out, "defect: part ");
			size_t number = out->len;
			append_number(m, i, place, out);
			if (out->len == number) {
				buf_truncate(out, start);
				buf_append_string(out, "defect");
			}
			buf_printf(out, ": %s\n", mime_defect_text((enum mime_defect)kind));
		}
		within(m, i, place, structure_defects, out);
	}
}

static void json_field(struct buf *out, const char *key, struct view value)
{
	if (value.len == 0)
		return;
	buf_printf(out, ",\"%s\":", key);
	json_append_string(out, value);
}

static void json_inner(const struct message *m, struct place place, struct buf *out);

static void json_part(const struct message *m, size_t index, struct place place, struct buf *out)
{
	const struct mime_part *part = &m->tree->parts[index];
	struct buf number;
	buf_init(&number, PART_NUMBER_MAX);
	append_number(m, index, place, &number);
	buf_printf(out, "{\"parent\":%d", part->parent);
	json_field(out, "number", buf_view(&number));
	json_field(out, "type", part->type.type);
	json_field(out, "subtype", part->type.subtype);
	json_field(out, "charset", parameter_find(&part->type.parameters, VIEW("charset")));
	json_field(out, "encoding", view_from_string(transfer_encoding_name(part->encoding)));
	json_field(out, "disposition", part->disposition);
	json_field(out, "fileName", part->file_name);
	json_field(out, "contentId", part->content_id);
	buf_printf(out,
	    ",\"headerOffset\":%llu,\"bodyOffset\":%llu,\"size\":%llu,\"lines\":%llu,\"attachment\":%s",
	    (unsigned long long)part->header_offset, (unsigned long long)part->body_offset,
	    (unsigned long long)part->body_len, (unsigned long long)part->body_lines,
	    mime_part_is_attachment(m->tree, index) ? "true" : "false");
	buf_append_string(out, ",\"defects\":[");
	bool first = true;
	for (unsigned kind = 0; kind < MIME_DEFECT_KINDS; kind++) {
		if (!(part->defects >> kind & 1))
			continue;
		if (!first)
			buf_append_byte(out, ',');
		json_append_string(out, view_from_string(mime_defect_text((enum mime_defect)kind)));
		first = false;
	}
	buf_append_string(out, "]");
	within(m, index, place, json_inner, out);
	buf_append_string(out, "}");
	buf_done(&number);
}

static void json_parts(const struct message *m, struct place place, struct buf *out)
{
	buf_printf(out, "{\"size\":%llu,\"parts\":[", (unsigned long long)m->tree->size);
	for (size_t i = 0; i < m->tree->count; i++) {
		if (i)
			buf_append_byte(out, ',');
		json_part(m, i, place, out);
	}
	buf_append_string(out, "]}");
}

/* Offsets within it count from its own beginning, decoded. */
static void json_inner(const struct message *m, struct place place, struct buf *out)
{
	buf_append_string(out, ",\"message\":");
	json_parts(m, place, out);
}

int message_tool_structure(struct view message, struct buf *out, bool json)
{
	struct message m = open_message(message);
	struct place top = {.prefix = ""};
	if (json) {
		json_parts(&m, top, out);
		buf_append_byte(out, '\n');
	} else {
		structure_lines(&m, top, out);
		structure_defects(&m, top, out);
	}
	return close_message(&m, out);
}

/* ---- extract ---- */

static int extract(struct view message, struct view number, unsigned encoded, struct buf *out);

/* A part of an encoded message: its number begins with that of the part which holds the message. */
static int extract_within(const struct message *m, struct view number, unsigned encoded, struct buf *out)
{
	for (size_t i = number.len; i > 0 && encoded < ENCODED_DEPTH_MAX; i--) {
		int index =
		    number.data[i - 1] == '.' ? mime_part_find(m->tree, view_take(number, i - 1)) : -1;
		if (index < 0 || !mime_part_is_encoded_message(m->tree, (size_t)index))
			continue;
		struct buf body;
		buf_init(&body, (size_t)m->tree->parts[index].body_len + 16);
		int error = mime_decode_body(&m->tree->parts[index], m->bytes, false, &body, NULL);
		if (error == 0)
			error = extract(buf_view(&body), view_skip(number, i), encoded + 1, out);
		buf_done(&body);
		return error;
	}
	return -ENOENT;
}

static int extract(struct view message, struct view number, unsigned encoded, struct buf *out)
{
	struct message m = open_message(message);
	int index = mime_part_find(m.tree, number);
	int error = index < 0 ? extract_within(&m, number, encoded, out)
	                      : mime_decode_body(&m.tree->parts[index], m.bytes, false, out, NULL);
	mime_parser_free(m.parser);
	return error;
}

int message_tool_extract(struct view message, struct view number, struct buf *out)
{
	return extract(message, number, 0, out);
}
