/*
 * Who sent an email, and how that is known: the property "verdict" of an Email (urn:postrider:params:jmap:
 * verdict; doc/jmap.md). Made of what was found out when the email came (trust/sender/sender_results.h), and
 * of whom the account has heard of (MAIL_WANT_CONTACT).
 */
#ifndef JMAP_JMAP_VERDICT_H
#define JMAP_JMAP_VERDICT_H

#include "format/json_out.h"
#include "mail/message_wire.h"

/* Writes the object, or null: nothing is known. Of the message its sender, contact, looks_like and name_of
 * are read; NULL: it is no email of the account's. */
void jmap_verdict_write(struct json_out *out, const struct mail_message *m);

/* The property "firstContact": whether it is the first message of its sender, or null. */
void jmap_first_contact_write(struct json_out *out, const struct mail_message *m);

#endif
