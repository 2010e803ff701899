/*
 * The frame of Foo/parse (RFC 8621 section 4.9, RFC 9007 section 2.2): blobs are read one after the other,
 * and each is shown as what it is, or is named in notParsable or notFound.
 */
#ifndef JMAP_JMAP_PARSE_BLOBS_H
#define JMAP_JMAP_PARSE_BLOBS_H

#include "jmap/jmap_blob_read.h"
#include "mime/message_text.h"

struct jmap_parse_blobs {
	/*
	 * Shows a blob: jmap_parse_blobs_value, and then its object. 0; -EINVAL: it is none of this kind, and
	 * nothing was written; another error ends the call.
	 */
	int (*show)(struct jmap_call *c, struct jmap_parse_blobs *p, struct view bytes);

	/* The frame's own. */
	json_t *ids;
	size_t at;
	struct jmap_blob blob; /* the one that is shown */
	struct message_gather message;
	bool any;                           /* one was shown: the map is open */
	struct buf not_parsable, not_found; /* items of lists */
};

/* It lies in the call's data, zeroed, whose release calls jmap_parse_blobs_done. */
void jmap_parse_blobs_init(struct jmap_parse_blobs *p,
    int (*show)(struct jmap_call *c, struct jmap_parse_blobs *p, struct view bytes));
void jmap_parse_blobs_done(struct jmap_parse_blobs *p);

/* Takes blobIds. False: the call has been answered. */
bool jmap_parse_blobs_take(struct jmap_call *c, struct jmap_parse_blobs *p);

/* Answers the call. `p` is the first member of the call's data. */
void jmap_parse_blobs_run(struct jmap_call *c, struct jmap_parse_blobs *p);

/* The writer, where the object of the blob that is shown stands next. */
struct json_out *jmap_parse_blobs_value(struct jmap_call *c, struct jmap_parse_blobs *p);

/* The id of the blob that is shown, as the client wrote it. */
struct view jmap_parse_blobs_id(const struct jmap_parse_blobs *p);

#endif
