/*
 * The octets of a blob, read by a call piece by piece, so that none is held whole: a message, a part of it
 * without its encoding, an upload, a part of an upload that is a message, or a Sieve script's text
 * (mail/mail_id.h has the ids).
 *
 * A reader lies in its call's data and asks by the call's own function:
 *
 *     if (!jmap_blob_begin(c, &mine->blob, jmap_account(c), id, on_blob)) it stands for nothing
 *     void on_blob(c, type, answer)
 *         switch (jmap_blob_take(c, &mine->blob, type, answer)) {
 *         case JMAP_BLOB_WAITS: return;
 *         case JMAP_BLOB_OPEN: jmap_blob_next(c, &mine->blob) ... as often as pieces are wanted
 *         case JMAP_BLOB_BYTES: mine->blob.bytes, mine->blob.last
 *         case JMAP_BLOB_FAILED: mine->blob.error
 */
#ifndef JMAP_JMAP_BLOB_READ_H
#define JMAP_JMAP_BLOB_READ_H

#include "format/transfer.h"
#include "jmap/jmap_private.h"
#include "mail/mail_email.h"
#include "mime/mime.h"

enum {
	/* Octets that are asked for at once: what store sends in one frame. */
	JMAP_BLOB_PIECE = MAIL_PIECE_MAX,
	/* Of a message that is mended on its way, since store reads it from its beginning for each: with
	   few_pieces the whole costs eight times its octets, and a piece of the largest message is some MB.
	 */
	JMAP_BLOB_FEW_PIECES = 16
};

enum jmap_blob_event { JMAP_BLOB_WAITS, JMAP_BLOB_OPEN, JMAP_BLOB_BYTES, JMAP_BLOB_FAILED };

struct jmap_blob {
	struct mail_id id;
	uint64_t ask;    /* the account, as in questions */
	uint64_t prefix; /* of a whole message: octets in front that delivery put there */
	uint64_t size;   /* octets; of a part that is encoded: of what it is encoded as */
	bool is_encoded; /* so that its size is known at its end only */
	bool
	    is_binary; /* a message that came with other line ends than CRLF: they are mended as it is read */
	bool few_pieces;   /* the caller's, behind jmap_blob_begin: it takes pieces of any size */
	struct view bytes; /* of JMAP_BLOB_BYTES; valid until the next function of the reader */
	bool last;
	int64_t error; /* -ENOENT: there is no such blob; others as in mail.h */

	/* The reader's own. */
	jmap_answered *answered;
	uint64_t offset, at; /* of its first octet in what is read; what has been asked for */
	uint64_t asked;      /* of these, by the last question */
	enum { JMAP_BLOB_FINDING, JMAP_BLOB_PARSING, JMAP_BLOB_READING } step;
	bool found;
	bool is_unknown; /* store has no structure of the message, so that it is parsed */
	struct transfer_decoder decoder;
	struct mime_parser *parser;
	struct buf piece, decoded;
};

/* Looks for a blob of an account. The reader is zeroed before, or jmap_blob_done was called. False: the id is
 * none of this account's; nothing was asked then. */
bool jmap_blob_begin(struct jmap_call *c, struct jmap_blob *b, const struct jmap_account *account,
    struct view id, jmap_answered *answered);

/* Takes an answer. Behind FAILED nothing more comes. */
enum jmap_blob_event jmap_blob_take(
    struct jmap_call *c, struct jmap_blob *b, unsigned type, const void *answer);

/* Asks for the next octets: after OPEN, and after BYTES that were not the last. An empty blob gives one empty
 * piece. */
void jmap_blob_next(struct jmap_call *c, struct jmap_blob *b);

/* From the first octet again, as after OPEN. */
void jmap_blob_rewind(struct jmap_blob *b);

/* Passes over octets, of a blob that is not encoded; at most all. After OPEN or jmap_blob_rewind. */
void jmap_blob_skip(struct jmap_blob *b, uint64_t octets);

/* Frees what it holds; the call's release calls it. The reader is zeroed. */
void jmap_blob_done(struct jmap_blob *b);

#endif
