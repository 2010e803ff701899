/*
 * Messages of another form: the actions replace and enclose, RFC 5703 sections 5 and 6. What they put into a
 * message is text of the script or of the message; none of it becomes a field, a boundary or a part that was
 * not meant.
 */
#include "sieve/sieve_mime.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/checksum.h"
#include "base/utf8.h"
#include "format/date.h"
#include "format/encoded_word.h"
#include "format/header.h"

static const struct sieve_tag replace_tags[] = {
    {"mime", SIEVE_X_REPLACE, 0, {NULL, SIEVE_NOTHING, SIEVE_USE_TEXT}, false},
    {"subject", SIEVE_X_REPLACE, 0, {"a subject", SIEVE_STRING, SIEVE_USE_TEXT}, false},
    {"from", SIEVE_X_REPLACE, 0, {"an address", SIEVE_STRING, SIEVE_USE_ADDRESS}, false},
};
enum { REPLACE_MIME, REPLACE_SUBJECT, REPLACE_FROM };

static const struct sieve_tag enclose_tags[] = {
    {"subject", SIEVE_X_ENCLOSE, 0, {"a subject", SIEVE_STRING, SIEVE_USE_TEXT}, false},
    {"headers", SIEVE_X_ENCLOSE, 0, {"header names", SIEVE_STRING_LIST, SIEVE_USE_HEADER}, false},
};
enum { ENCLOSE_SUBJECT, ENCLOSE_HEADERS };

/* ---- what is put in ---- */

/* An entity: its fields, without the empty line, and its body. */
struct entity {
	struct buf fields, body;
};

static void begin(struct entity *e)
{
	buf_init(&e->fields, SIEVE_RUN_MEMORY_MAX);
	buf_init(&e->body, SIEVE_RUN_MEMORY_MAX);
}

static void done(struct entity *e)
{
	buf_done(&e->fields);
	buf_done(&e->body);
}

/* Whether it can stand as it is: short lines of ASCII, of which none could be a boundary. */
static bool is_plain(struct view text)
{
	size_t line = 0;

	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.data[i];

		if (line == 0 && view_starts(view_skip(text, i), VIEW("--")))
			return false;
		line = c == '\n' ? 0 : line + 1;
		if (c >= 0x7f || (c < ' ' && c != '\n' && c != '\r' && c != '\t') ||
		    line > LINE_MAX_OCTETS - 2)
			return false;
	}
	return true;
}

/* Every line end becomes CRLF. */
static void append_lines(struct buf *out, struct view text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] == '\r' && i + 1 < text.len && text.data[i + 1] == '\n')
			continue;
		if (text.data[i] == '\n' || text.data[i] == '\r')
			buf_append(out, VIEW("\r\n"));
		else
			buf_append(out, view_of(text.data + i, 1));
	}
}

static void text_entity(struct entity *e, struct view text)
{
	struct buf lines;

	buf_init(&lines, SIEVE_RUN_MEMORY_MAX);
	append_lines(&lines, text);
	buf_append(&e->fields, VIEW("Content-Type: text/plain; charset=utf-8\r\n"));
	if (is_plain(buf_view(&lines))) {
		buf_append(&e->body, buf_view(&lines));
	} else {
		buf_append(&e->fields, VIEW("Content-Transfer-Encoding: base64\r\n"));
		base64_encode_lines(&e->body, buf_view(&lines));
	}
	buf_done(&lines);
}

static bool is_mime_field(struct view name)
{
	return view_starts_nocase(name, VIEW("Content-")) || view_equal_nocase(name, VIEW("MIME-Version"));
}

/* A MIME entity of the script's: of its fields those that a part may have. */
static void given_entity(struct entity *e, struct view text)
{
	struct header_field field;
	struct header_reader r;
	struct buf lines;

	buf_init(&lines, SIEVE_RUN_MEMORY_MAX);
	append_lines(&lines, text);
	r = header_read(buf_view(&lines));
	while (header_next(&r, &field))
		if (view_starts_nocase(field.name, VIEW("Content-"))) {
			buf_append(&e->fields, view_take(view_skip(r.block, field.offset), field.len));
			if (r.at == r.block.len && field.offset + field.len == r.at &&
			    !view_ends_nocase(r.block, VIEW("\n")))
				buf_append(&e->fields, VIEW("\r\n"));
		}
	buf_append(&e->body, view_skip(r.block, r.at));
	buf_done(&lines);
}

static bool make_entity(struct sieve_run *run, const struct sieve_step *step, struct entity *e)
{
	struct view text;

	if (!sieve_run_text(run, sieve_positional(step, 0)->strings[0], &text))
		return false;
	if (sieve_tag(step, REPLACE_MIME)->kind != SIEVE_ABSENT)
		given_entity(e, text);
	else
		text_entity(e, text);
	if (!buf_failed(&e->fields) && !buf_failed(&e->body))
		return true;
	sieve_run_no_memory(run);
	return false;
}

/* ---- replace ---- */

/* Whether a line of the text would end a part that lies around this one. */
static bool breaks_out(const struct mime_tree *tree, size_t part, struct view text)
{
	for (int i = tree->parts[part].parent; i >= 0; i = tree->parts[i].parent) {
		struct view boundary = parameter_find(&tree->parts[i].type.parameters, VIEW("boundary"));

		for (struct view rest = text; boundary.len && rest.len >= boundary.len + 2;) {
			ptrdiff_t end = view_find(rest, '\n');

			if (view_starts(rest, VIEW("--")) && view_starts(view_skip(rest, 2), boundary))
				return true;
			rest = end < 0 ? (struct view){0} : view_skip(rest, (size_t)end + 1);
		}
	}
	return false;
}

static bool fail(struct sieve_run *run, const char *why)
{
	sieve_run_fail(run, why);
	return false;
}

static bool replace_part(struct sieve_run *run, const struct entity *e, size_t part)
{
	const struct mime_tree *tree;
	struct buf whole;
	struct view kept;
	bool good;
	int result;

	if (sieve_message_tree(run->message, &tree) != 0)
		return sieve_run_no_memory(run) == SIEVE_TRUE;
	if (part >= tree->count)
		return fail(run, "the part of the message that is to be replaced is gone");
	if (breaks_out(tree, part, buf_view(&e->body)))
		return fail(run, "a line of the replacement is a boundary of the message");
	buf_init(&whole, SIEVE_RUN_MEMORY_MAX);
	buf_append(&whole, buf_view(&e->fields));
	buf_append(&whole, VIEW("\r\n"));
	buf_append(&whole, buf_view(&e->body));
	good = !buf_failed(&whole) && arena_copy(run->arena, buf_view(&whole), &kept);
	buf_done(&whole);
	if (!good)
		return sieve_run_no_memory(run) == SIEVE_TRUE;
	result = sieve_message_replace(run->message, tree->parts[part].header_offset,
	    tree->parts[part].body_offset + tree->parts[part].body_len, kept);
	if (result == -EINVAL)
		return fail(run, "this part of the message cannot be replaced");
	return result == 0 || sieve_run_no_memory(run) == SIEVE_TRUE;
}

/* A field of the script's text, on one line. */
static void append_subject(struct buf *out, struct view text)
{
	struct buf line;
	bool plain = true;

	buf_init(&line, SIEVE_TEXT_MAX);
	for (size_t i = 0; i < text.len; i++) {
		bool control = (unsigned char)text.data[i] < ' ' || text.data[i] == 0x7f;

		plain = plain && (unsigned char)text.data[i] < 0x7f &&
		        !view_starts(view_skip(text, i), VIEW("=?"));
		buf_append(&line, control ? VIEW(" ") : view_of(text.data + i, 1));
	}
	buf_append(out, VIEW("Subject: "));
	if (plain && buf_view(&line).len <= LINE_MAX_OCTETS - 20)
		buf_append(out, buf_view(&line));
	else
		encoded_word_write(out, buf_view(&line), 9);
	buf_append(out, VIEW("\r\n"));
	buf_done(&line);
}

/* From with an address that was judged. */
static bool append_from(struct sieve_run *run, struct buf *out, struct view text)
{
	struct address_list list;

	if (address_list_parse(text, run->arena, &list) != 0 || list.count < 1)
		return false;
	buf_append(out, VIEW("From: "));
	address_write(out, &list.items[0], false);
	buf_append(out, VIEW("\r\n"));
	return true;
}

static void append_field(struct buf *out, const char *prefix, const struct sieve_field *field)
{
	buf_printf(out, "%s%.*s:", prefix, VIEW_FMT(field->name));
	buf_append(out, field->body);
	buf_append(out, VIEW("\r\n"));
}

/* Section 5: all fields stay but those of the form that goes; what a new one takes the place of is kept
 * beside it. */
static bool replace_message(struct sieve_run *run, const struct sieve_step *step, const struct entity *e)
{
	const struct sieve_value *subject = sieve_tag(step, REPLACE_SUBJECT),
	                         *from = sieve_tag(step, REPLACE_FROM);
	struct view text = {0}, address = {0}, kept, *body = arena_array(run->arena, 1, sizeof(*body));
	struct sieve_field *fields;
	struct buf header;
	size_t count;
	bool good;

	if (!body || sieve_message_fields(run->message, &fields, &count) != 0)
		return sieve_run_no_memory(run) == SIEVE_TRUE;
	if (!sieve_run_take(run, subject, SIEVE_USE_TEXT, &text) ||
	    !sieve_run_take(run, from, SIEVE_USE_ADDRESS, &address))
		return false;
	buf_init(&header, SIEVE_RUN_MEMORY_MAX);
	for (size_t i = 0; i < count; i++) {
		bool moved =
		    (subject->kind != SIEVE_ABSENT && view_equal_nocase(fields[i].name, VIEW("Subject"))) ||
		    (from->kind != SIEVE_ABSENT && view_equal_nocase(fields[i].name, VIEW("From")));

		if (!is_mime_field(fields[i].name))
			append_field(&header, moved ? "Original-" : "", &fields[i]);
	}
	good = from->kind == SIEVE_ABSENT || append_from(run, &header, address);
	if (subject->kind != SIEVE_ABSENT)
		append_subject(&header, text);
	buf_append(&header, VIEW("MIME-Version: 1.0\r\n"));
	buf_append(&header, buf_view(&e->fields));
	buf_append(&header, VIEW("\r\n"));
	good = good && !buf_failed(&header) && arena_copy(run->arena, buf_view(&header), &kept) &&
	       arena_copy(run->arena, buf_view(&e->body), body);
	buf_done(&header);
	if (!good)
		return sieve_run_no_memory(run) == SIEVE_TRUE;
	sieve_message_rewrite(run->message, kept, body, 1);
	return true;
}

static bool may_change(struct sieve_run *run)
{
	if (run->message->unseen > 0)
		return fail(run, "the message is too large to be changed");
	return sieve_run_work(run, sieve_message_size(run->message) / 64 + 1);
}

static bool act_replace(struct sieve_run *run, const struct sieve_step *step)
{
	struct entity e;
	bool good;

	if (!may_change(run))
		return false;
	begin(&e);
	good = make_entity(run, step, &e) &&
	       (run->loop && run->loop->part > 0 ? replace_part(run, &e, run->loop->part)
	                                         : replace_message(run, step, &e));
	done(&e);
	return good;
}

/* ---- enclose ---- */

/* A boundary that no line of the message begins with. */
static bool make_boundary(struct sieve_run *run, uint32_t seed, char boundary[40])
{
	struct sieve_message *m = run->message;

	for (unsigned i = 0; i < 100; i++) {
		bool there = false;

		snprintf(boundary, 40, "=_sieve_%08x_%u", (unsigned)seed, i);
		if (!sieve_run_work(run, sieve_message_size(m) / 64 + 1))
			return false;
		for (size_t p = 0; p <= m->rest_count && !there; p++) {
			struct view piece = p == 0 ? m->bytes : m->rest[p - 1];

			there = piece.len && memmem(piece.data, piece.len, boundary, strlen(boundary));
		}
		if (!there)
			return true;
	}
	return fail(run, "no boundary can be found that the message does not hold");
}

static bool is_listed(struct sieve_run *run, const struct sieve_value *names, struct view name, bool *listed)
{
	*listed = false;
	for (uint32_t i = 0; i < names->count && !*listed; i++) {
		struct view wanted;

		if (!sieve_run_text(run, names->strings[i], &wanted))
			return false;
		*listed = view_equal_nocase(wanted, name);
	}
	return true;
}

/* What stops loops goes on, as editheader leaves it (RFC 5293 section 6): the new message has an id of its
 * own, so nothing else would. */
static bool stops_loops(struct view name)
{
	return view_equal_nocase(name, VIEW("Received")) || view_equal_nocase(name, VIEW("Auto-Submitted"));
}

/* The fields that the script names, and of the others those that a message must have. */
static bool enclosing_header(struct sieve_run *run, const struct sieve_step *step, uint32_t seed,
    const char *boundary, struct buf *header)
{
	const struct sieve_value *subject = sieve_tag(step, ENCLOSE_SUBJECT);
	bool dated = false, authored = false, named = subject->kind != SIEVE_ABSENT, identified = false;
	struct view own = run->world->address_count ? run->world->addresses[0] : run->message->recipient,
	            text;
	ptrdiff_t at = view_find_last(own, '@');
	struct sieve_field *fields;
	size_t count;

	if (sieve_message_fields(run->message, &fields, &count) != 0)
		return sieve_run_no_memory(run) == SIEVE_TRUE;
	for (size_t i = 0; i < count; i++) {
		struct view name = fields[i].name;
		bool listed;

		if (!is_listed(run, sieve_tag(step, ENCLOSE_HEADERS), name, &listed))
			return false;
		if (is_mime_field(name) ||
		    (named && subject->kind != SIEVE_ABSENT && view_equal_nocase(name, VIEW("Subject"))))
			continue;
		if (!listed && !stops_loops(name) && !(view_equal_nocase(name, VIEW("Subject")) && !named))
			continue;
		append_field(header, "", &fields[i]);
		dated = dated || view_equal_nocase(name, VIEW("Date"));
		authored = authored || view_equal_nocase(name, VIEW("From"));
		named = named || view_equal_nocase(name, VIEW("Subject"));
		identified = identified || view_equal_nocase(name, VIEW("Message-ID"));
	}
	if (subject->kind != SIEVE_ABSENT) {
		if (!sieve_run_take(run, subject, SIEVE_USE_TEXT, &text))
			return false;
		append_subject(header, text);
	}
	if (!dated) {
		buf_append(header, VIEW("Date: "));
		date_write(header, (struct date){.seconds = run->world->now,
		                       .offset_minutes = run->world->zone_minutes,
		                       .zone_known = true});
		buf_append(header, VIEW("\r\n"));
	}
	if (!authored && !append_from(run, header, own))
		return fail(
		    run, "the script encloses the message, but there is nobody whose message it could be");
	if (!identified && at >= 0)
		buf_printf(header, "Message-ID: <sieve.%lld.%08x@%.*s>\r\n", (long long)run->world->now,
		    (unsigned)seed, VIEW_FMT(view_skip(own, (size_t)at + 1)));
	buf_printf(
	    header, "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"%s\"\r\n\r\n", boundary);
	return true;
}

/* Whether any octet is beyond ASCII: then the enclosed message says so (RFC 2045 section 6.4). */
static bool is_eight_bit(const struct sieve_message *m)
{
	for (size_t p = 0; p <= m->rest_count; p++) {
		struct view piece = p == 0 ? m->bytes : m->rest[p - 1];

		for (size_t i = 0; i < piece.len; i++)
			if ((unsigned char)piece.data[i] >= 0x80)
				return true;
	}
	return false;
}

static bool act_enclose(struct sieve_run *run, const struct sieve_step *step)
{
	struct view text, head = {0}, front = {0}, end = {0};
	struct buf header, before;
	struct entity e;
	char boundary[40], after[60];
	uint32_t seed = crc32c(run->message->bytes);
	bool good;

	if (!may_change(run) || !make_boundary(run, seed, boundary) ||
	    !sieve_run_text(run, sieve_positional(step, 0)->strings[0], &text))
		return false;
	begin(&e);
	text_entity(&e, text);
	buf_init(&header, SIEVE_RUN_MEMORY_MAX);
	buf_init(&before, SIEVE_RUN_MEMORY_MAX);
	good = enclosing_header(run, step, seed, boundary, &header);
	buf_printf(&before, "--%s\r\n", boundary);
	buf_append(&before, buf_view(&e.fields));
	buf_append(&before, VIEW("\r\n"));
	buf_append(&before, buf_view(&e.body));
	buf_printf(&before, "\r\n--%s\r\nContent-Type: message/rfc822\r\n%s\r\n", boundary,
	    is_eight_bit(run->message) ? "Content-Transfer-Encoding: 8bit\r\n" : "");
	snprintf(after, sizeof(after), "\r\n--%s--\r\n", boundary);
	if (good && (buf_failed(&header) || buf_failed(&before) || buf_failed(&e.body) ||
	                !arena_copy(run->arena, buf_view(&header), &head) ||
	                !arena_copy(run->arena, buf_view(&before), &front) ||
	                !arena_copy(run->arena, view_from_string(after), &end) ||
	                sieve_message_enclose(run->message, head, front, end) != 0))
		good = sieve_run_no_memory(run) == SIEVE_TRUE;
	buf_done(&header);
	buf_done(&before);
	done(&e);
	return good;
}

static const struct sieve_word words[] = {
    {.name = "replace",
        .extension = SIEVE_X_REPLACE,
        .positionals = {{"the replacement", SIEVE_STRING, SIEVE_USE_TEXT}},
        .tags = replace_tags,
        .tag_count = sizeof(replace_tags) / sizeof(replace_tags[0]),
        .act = act_replace},
    {.name = "enclose",
        .extension = SIEVE_X_ENCLOSE,
        .positionals = {{"a text", SIEVE_STRING, SIEVE_USE_TEXT}},
        .tags = enclose_tags,
        .tag_count = sizeof(enclose_tags) / sizeof(enclose_tags[0]),
        .act = act_enclose},
};
const struct sieve_words sieve_x_replace = {words, sizeof(words) / sizeof(words[0])};
