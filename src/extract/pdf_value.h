/*
 * The syntax of PDF (ISO 32000-1 section 7.2, 7.3): values as they stand in the file. A value is a view of
 * its bytes: nothing is built, a dictionary is read anew when something in it is asked for. Tolerant: what is
 * malformed ends the value, or is left out.
 */
#ifndef EXTRACT_PDF_VALUE_H
#define EXTRACT_PDF_VALUE_H

#include "base/buf.h"
#include "base/cursor.h"

enum pdf_kind {
	PDF_NONE, /* nothing there, or nothing that could be read */
	PDF_NUMBER,
	PDF_NAME,      /* the text is without its slash */
	PDF_STRING,    /* with its parentheses */
	PDF_HEX,       /* with its angle brackets */
	PDF_ARRAY,     /* with its brackets */
	PDF_DICT,      /* with its double angle brackets */
	PDF_REFERENCE, /* "12 0 R" */
	PDF_WORD,      /* true, null, stream, and the operators of contents */
};

struct pdf_value {
	enum pdf_kind kind;
	struct view text;
};

/* Blanks and comments. */
void pdf_skip_blank(struct cursor *in);

/* Takes the next value; PDF_NONE at the end. A reference counts as three. */
struct pdf_value pdf_next(struct cursor *in);
/* The same where references may stand: in the file, not in contents. */
struct pdf_value pdf_next_or_reference(struct cursor *in);

/* What is in an array, or in a dictionary, without the brackets; empty for all else. */
struct cursor pdf_inside(struct pdf_value v);

/* The value of a key of a dictionary; PDF_NONE if there is none. */
struct pdf_value pdf_key(struct pdf_value dict, struct view key);

/* 0 for what is no number. Never infinite. */
double pdf_number(struct pdf_value v);
/* -1 for what is no number, or no whole one from 0 to 2^31-1. */
int64_t pdf_integer(struct pdf_value v);

/* The number of the object that a reference names, or -1. */
int64_t pdf_reference(struct pdf_value v);

/* Appends what a string says, of both forms. The result of buf_append; what does not fit is left out. */
void pdf_string(struct pdf_value v, struct buf *out);

bool pdf_is_name(struct pdf_value v, const char *name);

#endif
