/* The schema-driven codec of codec.h. */
#include "io/codec.h"

#include <errno.h>
#include <string.h>

#include "base/cursor.h"
#include "base/show.h"

/* ---- values ---- */

static bool number_fits(const struct codec_field *field, uint64_t n)
{
	if (field->kind == CODEC_SIGNED)
		return n <= field->max ||
		       n >= 0 - field->max; /* negative ones stand at the end of the range */
	return n >= field->min && n <= field->max;
}

static bool is_free_of_controls(struct view v, bool lines)
{
	for (size_t i = 0; i < v.len; i++) {
		unsigned char c = (unsigned char)v.data[i];
		if ((c < ' ' && !(lines && (c == '\n' || c == '\t'))) || c == 0x7f)
			return false;
	}
	return true;
}

static bool is_word(struct view v)
{
	for (size_t i = 0; i < v.len; i++)
		if (!ascii_is_print(v.data[i]) || v.data[i] == ' ')
			return false;
	return true;
}

static bool is_header(struct view v)
{
	struct view line;
	if (v.len > 0 && v.data[v.len - 1] != '\n')
		return false;
	while (v.len > 0 && view_next(&v, '\n', &line)) {
		if (line.len < 2 || line.data[line.len - 1] != '\r')
			return false;
		line.len--;
		if (view_find(line, '\r') >= 0 || view_find(line, '\0') >= 0)
			return false;
	}
	return true;
}

static bool view_fits(const struct codec_field *field, struct view v)
{
	if (v.len > field->max)
		return false;
	switch (field->kind) {
	case CODEC_TEXT:
		return is_free_of_controls(v, true);
	case CODEC_LINE:
		return is_free_of_controls(v, false);
	case CODEC_WORD:
		return is_word(v);
	case CODEC_ADDRESS:
		return show_is_value(v);
	case CODEC_HEADER:
		return is_header(v);
	default:
		return true;
	}
}

/* ---- writing ---- */

static int encode_field(struct buf *out, const struct codec_field *field, const char *message)
{
	const void *member = message + field->offset;
	if (field->kind == CODEC_U64 || field->kind == CODEC_SIGNED) {
		uint64_t n = *(const uint64_t *)member;
		return number_fits(field, n) ? buf_append_u64(out, n) : -EMSGSIZE;
	}
	if (codec_is_view(field->kind)) {
		const struct view *v = member;
		if (!view_fits(field, *v))
			return -EMSGSIZE;
		int error = buf_append_u32(out, (uint32_t)v->len);
		return error ? error : buf_append(out, *v);
	}
	const struct codec_list *list = member;
	if (list->count > field->max)
		return -EMSGSIZE;
	int error = buf_append_u32(out, (uint32_t)list->count);
	for (size_t i = 0; i < list->count && error == 0; i++)
		error =
		    codec_encode(out, field->element, (const char *)list->items + i * field->element->size);
	return error;
}

int codec_encode(struct buf *out, const struct codec_schema *schema, const void *message)
{
	size_t before = buf_view(out).len;
	for (size_t i = 0; i < schema->count; i++) {
		int error = encode_field(out, &schema->fields[i], message);
		if (error) {
			buf_truncate(out, before);
			return error;
		}
	}
	return 0;
}

/* ---- reading ---- */

static int decode_fields(
    struct cursor *in, const struct codec_schema *schema, char *message, struct arena *arena);

static int decode_list(
    struct cursor *in, const struct codec_field *field, struct codec_list *list, struct arena *arena)
{
	size_t count = cursor_u32(in);
	/* An element takes at least a byte, so a count past the bytes that are left is a lie: no memory for
	 * it. */
	if (!cursor_ok(in) || count > field->max || count > in->rest.len)
		return -EBADMSG;
	char *items = count ? arena_array(arena, count, field->element->size) : NULL;
	if (count && items == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		int error = decode_fields(in, field->element, items + i * field->element->size, arena);
		if (error)
			return error;
	}
	*list = (struct codec_list){.items = items, .count = count};
	return 0;
}

static int decode_fields(
    struct cursor *in, const struct codec_schema *schema, char *message, struct arena *arena)
{
	for (size_t i = 0; i < schema->count; i++) {
		const struct codec_field *field = &schema->fields[i];
		void *member = message + field->offset;
		if (field->kind == CODEC_U64 || field->kind == CODEC_SIGNED) {
			uint64_t n = cursor_u64(in);
			if (!number_fits(field, n))
				return -EBADMSG;
			*(uint64_t *)member = n;
		} else if (codec_is_view(field->kind)) {
			size_t len = cursor_u32(in);
			if (len > field->max)
				return -EBADMSG;
			struct view v = cursor_bytes(in, len);
			if (!view_fits(field, v))
				return -EBADMSG;
			*(struct view *)member = v;
		} else {
			int error = decode_list(in, field, member, arena);
			if (error)
				return error;
		}
		if (!cursor_ok(in))
			return -EBADMSG;
	}
	return 0;
}

int codec_decode(struct view in, const struct codec_schema *schema, void *message, struct arena *arena)
{
	struct cursor cursor = cursor_on(in);
	memset(message, 0, schema->size);
	int error = decode_fields(&cursor, schema, message, arena);
	if (error == 0 && !cursor_at_end(&cursor))
		error = -EBADMSG;
	if (error)
		memset(message, 0, schema->size);
	return error;
}
