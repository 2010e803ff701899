/*
 * BODY and BODYSTRUCTURE (RFC 9051 section 7.5.2; the grammar is body in section 9). Depth and number of
 * parts are bounded by who read the message (format/limits.h).
 */
#include "imap/imap_envelope.h"

#include "imap/imap_pen.h"

static void put_parameters(struct imap_pen *p, const struct parameters *parameters)
{
	if (parameters->count == 0) {
		imap_pen_view(p, VIEW("NIL"));
		return;
	}
	for (size_t i = 0; i < parameters->count; i++) {
		imap_pen_byte(p, i == 0 ? '(' : ' ');
		imap_pen_string(p, parameters->items[i].name);
		imap_pen_byte(p, ' ');
		imap_pen_header_text(
		    p, view_of(parameters->items[i].value.data ? parameters->items[i].value.data : "",
		           parameters->items[i].value.len));
	}
	imap_pen_byte(p, ')');
}

static void put_text(struct imap_pen *p, struct view text)
{
	imap_pen_header_text(p, text.len ? text : (struct view){0});
}

/* body-fld-dsp */
static void put_disposition(struct imap_pen *p, const struct mime_part *part)
{
	if (part->disposition.len == 0) {
		imap_pen_view(p, VIEW("NIL"));
		return;
	}
	imap_pen_byte(p, '(');
	imap_pen_string(p, part->disposition);
	imap_pen_byte(p, ' ');
	put_parameters(p, &part->disposition_parameters);
	imap_pen_byte(p, ')');
}

/* body-fld-lang: one language, or a list of them (RFC 3282: separated by commas). */
static void put_language(struct imap_pen *p, struct view languages)
{
	struct view one, rest = languages;
	if (view_find(languages, ',') < 0) {
		put_text(p, languages);
		return;
	}
	size_t count = 0;
	while (view_next(&rest, ',', &one)) {
		one = view_trim(one);
		if (one.len == 0)
			continue;
		imap_pen_byte(p, count++ == 0 ? '(' : ' ');
		imap_pen_header_text(p, one);
	}
	imap_pen_view(p, count ? VIEW(")") : VIEW("NIL"));
}

static void put_last_fields(struct imap_pen *p, const struct mime_part *part)
{
	imap_pen_byte(p, ' ');
	put_disposition(p, part);
	imap_pen_byte(p, ' ');
	put_language(p, part->language);
	imap_pen_byte(p, ' ');
	put_text(p, part->location);
}

static void put_multipart(struct imap_pen *p, const struct mime_tree *tree, size_t index, bool extended)
{
	const struct mime_part *part = &tree->parts[index];
	imap_pen_byte(p, '(');
	for (int i = mime_first_child(tree, index); i >= 0; i = mime_next_sibling(tree, (size_t)i))
		imap_pen_structure(p, tree, (size_t)i, extended);
	imap_pen_byte(p, ' ');
	imap_pen_string(p, part->type.subtype);
	if (extended) {
		imap_pen_byte(p, ' ');
		put_parameters(p, &part->type.parameters);
		put_last_fields(p, part);
	}
	imap_pen_byte(p, ')');
}

/* Known encodings by their names, whatever stood around them; others as they are written. */
static void put_encoding(struct imap_pen *p, const struct mime_part *part)
{
	struct view name = part->encoding_name;
	if (part->encoding != TRANSFER_UNKNOWN || name.len == 0)
		name = view_from_string(transfer_encoding_name(part->encoding));
	imap_pen_string(p, name);
}

/*
 * envelope, body and lines of what a message/rfc822 or message/global holds. One that was not read as a
 * message, because it is encoded or lies too deep, gets empty ones: clients need the form.
 */
static void put_message(struct imap_pen *p, const struct mime_tree *tree, size_t index, bool extended)
{
	static const struct envelope nothing;
	int child = mime_first_child(tree, index);
	bool read = child >= 0 && tree->parts[child].is_message;
	imap_pen_byte(p, ' ');
	imap_pen_envelope(p, read && tree->parts[child].envelope ? tree->parts[child].envelope : &nothing);
	imap_pen_byte(p, ' ');
	if (read)
		imap_pen_structure(p, tree, (size_t)child, extended);
	else
		imap_pen_view(p, extended
		                     ? VIEW("(\"text\" \"plain\" NIL NIL NIL \"7bit\" 0 0 NIL NIL NIL NIL)")
		                     : VIEW("(\"text\" \"plain\" NIL NIL NIL \"7bit\" 0 0)"));
	imap_pen_byte(p, ' ');
	imap_pen_number(p, tree->parts[index].body_lines);
}

static void put_leaf(struct imap_pen *p, const struct mime_tree *tree, size_t index, bool extended)
{
	const struct mime_part *part = &tree->parts[index];
	imap_pen_byte(p, '(');
	imap_pen_string(p, part->type.type);
	imap_pen_byte(p, ' ');
	imap_pen_string(p, part->type.subtype);
	imap_pen_byte(p, ' ');
	put_parameters(p, &part->type.parameters);
	imap_pen_byte(p, ' ');
	put_text(p, part->content_id);
	imap_pen_byte(p, ' ');
	put_text(p, part->description);
	imap_pen_byte(p, ' ');
	put_encoding(p, part);
	imap_pen_byte(p, ' ');
	imap_pen_number(p, part->body_len);
	if (media_type_is(&part->type, "message", "rfc822") ||
	    media_type_is(&part->type, "message", "global")) {
		put_message(p, tree, index, extended);
	} else if (media_type_is(&part->type, "text", NULL)) {
		imap_pen_byte(p, ' ');
		imap_pen_number(p, part->body_lines);
	}
	if (extended) {
		imap_pen_byte(p, ' ');
		put_text(p, part->md5);
		put_last_fields(p, part);
	}
	imap_pen_byte(p, ')');
}

void imap_pen_structure(struct imap_pen *p, const struct mime_tree *tree, size_t part, bool extended)
{
	int child = mime_first_child(tree, part);
	if (child >= 0 && !tree->parts[child].is_message)
		put_multipart(p, tree, part, extended);
	else
		put_leaf(p, tree, part, extended);
}
