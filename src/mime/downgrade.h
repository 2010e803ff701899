/*
 * A message with 8-bit or binary content made fit for a host that takes 7 bits only: RFC 6152 section 3,
 * RFC 3030, RFC 2045. The message passes twice, in pieces of any size: downgrade_survey sees what is in its
 * parts, downgrade_convert writes it anew. Each leaf that needs it becomes quoted-printable or base64,
 * whichever is shorter. Header fields that are not US-ASCII, as of programs that never knew more than one
 * charset, get encoded words where these are allowed: in unstructured fields and display names (RFC 2047);
 * files' names the form of RFC 2231. All other octets stay as they are. Decoded, every leaf is what it was.
 *
 * Parts that must not change are not changed: a message is refused whose signed or encrypted parts, other
 * header fields or forwarded fragments hold what a 7-bit host does not take. (A DKIM signature over what is
 * converted does not survive it.)
 */
#ifndef MIME_DOWNGRADE_H
#define MIME_DOWNGRADE_H

#include "mime/mime.h"

struct downgrade;

/* What stands in the way. */
enum downgrade_obstacle {
	DOWNGRADE_NOTHING,
	DOWNGRADE_HEADER, /* an address or token in a header field holds octets beyond ASCII; or one holds NUL
	                   */
	DOWNGRADE_PROTECTED, /* a part within multipart/signed or multipart/encrypted does */
	DOWNGRADE_FORBIDDEN, /* a part that may not be encoded does: RFC 2045 section 6.4, RFC 2046
	                        section 5.2 */
	DOWNGRADE_ENCODING,  /* a part's encoding is unknown, or what lies there is not in that encoding */
	DOWNGRADE_STRUCTURE, /* the structure is past the parser's limits, or broken where it matters */
};

/* In words, for a bounce: "a signed or encrypted part would be changed". */
const char *downgrade_obstacle_text(enum downgrade_obstacle obstacle);

/*
 * Begins, with the message's structure: that kept with it (mime/summary.h), which may be another's or a
 * lie, or one just parsed. It must live as long. NULL when it cannot be the structure of any message.
 */
struct downgrade *downgrade_new(const struct mime_tree *tree);
void downgrade_free(struct downgrade *d); /* NULL is allowed */

void downgrade_survey(struct downgrade *d, struct view bytes);

/*
 * After the last byte. 0: it can be converted, or *needed is false and it can be sent as it is; -ENOTSUP: it
 * cannot, *obstacle says why; -EINVAL: the structure is another message's. Outputs are set with 0 and
 * -ENOTSUP.
 */
int downgrade_decide(struct downgrade *d, bool *needed, enum downgrade_obstacle *obstacle);

/*
 * The same bytes once more, after downgrade_decide gave 0: appends what can be written so far, at most three
 * times the piece and a header of DOWNGRADE_HEADER_MAX; downgrade_end what was held back. 0, or -ENOBUFS.
 */
int downgrade_convert(struct downgrade *d, struct view bytes, struct buf *out);
int downgrade_end(struct downgrade *d, struct buf *out);

enum {
	/* A header that is changed is held in memory whole. */
	DOWNGRADE_HEADER_MAX = 256 * 1024
};

#endif
