/*
 * Blob/get (RFC 9404 section 4.2): octets of blobs as text or base64, a range of them, their digests. A blob
 * is read piece by piece, and not at all where only the size of something that is not encoded is asked for.
 */
#include "jmap/jmap_blob_methods.h"

#include <errno.h>

#include <openssl/evp.h>

#include "base/base64.h"
#include "base/utf8.h"
#include "jmap/jmap_blob_read.h"

enum {
	DATA = 1 << 1,
	AS_TEXT = 1 << 2,
	AS_BASE64 = 1 << 3,
	SIZE = 1 << 4,
	PROBLEM = 1 << 5,
	TRUNCATED = 1 << 6,
	FIRST_DIGEST = 7, /* the place of the first digest in the list of properties */
	DIGESTS = 3,
	/* Octets of one blob's data in an answer: as base64 they still have room in a response. */
	DATA_MAX = JMAP_RESPONSE_MAX / 2
};

struct blob_get {
	struct jmap_get get;
	struct jmap_blob blob;
	size_t next; /* of the ids */
	uint64_t offset, length;
	bool has_length;
	uint64_t seen; /* octets of the blob that have been read */
	struct buf data;
	EVP_MD_CTX *digests[DIGESTS];
};

static const char *const digest_names[DIGESTS] = {"digest:sha", "digest:sha-256", "digest:sha-512"};

static void forget_digests(struct blob_get *g)
{
	for (size_t i = 0; i < DIGESTS; i++) {
		EVP_MD_CTX_free(g->digests[i]);
		g->digests[i] = NULL;
	}
}

static void release(void *data)
{
	struct blob_get *g = data;
	jmap_blob_done(&g->blob);
	buf_done(&g->data);
	forget_digests(g);
}

static bool wants(const struct blob_get *g, uint64_t properties)
{
	return g->get.properties & properties;
}

static bool wants_octets(const struct blob_get *g)
{
	return wants(g, DATA | AS_TEXT | AS_BASE64 | PROBLEM | ~(uint64_t)0 << FIRST_DIGEST);
}

static void next_blob(struct jmap_call *c);
static void on_blob(struct jmap_call *c, unsigned type, const void *answer);

/* ---- what is said of one ---- */

static void put_base64(struct json_out *w, struct view bytes)
{
	struct buf text;
	buf_init(&text, SIZE_MAX / 2);
	if (base64_encode(&text, bytes) != 0)
		w->out->failed = 1;
	json_out_string(w, buf_view(&text));
	buf_done(&text);
}

static void put_digest(struct json_out *w, struct blob_get *g, size_t i)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	json_out_name(w, view_from_string(digest_names[i]));
	if (g->digests[i] && EVP_DigestFinal_ex(g->digests[i], digest, &len) == 1)
		put_base64(w, view_of(digest, len));
	else
		json_out_null(w);
}

static void put_data(struct json_out *w, struct blob_get *g)
{
	struct view bytes = buf_view(&g->data);
	bool is_text = utf8_valid(bytes);
	if (wants(g, AS_TEXT) || (wants(g, DATA) && is_text)) {
		json_out_name(w, VIEW("data:asText"));
		if (is_text)
			json_out_string(w, bytes);
		else
			json_out_null(w);
	}
	if (wants(g, AS_BASE64) || (wants(g, DATA) && !is_text)) {
		json_out_name(w, VIEW("data:asBase64"));
		put_base64(w, bytes);
	}
	if (!is_text || wants(g, PROBLEM)) {
		json_out_name(w, VIEW("isEncodingProblem"));
		json_out_bool(w, !is_text);
	}
}

static void put_blob(struct jmap_call *c, struct blob_get *g, uint64_t size)
{
	struct json_out *w = jmap_respond(c);
	uint64_t end = g->has_length ? g->offset + g->length : size;
	bool truncated = end > size || g->offset > size;
	json_out_object(w);
	json_out_name(w, VIEW("id"));
	json_out_string(w, g->get.ids[g->next - 1]);
	if (wants(g, DATA | AS_TEXT | AS_BASE64 | PROBLEM))
		put_data(w, g);
	for (size_t i = 0; i < DIGESTS; i++)
		if (wants(g, (uint64_t)1 << (FIRST_DIGEST + i)))
			put_digest(w, g, i);
	if (wants(g, SIZE)) {
		json_out_name(w, VIEW("size"));
		json_out_unsigned(w, size);
	}
	if (truncated || wants(g, TRUNCATED)) {
		json_out_name(w, VIEW("isTruncated"));
		json_out_bool(w, truncated);
	}
	json_out_end(w);
	next_blob(c);
}

/* ---- reading ---- */

static bool begin_digests(struct blob_get *g)
{
	const EVP_MD *const kinds[DIGESTS] = {EVP_sha1(), EVP_sha256(), EVP_sha512()};
	forget_digests(g);
	for (size_t i = 0; i < DIGESTS; i++) {
		if (!wants(g, (uint64_t)1 << (FIRST_DIGEST + i)))
			continue;
		g->digests[i] = EVP_MD_CTX_new();
		if (g->digests[i] == NULL || EVP_DigestInit_ex(g->digests[i], kinds[i], NULL) != 1)
			return false;
	}
	return true;
}

/* Of these octets those in the range. */
static struct view in_range(const struct blob_get *g, struct view bytes)
{
	uint64_t before = g->offset > g->seen ? g->offset - g->seen : 0;
	bytes = view_skip(bytes, before < bytes.len ? (size_t)before : bytes.len);
	if (g->has_length) {
		uint64_t at = g->seen + before, end = g->offset + g->length, left = end > at ? end - at : 0;
		bytes = view_take(bytes, left < bytes.len ? (size_t)left : bytes.len);
	}
	return bytes;
}

static void take_bytes(struct jmap_call *c, struct blob_get *g)
{
	struct view bytes = in_range(g, g->blob.bytes);
	bool over = g->has_length && g->seen + g->blob.bytes.len >= g->offset + g->length;
	if (wants(g, DATA | AS_TEXT | AS_BASE64 | PROBLEM))
		(void)buf_append(&g->data, bytes);
	for (size_t i = 0; i < DIGESTS; i++)
		if (g->digests[i])
			(void)EVP_DigestUpdate(g->digests[i], bytes.data, bytes.len);
	g->seen += g->blob.bytes.len;
	if (buf_failed(&g->data))
		jmap_error(
		    c, "requestTooLarge", "a blob's data has more than %d octets: ask for a range", DATA_MAX);
	else if (g->blob.last)
		put_blob(c, g, g->blob.is_encoded ? g->seen : g->blob.size);
	else if (over && !g->blob.is_encoded)
		put_blob(c, g, g->blob.size);
	else
		jmap_blob_next(c, &g->blob);
}

static void open_blob(struct jmap_call *c, struct blob_get *g)
{
	buf_clear(&g->data);
	g->seen = 0;
	if (!begin_digests(g)) {
		jmap_error_of(c, -ENOMEM, "the blob");
		return;
	}
	if (g->blob.is_encoded ||
	    (wants_octets(g) && g->offset < g->blob.size && !(g->has_length && g->length == 0))) {
		if (!g->blob.is_encoded) {
			jmap_blob_skip(&g->blob, g->offset);
			g->seen = g->offset;
		}
		jmap_blob_next(c, &g->blob);
	} else {
		put_blob(c, g, g->blob.size);
	}
}

static void on_blob(struct jmap_call *c, unsigned type, const void *answer)
{
	struct blob_get *g = jmap_data(c);
	switch (jmap_blob_take(c, &g->blob, type, answer)) {
	case JMAP_BLOB_WAITS:
		break;
	case JMAP_BLOB_OPEN:
		open_blob(c, g);
		break;
	case JMAP_BLOB_BYTES:
		take_bytes(c, g);
		break;
	case JMAP_BLOB_FAILED:
		if (g->blob.error == -ENOENT) {
			jmap_get_missing(c, g->get.ids[g->next - 1]);
			next_blob(c);
		} else {
			jmap_error_of(c, g->blob.error, "the blob");
		}
		break;
	}
}

static void next_blob(struct jmap_call *c)
{
	struct blob_get *g = jmap_data(c);
	while (g->next < g->get.count) {
		struct view id = g->get.ids[g->next++];
		if (jmap_blob_begin(c, &g->blob, jmap_account(c), id, on_blob)) {
			g->blob.few_pieces = true;
			return;
		}
		jmap_get_missing(c, id);
	}
	jmap_get_end_without_state(c);
}

void jmap_blob_get(struct jmap_call *c)
{
	static const char *const names[] = {"id", "data", "data:asText", "data:asBase64", "size",
	    "isEncodingProblem", "isTruncated", "digest:sha", "digest:sha-256", "digest:sha-512", NULL};
	static const char *const extra[] = {"offset", "length", NULL};
	struct blob_get *g = jmap_call_data(c, sizeof *g, release);
	const json_t *arguments = jmap_arguments(c), *length = json_object_get(arguments, "length");
	buf_init(&g->data, DATA_MAX);
	if (!jmap_get_begin(c, &g->get, names, DATA | SIZE, NULL, extra) ||
	    !jmap_take_unsigned(c, arguments, "offset", &g->offset) ||
	    !jmap_take_unsigned(c, arguments, "length", &g->length))
		return;
	if (g->get.all) {
		jmap_error(c, "invalidArguments", "\"ids\" must be a list: nobody gets all blobs");
		return;
	}
	g->has_length = length && !json_is_null(length);
	jmap_get_list(c);
	next_blob(c);
}
