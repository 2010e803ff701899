/*
 * The text of a message, as searches see it: RFC 9051 section 6.4.4. One function takes a message apart for
 * the index and for whoever verifies by the message itself, so that both see the same.
 *
 * Header fields are given decoded (RFC 2047), texts without their transfer encoding and in UTF-8, HTML as the
 * text that a person reads. Messages within this one, encoded ones too, are text of its body, with their
 * headers.
 */
#ifndef MIME_MESSAGE_TEXT_H
#define MIME_MESSAGE_TEXT_H

#include "base/buf.h"
#include "mime/mime.h"

enum {
	/* Octets of a message that are looked at: programs send attachments up to some 50 MB, and text stands
	 * before them. Whoever verifies holds one message of this size. */
	MESSAGE_TEXT_MAX = 64 << 20,
	/* Octets of one text that are read as a whole, which guesses charsets better; longer ones are
	   streams. */
	MESSAGE_TEXT_WHOLE = 1 << 20
};

enum message_text_kind {
	MESSAGE_TEXT_FIELD,      /* a field of the message's own header, with its name */
	MESSAGE_TEXT_ADDRESSES,  /* what ENVELOPE shows of From, To, Cc or Bcc, and the field before it does
	                            not */
	MESSAGE_TEXT_PART_FIELD, /* the same of a part: TEXT finds it, and no other key */
	MESSAGE_TEXT_BODY,       /* text of the body */
	MESSAGE_TEXT_ATTACHMENT  /* the octets of a part for extractors (extract/extract.h); only on demand */
};

struct message_text_piece {
	enum message_text_kind kind;
	struct view name; /* of the field, also of addresses; of an attachment: the file's, or empty */
	struct view text; /* UTF-8; of an attachment: its octets */
	const struct media_type *type; /* of an attachment */
	bool continues; /* the text goes on in the next piece: a match may begin here and end there */
	/* The field signs the message: TEXT does not look into it, since nobody seeks what looks like noise.
	 */
	bool is_noise;
};

/* Takes the next piece; views live as long as the call. False: no more is wanted. */
typedef bool message_text_take(void *arg, const struct message_text_piece *piece);

/* Attachments are the parts that are no text, and texts in a form of their own: calendars, cards, RTF. */
struct message_text_options {
	bool attachments;
	size_t attachment_max; /* octets of one, decoded; of longer ones nothing is given */
};

/*
 * Gives the pieces of a message in their order, the fields of its own header first. 0; -ENOMEM; -ENOBUFS when
 * something was past a limit, and left out. Whatever could be read has been given.
 */
int message_text(
    struct view message, const struct message_text_options *options, message_text_take *take, void *arg);

/* Whether TEXT passes over fields of that name. */
bool message_text_is_noise(struct view field_name);

/* ---- finding ---- */

/* What a search key looks through. */
enum message_text_field {
	MESSAGE_IN_SUBJECT,
	MESSAGE_IN_FROM,
	MESSAGE_IN_TO,
	MESSAGE_IN_CC,
	MESSAGE_IN_BCC,
	MESSAGE_IN_HEADER, /* fields of one name */
	MESSAGE_IN_BODY,
	MESSAGE_IN_TEXT, /* header and body, of parts too */
	MESSAGE_IN_FIELDS
};

enum message_text_how {
	MESSAGE_TEXT_SUBSTRING, /* IMAP's: anywhere */
	MESSAGE_TEXT_WORD,      /* as a whole word, or as several that follow one another */
	MESSAGE_TEXT_PREFIX     /* the same, but the last word may go on */
};

/*
 * One text that is sought. `text` is folded by fold_casemap (and by fold_bare, when `bare` is set: then
 * diacritics make no difference); empty: the field is there, whatever it holds.
 */
struct message_sought {
	enum message_text_field field;
	struct view header; /* MESSAGE_IN_HEADER: the field's name */
	enum message_text_how how;
	bool bare;
	struct view text;
	bool found; /* the result */
};

/*
 * Whether each of the texts is found in the message. Reads no further than it has to. 0; else as
 * message_text: what was not found then may be there.
 */
int message_text_find(struct view message, struct message_sought *sought, size_t count);

/* The same for a single text: whether it holds what is sought, as a whole. 0 or -ENOMEM. */
int message_text_holds(struct view text, const struct message_sought *sought, bool *holds);

/* A message that comes in pieces, gathered for the functions above. */
struct message_gather {
	struct buf bytes;
};
void message_gather_init(struct message_gather *g);
void message_gather_done(struct message_gather *g);
/* 0, -ENOMEM, or -ENOBUFS past MESSAGE_TEXT_MAX: what was gathered before stays. */
int message_gather_add(struct message_gather *g, struct view bytes);

#endif
