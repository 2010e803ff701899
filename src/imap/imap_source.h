/*
 * What an IMAP URL names (RFC 5092), as octets to be read: for CATENATE (RFC 4469) and URLFETCH (RFC 4467).
 * It may stand in any mailbox that the session may read; no message is held in memory but the header of which
 * fields are picked.
 */
#ifndef IMAP_IMAP_SOURCE_H
#define IMAP_IMAP_SOURCE_H

#include "imap/imap_fetch.h"
#include "mail/mail_url.h"

struct imap_source {
	/*
	 * The caller's: a part that is encoded is read to be decoded. `place` tells then whether there is
	 * anything to decode (decodes), or nobody can (IMAP_PLACE_UNKNOWN: nothing is read). What is decoded
	 * is read whole: which part of it the URL means, the reader sees to.
	 */
	bool binary;

	struct mail_url url;
	uint64_t account, mailbox; /* where it stands */
	struct view shown; /* the URL as it was given, when it shows itself what it names: imap_source_show */

	/* What is known of the message, and where the URL's section lies; valid when it was opened. */
	struct imap_fetch fetch;
	struct imap_fetch_item item;
	struct imap_fetched fetched;
	struct imap_place_found place;
	uint64_t size; /* octets that there are to be read: of the section, and of it the URL's part */

	/* Inside. */
	struct arena scratch;
	struct buf entry, made; /* made: fields that were picked out */
	uint64_t begin, offset, left;
	bool any;
	int64_t error;
	void (*opened)(struct imap_session *s, struct imap_source *source, int64_t error);
	void (*came)(struct imap_session *s, struct view bytes);
	void (*ended)(struct imap_session *s, int64_t error);
};

/* The path of a URL's mailbox as this session's user names it. False: the URL is of another server, or there
 * is no memory. */
bool imap_source_path(struct imap_session *s, const struct mail_url *url, struct view *path);

/* *source must be zeroed, outlive the command, and be ended. One at a time is under way in a session. */
void imap_source_end(struct imap_source *source);

/*
 * Looks it up. opened: 0; -EINVAL: what was given is no URL, or one of another server; -ENOENT: it names
 * nothing that the session may read; or an error of mail.h.
 */
void imap_source_open(struct imap_session *s, struct imap_source *source, struct view url,
    void (*opened)(struct imap_session *s, struct imap_source *source, int64_t error));

/*
 * The same of a URL with a token that the session need not be able to read: store looks at the token, for
 * each piece anew. The structure in `fetched` is then that of what the URL names alone. The URL stays where
 * it is.
 */
void imap_source_show(struct imap_session *s, struct imap_source *source, struct view url,
    void (*opened)(struct imap_session *s, struct imap_source *source, int64_t error));

/* Reading begins anew. */
void imap_source_rewind(struct imap_source *source);

/* Reads up to so many octets more: `came` for each piece, then `ended`. Nothing is left when source->left is
 * 0. */
void imap_source_read(struct imap_session *s, struct imap_source *source, uint64_t max,
    void (*came)(struct imap_session *s, struct view bytes),
    void (*ended)(struct imap_session *s, int64_t error));

#endif
