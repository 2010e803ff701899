/* Email/parse, RFC 8621 section 4.9: blobs are read one after the other, and shown as the messages that they
 * are. */
#include <errno.h>

#include "base/mem.h"
#include "format/header.h"
#include "jmap/jmap_blob_read.h"
#include "jmap/jmap_email.h"
#include "jmap/jmap_email_methods.h"
#include "mime/message_text.h"

enum {
	/* Blobs of one call: each is read as a whole. A person looks at a few. */
	BLOBS_MAX = 1000,
	/* Of one message: a preview. */
	SUMMARY_MEMORY = 64 * 1024
};

struct parsing {
	struct jmap_email_form form;
	json_t *ids;
	size_t at;
	struct jmap_blob blob;
	struct message_gather message;
	struct jmap_scratch scratch;
	struct jmap_bodies *bodies;
	bool any;                           /* one was parsed: the map is open */
	struct buf not_parsable, not_found; /* items of lists */
};

static void release(void *data)
{
	struct parsing *g = data;
	jmap_blob_done(&g->blob);
	message_gather_done(&g->message);
	jmap_scratch_done(&g->scratch);
	mem_free(g->bodies);
	buf_done(&g->not_parsable);
	buf_done(&g->not_found);
}

static void next(struct jmap_call *c, struct parsing *g);

/* The id as the client wrote it. */
static struct view id_now(const struct parsing *g)
{
	return jmap_string(json_array_get(g->ids, g->at));
}

static void note(struct buf *list, struct view id)
{
	struct json_out w = json_out_on(list);
	if (list->len > 0)
		buf_append_byte(list, ',');
	json_out_string(&w, id);
}

/* ---- a message ---- */

/* Parts are named as parts of what the message is a part of. Of an encoded message they can't be fetched. */
static struct jmap_part_blobs blobs_of(const struct jmap_blob *b)
{
	bool part = b->id.letter == MAIL_ID_BLOB_PART || b->id.letter == MAIL_ID_BLOB_UPLOAD_PART;
	bool upload = b->id.letter == MAIL_ID_BLOB_UPLOAD || b->id.letter == MAIL_ID_BLOB_UPLOAD_PART;
	struct jmap_part_blobs blobs = {.letter = upload ? MAIL_ID_BLOB_UPLOAD_PART : MAIL_ID_BLOB_PART,
	    .account = b->id.account,
	    .number = b->id.number,
	    .first = part ? b->id.part + 1 : 0};
	if (part && b->is_encoded)
		blobs.letter = 0;
	return blobs;
}

static int write_message(struct jmap_call *c, struct parsing *g, struct mime_parser *parser,
    const struct mime_tree *tree, struct view message)
{
	struct json_out *out = jmap_respond(c);
	struct arena arena;
	struct message_summary summary = {0};
	struct jmap_part_reads reads;
	arena_init(&arena, SUMMARY_MEMORY);
	message_summary_make(parser, tree, &arena, &summary); /* without room there is no preview */
	jmap_bodies_find(tree, 0, g->bodies);
	jmap_email_plan(&reads, &g->form, tree, 0, g->bodies, 0);
	int error = jmap_part_reads_all(&reads, tree, message);
	struct jmap_email_source source = {.account = jmap_account(c),
	    .session = jmap_session_of(c),
	    .blob_id = id_now(g),
	    .size = message.len,
	    .has_attachment = jmap_bodies_have_attachment(tree, g->bodies),
	    .preview = summary.preview,
	    .header = view_take(message, (size_t)tree->parts[0].body_offset),
	    .parts = {.tree = tree, .reads = &reads, .blobs = blobs_of(&g->blob)},
	    .bodies = g->bodies};
	if (error == 0) {
		if (!g->any) {
			json_out_name(out, VIEW("parsed"));
			json_out_object(out);
		}
		g->any = true;
		json_out_name(out, id_now(g));
		jmap_email_write(out, &g->scratch, &g->form, &source);
	}
	jmap_part_reads_done(&reads);
	arena_done(&arena);
	return error;
}

/* Without a single header field it is no message. */
static bool is_message(struct view text)
{
	struct header_reader reader = header_read(text);
	struct header_field field;
	return header_next(&reader, &field);
}

static void parse(struct jmap_call *c, struct parsing *g)
{
	struct view message = buf_view(&g->message.bytes);
	int error = 0;
	/* A script is none, whatever its first line looks like. */
	if (g->blob.id.letter != MAIL_ID_BLOB_SCRIPT && is_message(message)) {
		struct mime_parser *parser = mime_parser_new();
		struct mime_tree *tree = mime_parse(parser, message);
		error = write_message(c, g, parser, tree, message);
		mime_parser_free(parser);
	} else {
		note(&g->not_parsable, id_now(g));
	}
	if (error) {
		jmap_error_of(c, error, "the blob");
		return;
	}
	g->at++;
	next(c, g);
}

/* ---- reading ---- */

static void failed(struct jmap_call *c, struct parsing *g, int64_t error)
{
	if (error != -ENOENT && error != -EBADMSG) {
		jmap_error_of(c, error, "the blob");
		return;
	}
	note(error == -ENOENT ? &g->not_found : &g->not_parsable, id_now(g));
	g->at++;
	next(c, g);
}

static void blob_answered(struct jmap_call *c, unsigned type, const void *answer)
{
	struct parsing *g = jmap_data(c);
	switch (jmap_blob_take(c, &g->blob, type, answer)) {
	case JMAP_BLOB_OPEN:
		jmap_blob_next(c, &g->blob);
		return;
	case JMAP_BLOB_BYTES: {
		/* What is past the limit of texts is not looked at. */
		int error = message_gather_add(&g->message, g->blob.bytes);
		if (error == -ENOMEM)
			jmap_error_of(c, error, "the blob");
		else if (g->blob.last || error)
			parse(c, g);
		else
			jmap_blob_next(c, &g->blob);
		return;
	}
	case JMAP_BLOB_FAILED:
		failed(c, g, g->blob.error);
		return;
	default:
		return;
	}
}

static void write_list(struct jmap_call *c, const char *name, const struct buf *list)
{
	struct json_out *out = jmap_respond(c);
	json_out_name(out, view_from_string(name));
	if (buf_view(list).len == 0) {
		json_out_null(out);
		return;
	}
	json_out_array(out);
	json_out_raw(out, buf_view(list));
	json_out_end(out);
}

static void finish(struct jmap_call *c, struct parsing *g)
{
	struct json_out *out = jmap_respond(c);
	if (g->any) {
		json_out_end(out);
	} else {
		json_out_name(out, VIEW("parsed"));
		json_out_null(out);
	}
	write_list(c, "notParsable", &g->not_parsable);
	write_list(c, "notFound", &g->not_found);
	if (buf_failed(&g->not_parsable) || buf_failed(&g->not_found))
		jmap_error_of(c, -ENOMEM, "the blobs");
	else
		jmap_end(c);
}

/* The next blob is looked for; ids that are none are not found. */
static void next(struct jmap_call *c, struct parsing *g)
{
	message_gather_done(&g->message);
	message_gather_init(&g->message);
	for (; g->at < json_array_size(g->ids); g->at++) {
		struct view id = jmap_creation(c, id_now(g));
		if (id.len > 0 && jmap_blob_begin(c, &g->blob, jmap_account(c), id, blob_answered))
			return;
		note(&g->not_found, id_now(g));
	}
	finish(c, g);
}

/* ---- arguments ---- */

static bool take_ids(struct jmap_call *c, struct parsing *g)
{
	json_t *id;
	size_t i, k;
	if (!jmap_take_array(c, jmap_arguments(c), "blobIds", &g->ids))
		return false;
	if (g->ids == NULL) {
		jmap_error(c, "invalidArguments", "\"blobIds\" is missing");
		return false;
	}
	if (json_array_size(g->ids) > BLOBS_MAX) {
		jmap_error(c, "requestTooLarge", "more than %d blobs", (int)BLOBS_MAX);
		return false;
	}
	json_array_foreach(g->ids, i, id)
	{
		if (!json_is_string(id)) {
			jmap_error(c, "invalidArguments", "\"blobIds\" holds something else than ids");
			return false;
		}
		for (k = 0; k < i; k++)
			if (view_equal(jmap_string(json_array_get(g->ids, k)), jmap_string(id))) {
				jmap_error(c, "invalidArguments", "\"blobIds\" names a blob twice");
				return false;
			}
	}
	return true;
}

/* The properties asked for by name, and those of header fields. */
static bool take_properties(
    struct jmap_call *c, uint64_t *properties, struct view **names, size_t *name_count)
{
	json_t *list = NULL, *item;
	size_t i;
	*properties = JMAP_EMAIL_PARSE_USUAL;
	if (!jmap_take_array(c, jmap_arguments(c), "properties", &list))
		return false;
	if (list == NULL)
		return true;
	*properties = 0;
	*names = arena_array(jmap_arena(c), json_array_size(list) + 1, sizeof **names);
	if (*names == NULL) {
		jmap_error_of(c, -ENOMEM, "properties");
		return false;
	}
	json_array_foreach(list, i, item)
	{
		struct view text = jmap_string(item);
		unsigned k = 0;
		while (
		    jmap_email_properties[k] && !view_equal(view_from_string(jmap_email_properties[k]), text))
			k++;
		if (jmap_email_properties[k]) {
			*properties |= JMAP_EMAIL_BIT(k);
		} else if (!json_is_string(item) || !jmap_email_is_header(text)) {
			jmap_error(c, "invalidArguments", "\"properties\": there is no property \"%.*s\"",
			    VIEW_FMT(text));
			return false;
		}
		(*names)[(*name_count)++] = text;
	}
	return true;
}

void jmap_email_parse(struct jmap_call *c)
{
	static const char *const own[] = {"blobIds", "properties", NULL};
	struct parsing *g = jmap_call_data(c, sizeof *g, release);
	struct view *names = NULL;
	size_t name_count = 0;
	uint64_t properties;
	message_gather_init(&g->message);
	jmap_scratch_init(&g->scratch);
	buf_init(&g->not_parsable, JMAP_RESPONSE_MAX);
	buf_init(&g->not_found, JMAP_RESPONSE_MAX);
	g->bodies = mem_alloc(sizeof *g->bodies);
	if (jmap_arguments_are(c, own, jmap_email_arguments) && take_ids(c, g) &&
	    take_properties(c, &properties, &names, &name_count) &&
	    jmap_email_form_read(c, &g->form, properties, names, name_count))
		next(c, g);
}
