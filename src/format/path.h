/*
 * The paths of MAIL and RCPT, read strictly: RFC 5321 section 4.1.2, with the UTF-8 of RFC 6531 section
 * 3.3. Anything that is not a path is refused: where two servers read one address differently, there is a
 * hole. What nobody reads differently is borne: dots anywhere in an unquoted local part ("a..b", "a.", as
 * some providers have them), and one behind the domain.
 */
#ifndef FORMAT_PATH_H
#define FORMAT_PATH_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/cursor.h"
#include "format/domain.h"

enum path_kind {
	PATH_NULL,       /* <>: the sender of bounces; in a reverse path only */
	PATH_POSTMASTER, /* <Postmaster> without a domain; in a forward path only */
	PATH_MAILBOX,
};

struct path {
	enum path_kind kind;
	enum host_kind host;
	struct view local_part; /* unquoted, with its case */
	struct view domain;     /* as given; a literal with its brackets */
	bool utf8;              /* holds UTF-8: only valid with the SMTPUTF8 parameter, which comes later */
	bool loose;             /* the local part stood unquoted, with dots where the grammar has none */
};

/*
 * Take a path off the cursor, from "<" to ">"; a source route is read and forgotten (RFC 5321, appendix C).
 * Views point into the input, an unquoted local part into the arena; the domain is without a final dot. 0;
 * -EINVAL; -ENAMETOOLONG past LOCAL_PART_MAX, 255 octets of domain or 256 of path, brackets included (the
 * route doesn't count: it isn't used); -ENOBUFS when the arena is full. On failure neither the cursor nor
 * *path changes.
 */
int reverse_path_parse(struct cursor *in, struct arena *arena, struct path *path);
int forward_path_parse(struct cursor *in, struct arena *arena, struct path *path);

/* The whole view is a mailbox, without brackets: what people type and what certificates and settings hold. */
int mailbox_parse(struct view v, struct arena *arena, struct path *path);

/*
 * Appends the path with its brackets, the local part quoted if need be; one that stood unquoted stays so,
 * since it is known by that. The result of buf_append.
 */
int path_write(struct buf *out, const struct path *path);

/* The same for a mailbox that was unquoted by somebody, without brackets: quoted only if SMTP could not read
 * it else. */
int mailbox_write(struct buf *out, struct view local_part, struct view domain);

/* address_key of a path; the key of <Postmaster> is "postmaster". -EINVAL for the null path. */
int path_key(const struct path *path, struct buf *out);

#endif
