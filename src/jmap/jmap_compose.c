/*
 * Email objects for creation: jmap_compose.h. A body that is given as texts and attachments becomes the tree
 * that mail programs make: alternatives of the text, pictures beside the HTML that shows them, files behind.
 */
#include "jmap/jmap_compose.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "jmap/jmap_compose_private.h"

static const struct view no_path;

/* ---- the header ---- */

/* The order in which people read fields; what is not among these stands behind them. */
static const char *const order[] = {"Date", "From", "Sender", "Reply-To", "To", "Cc", "Bcc", "Subject",
    "Message-ID", "In-Reply-To", "References"};
enum { ORDERED = sizeof order / sizeof *order };

/* RFC 5322 section 3.6: trace fields and what belongs to them are in front. */
static bool is_trace(struct view name)
{
	return view_equal_nocase(name, VIEW("Return-Path")) || view_equal_nocase(name, VIEW("Received")) ||
	       view_starts_nocase(name, VIEW("Resent-"));
}

static size_t rank(struct view name)
{
	if (is_trace(name))
		return 0;
	for (size_t i = 0; i < ORDERED; i++)
		if (view_equal_nocase(name, view_from_string(order[i])))
			return i + 1;
	return ORDERED + 1;
}

static void write_header(struct composer *c)
{
	struct buf text;
	buf_init(&text, DRAFT_TEXT_MAX);
	for (size_t at = 0; at <= ORDERED + 1; at++)
		for (size_t i = 0; i < c->header.count; i++)
			if (rank(c->header.items[i].name) == at)
				buf_append(&text, c->header.items[i].text);
	c->no_memory |= buf_failed(&text);
	c->out->draft.header = compose_copy(c, buf_view(&text));
	c->out->draft.has_mime_version = compose_find(&c->header, VIEW("MIME-Version"));
	buf_done(&text);
}

/* RFC 8621 section 4.6: "the server MUST generate" these. */
static void complete_header(struct composer *c, int64_t now, struct view message_id)
{
	if (!compose_find(&c->header, VIEW("Date")))
		compose_add(c, &c->header, no_path,
		    &(struct draft_field){.name = VIEW("Date"),
		        .form = HEADER_FORM_DATE,
		        .date = {.seconds = now, .zone_known = true}});
	if (!compose_find(&c->header, VIEW("Message-ID")))
		compose_add(c, &c->header, no_path,
		    &(struct draft_field){.name = VIEW("Message-ID"),
		        .form = HEADER_FORM_MESSAGE_IDS,
		        .items = &message_id,
		        .item_count = 1});
}

/* ---- properties ---- */

static bool is_among(const char *key, const char *const *names)
{
	while (*names && strcmp(*names, key) != 0)
		names++;
	return *names != NULL;
}

static void take_property(struct composer *c, const char *key, json_t *value)
{
	static const char *const elsewhere[] = {"mailboxIds", "keywords", "receivedAt", "snoozed",
	    "bodyStructure", "textBody", "htmlBody", "attachments", "bodyValues", NULL};
	static const char *const set_by_server[] = {
	    "id", "blobId", "threadId", "size", "preview", "hasAttachment", NULL};
	if (is_among(key, elsewhere))
		return;
	if (strcmp(key, "headers") == 0)
		compose_refuse(c, no_path, key, "header fields are set one by one");
	else if (json_is_null(value))
		return;
	else if (view_starts_nocase(view_from_string(key), VIEW("header:Content-")))
		compose_refuse(c, no_path, key, "it belongs to a body part");
	else if (is_among(key, set_by_server))
		compose_refuse(c, no_path, key, "the server sets it");
	else if (!compose_plain(c, &c->header, key, value) &&
	         !compose_field(c, &c->header, no_path, key, value))
		compose_refuse(c, no_path, key, "an Email has no such property");
}

/* EmailBodyValue: "isEncodingProblem and isTruncated MUST be either false or omitted". */
static void check_value(struct composer *c, struct view path, json_t *value)
{
	json_t *member;
	const char *key;
	bool has_text = false;
	json_object_foreach(value, key, member)
	{
		bool is_text = strcmp(key, "value") == 0;
		bool is_mark = strcmp(key, "isEncodingProblem") == 0 || strcmp(key, "isTruncated") == 0;
		has_text |= is_text && json_is_string(member);
		if (!is_text && !(is_mark && json_is_false(member)))
			compose_refuse(c, path, key,
			    "a body value has its text, and is neither truncated nor badly encoded");
	}
	if (!has_text)
		compose_refuse(c, path, "value", "a body value has no text");
}

static void read_values(struct composer *c)
{
	json_t *values = json_object_get(c->object, "bodyValues"), *value;
	const char *key;
	if (values == NULL || json_is_null(values))
		return;
	if (!json_is_object(values))
		compose_refuse(c, no_path, "bodyValues", "it is no object");
	json_object_foreach(values, key, value)
	{
		struct buf path;
		buf_init(&path, COMPOSE_PROPERTIES_MAX);
		buf_printf(&path, "bodyValues/%s", key);
		check_value(c, buf_view(&path), value);
		buf_done(&path);
	}
	c->values = values;
}

/* ---- the body ---- */

/* What makes a body that is not given as bodyStructure. */
struct convenience {
	struct draft_part *text, *html;
	struct draft_part *pictures, *files; /* arrays */
	size_t picture_count, file_count;
};

/* NULL: there is none. Exactly one part: "textBody MUST contain exactly one body part". */
static struct draft_part *read_body(struct composer *c, const char *name, enum compose_kind kind)
{
	const json_t *list = json_object_get(c->object, name);
	char path[48];
	if (list == NULL || json_is_null(list) || (json_is_array(list) && json_array_size(list) == 0))
		return NULL;
	if (!json_is_array(list) || json_array_size(list) != 1) {
		compose_refuse(c, no_path, name, "it has exactly one part");
		return NULL;
	}
	struct draft_part *part = compose_alloc(c, 1, sizeof *part);
	snprintf(path, sizeof path, "%s/0", name);
	if (part)
		compose_part(
		    c, json_array_get(list, 0), compose_copy(c, view_from_string(path)), 1, kind, part);
	return part;
}

/* A picture that the HTML shows has a Content-ID and is inline. */
static bool is_picture(const json_t *part)
{
	const json_t *disposition = json_object_get(part, "disposition");
	return json_is_string(json_object_get(part, "cid")) &&
	       view_equal_nocase(jmap_string(disposition), VIEW("inline"));
}

static void read_attachments(struct composer *c, struct convenience *v)
{
	const json_t *list = json_object_get(c->object, "attachments");
	size_t count = json_array_size(list);
	if (list == NULL || json_is_null(list))
		return;
	if (!json_is_array(list))
		compose_refuse(c, no_path, "attachments", "it is no array");
	c->out->too_large |= count > COMPOSE_PARTS_MAX;
	if (c->out->too_large)
		return;
	v->pictures = compose_alloc(c, count + 1, sizeof *v->pictures);
	v->files = compose_alloc(c, count + 1, sizeof *v->files);
	for (size_t i = 0; i < count && !c->no_memory && !c->out->too_large; i++) {
		const json_t *object = json_array_get(list, i);
		char path[48];
		snprintf(path, sizeof path, "attachments/%zu", i);
		/* The first of each array is what they stand behind. */
		struct draft_part *part = v->html && is_picture(object) ? &v->pictures[1 + v->picture_count++]
		                                                        : &v->files[1 + v->file_count++];
		compose_part(c, object, compose_copy(c, view_from_string(path)), 1, COMPOSE_ATTACHMENT, part);
	}
}

static struct draft_part *around(
    struct composer *c, const char *content_type, struct draft_part *parts, size_t count)
{
	struct draft_part *part = compose_alloc(c, 1, sizeof *part);
	if (part)
		*part = (struct draft_part){.content_type = view_from_string(content_type),
		    .content = DRAFT_PARTS,
		    .parts = parts,
		    .part_count = count};
	return part;
}

/* What is read: text, HTML with its pictures, or both as one. NULL: neither. */
static struct draft_part *words_of(struct composer *c, struct convenience *v)
{
	struct draft_part *html = v->html;
	if (v->picture_count > 0 && html) {
		v->pictures[0] = *html;
		html = around(c, "Content-Type: multipart/related", v->pictures, v->picture_count + 1);
	}
	if (v->text == NULL || html == NULL)
		return v->text ? v->text : html;
	struct draft_part *both = compose_alloc(c, 2, sizeof *both);
	if (both == NULL)
		return NULL;
	both[0] = *v->text;
	both[1] = *html;
	return around(c, "Content-Type: multipart/alternative", both, 2);
}

static struct draft_part *read_convenience(struct composer *c)
{
	struct convenience v = {0};
	v.text = read_body(c, "textBody", COMPOSE_TEXT_BODY);
	v.html = read_body(c, "htmlBody", COMPOSE_HTML_BODY);
	read_attachments(c, &v);
	struct draft_part *words = c->no_memory ? NULL : words_of(c, &v);
	if (words == NULL && v.file_count == 0) {
		words = around(c, "Content-Type: text/plain", NULL, 0);
		if (words)
			*words = (struct draft_part){
			    .content_type = words->content_type, .content = DRAFT_TEXT, .adds_charset = true};
	}
	if (c->no_memory || v.file_count == 0)
		return words;
	if (words)
		v.files[0] = *words;
	return around(c, "Content-Type: multipart/mixed", words ? v.files : v.files + 1,
	    v.file_count + (words != NULL));
}

static struct draft_part *read_structure(struct composer *c, const json_t *structure)
{
	static const char *const others[] = {"textBody", "htmlBody", "attachments"};
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		const json_t *other = json_object_get(c->object, others[i]);
		if (other && !json_is_null(other))
			compose_refuse(c, no_path, others[i], "bodyStructure says what the parts are");
	}
	struct draft_part *part = compose_alloc(c, 1, sizeof *part);
	if (part)
		compose_part(c, structure, VIEW("bodyStructure"), 0, COMPOSE_ROOT, part);
	return part;
}

/* Parts were moved since their blobs were noted. */
static void find_blob_parts(struct composer *c, struct draft_part *part)
{
	if (part->content == DRAFT_BLOB)
		c->out->blobs[part->blob].part = part;
	for (size_t i = 0; part->content == DRAFT_PARTS && i < part->part_count; i++)
		find_blob_parts(c, &part->parts[i]);
}

/* ---- all ---- */

static void read_object(struct composer *c)
{
	json_t *object = (json_t *)c->object, *value;
	const json_t *structure = json_object_get(object, "bodyStructure");
	const char *key;
	struct draft_part *body;
	compose_lines_init(c, &c->header, json_object_size(object) + json_object_size(structure) + 2);
	c->out->blobs = compose_alloc(c, COMPOSE_PARTS_MAX, sizeof *c->out->blobs);
	json_object_foreach(object, key, value) take_property(c, key, value);
	read_values(c);
	if (structure && !json_is_null(structure))
		body = read_structure(c, structure);
	else
		body = read_convenience(c);
	c->out->draft.body = body;
	if (body && !c->no_memory && !c->out->too_large && buf_view(&c->wrong).len == 0)
		find_blob_parts(c, body);
}

int jmap_compose(const json_t *object, struct arena *arena, int64_t now, struct view message_id,
    struct view boundary, struct jmap_composed *composed)
{
	*composed = (struct jmap_composed){.draft.boundary = boundary};
	struct composer c = {.object = object, .arena = arena, .out = composed};
	buf_init(&c.wrong, COMPOSE_PROPERTIES_MAX);
	read_object(&c);
	complete_header(&c, now, message_id);
	write_header(&c);
	composed->properties = compose_copy(&c, buf_view(&c.wrong));
	buf_done(&c.wrong);
	if (c.no_memory)
		return -ENOMEM;
	return composed->description || composed->too_large ? -EINVAL : 0;
}
