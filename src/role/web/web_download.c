/*
 * Downloads (RFC 8620 section 6.2): GET /jmap/download/{accountId}/{blobId}/{name}?type=... Octets go through
 * as store sends them and the client takes them. Whatever a sender has put there, a browser shall not run it
 * in our name: it is an attachment, of exactly the type that was asked for, in a sandbox.
 */
#include "role/web/web_download.h"

#include <errno.h>
#include <stdio.h>

#include "base/mem.h"
#include "http/http_conditions.h"
#include "http/http_url.h"
#include "role/web/web_blob.h"
#include "role/web/web_octets.h"
#include "role/web/web_user.h"

enum { TYPE_MAX = 1024 };

struct download {
	struct web_blob blob;
	struct web_exchange *e;
	struct view name; /* in the path */
	char etag[MAIL_ID_MAX + 3];
	struct web_octets octets;
};

/* ---- the answer's header ---- */

/* The type is the client's, exactly. False: it cannot stand in a field. */
static bool add_type(struct download *d)
{
	struct buf type;
	bool good = true;
	buf_init(&type, TYPE_MAX);
	int error = http_query_get(http_exchange_query(d->e->x), "type", &type);
	struct view v = buf_view(&type);
	if (error == -ENOENT || (error == 0 && v.len == 0))
		v = VIEW("application/octet-stream");
	else if (error)
		good = false;
	for (size_t i = 0; i < v.len; i++)
		good = good && ascii_is_print(v.data[i]);
	if (good)
		http_exchange_add(d->e->x, "content-type", v);
	buf_done(&type);
	return good;
}

static void add_fields(struct download *d)
{
	struct http_exchange *x = d->e->x;
	/* What a blob id names never changes. */
	http_exchange_add(x, "cache-control", VIEW("private, immutable, max-age=31536000"));
	/* Nor is what was kept given to who would run it: web_origin.c. */
	http_exchange_add(x, "vary", VIEW("sec-fetch-dest"));
	http_exchange_add(x, "content-security-policy", VIEW("sandbox; default-src 'none'"));
	web_octets_name(d->e, d->name);
}

static void send_blob(struct download *d)
{
	struct http_exchange *x = d->e->x;
	if (!add_type(d)) {
		web_exchange_refuse(d->e, 400, NULL, NULL, "The type is none.");
		return;
	}
	add_fields(d);
	web_octets_begin(d->e, &d->octets);
	if (http_exchange_is(x, "HEAD"))
		http_exchange_end(x);
	else
		web_blob_send(&d->blob, d->octets.ranged ? d->octets.first : 0,
		    d->octets.ranged ? d->octets.length : UINT64_MAX);
}

/* ---- the blob ---- */

static void choose(struct download *d)
{
	if (web_octets_choose(d->e, &d->octets))
		send_blob(d);
}

static void on_found(void *arg, uint64_t size)
{
	struct download *d = arg;
	struct http_exchange *x = d->e->x;
	unsigned status = http_exchange_judge(x, d->octets.etag);
	d->octets.size = size;
	if (status) {
		add_fields(d);
		http_exchange_add(x, "etag", d->octets.etag);
		http_exchange_reply(x, status, (struct view){0}, (struct view){0});
	} else if (!web_octets_is_ranged(d->e, d->octets.etag)) {
		send_blob(d);
	} else if (size == WEB_BLOB_UNKNOWN) {
		web_blob_count(&d->blob);
	} else {
		choose(d);
	}
	web_exchange_touch(d->e);
}

static void on_counted(void *arg, uint64_t size)
{
	struct download *d = arg;
	d->octets.size = size;
	choose(d);
	web_exchange_touch(d->e);
}

static size_t on_bytes(void *arg, struct view bytes)
{
	struct download *d = arg;
	size_t taken = 0;
	while (taken < bytes.len && http_exchange_has_room(d->e->x)) {
		struct view piece = view_take(view_skip(bytes, taken), HTTP_PIECE_MAX);
		http_exchange_write(d->e->x, piece);
		taken += piece.len;
	}
	web_exchange_touch(d->e);
	return taken;
}

static void on_end(void *arg, int64_t error)
{
	struct download *d = arg;
	if (error == 0)
		http_exchange_end(d->e->x);
	else if (error == -ENOENT || error == -EACCES)
		web_exchange_refuse(d->e, 404, NULL, NULL, "There is no such blob.");
	else
		web_exchange_unavailable(d->e);
	web_exchange_touch(d->e);
}

static const struct web_blob_reader reader = {
    .found = on_found, .counted = on_counted, .bytes = on_bytes, .end = on_end};

/* ---- the request ---- */

/* "A1/B1-5/name"; the name may have any characters, also "/". */
static bool read_path(struct download *d, struct mail_id *id)
{
	struct view rest = web_exchange_rest(d->e), account, blob;
	uint64_t number;
	if (!view_next(&rest, '/', &account) || !view_next(&rest, '/', &blob))
		return false;
	if (!mail_account_id_read(account, &number) || !mail_id_get(blob, id) || id->account != number)
		return false;
	d->name = rest;
	snprintf(d->etag, sizeof d->etag, "\"%.*s\"", VIEW_FMT(blob));
	d->octets.etag = view_from_string(d->etag);
	switch (id->letter) {
	case MAIL_ID_BLOB_EMAIL:
	case MAIL_ID_BLOB_PART:
	/* An upload lies with who has uploaded it, whatever account it is meant for. */
	case MAIL_ID_BLOB_UPLOAD:
	case MAIL_ID_BLOB_UPLOAD_PART:
		return true;
	case MAIL_ID_BLOB_SCRIPT:
		return id->account == d->e->user->account;
	default:
		return false;
	}
}

void web_download_begin(struct web_exchange *e)
{
	struct mail_id id;
	struct download *d = mem_alloc(sizeof *d);
	d->e = e;
	if (e->user->lost || !read_path(d, &id)) {
		mem_free(d);
		if (e->user->lost)
			web_exchange_unavailable(e);
		else
			web_exchange_refuse(e, 404, NULL, NULL, "There is no such blob.");
		return;
	}
	e->data = d;
	web_blob_begin(&d->blob, e->user, &id, &reader, d);
}

void web_download_room(struct web_exchange *e)
{
	struct download *d = e->data;
	if (d)
		web_blob_go_on(&d->blob);
}

void web_download_over(struct web_exchange *e, bool whole)
{
	struct download *d = e->data;
	(void)whole;
	if (d == NULL)
		return;
	web_blob_end(&d->blob);
	mem_free(d);
}
