/*
 * What is known of one message. Envelope, preview and structure come from what was stored at delivery. A
 * summary that is cut or cannot be read gives way to the header, a structure that cannot be read to the
 * message itself, which is parsed again: mail stays readable whatever a version stored of it.
 */
#include "imap/imap_fetch.h"

#include "mime/preview.h"

static void read_summary(struct imap_fetched *f, const struct imap_fetch *fetch)
{
	struct message_summary summary;
	bool read = message_summary_decode(f->m.summary, f->scratch, &summary) == 0;
	if (read) {
		f->preview = summary.preview;
		f->has_preview = true;
		f->envelope = summary.envelope;
		f->has_envelope = !summary.envelope.truncated;
	}
	if (fetch->needs_envelope && !f->has_envelope) {
		f->lacks_header = !(f->want & MAIL_WANT_HEADER);
		if (!f->lacks_header)
			imap_fetched_header(f, f->m.header);
	}
	if (fetch->needs_preview && !f->has_preview)
		f->lacks_parse = true;
}

/* The offsets of a body that came as BINARYMIME are not those of the message as it is sent. */
static void read_structure(struct imap_fetched *f)
{
	f->has_tree = !(f->m.flags & FLAG_BINARY) &&
	              mime_tree_decode(f->m.structure, f->scratch, &f->tree) == 0 &&
	              f->m.prefix_len <= f->m.size && f->tree.size <= f->m.size - f->m.prefix_len;
	if (!f->has_tree)
		f->lacks_parse = true;
}

void imap_fetched_begin(struct imap_fetched *f, const struct imap_fetch *fetch, uint64_t want,
    const struct mail_message *m, struct arena *scratch)
{
	arena_reset(scratch);
	*f = (struct imap_fetched){.m = *m, .want = want, .scratch = scratch};
	if (fetch->needs_envelope || fetch->needs_preview)
		read_summary(f, fetch);
	if (want & MAIL_WANT_STRUCTURE)
		read_structure(f);
	if (f->lacks_parse && m->has_body) {
		imap_fetched_parse(f, m->body);
		imap_fetched_parsed(f, fetch);
	}
}

void imap_fetched_header(struct imap_fetched *f, struct view header)
{
	envelope_read(header, ADDRESS_LIST_MAX, f->scratch, &f->envelope);
	f->has_envelope = true;
	f->lacks_header = false;
}

void imap_fetched_parse(struct imap_fetched *f, struct view bytes)
{
	if (f->parser == NULL)
		f->parser = mime_parser_new();
	mime_parser_feed(f->parser, bytes);
}

/* What was parsed is the message as it is sent: its offsets count the prefix already. */
void imap_fetched_parsed(struct imap_fetched *f, const struct imap_fetch *fetch)
{
	imap_fetched_parse(f, (struct view){0});
	const struct mime_tree *tree = mime_parser_end(f->parser);
	if (f->want & MAIL_WANT_STRUCTURE && !f->has_tree) {
		f->tree = *tree;
		f->has_tree = true;
		f->m.prefix_len = 0;
		f->m.size = tree->size;
	}
	if (fetch->needs_preview && !f->has_preview) {
		struct buf line;
		buf_init(&line, PREVIEW_MAX);
		preview_append(f->parser, tree, &line);
		f->has_preview = arena_copy(f->scratch, buf_view(&line), &f->preview);
		buf_done(&line);
	}
	f->lacks_parse = false;
}

void imap_fetched_end(struct imap_fetched *f)
{
	mime_parser_free(f->parser);
	f->parser = NULL;
}

/* What is decoded when a part is shown by BINARY: a part that holds others stands as it is. */
static void find_binary(
    const struct imap_fetched *f, const struct imap_fetch_item *item, struct imap_place_found *found)
{
	int part = item->section.part.len ? imap_section_part(&item->section, &f->tree) : -1;
	if (part < 0 || mime_first_child(&f->tree, (size_t)part) >= 0)
		return;
	found->encoding = f->tree.parts[part].encoding;
	found->decodes = found->encoding == TRANSFER_BASE64 || found->encoding == TRANSFER_QUOTED_PRINTABLE;
	if (found->encoding == TRANSFER_UNKNOWN)
		found->place = IMAP_PLACE_UNKNOWN;
}

struct imap_place_found imap_fetched_place(const struct imap_fetched *f, const struct imap_fetch_item *item)
{
	struct imap_place_found found = {.place = IMAP_PLACE_STORED};
	found.picks =
	    item->section.text == IMAP_SECTION_FIELDS || item->section.text == IMAP_SECTION_FIELDS_NOT;
	if (item->kind == IMAP_FETCH_SECTION && imap_section_is_header(&item->section) &&
	    f->want & MAIL_WANT_HEADER) {
		found.place = IMAP_PLACE_HERE;
		found.bytes = f->m.header;
		found.extent.len = f->m.header.len;
		return found;
	}
	struct imap_form form = {&f->tree, f->m.prefix_len, f->m.size};
	if (!imap_section_find(&item->section, &form, &found.extent)) {
		found.place = IMAP_PLACE_NOWHERE;
		return found;
	}
	if (item->kind != IMAP_FETCH_SECTION)
		find_binary(f, item, &found);
	if (found.place == IMAP_PLACE_STORED && f->m.has_body) {
		found.place = IMAP_PLACE_HERE;
		found.bytes =
		    view_take(view_skip(f->m.body, (size_t)found.extent.offset), (size_t)found.extent.len);
	}
	return found;
}

bool imap_fetched_is_whole(const struct imap_fetched *f, const struct imap_fetch *fetch)
{
	if (f->lacks_header || f->lacks_parse)
		return false;
	if (!(fetch->want & MAIL_WANT_BODY) || f->m.has_body)
		return true;
	for (size_t i = 0; i < fetch->count; i++) {
		const struct imap_fetch_item *item = &fetch->items[i];
		if (item->kind < IMAP_FETCH_SECTION)
			continue;
		struct imap_place_found found = imap_fetched_place(f, item);
		if (found.place == IMAP_PLACE_STORED &&
		    (item->kind != IMAP_FETCH_BINARY_SIZE || found.decodes))
			return false;
	}
	return true;
}
