/* Blobs, read piece by piece: jmap_blob_read.h. Each piece is a question of its own, so that no more is on
 * its way than the call can take. */
#include "jmap/jmap_blob_read.h"

#include <errno.h>

#include "mail/email_wire.h"
#include "mail/script.h"
#include "mime/summary.h"

enum {
	/* A structure with its parts: what STRUCTURE_MAX holds, decoded. */
	PARTS_ROOM = 8 * STRUCTURE_MAX
};

static bool is_upload(const struct jmap_blob *b)
{
	return b->id.letter == MAIL_ID_BLOB_UPLOAD || b->id.letter == MAIL_ID_BLOB_UPLOAD_PART;
}

static bool is_part(const struct jmap_blob *b)
{
	return b->id.letter == MAIL_ID_BLOB_PART || b->id.letter == MAIL_ID_BLOB_UPLOAD_PART;
}

static bool is_script(const struct jmap_blob *b)
{
	return b->id.letter == MAIL_ID_BLOB_SCRIPT;
}

/* ---- beginning ---- */

static void put_id(char out[8], uint64_t id)
{
	for (int i = 0; i < 8; i++)
		out[i] = (char)(id >> (56 - 8 * i));
}

static void find(struct jmap_call *c, struct jmap_blob *b)
{
	char id[8];
	put_id(id, b->id.number);
	if (is_script(b))
		jmap_ask(c, SCRIPT_LIST, &(struct script_list){0}, b->answered);
	else if (is_upload(b))
		jmap_ask(c, EMAIL_KEPT, &(struct email_kept){.kept = b->id.number}, b->answered);
	else
		jmap_ask(c, EMAIL_GET,
		    &(struct email_get){.account = b->ask,
		        .want = MAIL_WANT_SIZE | MAIL_WANT_FLAGS | MAIL_WANT_PREFIX |
		                (is_part(b) ? MAIL_WANT_STRUCTURE : 0),
		        .ids = view_of(id, sizeof id)},
		    b->answered);
}

bool jmap_blob_begin(struct jmap_call *c, struct jmap_blob *b, const struct jmap_account *account,
    struct view id, jmap_answered *answered)
{
	struct mail_id found;
	jmap_blob_done(b);
	if (!mail_id_get(id, &found) || found.account != account->number)
		return false;
	b->id = found;
	b->ask = account->ask;
	b->answered = answered;
	if (b->id.letter != MAIL_ID_BLOB_EMAIL && !is_part(b) && !is_upload(b) && !is_script(b))
		return false;
	/* Scripts are an account's own. */
	if (is_script(b) && b->ask != 0)
		return false;
	buf_init(&b->piece, is_script(b) ? SCRIPT_SIZE_MAX : JMAP_BLOB_PIECE);
	buf_init(&b->decoded, 2 * JMAP_BLOB_PIECE);
	find(c, b);
	return true;
}

void jmap_blob_done(struct jmap_blob *b)
{
	mime_parser_free(b->parser);
	buf_done(&b->piece);
	buf_done(&b->decoded);
	*b = (struct jmap_blob){0};
}

/* ---- reading ---- */

void jmap_blob_rewind(struct jmap_blob *b)
{
	enum transfer_encoding encoding = b->decoder.encoding;
	bool shows_footer = b->decoder.shows_footer;
	b->at = 0;
	transfer_decoder_init(&b->decoder, encoding);
	b->decoder.shows_footer = shows_footer;
}

void jmap_blob_skip(struct jmap_blob *b, uint64_t octets)
{
	b->at = octets < b->size ? octets : b->size;
}

/* All that is left comes at once: a script is short, and cannot be asked for in parts. */
static void next_of_script(struct jmap_call *c, struct jmap_blob *b)
{
	b->offset = b->at; /* so many octets are passed over */
	b->asked = b->size - b->at;
	b->at = b->size;
	buf_clear(&b->piece);
	jmap_ask(c, SCRIPT_GET, &(struct script_get){.number = b->id.number}, b->answered);
}

static void ask_octets(struct jmap_call *c, struct jmap_blob *b, uint64_t offset, uint64_t len)
{
	char part[24];
	put_id(part, b->id.number);
	put_id(part + 8, offset);
	put_id(part + 16, len);
	jmap_ask(c, EMAIL_READ,
	    &(struct email_read){
	        .account = b->ask, .kept = is_upload(b), .parts = view_of(part, sizeof part)},
	    b->answered);
}

static uint64_t piece_size(const struct jmap_blob *b)
{
	uint64_t share = b->few_pieces && b->is_binary ? b->size / JMAP_BLOB_FEW_PIECES + 1 : 0;
	return share > JMAP_BLOB_PIECE ? share : JMAP_BLOB_PIECE;
}

void jmap_blob_next(struct jmap_call *c, struct jmap_blob *b)
{
	if (is_script(b)) {
		next_of_script(c, b);
		return;
	}
	uint64_t len = b->size - b->at;
	if (len > piece_size(b))
		len = piece_size(b);
	/* A question without octets would be none: what is empty is asked for as well, and answered. */
	ask_octets(c, b, b->offset + b->at, len);
	b->at += len;
	b->asked = len;
	buf_clear(&b->piece);
	b->piece.max = len > b->piece.max ? len : b->piece.max;
	b->decoded.max = 2 * len > b->decoded.max ? 2 * len : b->decoded.max;
}

/* All octets come by one question, since the parser takes them as they come: store mends the line ends of a
 * message from its beginning on for each question. */
static void parse(struct jmap_call *c, struct jmap_blob *b)
{
	b->step = JMAP_BLOB_PARSING;
	b->parser = mime_parser_new();
	ask_octets(c, b, 0, UINT64_MAX);
}

static enum jmap_blob_event fail(struct jmap_blob *b, int64_t error)
{
	b->error = error;
	return JMAP_BLOB_FAILED;
}

/* A piece is here. What a part decodes to may be empty; then the next one is asked for. */
static enum jmap_blob_event give(struct jmap_call *c, struct jmap_blob *b)
{
	b->last = b->at == b->size;
	b->bytes = buf_view(&b->piece);
	if (!b->is_encoded)
		return JMAP_BLOB_BYTES;
	buf_clear(&b->decoded);
	transfer_decode(&b->decoder, b->bytes, &b->decoded);
	if (b->last)
		transfer_decode_end(&b->decoder, &b->decoded);
	if (buf_failed(&b->decoded))
		return fail(b, -ENOMEM);
	b->bytes = buf_view(&b->decoded);
	if (b->bytes.len > 0 || b->last)
		return JMAP_BLOB_BYTES;
	jmap_blob_next(c, b);
	return JMAP_BLOB_WAITS;
}

/* ---- finding ---- */

/* The part of this number: where its body lies, behind `prefix` octets. A multipart is no blob. */
static bool place_part(struct jmap_blob *b, const struct mime_tree *tree, uint64_t prefix, uint64_t whole)
{
	if (b->id.part >= tree->count)
		return false;
	const struct mime_part *part = &tree->parts[b->id.part];
	if (view_equal(part->type.type, VIEW("multipart")) || part->body_offset > whole ||
	    part->body_len > whole - part->body_offset || prefix > whole - part->body_offset - part->body_len)
		return false;
	b->offset = prefix + part->body_offset;
	b->size = part->body_len;
	b->is_encoded = part->encoding == TRANSFER_BASE64 || part->encoding == TRANSFER_QUOTED_PRINTABLE;
	transfer_decoder_init(&b->decoder, part->encoding);
	b->decoder.shows_footer = view_equal(part->type.type, VIEW("text"));
	return true;
}

static void take_entry(struct jmap_blob *b, const struct email_entries *entries)
{
	struct cursor in = cursor_on(entries->entries);
	struct email_entry e;
	struct arena arena;
	struct mime_tree tree;
	uint64_t want =
	    MAIL_WANT_SIZE | MAIL_WANT_FLAGS | MAIL_WANT_PREFIX | (is_part(b) ? MAIL_WANT_STRUCTURE : 0);
	if (!email_entry_get(&in, want, &e) || e.message.emailid != b->id.number)
		return;
	b->is_binary = e.message.flags & FLAG_BINARY;
	if (!is_part(b)) {
		b->size = e.message.size;
		b->prefix = e.message.prefix_len;
		b->found = true;
		return;
	}
	arena_init(&arena, PARTS_ROOM);
	if (e.message.body_error) {
		b->error = -(int64_t)e.message.body_error;
	} else if (mime_tree_decode(e.message.structure, &arena, &tree) == 0) {
		b->found = place_part(b, &tree, e.message.prefix_len, e.message.size);
	} else {
		b->size = e.message.size;
		b->found = b->is_unknown = true;
	}
	arena_done(&arena);
}

/* With another version it is another blob, and this one is there no more. */
static void take_script(struct jmap_blob *b, const struct script_entry *e)
{
	if (e->number != b->id.number)
		return;
	bool same = e->version == b->id.part && e->size <= SCRIPT_SIZE_MAX;
	if (b->step == JMAP_BLOB_READING) {
		if (!same || e->size != b->size)
			b->error = -ENOENT;
		return;
	}
	b->found = same;
	b->size = e->size;
}

static void take_script_bytes(struct jmap_blob *b, struct view bytes)
{
	size_t passed = b->offset < bytes.len ? (size_t)b->offset : bytes.len;
	b->offset -= passed;
	buf_append(&b->piece, view_skip(bytes, passed));
}

/* All of the upload, or of the message, passed through the parser. */
static enum jmap_blob_event parsed(struct jmap_blob *b)
{
	const struct mime_tree *tree = mime_parser_end(b->parser);
	bool whole = tree->size == b->size;
	bool found = whole && place_part(b, tree, 0, b->size);
	mime_parser_free(b->parser);
	b->parser = NULL;
	b->step = JMAP_BLOB_READING;
	return found ? JMAP_BLOB_OPEN : fail(b, whole ? -ENOENT : -EBADMSG);
}

static enum jmap_blob_event found(struct jmap_call *c, struct jmap_blob *b, const struct mail_done *done)
{
	if (is_upload(b)) {
		b->size = done->messages;
		b->found = true;
	}
	if (!b->found)
		return fail(b, b->error ? b->error : -ENOENT);
	if (b->id.letter == MAIL_ID_BLOB_UPLOAD_PART || b->is_unknown) {
		parse(c, b);
		return JMAP_BLOB_WAITS;
	}
	b->step = JMAP_BLOB_READING;
	return JMAP_BLOB_OPEN;
}

/* ---- answers ---- */

static enum jmap_blob_event take_done(struct jmap_call *c, struct jmap_blob *b, const struct mail_done *done)
{
	int64_t error = done->error ? done->error : b->step == JMAP_BLOB_FINDING ? 0 : b->error;
	if (error)
		return fail(b, error);
	if (b->step == JMAP_BLOB_FINDING)
		return found(c, b, done);
	if (b->step == JMAP_BLOB_PARSING)
		return parsed(b);
	if (buf_failed(&b->piece))
		return fail(b, -ENOMEM);
	if (buf_view(&b->piece).len != b->asked)
		return fail(b, -EBADMSG);
	return give(c, b);
}

enum jmap_blob_event jmap_blob_take(
    struct jmap_call *c, struct jmap_blob *b, unsigned type, const void *answer)
{
	const struct mail_data *data = answer;
	if (type == EMAIL_ENTRIES)
		take_entry(b, answer);
	if (type == SCRIPT_ENTRY)
		take_script(b, answer);
	if (type == SCRIPT_BYTES)
		take_script_bytes(b, ((const struct script_bytes *)answer)->bytes);
	if (type == MAIL_DATA && data->error)
		b->error = data->error;
	if (type == MAIL_DATA && b->step == JMAP_BLOB_PARSING)
		mime_parser_feed(b->parser, data->bytes);
	else if (type == MAIL_DATA)
		buf_append(&b->piece, data->bytes);
	return type == MAIL_DONE ? take_done(c, b, answer) : JMAP_BLOB_WAITS;
}
