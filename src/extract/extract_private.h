/* What the readers of formats share: where their text goes, and who they are. */
#ifndef EXTRACT_EXTRACT_PRIVATE_H
#define EXTRACT_EXTRACT_PRIVATE_H

#include "base/buf.h"
#include "extract/extract.h"

/*
 * Where text goes. It gathers pieces, keeps the limit, and remembers why there is no more: each function that
 * tells text returns false from then on, and a reader just ends.
 */
struct extract_out {
	extract_text_fn *text;
	void *arg;
	uint64_t told;
	enum extract_verdict verdict; /* EXTRACT_ALL until something else is known */
	size_t len;
	char piece[EXTRACT_PIECE_MAX];
};

/* Valid UTF-8. Control characters become blanks, bytes that are no UTF-8 U+FFFD. */
bool extract_tell(struct extract_out *out, struct view utf8);
bool extract_tell_char(struct extract_out *out, int32_t code_point);
/* Bytes in a charset, which end with a whole character. */
bool extract_tell_bytes(struct extract_out *out, struct view charset, struct view bytes);

/* The text ends here, for this reason; the first reason stays. Returns false. */
bool extract_end(struct extract_out *out, enum extract_verdict why);

/* The formats. Each tells what it finds and ends early with extract_end when something is wrong. */
void extract_plain(const struct extract_file *file, struct extract_out *out);
void extract_html(const struct extract_file *file, struct extract_out *out);
void extract_rtf(const struct extract_file *file, struct extract_out *out);
void extract_pdf(const struct extract_file *file, struct extract_out *out);
/* Office Open XML, OpenDocument; of another zip file the names in it. */
void extract_archive(const struct extract_file *file, struct extract_out *out);
/* OpenDocument in one XML file. */
void extract_flat_document(const struct extract_file *file, struct extract_out *out);
/* iCalendar (RFC 5545) and vCard (RFC 6350, 2426, and 2.1): the values that a person wrote. */
void extract_properties(const struct extract_file *file, struct extract_out *out);

enum {
	/*
	 * Octets of a text that must be in memory whole: HTML, calendars, cards. Longer ones are read as far
	 * as this; real ones are a tenth of it.
	 */
	EXTRACT_WHOLE_MAX = 2 << 20,
};

/*
 * The beginning of the file in UTF-8, up to EXTRACT_WHOLE_MAX octets; `text` was initialised by it and is the
 * caller's to end. false: no memory, and the output has ended.
 */
bool extract_whole(
    const struct extract_file *file, struct view charset, struct buf *text, struct extract_out *out);

#endif
