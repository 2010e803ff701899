/* What is read of parts, and their values (EmailBodyValue): jmap_part.h. */
#include "jmap/jmap_part.h"

#include <errno.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "format/charset.h"
#include "format/limits.h"
#include "mime/html_clean.h"

enum {
	/* Encoded octets that hold an octet of UTF-8 at most: two of UTF-16, each three of quoted-printable.
	 */
	ENCODED_GROWTH = 6,
	/* More than the limit asks for, since lines are cut off where the reading ends. */
	READ_MORE = 4096,
	UTF8_GROWTH = 3 /* an octet of an old charset becomes three of UTF-8 */
};

static bool is_in(const struct jmap_part_list *list, size_t part)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i] == part)
			return true;
	return false;
}

static bool is_encoded(const struct mime_part *part)
{
	return part->encoding == TRANSFER_BASE64 || part->encoding == TRANSFER_QUOTED_PRINTABLE;
}

static void plan_part(struct jmap_part_reads *r, const struct mime_tree *tree, size_t index,
    const struct jmap_bodies *bodies, const struct jmap_part_form *form, struct jmap_values_wanted values)
{
	const struct mime_part *part = &tree->parts[index];
	bool multipart = jmap_part_is_multipart(tree, index), text = media_type_is(&part->type, "text", NULL);
	struct jmap_part_read read = {.part = (uint16_t)index};
	read.wants_header = form && (form->header_count > 0 || form->properties & JMAP_PART_HEADERS);
	read.wants_size = form && form->properties & JMAP_PART_SIZE && !multipart && is_encoded(part);
	read.wants_value = text && (values.all || (values.text && is_in(&bodies->text, index)) ||
	                               (values.html && is_in(&bodies->html, index)));
	if (!read.wants_header && !read.wants_size && !read.wants_value)
		return;
	transfer_decoder_init(&read.decoder, part->encoding);
	read.decoder.shows_footer = text;
	buf_init(&read.header, MIME_HEADER_MAX);
	buf_init(&read.value, JMAP_BODY_VALUE_MAX + READ_MORE);
	r->items[r->count++] = read;
}

/* Parts that lie in the message itself, not in one within it. The recursion is bounded by MIME_DEPTH_MAX. */
static void plan_below(struct jmap_part_reads *r, const struct mime_tree *tree, size_t index,
    const struct jmap_bodies *bodies, const struct jmap_part_form *form, struct jmap_values_wanted values)
{
	plan_part(r, tree, index, bodies, form, values);
	if (!jmap_part_is_multipart(tree, index))
		return;
	for (int i = mime_first_child(tree, index); i >= 0; i = mime_next_sibling(tree, (size_t)i))
		plan_below(r, tree, (size_t)i, bodies, form, values);
}

void jmap_part_reads_plan(struct jmap_part_reads *r, const struct mime_tree *tree, size_t root,
    const struct jmap_bodies *bodies, const struct jmap_part_form *form, struct jmap_values_wanted values,
    uint64_t value_max, uint64_t prefix_len)
{
	*r =
	    (struct jmap_part_reads){.value_max = value_max, .prefix_len = prefix_len, .clean = values.clean};
	r->items = mem_array(tree->count, sizeof *r->items);
	plan_below(r, tree, root, bodies, form, values);
}

void jmap_part_reads_done(struct jmap_part_reads *r)
{
	for (size_t i = 0; i < r->count; i++) {
		buf_done(&r->items[i].header);
		buf_done(&r->items[i].value);
	}
	mem_free(r->items);
	*r = (struct jmap_part_reads){0};
}

/* Octets of the body that are read. */
static uint64_t body_len(const struct jmap_part_reads *r, const struct mime_part *part, size_t index)
{
	const struct jmap_part_read *read = &r->items[index];
	if (!read->wants_size && !read->wants_value)
		return 0;
	if (read->wants_size || r->value_max == 0 || r->value_max >= JMAP_BODY_VALUE_MAX)
		return part->body_len;
	uint64_t enough = r->value_max * ENCODED_GROWTH + READ_MORE;
	return part->body_len < enough ? part->body_len : enough;
}

struct jmap_part_extent jmap_part_read_extent(
    const struct jmap_part_reads *r, const struct mime_tree *tree, size_t index)
{
	const struct jmap_part_read *read = &r->items[index];
	const struct mime_part *part = &tree->parts[read->part];
	uint64_t body = body_len(r, part, index);
	if (!read->wants_header)
		return (struct jmap_part_extent){.offset = r->prefix_len + part->body_offset, .len = body};
	uint64_t from = read->part == 0 ? 0 : r->prefix_len + part->header_offset;
	uint64_t header = r->prefix_len + part->body_offset - from;
	return (struct jmap_part_extent){.offset = from, .len = header + body, .header_len = header};
}

/* Keeps what has room; the rest is only counted. */
static int keep_value(struct jmap_part_read *read, struct view decoded)
{
	size_t room = read->value.max - read->value.len;
	read->decoded += decoded.len;
	if (!read->wants_value)
		return 0;
	read->cut |= decoded.len > room && !read->wants_size;
	return buf_append(&read->value, view_take(decoded, room));
}

static int feed_body(struct jmap_part_read *read, struct view bytes, bool last)
{
	struct buf decoded;
	buf_init(&decoded, bytes.len + sizeof read->decoder.held + READ_MORE);
	int error = transfer_decode(&read->decoder, bytes, &decoded);
	if (error == 0 && last)
		error = transfer_decode_end(&read->decoder, &decoded);
	if (error == 0)
		error = keep_value(read, buf_view(&decoded));
	buf_done(&decoded);
	return error ? -ENOMEM : 0;
}

int jmap_part_read_feed(
    struct jmap_part_reads *r, const struct mime_tree *tree, size_t index, struct view bytes, bool last)
{
	struct jmap_part_read *read = &r->items[index];
	struct jmap_part_extent extent = jmap_part_read_extent(r, tree, index);
	if (read->read < extent.header_len) {
		struct view header = view_take(bytes, (size_t)(extent.header_len - read->read));
		read->read += header.len;
		bytes = view_skip(bytes, header.len);
		/* What is past the limit of all readers of headers is left out. */
		size_t room = read->header.max - read->header.len;
		if (buf_append(&read->header, view_take(header, room)) == -ENOMEM)
			return -ENOMEM;
	}
	read->read += bytes.len;
	if (!read->wants_size && !read->wants_value)
		return 0;
	int error = feed_body(read, bytes, last);
	const struct mime_part *part = &tree->parts[read->part];
	if (last && body_len(r, part, index) < part->body_len)
		read->cut = true;
	return error;
}

int jmap_part_reads_all(struct jmap_part_reads *r, const struct mime_tree *tree, struct view message)
{
	int error = 0;
	for (size_t i = 0; i < r->count && error == 0; i++) {
		struct jmap_part_extent e = jmap_part_read_extent(r, tree, i);
		error = jmap_part_read_feed(
		    r, tree, i, view_take(view_skip(message, (size_t)e.offset), (size_t)e.len), true);
	}
	return error;
}

/* ---- values ---- */

/* Line ends become LF. */
static void normalise_lines(struct buf *text)
{
	struct view v = buf_view(text);
	char *to = text->data ? text->data + text->start : NULL;
	size_t kept = 0;
	for (size_t i = 0; i < v.len; i++)
		if (v.data[i] != '\r' || i + 1 >= v.len || v.data[i + 1] != '\n')
			to[kept++] = v.data[i];
	buf_truncate(text, kept);
}

/* How much of the text is given: whole characters, and of HTML no tag that is begun and not ended. */
static size_t cut_at(struct view text, size_t max, bool html)
{
	size_t n = max;
	while (n > 0 && ((unsigned char)text.data[n] & 0xc0) == 0x80)
		n--;
	if (!html)
		return n;
	ptrdiff_t begun = view_find_last(view_take(text, n), '<');
	if (begun >= 0 && view_find(view_skip(view_take(text, n), (size_t)begun), '>') < 0)
		n = (size_t)begun;
	return n;
}

/* Without what runs or loads. What has no room, or no memory, is cut off. */
static struct view clean(struct view html, struct buf *out, bool *cut)
{
	if (html_clean(html, out) == 0)
		return buf_view(out);
	struct view whole = buf_view(out);
	*cut = true;
	return whole.len ? view_take(whole, cut_at(whole, whole.len - 1, true)) : whole;
}

static void write_value(
    struct json_out *out, const struct jmap_part_source *source, const struct jmap_part_read *read)
{
	const struct mime_part *part = &source->tree->parts[read->part];
	struct view charset = parameter_find(&part->type.parameters, VIEW("charset")),
	            raw = buf_view(&read->value);
	uint64_t max = source->reads->value_max;
	bool cut = read->cut || read->decoded > read->value.len, problem = false;
	bool html = media_type_is(&part->type, "text", "html");
	struct buf text, cleaned;
	/* Where the reading ended a character may be torn: the last line goes. */
	ptrdiff_t line = cut ? view_find_last(raw, '\n') : -1;
	if (line >= 0)
		raw = view_take(raw, (size_t)line + 1);
	buf_init(&text, UTF8_GROWTH * (size_t)JMAP_BODY_VALUE_MAX + UTF8_GROWTH * READ_MORE);
	buf_init(&cleaned, UTF8_GROWTH * (size_t)JMAP_BODY_VALUE_MAX);
	charset_to_utf8(charset, raw, &text, &problem);
	normalise_lines(&text);
	if (max == 0 || max > JMAP_BODY_VALUE_MAX)
		max = JMAP_BODY_VALUE_MAX;
	struct view value = buf_view(&text);
	if (value.len > max) {
		value = view_take(value, cut_at(value, (size_t)max, html));
		cut = true;
	}
	if (html && source->reads->clean)
		value = clean(value, &cleaned, &cut);
	json_out_object(out);
	json_out_name(out, VIEW("value"));
	json_out_string(out, value);
	json_out_name(out, VIEW("isEncodingProblem"));
	json_out_bool(out, problem || part->encoding == TRANSFER_UNKNOWN || read->decoder.defective);
	json_out_name(out, VIEW("isTruncated"));
	json_out_bool(out, cut);
	json_out_end(out);
	buf_done(&text);
	buf_done(&cleaned);
}

void jmap_part_values_write(struct json_out *out, const struct jmap_part_source *source)
{
	struct buf number;
	buf_init(&number, JMAP_PART_ID_MAX);
	json_out_object(out);
	for (size_t i = 0; i < source->reads->count; i++) {
		const struct jmap_part_read *read = &source->reads->items[i];
		if (!read->wants_value)
			continue;
		json_out_name(out, jmap_part_id(source, read->part, &number));
		write_value(out, source, read);
	}
	json_out_end(out);
	buf_done(&number);
}
