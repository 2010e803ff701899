/* Makes a message's digest as the message comes in: see digest.h. */
#include "mime/digest.h"

#include "base/mem.h"
#include "format/header.h"
#include "format/lex.h"
#include "mime/summary.h"
#include "mime/trailer.h"

enum {
	ARENA_MAX = 4 * 1024, /* the preview */
	/* Room for one text or list past the limit, so that the encoder's own check speaks and not the
	 * buffer.
	 */
	BEYOND = 4 * 1024
};

struct mime_digest {
	struct mime_parser *parser;
	struct arena arena;
	struct buf summary, trailer;
	struct buf message_id, id; /* id: another message's */
};

struct mime_digest *mime_digest_new(void)
{
	struct mime_digest *d = mem_alloc(sizeof *d);
	d->parser = mime_parser_new();
	arena_init(&d->arena, ARENA_MAX);
	buf_init(&d->summary, SUMMARY_MAX + BEYOND);
	buf_init(&d->trailer, TRAILER_MAX + BEYOND);
	buf_init(&d->message_id, LINE_MAX_OCTETS);
	buf_init(&d->id, LINE_MAX_OCTETS);
	return d;
}

void mime_digest_free(struct mime_digest *d)
{
	if (d == NULL)
		return;
	mime_parser_free(d->parser);
	arena_done(&d->arena);
	buf_done(&d->summary);
	buf_done(&d->trailer);
	buf_done(&d->message_id);
	buf_done(&d->id);
	mem_free(d);
}

void mime_digest_feed(struct mime_digest *d, struct view bytes)
{
	mime_parser_feed(d->parser, bytes);
}

uint64_t message_id_hash(struct view id)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a */
	for (size_t i = 0; i < id.len; i++)
		hash = (hash ^ (unsigned char)id.data[i]) * UINT64_C(0x100000001b3);
	return id.len ? hash : 0;
}

/* ---- identifiers ---- */

/* One with control characters is nobody's: it could not be said in a reply, a log or a search. */
static bool is_printable(struct view id)
{
	for (size_t i = 0; i < id.len; i++)
		if ((unsigned char)id.data[i] < ' ' || id.data[i] == 0x7f)
			return false;
	return true;
}

/*
 * The next identifier of a field, without brackets and folds, in d->id; false at the end. One that is longer
 * than a line, or unprintable, is passed over.
 */
static bool next_id(struct mime_digest *d, struct view *rest)
{
	struct view id;
	while (message_id_next(rest, &id)) {
		buf_clear(&d->id);
		if (message_id_append(id, &d->id) == 0 && d->id.len > 0 && is_printable(buf_view(&d->id)))
			return true;
	}
	return false;
}

static bool is_of_bare_id(char c)
{
	return !lex_is_blank(c) && c != '(' && c != '<' && c != '>';
}

/* RFC 5322 section 3.6.4; some programs leave the brackets out. */
static void take_message_id(struct mime_digest *d, struct view field, struct message_digest *out)
{
	struct view rest = field;
	if (next_id(d, &rest)) {
		buf_append(&d->message_id, buf_view(&d->id));
	} else {
		struct cursor c = cursor_on(field);
		lex_skip_cfws(&c, NULL);
		struct view word = cursor_while(&c, is_of_bare_id);
		if (is_printable(word))
			buf_append(&d->message_id, word);
	}
	out->message_id = buf_view(&d->message_id);
	out->message_id_hash = message_id_hash(out->message_id);
}

/* A list of hashes, each once; what finds no room is counted out. */
struct hashes {
	uint64_t items[MESSAGE_IDS_MAX];
	size_t count;
};

static void take_ids(struct mime_digest *d, struct view field, struct hashes *h)
{
	while (h->count < MESSAGE_IDS_MAX && next_id(d, &field))
		h->items[h->count++] = message_id_hash(buf_view(&d->id));
}

static void add_reference(struct message_digest *out, uint64_t hash)
{
	if (hash == out->message_id_hash)
		return;
	for (size_t i = 0; i < out->reference_count; i++)
		if (out->references[i] == hash)
			return;
	if (out->reference_count < MESSAGE_REFERENCES_MAX)
		out->references[out->reference_count++] = hash;
	else
		out->references[MESSAGE_REFERENCES_MAX - 1] = hash;
}

/* The last one that is added is the first of References: it takes the last place when there are too many. */
static void take_references(struct mime_digest *d, const struct envelope *e, struct message_digest *out)
{
	struct hashes h = {.count = 0};
	take_ids(d, e->in_reply_to, &h);
	for (size_t i = 0; i < h.count; i++)
		add_reference(out, h.items[i]);
	h.count = 0;
	take_ids(d, e->references, &h);
	for (size_t i = h.count; i > 0; i--)
		add_reference(out, h.items[i - 1]);
}

/* ---- the end ---- */

static void put_summary(struct mime_digest *d, const struct mime_tree *tree, struct message_digest *out)
{
	struct message_summary summary;
	if (message_summary_make(d->parser, tree, &d->arena, &summary) != 0)
		return;
	out->has_attachment = summary.has_attachment;
	take_message_id(d, summary.envelope.message_id, out);
	take_references(d, &summary.envelope, out);
	if (message_summary_encode(&summary, &d->summary) != 0)
		return;
	struct view encoded = buf_view(&d->summary);
	if (encoded.len <= SUMMARY_INLINE_MAX)
		out->summary = encoded;
	else
		trailer_append(&d->trailer, TRAILER_SUMMARY, encoded);
}

void mime_digest_end(struct mime_digest *d, struct message_digest *out)
{
	const struct mime_tree *tree = mime_parser_end(d->parser);
	*out = (struct message_digest){0};
	put_summary(d, tree, out);
	size_t begun = trailer_begin(&d->trailer, TRAILER_STRUCTURE);
	trailer_end(&d->trailer, begun, mime_tree_encode(tree, &d->trailer));
	if (d->trailer.len <= TRAILER_MAX)
		out->trailer = buf_view(&d->trailer);
}
