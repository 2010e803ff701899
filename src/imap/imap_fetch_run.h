/* A FETCH that is being carried out: what its files share. */
#ifndef IMAP_IMAP_FETCH_RUN_H
#define IMAP_IMAP_FETCH_RUN_H

#include "imap/imap_fetch.h"

/* Where one is in ranges of UIDs. Begins as {.in = cursor_on(ranges)}. */
struct imap_uid_walk {
	struct cursor in;
	uint32_t next;
	uint64_t left; /* UIDs of the range under way, from `next` on */
};

struct imap_fetch_run {
	struct imap_fetch fetch;
	struct imap_fetch_view view;
	uint64_t want;        /* of its questions */
	struct arena scratch; /* of one message */
	struct imap_fetched fetched;

	struct imap_uid_walk uids; /* that are still to be asked for */
	struct buf annotations;    /* of the batch: imap_annotated_add */
	struct buf batch;          /* those that are being asked for */
	struct buf alone;          /* of these, messages that are fetched on their own afterwards */
	struct imap_uid_walk alone_walk;
	struct buf seen;       /* messages that become \Seen: of those that came with others, */
	struct buf seen_alone; /* and of those that were fetched on their own */
	uint64_t changed_since;
	uint64_t asked, told; /* messages */
	bool sets_seen;

	bool unknown_encoding; /* a part was asked for by BINARY whose encoding is unknown */
	int64_t error;         /* of a message that could not be read */

	/* CHANGEDSINCE with VANISHED: UIDs that were asked for, whether they are there or not; those that
	 * went. */
	struct view asked_uids;
	struct buf vanished;

	/* One message on its own: imap_fetch_alone.c. */
	uint32_t uid;
	struct buf entry, gathered;
	size_t item;
	struct imap_place_found place;
	struct transfer_decoder decoder;
	uint64_t decoded, window_offset, window_left; /* octets: decoded so far; what of them is shown */
	bool any;                                     /* something was done with what is being read */
	bool nul;                                     /* a literal8 is written: the part holds NULs, or may */
	bool counting;                                /* a part is decoded for its length alone */
	bool in_brackets;                             /* of the response: something stands there */
	bool became_seen;
	void (*alone_done)(struct imap_session *s);
};

/* The response's beginning with all that stands before the items, and its end, with FLAGS when they became
 * \Seen. */
bool imap_fetch_response_begin(struct imap_fetch_run *r, struct imap_pen *p, struct imap_session *s);
void imap_fetch_response_end(struct imap_fetch_run *r, struct imap_pen *p, bool any, bool became_seen);

/* \Seen for this message, when the command sets it: then its flags say so already. seen: r->seen or
 * r->seen_alone, each in the order of UIDs. */
bool imap_fetch_see(const struct imap_fetch_run *r, struct buf *seen, struct mail_message *m);

/* Fetches one message whose octets do not come with its entry, at the client's pace; then `done`. */
void imap_fetch_alone(
    struct imap_session *s, struct imap_fetch_run *r, uint32_t uid, void (*done)(struct imap_session *s));

#endif
