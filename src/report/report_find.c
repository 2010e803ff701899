/* See report_find.h: parts, then layers (gzip, zip), then XML or JSON. */
#include "report/report_find.h"

#include <errno.h>

#include "base/mem.h"
#include "extract/zip.h"
#include "mime/mime.h"
#include "report/report_read.h"

struct looking {
	struct arena *arena;
	struct report_found *out;
	uint64_t unpacked;
	int error; /* the first thing that was wrong; -ENOENT while nothing was */
};

/* ---- a document that comes in pieces ---- */

enum form { FORM_UNKNOWN, FORM_XML, FORM_JSON, FORM_NONE };

struct document {
	struct looking *l;
	enum form form;
	struct report_dmarc_reader *xml;
	struct buf json;
	int error;
};

static enum form form_of(struct view bytes)
{
	if (view_starts(bytes, VIEW("\xef\xbb\xbf")))
		bytes = view_skip(bytes, 3);
	bytes = view_trim(bytes);
	if (bytes.len == 0)
		return FORM_UNKNOWN;
	/* UTF-16 has its mark in front; expat knows it. */
	if (bytes.data[0] == '<' || view_starts(bytes, VIEW("\xff\xfe")) ||
	    view_starts(bytes, VIEW("\xfe\xff")))
		return FORM_XML;
	return bytes.data[0] == '{' ? FORM_JSON : FORM_NONE;
}

static void open_document(struct document *d, struct looking *l)
{
	*d = (struct document){.l = l};
	buf_init(&d->json, REPORT_TLS_JSON_MAX);
}

static bool take(void *arg, struct view bytes)
{
	struct document *d = arg;
	d->l->unpacked += bytes.len;
	if (d->form == FORM_UNKNOWN)
		d->form = form_of(bytes);
	if (d->form == FORM_XML && d->xml == NULL && d->error == 0) {
		arena_reset(d->l->arena);
		d->xml = report_dmarc_reader_new(d->l->arena);
		if (d->xml == NULL)
			d->error = -ENOMEM;
	}
	if (d->form == FORM_NONE)
		d->error = -ENOENT;
	else if (d->xml && d->error == 0)
		d->error = report_dmarc_feed(d->xml, bytes);
	else if (d->form == FORM_JSON && buf_append(&d->json, bytes) != 0)
		d->error = -E2BIG;
	return d->error == 0;
}

static int close_document(struct document *d)
{
	struct report_found *out = d->l->out;
	int error = d->error;
	if (error == 0 && d->form == FORM_XML) {
		error = report_dmarc_end(d->xml, &out->dmarc);
		out->kind = REPORT_DMARC;
	} else if (error == 0 && d->form == FORM_JSON) {
		struct view json = buf_view(&d->json), copy;
		arena_reset(d->l->arena);
		/* The values may point into it. */
		if (view_starts(json, VIEW("\xef\xbb\xbf")))
			json = view_skip(json, 3);
		error = arena_copy(d->l->arena, json, &copy) ? report_tls_read(copy, d->l->arena, &out->tls)
		                                             : -ENOMEM;
		out->kind = REPORT_TLS;
	} else if (error == 0) {
		error = -ENOENT;
	}
	report_dmarc_reader_free(d->xml);
	buf_done(&d->json);
	if (error)
		out->kind = REPORT_NONE;
	return error;
}

/* ---- layers ---- */

static uint64_t room(const struct looking *l)
{
	return l->unpacked < REPORT_UNPACKED_MAX ? REPORT_UNPACKED_MAX - l->unpacked : 0;
}

/* What went wrong with the document comes before what unpacking says of it. */
static int result_of(struct document *d, int unpacked)
{
	int error = d->error;
	if (error == 0 && unpacked)
		d->error = unpacked == -EFBIG ? -E2BIG : unpacked;
	int closed = close_document(d);
	return error ? error : closed;
}

static int look_in_gzip(struct looking *l, struct view bytes)
{
	struct document d;
	open_document(&d, l);
	return result_of(&d, inflate_bytes(bytes, INFLATE_GZIP, room(l), take, &d, NULL));
}

static int look_in_plain(struct looking *l, struct view bytes)
{
	struct document d;
	if (bytes.len > room(l))
		return -E2BIG;
	open_document(&d, l);
	/* In pieces, as a packed one comes: what it is, its beginning says. */
	take(&d, bytes);
	return result_of(&d, 0);
}

static void note(struct looking *l, int error)
{
	if (l->error == -ENOENT)
		l->error = error;
}

static int look_in_zip(struct looking *l, struct view bytes)
{
	struct zip zip;
	struct zip_entry entry;
	int error = zip_open(&zip, bytes);
	if (error)
		return error;
	error = -ENOENT;
	for (unsigned i = 0; i < REPORT_ZIP_ENTRIES_MAX && zip_next(&zip, &entry); i++) {
		struct document d;
		open_document(&d, l);
		int result = result_of(&d, zip_read(&entry, room(l), take, &d, NULL));
		if (result == 0)
			return 0;
		error = error == -ENOENT ? result : error;
	}
	return error;
}

static bool is_zip(struct view bytes)
{
	return view_starts(bytes, VIEW("PK\3\4"));
}

static bool is_gzip(struct view bytes)
{
	return view_starts(bytes, VIEW("\x1f\x8b"));
}

static int look_in_file(struct looking *l, struct view bytes)
{
	return is_gzip(bytes)  ? look_in_gzip(l, bytes)
	       : is_zip(bytes) ? look_in_zip(l, bytes)
	                       : look_in_plain(l, bytes);
}

int report_find_in_file(struct view file, struct arena *arena, struct report_found *out)
{
	struct looking l = {.arena = arena, .out = out};
	out->kind = REPORT_NONE;
	return look_in_file(&l, file);
}

/* ---- the message ---- */

/* A text that people read is no report, though it may begin with a "<". */
static bool may_hold_one(const struct mime_part *p)
{
	bool text = view_equal_nocase(p->type.type, VIEW("text"));
	if (view_equal_nocase(p->type.type, VIEW("multipart")) ||
	    view_equal_nocase(p->type.type, VIEW("message")) ||
	    view_equal_nocase(p->type.type, VIEW("image")))
		return false;
	return !text || view_equal_nocase(p->type.subtype, VIEW("xml")) || p->file_name.len > 0;
}

static int look_in_part(struct looking *l, const struct mime_part *part, struct view message)
{
	struct buf bytes;
	buf_init(&bytes, REPORT_PACKED_MAX);
	int error = mime_decode_body(part, message, false, &bytes, NULL);
	if (error == 0)
		error = look_in_file(l, buf_view(&bytes));
	else if (error == -ENOBUFS)
		error = -E2BIG;
	buf_done(&bytes);
	return error;
}

int report_find(struct view message, struct arena *arena, struct report_found *out)
{
	struct looking l = {.arena = arena, .out = out, .error = -ENOENT};
	struct mime_parser *parser = mime_parser_new();
	const struct mime_tree *tree = mime_parse(parser, message);
	unsigned looked = 0;
	int error = report_failure_read(message, tree, arena, &out->failure);
	out->kind = error == 0 ? REPORT_FAILURE : REPORT_NONE;
	if (error)
		note(&l, error);
	for (size_t i = 0; i < tree->count && looked < REPORT_PARTS_MAX && error != 0; i++) {
		if (!may_hold_one(&tree->parts[i]))
			continue;
		looked++;
		error = look_in_part(&l, &tree->parts[i], message);
		if (error)
			note(&l, error);
	}
	mime_parser_free(parser);
	return error == 0 ? 0 : l.error;
}
