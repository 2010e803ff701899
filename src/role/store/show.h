/*
 * What a URL with a token shows (RFC 4467): a piece of one message, or of a part of it. The token is the
 * right to it. Nothing is kept between pieces.
 */
#ifndef ROLE_STORE_SHOW_H
#define ROLE_STORE_SHOW_H

#include "account/mailboxes.h"
#include "account/messages.h"
#include "account/metadata.h"
#include "mail/mail_url.h"
#include "store/store.h"

struct show {
	/* Set before show_run; `url` by show_url. */
	uint64_t account; /* whose mailbox it is: its shard */
	uint64_t offset;  /* octets that are passed over */
	bool whole;       /* the URL's PARTIAL counts behind an encoding: if there is one it is left aside */
	/* 0; -EACCES: the token is not the mailbox's; -ENOENT: what it names is not there; -EOPNOTSUPP: it is
	 * in a binary message; others: not now. */
	void (*done)(struct show *s, int error);

	struct mail_url url;

	/* What it shows. */
	struct buf piece;
	struct buf structure; /* of the message or part that is named, if it is one; with the first piece */
	bool last;            /* nothing follows */
	uint64_t size;        /* octets in all pieces */
	unsigned encoding;    /* enum transfer_encoding of the part whose body is named */

	/* Inside. */
	struct arena arena;
	uint32_t mailbox;
	struct account_tree tree;
	struct account_metadata metadata;
	struct account_list list;
	struct account_listed listed;
	struct account_fetch fetch;
	struct store_blob_read blobs;
	struct store_blob_part part;
};

/* *s is zeroed. */
void show_init(struct show *s);
void show_free(struct show *s);

/* Reads the URL; its texts are copied. False: it is no whole URL with a token and such a section. */
bool show_url(struct show *s, struct view url);

/* Ends with `done`. */
void show_run(struct show *s);

#endif
