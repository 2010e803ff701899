/* The writer of drafts: draft.h. The tree becomes a list of pieces, which are written one after the other. */
#include "mime/draft.h"

#include <errno.h>

#include "base/mem.h"

enum {
	/* Octets of a text that are encoded in one go. */
	STEP = 8 * 1024
};

struct draft_piece {
	enum { PIECE_WORDS, PIECE_BODY, PIECE_BLOB } kind;
	size_t start, len; /* PIECE_WORDS: in the writer's text */
	struct view body;
	size_t blob;
	enum transfer_encoding encoding;
};

/* ---- the list ---- */

struct planner {
	struct draft_writer *w;
	const struct draft *d;
	unsigned level; /* of the multipart: boundaries differ by it, and by nothing else */
	bool failed;
	size_t words; /* where those that are no piece yet begin */
};

static void add_piece(struct planner *p, struct draft_piece piece)
{
	struct draft_writer *w = p->w;
	if (w->count == w->room) {
		size_t room = w->room ? 2 * w->room : 16;
		struct draft_piece *pieces = mem_try_resize(w->pieces, room * sizeof *pieces);
		p->failed |= pieces == NULL;
		if (pieces == NULL)
			return;
		w->pieces = pieces;
		w->room = room;
	}
	w->pieces[w->count++] = piece;
}

static void end_words(struct planner *p)
{
	size_t end = buf_view(&p->w->text).len;
	if (end > p->words)
		add_piece(
		    p, (struct draft_piece){.kind = PIECE_WORDS, .start = p->words, .len = end - p->words});
	p->words = end;
}

static void plan_parts(struct planner *p, const struct draft_part *part);

static void plan_text(struct planner *p, const struct draft_part *part)
{
	struct draft_scan scan = {0};
	struct buf *words = &p->w->text;
	draft_scan_feed(&scan, part->text);
	enum transfer_encoding encoding = draft_encoding_of_text(&scan);
	buf_append(words, part->content_type);
	if (part->adds_charset)
		buf_append(words, VIEW("; charset=utf-8"));
	if (part->content_type.len > 0)
		buf_append(words, VIEW("\r\n"));
	buf_append(words, part->fields);
	buf_printf(words, "Content-Transfer-Encoding: %s\r\n\r\n", transfer_encoding_name(encoding));
	end_words(p);
	add_piece(p, (struct draft_piece){.kind = PIECE_BODY, .body = part->text, .encoding = encoding});
}

static void plan_blob(struct planner *p, const struct draft_part *part)
{
	struct buf *words = &p->w->text;
	buf_append(words, part->content_type);
	if (part->content_type.len > 0)
		buf_append(words, VIEW("\r\n"));
	buf_append(words, part->fields);
	buf_printf(words, "Content-Transfer-Encoding: %s\r\n\r\n", transfer_encoding_name(part->encoding));
	end_words(p);
	add_piece(
	    p, (struct draft_piece){.kind = PIECE_BLOB, .blob = part->blob, .encoding = part->encoding});
}

static void plan_part(struct planner *p, const struct draft_part *part)
{
	if (part->content == DRAFT_PARTS)
		plan_parts(p, part);
	else if (part->content == DRAFT_TEXT)
		plan_text(p, part);
	else
		plan_blob(p, part);
}

/* RFC 2045 section 6.4: what holds 8bit says so too. */
static bool holds_8bit(const struct draft_part *part)
{
	bool found = part->content == DRAFT_BLOB && part->encoding == TRANSFER_8BIT;
	for (size_t i = 0; part->content == DRAFT_PARTS && i < part->part_count && !found; i++)
		found = holds_8bit(&part->parts[i]);
	return found;
}

static void put_boundary(struct planner *p, unsigned level, const char *end)
{
	/* "=_" stands in no body that is quoted-printable or base64 (RFC 2045 section 6.7), and what is
	   random in none other. Its first line end is the header's blank line, or belongs to the boundary. */
	buf_printf(&p->w->text, "\r\n--=_%.*s_%u%s\r\n", VIEW_FMT(p->d->boundary), level, end);
}

/* A multipart takes a part even where none was given (RFC 2046 section 5.1.1): an empty one, then. */
static void plan_parts(struct planner *p, const struct draft_part *part)
{
	struct buf *words = &p->w->text;
	unsigned level = ++p->level;
	buf_append(words, part->content_type);
	buf_printf(words, ";\r\n boundary=\"=_%.*s_%u\"\r\n", VIEW_FMT(p->d->boundary), level);
	buf_append(words, part->fields);
	if (holds_8bit(part))
		buf_append(words, VIEW("Content-Transfer-Encoding: 8bit\r\n"));
	if (part->part_count == 0) {
		put_boundary(p, level, "");
		buf_append(words, VIEW("\r\n"));
	}
	for (size_t i = 0; i < part->part_count; i++) {
		put_boundary(p, level, "");
		plan_part(p, &part->parts[i]);
	}
	put_boundary(p, level, "--");
}

int draft_writer_begin(struct draft_writer *w, const struct draft *d)
{
	*w = (struct draft_writer){0};
	buf_init(&w->text, DRAFT_TEXT_MAX);
	struct planner p = {.w = w, .d = d};
	buf_append(&w->text, d->header);
	if (!d->has_mime_version)
		buf_append(&w->text, VIEW("MIME-Version: 1.0\r\n"));
	plan_part(&p, d->body);
	end_words(&p);
	if (!p.failed && !buf_failed(&w->text))
		return 0;
	draft_writer_done(w);
	return -ENOMEM;
}

void draft_writer_done(struct draft_writer *w)
{
	buf_done(&w->text);
	mem_free(w->pieces);
	*w = (struct draft_writer){0};
}

/* ---- writing ---- */

static bool is_encoded(enum transfer_encoding encoding)
{
	return encoding == TRANSFER_BASE64 || encoding == TRANSFER_QUOTED_PRINTABLE;
}

/* Takes some octets of a text and gives them with CRLF at every line's end. */
static void take_lines(struct view *rest, struct buf *out)
{
	while (rest->len > 0 && buf_view(out).len < STEP) {
		size_t n = 0;
		while (n < rest->len && n < STEP && rest->data[n] != '\r' && rest->data[n] != '\n')
			n++;
		buf_append(out, view_take(*rest, n));
		bool ends = n < rest->len && (rest->data[n] == '\r' || rest->data[n] == '\n');
		*rest = view_skip(*rest, n);
		if (ends) {
			buf_append(out, VIEW("\r\n"));
			*rest = view_skip(*rest, view_starts(*rest, VIEW("\r\n")) ? 2 : 1);
		}
	}
}

static void write_body(struct draft_writer *w, const struct draft_piece *piece, struct buf *out)
{
	struct buf lines;
	buf_init(&lines, 2 * STEP + 2);
	take_lines(&w->rest, &lines);
	if (is_encoded(piece->encoding))
		transfer_encode(&w->encoder, buf_view(&lines), out);
	else
		buf_append(out, buf_view(&lines));
	if (w->rest.len == 0 && is_encoded(piece->encoding))
		transfer_encode_end(&w->encoder, out);
	buf_done(&lines);
}

static void begin_piece(struct draft_writer *w, const struct draft_piece *piece)
{
	w->begun = true;
	w->rest = piece->kind == PIECE_WORDS
	              ? view_take(view_skip(buf_view(&w->text), piece->start), piece->len)
	              : piece->body;
	/* In octets that must arrive as they are, line ends are octets; in text with CRLF they are line ends.
	 */
	if (is_encoded(piece->encoding))
		transfer_encoder_init(&w->encoder, piece->encoding, true);
}

static void end_piece(struct draft_writer *w)
{
	w->begun = false;
	w->at++;
}

enum draft_next draft_write(struct draft_writer *w, size_t some, struct buf *out, size_t *blob)
{
	size_t start = buf_view(out).len;
	while (w->at < w->count) {
		const struct draft_piece *piece = &w->pieces[w->at];
		if (!w->begun)
			begin_piece(w, piece);
		if (piece->kind == PIECE_BLOB) {
			*blob = piece->blob;
			return DRAFT_NEEDS_BLOB;
		}
		if (piece->kind == PIECE_WORDS) {
			buf_append(out, w->rest);
			w->rest = (struct view){0};
		} else {
			write_body(w, piece, out);
		}
		if (w->rest.len == 0)
			end_piece(w);
		if (buf_failed(out) || buf_view(out).len - start >= some)
			return DRAFT_MORE;
	}
	return DRAFT_END;
}

int draft_write_blob(struct draft_writer *w, struct view bytes, bool last, struct buf *out)
{
	const struct draft_piece *piece = &w->pieces[w->at];
	if (is_encoded(piece->encoding)) {
		transfer_encode(&w->encoder, bytes, out);
		if (last)
			transfer_encode_end(&w->encoder, out);
	} else {
		buf_append(out, bytes);
	}
	if (last)
		end_piece(w);
	return buf_failed(out) ? -ENOBUFS : 0;
}
