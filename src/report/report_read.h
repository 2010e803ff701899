/*
 * Reading reports, as everybody writes them: RFC 9990 and RFC 7489 XML in any namespace, RFC 8460 JSON. The
 * bytes are hostile. What is missing is empty, what is unknown is passed over, and a report that names no
 * domain, or has no row, is none.
 *
 * Memory: what the values take, REPORT_MEMORY at most, and the readers' own, some MB.
 */
#ifndef REPORT_REPORT_READ_H
#define REPORT_REPORT_READ_H

#include "report/report.h"

/* Reads XML as it comes, so that a report of any size takes no more memory than its values. */
struct report_dmarc_reader;

/* NULL without memory. Values live in the arena (REPORT_MEMORY). */
struct report_dmarc_reader *report_dmarc_reader_new(struct arena *arena);
void report_dmarc_reader_free(struct report_dmarc_reader *r);

/* 0; -EBADMSG: no XML, or no report; -E2BIG: past a limit of XML; -ENOMEM. After an error nothing is read. */
int report_dmarc_feed(struct report_dmarc_reader *r, struct view bytes);

/* The end. The same errors; *out is set for 0 and lives as long as the arena. */
int report_dmarc_end(struct report_dmarc_reader *r, struct report_dmarc *out);

enum {
	/* JSON is read whole; of a domain of many hosts and a bad day a report has some 100 KB. */
	REPORT_TLS_JSON_MAX = 4 << 20,
};
/* 0; -EBADMSG; -ENOMEM. Values live in the arena, or in `json`. */
int report_tls_read(struct view json, struct arena *arena, struct report_tls *out);

#endif
