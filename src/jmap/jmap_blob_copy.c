/*
 * Blob/copy (RFC 8620 section 6.3): octets of another account's blobs become uploads of this one's. A blob
 * that is not there is "blobNotFound" (RFC 8621 section 4.6), as clients know it from every server; the
 * section leaves it open.
 */
#include "jmap/jmap_blob_methods.h"

#include <errno.h>

#include "jmap/jmap_blob_read.h"
#include "jmap/jmap_blob_write.h"

enum { COPIED, NOT_COPIED, OUTCOMES };

struct blob_copy {
	const struct jmap_account *from;
	json_t *ids;
	size_t next;
	struct jmap_blob blob;
	struct jmap_blob_writer writer;
	struct buf text[OUTCOMES];
	struct json_out out[OUTCOMES];
};

static void release(void *data)
{
	struct blob_copy *k = data;
	jmap_blob_write_abort(&k->writer);
	jmap_blob_done(&k->blob);
	for (size_t i = 0; i < OUTCOMES; i++)
		buf_done(&k->text[i]);
}

static void next_blob(struct jmap_call *c);

static struct view id_now(const struct blob_copy *k)
{
	return jmap_string(json_array_get(k->ids, k->next - 1));
}

static void copied(struct jmap_call *c, struct blob_copy *k, uint64_t kept)
{
	struct json_out *w = &k->out[COPIED];
	if (w->depth == 0)
		json_out_object(w);
	json_out_name(w, id_now(k));
	jmap_put_id(w, MAIL_ID_BLOB_UPLOAD, jmap_account(c)->number, kept);
	next_blob(c);
}

static void failed(struct blob_copy *k, const char *type, const char *words)
{
	struct json_out *w = &k->out[NOT_COPIED];
	if (w->depth == 0)
		json_out_object(w);
	json_out_name(w, id_now(k));
	json_out_object(w);
	json_out_name(w, VIEW("type"));
	json_out_string(w, view_from_string(type));
	json_out_name(w, VIEW("description"));
	json_out_string(w, view_from_string(words));
	json_out_end(w);
}

static void finish(struct jmap_call *c, struct blob_copy *k)
{
	static const char *const names[OUTCOMES] = {"copied", "notCopied"};
	struct json_out *w = jmap_respond(c);
	json_out_name(w, VIEW("fromAccountId"));
	json_out_string(w, jmap_string(json_object_get(jmap_arguments(c), "fromAccountId")));
	for (size_t i = 0; i < OUTCOMES; i++) {
		while (k->out[i].depth)
			json_out_end(&k->out[i]);
		json_out_name(w, view_from_string(names[i]));
		if (buf_failed(&k->text[i]))
			w->out->failed = 1;
		else if (buf_view(&k->text[i]).len)
			json_out_raw(w, buf_view(&k->text[i]));
		else
			json_out_null(w);
	}
	jmap_end(c);
}

/* ---- one blob ---- */

static void on_kept(struct jmap_call *c, unsigned type, const void *answer)
{
	struct blob_copy *k = jmap_data(c);
	const struct mail_done *done = answer;
	if (type != MAIL_DONE)
		return;
	if (done->error == 0) {
		copied(c, k, done->number);
	} else if (done->error == -EDQUOT) {
		failed(k, "overQuota", "too many uploads wait to be used");
		next_blob(c);
	} else {
		jmap_error_of(c, done->error, "the copy");
	}
}

static void go_on(struct jmap_call *c, struct blob_copy *k)
{
	if (k->blob.last)
		jmap_blob_write_end(c, &k->writer, on_kept);
	else
		jmap_blob_next(c, &k->blob);
}

static void on_credit(struct jmap_call *c, const struct mail_upload_credit *credit)
{
	struct blob_copy *k = jmap_data(c);
	if (jmap_blob_credited(c, &k->writer, credit))
		go_on(c, k);
}

static void on_blob(struct jmap_call *c, unsigned type, const void *answer)
{
	struct blob_copy *k = jmap_data(c);
	switch (jmap_blob_take(c, &k->blob, type, answer)) {
	case JMAP_BLOB_WAITS:
		break;
	case JMAP_BLOB_OPEN:
		/* An upload lies with who has uploaded it, whatever account it is meant for. */
		if (k->blob.id.letter == MAIL_ID_BLOB_UPLOAD) {
			copied(c, k, k->blob.id.number);
			break;
		}
		jmap_blob_write_begin(c, &k->writer);
		jmap_blob_next(c, &k->blob);
		break;
	case JMAP_BLOB_BYTES:
		if (jmap_blob_write(c, &k->writer, k->blob.bytes))
			go_on(c, k);
		break;
	case JMAP_BLOB_FAILED:
		jmap_blob_write_abort(&k->writer);
		if (k->blob.error == -ENOENT) {
			failed(k, "blobNotFound", "there is no such blob");
			next_blob(c);
		} else {
			jmap_error_of(c, k->blob.error, "the blob");
		}
		break;
	}
}

static void next_blob(struct jmap_call *c)
{
	struct blob_copy *k = jmap_data(c);
	while (k->next < json_array_size(k->ids)) {
		k->next++;
		if (jmap_blob_begin(c, &k->blob, k->from, jmap_creation(c, id_now(k)), on_blob))
			return;
		failed(k, "blobNotFound", "there is no such blob");
	}
	finish(c, k);
}

/* Each once, since it is the name of an outcome; strings, and not too many. */
static bool take_ids(struct jmap_call *c, struct blob_copy *k)
{
	json_t *seen = json_object(), *id;
	size_t i;
	if (!jmap_take_array(c, jmap_arguments(c), "blobIds", &k->ids) || k->ids == NULL) {
		jmap_error(c, "invalidArguments", "\"blobIds\" is missing");
	} else if (json_array_size(k->ids) > JMAP_OBJECTS_SET_MAX) {
		jmap_error(c, "requestTooLarge", "more than %d blobs", JMAP_OBJECTS_SET_MAX);
		k->ids = NULL;
	}
	for (i = json_array_size(k->ids); i-- > 0;) {
		id = json_array_get(k->ids, i);
		if (!json_is_string(id)) {
			jmap_error(c, "invalidArguments", "\"blobIds\" holds something else than ids");
			k->ids = NULL;
			break;
		}
	}
	json_t *each = json_array();
	json_array_foreach(k->ids, i, id)
	{
		struct view text = jmap_string(id);
		if (json_object_getn(seen, text.data, text.len))
			continue;
		(void)json_object_setn_new_nocheck(seen, text.data, text.len, json_true());
		(void)json_array_append(each, id);
	}
	bool good = k->ids != NULL;
	if (good)
		json_array_clear(k->ids);
	if (good)
		(void)json_array_extend(k->ids, each);
	json_decref(each);
	json_decref(seen);
	return good;
}

void jmap_blob_copy(struct jmap_call *c)
{
	struct blob_copy *k = jmap_call_data(c, sizeof *k, release);
	for (size_t i = 0; i < OUTCOMES; i++) {
		buf_init(&k->text[i], JMAP_RESPONSE_MAX);
		k->out[i] = json_out_on(&k->text[i]);
	}
	if (!jmap_arguments_known(c, "fromAccountId", "blobIds", NULL) || !jmap_copy_from(c, &k->from) ||
	    !take_ids(c, k))
		return;
	jmap_on_credit(c, on_credit);
	next_blob(c);
}
