/* Labels of charsets: what MIME calls a charset, and what is read by that name. For charset.c. */
#ifndef FORMAT_CHARSET_LABELS_H
#define FORMAT_CHARSET_LABELS_H

#include "base/view.h"

struct charset_label {
	const char *label;   /* lower case */
	const char *meaning; /* as below */
};

/* A longer label is no label: the longest known has 45 octets. */
enum { CHARSET_LABEL_MAX = 64 };

/*
 * The charset that a label stands for, case, punctuation and the many names of code pages aside: a name of
 * ICU's converters, "utf-8", "utf-16" (whose order of octets the text tells) or "iso-8859-16" (which ICU does
 * not have); "" for one that says nothing, such as us-ascii and unknown-8bit; NULL for one that is not in the
 * tables.
 */
const char *charset_meaning(struct view label);

/* The n-th row of the tables together; NULL behind the last. The standard's rows come first, `standard` of
 * them. */
const struct charset_label *charset_label_at(size_t n);
size_t charset_labels_standard(void);

#endif
