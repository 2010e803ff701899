/*
 * Header fields of a body part: RFC 2045 sections 4 to 8, RFC 1864 (MD5), 2183 (disposition), 2557
 * (location), 3282 (language). Of a repeated field the first one counts.
 */
#include "mime/mime_part.h"

#include <string.h>

#include "format/header.h"
#include "format/limits.h"

void mime_part_defect(struct mime_tree *tree, size_t index, enum mime_defect defect)
{
	tree->parts[index].defects |= UINT32_C(1) << defect;
	tree->defects |= UINT32_C(1) << defect;
}

/* RFC 2045 section 5.2; in a digest RFC 2046, section 5.1.5. */
void mime_part_init(struct mime_part *part, bool in_digest)
{
	*part = (struct mime_part){.parent = -1, .encoding = TRANSFER_7BIT};
	part->type.type = in_digest ? VIEW("message") : VIEW("text");
	part->type.subtype = in_digest ? VIEW("rfc822") : VIEW("plain");
}

void mime_part_make_text(struct mime_part *part)
{
	part->type.type = VIEW("text");
	part->type.subtype = VIEW("plain");
}

struct field {
	struct mime_tree *tree;
	size_t index;
	struct mime_part *part;
	struct view body;
	struct arena *arena;
};

static void content_type(struct field *f)
{
	bool defective = false;
	if (media_type_parse(f->body, f->arena, &f->part->type, &defective))
		mime_part_defect(f->tree, f->index, MIME_KEPT_LIMIT);
	if (defective)
		mime_part_defect(f->tree, f->index, MIME_CONTENT_TYPE);
}

static void content_disposition(struct field *f)
{
	bool defective = false;
	if (content_disposition_parse(
	        f->body, f->arena, &f->part->disposition, &f->part->disposition_parameters, &defective))
		mime_part_defect(f->tree, f->index, MIME_KEPT_LIMIT);
	if (defective)
		mime_part_defect(f->tree, f->index, MIME_DISPOSITION);
}

/* The body on one line. */
static void text(struct field *f, struct view *value)
{
	struct buf line;
	buf_init(&line, f->body.len + 1);
	header_unfold(f->body, &line);
	if (!arena_copy(f->arena, buf_view(&line), value))
		mime_part_defect(f->tree, f->index, MIME_KEPT_LIMIT);
	buf_done(&line);
}

static void envelope_field(struct field *f, struct view name)
{
	struct envelope *e = f->part->envelope;
	if (e == NULL && (e = f->part->envelope = arena_alloc(f->arena, sizeof *e)) == NULL) {
		mime_part_defect(f->tree, f->index, MIME_KEPT_LIMIT);
		return;
	}
	envelope_add(e, name, f->body, f->arena);
	if (e->truncated)
		mime_part_defect(f->tree, f->index, MIME_KEPT_LIMIT);
}

enum seen { SEEN_TYPE = 1, SEEN_DISPOSITION = 2 };

void mime_part_field(
    struct mime_tree *tree, size_t index, struct view name, struct view body, struct arena *arena)
{
	struct mime_part *part = &tree->parts[index];
	struct field f = {tree, index, part, body, arena};
	const struct {
		struct view name;
		struct view *value;
	} texts[] = {
	    {VIEW("Content-Transfer-Encoding"), &part->encoding_name},
	    {VIEW("Content-ID"), &part->content_id}, /* RFC 2045 section 7 */
	    {VIEW("Content-Description"), &part->description},
	    {VIEW("Content-Language"), &part->language},
	    {VIEW("Content-Location"), &part->location},
	    {VIEW("Content-MD5"), &part->md5},
	};
	if (!view_starts_nocase(name, VIEW("Content-"))) {
		if (part->is_message)
			envelope_field(&f, name);
		return;
	}
	if (view_equal_nocase(name, VIEW("Content-Type")) && !(part->seen & SEEN_TYPE)) {
		part->seen |= SEEN_TYPE;
		content_type(&f);
	} else if (view_equal_nocase(name, VIEW("Content-Disposition")) && !(part->seen & SEEN_DISPOSITION)) {
		part->seen |= SEEN_DISPOSITION;
		content_disposition(&f);
	}
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		if (view_equal_nocase(name, texts[i].name) && texts[i].value->data == NULL)
			text(&f, texts[i].value);
}

/* The name that a file may be saved under: its last component (RFC 2183 section 2.3), whatever the
 * separator. */
static struct view safe_name(struct view name)
{
	for (size_t i = name.len; i > 0; i--)
		if (name.data[i - 1] == '/' || name.data[i - 1] == '\\')
			return view_skip(name, i);
	return name;
}

static void file_name(struct mime_tree *tree, size_t index, struct arena *arena)
{
	struct mime_part *part = &tree->parts[index];
	struct buf name, clean;
	buf_init(&name, PARAMETER_VALUE_MAX);
	buf_init(&clean, PARAMETER_VALUE_MAX);
	if (!parameter_text(&part->disposition_parameters, VIEW("filename"), &name))
		parameter_text(&part->type.parameters, VIEW("name"), &name);
	struct view v = view_trim(safe_name(buf_view(&name)));
	for (size_t i = 0; i < v.len; i++)
		if ((unsigned char)v.data[i] >= ' ' && v.data[i] != 0x7f)
			buf_append_byte(&clean, v.data[i]);
	if (clean.len && !arena_copy(arena, buf_view(&clean), &part->file_name))
		mime_part_defect(tree, index, MIME_KEPT_LIMIT);
	buf_done(&name);
	buf_done(&clean);
}

/* RFC 2045 section 6.4: what holds other parts is not itself encoded; message/global may be (RFC 6532
 * section 3.7). A message in a message is RFC 2046 section 5.2.1; pieces (RFC 2046 section 5.2.2) and
 * references (RFC 2046 section 5.2.3) are leaves. */
static bool is_composite(const struct media_type *type)
{
	return media_type_is(type, "multipart", NULL) || media_type_is(type, "message", "rfc822");
}

void mime_part_header_done(struct mime_tree *tree, size_t index, struct arena *arena)
{
	struct mime_part *part = &tree->parts[index];
	if (part->encoding_name.data) {
		part->encoding = transfer_encoding_by_name(part->encoding_name);
		bool encoded = part->encoding >= TRANSFER_QUOTED_PRINTABLE;
		if (part->encoding == TRANSFER_UNKNOWN || (encoded && is_composite(&part->type)))
			mime_part_defect(tree, index, MIME_TRANSFER_ENCODING);
	}
	const struct envelope *e = part->envelope;
	if (e && (e->from.defective || e->sender.defective || e->reply_to.defective || e->to.defective ||
	             e->cc.defective || e->bcc.defective))
		mime_part_defect(tree, index, MIME_ADDRESS);
	file_name(tree, index, arena);
}
