/*
 * Tag lists, "v=1; a=rsa-sha256; h=from : to": RFC 6376 section 3.2, with the UTF-8 of RFC 8616. The form of
 * the fields of DKIM and ARC, of key records, and of DMARC's records.
 */
#ifndef TRUST_SENDER_TAG_LIST_H
#define TRUST_SENDER_TAG_LIST_H

#include "base/buf.h"

/* Tags of one list: twice as many as all standards name. */
enum { TAG_LIST_MAX = 32 };

struct tag {
	struct view name;
	struct view value; /* without the blanks at both ends; folds inside stay */
	struct view whole; /* all between the "=" and the ";" */
};

struct tag_list {
	struct tag tags[TAG_LIST_MAX];
	size_t count;
};

/* Views point into the text. 0; -EINVAL: no tag list; -EEXIST: a tag stands twice, which makes the whole list
 * invalid; -E2BIG: more than TAG_LIST_MAX tags. */
int tag_list_parse(struct view text, struct tag_list *out);

/* The tag of that name, in this case; NULL if there is none. */
const struct tag *tag_list_find(const struct tag_list *list, const char *name);

/*
 * The next entry of a list with colons ("sha1 : sha256"), without blanks around it. False at the end; an
 * empty list has one empty entry, as "a:" has two.
 */
bool tag_entry_next(struct view *rest, struct view *entry);

/* Appends a value in base64 (RFC 6376 section 2.10), decoded; blanks may stand anywhere in it. 0; -EINVAL;
 * the result of buf_append. */
int tag_base64(struct view value, struct buf *out);

/* Appends a value in DKIM's quoted-printable (section 2.11), decoded. 0; -EINVAL; the result of buf_append.
 */
int tag_quoted_printable(struct view value, struct buf *out);

#endif
