/* EmailBodyPart objects (RFC 8621 section 4.1.4) as parts of a draft: see jmap_compose_private.h. */
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "format/lex.h"
#include "jmap/jmap_compose_private.h"
#include "mime/parameter.h"

/* What the object says, as it stands. */
struct given {
	struct view part_id, blob_id, name, type, charset, disposition, cid, location;
	const json_t *language, *parts;
	bool has_size;
	struct compose_lines lines; /* fields that are given as such */
};

struct part_reader {
	struct composer *c;
	struct view path;
	unsigned depth;
	enum compose_kind kind;
	struct given given;
	struct view type, subtype; /* of the content */
	struct parameters parameters;
	struct buf content_type, fields;
	struct draft_part *part;
};

static void refuse(struct part_reader *r, const char *property, const char *why)
{
	compose_refuse(r->c, r->path, property, why);
}

/* ---- reading the object ---- */

static bool take_string(struct part_reader *r, const char *key, const json_t *value)
{
	struct given *g = &r->given;
	const struct {
		const char *key;
		struct view *out;
	} strings[] = {{"partId", &g->part_id}, {"blobId", &g->blob_id}, {"name", &g->name},
	    {"type", &g->type}, {"charset", &g->charset}, {"disposition", &g->disposition}, {"cid", &g->cid},
	    {"location", &g->location}};
	for (size_t i = 0; i < sizeof strings / sizeof *strings; i++)
		if (strcmp(strings[i].key, key) == 0) {
			*strings[i].out = jmap_string(value);
			if (!json_is_string(value) || json_string_length(value) == 0)
				refuse(r, key, "it is no string, or empty");
			return true;
		}
	return false;
}

static bool take_array(struct part_reader *r, const char *key, const json_t *value)
{
	bool is_language = strcmp(key, "language") == 0;
	if (!is_language && strcmp(key, "subParts") != 0)
		return false;
	if (!json_is_array(value))
		refuse(r, key, "it is no array");
	else
		*(is_language ? &r->given.language : &r->given.parts) = value;
	return true;
}

/* A field that is not about the content belongs to the message, if this is its root. */
static bool take_field(struct part_reader *r, const char *key, const json_t *value)
{
	struct view name = view_from_string(key);
	bool content = view_starts_nocase(name, VIEW("header:Content-"));
	if (r->kind == COMPOSE_ROOT && !content)
		return compose_field(r->c, &r->c->header, r->path, key, value);
	return compose_field(r->c, &r->given.lines, r->path, key, value);
}

static void take_property(struct part_reader *r, const char *key, const json_t *value)
{
	if (strcmp(key, "headers") == 0)
		refuse(r, key, "header fields are set one by one");
	else if (json_is_null(value) || take_string(r, key, value) || take_array(r, key, value) ||
	         take_field(r, key, value))
		return;
	else if (strcmp(key, "size") != 0)
		refuse(r, key, "a body part has no such property");
	else
		r->given.has_size = true;
}

static void read_object(struct part_reader *r, const json_t *object)
{
	json_t *o = (json_t *)object, *value;
	const char *key;
	compose_lines_init(r->c, &r->given.lines, json_object_size(o));
	json_object_foreach(o, key, value) take_property(r, key, value);
}

/* The field, if it was given as such; then no other property may say the same. */
static const struct compose_line *own(struct part_reader *r, const char *name, const char *first,
    struct view first_value, const char *second, struct view second_value)
{
	const struct compose_line *line = compose_find(&r->given.lines, view_from_string(name));
	static const char why[] = "two properties are the same header field";
	if (line == NULL)
		return NULL;
	if (first_value.len)
		refuse(r, first, why);
	if (second_value.len)
		refuse(r, second, why);
	if (first_value.len || second_value.len)
		refuse(r, line->property.data, why);
	return line;
}

/* ---- the type ---- */

static bool is_token(struct view v)
{
	for (size_t i = 0; i < v.len; i++)
		if (!lex_is_mime_token(v.data[i]) || (unsigned char)v.data[i] >= 0x80)
			return false;
	return v.len > 0 && v.len <= COMPOSE_TYPE_MAX;
}

static bool split_type(struct part_reader *r, struct view type)
{
	ptrdiff_t slash = view_find(type, '/');
	if (slash < 0)
		return false;
	r->type = view_take(type, (size_t)slash);
	r->subtype = view_skip(type, (size_t)slash + 1);
	return is_token(r->type) && is_token(r->subtype);
}

static struct view usual_type(const struct part_reader *r)
{
	if (r->kind == COMPOSE_HTML_BODY)
		return VIEW("text/html");
	if (r->given.parts)
		return VIEW("multipart/mixed");
	return r->given.blob_id.len && r->kind != COMPOSE_TEXT_BODY ? VIEW("application/octet-stream")
	                                                            : VIEW("text/plain");
}

/* The whole field as it was given, without its line end. */
static void read_own_type(struct part_reader *r, const struct compose_line *line)
{
	struct media_type type = {0};
	bool defective = false;
	struct view text = view_take(line->text, line->text.len - 2);
	struct view body = view_skip(text, line->name.len + 1);
	if (media_type_parse(body, r->c->arena, &type, &defective) != 0)
		r->c->no_memory = true;
	if (defective || !is_token(type.type) || !is_token(type.subtype))
		refuse(r, line->property.data, "it is no type of content");
	r->type = type.type;
	r->subtype = type.subtype;
	r->parameters = type.parameters;
	if (parameter_find(&type.parameters, VIEW("boundary")).data)
		refuse(r, line->property.data, "the server chooses the boundary");
	buf_append(&r->content_type, text);
}

static void read_type(struct part_reader *r)
{
	const struct compose_line *line =
	    own(r, "Content-Type", "type", r->given.type, "charset", r->given.charset);
	if (line) {
		read_own_type(r, line);
		return;
	}
	struct view type = r->given.type.len ? r->given.type : usual_type(r);
	if (!split_type(r, type))
		refuse(r, "type", "it is no type of content");
	buf_printf(&r->content_type, "Content-Type: %.*s", VIEW_FMT(type));
	if (r->given.charset.len && !is_token(r->given.charset))
		refuse(r, "charset", "it is no name of a charset");
	else if (r->given.charset.len)
		buf_printf(&r->content_type, "; charset=%.*s", VIEW_FMT(r->given.charset));
}

static bool is_type(const struct part_reader *r, const char *type)
{
	return view_equal_nocase(r->type, view_from_string(type));
}

static void check_kind(struct part_reader *r)
{
	bool text = is_type(r, "text");
	if (r->kind == COMPOSE_TEXT_BODY && !(text && view_equal_nocase(r->subtype, VIEW("plain"))))
		refuse(r, "type", "textBody is of type text/plain");
	if (r->kind == COMPOSE_HTML_BODY && !(text && view_equal_nocase(r->subtype, VIEW("html"))))
		refuse(r, "type", "htmlBody is of type text/html");
	if (r->kind == COMPOSE_ATTACHMENT && is_type(r, "multipart"))
		refuse(r, "type", "an attachment has no parts");
}

/* ---- other fields ---- */

static void add_field(struct part_reader *r, const char *property, const struct draft_field *field)
{
	const char *why = NULL;
	int error = draft_field_write(&r->fields, field, &why);
	if (why)
		refuse(r, property, why);
	else if (error)
		r->c->no_memory = true;
}

static bool is_name(struct view name)
{
	for (size_t i = 0; i < name.len; i++)
		if ((unsigned char)name.data[i] < ' ' || name.data[i] == 0x7f)
			return false;
	return name.len <= COMPOSE_FILE_NAME_MAX;
}

/*
 * A file's name stands in Content-Disposition; a part that is to have no disposition has it in Content-Type,
 * as section 4.1.4 reads it.
 */
static void read_disposition(struct part_reader *r)
{
	struct given *g = &r->given;
	bool own_type = compose_find(&g->lines, VIEW("Content-Type"));
	struct view disposition = g->disposition;
	if (own(r, "Content-Disposition", "disposition", g->disposition, "name", g->name))
		return;
	if (disposition.len && !is_token(disposition))
		refuse(r, "disposition", "it is no disposition");
	if (!is_name(g->name)) {
		refuse(r, "name", "it is too long, or contains a control character");
		return;
	}
	if (disposition.len == 0 && (r->kind == COMPOSE_ATTACHMENT || (own_type && g->name.len)))
		disposition = VIEW("attachment");
	if (disposition.len) {
		buf_printf(&r->fields, "Content-Disposition: %.*s", VIEW_FMT(disposition));
		if (g->name.len)
			parameter_write(&r->fields, "filename", g->name);
		buf_append(&r->fields, VIEW("\r\n"));
	} else if (g->name.len) {
		parameter_write(&r->content_type, "name", g->name);
	}
}

static void read_language(struct part_reader *r)
{
	struct view none = {0}, some = VIEW("x");
	size_t count = json_array_size(r->given.language);
	if (own(r, "Content-Language", "language", count ? some : none, "", none) || count == 0)
		return;
	buf_append(&r->fields, VIEW("Content-Language:"));
	for (size_t i = 0; i < count; i++) {
		struct view tag = jmap_string(json_array_get(r->given.language, i));
		if (!is_token(tag)) {
			refuse(r, "language", "it is no list of language tags");
			return;
		}
		buf_printf(&r->fields, "%s %.*s", i ? "," : "", VIEW_FMT(tag));
	}
	buf_append(&r->fields, VIEW("\r\n"));
}

static void read_cid(struct part_reader *r)
{
	struct view none = {0};
	if (!own(r, "Content-ID", "cid", r->given.cid, "", none) && r->given.cid.len)
		add_field(r, "cid",
		    &(struct draft_field){.name = VIEW("Content-ID"),
		        .form = HEADER_FORM_MESSAGE_IDS,
		        .items = &r->given.cid,
		        .item_count = 1});
}

static void read_location(struct part_reader *r)
{
	struct view none = {0}, at = r->given.location;
	struct buf text;
	if (own(r, "Content-Location", "location", at, "", none) || at.len == 0)
		return;
	if (!utf8_is_ascii(at)) {
		refuse(r, "location", "it is no URI");
		return;
	}
	buf_init(&text, LINE_MAX_OCTETS + 1);
	buf_append_byte(&text, ' ');
	buf_append(&text, view_take(at, LINE_MAX_OCTETS));
	add_field(r, "location",
	    &(struct draft_field){
	        .name = VIEW("Content-Location"), .form = HEADER_FORM_RAW, .text = buf_view(&text)});
	buf_done(&text);
}

/* What was given as a field, but for Content-Type, which has a place of its own. */
static void read_own_fields(struct part_reader *r)
{
	for (size_t i = 0; i < r->given.lines.count; i++) {
		const struct compose_line *line = &r->given.lines.items[i];
		if (view_equal_nocase(line->name, VIEW("Content-Transfer-Encoding")))
			refuse(r, line->property.data, "the server chooses the encoding");
		else if (!view_equal_nocase(line->name, VIEW("Content-Type")))
			buf_append(&r->fields, line->text);
	}
}

/* ---- the content ---- */

static void read_text(struct part_reader *r)
{
	struct given *g = &r->given;
	const json_t *value = json_object_getn(r->c->values, g->part_id.data, g->part_id.len);
	struct view charset = parameter_find(&r->parameters, VIEW("charset"));
	if (g->charset.len)
		refuse(r, "charset", "the server chooses the charset of a text");
	if (g->has_size)
		refuse(r, "size", "a text has the size that it has");
	if (is_type(r, "message"))
		refuse(r, "type", "a message is given as a blob");
	if (!json_is_object(value)) {
		refuse(r, "partId", "bodyValues has no such part");
		return;
	}
	r->part->content = DRAFT_TEXT;
	r->part->text = jmap_string(json_object_get(value, "value"));
	r->part->adds_charset = is_type(r, "text") && charset.len == 0;
	if (charset.len && !view_equal_nocase(charset, VIEW("utf-8")) &&
	    !(view_equal_nocase(charset, VIEW("us-ascii")) && utf8_is_ascii(r->part->text)))
		refuse(r, "header:Content-Type", "texts are in UTF-8");
}

static void read_blob(struct part_reader *r)
{
	struct jmap_composed *out = r->c->out;
	bool is_global = r->subtype.len >= 6 && view_starts_nocase(r->subtype, VIEW("global"));
	r->part->content = DRAFT_BLOB;
	r->part->blob = out->blob_count;
	r->part->encoding = TRANSFER_BASE64;
	if (out->blobs && out->blob_count < COMPOSE_PARTS_MAX)
		out->blobs[out->blob_count++] = (struct jmap_compose_blob){.id = r->given.blob_id,
		    .part = r->part,
		    .is_text = is_type(r, "text"),
		    .is_message = is_type(r, "message") && !is_global};
}

static void read_parts(struct part_reader *r)
{
	size_t count = json_array_size(r->given.parts);
	struct composer *c = r->c;
	if (r->given.part_id.len)
		refuse(r, "partId", "a multipart has parts instead");
	if (r->given.blob_id.len)
		refuse(r, "blobId", "a multipart has parts instead");
	if (count > COMPOSE_PARTS_MAX || r->depth >= COMPOSE_DEPTH_MAX) {
		c->out->too_large = true;
		return;
	}
	r->part->content = DRAFT_PARTS;
	r->part->parts = compose_alloc(c, count, sizeof *r->part->parts);
	r->part->part_count = r->part->parts ? count : 0;
	for (size_t i = 0; i < r->part->part_count && !c->out->too_large; i++) {
		char path[48];
		struct buf whole;
		snprintf(path, sizeof path, "/subParts/%zu", i);
		buf_init(&whole, COMPOSE_PROPERTIES_MAX);
		buf_append(&whole, r->path);
		buf_append_string(&whole, path);
		compose_part(c, json_array_get(r->given.parts, i), compose_copy(c, buf_view(&whole)),
		    r->depth + 1, COMPOSE_ANY, &r->part->parts[i]);
		buf_done(&whole);
	}
}

static void read_content(struct part_reader *r)
{
	bool parts = is_type(r, "multipart");
	if (r->given.parts && !parts)
		refuse(r, "subParts", "only a multipart has parts");
	else if (parts)
		read_parts(r);
	else if (r->given.part_id.len && r->given.blob_id.len)
		refuse(r, "blobId", "a part has a partId or a blobId, not both");
	else if (r->given.part_id.len)
		read_text(r);
	else if (r->given.blob_id.len)
		read_blob(r);
	else
		refuse(r, "partId", "a part has a partId or a blobId");
}

void compose_part(struct composer *c, const json_t *object, struct view path, unsigned depth,
    enum compose_kind kind, struct draft_part *part)
{
	struct part_reader r = {.c = c, .path = path, .depth = depth, .kind = kind, .part = part};
	c->out->too_large |= ++c->parts > COMPOSE_PARTS_MAX;
	if (!json_is_object(object)) {
		compose_refuse(c, (struct view){0}, path.data, "a body part is an object");
		return;
	}
	buf_init(&r.content_type, MIME_FIELD_MAX);
	buf_init(&r.fields, MIME_HEADER_MAX);
	read_object(&r, object);
	read_type(&r);
	check_kind(&r);
	read_disposition(&r);
	read_cid(&r);
	read_language(&r);
	read_location(&r);
	read_own_fields(&r);
	read_content(&r);
	part->content_type = compose_copy(c, buf_view(&r.content_type));
	part->fields = compose_copy(c, buf_view(&r.fields));
	c->header_octets += part->content_type.len + part->fields.len;
	c->no_memory |= buf_failed(&r.content_type) || buf_failed(&r.fields);
	buf_done(&r.content_type);
	buf_done(&r.fields);
}
