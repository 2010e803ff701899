/*
 * The digest of a message: everything that is known of it before it is kept, made while its bytes pass. The
 * same for each way in (SMTP, reports of our own, imports), so that nothing which reads mail later has to
 * ask how a message came.
 *
 * Never fails as a whole. A part that finds no memory, or goes past its limit in format/limits.h, is empty:
 * its readers then read the message itself.
 */
#ifndef MIME_DIGEST_H
#define MIME_DIGEST_H

#include "base/buf.h"
#include "base/view.h"
#include "format/limits.h"

struct mime_digest;

/* What comes out. Views live as long as the digest. */
struct message_digest {
	/* Encoded (mime/summary.h), at most SUMMARY_INLINE_MAX octets; a longer one stands in the trailer. */
	struct view summary;
	/* What is kept behind the body (mime/trailer.h): the structure, and perhaps the summary. */
	struct view trailer;
	/* Message-ID without brackets, comments and folds; empty without one that is printable. */
	struct view message_id;
	uint64_t message_id_hash; /* message_id_hash() of it; 0: there is none */
	/*
	 * Hashes of the messages that it refers to, nearest first: In-Reply-To, then References from the end.
	 * Each once, and never its own. Of more than fit, the last one is the thread's first message.
	 */
	uint64_t references[MESSAGE_REFERENCES_MAX];
	size_t reference_count;
	bool has_attachment;
};

/* Never NULL. */
struct mime_digest *mime_digest_new(void);
void mime_digest_free(struct mime_digest *d); /* NULL is allowed */

/* The message from its first byte to its last, in pieces of any size, as it will be kept. */
void mime_digest_feed(struct mime_digest *d, struct view bytes);

/* To be called once, after all bytes. */
void mime_digest_end(struct mime_digest *d, struct message_digest *out);

/* What a message identifier (without brackets and folds) is known by; stored, so the same for ever. 0: empty.
 */
uint64_t message_id_hash(struct view id);

#endif
