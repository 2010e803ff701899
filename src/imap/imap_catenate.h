/* CATENATE (RFC 4469): a message that is put together from literals and from parts of messages that are here.
 */
#ifndef IMAP_IMAP_CATENATE_H
#define IMAP_IMAP_CATENATE_H

#include "imap/imap_upload.h"

/* Behind the word CATENATE. When the message is complete, or up to a literal is, `then` gets the rest of the
 * command's text. A URL that names nothing ends the command: NO [BADURL]. */
void imap_catenate(struct imap_session *s, struct imap_in *in, imap_run *then);

#endif
