/*
 * FETCH (RFC 9051 section 6.4.5) in pieces: what is asked for, and how a message's response is written from
 * what is known of it.
 */
#ifndef IMAP_IMAP_FETCH_H
#define IMAP_IMAP_FETCH_H

#include "imap/imap_annotation.h"
#include "imap/imap_pen.h"
#include "imap/imap_section.h"
#include "mime/summary.h"

enum {
	/* Items of one FETCH. Programs that fetch the headers of all parts ask for as many as there are
	   parts. */
	IMAP_FETCH_ITEMS_MAX = MIME_PARTS_MAX + 100,
	/*
	 * Octets of a message that comes whole with others; a larger one is read on its own, at the client's
	 * pace. Most mail is smaller, and a frame between processes holds a few of these.
	 */
	IMAP_FETCH_INLINE_MAX = 32 * 1024,
	/* What is known of one message: a structure of 500 parts, addresses by the thousand. */
	IMAP_FETCH_SCRATCH_MAX = 8 * 1024 * 1024,
	/* Octets of a header whose fields are picked out: what readers of headers look at. */
	IMAP_FETCH_HEADER_MAX = MIME_HEADER_MAX
};

enum imap_fetch_kind {
	IMAP_FETCH_UID,
	IMAP_FETCH_FLAGS,
	IMAP_FETCH_INTERNALDATE,
	IMAP_FETCH_SIZE,
	IMAP_FETCH_ENVELOPE,
	IMAP_FETCH_BODY,
	IMAP_FETCH_BODYSTRUCTURE,
	IMAP_FETCH_MODSEQ,
	IMAP_FETCH_EMAILID,
	IMAP_FETCH_THREADID,
	IMAP_FETCH_SAVEDATE,
	IMAP_FETCH_PREVIEW,
	IMAP_FETCH_ANNOTATION,
	IMAP_FETCH_SECTION,
	IMAP_FETCH_BINARY,
	IMAP_FETCH_BINARY_SIZE
};

struct imap_fetch_item {
	enum imap_fetch_kind kind;
	struct view label;                           /* how the response names it: "BODY[TEXT]<0>" */
	struct imap_annotations_wanted *annotations; /* of ANNOTATION */
	struct imap_section section;
	bool partial;
	uint64_t offset, count;
};

/* What a FETCH asks for. Lives in the command. */
struct imap_fetch {
	struct imap_fetch_item *items;
	size_t count;
	uint64_t want;  /* MAIL_WANT_*, for messages whose summary and structure can be read */
	bool sets_seen; /* it shows text without PEEK */
	bool needs_envelope, needs_preview, needs_annotations;
	/*
	 * Of the message's octets BINARY alone shows some: then those that were sent (RFC 3516 section 4.2),
	 * not lines that were mended for everybody else.
	 */
	bool exact;
};

/* fetch-att, a list of them, or a macro. False: in->wrong says why. */
bool imap_in_fetch(struct imap_in *in, struct imap_fetch *fetch);

/* Adds an item without a section, unless it is there. */
void imap_fetch_add(struct imap_fetch *fetch, enum imap_fetch_kind kind);

/* ---- one message ---- */

/* What is known of a message beside its entry: as much as imap_fetched_begin could read. */
struct imap_fetched {
	struct mail_message m;
	uint64_t want;              /* what its entry has */
	struct arena *scratch;      /* where lists and parts are */
	struct mime_parser *parser; /* of a message that had to be parsed; its tree and texts live there */
	bool has_envelope, has_tree, has_preview;
	struct envelope envelope;
	struct mime_tree tree;
	struct view preview;
	bool lacks_header; /* it is needed in place of the summary: imap_fetched_header */
	bool lacks_parse;  /* the message has to be parsed: imap_fetched_parse */
};

/*
 * Reads what the items need from the entry `m`, which was read with `want` and whose views must outlive `f`.
 * The scratch arena is the caller's; it is reset here. *f is ended with imap_fetched_end.
 */
void imap_fetched_begin(struct imap_fetched *f, const struct imap_fetch *fetch, uint64_t want,
    const struct mail_message *m, struct arena *scratch);

/* The message's header, for one with lacks_header. */
void imap_fetched_header(struct imap_fetched *f, struct view header);

/* Parses the message: pieces, then the end. For one with lacks_parse. */
void imap_fetched_parse(struct imap_fetched *f, struct view bytes);
void imap_fetched_parsed(struct imap_fetched *f, const struct imap_fetch *fetch);

void imap_fetched_end(struct imap_fetched *f);

/* Where an item's octets lie. */
enum imap_place {
	IMAP_PLACE_NOWHERE, /* there is no such part: NIL */
	IMAP_PLACE_UNKNOWN, /* of BINARY: the part's encoding is unknown: NIL, and NO [UNKNOWN-CTE] */
	IMAP_PLACE_HERE,    /* in `bytes` */
	IMAP_PLACE_STORED   /* to be read: `extent` */
};

struct imap_place_found {
	enum imap_place place;
	struct view bytes;
	struct imap_extent extent;
	bool picks;   /* the fields that are shown are picked out of these octets (imap_section_fields) */
	bool decodes; /* what is shown stands behind this encoding */
	enum transfer_encoding encoding;
};

/* Of an item with a section. */
struct imap_place_found imap_fetched_place(const struct imap_fetched *f, const struct imap_fetch_item *item);

/* Whether the whole response can be written from what is here. */
bool imap_fetched_is_whole(const struct imap_fetched *f, const struct imap_fetch *fetch);

/* ---- its response ---- */

/* What a response needs of the session. */
struct imap_fetch_view {
	struct imap_session *session;
	uint64_t account; /* of the keywords; 0: own */
	uint64_t owner;   /* the account's number, in ids */
	uint32_t recent;  /* the first UID that is \Recent; 0: it is not told */
	bool by_uid, uid_only;
	struct view annotations; /* imap_annotated_add: of the messages at hand */
	bool utf8;               /* it reads UTF-8 in headers and quoted strings */
};

/* "* 12 FETCH (UID 12", and whether something stands in the brackets. */
bool imap_pen_fetch_begin(struct imap_pen *p, const struct imap_fetch_view *v, uint32_t number, uint32_t uid);

/* "FLAGS (...)" without the word. */
void imap_pen_flags(struct imap_pen *p, const struct imap_fetch_view *v, const struct mail_message *m);

/* An item without a section: its name and value. */
void imap_pen_fetch_item(struct imap_pen *p, const struct imap_fetch_view *v, const struct imap_fetched *f,
    const struct imap_fetch_item *item);

/* An item with a section, from where imap_fetched_place found it: anything but IMAP_PLACE_STORED, unless
 * nothing of it is shown but its length (BINARY.SIZE of what is not encoded). */
void imap_pen_fetch_section(
    struct imap_pen *p, const struct imap_fetch_item *item, const struct imap_place_found *found);

#endif
