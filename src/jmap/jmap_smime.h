/*
 * Signatures of S/MIME (RFC 9219): which emails of a list are signed, as their structure says (EMAIL_GET with
 * MAIL_WANT_STRUCTURE), and what is thought of these (EMAIL_SMIME); and the words for it. Whoever needs it
 * asks both questions, one after the other.
 */
#ifndef JMAP_JMAP_SMIME_H
#define JMAP_JMAP_SMIME_H

#include "base/buf.h"
#include "format/json_out.h"
#include "mail/mail_email.h"
#include "mail/smime.h"

enum {
	/* Emails whose signatures one Email/get has looked at: a screen of a mail program shows fewer. Of
	 * those behind, smimeStatus is "signed", and they can be asked for again. */
	JMAP_SMIME_LOOKS_MAX = 500
};

struct jmap_smime {
	struct email_smime_verdict *items; /* of signed emails, by their ids */
	size_t count, room;
	struct buf open; /* ids of signed emails that are to be asked about */
	size_t asked;    /* octets of these that have been */
	int error;       /* -ENOMEM: something is missing */
};

void jmap_smime_init(struct jmap_smime *s);
void jmap_smime_done(struct jmap_smime *s);

/* An answer to EMAIL_GET: notes who is signed. */
void jmap_smime_entries(struct jmap_smime *s, const struct email_entries *entries);
/* The next ids for EMAIL_SMIME; none: all have been asked about. */
struct view jmap_smime_next(struct jmap_smime *s);
/* Its answer. */
void jmap_smime_take(struct jmap_smime *s, const struct email_smime_verdict *verdict);

/* NULL: it is not signed. */
const struct email_smime_verdict *jmap_smime_find(const struct jmap_smime *s, uint64_t email);

/* The properties; null without a verdict. */
void jmap_smime_write_status(struct json_out *out, const struct email_smime_verdict *v, uint64_t status);
void jmap_smime_write_errors(struct json_out *out, const struct email_smime_verdict *v);
void jmap_smime_write_at(struct json_out *out, const struct email_smime_verdict *v);

#endif
