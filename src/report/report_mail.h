/*
 * The mail that carries a report: RFC 9990 section 2.6.2, RFC 8460 section 5.3. It says of itself what it is,
 * and that no person has written it, so that nothing answers it.
 */
#ifndef REPORT_REPORT_MAIL_H
#define REPORT_REPORT_MAIL_H

#include "format/date.h"
#include "report/report.h"

/* All texts are the caller's: addresses without brackets, ASCII or UTF-8 in one line. */
struct report_mail {
	enum report_kind kind;
	struct view org;       /* the name of who reports, for From */
	struct view from, to;  /* addresses */
	struct view domain;    /* that the report is about */
	struct view submitter; /* whose mail server has made it: a domain */
	struct view id;        /* the report's: RFC 9990 section 2.5.1 */
	uint64_t begin, end;
	struct date date;
	struct view boundary; /* random letters and digits */
	struct view text;     /* for people: lines that end in LF, ASCII */
	struct view document; /* the XML or JSON; it is packed here */
};

/* Appends the message, with CRLF. -ENOBUFS, -ENOMEM. */
int report_mail_write(const struct report_mail *m, struct buf *out);

/* "mail.example.org!example.com!1013662812!1013749130!id.xml.gz": RFC 9990, and RFC 8460 section 5.1. */
int report_mail_name(const struct report_mail *m, struct buf *out);

#endif
