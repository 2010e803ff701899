/*
 * Addresses in header fields: RFC 5322 sections 3.4 and 4.4, RFC 6532 section 3.2. Reading is tolerant and
 * never fails on the text, writing is strict. Paths of SMTP commands, which are read strictly, are in path.h.
 */
#ifndef FORMAT_ADDRESS_H
#define FORMAT_ADDRESS_H

#include "base/arena.h"
#include "base/buf.h"

enum address_kind {
	ADDRESS_MAILBOX,
	ADDRESS_GROUP_START, /* display_name is the group's name; its members follow */
	ADDRESS_GROUP_END,
};

struct address {
	enum address_kind kind;
	struct view display_name; /* unquoted; encoded words as they stand (encoded_word_decode reads them) */
	struct view local_part;   /* unquoted; empty in a mailbox that names nobody ("To: the whole team") */
	struct view domain;       /* as written, without comments and blanks; empty when there is none */
	struct view route;        /* "@a,@b" of an obsolete <@a,@b:joe@c>; empty in all but very old mail */
};

struct address_list {
	struct address *items;
	size_t count;
	bool defective; /* something was read that the grammar does not allow */
	bool cut; /* addresses, or words of a name, were left out: past a limit, or the arena was full */
};

/*
 * Reads a field's body: mailboxes and groups, comments, quoted strings, routes and the other obsolete forms,
 * and what is found in practice (";" as a separator, unquoted specials, missing brackets, raw 8-bit text). A
 * comment after an address without a name becomes its name: "joe@example.com (Joe)". Words before "<" are a
 * name, also when there is an address among them: "joe@example.com <joe@example.com>" is one mailbox. Of
 * several "@" the last one is followed by the domain. The list lives in the arena. 0, or -ENOBUFS when the
 * arena is full: *list then holds no address and is marked cut.
 */
int address_list_parse(struct view body, struct arena *arena, struct address_list *list);

/* The same for the first `max` addresses; reading stops there. A group that was begun is ended. */
int address_list_parse_some(struct view body, size_t max, struct arena *arena, struct address_list *list);

/*
 * Appends one mailbox in strict form: Joe <joe@example.com>. Names beyond ASCII are written as encoded words,
 * or as they are when utf8 is allowed (RFC 6532). The result of buf_append.
 */
int address_write(struct buf *out, const struct address *address, bool utf8);

/*
 * Appends local-part "@" domain, quoting the local part when it is no dot-atom; only the former if no domain.
 */
int address_write_mailbox(struct buf *out, struct view local_part, struct view domain);

/* Appends a list, folded: groups and mailboxes, separated by commas. `column` is where the line stands. */
int address_list_write(struct buf *out, const struct address_list *list, size_t column, bool utf8);

#endif
