/* What the commands share that change messages: STORE, COPY, MOVE, EXPUNGE. */
#ifndef IMAP_IMAP_MESSAGES_H
#define IMAP_IMAP_MESSAGES_H

#include "imap/imap_fetch.h"

/* Appends "1:3,5": the message numbers that the client has for these UIDs. The result of buf_append. */
int imap_number_set_write(struct buf *out, const struct imap_view *view, struct view ranges);

/* How FETCH responses look that this session gets of its selected mailbox. */
struct imap_fetch_view imap_fetch_view_of(struct imap_session *s);

/* Writes "* 1 FETCH (FLAGS (...) MODSEQ (...))" for each entry: its parts are MAIL_WANT_FLAGS and
 * MAIL_WANT_MODSEQ of `want`. False: the entries are broken. */
bool imap_put_flag_responses(struct imap_session *s, uint64_t want, struct view entries);

/* The mailbox was opened with EXAMINE: NO, and true. */
bool imap_refuse_read_only(struct imap_session *s);

#endif
