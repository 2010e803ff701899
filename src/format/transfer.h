/*
 * Content transfer encodings: RFC 2045 section 6. Decoders are tolerant and take pieces of any size; they
 * never fail on the text, they note that it was defective.
 */
#ifndef FORMAT_TRANSFER_H
#define FORMAT_TRANSFER_H

#include "base/buf.h"

enum transfer_encoding {
	TRANSFER_7BIT,
	TRANSFER_8BIT,
	TRANSFER_BINARY,
	TRANSFER_QUOTED_PRINTABLE,
	TRANSFER_BASE64,
	TRANSFER_UNKNOWN, /* the body is opaque: its bytes are given as they are (RFC 2045 section 6.4) */
};

/* By name, without case; blanks and comments around it are ignored. */
enum transfer_encoding transfer_encoding_by_name(struct view name);
const char *transfer_encoding_name(enum transfer_encoding encoding);

struct transfer_decoder {
	enum transfer_encoding encoding;
	/*
	 * For text: what stands behind base64 and is none, a footer that software for lists put there, is
	 * given as it is. Else it is left out.
	 */
	bool shows_footer;
	bool defective;
	/* base64: whether anything was read, whether its last quantum was padded, and what the line is. */
	bool any, padded;
	enum { BASE64_LINE, BASE64_LINE_START, BASE64_PADDED, BASE64_FOOTER } line;
	uint32_t bits;  /* base64: of the quantum under way */
	unsigned count; /* base64: its characters; quoted-printable: held octets */
	char held[80];  /* quoted-printable: blanks that may end a line, or the beginning of "=XX"; base64: a
	                   line's beginning */
	unsigned held_len; /* base64: octets in it */
	unsigned open_len; /* base64: of a first line in it that is judged together with the next one; or 0 */
};

void transfer_decoder_init(struct transfer_decoder *d, enum transfer_encoding encoding);

/* Appends what can be decoded so far; transfer_decode_end what was still held. The result of buf_append. */
int transfer_decode(struct transfer_decoder *d, struct view in, struct buf *out);
int transfer_decode_end(struct transfer_decoder *d, struct buf *out);

enum { TRANSFER_HELD_MAX = 57 }; /* octets of a line of base64 */

struct transfer_encoder {
	enum transfer_encoding encoding;
	bool text;
	size_t column;
	unsigned count; /* held octets */
	char held[TRANSFER_HELD_MAX];
};

/*
 * Encoders: lines of at most 76 octets that end with CRLF. Quoted-printable takes text with CRLF or LF line
 * ends, which become CRLF; in binary data (text false) every CR and LF is encoded. transfer_encode takes
 * pieces of any size, transfer_encode_end writes what was held back; the result does not depend on the
 * pieces. The others take the whole data. The result of buf_append.
 */
void transfer_encoder_init(struct transfer_encoder *e, enum transfer_encoding encoding, bool text);
int transfer_encode(struct transfer_encoder *e, struct view in, struct buf *out);
int transfer_encode_end(struct transfer_encoder *e, struct buf *out);
int base64_encode_lines(struct buf *out, struct view data);
int quoted_printable_encode(struct buf *out, struct view data, bool text);

#endif
