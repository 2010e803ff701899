/*
 * A blob's bytes, asked of store on a line: where they lie, and what has to be done to them. A blob is a
 * message, an upload, a decoded part of either, or a Sieve script's text (mail/mail_id.h). First it is looked
 * up; then its octets come, a range of them or all, as many at a time as the reader takes.
 */
#ifndef ROLE_WEB_WEB_BLOB_H
#define ROLE_WEB_WEB_BLOB_H

#include "format/transfer.h"
#include "mail/mail_id.h"
#include "role/web/web_lines.h"

#define WEB_BLOB_UNKNOWN UINT64_MAX

struct web_blob;

struct web_blob_reader {
	/* It is there. size: its octets; WEB_BLOB_UNKNOWN: only decoding tells. Then web_blob_count or
	 * web_blob_send is called. */
	void (*found)(void *arg, uint64_t size);
	/* web_blob_count: its size. */
	void (*counted)(void *arg, uint64_t size);
	/* The next octets; how many were taken. If that is less than all, no more come until web_blob_go_on.
	 */
	size_t (*bytes)(void *arg, struct view bytes);
	/* The last word: 0, all octets were given; -ENOENT: there is no such blob; any other: it cannot be
	 * read now. */
	void (*end)(void *arg, int64_t error);
};

struct web_blob {
	struct web_transfer transfer; /* the first member */
	const struct web_blob_reader *reader;
	void *arg;
	struct mail_id id;
	uint64_t account; /* as questions name it */
	enum { BLOB_LOOKS, BLOB_PARSES, BLOB_COUNTS, BLOB_SENDS } stage;
	uint64_t offset, length; /* of its octets as they are kept */
	bool found, failed;
	bool unknown; /* store has no structure of the message: it has line ends of its own, or is damaged */
	struct mime_parser *parser; /* of an upload's part, and of one of such a message */
	struct transfer_decoder decoder;
	uint64_t counted;
	uint64_t skip, left; /* decoded octets: to pass over, to give */
	struct buf waiting;  /* decoded, and not taken yet */
	bool ended;          /* all has come from store; what waits is the last */
	int64_t error;
};

/* own: the account of the line's user. The reader is not called from within this. */
void web_blob_begin(struct web_blob *b, struct web_user *user, const struct mail_id *id,
    const struct web_blob_reader *reader, void *arg);
/* At any time; the reader is called no more. */
void web_blob_end(struct web_blob *b);

void web_blob_count(struct web_blob *b);
/* `length` octets from `first`: as they are in the blob; UINT64_MAX: to the end. */
void web_blob_send(struct web_blob *b, uint64_t first, uint64_t length);
void web_blob_go_on(struct web_blob *b);

#endif
