/* See jmap_parse_blobs.h. */
#include "jmap/jmap_parse_blobs.h"

#include <errno.h>

enum {
	/* Blobs of one call: each is read as a whole. A person looks at a few. */
	BLOBS_MAX = 1000
};

static void next(struct jmap_call *c, struct jmap_parse_blobs *g);

struct view jmap_parse_blobs_id(const struct jmap_parse_blobs *g)
{
	return jmap_string(json_array_get(g->ids, g->at));
}

struct json_out *jmap_parse_blobs_value(struct jmap_call *c, struct jmap_parse_blobs *g)
{
	struct json_out *out = jmap_respond(c);
	if (!g->any) {
		json_out_name(out, VIEW("parsed"));
		json_out_object(out);
	}
	g->any = true;
	json_out_name(out, jmap_parse_blobs_id(g));
	return out;
}

void jmap_parse_blobs_init(struct jmap_parse_blobs *g,
    int (*show)(struct jmap_call *c, struct jmap_parse_blobs *p, struct view bytes))
{
	g->show = show;
	message_gather_init(&g->message);
	buf_init(&g->not_parsable, JMAP_RESPONSE_MAX);
	buf_init(&g->not_found, JMAP_RESPONSE_MAX);
}

void jmap_parse_blobs_done(struct jmap_parse_blobs *g)
{
	jmap_blob_done(&g->blob);
	message_gather_done(&g->message);
	buf_done(&g->not_parsable);
	buf_done(&g->not_found);
}

static void note(struct buf *list, struct view id)
{
	struct json_out w = json_out_on(list);
	if (list->len > 0)
		buf_append_byte(list, ',');
	json_out_string(&w, id);
}

/* A script is no message, whatever its first line looks like. */
static void parse(struct jmap_call *c, struct jmap_parse_blobs *g)
{
	int error =
	    g->blob.id.letter == MAIL_ID_BLOB_SCRIPT ? -EINVAL : g->show(c, g, buf_view(&g->message.bytes));
	if (error == -EINVAL)
		note(&g->not_parsable, jmap_parse_blobs_id(g));
	else if (error) {
		jmap_error_of(c, error, "the blob");
		return;
	}
	g->at++;
	next(c, g);
}

static void failed(struct jmap_call *c, struct jmap_parse_blobs *g, int64_t error)
{
	if (error != -ENOENT && error != -EBADMSG) {
		jmap_error_of(c, error, "the blob");
		return;
	}
	note(error == -ENOENT ? &g->not_found : &g->not_parsable, jmap_parse_blobs_id(g));
	g->at++;
	next(c, g);
}

static void blob_answered(struct jmap_call *c, unsigned type, const void *answer)
{
	struct jmap_parse_blobs *g = jmap_data(c);
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

static void finish(struct jmap_call *c, struct jmap_parse_blobs *g)
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
static void next(struct jmap_call *c, struct jmap_parse_blobs *g)
{
	message_gather_done(&g->message);
	message_gather_init(&g->message);
	for (; g->at < json_array_size(g->ids); g->at++) {
		struct view id = jmap_creation(c, jmap_parse_blobs_id(g));
		if (id.len > 0 && jmap_blob_begin(c, &g->blob, jmap_account(c), id, blob_answered))
			return;
		note(&g->not_found, jmap_parse_blobs_id(g));
	}
	finish(c, g);
}

bool jmap_parse_blobs_take(struct jmap_call *c, struct jmap_parse_blobs *g)
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

void jmap_parse_blobs_run(struct jmap_call *c, struct jmap_parse_blobs *g)
{
	next(c, g);
}
