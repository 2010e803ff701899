/*
 * The contents of a page (ISO 32000-1 sections 7.8, 9.4): the text that its operators show, in their order.
 * Where it stands on the page tells whether a word or a line ends between two strings.
 */
#ifndef EXTRACT_PDF_CONTENT_H
#define EXTRACT_PDF_CONTENT_H

#include "extract/pdf_font.h"

/* Tells the text of the contents. `resources` is a dictionary, or nothing. */
void pdf_content(struct pdf *pdf, struct pdf_fonts *fonts, struct view contents, struct pdf_value resources);

#endif
