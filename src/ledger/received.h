/*
 * Reports that others have sent to us. First the mail, as it came in (the entry is in the commit that
 * delivered it, and keeps its body); when it has been read, the report, in a form of our own.
 *
 *   I time id          a mail that is to be read
 *   R kind hash        a report: what it is about, and its blob. The hash is of what tells reports apart:
 *                      one that came twice is there once.
 *   V                  how many reports there are, and their octets
 */
#ifndef LEDGER_RECEIVED_H
#define LEDGER_RECEIVED_H

#include "ledger/ledger.h"

enum {
	RECEIVED_MAX = 50000, /* a year of 100 reporters for one domain, or of few for many */
	RECEIVED_BYTES_MAX = 1 << 30,
	/* Anybody can send reports. Those whose author is not proven find room in this part alone, so that
	   they keep no others out. */
	RECEIVED_UNPROVEN_PART = 2,
	/* Nor do reports of single messages (REPORT_FAILURE of report/report.h) keep out those that count. */
	RECEIVED_FAILURE_KIND = 3,
	RECEIVED_FAILURE_PART = 2,
	RECEIVED_TEXT_MAX = 300, /* of each text; longer ones are cut */
	RECEIVED_DAYS = 400,     /* a year can be compared with the one before */
	RECEIVED_LIST_MAX = 100, /* of one received_list */
	RECEIVED_ID_SIZE = 12,
	RECEIVED_WAITING_MAX = 2000 /* mails that wait to be read: more are delivered, and not read */
};

/* ---- mails ---- */

struct received_mail {
	int64_t at;
	char id[RECEIVED_ID_SIZE]; /* of the delivery */
	struct blob_id body;
	uint64_t length;  /* of the message; the blob may have more behind it */
	struct view from; /* whom DMARC has proven as its author; empty: nobody */
};

/* 0, or -EDQUOT: too many wait. */
int received_mail_put(struct txn *t, const struct received_mail *m) __attribute__((warn_unused_result));
/* The oldest; -ENOENT. `from` is valid as views of txn_get are. One that is damaged has no length. */
int received_mail_first(struct txn *t, struct received_mail *out) __attribute__((warn_unused_result));
int received_mail_drop(struct txn *t, const struct received_mail *m) __attribute__((warn_unused_result));

/* ---- reports ---- */

struct received_report {
	unsigned kind; /* enum report_kind */
	int64_t at;    /* when it came */
	struct view domain, org, id, from;
	uint64_t begin, end;
	struct blob_id bytes;
	uint64_t hash; /* its key's, by received_list; made by received_put */
};

/* -EEXIST: it is there already, by the same author; -EDQUOT: there is no room. All texts are cut as needed.
 */
int received_put(struct txn *t, struct received_report *r) __attribute__((warn_unused_result));

/* Where a list stands: zero at first. */
struct received_place {
	unsigned kind;
	uint64_t hash;
	bool begun;
};
/* Reports in the order of their keys, but for damaged ones; *more as in memo_list. */
int received_list(struct txn *t, struct received_place *place,
    int (*visit)(void *arg, const struct received_report *r), void *arg, bool *more)
    __attribute__((warn_unused_result));

/* Removes those that came before `before`, or are damaged, in steps: *more asks for another run from `place`.
 * A run that is repeated starts from what it held. */
int received_expire(struct txn *t, int64_t before, struct received_place *place, bool *more)
    __attribute__((warn_unused_result));

/* The store's names_blobs for the ledger. */
store_names_blobs ledger_names_blobs;

#endif
