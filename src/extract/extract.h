/*
 * The text of a file that came with a message, for the search: what a person would read in it, in UTF-8. The
 * layout is lost; a blank or a line end stands where words are apart.
 *
 * Pure: bytes in, text out by a function; no file is opened, nothing is started, and memory stays below
 * EXTRACT_MEMORY_MAX beside the bytes themselves, whatever they are. The bytes are hostile. Time is the
 * caller's: a large file takes some hundred milliseconds, and a caller that has enough says so when it gets
 * the next piece.
 */
#ifndef EXTRACT_EXTRACT_H
#define EXTRACT_EXTRACT_H

#include "base/view.h"

enum {
	EXTRACT_MEMORY_MAX = 24 << 20,
	/* Octets of text told of one file: the Bible has 4.5 MB. What stands behind is not found. */
	EXTRACT_TEXT_MAX = 16 << 20,
	/* Octets of one piece of text. */
	EXTRACT_PIECE_MAX = 8 << 10,
};

struct extract_file {
	struct view bytes;   /* decoded: what the file's author wrote */
	struct view type;    /* "application/pdf", in any case; may be empty */
	struct view charset; /* the parameter of a text/...; empty: not said */
	struct view name;    /* as the sender called it, in UTF-8; may be empty */
};

enum extract_verdict {
	EXTRACT_ALL,        /* this is all the text that the file has */
	EXTRACT_SOME,       /* the file is damaged, or larger than a limit: some of its text was told */
	EXTRACT_UNREADABLE, /* damaged from its beginning, or encrypted */
	EXTRACT_NO_FORMAT,  /* no format that is read here */
	EXTRACT_STOPPED,    /* the caller had enough */
	EXTRACT_NO_MEMORY,  /* some text may have been told; it may succeed later */
};

/* In a word, for logs: "all", "some", ... */
const char *extract_verdict_name(enum extract_verdict verdict);

/*
 * Gets the text in order, in pieces of whole characters that join without anything between them: a word may
 * begin in one and end in the next. No control characters but TAB and LF. false: no more, please.
 */
typedef bool extract_text_fn(void *arg, struct view utf8);

/*
 * Reads the file as what its bytes say that it is, or else its type, or else its name: senders call a PDF
 * application/octet-stream, and spreadsheets that are HTML by another name are common.
 */
enum extract_verdict extract_text(const struct extract_file *file, extract_text_fn *text, void *arg);

/*
 * Whether a file of this type and name may have text that is read here, so that pictures and films need not
 * be fetched and decoded to find out that they have none.
 */
bool extract_may_read(struct view type, struct view name);

#endif
