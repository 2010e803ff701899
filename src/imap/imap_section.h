/*
 * Sections of messages (RFC 9051 section 6.4.5: section-spec), as FETCH and IMAP URLs name them: which octets
 * of a message they are.
 */
#ifndef IMAP_IMAP_SECTION_H
#define IMAP_IMAP_SECTION_H

#include "imap/imap_private.h"
#include "mime/mime.h"

enum {
	/* Names in one HEADER.FIELDS; mail programs ask for some twenty. */
	IMAP_SECTION_FIELDS_MAX = 256,
	/* Octets of a part's number: one for each level that a message may have (MIME_DEPTH_MAX), with room.
	 */
	IMAP_SECTION_PART_MAX = 256
};

enum imap_section_text {
	IMAP_SECTION_WHOLE,  /* the message, or a part's body */
	IMAP_SECTION_HEADER, /* of the message, or of the one that the part holds; the other three likewise */
	IMAP_SECTION_FIELDS,
	IMAP_SECTION_FIELDS_NOT,
	IMAP_SECTION_TEXT,
	IMAP_SECTION_MIME /* the part's own header */
};

struct imap_section {
	enum imap_section_text text;
	struct view part;   /* "1.2"; empty: the message */
	struct view *names; /* of FIELDS and FIELDS_NOT, as they are written */
	size_t name_count;
};

/* section-spec without its brackets; everything lives in the command. part_only: section-binary, a number or
 * nothing. */
bool imap_in_section(struct imap_in *in, bool part_only, struct imap_section *section);

/* Appends it as section-spec. The result of buf_append. */
int imap_section_write(const struct imap_section *section, struct buf *out);

/* Where a section lies: octets of the message as it is sent, with its prefix. */
struct imap_extent {
	uint64_t offset, len;
};

/* What is known of a message's form. */
struct imap_form {
	const struct mime_tree *tree;
	uint64_t prefix_len, size; /* octets; size counts the prefix too */
};

/*
 * Finds it; of FIELDS and FIELDS_NOT the whole header. False: the message has no such part, or the part holds
 * no message with a header and a text.
 */
bool imap_section_find(
    const struct imap_section *section, const struct imap_form *form, struct imap_extent *extent);

/* Whether it lies in the message's own header: no structure is needed then. */
bool imap_section_is_header(const struct imap_section *section);

/* The part of section-binary: an index into the tree, or -1. */
int imap_section_part(const struct imap_section *section, const struct mime_tree *tree);

/* Appends the fields that FIELDS or FIELDS_NOT want, and an empty line. The result of buf_append. */
int imap_section_fields(const struct imap_section *section, struct view header, struct buf *out);

/* What <offset.count> leaves of so many octets. */
struct imap_extent imap_extent_partial(uint64_t len, uint64_t offset, uint64_t count);

#endif
