/* What the commands of URLAUTH share: keys of mailboxes. */
#ifndef IMAP_IMAP_URLAUTH_H
#define IMAP_IMAP_URLAUTH_H

#include "imap/imap_state.h"
#include "mail/mail_url.h"

enum {
	/* URLs of one command; a message is put together from some dozens at most. */
	IMAP_URLS_MAX = 100,
	/* Octets of a key: what GENURLAUTH makes has 32. */
	IMAP_URL_KEY_MAX = 64
};

struct imap_url_key {
	struct buf key; /* initialised and ended by whoever holds it; empty: the mailbox has none */
	uint64_t mailbox;

	/* Inside. */
	const struct mail_url *url;
	void (*keyed)(struct imap_session *s, int64_t error);
};

/*
 * Finds the key of the mailbox that the URL names, which stays where it is until then. keyed: 0; -ENOENT:
 * there is no such mailbox on this server, that the session may see; -EACCES: it is another's, and so is its
 * key; or an error of mail.h. One at a time in a session.
 */
void imap_url_find_key(struct imap_session *s, struct imap_url_key *k, const struct mail_url *url,
    void (*keyed)(struct imap_session *s, int64_t error));

#endif
