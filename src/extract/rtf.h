/* The tables of RTF (Rich Text Format 1.9.1): control words that matter for text, and its charsets. */
#ifndef EXTRACT_RTF_H
#define EXTRACT_RTF_H

#include "base/view.h"

enum rtf_kind {
	RTF_NOTHING,     /* layout */
	RTF_CHARACTER,   /* stands for the character `value` */
	RTF_SKIP,        /* a destination that holds no text of the document: its group is left out */
	RTF_READ,        /* a destination that is read although "\*" says that it may be ignored */
	RTF_CODE_PAGE,   /* \ansicpg: of the document */
	RTF_CHARSET,     /* \ansi, \mac ...: the code page `value` */
	RTF_UNICODE,     /* \u: a character, and behind it what older readers show instead */
	RTF_FALLBACK,    /* \uc: how much that is */
	RTF_BINARY,      /* \bin: so many bytes */
	RTF_FONT_TABLE,  /* \fonttbl */
	RTF_FONT,        /* \f */
	RTF_FONT_CHARSET /* \fcharset */
};

/* `value` is set for RTF_CHARACTER and RTF_CHARSET. */
enum rtf_kind rtf_word(struct view word, int *value);

/* The code page of a font's charset; 0: the document's. */
int rtf_code_page_of_charset(int charset);

/* The label that format/charset.h knows a code page by; windows-1252 for one that nobody uses. */
struct view rtf_label(int code_page);

#endif
