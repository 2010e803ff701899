/* Emails as JMAP shows them (RFC 8621 section 4.1): which properties are asked for, and an email with them.
 * For Email/get and Email/parse. */
#ifndef JMAP_JMAP_EMAIL_H
#define JMAP_JMAP_EMAIL_H

#include "jmap/jmap_filed.h"
#include "jmap/jmap_part.h"
#include "jmap/jmap_private.h"
#include "jmap/jmap_smime.h"
#include "mail/email_wire.h"
#include "mime/summary.h"

/* Properties, by their places in jmap_email_properties. */
enum jmap_email_property {
	JMAP_EMAIL_ID,
	JMAP_EMAIL_BLOB_ID,
	JMAP_EMAIL_THREAD_ID,
	JMAP_EMAIL_MAILBOX_IDS,
	JMAP_EMAIL_KEYWORDS,
	JMAP_EMAIL_SIZE,
	JMAP_EMAIL_RECEIVED_AT,
	JMAP_EMAIL_MESSAGE_ID,
	JMAP_EMAIL_IN_REPLY_TO,
	JMAP_EMAIL_REFERENCES,
	JMAP_EMAIL_SENDER,
	JMAP_EMAIL_FROM,
	JMAP_EMAIL_TO,
	JMAP_EMAIL_CC,
	JMAP_EMAIL_BCC,
	JMAP_EMAIL_REPLY_TO,
	JMAP_EMAIL_SUBJECT,
	JMAP_EMAIL_SENT_AT,
	JMAP_EMAIL_HAS_ATTACHMENT,
	JMAP_EMAIL_PREVIEW,
	JMAP_EMAIL_BODY_VALUES,
	JMAP_EMAIL_TEXT_BODY,
	JMAP_EMAIL_HTML_BODY,
	JMAP_EMAIL_ATTACHMENTS,
	JMAP_EMAIL_HEADERS,
	JMAP_EMAIL_BODY_STRUCTURE,
	/* Of our own capabilities; doc/jmap.md. */
	JMAP_EMAIL_VERDICT,
	JMAP_EMAIL_FILED_BY,
	JMAP_EMAIL_SNOOZED, /* these two with the capability of JMAP_SNOOZE */
	JMAP_EMAIL_AWOKEN_AT,
	JMAP_EMAIL_FIRST_CONTACT,
	JMAP_EMAIL_SMIME_STATUS, /* these four of RFC 9219 */
	JMAP_EMAIL_SMIME_DELIVERED,
	JMAP_EMAIL_SMIME_ERRORS,
	JMAP_EMAIL_SMIME_AT,
	JMAP_EMAIL_PROPERTIES
};
#define JMAP_EMAIL_BIT(property) ((uint64_t)1 << (property))

extern const char *const jmap_email_properties[]; /* NULL at the end */
/* What is given when no properties are named: section 4.2; section 4.9 leaves out what only store knows. */
#define JMAP_EMAIL_USUAL (JMAP_EMAIL_BIT(JMAP_EMAIL_HEADERS) - 1)
#define JMAP_EMAIL_PARSE_USUAL (JMAP_EMAIL_USUAL & ~(JMAP_EMAIL_BIT(JMAP_EMAIL_MESSAGE_ID) - 1))

#define JMAP_EMAIL_OF_BODY                                                                                   \
	(JMAP_EMAIL_BIT(JMAP_EMAIL_BODY_VALUES) | JMAP_EMAIL_BIT(JMAP_EMAIL_TEXT_BODY) |                     \
	    JMAP_EMAIL_BIT(JMAP_EMAIL_HTML_BODY) | JMAP_EMAIL_BIT(JMAP_EMAIL_ATTACHMENTS) |                  \
	    JMAP_EMAIL_BIT(JMAP_EMAIL_BODY_STRUCTURE))

#define JMAP_EMAIL_OF_SNOOZE (JMAP_EMAIL_BIT(JMAP_EMAIL_SNOOZED) | JMAP_EMAIL_BIT(JMAP_EMAIL_AWOKEN_AT))

#define JMAP_EMAIL_OF_SMIME                                                                                  \
	(JMAP_EMAIL_BIT(JMAP_EMAIL_SMIME_STATUS) | JMAP_EMAIL_BIT(JMAP_EMAIL_SMIME_DELIVERED) |              \
	    JMAP_EMAIL_BIT(JMAP_EMAIL_SMIME_ERRORS) | JMAP_EMAIL_BIT(JMAP_EMAIL_SMIME_AT))

/* Names of the arguments that both methods have beside "properties"; NULL at the end. */
extern const char *const jmap_email_arguments[];

/* Whether it is a property "header:..." that can be asked for. */
bool jmap_email_is_header(struct view name);

struct jmap_email_form {
	uint64_t properties;
	struct jmap_header_asked *headers;
	size_t header_count;
	struct jmap_part_form parts;
	bool usual_parts; /* bodyProperties was left out */
	struct jmap_values_wanted values;
	uint64_t value_max;
};

/*
 * Reads bodyProperties and what values are wanted, and takes the properties "header:..." out of `names`.
 * False: the call was answered with invalidArguments.
 */
bool jmap_email_form_read(struct jmap_call *c, struct jmap_email_form *form, uint64_t properties,
    const struct view *names, size_t name_count);

/* What has to be known of an email. */
bool jmap_email_form_wants(const struct jmap_email_form *form, uint64_t properties); /* one of these bits */
bool jmap_email_form_wants_header(const struct jmap_email_form *form);               /* all of it */
bool jmap_email_form_wants_envelope(const struct jmap_email_form *form);             /* more than the order */
bool jmap_email_form_wants_structure(const struct jmap_email_form *form);            /* its parts */
bool jmap_email_form_shows_parts(const struct jmap_email_form *form); /* EmailBodyPart objects */
bool jmap_email_form_wants_bytes(const struct jmap_email_form *form); /* of parts */

/* jmap_part_reads_plan for what the form asks for. */
void jmap_email_plan(struct jmap_part_reads *reads, const struct jmap_email_form *form,
    const struct mime_tree *tree, size_t root, const struct jmap_bodies *bodies, uint64_t prefix_len);

/* What an email is written from. What is not wanted may be missing. */
struct jmap_email_source {
	const struct email_entry *entry; /* NULL: it is no email of the account's */
	const struct jmap_account *account;
	const struct jmap_session *session;
	struct view blob_id;
	uint64_t size;
	bool has_attachment;
	const struct envelope *envelope;
	struct view preview;
	struct view header;
	struct jmap_part_source parts; /* tree, reads */
	const struct jmap_bodies *bodies;
	const struct jmap_filed *filed; /* NULL: nothing is known of rules */
	const struct jmap_smime *smime; /* NULL: nothing is known of signatures */
};

/* Writes the object. */
void jmap_email_write(struct json_out *out, struct jmap_scratch *s, const struct jmap_email_form *form,
    const struct jmap_email_source *source);

/* A keyword as JMAP shows it: lower case; IMAP's system flags have names of their own. Gives each keyword of
 * the flags. */
typedef void jmap_keyword_take(void *arg, struct view keyword);
void jmap_email_keywords(const struct jmap_session *session, uint64_t ask, uint64_t flags,
    struct view more_keywords, jmap_keyword_take *take, void *arg);

#endif
