/*
 * What a push says of emails that were delivered, and of which: a subscription's EmailPushConfig
 * (draft-ietf-jmap-emailpush), in the form in which web gives it to store. Store decides by what it keeps of
 * each email, and reads no message for it.
 *
 * The form: version (1), urgency, count of properties, their numbers in the client's order; then the filter,
 * an expression with its operator first. Each condition has its operands behind it: numbers big-endian, texts
 * with their length (1 octet) first.
 */
#ifndef MAIL_EMAIL_PUSH_H
#define MAIL_EMAIL_PUSH_H

#include "base/buf.h"
#include "base/cursor.h"

enum {
	/* Octets. With the client's own words beside it, it has room in one entry of the account. */
	EMAIL_PUSH_FORM_MAX = 700,
	EMAIL_PUSH_JSON_MAX = 1100,
	EMAIL_PUSH_DEPTH_MAX = 8,   /* of operators in each other: a person's choice has two or three */
	EMAIL_PUSH_MANY_MAX = 64,   /* operands of an operator, mailboxes of inMailboxOtherThan */
	EMAIL_PUSH_TEXT_MAX = 100,  /* octets of a keyword, or of what is looked for in a header field */
	EMAIL_PUSH_EMAILS_MAX = 32, /* that wait to be told to one subscriber: the oldest ones go */
	EMAIL_PUSH_VERSION = 1
};

/* RFC 8030 section 5.3. */
enum push_urgency { PUSH_VERY_LOW, PUSH_LOW, PUSH_NORMAL, PUSH_HIGH, PUSH_URGENCY_LAST = PUSH_HIGH };

/* Properties of an Email (RFC 8621 section 4.1) that store knows. */
enum email_push_property {
	EMAIL_PUSH_ID,
	EMAIL_PUSH_BLOB_ID,
	EMAIL_PUSH_THREAD_ID,
	EMAIL_PUSH_MAILBOX_IDS,
	EMAIL_PUSH_KEYWORDS,
	EMAIL_PUSH_SIZE,
	EMAIL_PUSH_RECEIVED_AT,
	EMAIL_PUSH_MESSAGE_ID,
	EMAIL_PUSH_IN_REPLY_TO,
	EMAIL_PUSH_SENDER,
	EMAIL_PUSH_FROM,
	EMAIL_PUSH_TO,
	EMAIL_PUSH_CC,
	EMAIL_PUSH_BCC,
	EMAIL_PUSH_REPLY_TO,
	EMAIL_PUSH_SUBJECT,
	EMAIL_PUSH_SENT_AT,
	EMAIL_PUSH_HAS_ATTACHMENT,
	EMAIL_PUSH_PREVIEW,
	EMAIL_PUSH_PROPERTIES
};
extern const char *const email_push_properties[EMAIL_PUSH_PROPERTIES];

enum email_push_op {
	EMAIL_PUSH_ALL,        /* count u8, operands */
	EMAIL_PUSH_ANY,        /* the same */
	EMAIL_PUSH_NONE,       /* the same */
	EMAIL_PUSH_IN,         /* mailbox u32; 0: there is no such mailbox */
	EMAIL_PUSH_OTHER_THAN, /* count u8, mailboxes u32 */
	EMAIL_PUSH_BEFORE,     /* seconds since 1970 u64 */
	EMAIL_PUSH_AFTER,      /* the same */
	EMAIL_PUSH_MIN_SIZE,   /* octets u64 */
	EMAIL_PUSH_MAX_SIZE,   /* the same */
	EMAIL_PUSH_HAS,        /* text: a keyword in lower case */
	EMAIL_PUSH_HAS_NOT,    /* the same */
	EMAIL_PUSH_ATTACHMENT, /* u8: 1: has one */
	EMAIL_PUSH_FIELD,      /* enum email_push_property u8, text: words that all stand in that field */
	EMAIL_PUSH_OPS
};

/* What is asked of an email that may be pushed. */
struct email_push_test {
	int64_t received;
	uint64_t size;
	bool has_attachment;
	const uint32_t *mailboxes;
	size_t mailbox_count;
	bool (*has_keyword)(void *arg, struct view keyword);
	bool (*has_words)(void *arg, enum email_push_property field, struct view words);
	void *arg;
};

/* A form that was read: the cursors stand in it. */
struct email_push_form {
	enum push_urgency urgency;
	struct view properties; /* their numbers, one octet each */
	struct view filter;
};

/* False: it is none: something is missing, too long, too deep, or left over. */
bool email_push_read(struct view bytes, struct email_push_form *form);

/* Whether the email is in the filter of a form that was read. */
bool email_push_matches(const struct email_push_form *form, const struct email_push_test *email);

#endif
