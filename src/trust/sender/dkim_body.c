/*
 * The two forms of a body, hashed as it streams by: RFC 6376 sections 3.4.3 and 3.4.4. Both leave out empty
 * lines at the end, so line ends are counted and written when a line with content follows; relaxed takes
 * blanks off the ends of lines and makes one SP of each other run.
 */
#include "trust/sender/dkim_body.h"

#include <errno.h>
#include <openssl/evp.h>
#include <string.h>

enum { PIECE = 4096 }; /* octets gathered for one call of the hash */

void dkim_body_init(struct dkim_body *b)
{
	*b = (struct dkim_body){0};
}

void dkim_body_done(struct dkim_body *b)
{
	for (int i = 0; i < 2; i++)
		EVP_MD_CTX_free(b->streams[i].hash);
	dkim_body_init(b);
}

static struct dkim_cut *find_cut(const struct dkim_body_stream *s, uint64_t length)
{
	for (size_t i = 0; i < s->cut_count; i++)
		if (s->cuts[i].length == length)
			return (struct dkim_cut *)&s->cuts[i];
	return NULL;
}

int dkim_body_want(struct dkim_body *b, enum dkim_canon canon, uint64_t length)
{
	struct dkim_body_stream *s = &b->streams[canon];
	if (find_cut(s, length))
		return 0;
	if (s->cut_count == DKIM_CUTS_MAX)
		return -E2BIG;
	if (s->hash == NULL) {
		s->hash = EVP_MD_CTX_new();
		if (s->hash == NULL || EVP_DigestInit_ex(s->hash, EVP_sha256(), NULL) != 1)
			b->failed = true;
		s->next = DKIM_WHOLE;
	}
	s->cuts[s->cut_count++] = (struct dkim_cut){.length = length};
	s->next = length < s->next ? length : s->next;
	return 0;
}

/* ---- hashing ---- */

static bool digest_now(const struct dkim_body_stream *s, unsigned char digest[DKIM_HASH_SIZE])
{
	EVP_MD_CTX *copy = EVP_MD_CTX_new();
	bool good =
	    copy && EVP_MD_CTX_copy_ex(copy, s->hash) == 1 && EVP_DigestFinal_ex(copy, digest, NULL) == 1;
	EVP_MD_CTX_free(copy);
	return good;
}

/* The cuts at this length are done; the next one is found. */
static void cut_here(struct dkim_body *b, struct dkim_body_stream *s)
{
	uint64_t next = DKIM_WHOLE;
	for (size_t i = 0; i < s->cut_count; i++) {
		struct dkim_cut *cut = &s->cuts[i];
		if (!cut->done && cut->length == s->length) {
			cut->done = true;
			b->failed |= !digest_now(s, cut->digest);
		}
		if (!cut->done && cut->length < next)
			next = cut->length;
	}
	s->next = next;
}

static void hash(struct dkim_body *b, struct dkim_body_stream *s, const char *data, size_t len)
{
	while (len > 0 && !b->failed) {
		if (s->length == s->next)
			cut_here(b, s);
		size_t take = s->next - s->length < len ? (size_t)(s->next - s->length) : len;
		b->failed |= EVP_DigestUpdate(s->hash, data, take) != 1;
		s->length += take;
		data += take;
		len -= take;
	}
}

/* Writes the line ends that were held back. */
static void hash_lines(struct dkim_body *b, struct dkim_body_stream *s)
{
	static const char ends[] = "\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n";
	while (s->lines > 0) {
		uint64_t lines = s->lines < sizeof ends / 2 ? s->lines : sizeof ends / 2;
		hash(b, s, ends, (size_t)lines * 2);
		s->lines -= lines;
	}
}

/* ---- simple ---- */

/* Where content ends in v: before the CRLFs at its end, and before a CR there that may begin one. */
static size_t content_length(struct view v)
{
	size_t len = v.len;
	if (len > 0 && v.data[len - 1] == '\r')
		len--;
	while (len >= 2 && v.data[len - 2] == '\r' && v.data[len - 1] == '\n')
		len -= 2;
	return len;
}

static void feed_simple(struct dkim_body *b, struct dkim_body_stream *s, struct view v)
{
	if (v.len > 0 && s->after_cr) {
		s->after_cr = false;
		if (v.data[0] == '\n') {
			s->lines++;
			v = view_skip(v, 1);
		} else {
			hash_lines(b, s);
			hash(b, s, "\r", 1);
		}
	}
	/* Line ends at the beginning belong to those held back. */
	while (v.len >= 2 && v.data[0] == '\r' && v.data[1] == '\n') {
		s->lines++;
		v = view_skip(v, 2);
	}
	size_t len = content_length(v);
	if (len > 0) {
		hash_lines(b, s);
		hash(b, s, v.data, len);
	}
	for (v = view_skip(v, len); v.len >= 2; v = view_skip(v, 2))
		s->lines++;
	s->after_cr = v.len == 1;
}

/* ---- relaxed ---- */

struct gathered {
	char data[PIECE];
	size_t len;
};

static void flush(struct dkim_body *b, struct dkim_body_stream *s, struct gathered *g)
{
	hash(b, s, g->data, g->len);
	g->len = 0;
}

/* Content follows: what was held back before it is written. Leaves room for two octets more. */
static void before_content(struct dkim_body *b, struct dkim_body_stream *s, struct gathered *g)
{
	if (s->lines > 0) {
		if (s->lines == 1 && g->len + 8 <= PIECE) {
			g->data[g->len++] = '\r';
			g->data[g->len++] = '\n';
			s->lines = 0;
		} else {
			flush(b, s, g);
			hash_lines(b, s);
		}
	}
	if (g->len + 8 > PIECE)
		flush(b, s, g);
	if (s->blank)
		g->data[g->len++] = ' ';
	s->blank = false;
	if (s->after_cr)
		g->data[g->len++] = '\r';
	s->after_cr = false;
}

enum { BLOCK = 32 };

/* Whether none of so many octets is changed or held back: no line ends, tabs, and each SP stands alone.
 * Without branches, so that compilers take many octets at once. The octet behind them is looked at too. */
static bool is_plain_block(const char *c)
{
	unsigned special = 0;
	for (int i = 0; i < BLOCK; i++)
		special |= (unsigned)((c[i] >= '\t') & (c[i] <= '\r')) |
		           ((unsigned)(c[i] == ' ') & (unsigned)((c[i + 1] >= '\t') & (c[i + 1] <= ' ')));
	return special == 0;
}

static bool is_plain(char c)
{
	return c != ' ' && c != '\t' && c != '\r' && c != '\n';
}

/* How many octets at the beginning of v, the first of which is plain, are written as they are; at most PIECE,
 * and the last of them is no blank. */
static size_t plain_length(struct view v)
{
	size_t len = 0, max = v.len < PIECE ? v.len : PIECE;
	while (max - len > BLOCK && is_plain_block(v.data + len))
		len += BLOCK;
	while (len < max &&
	       (is_plain(v.data[len]) || (v.data[len] == ' ' && len + 1 < max && is_plain(v.data[len + 1]))))
		len++;
	while (len > 0 && v.data[len - 1] == ' ')
		len--;
	return len;
}

/* An octet that is not plain, and the CR that was held back: whether it ends a line shows now. */
static void take_special(struct dkim_body *b, struct dkim_body_stream *s, struct gathered *g, char c)
{
	if (c == '\n' && s->after_cr) {
		s->after_cr = s->blank = false;
		s->lines++;
		return;
	}
	if (s->after_cr)
		before_content(b, s, g);
	if (c == '\r') {
		s->after_cr = true;
	} else if (c == '\n') {
		before_content(b, s, g);
		g->data[g->len++] = c;
	} else {
		s->blank = true;
	}
}

static void feed_relaxed(struct dkim_body *b, struct dkim_body_stream *s, struct view v)
{
	struct gathered g;
	g.len = 0;
	while (v.len > 0) {
		size_t len = is_plain(v.data[0]) ? plain_length(v) : 0;
		if (len == 0) {
			take_special(b, s, &g, v.data[0]);
			v = view_skip(v, 1);
			continue;
		}
		before_content(b, s, &g);
		if (len > PIECE - g.len)
			flush(b, s, &g);
		memcpy(g.data + g.len, v.data, len);
		g.len += len;
		v = view_skip(v, len);
	}
	flush(b, s, &g);
}

/* ---- */

void dkim_body_feed(struct dkim_body *b, struct view bytes)
{
	if (bytes.len == 0)
		return;
	if (b->streams[DKIM_SIMPLE].hash)
		feed_simple(b, &b->streams[DKIM_SIMPLE], bytes);
	if (b->streams[DKIM_RELAXED].hash)
		feed_relaxed(b, &b->streams[DKIM_RELAXED], bytes);
}

/*
 * A body that is not empty ends with one CRLF, whether it had one or not; of an empty one simple makes one
 * CRLF, and relaxed nothing.
 */
static void end_stream(struct dkim_body *b, struct dkim_body_stream *s, enum dkim_canon canon)
{
	if (s->after_cr) {
		hash_lines(b, s);
		struct view held = s->blank ? VIEW(" \r") : VIEW("\r");
		hash(b, s, held.data, held.len);
		s->after_cr = s->blank = false;
	}
	if (s->length > 0 || canon == DKIM_SIMPLE)
		hash(b, s, "\r\n", 2);
	s->lines = 0;
	for (size_t i = 0; i < s->cut_count; i++)
		if (!s->cuts[i].done) {
			s->cuts[i].done = true;
			b->failed |= !digest_now(s, s->cuts[i].digest);
		}
}

void dkim_body_end(struct dkim_body *b)
{
	for (int i = 0; i < 2; i++)
		if (b->streams[i].hash && !b->failed)
			end_stream(b, &b->streams[i], (enum dkim_canon)i);
}

const unsigned char *dkim_body_digest(const struct dkim_body *b, enum dkim_canon canon, uint64_t length)
{
	const struct dkim_cut *cut = find_cut(&b->streams[canon], length);
	return cut && cut->done && !b->failed ? cut->digest : NULL;
}

uint64_t dkim_body_length(const struct dkim_body *b, enum dkim_canon canon)
{
	return b->streams[canon].length;
}
