/*
 * Annotations of messages (RFC 5257) in commands and responses: what STORE and APPEND set, and what FETCH
 * asks for and shows. Names of entries are compared without case.
 */
#ifndef IMAP_IMAP_ANNOTATION_H
#define IMAP_IMAP_ANNOTATION_H

#include "imap/imap_pen.h"
#include "imap/imap_private.h"

enum {
	IMAP_ANNOTATION_ENTRIES_MAX = 32, /* that one item of FETCH names */
	/*
	 * Messages whose annotations are asked for together, and what may be known of them: a session sees no
	 * more than MAIL_ANNOTATIONS_OF_MESSAGE of each.
	 */
	IMAP_ANNOTATED_AT_ONCE = 64,
	IMAP_ANNOTATED_BYTES_MAX =
	    IMAP_ANNOTATED_AT_ONCE * MAIL_ANNOTATIONS_OF_MESSAGE * (MAIL_ANNOTATION_VALUE_MAX + 256)
};

/* ---- setting: STORE and APPEND ---- */

/*
 * "(" entry-att *(SP entry-att) ")", as entries of mail/annotation_wire.h in the command's arena. *too_big: a
 * value is longer than may be; too many of them are *too_many. Then NO is to be answered:
 * imap_annotations_refuse.
 */
struct imap_annotations_set {
	struct view entries;
	bool too_big, too_many;
};
bool imap_in_annotations(struct imap_in *in, struct imap_annotations_set *set);

/* The response code of RFC 5257 section 4.5 for this errno or set, and its text; NULL: for another reason. */
const char *imap_annotations_code(const struct imap_annotations_set *set, int64_t error, const char **text);

/* ---- fetching ---- */

enum { IMAP_VALUE_PRIV = 1, IMAP_VALUE_SHARED = 2, IMAP_SIZE_PRIV = 4, IMAP_SIZE_SHARED = 8 };

struct imap_annotations_wanted {
	struct view entries[IMAP_ANNOTATION_ENTRIES_MAX]; /* in lower case, with "*" and "%" */
	size_t count;
	unsigned attributes;
};

/* "(" entries SP attribs ")" */
bool imap_in_annotations_wanted(struct imap_in *in, struct imap_annotations_wanted *wanted);

/* Keeps what an answer tells; the result of buf_append. Answers come in the order of UIDs. */
int imap_annotated_add(struct buf *known, const struct mail_annotation *annotation);

/* "(...)": of this message what is wanted and known. */
void imap_pen_annotations(
    struct imap_pen *p, const struct imap_annotations_wanted *wanted, struct view known, uint32_t uid);

/* An entry's name, in lower case and in the arena: "/comment". False: it is none. */
bool imap_in_annotation_entry(struct imap_in *in, bool wildcards, struct view *entry);

#endif
