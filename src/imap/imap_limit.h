/*
 * MESSAGELIMIT and SAVELIMIT (RFC 9738): how many messages one command may work on, where the administrator
 * has set a limit (struct imap_config). FETCH, SEARCH, STORE, MOVE and UID EXPUNGE work on the highest UIDs
 * that were named, and the end of the command says where to go on; COPY and APPEND, which are whole or
 * nothing, and SORT and THREAD, which make no sense of a part, are refused. EXPUNGE, CLOSE and STATUS know no
 * limit.
 */
#ifndef IMAP_IMAP_LIMIT_H
#define IMAP_IMAP_LIMIT_H

#include "imap/imap_private.h"

struct imap_search;

enum { IMAP_LIMIT_CODE_MAX = 40 }; /* "MESSAGELIMIT 1000 23221" */

/* Of ranges of UIDs those that the command may work on stay, in the command's arena. False: there is no
 * memory for it, and the command has ended. */
bool imap_limit_cut(struct imap_session *s, struct view *uids);

/* COPY: whether there are more than may be copied; then the command has ended. */
bool imap_limit_refuses_copy(struct imap_session *s, struct view uids);

/* APPEND: how many messages it may bring. UINT64_MAX: any number. */
uint64_t imap_limit_of_append(const struct imap_session *s);

/* FETCH with PARTIAL: whether this many are too many; then the command has ended. */
bool imap_limit_refuses_count(struct imap_session *s, uint64_t count);

/*
 * A search of the selected mailbox, whose program is complete. It counts what is looked through, and not what
 * is found: messages that the sets of UIDs and numbers at the program's top leave. `whole`: for a part of
 * them it is not done. False: the command has ended.
 */
bool imap_limit_search(struct imap_session *s, struct imap_search *search, bool whole);

#endif
