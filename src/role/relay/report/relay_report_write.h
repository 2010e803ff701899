/* From what was counted of a domain on a day to the report, and the mail that carries it. A function; nothing
 * is asked. */
#ifndef ROLE_RELAY_REPORT_RELAY_REPORT_WRITE_H
#define ROLE_RELAY_REPORT_RELAY_REPORT_WRITE_H

#include "base/random.h"
#include "report/report_mail.h"

struct relay_report_row {
	struct view bytes;
	uint64_t count;
};

/* What was counted under one policy. */
struct relay_report_group {
	struct view policy; /* as it was counted */
	struct relay_report_row *rows;
	size_t count, room;
};

struct relay_report_sender {
	struct view org, email, hostname;
};

/* One report: its document, and what its mail says. */
struct relay_report {
	enum report_kind kind;
	char id[2 * 8 + 1]; /* of the report: the same for the same content */
	char message[RANDOM_ID_SIZE];
	uint64_t begin, end, messages;
	struct buf document;
};

/*
 * DMARC's of one group; TLS's of all groups of the domain. 0; -EBADMSG: nothing in it can be read; -ENOMEM.
 * The document is the caller's to end, also after an error.
 */
int relay_report_dmarc(const struct relay_report_group *group, uint32_t day, int64_t now, uint64_t left_out,
    const struct relay_report_sender *from, struct relay_report *out);
int relay_report_tls(const struct relay_report_group *groups, size_t count, struct view domain, uint32_t day,
    int64_t now, const struct relay_report_sender *from, struct relay_report *out);

/* The mail to one address, whose id depends on all of it. */
int relay_report_letter(struct relay_report *r, struct view domain, struct view to,
    const struct relay_report_sender *from, int64_t now, struct buf *out);

#endif
