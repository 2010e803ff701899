/*
 * What queries need of all emails of an account, kept in the session: one row for each email, brought up to
 * date before each use by what changed since (EMAIL_TABLE). Filters, sorts, threads and the counts of
 * mailboxes are answered from it without a question to store.
 *
 * A row has some 100 octets. All tables of the process together are bounded: those used least recently are
 * dropped, and built anew when they are wanted again.
 */
#ifndef JMAP_JMAP_TABLE_H
#define JMAP_JMAP_TABLE_H

#include "base/map.h"
#include "jmap/jmap_private.h"
#include "mail/email_wire.h"

enum {
	/* Octets of all tables and orders of a process: some 20 people with 100,000 emails each at work, or
	   thousands with ordinary mailboxes. */
	JMAP_TABLES_MAX = 256 << 20,
	/* Emails that went are remembered for Email/queryChanges: older changes are asked of store. */
	JMAP_TABLE_GONE_MAX = 20000
};

#define JMAP_NO_ROW UINT32_MAX

struct jmap_row {
	uint64_t id, thread;
	uint64_t flags; /* of all places together: FLAG_* */
	uint64_t size;
	int64_t received;
	int64_t sent;            /* by its date field, or else received */
	int64_t snoozed;         /* until when it is put off, or when it came back; 0: neither */
	uint64_t created;        /* modseq at which it was first seen; of all that were there first: `base` */
	uint64_t moved, flagged; /* when its mailboxes, its flags or `snoozed` changed last */
	uint32_t mailbox;        /* its first place */
	uint32_t more_places;    /* 1 + index of a link to another one; 0: there is none */
	uint32_t more_keywords;  /* the same: keywords without a bit */
	uint32_t group;          /* of its thread */
	uint32_t next;           /* row of the same thread, or JMAP_NO_ROW */
	uint32_t serial;         /* of the answer that it came with last */
	bool gone;               /* it is kept for those who count rows */
	bool changing;           /* it stands in `before` */
};

/* Further mailboxes, or keywords, of a row. */
struct jmap_link {
	uint32_t number, next;
};

struct jmap_group {
	uint64_t thread;
	uint32_t first; /* row */
	bool counted;
};

/* What a row was, as far as it matters whether it is another now. */
struct jmap_before {
	uint32_t row;
	uint64_t places, flags; /* hashes */
};

struct jmap_gone {
	uint64_t id, thread, modseq;
};

/* RFC 8621 section 2. */
struct jmap_counts {
	uint64_t emails, unread, threads, unread_threads;
};

/* What a row is sorted by, folded, each ended by NUL: base subject, first author, first recipient. */
struct jmap_sort_text {
	uint32_t size;     /* of text */
	uint32_t from, to; /* where these begin */
	char text[];
};

struct jmap_order; /* jmap_order.h */
struct jmap_page;  /* jmap_page.h */

struct jmap_table {
	uint64_t modseq, access; /* up to where it is; modseq 0: it is empty */
	uint64_t base;           /* from here on changes are known by rows and `gone` */
	uint64_t version;        /* counts changes */
	struct jmap_row *rows;   /* ascending by id; indexes stay as long as it is pinned */
	uint32_t count, room;    /* with those gone */
	uint32_t gone_rows;
	uint32_t *received; /* rows ascending by received, then by id */
	uint32_t received_count;
	struct jmap_link *links;
	uint32_t link_count, link_room, link_tidy; /* of that many those that lie idle are taken out */
	struct jmap_group *groups;
	uint32_t group_count, group_room;
	uint32_t *group_of; /* hash of threads: 1 + group */
	uint32_t group_slots;
	struct jmap_gone *gone;
	uint32_t gone_count, gone_room;
	struct map counts; /* by mailbox: struct jmap_counts */
	uint64_t trash;    /* the mailbox of that role, as counts know it; 0: none */
	unsigned pins;
	uint64_t epoch; /* changes when all rows are others */
	struct jmap_order *orders;
	struct jmap_page *pages;
	struct jmap_sort_text **texts; /* of rows: what they are sorted by, or NULL; as long as `room` */
	size_t text_bytes;

	/*
	 * While it is brought up to date. An answer may break off, with the call that asked; the next one
	 * tells it all once more.
	 */
	uint32_t serial, serials;   /* of the answer that comes; the last one that was given */
	struct jmap_before *before; /* rows that change, as they were */
	uint32_t before_count, before_room;
	struct jmap_row *pending; /* places of emails that are new, in any order */
	uint32_t pending_count, pending_room;
	int error;
	struct jmap_table *newer, *older; /* of the process */
	size_t bytes;
};

/*
 * The use of a table by a call: stands at the beginning of the call's data, whose release function calls
 * jmap_table_leave.
 */
struct jmap_table_use {
	struct jmap_table *table;
	uint32_t serial;
	void (*ready)(struct jmap_call *c, struct jmap_table *table);
};

/*
 * Brings the table of the call's account up to date; `ready` gets it, pinned until the call's end: indexes of
 * rows stay what they are. An error ends the call.
 */
void jmap_table_refresh(struct jmap_call *c, void (*ready)(struct jmap_call *c, struct jmap_table *table));
void jmap_table_leave(struct jmap_table_use *use);
/* The table of the call's account as it is; NULL: there is none, or it is empty. */
struct jmap_table *jmap_table_known(struct jmap_call *c);

/* ---- jmap_rows.c ---- */

/* The row of an id, JMAP_NO_ROW for one that is not there. */
uint32_t jmap_table_find(const struct jmap_table *t, uint64_t id);
/* The first row with this id or a higher one; `count` when there is none. */
uint32_t jmap_table_from(const struct jmap_table *t, uint64_t id);

bool jmap_row_is_in(const struct jmap_table *t, const struct jmap_row *row, uint32_t mailbox);
/* Its mailboxes: begin with *at = 0. */
bool jmap_row_mailbox(
    const struct jmap_table *t, const struct jmap_row *row, uint32_t *at, uint32_t *mailbox);

/* A keyword as filters ask for it. */
struct jmap_keyword {
	uint64_t flag;   /* 0: it has no bit */
	uint32_t number; /* then */
	bool known;      /* false: no email has it */
};
struct jmap_keyword jmap_keyword_of(const struct jmap_session *s, uint64_t ask, struct view name);
bool jmap_row_has(const struct jmap_table *t, const struct jmap_row *row, const struct jmap_keyword *keyword);

/* Rows of a thread that are not gone: begin with the group's first, go on with jmap_table_next. */
uint32_t jmap_table_first(const struct jmap_table *t, uint32_t group);
uint32_t jmap_table_next(const struct jmap_table *t, uint32_t row);

/* ---- jmap_table_apply.c: what answers say. Each belongs to the answer of this serial number ---- */

void jmap_table_forget(struct jmap_table *t, uint32_t serial, struct view ids);
void jmap_table_rows(struct jmap_table *t, uint32_t serial, struct view rows);
/* 0, or a negative errno: the table is then as it was, or empty. */
int64_t jmap_table_end(struct jmap_table *t, uint32_t serial, const struct mail_done *done);
void jmap_table_clear(struct jmap_table *t);

/* The group of a thread; a number that no group has when there is none. */
uint32_t jmap_table_group(const struct jmap_table *t, uint64_t thread);

/* ---- jmap_counts.c ---- */

/* Takes a thread's share out of the counts of its mailboxes, or adds it, unless that is so already. */
void jmap_counts_take(struct jmap_table *t, uint32_t group);
void jmap_counts_add(struct jmap_table *t, uint32_t group);
void jmap_counts_clear(struct jmap_table *t);

/* Of a mailbox; `trash` is the account's mailbox of that role, or 0. */
struct jmap_counts jmap_table_counts(struct jmap_table *t, uint64_t trash, uint32_t mailbox);

#endif
