/*
 * File links: files too large for mail. Whoever has the URL of one fetches the file, without an account,
 * until its time is over or its owner takes it back. Questions on an account's channel, as mail/mail.h has
 * them; each ends with MAIL_DONE. The owner makes and removes them; whoever has a URL has a channel that
 * reads this one file.
 */
#ifndef MAIL_FILE_LINK_H
#define MAIL_FILE_LINK_H

#include "base/buf.h"
#include "base/view.h"
#include "mail/mail_id.h"

enum file_link_type {
	/* Questions of the owner. */
	FILE_LINK_GET = 2000, /* FILE_LINK_ENTRY for each */
	FILE_LINK_CREATE,     /* FILE_LINK_ENTRY */
	FILE_LINK_UPDATE,     /* FILE_LINK_ENTRY */
	FILE_LINK_REMOVE,
	/* Of whoever has the URL. */
	FILE_LINK_LOOK, /* FILE_LINK_FILE */
	FILE_LINK_READ, /* MAIL_DATA */
	FILE_LINK_TAKEN,

	/* Answers. */
	FILE_LINK_ENTRY = 2050,
	FILE_LINK_FILE,
	FILE_LINK_TYPES_END
};

enum {
	FILE_LINKS_MAX = 1000,    /* of one account: one slice of a read */
	FILE_LINK_HOUR_MAX = 100, /* made in an hour by one account: more than a person sends on a busy day */
	FILE_LINK_NAME_MAX = 255, /* octets: as long as file systems take */
	FILE_LINK_TYPE_MAX = 255, /* octets: longer than any that is registered */
	FILE_LINK_SECRET_SIZE = 16, /* octets: nobody finds one by trying */
	FILE_LINK_CODE_LEN = 22,    /* the same in base64url */
	FILE_LINK_SLACK = 3600,     /* seconds that a client's clock may be ahead of ours */
	FILE_LINK_PATH_MAX = MAIL_ID_MAX + 1 + FILE_LINK_CODE_LEN + 1
};

struct file_link_get {
	uint64_t unused;
};

/*
 * Makes one of an upload that was kept (EMAIL_KEEP) in the session's own account; it has the octets by itself
 * from then on. expires: seconds since 1970; 0: as late as may be. Done: number. -ENOENT: there is no such
 * upload, or its time is over; -EINVAL: `expires` is past, or further ahead than the setting file_link_days;
 * -EDQUOT: the setting file_link_space; -EMLINK: FILE_LINKS_MAX; -EUSERS: FILE_LINK_HOUR_MAX; -EOPNOTSUPP:
 * file_link_days is 0.
 */
struct file_link_create {
	uint64_t kept, expires;
	struct view name, type;
};

enum { FILE_LINK_HAS_EXPIRES = 1 << 0, FILE_LINK_HAS_NAME = 1 << 1, FILE_LINK_HAS_ALL = 3 };

/* -ENOENT; -EINVAL as above, but what it has already may stay. */
struct file_link_update {
	uint64_t number, has, expires;
	struct view name;
};

/* From the answer on nobody fetches it; fetches under way have ended. -ENOENT. */
struct file_link_remove {
	uint64_t number;
};

struct file_link_entry {
	uint64_t number, created, expires, size, downloads, last; /* last: the last download; 0: none yet */
	struct view secret;                                       /* FILE_LINK_SECRET_SIZE */
	struct view name, type;
};

/* What there is to fetch. -ENOENT: it was removed, or its time is over. */
struct file_link_look {
	uint64_t unused;
};
struct file_link_file {
	uint64_t number, created, expires, size;
	struct view name, type;
	struct view owner; /* the account's address */
};

/* `length` octets of it from `from`, as many as there are, in MAIL_DATA of index 0. -ENOENT as above, at its
 * beginning; what was begun in time goes on. */
struct file_link_read {
	uint64_t from, length;
};

/* It was fetched to its end. */
struct file_link_taken {
	uint64_t unused;
};

/* ---- in a URL: "F1-7-" and the secret in base64url ---- */

struct file_link_ref {
	uint64_t account;
	uint32_t number;
	unsigned char secret[FILE_LINK_SECRET_SIZE];
};

/* Appends it; the result of buf_append. */
int file_link_write(struct buf *out, const struct file_link_ref *ref);

/* False: it is none, and *ref is untouched. Each file link has one text. */
bool file_link_read(struct view text, struct file_link_ref *ref);

/*
 * A name as every system takes it for a file's: UTF-8, on one line, without directories, and without what is
 * not shown as it is (control characters, those that change the direction of text): "_" stands in their
 * place. Appends at most FILE_LINK_NAME_MAX octets, at least one.
 */
void file_link_clean_name(struct buf *out, struct view name);

#endif
