/*
 * MIME: RFC 2045, 2046, 2183, 2557, 3282, 6532. A push parser that takes a message in pieces of any size
 * while it arrives, and at the end gives its tree: a flat array of parts with the offsets of their headers
 * and bodies. It never fails: what is malformed, or past a limit of limits.h, gives the best reading and a
 * defect. Its memory is bounded (about 300 KB at the very worst, a few KB usually) whatever the message's
 * size.
 */
#ifndef MIME_MIME_H
#define MIME_MIME_H

#include "mime/envelope.h"
#include "format/limits.h"
#include "mime/parameter.h"
#include "format/transfer.h"

enum mime_defect {
	MIME_HEADER_MALFORMED,    /* a line in a header that is no field */
	MIME_HEADER_WITHOUT_END,  /* the header ended without a blank line */
	MIME_HEADER_LIMIT,        /* a field was cut, or fields were not looked at */
	MIME_CONTENT_TYPE,        /* Content-Type could not be read */
	MIME_DISPOSITION,         /* Content-Disposition could not be read */
	MIME_TRANSFER_ENCODING,   /* unknown, or one that this type may not have */
	MIME_ADDRESS,             /* an address field breaks the grammar */
	MIME_BOUNDARY_MISSING,    /* a multipart without a boundary parameter: read as text */
	MIME_BOUNDARY_NOT_FOUND,  /* a multipart without parts: read as text */
	MIME_BOUNDARY_NOT_CLOSED, /* a multipart without its closing boundary */
	MIME_DEPTH_LIMIT,         /* parts nested too deeply: opaque from there on */
	MIME_PARTS_LIMIT,         /* too many parts: the last one holds the rest */
	MIME_KEPT_LIMIT,          /* texts were left out: names, parameters, envelopes */
	MIME_BOUNDARY_TRAILED,    /* text behind a boundary on its line */
	MIME_BODY_ENCODING, /* a body is not what its encoding says; only mime_check_encodings finds it */
	MIME_DEFECT_KINDS,
};

/* In words, for people. */
const char *mime_defect_text(enum mime_defect defect);

struct mime_part {
	int parent;      /* index, -1 for the message itself */
	unsigned depth;  /* 0 for the message itself */
	bool is_message; /* the root, or what a message/rfc822 holds: it has an envelope */

	/* From the message's beginning. A body ends before the line end that belongs to a boundary. */
	uint64_t header_offset, body_offset, body_len;
	uint64_t body_lines; /* as it lies there; the last one counts without a line end too */

	struct media_type type; /* the default filled in: text/plain, in a digest message/rfc822 */
	enum transfer_encoding encoding;
	struct view encoding_name; /* as written; empty when there was none */
	struct view disposition;   /* lower case; empty when there was none */
	struct parameters disposition_parameters;
	struct view file_name;               /* UTF-8, without directories and control characters */
	struct view content_id, description; /* as written, on one line */
	struct view language, location, md5; /* the same */
	struct envelope *envelope;           /* of a message, NULL of other parts */
	uint32_t defects;                    /* of this part: bits 1 << enum mime_defect */
	unsigned seen;                       /* the parser's own: fields that were met */
};

/* A message's tree. Parts stand depth first: a part's first child follows it. There is at least one. */
struct mime_tree {
	struct mime_part *parts;
	size_t count;
	uint64_t size, lines; /* of the whole message */
	uint32_t defects;     /* of all parts */
};

struct mime_parser;

/* Never NULL. Freed with mime_parser_free, which accepts NULL. */
struct mime_parser *mime_parser_new(void);
void mime_parser_free(struct mime_parser *p);

void mime_parser_feed(struct mime_parser *p, struct view bytes);

/*
 * Ends the input. The tree belongs to the parser and lives as long as it. To be called once, after all bytes.
 */
struct mime_tree *mime_parser_end(struct mime_parser *p);

/*
 * The raw beginning of the body of the first part that is text to be read (not an attachment) of that
 * subtype, "plain" or "html", for a preview; *part is its index. False if there is none. After
 * mime_parser_end.
 */
bool mime_parser_text(const struct mime_parser *p, const char *subtype, struct view *raw, size_t *part);

/* The whole message in one piece, for callers that have it. The parser is then at its end. */
static inline struct mime_tree *mime_parse(struct mime_parser *p, struct view message)
{
	mime_parser_feed(p, message);
	return mime_parser_end(p);
}

/*
 * Part numbers of IMAP (RFC 9051 section 6.4.5): "1.2". The root of a message that is not multipart is part
 * 1 of it. mime_part_find gives an index, or -1; mime_part_number appends the number, nothing for a root that
 * has none.
 */
int mime_part_find(const struct mime_tree *tree, struct view number);
int mime_part_number(const struct mime_tree *tree, size_t index, struct buf *out);

/* The next part with the same parent, or -1; the first child, or -1. */
int mime_next_sibling(const struct mime_tree *tree, size_t index);
int mime_first_child(const struct mime_tree *tree, size_t index);

/*
 * Whether a person would call this part an attachment: named one, or neither text that is shown nor what
 * belongs to it (pictures of an HTML text, signatures, the machine-readable parts of reports).
 */
bool mime_part_is_attachment(const struct mime_tree *tree, size_t index);

/* Appends the part's body without its encoding; see transfer.h. *defective is set (NULL: nobody asks). The
 * result of buf_append. */
int mime_decode_body(
    const struct mime_part *part, struct view message, bool shows_footer, struct buf *out, bool *defective);

/* Decodes all bodies of a message that was parsed, and marks those that are not what they claim with
 * MIME_BODY_ENCODING. */
void mime_check_encodings(struct mime_tree *tree, struct view message);

/*
 * Whether the part is a message in quoted-printable or base64, as RFC 6532 section 3.7 allows for
 * message/global (and nobody for message/rfc822, where it is found too). Decoded, its body is a message to be
 * parsed for itself.
 */
bool mime_part_is_encoded_message(const struct mime_tree *tree, size_t index);

/* Whether it lies in a message within this message, whose text is not this one's. */
bool mime_part_is_forwarded(const struct mime_tree *tree, size_t index);

/* Whether it is text to be shown as the message's text: text/plain or text/html that is no attachment. */
bool mime_part_is_body_text(const struct mime_tree *tree, size_t index);

/*
 * The parts that are the message's text for somebody who prefers plain text, in their order (the texts of
 * textBody of RFC 8621 section 4.1.4): of alternatives the plain one, or the HTML one where there is no
 * other. Returns how many.
 */
size_t mime_text_body(const struct mime_tree *tree, size_t parts[MIME_PARTS_MAX]);

#endif
