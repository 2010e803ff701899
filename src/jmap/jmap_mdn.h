/*
 * What the files of MDN (RFC 9007) share: jmap_mdn.c, which sends, jmap_mdn_make.c, which makes the message
 * of an MDN object, and jmap_mdn_parse.c, which reads one.
 */
#ifndef JMAP_JMAP_MDN_H
#define JMAP_JMAP_MDN_H

#include "dsn/mdn.h"
#include "jmap/jmap_private.h"
#include "mail/submission.h"

enum {
	JMAP_MDN_TEXT_MAX = 64 * 1024, /* octets of textBody, either way: what a person reads of a receipt */
	JMAP_MDN_SUBJECT_MAX = 900     /* octets of subject, in UTF-8 */
};

/* An MDN object that a client gives, and the message that it is of. All texts live in the arena. */
struct jmap_mdn {
	struct mdn mdn;
	struct view subject, text;
	bool includes_original;
	bool has_subject, has_text, has_includes, has_reader; /* given, so that they are not told again */
	struct view reader; /* finalRecipient's address; empty: the identity's */
	uint64_t email;

	/* What has been made of it. */
	struct submission_receipt receipt;

	/* Of what was refused. */
	const char *type;        /* of the SetError; NULL: nothing was */
	const char *properties;  /* names with commas between, or NULL */
	const char *description; /* a sentence, static or in the arena */
};

/* As whom it is sent. */
struct jmap_mdn_author {
	struct view name, email;
};

/* Reads the object. False: it is refused. */
bool jmap_mdn_read(struct jmap_call *c, const json_t *object, struct jmap_mdn *m);

/*
 * Makes the receipt of the message: its header, and all of it if the original is included. Whoever asked for
 * a receipt gets it (Disposition-Notification-To). The receipt's message is appended to `out`, which must
 * live until it is sent. False: it is refused.
 */
bool jmap_mdn_make(struct jmap_call *c, struct jmap_mdn *m, const struct jmap_mdn_author *author,
    struct view message, struct buf *out);

/* Properties of the object that are not the client's own. */
void jmap_mdn_put_made(struct json_out *w, const struct jmap_mdn *m);

/* Methods. */
void jmap_mdn_send(struct jmap_call *c);
void jmap_mdn_parse(struct jmap_call *c);

#endif
