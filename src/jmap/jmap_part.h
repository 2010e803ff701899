/*
 * Parts of a message as JMAP shows them (EmailBodyPart, EmailBodyValue: RFC 8621 section 4.1.4), and what has
 * to be read of the message's bytes for that: headers of parts, the size of a body that is encoded, the text
 * of a body. The plan says which octets; they are given in pieces, from the message or as they arrive.
 */
#ifndef JMAP_JMAP_PART_H
#define JMAP_JMAP_PART_H

#include "jmap/jmap_bodies.h"
#include "jmap/jmap_header.h"
#include "mail/mail_id.h"

/* Properties of an EmailBodyPart. */
enum {
	JMAP_PART_ID = 1 << 0,
	JMAP_PART_BLOB_ID = 1 << 1,
	JMAP_PART_SIZE = 1 << 2,
	JMAP_PART_HEADERS = 1 << 3,
	JMAP_PART_NAME = 1 << 4,
	JMAP_PART_TYPE = 1 << 5,
	JMAP_PART_CHARSET = 1 << 6,
	JMAP_PART_DISPOSITION = 1 << 7,
	JMAP_PART_CID = 1 << 8,
	JMAP_PART_LANGUAGE = 1 << 9,
	JMAP_PART_LOCATION = 1 << 10,
	JMAP_PART_SUB_PARTS = 1 << 11,
	/* What bodyProperties is when it is left out. Of bodyStructure also the subParts, without which it
	   would say nothing. */
	JMAP_PART_DEFAULT = JMAP_PART_ID | JMAP_PART_BLOB_ID | JMAP_PART_SIZE | JMAP_PART_NAME |
	                    JMAP_PART_TYPE | JMAP_PART_CHARSET | JMAP_PART_DISPOSITION | JMAP_PART_CID |
	                    JMAP_PART_LANGUAGE | JMAP_PART_LOCATION
};

/* A property "header:..." as it was asked for. */
struct jmap_header_asked {
	struct view text;
	struct header_property property;
};

struct jmap_part_form {
	unsigned properties;
	struct jmap_header_asked *headers;
	size_t header_count;
};

/* The bit of a property's name, or 0. */
unsigned jmap_part_property(struct view name);

/* Octets of one value at most, in UTF-8: more than anybody reads as one text. The rest is cut off, and told
 * by isTruncated. */
enum { JMAP_BODY_VALUE_MAX = 8 << 20 };

/* What is to be read of a part, and what came of it. */
struct jmap_part_read {
	uint16_t part;
	bool wants_header, wants_size, wants_value;
	bool cut; /* not all of the body is read */
	struct transfer_decoder decoder;
	uint64_t read, decoded;   /* octets of the body, before and after its encoding */
	struct buf header, value; /* value: without its encoding, in its charset */
};

struct jmap_part_reads {
	struct jmap_part_read *items; /* in the order of parts */
	size_t count;
	uint64_t value_max;  /* octets of a value that are wanted; 0: all */
	uint64_t prefix_len; /* octets in front of what the tree counts; they belong to the first header */
	bool clean;
};

struct jmap_values_wanted {
	bool text, html, all;
	bool clean; /* HTML is given as html_clean makes it */
};

/*
 * Plans what must be read of the message at `root`, for parts written by `form` (NULL: no parts are written)
 * and for values. Never fails; ended with jmap_part_reads_done.
 */
void jmap_part_reads_plan(struct jmap_part_reads *r, const struct mime_tree *tree, size_t root,
    const struct jmap_bodies *bodies, const struct jmap_part_form *form, struct jmap_values_wanted values,
    uint64_t value_max, uint64_t prefix_len);
void jmap_part_reads_done(struct jmap_part_reads *r);

/* The octets of the message that a read is about, with its prefix. */
struct jmap_part_extent {
	uint64_t offset, len, header_len; /* the first header_len are of the header */
};
struct jmap_part_extent jmap_part_read_extent(
    const struct jmap_part_reads *r, const struct mime_tree *tree, size_t index);

/* The next octets of a read; the last ones say so. 0 or -ENOMEM. */
int jmap_part_read_feed(
    struct jmap_part_reads *r, const struct mime_tree *tree, size_t index, struct view bytes, bool last);

/* All of them from a message that is here whole, with its prefix. 0 or -ENOMEM. */
int jmap_part_reads_all(struct jmap_part_reads *r, const struct mime_tree *tree, struct view message);

/* How parts are named, when they are blobs: by the letter and number of what they are parts of, and the first
 * part's number there. letter 0: they are none that can be fetched. */
struct jmap_part_blobs {
	char letter;
	uint64_t account, number, first;
};

struct jmap_part_source {
	const struct mime_tree *tree;
	size_t root;
	const struct jmap_part_reads *reads;
	struct jmap_part_blobs blobs;
};

/* EmailBodyPart; with its children, where subParts are wanted. */
void jmap_part_write(struct json_out *out, struct jmap_scratch *s, const struct jmap_part_source *source,
    const struct jmap_part_form *form, size_t index);

/* bodyValues: String[EmailBodyValue]. */
void jmap_part_values_write(struct json_out *out, const struct jmap_part_source *source);

/* partId: its number within the message at the root, as IMAP counts. It lives as long as the buffer is not
 * used again. */
enum { JMAP_PART_ID_MAX = 256 };
struct view jmap_part_id(const struct jmap_part_source *source, size_t index, struct buf *number);

#endif
