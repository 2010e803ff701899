/* Takes a message apart into its texts: see message_text.h. */
#include "mime/message_text.h"

#include <errno.h>
#include <string.h>

#include "format/address.h"
#include "format/charset.h"
#include "format/encoded_word.h"
#include "format/header.h"
#include "mime/preview.h"

enum {
	/* Messages encoded in messages: nobody forwards an encoded one in an encoded one more often. */
	ENCODED_DEPTH_MAX = 8,
	/* A character of one octet becomes three in UTF-8 at most, and U+FFFD too. */
	UTF8_GROWTH = 3,
	/* Of one field: ten thousand addresses, the most that are read, and what they are made of. */
	ADDRESSES_MEMORY = 4 << 20
};

struct reader {
	const struct message_text_options *options;
	message_text_take *take;
	void *arg;
	unsigned depth; /* of encoded messages */
	bool stopped;
	int error; /* the first one; reading goes on */
	struct view message;
	const struct mime_tree *tree;
};

static void note_error(struct reader *r, int error)
{
	if (error && r->error == 0)
		r->error = error;
}

static void give(struct reader *r, const struct message_text_piece *piece)
{
	if (!r->stopped)
		r->stopped = !r->take(r->arg, piece);
}

/* ---- header fields ---- */

bool message_text_is_noise(struct view name)
{
	static const char *const noise[] = {"DKIM-Signature", "ARC-Seal", "ARC-Message-Signature",
	    "DomainKey-Signature", "X-Google-DKIM-Signature"};
	for (size_t i = 0; i < sizeof noise / sizeof *noise; i++)
		if (view_equal_nocase(name, view_from_string(noise[i])))
			return true;
	return false;
}

/*
 * FROM, TO, CC and BCC look into what ENVELOPE shows (RFC 9051 section 6.4.4): names without quotes,
 * addresses without comments. Where the field itself has such an address in another form, this is its plain
 * one.
 */
static bool is_address_field(struct view name)
{
	static const char *const fields[] = {"From", "To", "Cc", "Bcc"};
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
		if (view_equal_nocase(name, view_from_string(fields[i])))
			return true;
	return false;
}

static bool holds(struct view text, struct view part)
{
	return part.len == 0 || memmem(text.data, text.len, part.data, part.len) != NULL;
}

/* Appends an address, unless the field's text shows its name and itself. */
static int add_address(struct buf *out, struct view text, const struct address *a)
{
	struct buf name, path;
	buf_init(&name, UTF8_GROWTH * a->display_name.len + 1);
	buf_init(&path, a->local_part.len + 1 + a->domain.len);
	int error = encoded_word_decode(a->display_name, &name);
	buf_append(&path, a->local_part);
	if (a->domain.len > 0)
		buf_append_byte(&path, '@');
	buf_append(&path, a->domain);
	if (error == 0 && !(holds(text, buf_view(&name)) && holds(text, buf_view(&path))))
		error = buf_printf(out, name.len > 0 ? "%s%.*s <%.*s>" : "%s%.*s%.*s",
		    out->len > 0 ? ", " : "", VIEW_FMT(buf_view(&name)), VIEW_FMT(buf_view(&path)));
	buf_done(&name);
	buf_done(&path);
	return error;
}

static void give_addresses(struct reader *r, struct view name, struct view body, struct view text)
{
	struct arena arena;
	struct address_list list;
	struct buf plain;
	arena_init(&arena, ADDRESSES_MEMORY);
	buf_init(&plain, ADDRESSES_MEMORY);
	int error = address_list_parse(body, &arena, &list);
	for (size_t i = 0; error == 0 && i < list.count; i++)
		if (list.items[i].kind != ADDRESS_GROUP_END)
			error = add_address(&plain, text, &list.items[i]);
	note_error(r, error == 0 && list.cut ? -ENOBUFS : error);
	struct message_text_piece piece = {
	    .kind = MESSAGE_TEXT_ADDRESSES, .name = name, .text = buf_view(&plain)};
	if (plain.len > 0)
		give(r, &piece);
	buf_done(&plain);
	arena_done(&arena);
}

static enum message_text_kind kind_of_fields(const struct reader *r, size_t index)
{
	const struct mime_part *part = &r->tree->parts[index];
	if (r->depth > 0 || mime_part_is_forwarded(r->tree, index))
		return MESSAGE_TEXT_BODY;
	return part->parent < 0 ? MESSAGE_TEXT_FIELD : MESSAGE_TEXT_PART_FIELD;
}

/* A field within the body is shown with its name in front; elsewhere the name is apart. */
static void give_field(struct reader *r, enum message_text_kind kind, struct view name, struct view body)
{
	struct buf text;
	struct message_text_piece piece = {.kind = kind, .is_noise = message_text_is_noise(name)};
	buf_init(&text, name.len + 2 + UTF8_GROWTH * body.len);
	if (kind == MESSAGE_TEXT_FIELD) {
		piece.name = name;
	} else {
		buf_append(&text, name);
		buf_append_string(&text, ": ");
	}
	int error = encoded_word_decode(body, &text);
	note_error(r, error);
	piece.text = kind == MESSAGE_TEXT_FIELD ? view_trim(buf_view(&text)) : buf_view(&text);
	if (!(piece.is_noise && kind != MESSAGE_TEXT_FIELD))
		give(r, &piece);
	if (kind == MESSAGE_TEXT_FIELD && !r->stopped && is_address_field(name))
		give_addresses(r, name, body, piece.text);
	buf_done(&text);
}

static void give_header(struct reader *r, size_t index)
{
	const struct mime_part *part = &r->tree->parts[index];
	enum message_text_kind kind = kind_of_fields(r, index);
	struct header_field field;
	struct view block = view_take(view_skip(r->message, (size_t)part->header_offset),
	    (size_t)(part->body_offset - part->header_offset));
	struct header_reader reader = header_read(block);
	while (!r->stopped && header_next(&reader, &field))
		give_field(r, kind, field.name, field.body);
	/* A name in the form of RFC 2231 stands in the field as octets in hexadecimal. */
	if (part->file_name.len > 0) {
		struct message_text_piece piece = {
		    .kind = kind == MESSAGE_TEXT_BODY ? kind : MESSAGE_TEXT_PART_FIELD,
		    .text = part->file_name};
		give(r, &piece);
	}
}

/* ---- texts ---- */

enum form { FORM_NONE, FORM_PLAIN, FORM_HTML };

static enum form form_of(const struct mime_part *part)
{
	const struct media_type *type = &part->type;
	if (media_type_is(type, "text", "html") || media_type_is(type, "application", "xhtml+xml"))
		return FORM_HTML;
	/* A multipart without parts has become text/plain in the tree. Of messages only reports and what
	 * cannot be taken apart are leaves. */
	if (media_type_is(type, "text", NULL) || media_type_is(type, "message", NULL))
		return FORM_PLAIN;
	return FORM_NONE;
}

/* A text in a form that only an extractor understands, while it can be read as it stands as well. */
static bool has_form_of_its_own(const struct mime_part *part)
{
	static const char *const forms[] = {
	    "calendar", "vcard", "x-vcard", "directory", "rtf", "richtext", NULL};
	for (size_t i = 0; forms[i]; i++)
		if (media_type_is(&part->type, "text", forms[i]))
			return true;
	return false;
}

struct text {
	struct reader *reader;
	enum form form;
	struct buf utf8; /* what is read of it, and not given yet */
};

/* Where a piece of HTML may end: before a tag. */
static size_t whole_tags(struct view html, bool last)
{
	ptrdiff_t at = last ? -1 : view_find_last(html, '<');
	return at > 0 ? (size_t)at : html.len;
}

static void give_text(struct text *t, bool last)
{
	struct view all = buf_view(&t->utf8);
	size_t len = t->form == FORM_HTML ? whole_tags(all, last) : all.len;
	struct message_text_piece piece = {
	    .kind = MESSAGE_TEXT_BODY, .text = view_take(all, len), .continues = !last};
	struct buf shown;
	buf_init(&shown, UTF8_GROWTH * len + 16);
	if (t->form == FORM_HTML) {
		note_error(t->reader, html_to_text(piece.text, &shown));
		piece.text = buf_view(&shown);
	}
	give(t->reader, &piece);
	buf_done(&shown);
	buf_consume(&t->utf8, len);
}

/* A long text is read as a stream, by its label alone. */
static int give_long(struct text *t, struct view charset, struct view octets)
{
	struct charset_decoder *d = charset_decoder_new(charset);
	int error = 0;
	while (octets.len > 0 && error == 0 && !t->reader->stopped) {
		struct view some = view_take(octets, MESSAGE_TEXT_WHOLE);
		octets = view_skip(octets, some.len);
		error = charset_decode(d, some, octets.len == 0, &t->utf8);
		give_text(t, octets.len == 0);
	}
	charset_decoder_free(d);
	return error;
}

static int give_in_charset(struct text *t, struct view charset, struct view octets)
{
	bool defective = false;
	if (octets.len > MESSAGE_TEXT_WHOLE)
		return give_long(t, charset, octets);
	int error = charset_to_utf8(charset, octets, &t->utf8, &defective);
	if (error == 0)
		give_text(t, true);
	return error;
}

static void give_octets(struct reader *r, const struct mime_part *part, enum form form, struct view octets)
{
	struct text t = {.reader = r, .form = form};
	/* In UTF-8 every octet may have become three, and what waits for the end of a tag is another piece.
	 */
	buf_init(&t.utf8, 2 * UTF8_GROWTH * (size_t)MESSAGE_TEXT_WHOLE + 64);
	note_error(r, give_in_charset(&t, parameter_find(&part->type.parameters, VIEW("charset")), octets));
	buf_done(&t.utf8);
}

/* ---- parts ---- */

static void read_message(struct reader *r, struct view message);

static void give_encoded_message(struct reader *r, struct view octets)
{
	struct view message = r->message;
	const struct mime_tree *tree = r->tree;
	if (r->depth == ENCODED_DEPTH_MAX) {
		note_error(r, -ENOBUFS);
		return;
	}
	r->depth++;
	read_message(r, octets);
	r->depth--;
	r->message = message;
	r->tree = tree;
}

static void give_attachment(struct reader *r, const struct mime_part *part, struct view octets)
{
	struct message_text_piece piece = {
	    .kind = MESSAGE_TEXT_ATTACHMENT, .name = part->file_name, .text = octets, .type = &part->type};
	give(r, &piece);
}

static void give_leaf(struct reader *r, size_t index)
{
	const struct mime_part *part = &r->tree->parts[index];
	enum form form = form_of(part);
	bool is_message = mime_part_is_encoded_message(r->tree, index);
	bool attachments = r->options && r->options->attachments;
	struct view charset = parameter_find(&part->type.parameters, VIEW("charset"));
	struct buf octets;
	if (form == FORM_NONE && !attachments)
		return;
	/* Decoding makes nothing longer but a footer, which stands in the body as well. */
	buf_init(&octets, form == FORM_NONE ? r->options->attachment_max : (size_t)part->body_len + 16);
	int error = mime_decode_body(part, r->message, !charset_keeps_no_state(charset), &octets, NULL);
	struct view decoded = buf_view(&octets);
	if (error && !(error == -ENOBUFS && form == FORM_NONE))
		note_error(r, error);
	if (error == 0 && is_message)
		give_encoded_message(r, decoded);
	else if (error == 0 && form != FORM_NONE)
		give_octets(r, part, form, decoded);
	if (error == 0 && attachments && decoded.len <= r->options->attachment_max &&
	    (form == FORM_NONE || has_form_of_its_own(part)))
		give_attachment(r, part, decoded);
	buf_done(&octets);
}

static void read_message(struct reader *r, struct view message)
{
	struct mime_parser *parser = mime_parser_new();
	r->message = message;
	r->tree = mime_parse(parser, message);
	for (size_t i = 0; i < r->tree->count && !r->stopped; i++) {
		give_header(r, i);
		if (!r->stopped && mime_first_child(r->tree, i) < 0)
			give_leaf(r, i);
	}
	mime_parser_free(parser);
}

int message_text(
    struct view message, const struct message_text_options *options, message_text_take *take, void *arg)
{
	struct reader r = {.options = options, .take = take, .arg = arg};
	if (message.len > MESSAGE_TEXT_MAX) {
		message = view_take(message, MESSAGE_TEXT_MAX);
		r.error = -ENOBUFS;
	}
	read_message(&r, message);
	return r.error;
}

/* ---- gathering ---- */

void message_gather_init(struct message_gather *g)
{
	buf_init(&g->bytes, MESSAGE_TEXT_MAX);
}

void message_gather_done(struct message_gather *g)
{
	buf_done(&g->bytes);
}

int message_gather_add(struct message_gather *g, struct view bytes)
{
	return buf_append(&g->bytes, bytes);
}
