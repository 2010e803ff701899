/*
 * The report that a message carries, or is (failure.h): as an attachment, packed by gzip or zip or not at
 * all, under whatever type and name; its bytes say what it is. What is unpacked is bounded, and so is what is
 * kept of it.
 */
#ifndef REPORT_REPORT_FIND_H
#define REPORT_REPORT_FIND_H

#include "report/failure.h"

enum {
	REPORT_PARTS_MAX = 20,        /* of the message that are looked into */
	REPORT_PACKED_MAX = 16 << 20, /* octets of one, decoded */
	/* Octets of all of them, unpacked: a report of REPORT_ROWS_MAX rows has 5 MB. */
	REPORT_UNPACKED_MAX = 32 << 20,
	REPORT_ZIP_ENTRIES_MAX = 10, /* of a zip file that are looked into */
};

struct report_found {
	enum report_kind kind;
	union {
		struct report_dmarc dmarc;
		struct report_tls tls;
		struct report_failure failure;
	};
};

/*
 * The first report in the message. 0; -ENOENT: none in it; -EBADMSG: what looks like one is damaged;
 * -E2BIG: past a limit; -ENOMEM. Values live in the arena (REPORT_MEMORY).
 */
int report_find(struct view message, struct arena *arena, struct report_found *out);

/* The same of one file alone. */
int report_find_in_file(struct view file, struct arena *arena, struct report_found *out);

#endif
