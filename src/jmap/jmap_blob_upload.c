/*
 * Blob/upload (RFC 9404 section 4.1): blobs made of texts, base64 and ranges of other blobs, one after the
 * other. What is made in the same call can be used by the next one.
 */
#include "jmap/jmap_blob_methods.h"

#include <errno.h>

#include "base/base64.h"
#include "jmap/jmap_blob_read.h"
#include "jmap/jmap_blob_write.h"

enum { CREATED, NOT_CREATED, OUTCOMES };

struct blob_upload {
	json_t *create;
	void *at; /* the one being made */
	json_t *sources;
	size_t source; /* the next one */
	struct jmap_blob blob;
	uint64_t skip, left; /* octets of the source blob before the range, and in it */
	bool has_left;       /* else all to its end */
	struct jmap_blob_writer writer;
	struct buf decoded; /* of base64 */
	uint64_t max;  /* octets of all blobs that one call makes: nobody fills a disk by naming a blob again
	                  and again */
	uint64_t made; /* by this call, before the one being made */
	struct buf text[OUTCOMES];
	struct json_out out[OUTCOMES];
};

static void release(void *data)
{
	struct blob_upload *u = data;
	jmap_blob_write_abort(&u->writer);
	jmap_blob_done(&u->blob);
	buf_done(&u->decoded);
	for (size_t i = 0; i < OUTCOMES; i++)
		buf_done(&u->text[i]);
}

/* What came of a step: wait for an answer; the source is through; the blob has failed, and was told so. */
enum step { WAITS, THROUGH, FAILED };
static void go_on(struct jmap_call *c, enum step step);

static struct view key_now(const struct blob_upload *u)
{
	return view_of(json_object_iter_key(u->at), json_object_iter_key_len(u->at));
}

/* ---- the answer ---- */

static struct json_out *outcome(struct blob_upload *u, size_t what)
{
	struct json_out *w = &u->out[what];
	if (w->depth == 0)
		json_out_object(w);
	json_out_name(w, key_now(u));
	json_out_object(w);
	return w;
}

static void finish(struct jmap_call *c)
{
	static const char *const names[OUTCOMES] = {"created", "notCreated"};
	struct blob_upload *u = jmap_data(c);
	struct json_out *w = jmap_respond(c);
	for (size_t i = 0; i < OUTCOMES; i++) {
		while (u->out[i].depth)
			json_out_end(&u->out[i]);
		json_out_name(w, view_from_string(names[i]));
		if (buf_failed(&u->text[i]))
			w->out->failed = 1;
		else if (buf_view(&u->text[i]).len)
			json_out_raw(w, buf_view(&u->text[i]));
		else
			json_out_null(w);
	}
	jmap_end(c);
}

/* ---- one blob ---- */

/* Begins the blob at u->at; false: it is no description of one. */
static bool begin_blob(struct jmap_call *c, struct blob_upload *u)
{
	const json_t *object = json_object_iter_value(u->at), *type = json_object_get(object, "type");
	u->sources = json_object_get(object, "data");
	u->source = 0;
	if (!json_is_array(u->sources) || (type && !json_is_null(type) && !json_is_string(type)) ||
	    json_object_size(object) != (type ? 2u : 1u) || !jmap_is_id(key_now(u)))
		return false;
	jmap_blob_write_begin(c, &u->writer);
	return true;
}

static void fail(struct jmap_call *c, const char *type, const char *words, struct view missing)
{
	struct blob_upload *u = jmap_data(c);
	struct json_out *w = outcome(u, NOT_CREATED);
	json_out_name(w, VIEW("type"));
	json_out_string(w, view_from_string(type));
	json_out_name(w, VIEW("description"));
	json_out_string(w, view_from_string(words));
	if (missing.len) {
		json_out_name(w, VIEW("notFound"));
		json_out_array(w);
		json_out_string(w, missing);
		json_out_end(w);
	}
	json_out_end(w);
	jmap_blob_write_abort(&u->writer);
}

/* Goes on with the next one that is to be made; false: it was the last. */
static bool next_blob(struct jmap_call *c, struct blob_upload *u)
{
	while ((u->at = json_object_iter_next(u->create, u->at))) {
		if (begin_blob(c, u))
			return true;
		fail(c, "invalidProperties", "it is no list of sources with a type", (struct view){0});
	}
	return false;
}

static enum step failed(struct jmap_call *c, const char *type, const char *words, struct view missing)
{
	fail(c, type, words, missing);
	return FAILED;
}

static void on_kept(struct jmap_call *c, unsigned type, const void *answer)
{
	struct blob_upload *u = jmap_data(c);
	const struct mail_done *done = answer;
	const json_t *kind = json_object_get(json_object_iter_value(u->at), "type");
	char id[MAIL_ID_MAX];
	if (type != MAIL_DONE)
		return;
	if (done->error == -EDQUOT) {
		go_on(c, failed(c, "overQuota", "too many uploads wait to be used", (struct view){0}));
		return;
	}
	if (done->error) {
		jmap_error_of(c, done->error, "the upload");
		return;
	}
	struct view text =
	    view_of(id, mail_id_write(id, MAIL_ID_BLOB_UPLOAD, jmap_account(c)->number, done->number));
	struct json_out *w = outcome(u, CREATED);
	json_out_name(w, VIEW("id"));
	json_out_string(w, text);
	json_out_name(w, VIEW("type"));
	if (json_is_string(kind))
		json_out_string(w, jmap_string(kind));
	else
		json_out_null(w);
	json_out_name(w, VIEW("size"));
	json_out_unsigned(w, u->writer.size);
	json_out_end(w);
	jmap_created(c, key_now(u), text);
	u->made += u->writer.size;
	if (next_blob(c, u))
		go_on(c, THROUGH);
	else
		finish(c);
}

/* ---- sources ---- */

static enum step write(struct jmap_call *c, struct blob_upload *u, struct view bytes)
{
	if (bytes.len > u->max - u->made - u->writer.size)
		return failed(
		    c, "tooLarge", "it, or all of one call, is larger than maxSizeBlobSet", (struct view){0});
	return jmap_blob_write(c, &u->writer, bytes) ? THROUGH : WAITS;
}

static enum step on_piece(struct jmap_call *c, struct blob_upload *u)
{
	struct view bytes = u->blob.bytes;
	size_t before = u->skip < bytes.len ? (size_t)u->skip : bytes.len;
	u->skip -= before;
	bytes = view_skip(bytes, before);
	if (u->has_left) {
		bytes = view_take(bytes, u->left < bytes.len ? (size_t)u->left : bytes.len);
		u->left -= bytes.len;
	}
	return write(c, u, bytes);
}

/* A piece of the blob that is a source has been sent: what of it is next. */
static enum step next_piece(struct jmap_call *c, struct blob_upload *u)
{
	if (!u->blob.last && !(u->has_left && u->left == 0)) {
		jmap_blob_next(c, &u->blob);
		return WAITS;
	}
	bool whole = u->skip == 0 && !(u->has_left && u->left > 0);
	jmap_blob_done(&u->blob);
	if (!whole)
		return failed(c, "invalidProperties", "a range lies outside of its blob", (struct view){0});
	return THROUGH;
}

static void on_blob(struct jmap_call *c, unsigned type, const void *answer)
{
	struct blob_upload *u = jmap_data(c);
	switch (jmap_blob_take(c, &u->blob, type, answer)) {
	case JMAP_BLOB_WAITS:
		break;
	case JMAP_BLOB_OPEN:
		jmap_blob_next(c, &u->blob);
		break;
	case JMAP_BLOB_BYTES:
		go_on(c, on_piece(c, u));
		break;
	case JMAP_BLOB_FAILED:
		if (u->blob.error == -ENOENT) {
			const json_t *source = json_array_get(u->sources, u->source - 1);
			go_on(c, failed(c, "blobNotFound", "a source is not there",
			             jmap_string(json_object_get(source, "blobId"))));
		} else {
			jmap_error_of(c, u->blob.error, "a source");
		}
		break;
	}
}

static bool is_range(const json_t *source, struct blob_upload *u)
{
	const json_t *offset = json_object_get(source, "offset"), *length = json_object_get(source, "length");
	u->skip = u->left = 0;
	u->has_left = length && !json_is_null(length);
	return (offset == NULL || json_is_null(offset) || jmap_is_unsigned(offset, &u->skip)) &&
	       (!u->has_left || jmap_is_unsigned(length, &u->left));
}

static enum step take_source(struct jmap_call *c, struct blob_upload *u, const json_t *source)
{
	const json_t *text = json_object_get(source, "data:asText"),
	             *base64 = json_object_get(source, "data:asBase64"),
	             *id = json_object_get(source, "blobId");
	if (json_is_string(text) + json_is_string(base64) + json_is_string(id) != 1 ||
	    (!id && json_object_size(source) != 1) || !is_range(source, u))
		return failed(
		    c, "invalidProperties", "a source is no text, no base64 and no blob", (struct view){0});
	if (id) {
		struct view meant = jmap_creation(c, jmap_string(id));
		if (jmap_blob_begin(c, &u->blob, jmap_account(c), meant, on_blob))
			return WAITS;
		return failed(c, "blobNotFound", "a source is not there", jmap_string(id));
	}
	if (text)
		return write(c, u, jmap_string(text));
	buf_clear(&u->decoded);
	if (base64_decode(&u->decoded, jmap_string(base64)) != 0)
		return failed(c, "invalidProperties", "a source is no base64", (struct view){0});
	return write(c, u, buf_view(&u->decoded));
}

/* One step after the other, and not one within the other: there may be ten thousand. */
static void go_on(struct jmap_call *c, enum step step)
{
	struct blob_upload *u = jmap_data(c);
	while (step != WAITS) {
		if (step == FAILED) {
			jmap_blob_done(&u->blob);
			if (!next_blob(c, u)) {
				finish(c);
				return;
			}
		}
		if (u->blob.answered) { /* one is being read */
			step = next_piece(c, u);
		} else if (u->source < json_array_size(u->sources)) {
			step = take_source(c, u, json_array_get(u->sources, u->source++));
		} else {
			jmap_blob_write_end(c, &u->writer, on_kept);
			return;
		}
	}
}

static void on_credit(struct jmap_call *c, const struct mail_upload_credit *credit)
{
	struct blob_upload *u = jmap_data(c);
	if (jmap_blob_credited(c, &u->writer, credit))
		go_on(c, THROUGH);
}

/* ---- the call ---- */

static bool sources_are_few(struct jmap_call *c, json_t *create)
{
	const char *key;
	json_t *object;
	json_object_foreach(create, key, object)
	{
		if (!json_is_object(object)) {
			jmap_error(c, "invalidArguments", "\"create\" holds something else than objects");
			return false;
		}
		if (json_array_size(json_object_get(object, "data")) > JMAP_BLOB_SOURCES_MAX) {
			jmap_error(
			    c, "requestTooLarge", "a blob has more than %d sources", JMAP_BLOB_SOURCES_MAX);
			return false;
		}
	}
	return true;
}

void jmap_blob_upload(struct jmap_call *c)
{
	struct blob_upload *u = jmap_call_data(c, sizeof *u, release);
	buf_init(&u->decoded, JMAP_SIZE_REQUEST_MAX);
	for (size_t i = 0; i < OUTCOMES; i++) {
		buf_init(&u->text[i], JMAP_RESPONSE_MAX);
		u->out[i] = json_out_on(&u->text[i]);
	}
	u->max = jmap_blob_set_max(jmap_session_of(c));
	if (!jmap_arguments_known(c, "create", NULL) ||
	    !jmap_take_object(c, jmap_arguments(c), "create", &u->create))
		return;
	if (u->create == NULL) {
		jmap_error(c, "invalidArguments", "\"create\" is missing");
		return;
	}
	if (json_object_size(u->create) > JMAP_OBJECTS_SET_MAX) {
		jmap_error(c, "requestTooLarge", "more than %d blobs", JMAP_OBJECTS_SET_MAX);
		return;
	}
	if (!sources_are_few(c, u->create))
		return;
	jmap_on_credit(c, on_credit);
	u->at = json_object_iter(u->create);
	if (u->at == NULL) {
		finish(c);
	} else if (begin_blob(c, u)) {
		go_on(c, THROUGH);
	} else {
		go_on(c,
		    failed(c, "invalidProperties", "it is no list of sources with a type", (struct view){0}));
	}
}
