/* Emails that are put off, as JMAP shows and sets them: draft-ietf-extra-email-snooze, SnoozeDetails. */
#ifndef JMAP_JMAP_SNOOZE_H
#define JMAP_JMAP_SNOOZE_H

#include "jmap/jmap_private.h"
#include "mail/message_wire.h"
#include "mail/snooze.h"

/* Reads SnoozeDetails into the form of mail/snooze.h, appended. NULL, or what is wrong with it. */
const char *jmap_snooze_read(struct jmap_call *c, const json_t *details, struct buf *out);

/* SnoozeDetails of an Email that is put off, or null; and when one came back, or null. */
void jmap_snooze_write(struct json_out *w, uint64_t account, const struct mail_message *m);
void jmap_awoken_write(struct json_out *w, const struct mail_message *m);

#endif
