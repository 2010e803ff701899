/*
 * A new blob of a call: octets go to store as its credit allows, and are kept there for a day or two. A
 * writer lies in its call's data, one at a time, and needs jmap_on_credit:
 *
 *     jmap_blob_write_begin(c, w);
 *     if (!jmap_blob_write(c, w, bytes)) the rest waits; on credit jmap_blob_credited says when it is through
 *     jmap_blob_write_end(c, w, on_kept);      MAIL_DONE: number is its id, messages its size
 */
#ifndef JMAP_JMAP_BLOB_WRITE_H
#define JMAP_JMAP_BLOB_WRITE_H

#include "jmap/jmap_private.h"
#include "mail/mail_email.h"

struct jmap_blob_writer {
	struct jmap_call *call;
	uint64_t upload; /* its number; 0: none is under way */
	uint64_t credit; /* octets that store takes now */
	uint64_t size;
	struct view left; /* given and not sent; the caller's bytes, which must stay until then */
};

void jmap_blob_write_begin(struct jmap_call *c, struct jmap_blob_writer *w);
/* Sends, or begins to. True: all has been sent, and the bytes may go. */
bool jmap_blob_write(struct jmap_call *c, struct jmap_blob_writer *w, struct view bytes);
/* Store takes more. True: it was this upload's credit, and now nothing is left of what was given. */
bool jmap_blob_credited(
    struct jmap_call *c, struct jmap_blob_writer *w, const struct mail_upload_credit *credit);
/* All was sent: makes it durable. */
void jmap_blob_write_end(struct jmap_call *c, struct jmap_blob_writer *w, jmap_answered *answered);
/* Nothing comes of it, if it is under way. The call's release calls it too. */
void jmap_blob_write_abort(struct jmap_blob_writer *w);

#endif
