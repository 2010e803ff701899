/* Email/parse, RFC 8621 section 4.9: blobs are read one after the other, and shown as the messages that they
 * are. */
#include <errno.h>

#include "base/container.h"
#include "base/mem.h"
#include "format/header.h"
#include "jmap/jmap_email.h"
#include "jmap/jmap_email_methods.h"
#include "jmap/jmap_parse_blobs.h"
#include "mime/message_text.h"

enum {
	/* Of one message: a preview. */
	SUMMARY_MEMORY = 64 * 1024
};

struct parsing {
	struct jmap_parse_blobs frame; /* the first member */
	struct jmap_email_form form;
	struct jmap_scratch scratch;
	struct jmap_bodies *bodies;
};

static void release(void *data)
{
	struct parsing *g = data;
	jmap_parse_blobs_done(&g->frame);
	jmap_scratch_done(&g->scratch);
	mem_free(g->bodies);
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
	    .blob_id = jmap_parse_blobs_id(&g->frame),
	    .size = message.len,
	    .has_attachment = jmap_bodies_have_attachment(tree, g->bodies),
	    .preview = summary.preview,
	    .header = view_take(message, (size_t)tree->parts[0].body_offset),
	    .parts = {.tree = tree, .reads = &reads, .blobs = blobs_of(&g->frame.blob)},
	    .bodies = g->bodies};
	if (error == 0) {
		struct json_out *out = jmap_parse_blobs_value(c, &g->frame);
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

static int show(struct jmap_call *c, struct jmap_parse_blobs *frame, struct view message)
{
	struct parsing *g = container_of(frame, struct parsing, frame);
	if (!is_message(message))
		return -EINVAL;
	struct mime_parser *parser = mime_parser_new();
	struct mime_tree *tree = mime_parse(parser, message);
	int error = write_message(c, g, parser, tree, message);
	mime_parser_free(parser);
	return error;
}

/* ---- arguments ---- */

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
	jmap_parse_blobs_init(&g->frame, show);
	jmap_scratch_init(&g->scratch);
	g->bodies = mem_alloc(sizeof *g->bodies);
	if (jmap_arguments_are(c, own, jmap_email_arguments) && jmap_parse_blobs_take(c, &g->frame) &&
	    take_properties(c, &properties, &names, &name_count) &&
	    jmap_email_form_read(c, &g->form, properties, names, name_count))
		jmap_parse_blobs_run(c, &g->frame);
}
