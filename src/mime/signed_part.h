/*
 * The part of a message that carries a signature: multipart/signed (RFC 1847), or CMS in a part of its own
 * (RFC 8551 section 3.5.2). Parts of messages within this one are theirs.
 */
#ifndef MIME_SIGNED_PART_H
#define MIME_SIGNED_PART_H

#include "mime/mime.h"

/* Its index: the first one's; -1: there is none. The signature is for all of the message when it is 0. */
int mime_signed_part(const struct mime_tree *tree);

/* Whether it is CMS, in which what is signed lies within the signature, or what it holds is encrypted. */
bool mime_part_is_cms(const struct mime_part *part);

/* Whether it is a signature of CMS that lies beside what it signs. */
bool mime_part_is_cms_signature(const struct mime_part *part);

#endif
