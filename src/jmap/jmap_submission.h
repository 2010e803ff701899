/* What the files of EmailSubmission share: jmap_submission.c, which shows
 * them, jmap_submission_put.c, how they look, jmap_submission_set.c, which
 * sends and takes back, and jmap_envelope.c, which says who gets a message. */
#ifndef JMAP_JMAP_SUBMISSION_H
#define JMAP_JMAP_SUBMISSION_H

#include "jmap/jmap_private.h"
#include "mail/submission.h"

/* ---- jmap_submission_put.c ---- */

/* "pending", "final", "canceled". */
const char *jmap_submission_undo(uint64_t undo);

/* Properties of a submission, with their names. recipients: a list of struct submission_recipient. */
void jmap_submission_put_envelope(
    struct json_out *w, struct view sender, struct view parameters, struct view recipients);
void jmap_submission_put_delivery(struct json_out *w, struct view recipients);
void jmap_submission_put_blobs(struct json_out *w); /* dsnBlobIds, mdnBlobIds */

/* EmailSubmission/set. */
void jmap_submission_set(struct jmap_call *c);

/* ---- jmap_envelope.c ---- */

/* Who sends, to whom, and how; texts are in the call's arena. */
struct jmap_envelope {
	struct submission_create m; /* sender, parameters, and what these ask for; send_at */
	struct view *addresses;     /* of the recipients, each once */
	size_t count;
	struct buf recipients; /* of struct submission_recipient */
	const char *problem;   /* of a property: why it cannot be */
};

void jmap_envelope_init(struct jmap_envelope *e);
void jmap_envelope_done(struct jmap_envelope *e);

enum jmap_envelope_fault {
	ENVELOPE_GOOD,
	ENVELOPE_INVALID,  /* "envelope" is none: problem */
	ENVELOPE_TOO_MANY, /* recipients */
	ENVELOPE_NO_MEMORY
};

/* From the property. delay_max: seconds ahead that it may be held. */
enum jmap_envelope_fault jmap_envelope_read(
    struct jmap_call *c, struct jmap_envelope *e, const json_t *envelope, int64_t delay_max);

/* From the message's header (RFC 8621 section 7): `sender` is the identity's. */
enum jmap_envelope_fault jmap_envelope_of_header(
    struct jmap_call *c, struct jmap_envelope *e, struct view header, struct view sender);

#endif
