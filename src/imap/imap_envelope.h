/* ENVELOPE, BODY and BODYSTRUCTURE (RFC 9051 section 7.5.2), from what was stored at delivery. */
#ifndef IMAP_IMAP_ENVELOPE_H
#define IMAP_IMAP_ENVELOPE_H

#include "imap/imap_pen.h"
#include "mime/mime.h"

/* A Sender or Reply-To that is missing, or names nobody, is what From is. */
void imap_pen_envelope(struct imap_pen *p, const struct envelope *envelope);

/* The part and what it holds; `extended`: with extension data, as BODYSTRUCTURE has it and BODY has not. */
void imap_pen_structure(struct imap_pen *p, const struct mime_tree *tree, size_t part, bool extended);

#endif
