/* The older filters of PDF streams (ISO 32000-1 section 7.4): what does not fit in the output is left out. */
#ifndef EXTRACT_PDF_FILTER_H
#define EXTRACT_PDF_FILTER_H

#include "base/buf.h"

void pdf_ascii85(struct view packed, struct buf *out);
void pdf_lzw(struct view packed, struct buf *out);

#endif
