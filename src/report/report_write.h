/* Reports as others read them: XML (RFC 9990 appendix A) and JSON (RFC 8460 section 4.4). */
#ifndef REPORT_REPORT_WRITE_H
#define REPORT_REPORT_WRITE_H

#include "report/report.h"

/* Append the whole document. The result of buf_append. */
int report_dmarc_write(const struct report_dmarc *r, struct buf *out);
int report_tls_write(const struct report_tls *r, struct buf *out);

#endif
