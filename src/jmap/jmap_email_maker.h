/*
 * A new Email, from an object that describes it, from a blob that is a message, or from an Email of another
 * account (RFC 8621 sections 4.6 to 4.8). One after the other within a call. The message passes through in
 * pieces: what is known of it is computed on the way, and none is held whole.
 *
 * The maker is the first thing in the call's data (jmap_data), so that its answers find it.
 */
#ifndef JMAP_JMAP_EMAIL_MAKER_H
#define JMAP_JMAP_EMAIL_MAKER_H

#include "format/line_ends.h"
#include "jmap/jmap_blob_read.h"
#include "jmap/jmap_compose.h"
#include "jmap/jmap_snooze.h"
#include "mime/digest.h"

struct jmap_email_maker;
typedef void jmap_email_made(struct jmap_call *c, struct jmap_email_maker *m);

struct jmap_email_maker {
	/* Of the Email that is to be made: jmap_email_wish sets it. */
	struct buf mailboxes, keywords;
	uint64_t flags;
	int64_t received;  /* 0: it is not said */
	struct buf snooze; /* mail/snooze.h; empty: it is not put off */

	/* What became of it. type: of the SetError; NULL: it was made. */
	const char *type, *description;
	struct view properties; /* names with commas between */
	struct buf not_found;   /* of blobNotFound: ids with one space between them */
	uint64_t existing;      /* of alreadyExists */
	uint64_t email, thread, size;

	/* Its own. */
	struct jmap_call *call;
	jmap_email_made *made;
	struct arena arena;
	struct jmap_composed composed;
	size_t blob_at; /* of the blobs that are looked at first */
	struct jmap_blob blob;
	struct draft_scan scan;
	struct draft_writer writer;
	bool is_composed, at_end;
	bool writes, in_blob; /* `writer` has begun; it waits for octets of `blob` */
	bool reads;           /* an answer of `blob` is awaited */
	struct buf pending;   /* octets that wait for credit */
	uint64_t upload, credit, octets;
	struct mime_digest *digest;
	struct line_ends lines;
	bool nul;
	struct buf head; /* the message's beginning */
	uint64_t kept, from_account, from;
	int64_t error; /* of what is done behind the import */
};

void jmap_email_maker_init(struct jmap_email_maker *m, struct jmap_call *c);
/* For the release of the call's data. */
void jmap_email_maker_done(struct jmap_email_maker *m);

/*
 * Reads mailboxIds, keywords, receivedAt and snoozed of an object for the next Email. False: `type` and the
 * others say what is wrong.
 */
bool jmap_email_wish(struct jmap_call *c, struct jmap_email_maker *m, const json_t *object);

/* Makes it as jmap_email_wish said; `made` is called at once or later. The object must live until then. */
void jmap_email_compose(
    struct jmap_call *c, struct jmap_email_maker *m, const json_t *object, jmap_email_made *made);
/* From a blob of `account`, which is a message. */
void jmap_email_take(struct jmap_call *c, struct jmap_email_maker *m, const struct jmap_account *account,
    struct view blob_id, jmap_email_made *made);

/* "id", "blobId", "threadId", "size": the properties of an Email that was made. `id` needs MAIL_ID_MAX. */
struct view jmap_email_made_id(struct jmap_call *c, const struct jmap_email_maker *m, char *id);
void jmap_email_put_made(struct jmap_call *c, const struct jmap_email_maker *m, struct json_out *w);
/* The SetError's members beside its type: existingId, properties, description, notFound. */
void jmap_email_put_failed(const struct jmap_email_maker *m, struct json_out *w);

/* The type of a SetError for an error of store that has a meaning for Emails, else jmap_set_error_type. */
const char *jmap_email_error_type(int64_t error);
const char *jmap_email_error_text(int64_t error);

#endif
