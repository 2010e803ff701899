/* The way of a message in: see smtp_body.h. */
#include "smtp/smtp_body.h"

#include "base/mem.h"
#include "base/random.h"
#include "base/utf8.h"
#include "format/author.h"
#include "format/date.h"
#include "format/limits.h"
#include "format/line_ends.h"
#include "mime/digest.h"
#include "mime/own_results.h"
#include "mime/submission.h"

enum {
	ARENA_MAX = 256 * 1024, /* the authors of a submission */
	HEADER_PIECE = 128 * 1024,
	/* Of a submitted message: 1,000 recipients with names in every script, and long threads, have half of
	   it. */
	SUBMITTED_HEADER_MAX = 512 * 1024
};

struct smtp_body {
	struct smtp_body_config config;
	struct buf trace; /* until it is written */
	struct header_filter filter;
	struct own_results results; /* behind it */
	bool header_done, paused, has_8bit;
	bool asking, own_author;            /* smtp_body_asks, and the answer */
	bool last_line_ended, header_ended; /* what smtp_body_end has done already */
	struct buf held;                    /* came while it asks */
	struct line_ends lines;             /* of what comes by BDAT */
	uint64_t size;
	enum smtp_body_fault fault;
	struct mime_digest *digest;
	struct arena arena;
	struct buf header; /* of a submission, as it goes out */
	struct authors authors;
};

struct smtp_body *smtp_body_new(const struct smtp_body_config *config, struct view trace)
{
	struct smtp_body *b = mem_alloc(sizeof *b);
	b->config = *config;
	buf_init(&b->trace, 4096);
	/* Without its trace field a message could go round for ever. */
	if (trace.len == 0 || buf_append(&b->trace, trace) != 0)
		b->fault = SMTP_BODY_NO_MEMORY;
	arena_init(&b->arena, ARENA_MAX);
	/* RFC 5321 section 4.4: Return-Path is written at the final delivery only, so an earlier one is not
	 * believed. */
	header_filter_init(&b->filter, DROP_RETURN_PATH | (config->submission ? DROP_BCC : 0) |
	                                   (config->submission && config->writes_sender ? DROP_SENDER : 0));
	own_results_init(&b->results, config->hostname);
	buf_init(&b->header, SUBMITTED_HEADER_MAX);
	buf_init(&b->held, SMTP_BODY_HELD_MAX + 2); /* and the end of the last line */
	b->digest = mime_digest_new();
	return b;
}

void smtp_body_free(struct smtp_body *b)
{
	if (b == NULL)
		return;
	mime_digest_free(b->digest);
	header_filter_done(&b->filter);
	arena_done(&b->arena);
	buf_done(&b->trace);
	buf_done(&b->header);
	buf_done(&b->held);
	mem_free(b);
}

static void emit(struct smtp_body *b, struct view bytes)
{
	if (bytes.len == 0)
		return;
	mime_digest_feed(b->digest, bytes);
	if (!b->config.sink(b->config.arg, bytes))
		b->paused = true;
}

/* ---- the header ---- */

/* What the header's filter has given out: fields, the empty line, and perhaps the body's beginning. */
static void emit_header(struct smtp_body *b, struct view bytes)
{
	struct buf out;
	if (b->config.keeps_results) {
		emit(b, bytes);
		return;
	}
	buf_init(&out, bytes.len + OWN_RESULTS_FIELD_MAX);
	if (own_results_feed(&b->results, bytes, &out) != 0)
		b->fault = SMTP_BODY_NO_MEMORY;
	else
		emit(b, buf_view(&out));
	buf_done(&out);
}

/* RFC 5322 section 3.6.2: who has written it, and who has sent it if that is somebody else. */
static void complete_authors(struct smtp_body *b, struct buf *out)
{
	struct view sender = b->config.sender.len ? b->config.sender : b->config.login;
	bool own = b->own_author && b->authors.count == 1 && !b->authors.cut;
	if (sender.len == 0)
		return;
	if (!b->authors.field) {
		buf_printf(out, "From: <%.*s>\r\n", VIEW_FMT(sender));
		return;
	}
	if (b->config.writes_sender && !own && !authors_are(&b->authors, b->config.sender) &&
	    !authors_are(&b->authors, b->config.login))
		buf_printf(out, "Sender: <%.*s>\r\n", VIEW_FMT(sender));
}

/* What a submission server adds where it is missing: RFC 6409 sections 8.1 to 8.3. */
static void complete_header(struct smtp_body *b, struct buf *out)
{
	complete_authors(b, out);
	if (!b->filter.has_date) {
		buf_append(out, VIEW("Date: "));
		date_write(out, (struct date){.seconds = b->config.now, .zone_known = true});
		buf_append(out, VIEW("\r\n"));
	}
	if (!b->filter.has_message_id) {
		char id[2 * RANDOM_ID_SIZE];
		random_id(id);
		random_id(id + RANDOM_ID_SIZE - 1);
		buf_printf(out, "Message-ID: <%s@%.*s>\r\n", id, VIEW_FMT(b->config.hostname));
	}
}

static void end_header(struct smtp_body *b, struct buf *out)
{
	b->header_done = true;
	if (b->config.submission)
		complete_header(b, out);
	if (!b->filter.blank_line)
		buf_append(out, VIEW("\r\n"));
	buf_append(out, header_filter_held(&b->filter));
}

/* All fields are there. A submission's end waits for an answer about its authors. */
static void header_complete(struct smtp_body *b, struct buf *out)
{
	if (!b->config.submission) {
		end_header(b, out);
		return;
	}
	if (buf_append(&b->header, buf_view(out)) != 0) {
		b->fault = SMTP_BODY_HEADER_TOO_LARGE;
		return;
	}
	authors_find(buf_view(&b->header), &b->arena, &b->authors);
	b->asking = true;
}

/* Up to a NUL, which no header may hold: a binary message's is met here, a text's was before. */
static struct view before_nul(const struct smtp_body *b, struct view bytes)
{
	ptrdiff_t nul = b->header_done ? -1 : view_find(bytes, '\0');
	return nul < 0 ? bytes : view_take(bytes, (size_t)nul);
}

/* Takes what the filter must see off the bytes; returns the rest. */
static struct view take_header(struct smtp_body *b, struct view bytes)
{
	struct buf out;
	int error = 0;
	bool nul = false;
	buf_init(&out, 2 * bytes.len + HEADER_PIECE);
	while (bytes.len > 0 && !b->filter.over && error == 0 && !nul && !b->asking &&
	       b->fault == SMTP_BODY_GOOD) {
		size_t consumed = 0;
		struct view part = before_nul(b, bytes);
		nul = part.len == 0;
		if (!nul)
			error = header_filter_feed(&b->filter, part, &consumed, &out);
		bytes = view_skip(bytes, consumed);
		if (b->filter.ended && !b->header_done)
			header_complete(b, &out);
	}
	if (b->config.submission && !b->header_done && !b->asking && b->fault == SMTP_BODY_GOOD &&
	    buf_append(&b->header, buf_view(&out)) != 0)
		b->fault = SMTP_BODY_HEADER_TOO_LARGE;
	if (b->filter.received > b->config.received_max)
		b->fault = SMTP_BODY_LOOP;
	else if (nul)
		b->fault = SMTP_BODY_NUL;
	else if (error || buf_failed(&out))
		b->fault = SMTP_BODY_NO_MEMORY;
	if (b->fault == SMTP_BODY_GOOD)
		emit_header(b, buf_view(&out));
	buf_done(&out);
	return bytes;
}

static void emit_trace(struct smtp_body *b)
{
	emit(b, buf_view(&b->trace));
	buf_done(&b->trace);
}

static void hold(struct smtp_body *b, struct view bytes)
{
	if (buf_append(&b->held, bytes) != 0)
		b->fault = SMTP_BODY_NO_MEMORY;
}

static void take(struct smtp_body *b, struct view bytes)
{
	if (b->asking) {
		hold(b, bytes);
		return;
	}
	if (buf_view(&b->trace).len > 0)
		emit_trace(b);
	if (!b->filter.over)
		bytes = take_header(b, bytes);
	if (b->asking)
		hold(b, bytes);
	else if (b->fault == SMTP_BODY_GOOD)
		emit(b, bytes);
}

/* How many octets come before the first bare CR or LF, and the octet that shows it. */
static size_t before_bare_end(struct line_ends lines, struct view bytes)
{
	size_t n = 0;
	for (; n < bytes.len; n++) {
		line_ends_feed(&lines, view_take(view_skip(bytes, n), 1));
		if (lines.bare > 0)
			break;
	}
	return n;
}

/*
 * How much of the bytes may be taken, and what is wrong behind. Octets that the kind of body does not allow
 * are refused: two hosts that read them differently could be made to see two messages. The first thing that
 * is wrong counts, in whatever pieces the message comes.
 */
static size_t count_good(struct smtp_body *b, struct view bytes, enum smtp_body_fault *fault)
{
	uint64_t room = b->config.size_max > b->size ? b->config.size_max - b->size : 0;
	bool text = b->config.kind != SMTP_BINARYMIME;
	size_t good = bytes.len;
	*fault = SMTP_BODY_GOOD;
	if (bytes.len > room) {
		good = (size_t)room;
		*fault = SMTP_BODY_TOO_LARGE;
	}
	struct view seen = view_take(bytes, good);
	ptrdiff_t nul = text ? view_find(seen, '\0') : -1;
	if (nul >= 0) {
		good = (size_t)nul;
		*fault = SMTP_BODY_NUL;
		seen = view_take(bytes, good + 1); /* a CR before it is bare */
	}
	if (!b->config.chunks)
		return good;
	struct line_ends before = b->lines;
	line_ends_feed(&b->lines, seen);
	if (text && b->lines.bare > 0) {
		good = before_bare_end(before, seen);
		*fault = SMTP_BODY_BARE_END;
	}
	return good;
}

bool smtp_body_write(struct smtp_body *b, struct view bytes)
{
	enum smtp_body_fault fault;
	b->paused = false;
	if (b->fault != SMTP_BODY_GOOD)
		return true;
	struct view good = view_take(bytes, count_good(b, bytes, &fault));
	b->size += good.len;
	b->has_8bit = b->has_8bit || (b->config.kind != SMTP_BINARYMIME && !utf8_is_ascii(good));
	if (good.len > 0 && b->config.came)
		b->config.came(b->config.arg, good);
	if (good.len > 0)
		take(b, good);
	if (b->fault == SMTP_BODY_GOOD)
		b->fault = fault;
	return !b->paused;
}

bool smtp_body_in_header(const struct smtp_body *b)
{
	return !b->header_done;
}

bool smtp_body_asks(const struct smtp_body *b)
{
	return b->asking && b->fault == SMTP_BODY_GOOD;
}

bool smtp_body_answer(struct smtp_body *b, bool own_author)
{
	struct buf out, held = b->held;
	b->paused = false;
	if (!smtp_body_asks(b))
		return true;
	b->asking = false;
	b->own_author = own_author;
	buf_init(&out, HEADER_PIECE);
	end_header(b, &out);
	if (buf_failed(&out))
		b->fault = SMTP_BODY_NO_MEMORY;
	if (b->fault == SMTP_BODY_GOOD)
		emit_header(b, buf_view(&out));
	buf_done(&out);
	buf_init(&b->held, 0);
	if (b->fault == SMTP_BODY_GOOD)
		take(b, buf_view(&held));
	buf_done(&held);
	return !b->paused;
}

/* ---- the end ---- */

/* Behind BDAT the last line may lack its end, which DATA's always have: text and fields get it here. */
static void end_last_line(struct smtp_body *b)
{
	bool text = b->config.kind != SMTP_BINARYMIME;
	if (text && line_ends_bare(&b->lines) > 0)
		b->fault = SMTP_BODY_BARE_END;
	else if (b->lines.open && (text || !b->header_done))
		take(b, VIEW("\r\n"));
}

static void end_unfinished_header(struct smtp_body *b)
{
	struct buf out;
	buf_init(&out, HEADER_PIECE);
	int error = header_filter_end(&b->filter, &out);
	if (!b->header_done)
		header_complete(b, &out);
	if (b->filter.received > b->config.received_max)
		b->fault = SMTP_BODY_LOOP;
	else if (error || buf_failed(&out))
		b->fault = SMTP_BODY_NO_MEMORY;
	if (b->fault == SMTP_BODY_GOOD)
		emit_header(b, buf_view(&out));
	buf_done(&out);
}

enum smtp_body_fault smtp_body_end(struct smtp_body *b, struct message_digest *digest)
{
	if (b->fault == SMTP_BODY_GOOD && buf_view(&b->trace).len > 0)
		emit_trace(b);
	if (b->fault == SMTP_BODY_GOOD && !b->last_line_ended)
		end_last_line(b);
	b->last_line_ended = true;
	if (b->fault == SMTP_BODY_GOOD && !b->asking && !b->filter.over && !b->header_ended) {
		b->header_ended = true;
		end_unfinished_header(b);
	}
	if (smtp_body_asks(b))
		return SMTP_BODY_ASKS;
	if (b->fault == SMTP_BODY_GOOD)
		mime_digest_end(b->digest, digest);
	return b->fault;
}

enum smtp_body_fault smtp_body_fault(const struct smtp_body *b)
{
	return b->fault;
}

const struct authors *smtp_body_authors(const struct smtp_body *b)
{
	return b->config.submission ? &b->authors : NULL;
}

bool smtp_body_has_8bit(const struct smtp_body *b)
{
	return b->has_8bit;
}
