/*
 * Who sent an email, and how that is known: the property "verdict" of an Email (urn:postrider:params:jmap:
 * verdict; doc/jmap.md). Made of what was found out when the email came (trust/sender/sender_results.h).
 */
#ifndef JMAP_JMAP_VERDICT_H
#define JMAP_JMAP_VERDICT_H

#include "format/json_out.h"
#include "mail/message_wire.h"

/* What is known of an email's sender. A reader of more evidence adds its fields here. */
struct jmap_verdict_source {
	struct view sender; /* sender_results_encode; empty: it was not checked */
};

/* Writes the object, or null: the sender was not checked. */
void jmap_verdict_write(struct json_out *out, const struct jmap_verdict_source *source);

#endif
