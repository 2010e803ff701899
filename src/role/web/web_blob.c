/* See web_blob.h. */
#include "role/web/web_blob.h"

#include <errno.h>

#include "base/arena.h"
#include "base/cursor.h"
#include "base/mem.h"
#include "mail/email_wire.h"
#include "mail/script.h"
#include "mime/summary.h"

enum {
	STRUCTURE_ARENA_MAX = 4 * 1024 * 1024,
	/* A frame of store's, decoded: no decoding makes more of it; and what the decoder had held. */
	WAITING_MAX = 2 * MAIL_PIECE_MAX
};

static bool is_upload(const struct web_blob *b)
{
	return b->id.letter == MAIL_ID_BLOB_UPLOAD || b->id.letter == MAIL_ID_BLOB_UPLOAD_PART;
}

static bool is_part(const struct web_blob *b)
{
	return b->id.letter == MAIL_ID_BLOB_PART || b->id.letter == MAIL_ID_BLOB_UPLOAD_PART;
}

static bool is_script(const struct web_blob *b)
{
	return b->id.letter == MAIL_ID_BLOB_SCRIPT;
}

/* ---- questions ---- */

static void ask_entry(struct web_blob *b)
{
	struct buf ids;
	buf_init(&ids, EMAIL_ID_SIZE);
	buf_append_u64(&ids, b->id.number);
	struct email_get m = {.account = b->account,
	    .want = is_part(b) ? MAIL_WANT_STRUCTURE : MAIL_WANT_SIZE,
	    .ids = buf_view(&ids)};
	web_line_ask(&b->transfer, EMAIL_GET, &m);
	buf_done(&ids);
}

/* Of a script all octets come: web_blob_send passes over some. */
static void ask_bytes(struct web_blob *b, uint64_t offset, uint64_t length)
{
	if (is_script(b)) {
		web_line_ask(&b->transfer, SCRIPT_GET, &(struct script_get){.number = b->id.number});
		return;
	}
	struct buf parts;
	buf_init(&parts, 3 * 8);
	buf_append_u64(&parts, b->id.number);
	buf_append_u64(&parts, offset);
	buf_append_u64(&parts, length);
	struct email_read m = {.account = b->account, .kept = is_upload(b), .parts = buf_view(&parts)};
	web_line_ask(&b->transfer, EMAIL_READ, &m);
	buf_done(&parts);
}

/* The whole message, or the upload, whose parts are not known. */
static void parse(struct web_blob *b)
{
	b->stage = BLOB_PARSES;
	b->parser = mime_parser_new();
	ask_bytes(b, 0, UINT64_MAX);
}

static void look(struct web_blob *b)
{
	b->stage = BLOB_LOOKS;
	if (is_script(b)) {
		web_line_ask(&b->transfer, SCRIPT_LIST, &(struct script_list){0});
	} else if (!is_upload(b)) {
		ask_entry(b);
	} else if (!is_part(b)) {
		web_line_ask(&b->transfer, EMAIL_KEPT, &(struct email_kept){.kept = b->id.number});
	} else {
		parse(b);
	}
}

/* ---- where it lies ---- */

static uint64_t size_of(const struct web_blob *b)
{
	switch (b->decoder.encoding) {
	case TRANSFER_BASE64:
	case TRANSFER_QUOTED_PRINTABLE:
		return WEB_BLOB_UNKNOWN;
	default:
		return b->length;
	}
}

static void take_part(struct web_blob *b, const struct mime_tree *tree, uint64_t prefix)
{
	if (b->id.part >= tree->count)
		return;
	const struct mime_part *part = &tree->parts[b->id.part];
	b->offset = prefix + part->body_offset;
	b->length = part->body_len;
	transfer_decoder_init(&b->decoder, part->encoding);
	b->found = true;
}

static void take_entry(struct web_blob *b, struct view entries)
{
	struct cursor in = cursor_on(entries);
	struct email_entry entry;
	struct arena arena;
	struct mime_tree tree;
	if (!email_entry_get(&in, is_part(b) ? MAIL_WANT_STRUCTURE : MAIL_WANT_SIZE, &entry))
		return;
	if (!is_part(b)) {
		b->length = entry.message.size;
		b->found = true;
		return;
	}
	arena_init(&arena, STRUCTURE_ARENA_MAX);
	if (entry.message.body_error)
		b->failed = true;
	else if (mime_tree_decode(entry.message.structure, &arena, &tree) == 0)
		take_part(b, &tree, entry.message.prefix_len);
	else
		b->unknown = true;
	arena_done(&arena);
}

/* With another version it is another blob, and this one is there no more. */
static void take_script(struct web_blob *b, const struct script_entry *e)
{
	if (e->number != b->id.number)
		return;
	bool same = e->version == b->id.part;
	if (b->stage == BLOB_LOOKS) {
		b->found = same;
		b->length = e->size;
	} else if (!same) {
		b->error = -ENOENT;
	}
}

static void looked(struct web_blob *b, const struct mail_done *done)
{
	if (is_upload(b) && !is_part(b) && done->error == 0) {
		b->length = done->messages;
		b->found = true;
	}
	if (done->error || b->failed)
		b->reader->end(b->arg, done->error ? done->error : -EIO);
	else if (b->unknown)
		parse(b);
	else if (!b->found)
		b->reader->end(b->arg, -ENOENT);
	else
		b->reader->found(b->arg, size_of(b));
}

static void parsed(struct web_blob *b, const struct mail_done *done)
{
	int64_t error = done->error ? done->error : b->error;
	if (error == 0)
		take_part(b, mime_parser_end(b->parser), 0);
	mime_parser_free(b->parser);
	b->parser = NULL;
	if (error)
		b->reader->end(b->arg, error);
	else if (!b->found)
		b->reader->end(b->arg, -ENOENT);
	else
		b->reader->found(b->arg, size_of(b));
}

/* ---- octets ---- */

/* Decoded octets: passes over what is not wanted, and gives the rest; what is not taken waits. */
static void give(struct web_blob *b)
{
	struct view bytes = buf_view(&b->waiting);
	size_t skipped = bytes.len < b->skip ? bytes.len : (size_t)b->skip;
	b->skip -= skipped;
	bytes = view_take(view_skip(bytes, skipped), b->left < SIZE_MAX ? (size_t)b->left : SIZE_MAX);
	size_t taken = bytes.len ? b->reader->bytes(b->arg, bytes) : 0;
	b->left -= taken;
	if (b->left == 0)
		buf_clear(&b->waiting);
	else
		buf_consume(&b->waiting, skipped + taken);
	if (buf_view(&b->waiting).len == 0)
		buf_done(&b->waiting);
}

static void finish_if_given(struct web_blob *b)
{
	if (b->ended && buf_view(&b->waiting).len == 0)
		b->reader->end(b->arg, b->error);
}

static void take_bytes(struct web_blob *b, struct view bytes)
{
	switch (b->stage) {
	case BLOB_PARSES:
		mime_parser_feed(b->parser, bytes);
		return;
	case BLOB_COUNTS:
	case BLOB_SENDS:
		if (transfer_decode(&b->decoder, bytes, &b->waiting) != 0)
			b->error = -ENOMEM;
		break;
	default:
		return;
	}
	if (b->stage == BLOB_SENDS) {
		give(b);
	} else {
		b->counted += buf_view(&b->waiting).len;
		buf_clear(&b->waiting);
	}
}

static void take_data(struct web_blob *b, const struct mail_data *data)
{
	if (data->error && b->error == 0)
		b->error = data->error;
	if (b->error == 0)
		take_bytes(b, data->bytes);
}

static void all_has_come(struct web_blob *b, const struct mail_done *done)
{
	if (done->error && b->error == 0)
		b->error = done->error;
	if (b->error == 0 && transfer_decode_end(&b->decoder, &b->waiting) != 0)
		b->error = -ENOMEM;
	if (b->error)
		buf_clear(&b->waiting);
	if (b->stage == BLOB_COUNTS) {
		b->counted += buf_view(&b->waiting).len;
		buf_done(&b->waiting);
		if (b->error)
			b->reader->end(b->arg, b->error);
		else
			b->reader->counted(b->arg, b->counted);
		return;
	}
	b->ended = true;
	if (b->error == 0)
		give(b);
	finish_if_given(b);
}

static void on_answer(struct web_transfer *t, unsigned type, const void *answer)
{
	struct web_blob *b = (struct web_blob *)t;
	if (type == EMAIL_ENTRIES && b->stage == BLOB_LOOKS)
		take_entry(b, ((const struct email_entries *)answer)->entries);
	else if (type == MAIL_DATA && b->stage != BLOB_LOOKS)
		take_data(b, answer);
	else if (type == SCRIPT_ENTRY && is_script(b))
		take_script(b, answer);
	else if (type == SCRIPT_BYTES && b->stage != BLOB_LOOKS)
		take_data(b, &(struct mail_data){.bytes = ((const struct script_bytes *)answer)->bytes});
	else if (type != MAIL_DONE)
		return;
	else if (b->stage == BLOB_LOOKS)
		looked(b, answer);
	else if (b->stage == BLOB_PARSES)
		parsed(b, answer);
	else
		all_has_come(b, answer);
}

static bool is_full(struct web_transfer *t)
{
	struct web_blob *b = (struct web_blob *)t;
	return buf_view(&b->waiting).len > 0;
}

static void on_ready(struct web_transfer *t)
{
	look((struct web_blob *)t);
}

static void on_lost(struct web_transfer *t)
{
	struct web_blob *b = (struct web_blob *)t;
	b->reader->end(b->arg, -EIO);
}

static const struct web_transfer_handler handler = {
    .ready = on_ready, .answer = on_answer, .is_full = is_full, .lost = on_lost};

/* ---- its life ---- */

void web_blob_begin(struct web_blob *b, struct web_user *user, const struct mail_id *id,
    const struct web_blob_reader *reader, void *arg)
{
	*b = (struct web_blob){.reader = reader, .arg = arg, .id = *id};
	b->account = id->account == user->account ? 0 : id->account;
	b->transfer = (struct web_transfer){.handler = &handler, .user = user};
	transfer_decoder_init(&b->decoder, TRANSFER_BINARY);
	buf_init(&b->waiting, WAITING_MAX);
	web_line_take(&b->transfer);
}

void web_blob_end(struct web_blob *b)
{
	web_line_give_back(&b->transfer);
	mime_parser_free(b->parser);
	buf_done(&b->waiting);
}

static void read_again(struct web_blob *b, uint64_t offset, uint64_t length)
{
	transfer_decoder_init(&b->decoder, b->decoder.encoding);
	b->ended = false;
	b->error = 0;
	ask_bytes(b, offset, length);
}

void web_blob_count(struct web_blob *b)
{
	b->stage = BLOB_COUNTS;
	b->counted = 0;
	read_again(b, b->offset, b->length);
}

void web_blob_send(struct web_blob *b, uint64_t first, uint64_t length)
{
	b->stage = BLOB_SENDS;
	b->left = length;
	if (size_of(b) == WEB_BLOB_UNKNOWN || is_script(b)) {
		b->skip = first;
		read_again(b, b->offset, b->length);
	} else {
		b->skip = 0;
		read_again(b, b->offset + first, length < b->length - first ? length : b->length - first);
	}
}

void web_blob_go_on(struct web_blob *b)
{
	if (b->stage != BLOB_SENDS)
		return;
	if (buf_view(&b->waiting).len > 0)
		give(b);
	if (buf_view(&b->waiting).len > 0)
		return;
	if (b->ended)
		finish_if_given(b);
	else
		web_line_go_on(&b->transfer);
}
