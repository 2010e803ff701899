/* Store keeps for others what they have learnt and counted (src/ledger). */
#ifndef PROCESS_MESSAGES_LEDGER_H
#define PROCESS_MESSAGES_LEDGER_H

#include "process/message.h"

enum messages_ledger {
	MESSAGE_MEMO_LIST = MESSAGES_LEDGER, /* relay: what I knew */
	MESSAGE_MEMOS,
	MESSAGE_MEMO_SET, /* relay: keep this */
	MESSAGE_MEMO_KEPT,
	MESSAGE_TALLY_ADD, /* smtp, relay: this has happened so often */
	MESSAGE_TALLY_ADDED,
	MESSAGE_TALLY_NEXT, /* relay: of whom is there something to report? */
	MESSAGE_TALLY_SUBJECT,
	MESSAGE_TALLY_LIST, /* relay: what */
	MESSAGE_TALLY_ROWS,
	MESSAGE_TALLY_DROP, /* relay: it is reported */
	MESSAGE_TALLY_DROPPED,
	MESSAGE_REPORT_NOW,   /* store -> relay: somebody wants all reports sent now; no answer, but later */
	MESSAGE_REPORT_ROUND, /* relay -> store: they are */
	MESSAGE_NOTICE,       /* relay: tell this to the postmaster of a domain */
	MESSAGE_NOTICED,
	MESSAGE_ZONE_LOOK /* store -> relay: look at the records of a domain now; no answer, but memos */
};

/* clang-format off */
/* kind: enum memo_kind (ledger/memo.h); after: the last name of the part before, or empty. */
struct message_memo_list { uint64_t kind; struct view after; };
struct message_memo { struct view name, value; uint64_t expires; };
/* more: further ones stand behind `last`. */
struct message_memos { int64_t error; uint64_t more; struct view last; struct codec_list memos; };
/* One without a value is removed. All or none. */
struct message_memo_set { uint64_t kind; struct codec_list memos; };

/* kind: enum tally_kind (ledger/tally.h); day: since 1970. In a list either `policy` or `row` is there, and `subject` is not. */
struct message_tally { uint64_t day, count; struct view subject, policy, row; };
struct message_tally_add { uint64_t kind; struct codec_list tallies; };
/* The first one behind day and subject (empty: the very first), of a day before `before`. -ENOENT: there is none. */
struct message_tally_next { uint64_t kind, before, day; struct view subject; };
/* left_out: so many things that found no room for a row. */
struct message_tally_subject { int64_t error; uint64_t day, left_out; struct view subject; };
/* begun, policy, row: from behind the place where the last answer ended. */
struct message_tally_list { uint64_t kind, day, begun, policy, row; struct view subject; };
struct message_tally_rows { int64_t error; uint64_t more, policy, row; struct codec_list tallies; };
struct message_tally_drop { uint64_t kind, day; struct view subject; };

struct message_report_now { uint64_t ticket; };
/* unwanted: reports that nobody may be sent; later: domains whose reports wait for another time. */
struct message_report_round { uint64_t ticket; int64_t error; uint64_t sent, unwanted, later; };

/* -ENOENT: nobody here is its postmaster. */
struct message_notice { struct view domain, text; };

struct message_zone_look { struct view domain; };

#define MESSAGES_LEDGER_STRUCTS(X) X(message_memo_list) X(message_memo) X(message_memos) X(message_memo_set) \
	X(message_tally) X(message_tally_add) X(message_tally_next) X(message_tally_subject) X(message_tally_list) \
	X(message_tally_rows) X(message_tally_drop) X(message_report_now) X(message_report_round) X(message_notice) \
	X(message_zone_look)
/* clang-format on */
MESSAGES_LEDGER_STRUCTS(MESSAGE_DECLARE_SCHEMA)

extern const struct message_row messages_ledger[MESSAGES_IN_GROUP];

#endif
