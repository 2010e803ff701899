/*
 * What the accepting role computes of a message and the store keeps beside it: the summary, from which lists,
 * threads and searches are answered, and the structure, from which parts are fetched. Each has a compact
 * encoding with a version; readers treat it as hostile, because the role that made it reads hostile bytes.
 */
#ifndef MIME_SUMMARY_H
#define MIME_SUMMARY_H

#include "format/message_order.h"
#include "mime/mime.h"

struct message_summary {
	struct envelope envelope; /* texts as written: encoded_word_decode reads them */
	struct view preview;      /* UTF-8 on one line, at most PREVIEW_MAX octets */
	bool has_attachment;
	bool has_invitation;        /* asks for a meeting: text/calendar; method=REQUEST */
	uint64_t size, lines;       /* octets and lines of the whole message */
	uint32_t defects;           /* bits 1 << enum mime_defect */
	struct message_order order; /* of one that was decoded; the encoder makes it of the envelope */
};

/*
 * The summary of a parsed message, after mime_parser_end. The preview lives in the arena, all else in the
 * parser. 0, or -ENOBUFS when the arena is full.
 */
int message_summary_make(const struct mime_parser *parser, const struct mime_tree *tree, struct arena *arena,
    struct message_summary *summary);

/*
 * Appends the encoding, at most SUMMARY_MAX octets: a text or list past its share is cut and the envelope
 * marked truncated. References are left out (mime/envelope_wire.h). The result of buf_append.
 */
int message_summary_encode(const struct message_summary *summary, struct buf *out);

/*
 * Reads an encoding. Texts point into it, lists live in the arena. 0; -EINVAL for what is no summary, or one
 * of a newer version; -ENOBUFS when the arena is full. The whole view must have been read.
 */
int message_summary_decode(struct view encoded, struct arena *arena, struct message_summary *summary);

/*
 * The same without the lists of addresses, which are left empty: some ten times as fast, for whoever goes
 * through a whole mailbox. 0 or -EINVAL.
 */
int message_summary_decode_texts(struct view encoded, struct message_summary *summary);

/* The order alone, unknown when there is none: of the first octets, for store, which has no use for the rest.
 */
struct message_order message_summary_order(struct view encoded);

/* The same: whether it has an attachment. Not known, so false, where the order is unknown. */
bool message_summary_has_attachment(struct view encoded);
bool message_summary_has_invitation(struct view encoded);

/*
 * The same for a tree; texts point into the encoding, parts live in the arena. -ENOBUFS past STRUCTURE_MAX.
 * The message's own envelope isn't in it, it stands in the summary: a tree that was read has none there.
 */
int mime_tree_encode(const struct mime_tree *tree, struct buf *out);
int mime_tree_decode(struct view encoded, struct arena *arena, struct mime_tree *tree);

#endif
