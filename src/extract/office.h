/* The text in one XML part of an office document. */
#ifndef EXTRACT_OFFICE_H
#define EXTRACT_OFFICE_H

#include "extract/extract_private.h"

enum office_part {
	OFFICE_NONE,
	OFFICE_TEXT,       /* OOXML: what stands in <t>, of Word, PowerPoint, strings, comments, drawings */
	OFFICE_SHEET,      /* the same, and the values of cells */
	OFFICE_BOOK,       /* the names of sheets */
	OFFICE_PROPERTIES, /* title, author, keywords ... of both */
	OFFICE_OPEN,       /* OpenDocument: what stands in paragraphs and headings */
};

/* What a part of this name in a document's zip file is; OFFICE_NONE: no text, or no document. */
enum office_part office_part_of(struct view name);

struct office_reader;

/* NULL: no memory, and the output has ended. */
struct office_reader *office_reader_new(enum office_part part, struct extract_out *out);

/* Takes the next bytes of the part. false: there is no use in more; the reason stands in the output, but for
 * what is damaged: then the text told so far is all that this part has, and *damaged is set. */
bool office_feed(struct office_reader *r, struct view bytes, bool last, bool *damaged);
void office_reader_free(struct office_reader *r);

#endif
