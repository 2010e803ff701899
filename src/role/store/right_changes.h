/* What has changed in a mailbox, as answers: for MAIL_CHANGES, and for MAIL_OPEN of a session that comes
 * again. */
#ifndef ROLE_STORE_RIGHT_CHANGES_H
#define ROLE_STORE_RIGHT_CHANGES_H

#include "account/messages.h"
#include "role/store/question.h"

/* MAIL_CHANGED_FLAGS and MAIL_VANISHED. `there`: ranges of the UIDs that the session takes to be there: they
 * are not told as vanished, since that comes with the next changes; NULL: none are known. */
void right_changes_answer(struct question *q, const struct account_changes *c, const struct view *there);

#endif
