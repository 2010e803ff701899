/* Entries of metadata (RFC 5464), for the commands that name and show them. */
#ifndef IMAP_IMAP_METADATA_H
#define IMAP_IMAP_METADATA_H

#include "imap/imap_private.h"

/* entry: in lower case, in the command's arena. whole: a value can have this name; else "/private" and
 * "/shared" will do as well, for all below them. */
bool imap_in_metadata_entry(struct imap_in *in, bool whole, struct view *name);

/* A value may hold anything: a string, or a literal8. */
void imap_put_metadata_value(struct imap_session *s, struct view value);

#endif
