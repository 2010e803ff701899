/* The base subject of RFC 5256 section 2.1: what is the same of a message and of answers to it. */
#ifndef MIME_BASE_SUBJECT_H
#define MIME_BASE_SUBJECT_H

#include "base/buf.h"

/*
 * Appends the base subject of a subject field's body (as written; encoded words are read), folded by
 * fold_casemap: two are the same when these octets are. *is_answer: a reply or a forward, as RFC 5256
 * section 2.1 tells them. 0, -ENOMEM, or -ENOBUFS when `out` is full.
 */
int base_subject_append(struct view subject, struct buf *out, bool *is_answer);

/* What a base subject is known by; stored, so the same for ever. 0: empty. */
uint64_t base_subject_hash(struct view base);

#endif
