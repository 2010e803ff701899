/*
 * What a FETCH asks for: fetch-att of RFC 9051 section 9 and RFC 3501, BINARY (RFC 3516), MODSEQ (RFC 7162),
 * EMAILID and THREADID (RFC 8474), SAVEDATE (RFC 8514), PREVIEW (RFC 8970), ANNOTATION (RFC 5257).
 */
#include "imap/imap_fetch.h"

#include <string.h>

static const struct {
	const char *name;
	enum imap_fetch_kind kind;
	uint64_t want;
} words[] = {
    {"UID", IMAP_FETCH_UID, 0},
    {"FLAGS", IMAP_FETCH_FLAGS, MAIL_WANT_FLAGS},
    {"INTERNALDATE", IMAP_FETCH_INTERNALDATE, MAIL_WANT_DATES},
    {"RFC822.SIZE", IMAP_FETCH_SIZE, MAIL_WANT_SIZE},
    {"ENVELOPE", IMAP_FETCH_ENVELOPE, MAIL_WANT_SUMMARY},
    {"BODY", IMAP_FETCH_BODY, MAIL_WANT_STRUCTURE | MAIL_WANT_FLAGS | MAIL_WANT_SIZE},
    {"BODYSTRUCTURE", IMAP_FETCH_BODYSTRUCTURE, MAIL_WANT_STRUCTURE | MAIL_WANT_FLAGS | MAIL_WANT_SIZE},
    {"MODSEQ", IMAP_FETCH_MODSEQ, MAIL_WANT_MODSEQ},
    {"EMAILID", IMAP_FETCH_EMAILID, MAIL_WANT_IDS},
    {"THREADID", IMAP_FETCH_THREADID, MAIL_WANT_IDS},
    {"SAVEDATE", IMAP_FETCH_SAVEDATE, MAIL_WANT_DATES},
    {"PREVIEW", IMAP_FETCH_PREVIEW, MAIL_WANT_SUMMARY},
    {"ANNOTATION", IMAP_FETCH_ANNOTATION, 0},
};

enum { WORDS = sizeof words / sizeof words[0] };

static bool is_name_char(char c)
{
	return ascii_is_alnum(c) || c == '.';
}

static bool add(struct imap_in *in, struct imap_fetch *fetch, const struct imap_fetch_item *item)
{
	if (fetch->count == IMAP_FETCH_ITEMS_MAX) {
		imap_in_wrong(in, "FETCH asks for too many items");
		return false;
	}
	fetch->items[fetch->count++] = *item;
	return true;
}

void imap_fetch_add(struct imap_fetch *fetch, enum imap_fetch_kind kind)
{
	for (size_t i = 0; i < fetch->count; i++)
		if (fetch->items[i].kind == kind)
			return;
	for (size_t i = 0; i < WORDS; i++) {
		if (words[i].kind != kind || fetch->count == IMAP_FETCH_ITEMS_MAX)
			continue;
		fetch->items[fetch->count++] =
		    (struct imap_fetch_item){.kind = kind, .label = view_from_string(words[i].name)};
		fetch->want |= words[i].want;
	}
}

/* RFC822, RFC822.HEADER and RFC822.TEXT of RFC 3501 are sections under other names. */
static bool take_old_name(struct imap_in *in, struct view name, struct imap_fetch *fetch, bool *taken)
{
	static const struct {
		const char *name;
		enum imap_section_text text;
		bool peek;
	} old[] = {{"RFC822", IMAP_SECTION_WHOLE, false}, {"RFC822.HEADER", IMAP_SECTION_HEADER, true},
	    {"RFC822.TEXT", IMAP_SECTION_TEXT, false}};
	for (size_t i = 0; i < sizeof old / sizeof old[0]; i++) {
		if (!view_equal_nocase(name, view_from_string(old[i].name)))
			continue;
		*taken = true;
		fetch->sets_seen |= !old[i].peek;
		return add(in, fetch,
		    &(struct imap_fetch_item){.kind = IMAP_FETCH_SECTION,
		        .label = view_from_string(old[i].name),
		        .section = {.text = old[i].text}});
	}
	return true;
}

/* "<" number "." nz-number ">" */
static bool take_partial(struct imap_in *in, struct imap_fetch_item *item)
{
	if (!imap_in_take(in, '<'))
		return true;
	item->partial = true;
	if (!imap_in_number64(in, &item->offset) || !imap_in_char(in, '.') ||
	    !imap_in_number64(in, &item->count) || !imap_in_char(in, '>'))
		return false;
	if (item->count == 0)
		imap_in_wrong(in, "a part of no octets was asked for");
	return item->count > 0;
}

/* The name that the response has, without PEEK. */
static bool make_label(struct imap_in *in, struct imap_fetch_item *item, const char *word)
{
	struct buf label;
	size_t names = 0;
	for (size_t i = 0; i < item->section.name_count; i++)
		names += item->section.names[i].len + 32;
	buf_init(&label, names + IMAP_SECTION_PART_MAX + 100);
	buf_append_string(&label, word);
	buf_append_byte(&label, '[');
	imap_section_write(&item->section, &label);
	buf_append_byte(&label, ']');
	if (item->partial)
		buf_printf(&label, "<%llu>", (unsigned long long)item->offset);
	bool kept =
	    !buf_failed(&label) && arena_copy(imap_arena(in->session), buf_view(&label), &item->label);
	buf_done(&label);
	if (!kept)
		imap_in_wrong(in, "the command is too long");
	return kept;
}

/* BODY[...], BODY.PEEK[...], BINARY[...], BINARY.PEEK[...], BINARY.SIZE[...]; the bracket is next. */
static bool take_section(struct imap_in *in, struct view name, struct imap_fetch *fetch)
{
	static const struct {
		const char *name, *label;
		enum imap_fetch_kind kind;
		bool peek;
	} sections[] = {{"BODY", "BODY", IMAP_FETCH_SECTION, false},
	    {"BODY.PEEK", "BODY", IMAP_FETCH_SECTION, true}, {"BINARY", "BINARY", IMAP_FETCH_BINARY, false},
	    {"BINARY.PEEK", "BINARY", IMAP_FETCH_BINARY, true},
	    {"BINARY.SIZE", "BINARY.SIZE", IMAP_FETCH_BINARY_SIZE, true}};
	struct imap_fetch_item item = {0};
	for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++) {
		if (!view_equal_nocase(name, view_from_string(sections[i].name)))
			continue;
		item.kind = sections[i].kind;
		if (!imap_in_char(in, '[') ||
		    !imap_in_section(in, item.kind != IMAP_FETCH_SECTION, &item.section) ||
		    !imap_in_char(in, ']'))
			return false;
		if (item.kind != IMAP_FETCH_BINARY_SIZE && !take_partial(in, &item))
			return false;
		fetch->sets_seen |= !sections[i].peek;
		return make_label(in, &item, sections[i].label) && add(in, fetch, &item);
	}
	imap_in_wrong(in, "FETCH was asked for an item that is not known");
	return false;
}

/* PREVIEW [SP "(" preview-mod *(SP preview-mod) ")"]: LAZY, or one that is not known and not there yet. */
static bool take_preview_modifiers(struct imap_in *in)
{
	struct imap_in ahead = *in;
	struct view word;
	if (!imap_in_take(&ahead, ' ') || !imap_in_take(&ahead, '('))
		return true;
	*in = ahead;
	do {
		if (!imap_in_atom(in, &word))
			return false;
		if (!view_equal_nocase(word, VIEW("LAZY"))) {
			imap_in_wrong(in, "PREVIEW knows the modifier LAZY alone");
			return false;
		}
	} while (imap_in_take(in, ' '));
	return imap_in_char(in, ')');
}

/* ANNOTATION SP "(" entries SP attribs ")": RFC 5257 section 4.3. */
static bool take_annotations(struct imap_in *in, struct imap_fetch_item *item)
{
	item->annotations = arena_alloc(imap_arena(in->session), sizeof *item->annotations);
	if (item->annotations == NULL) {
		imap_in_wrong(in, "the command is too long");
		return false;
	}
	*item->annotations = (struct imap_annotations_wanted){.count = 0};
	return imap_in_space(in) && imap_in_annotations_wanted(in, item->annotations);
}

static bool take_item(struct imap_in *in, struct imap_fetch *fetch)
{
	struct view name = cursor_while(&in->text, is_name_char);
	bool taken = false;
	if (imap_in_next_is(in, '['))
		return take_section(in, name, fetch);
	for (size_t i = 0; i < WORDS; i++) {
		if (!view_equal_nocase(name, view_from_string(words[i].name)))
			continue;
		fetch->want |= words[i].want;
		struct imap_fetch_item item = {
		    .kind = words[i].kind, .label = view_from_string(words[i].name)};
		if (item.kind == IMAP_FETCH_ANNOTATION && !take_annotations(in, &item))
			return false;
		return add(in, fetch, &item) &&
		       (item.kind != IMAP_FETCH_PREVIEW || take_preview_modifiers(in));
	}
	if (!take_old_name(in, name, fetch, &taken))
		return false;
	if (!taken)
		imap_in_wrong(in, "FETCH was asked for an item that is not known");
	return taken;
}

/* Macros stand alone (RFC 9051 section 6.4.5). */
static bool take_macro(struct imap_in *in, struct imap_fetch *fetch)
{
	bool full = imap_in_word(in, "FULL");
	bool all = full || imap_in_word(in, "ALL");
	if (!all && !imap_in_word(in, "FAST"))
		return false;
	imap_fetch_add(fetch, IMAP_FETCH_FLAGS);
	imap_fetch_add(fetch, IMAP_FETCH_INTERNALDATE);
	imap_fetch_add(fetch, IMAP_FETCH_SIZE);
	if (all)
		imap_fetch_add(fetch, IMAP_FETCH_ENVELOPE);
	if (full)
		imap_fetch_add(fetch, IMAP_FETCH_BODY);
	return true;
}

/* What the items need. A section that lies in the header needs no structure and no body. */
static void note_needs(struct imap_fetch *fetch)
{
	size_t binary = 0, others = 0;
	for (size_t i = 0; i < fetch->count; i++) {
		const struct imap_fetch_item *item = &fetch->items[i];
		fetch->needs_envelope |= item->kind == IMAP_FETCH_ENVELOPE;
		fetch->needs_annotations |= item->kind == IMAP_FETCH_ANNOTATION;
		fetch->needs_preview |= item->kind == IMAP_FETCH_PREVIEW;
		others += item->kind == IMAP_FETCH_SECTION || item->kind == IMAP_FETCH_SIZE ||
		          item->kind == IMAP_FETCH_BODY || item->kind == IMAP_FETCH_BODYSTRUCTURE;
		if (item->kind < IMAP_FETCH_SECTION)
			continue;
		if (item->kind == IMAP_FETCH_SECTION && imap_section_is_header(&item->section)) {
			fetch->want |= MAIL_WANT_HEADER;
			continue;
		}
		fetch->want |= MAIL_WANT_BODY | MAIL_WANT_SIZE;
		if (item->kind != IMAP_FETCH_SECTION)
			binary++;
		if (item->kind != IMAP_FETCH_SECTION || item->section.part.len ||
		    item->section.text != IMAP_SECTION_WHOLE)
			fetch->want |= MAIL_WANT_STRUCTURE | MAIL_WANT_FLAGS;
	}
	fetch->exact = binary > 0 && others == 0;
}

bool imap_in_fetch(struct imap_in *in, struct imap_fetch *fetch)
{
	*fetch = (struct imap_fetch){0};
	fetch->items = arena_array(imap_arena(in->session), IMAP_FETCH_ITEMS_MAX, sizeof *fetch->items);
	if (fetch->items == NULL) {
		imap_in_wrong(in, "the command is too long");
		return false;
	}
	if (imap_in_take(in, '(')) {
		do {
			if (!take_item(in, fetch))
				return false;
		} while (imap_in_take(in, ' '));
		if (!imap_in_char(in, ')'))
			return false;
	} else if (!take_macro(in, fetch) && !take_item(in, fetch)) {
		return false;
	}
	note_needs(fetch);
	return true;
}
