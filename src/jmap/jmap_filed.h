/*
 * Why an email is where it is: the property "filedBy" of an Email (urn:postrider:params:jmap:filedby;
 * doc/jmap.md). Deeds of some emails are gathered from the answer to SCRIPT_FILED (mail/script.h), and
 * written with each email.
 */
#ifndef JMAP_JMAP_FILED_H
#define JMAP_JMAP_FILED_H

#include "base/arena.h"
#include "format/json_out.h"
#include "mail/script.h"

enum {
	JMAP_FILED_EMAILS_MAX = 128 /* gathered at a time: SCRIPT_FILED may tell of 16 deeds for each */
};

struct jmap_filed {
	struct arena texts;
	struct script_deed *items;
	size_t count, room;
	int error; /* -ENOMEM: some are missing */
};

void jmap_filed_init(struct jmap_filed *f);
void jmap_filed_done(struct jmap_filed *f);

/* Forgets what was gathered: other emails are asked about. */
void jmap_filed_clear(struct jmap_filed *f);
void jmap_filed_take(struct jmap_filed *f, const struct script_deed *deed);

/* Writes the object, or null: no rule did anything with the email. */
void jmap_filed_write(struct json_out *out, const struct jmap_filed *f, uint64_t account, uint64_t email);

/* The members of a deed, into an object that is open; its kind is one of SCRIPT_DEED_KINDS. */
void jmap_deed_write(struct json_out *out, const struct script_deed *deed);

#endif
