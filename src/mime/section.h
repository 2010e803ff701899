/*
 * Sections of a message, as IMAP names them (RFC 9051 section 6.4.5: section-spec, without lists of fields):
 * which octets of a message they are.
 */
#ifndef MIME_SECTION_H
#define MIME_SECTION_H

#include "mime/mime.h"

enum {
	/* Octets of a part's number: one for each level that a message may have (MIME_DEPTH_MAX), with room.
	 */
	MIME_SECTION_PART_MAX = 256
};

enum mime_section_text {
	MIME_SECTION_WHOLE,  /* the message, or a part's body */
	MIME_SECTION_HEADER, /* of the message, or of the one that the part holds; the next likewise */
	MIME_SECTION_TEXT,
	MIME_SECTION_MIME /* the part's own header */
};

struct mime_section {
	enum mime_section_text text;
	struct view part; /* "1.2"; empty: the message */
};

/* Reads "", "1.2", "HEADER", "1.2.TEXT", "1.MIME" ...; `part` points into the text. False for anything else.
 */
bool mime_section_parse(struct view text, struct mime_section *section);

/* What is known of a message's form. */
struct mime_form {
	const struct mime_tree *tree; /* its offsets count from behind the prefix */
	uint64_t prefix_len, size;    /* octets; size counts the prefix too */
};

/* Octets of the message as it is sent, with its prefix. */
struct mime_extent {
	uint64_t offset, len;
};

/* Finds it. False: the message has no such part, or the part holds no message with a header and a text. */
bool mime_section_find(
    const struct mime_section *section, const struct mime_form *form, struct mime_extent *extent);

#endif
