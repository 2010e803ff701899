/*
 * The texts of responses in the languages that a client can choose (RFC 5255 section 3). Each is looked up by
 * the English one, as it stands where it is said, so whoever writes a command knows nothing of languages.
 */
#ifndef IMAP_IMAP_TEXTS_H
#define IMAP_IMAP_TEXTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/view.h"

enum imap_tongue { IMAP_ENGLISH, IMAP_GERMAN, IMAP_FRENCH, IMAP_SPANISH, IMAP_TONGUES };

/* One text in all of them, in UTF-8. Those with "%s" have it in all of them. */
struct imap_text {
	const char *in[IMAP_TONGUES];
};

extern const struct imap_text imap_texts[];
extern const size_t imap_text_count;

/* The text in this language; NULL: it is not in the table. English is not looked up. */
const char *imap_text(enum imap_tongue tongue, struct view english);

/* "de" */
const char *imap_tongue_tag(enum imap_tongue tongue);

/* The language that a basic language range means (RFC 4647 section 2.1), "de-AT" by its beginning. False: it
 * is none of ours. "i-default" is English (RFC 2277 section 4.5). */
bool imap_tongue_of(struct view range, enum imap_tongue *tongue);

#endif
