/* The second pass: leaves are encoded as they pass, headers that change are gathered and written anew. */
#include <errno.h>

#include "base/utf8.h"
#include "mime/downgrade_private.h"

/* ---- headers ---- */

/* The length of the blank line at the block's end; 0 if there is none. */
static size_t blank_line(struct view block)
{
	struct view rest = block;
	if (rest.len == 0 || rest.data[rest.len - 1] != '\n')
		return 0;
	rest.len--;
	if (rest.len > 0 && rest.data[rest.len - 1] == '\r')
		rest.len--;
	return rest.len == 0 || rest.data[rest.len - 1] == '\n' ? block.len - rest.len : 0;
}

static void copy_fields(struct view fields, unsigned edit, struct buf *out)
{
	struct header_reader reader = header_read(fields);
	struct header_field field;
	size_t copied = 0;
	while (edit & (EDIT_ENCODING | EDIT_FIELDS) && header_next(&reader, &field)) {
		bool goes =
		    edit & EDIT_ENCODING && view_equal_nocase(field.name, VIEW("Content-Transfer-Encoding"));
		bool changes = edit & EDIT_FIELDS && !goes &&
		               !utf8_is_ascii(view_take(view_skip(fields, field.offset), field.len));
		if (!goes && !changes)
			continue;
		buf_append(out, view_take(view_skip(fields, copied), field.offset - copied));
		copied = field.offset + field.len;
		if (changes)
			downgrade_write_field(&field, out);
	}
	struct view rest = view_skip(fields, copied);
	buf_append(out, rest);
	if (rest.len > 0 && rest.data[rest.len - 1] != '\n')
		buf_append(out, VIEW("\r\n"));
}

static bool has_field(struct view block, struct view name)
{
	struct view body;
	return header_find(block, name, &body);
}

/* The leaf whose header this is; NULL for what holds other parts. */
static const struct segment *leaf_of(const struct downgrade *d, const struct segment *header)
{
	const struct segment *next = header + 1;
	return next < d->segments + d->count && next->kind == SEGMENT_LEAF ? next : NULL;
}

static void write_header(struct downgrade *d, const struct segment *s, struct buf *out)
{
	struct view block = buf_view(&d->header);
	struct view fields = view_take(block, block.len - blank_line(block));
	const struct segment *leaf = leaf_of(d, s);
	copy_fields(fields, s->edit, out);
	if (s->edit & EDIT_VERSION && !has_field(fields, VIEW("MIME-Version")))
		buf_append(out, VIEW("MIME-Version: 1.0\r\n"));
	/* RFC 1428: whatever it is, it is not US-ASCII, which saying nothing would mean. */
	if (leaf && leaf->encode && leaf->eight_bit && !has_field(fields, VIEW("Content-Type")))
		buf_append(out, VIEW("Content-Type: text/plain; charset=unknown-8bit\r\n"));
	if (s->edit & EDIT_ENCODING)
		buf_printf(out, "Content-Transfer-Encoding: %s\r\n", transfer_encoding_name(s->encoding));
	buf_append(out, VIEW("\r\n"));
}

/* ---- segments ---- */

/* Nobody reads what stands between the parts. */
static void copy_narrow(struct view bytes, struct buf *out)
{
	for (size_t i = 0; i < bytes.len; i++) {
		unsigned char c = (unsigned char)bytes.data[i];
		buf_append_byte(out, c == '\0' || c >= 0x80 ? '?' : (char)c);
	}
}

static void convert_piece(struct downgrade *d, struct segment *s, struct view bytes, struct buf *out)
{
	if (s->kind == SEGMENT_HEADER && s->edit)
		buf_append(&d->header, bytes);
	else if (s->encode)
		transfer_encode(&d->encoder, bytes, out);
	else if (s->kind == SEGMENT_BETWEEN && (s->eight_bit || s->nul))
		copy_narrow(bytes, out);
	else
		buf_append(out, bytes);
}

static void convert_end(struct downgrade *d, struct segment *s, struct buf *out)
{
	if (s->kind == SEGMENT_HEADER) {
		const struct segment *leaf = leaf_of(d, s);
		if (s->edit)
			write_header(d, s, out);
		buf_done(&d->header);
		if (leaf && leaf->encode)
			transfer_encoder_init(&d->encoder, leaf->encoding, true);
	} else if (s->encode) {
		transfer_encode_end(&d->encoder, out);
	}
}

static const struct downgrade_pass conversion = {convert_piece, convert_end};

int downgrade_convert(struct downgrade *d, struct view bytes, struct buf *out)
{
	downgrade_walk(d, &conversion, bytes, out);
	return buf_failed(out) || buf_failed(&d->header) ? -ENOBUFS : 0;
}

int downgrade_end(struct downgrade *d, struct buf *out)
{
	return downgrade_convert(d, VIEW(""), out);
}
