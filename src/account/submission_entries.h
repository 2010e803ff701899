/* Inside account/: the entries C 'E' and C 'G' of submissions.h. */
#ifndef ACCOUNT_SUBMISSION_ENTRIES_H
#define ACCOUNT_SUBMISSION_ENTRIES_H

#include "account/submissions.h"

struct account_key key_submission(uint64_t number);
struct account_key key_submission_recipient(uint64_t number, uint32_t recipient);
bool key_read_submission(struct view key, uint64_t *number);

/* 0 or -EBADMSG; views point into the value. */
int submission_decode(uint64_t number, struct view value, struct account_submission *s)
    __attribute__((warn_unused_result));
int submission_recipient_decode(struct view value, struct submission_recipient *r)
    __attribute__((warn_unused_result));

#endif
