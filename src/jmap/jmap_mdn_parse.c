/*
 * MDN/parse (RFC 9007 section 2.2): what another server's receipt says. forEmailId is null: by its Message-ID
 * alone an email is not found efficiently, and originalMessageId tells the client which one to look for.
 */
#include <errno.h>

#include "base/mem.h"
#include "format/charset.h"
#include "format/encoded_word.h"
#include "format/header.h"
#include "jmap/jmap_mdn.h"
#include "jmap/jmap_numbered.h"
#include "jmap/jmap_parse_blobs.h"

enum { PART_MAX = 256 * 1024 /* octets of a part for programs that are read: it has some twenty lines */ };

struct reading {
	struct jmap_parse_blobs frame; /* the first member */
};

static void release(void *data)
{
	struct reading *r = data;
	jmap_parse_blobs_done(&r->frame);
}

static void put_subject(struct json_out *w, struct view header)
{
	struct view body;
	struct buf text;
	buf_init(&text, 8 * JMAP_MDN_SUBJECT_MAX);
	if (header_find(header, VIEW("Subject"), &body))
		encoded_word_decode(view_take(body, JMAP_MDN_SUBJECT_MAX), &text);
	jmap_put_text(w, "subject", view_trim(buf_view(&text)));
	buf_done(&text);
}

/* The text for a person: the first plain one of the report. */
static void put_text(struct json_out *w, const struct mime_tree *tree, struct view message)
{
	struct buf octets, text;
	struct view charset = {0};
	buf_init(&octets, JMAP_MDN_TEXT_MAX);
	buf_init(&text, 4 * JMAP_MDN_TEXT_MAX);
	for (size_t i = 0; i < tree->count; i++) {
		const struct mime_part *part = &tree->parts[i];
		if (!mime_part_is_body_text(tree, i) || !media_type_is(&part->type, "text", "plain"))
			continue;
		(void)mime_decode_body(part, message, true, &octets, NULL);
		charset = parameter_find(&part->type.parameters, VIEW("charset"));
		break;
	}
	(void)charset_to_utf8(charset, buf_view(&octets), &text, NULL);
	jmap_put_text(w, "textBody", buf_view(&text));
	buf_done(&octets);
	buf_done(&text);
}

static bool returns_original(const struct mime_tree *tree)
{
	for (size_t i = 1; i < tree->count; i++)
		if (media_type_is(&tree->parts[i].type, "message", "rfc822") ||
		    media_type_is(&tree->parts[i].type, "message", "global"))
			return true;
	return false;
}

static void put_disposition(struct json_out *w, const struct mdn *m)
{
	json_out_name(w, VIEW("disposition"));
	json_out_object(w);
	jmap_put_text(
	    w, "actionMode", m->automatic_action ? VIEW("automatic-action") : VIEW("manual-action"));
	jmap_put_text(w, "sendingMode",
	    m->sent_automatically ? VIEW("mdn-sent-automatically") : VIEW("mdn-sent-manually"));
	jmap_put_text(w, "type", view_from_string(mdn_type_name(m->type)));
	json_out_end(w);
}

static void put_lists(struct json_out *w, const struct mdn *m)
{
	json_out_name(w, VIEW("error"));
	if (m->error_count == 0)
		json_out_null(w);
	else
		json_out_array(w);
	for (size_t i = 0; i < m->error_count; i++)
		json_out_string(w, m->errors[i]);
	if (m->error_count > 0)
		json_out_end(w);
	json_out_name(w, VIEW("extensionFields"));
	if (m->extension_count == 0)
		json_out_null(w);
	else
		json_out_object(w);
	for (size_t i = 0; i < m->extension_count; i++) {
		json_out_name(w, m->extensions[i].name);
		json_out_string(w, m->extensions[i].value);
	}
	if (m->extension_count > 0)
		json_out_end(w);
}

static void put(struct json_out *w, const struct mdn *m, const struct mime_tree *tree, struct view message)
{
	json_out_object(w);
	jmap_put_text(w, "forEmailId", (struct view){0});
	put_subject(w, view_take(message, (size_t)tree->parts[0].body_offset));
	put_text(w, tree, message);
	json_out_name(w, VIEW("includeOriginalMessage"));
	json_out_bool(w, returns_original(tree));
	jmap_put_text(w, "reportingUA", m->reporting_ua);
	put_disposition(w, m);
	jmap_put_text(w, "mdnGateway", m->gateway);
	jmap_put_text(w, "originalRecipient", m->original_recipient);
	jmap_put_text(w, "finalRecipient", m->final_recipient);
	jmap_put_text(w, "originalMessageId", m->original_message_id);
	put_lists(w, m);
	json_out_end(w);
}

static int show(struct jmap_call *c, struct jmap_parse_blobs *p, struct view message)
{
	struct mime_parser *parser = mime_parser_new();
	struct mime_tree *tree = mime_parse(parser, message);
	int index = mdn_part(tree), error = -EINVAL;
	struct arena arena;
	struct buf body;
	struct mdn *mdn = mem_alloc(sizeof *mdn);
	arena_init(&arena, MDN_PARSE_MEMORY);
	buf_init(&body, PART_MAX);
	if (index >= 0) {
		(void)mime_decode_body(&tree->parts[index], message, false, &body, NULL);
		error = mdn_parse(buf_view(&body), &arena, mdn);
	}
	if (error == 0)
		put(jmap_parse_blobs_value(c, p), mdn, tree, message);
	buf_done(&body);
	arena_done(&arena);
	mem_free(mdn);
	mime_parser_free(parser);
	return error == -ENOBUFS ? -EINVAL : error;
}

void jmap_mdn_parse(struct jmap_call *c)
{
	struct reading *r = jmap_call_data(c, sizeof *r, release);
	jmap_parse_blobs_init(&r->frame, show);
	if (jmap_arguments_known(c, "blobIds", NULL) && jmap_parse_blobs_take(c, &r->frame))
		jmap_parse_blobs_run(c, &r->frame);
}
