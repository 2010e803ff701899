/*
 * Ids as clients see them, alike in IMAP (OBJECTID, RFC 8474) and in JMAP: a letter, the number of the
 * account in whose store the thing lies, "-", its own number; all numbers in hexadecimal. Unique among all
 * accounts, never used again, and within what both standards allow as an id.
 */
#ifndef MAIL_MAIL_ID_H
#define MAIL_MAIL_ID_H

#include "base/view.h"

enum {
	MAIL_ID_MAILBOX = 'M',
	MAIL_ID_EMAIL = 'E',
	MAIL_ID_THREAD = 'T',
	/* Blobs of JMAP. */
	MAIL_ID_BLOB_EMAIL = 'B',       /* a whole message: its email number */
	MAIL_ID_BLOB_PART = 'P',        /* a part of it, decoded: email number, "-", number of the part */
	MAIL_ID_BLOB_UPLOAD = 'U',      /* an upload that is kept for a while */
	MAIL_ID_BLOB_UPLOAD_PART = 'Q', /* a part of an upload that is a message */
	/* The octets of a Sieve script: its number, "-", the version of its text (mail/script.h) */
	MAIL_ID_BLOB_SCRIPT = 'C',
	MAIL_ID_SUBMISSION = 'S',
	MAIL_ID_IDENTITY = 'I',
	MAIL_ID_SCRIPT = 'R',     /* a Sieve script */
	MAIL_ID_MASKED = 'N',     /* a masked address */
	MAIL_ID_DELETED = 'D',    /* an email that was deleted: its number, "-", when it is erased */
	MAIL_ID_PUSH = 'W',       /* a subscription to pushes */
	MAIL_ID_ACT = 'K',        /* a change of very many emails (mail/act.h) */
	MAIL_ID_SHARE_NOTE = 'V', /* what was told of sharing (mail/sharing.h) */
	MAIL_ID_FILE_LINK = 'F',  /* a file link (mail/file_link.h) */
	MAIL_ID_ACCOUNT = 'A'     /* an account: "A" and its number */
};

enum { MAIL_ID_MAX = 64 /* the longest: three numbers of 16 digits */ };

struct mail_id {
	char letter;
	uint64_t account, number;
	uint64_t part; /* of the kinds with three numbers, else 0 */
};

/* Writes an id, without NUL; returns its length. */
size_t mail_id_put(char out[static MAIL_ID_MAX], const struct mail_id *id);

/* The same for the kinds with two numbers. */
size_t mail_id_write(char out[static MAIL_ID_MAX], char letter, uint64_t account, uint64_t number);

/* Reads what mail_id_put writes, of any of the letters. False: it is none, and *id is untouched. Leading
 * zeros are refused, so that each thing has one id. */
bool mail_id_get(struct view text, struct mail_id *id);

/* The same for the kinds with two numbers, of this letter alone. */
bool mail_id_read(struct view text, char letter, uint64_t *account, uint64_t *number);

/* "A1f": an account's id, and back. */
size_t mail_account_id_write(char out[static MAIL_ID_MAX], uint64_t account);
bool mail_account_id_read(struct view text, uint64_t *account);

#endif
