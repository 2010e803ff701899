/* What the two passes of downgrade.h share: the message as a row of segments. */
#ifndef MIME_DOWNGRADE_PRIVATE_H
#define MIME_DOWNGRADE_PRIVATE_H

#include "mime/downgrade.h"
#include "format/header.h"
#include "format/transfer.h"

enum segment_kind {
	SEGMENT_HEADER,
	SEGMENT_LEAF,
	SEGMENT_BETWEEN /* boundaries, preambles, epilogues: in a multipart, for nobody */
};

/* What is done with a header. */
enum header_edit {
	EDIT_ENCODING = 1, /* a new Content-Transfer-Encoding */
	EDIT_VERSION = 2,  /* MIME-Version, if it is not there: what is in it is MIME from now on */
	EDIT_FIELDS = 8,   /* encoded words in fields that are not US-ASCII */
	EDIT_END = 4       /* a blank line, if it has none: what follows begins with fields from now on */
};

struct segment {
	enum segment_kind kind;
	uint64_t end; /* it begins where the one before it ends */
	int part;
	bool is_protected; /* within multipart/signed or multipart/encrypted */

	/* Found by the survey. */
	bool eight_bit, nul, lone, long_line; /* lone: a CR or LF that is not a part of CR LF */
	uint64_t escapes;                     /* octets that quoted-printable would escape */
	bool encodable;                       /* of a header with eight_bit: encoded words can say it */

	/* Decided. */
	unsigned edit;
	enum transfer_encoding encoding; /* of a header: the new one; of a leaf: as which it is written */
	bool encode;                     /* of a leaf */
};

struct downgrade {
	const struct mime_tree *tree;
	struct segment *segments;
	size_t count;

	size_t *headers; /* each part's header segment; parts within opaque ones have none */

	/* The pass under way. */
	size_t at; /* segment */
	uint64_t offset;
	bool overrun; /* more bytes came than the structure has */

	uint64_t line_len; /* survey: of the leaf's line under way */
	bool after_cr;

	struct buf header; /* of the part under way */
	struct transfer_encoder encoder;
};

/* What a pass does with the pieces of a segment, and at its end. */
struct downgrade_pass {
	void (*piece)(struct downgrade *d, struct segment *s, struct view bytes, struct buf *out);
	void (*end)(struct downgrade *d, struct segment *s, struct buf *out);
};

/* downgrade_fields.c: whether all that is not US-ASCII in this header can be said in encoded words, within
 * DOWNGRADE_HEADER_MAX. */
bool downgrade_fields_possible(struct view block);

/* Appends such a field anew. 0; -ENOTSUP: it has no form in US-ASCII; -ENOBUFS. */
int downgrade_write_field(const struct header_field *field, struct buf *out);

/* Walks on over the segments. Without bytes: those that end here. */
void downgrade_walk(
    struct downgrade *d, const struct downgrade_pass *pass, struct view bytes, struct buf *out);

#endif
