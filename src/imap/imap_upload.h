/*
 * Messages on their way into a mailbox: the octets of each go to store as they come, with what is known of
 * it, and all of a command are added in one step. For APPEND, REPLACE and CATENATE.
 */
#ifndef IMAP_IMAP_UPLOAD_H
#define IMAP_IMAP_UPLOAD_H

#include "format/line_ends.h"
#include "imap/imap_private.h"

struct imap_upload_ready;
struct imap_catenate;

/* The command's data (imap_data) of whoever appends. */
struct imap_appending {
	struct imap_session *session;
	struct mail_mailbox mailbox;
	struct view path; /* of the own mailbox, which store looks up; empty: `mailbox` has been found */
	uint64_t replace_mailbox; /* 0: nothing is replaced */
	uint32_t replace;         /* the UID */
	struct imap_in in;        /* until the mailbox is found */

	/* The message under way. */
	uint64_t upload; /* 0: none */
	uint64_t credit, size, flags, date;
	struct view keywords, annotations;
	struct mime_digest *digest;
	struct line_ends lines;
	bool binary, nul, utf8;
	bool waits; /* for credit: then room is called */
	void (*room)(struct imap_session *s);
	struct imap_catenate *catenate; /* it is put together from parts; NULL: it is not */
	void (*catenate_free)(struct imap_catenate *c);

	struct imap_upload_ready *ready; /* messages that are on the server, and not yet in the mailbox */
	size_t count, known;
	uint32_t request; /* of all MAIL_APPENDs together */
	struct buf uids;
};

struct imap_appending *imap_appending_new(struct imap_session *s);

/* Begins a message; `room` is called when imap_upload_bytes took less than all and more will be taken. False:
 * the command has ended with NO. */
bool imap_upload_begin(
    struct imap_session *s, struct imap_appending *a, void (*room)(struct imap_session *s));

/* Takes as many octets as store has room for. */
size_t imap_upload_bytes(struct imap_session *s, struct imap_appending *a, struct view bytes);

/* The message is complete. False: the command has ended with NO. */
bool imap_upload_end(struct imap_session *s, struct imap_appending *a);

/* All messages go into the mailbox, and the command ends. */
void imap_append_all(struct imap_session *s, struct imap_appending *a);

/* Store forgets the messages; the command is still to be ended. */
void imap_appending_forget(struct imap_session *s, struct imap_appending *a);

/* NO, or BAD for what the parser found wrong; store forgets the messages. */
void imap_appending_refuse(struct imap_session *s, const char *code, const char *text);
bool imap_appending_wrong(struct imap_session *s, struct imap_in *in);

#endif
