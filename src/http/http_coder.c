/*
 * Answers compressed: zstd (RFC 8878) where the client takes it, else gzip. Both at a fast level, since an
 * answer of JMAP is made anew for each request, with small windows, since a compressor's memory stands beside
 * each answer that is under way. A context of each kind is kept from one answer to the next.
 */
#include "http/http_private.h"

#include <errno.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "base/mem.h"

enum {
	/* Below so many octets the answer fits one packet anyway. */
	LENGTH_MIN = 1024,
	ZSTD_LEVEL = 1,
	ZSTD_WINDOW_LOG = 17, /* 128 KB: a compressor takes some 600 KB */
	GZIP_LEVEL = 2,
	GZIP_WINDOW_BITS = 15 + 16, /* 32 KB, with gzip's header: 256 KB */
	GZIP_MEMORY = 8,
	/* Compressors at work at once; answers beyond go out as they are. Together 16 MB at most. */
	CODERS_MAX = 24,
	PIECE = 16 * 1024
};

struct http_coder {
	ZSTD_CCtx *zstd; /* or gzip */
	z_stream gzip;
};

static unsigned active;
static struct http_coder *spare[2]; /* gzip, zstd */

/* ---- which ---- */

/* RFC 9110 section 12.4.2. "q=0" and "q=0.000" say no; what is not understood counts as 1. */
static bool is_refused(struct view parameters)
{
	struct view one;
	while (view_next(&parameters, ';', &one)) {
		one = view_trim(one);
		if (!view_starts_nocase(one, VIEW("q=")))
			continue;
		for (size_t i = 2; i < one.len; i++)
			if (one.data[i] >= '1' && one.data[i] <= '9')
				return false;
		return true;
	}
	return false;
}

/* Whether this coding is named and not refused; "*" is not taken, since it names what its sender has not
 * thought of. */
static bool accepts(struct view accepted, struct view coding)
{
	struct view item, name;
	while (view_next(&accepted, ',', &item))
		if (view_next(&item, ';', &name) && view_equal_nocase(view_trim(name), coding))
			return !is_refused(item);
	return false;
}

bool http_exchange_accepts(struct http_exchange *x, struct view coding)
{
	return accepts(http_exchange_field(x, "accept-encoding"), coding);
}

struct view http_added(const struct http_exchange *x, struct view name)
{
	struct view rest = buf_view(&x->fields), line;
	while (view_next(&rest, '\n', &line))
		if (line.len > name.len && line.data[name.len] == ':' && view_starts_nocase(line, name))
			return view_trim(view_skip(line, name.len + 1));
	return (struct view){0};
}

/* Types whose octets repeat themselves. An event stream is not: each event must leave at once. */
static bool is_texty(struct view type)
{
	static const struct view others[] = {{"application/json", 16}, {"application/javascript", 22},
	    {"application/manifest+json", 25}, {"application/problem+json", 24}, {"application/xml", 15},
	    {"image/svg+xml", 13}, {"application/wasm", 16}};
	ptrdiff_t end = view_find(type, ';');
	struct view bare = view_trim(end < 0 ? type : view_take(type, (size_t)end));
	if (view_starts_nocase(bare, VIEW("text/")))
		return !view_equal_nocase(bare, VIEW("text/event-stream"));
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		if (view_equal_nocase(bare, others[i]))
			return true;
	return false;
}

/* ---- the compressors ---- */

static struct http_coder *make(bool zstd)
{
	if (active >= CODERS_MAX)
		return NULL;
	struct http_coder *c = spare[zstd];
	spare[zstd] = NULL;
	if (c) {
		if (!zstd)
			deflateReset(&c->gzip);
		active++;
		return c;
	}
	c = mem_alloc(sizeof *c);
	bool made;
	if (zstd) {
		c->zstd = ZSTD_createCCtx();
		made = c->zstd &&
		       !ZSTD_isError(ZSTD_CCtx_setParameter(c->zstd, ZSTD_c_compressionLevel, ZSTD_LEVEL)) &&
		       !ZSTD_isError(ZSTD_CCtx_setParameter(c->zstd, ZSTD_c_windowLog, ZSTD_WINDOW_LOG));
	} else {
		made = deflateInit2(&c->gzip, GZIP_LEVEL, Z_DEFLATED, GZIP_WINDOW_BITS, GZIP_MEMORY,
		           Z_DEFAULT_STRATEGY) == Z_OK;
	}
	if (!made) {
		ZSTD_freeCCtx(c->zstd);
		mem_free(c);
		return NULL;
	}
	active++;
	return c;
}

static void destroy(struct http_coder *c)
{
	if (c->zstd)
		ZSTD_freeCCtx(c->zstd);
	else
		deflateEnd(&c->gzip);
	mem_free(c);
}

void http_coder_free(struct http_coder *c)
{
	if (c == NULL)
		return;
	active--;
	struct http_coder **place = &spare[c->zstd != NULL];
	if (*place || (c->zstd && ZSTD_isError(ZSTD_CCtx_reset(c->zstd, ZSTD_reset_session_only)))) {
		destroy(c);
		return;
	}
	*place = c;
}

void http_coders_give_back(void)
{
	for (size_t i = 0; i < 2; i++)
		if (spare[i]) {
			destroy(spare[i]);
			spare[i] = NULL;
		}
}

/*
 * The tag of what is compressed is a weak one: the same words, other octets (RFC 9110 section 8.8.3.3).
 * If-None-Match finds it nevertheless, If-Range does not.
 */
static void weaken_tag(struct http_exchange *x)
{
	struct view tag = http_added(x, VIEW("etag"));
	if (tag.len == 0 || tag.data[0] != '"')
		return;
	struct buf changed;
	buf_init(&changed, x->fields.max + 2);
	size_t at = (size_t)(tag.data - buf_view(&x->fields).data);
	buf_append(&changed, view_take(buf_view(&x->fields), at));
	buf_append_string(&changed, "W/");
	buf_append(&changed, view_skip(buf_view(&x->fields), at));
	buf_done(&x->fields);
	x->fields = changed;
}

struct http_coder *http_coder_choose(struct http_exchange *x)
{
	if (x->plain || x->status < 200 || x->status == 206 ||
	    !is_texty(http_added(x, VIEW("content-type"))) || http_added(x, VIEW("content-encoding")).len ||
	    http_added(x, VIEW("content-range")).len)
		return NULL;
	if (x->length != HTTP_LENGTH_UNKNOWN && x->length < LENGTH_MIN)
		return NULL;
	/* Whether it is compressed or not, another client may get it otherwise. */
	buf_append_string(&x->fields, "vary: accept-encoding\r\n");
	struct view accepted = http_exchange_field(x, "accept-encoding");
	bool zstd = accepts(accepted, VIEW("zstd"));
	if (!zstd && !accepts(accepted, VIEW("gzip")))
		return NULL;
	struct http_coder *c = make(zstd);
	if (c == NULL)
		return NULL;
	if (zstd && x->length != HTTP_LENGTH_UNKNOWN)
		ZSTD_CCtx_setPledgedSrcSize(c->zstd, x->is_head ? 0 : x->length);
	buf_append_string(&x->fields, zstd ? "content-encoding: zstd\r\n" : "content-encoding: gzip\r\n");
	weaken_tag(x);
	return c;
}

static int feed_zstd(struct http_coder *c, struct view bytes, int how, struct buf *out)
{
	static const ZSTD_EndDirective directives[] = {ZSTD_e_continue, ZSTD_e_flush, ZSTD_e_end};
	ZSTD_inBuffer in = {bytes.data, bytes.len, 0};
	for (;;) {
		char *room = buf_reserve(out, PIECE);
		if (room == NULL)
			return -ENOBUFS;
		ZSTD_outBuffer piece = {room, PIECE, 0};
		size_t left = ZSTD_compressStream2(c->zstd, &piece, &in, directives[how]);
		if (ZSTD_isError(left))
			return -ENOMEM;
		buf_commit(out, piece.pos);
		if (how == 0 ? in.pos == in.size : left == 0)
			return 0;
	}
}

static int feed_gzip(struct http_coder *c, struct view bytes, int how, struct buf *out)
{
	static const int flushes[] = {Z_NO_FLUSH, Z_SYNC_FLUSH, Z_FINISH};
	while (bytes.len > 0 || how > 0) {
		struct view piece = view_take(bytes, 1U << 30); /* zlib counts in 32 bits */
		bytes = view_skip(bytes, piece.len);
		c->gzip.next_in = (Bytef *)(uintptr_t)piece.data;
		c->gzip.avail_in = (uInt)piece.len;
		int now = bytes.len ? Z_NO_FLUSH : flushes[how], result;
		do {
			char *room = buf_reserve(out, PIECE);
			if (room == NULL)
				return -ENOBUFS;
			c->gzip.next_out = (Bytef *)room;
			c->gzip.avail_out = PIECE;
			result = deflate(&c->gzip, now);
			if (result == Z_STREAM_ERROR)
				return -EINVAL;
			buf_commit(out, PIECE - c->gzip.avail_out);
		} while (c->gzip.avail_out == 0);
		if (bytes.len == 0)
			break;
	}
	return 0;
}

int http_coder_feed(struct http_coder *c, struct view bytes, int how, struct buf *out)
{
	return c->zstd ? feed_zstd(c, bytes, how, out) : feed_gzip(c, bytes, how, out);
}
