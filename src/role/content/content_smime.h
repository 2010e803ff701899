/* Signatures of S/MIME, looked at for store. */
#ifndef ROLE_CONTENT_CONTENT_SMIME_H
#define ROLE_CONTENT_CONTENT_SMIME_H

#include "process/role.h"

/* Store has come, or has come anew: what was gathered is dropped. */
void content_smime_begin(void);
/* The anchors of the last start or reload are taken. */
void content_smime_serve(const struct role_process *p);

/* MESSAGE_SMIME_OF. */
void content_smime_piece(struct link *link, struct channel_frame *frame, const void *message);

#endif
