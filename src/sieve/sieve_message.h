/*
 * A message as scripts see it: header fields without folds and decoded (RFC 5228 section 2.4.2.2), and the
 * texts of its parts. Each is made when it is asked for, once, and lives in the arena.
 */
#ifndef SIEVE_SIEVE_MESSAGE_H
#define SIEVE_SIEVE_MESSAGE_H

#include "base/arena.h"
#include "format/address.h"
#include "mime/mime.h"
#include "sieve/sieve_outcome.h"

struct sieve_field {
	struct view name, body; /* as they stand in the header */
	struct view raw;        /* all of it, with its line end, and lines before it that are no fields */
	struct view text;       /* decoded, when has_text */
	bool has_text;
	struct address_list *addresses; /* when they were asked for */
};

/* What the sender asked of the transport: RFC 3461, 2852. Texts are empty where nothing was asked for. */
struct sieve_terms {
	struct view notify;       /* of this recipient: "NEVER", or conditions with commas between them */
	struct view orcpt, envid; /* decoded: "rfc822;joe@example.com" */
	struct view ret;          /* "FULL" or "HDRS" */
	bool has_by;
	int64_t by_time; /* seconds since 1970 */
	char by_mode;    /* 'N' or 'R' */
	bool by_trace;
};

struct sieve_message {
	struct view bytes;
	uint64_t
	    unseen; /* octets of the message behind `bytes`, which are not given: they count for its size */
	struct view sender, recipient, authenticated; /* of the envelope; the sender may be empty */
	const struct sieve_terms *terms;              /* or NULL: nothing was asked for */
	struct arena *arena;
	/* The module's own. */
	struct sieve_field *fields;
	size_t field_count, body_offset;
	bool has_fields, has_body;
	struct sieve_field *original; /* when the header was changed: what it was */
	size_t original_count;
	unsigned edits;
	const struct sieve_version *version; /* of the header as it is, when it was made */
	/* When parts were replaced, or all was enclosed: what stands behind `bytes`, which then are the
	 * header. */
	const struct view *rest;
	size_t rest_count;
	uint64_t rest_size;
	unsigned rewrites;
	bool enclosed;
	const struct sieve_version
	    *unenclosed; /* what is redirected all the same; NULL: the message as it came */
	struct mime_parser *parser;
	const struct mime_tree *tree;
	struct view *texts; /* of the parts, when not NULL data */
	struct view *plain; /* the same, without markup */
	struct sieve_fields {
		struct sieve_field *items;
		size_t count;
		bool known;
	} * part_fields;
};

/* The views and the arena must live as long. Frees what the message holds beside the arena. */
void sieve_message_init(struct sieve_message *message, struct view bytes, struct arena *arena);
void sieve_message_done(struct sieve_message *message);

/* The fields, in their order. 0, or -ENOMEM when the arena is full (as of all of these). */
int sieve_message_fields(struct sieve_message *message, struct sieve_field **fields, size_t *count);

/* The field's text: UTF-8, on one line, without blanks at both ends. */
int sieve_message_text(struct sieve_message *message, struct sieve_field *field, struct view *text);

/* The addresses in the field; what they hold is as format/address.h says. */
int sieve_message_addresses(
    struct sieve_message *message, struct sieve_field *field, const struct address_list **list);

/* The body as it stands; NULL data: the message is a header and no more, without an empty line. */
int sieve_message_body(struct sieve_message *message, struct view *body);

/* The parts, and one part's body without its encoding, texts as UTF-8. */
int sieve_message_tree(struct sieve_message *message, const struct mime_tree **tree);
int sieve_message_part(struct sieve_message *message, size_t part, struct view *text);

/* ---- changes of the header: RFC 5293; sieve_message_edit.c ---- */

/* The fields as they came, whatever was changed. */
int sieve_message_original(struct sieve_message *message, struct sieve_field **fields, size_t *count);

/*
 * Puts a field before all others, or behind them. `raw` is all of the field, with CRLF at its end, and lives
 * as long as the message. 0; -ENOMEM; -E2BIG past SIEVE_EDITS_MAX changes.
 */
int sieve_message_add(struct sieve_message *message, struct view name, struct view raw, bool last);
/* Takes out those fields whose places are true, of all that there are. The same results. */
int sieve_message_delete(struct sieve_message *message, const bool *gone);

/* The message as it is now; NULL: as it came. What is given stays as it is when more is changed. */
int sieve_message_version(struct sieve_message *message, const struct sieve_version **version);
/* Its octets. */
uint64_t sieve_message_size(struct sieve_message *message);

/* ---- changes of the rest: RFC 5703; sieve_message_rewrite.c ---- */

/* Octets of header and body, from one place to before another; copied where they do not lie together. */
int sieve_message_range(struct sieve_message *message, uint64_t from, uint64_t to, struct view *octets);

/* The header as it is now, with its empty line, and the pieces of the body, in an array that may be changed.
 */
int sieve_message_pieces(
    struct sieve_message *message, struct view *header, struct view **body, size_t *count);

/* The message becomes that header and these pieces, which live as long as it; its parts are found anew. */
void sieve_message_rewrite(
    struct sieve_message *message, struct view header, const struct view *body, size_t count);

/* Puts octets in place of a part of the body, by offsets as the tree has them. -EINVAL: it is no part of it.
 */
int sieve_message_replace(struct sieve_message *message, uint64_t from, uint64_t to, struct view octets);

/* Puts the whole message between two texts, below another header. */
int sieve_message_enclose(
    struct sieve_message *message, struct view header, struct view before, struct view after);

/* Remembers how the message is; makes it so again. */
struct sieve_message_state {
	struct sieve_message before;
	struct sieve_field *fields; /* when `edited`: as they were */
	bool edited;
};
int sieve_message_save(struct sieve_message *message, struct sieve_message_state *state);
void sieve_message_restore(struct sieve_message *message, const struct sieve_message_state *state);
/*
 * The part's text as a person reads it: of HTML without its markup. False: it is no text, or it is in an
 * encoding or of a type that nobody can read.
 */
int sieve_message_part_text(struct sieve_message *message, size_t part, struct view *text, bool *is_text);

/* The fields of a part's own header; those of part 0 are the message's. */
int sieve_message_part_fields(
    struct sieve_message *message, size_t part, struct sieve_field **fields, size_t *count);

#endif
