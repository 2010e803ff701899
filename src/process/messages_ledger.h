/* Store keeps for others what they have learnt and counted (src/ledger). */
#ifndef PROCESS_MESSAGES_LEDGER_H
#define PROCESS_MESSAGES_LEDGER_H

#include "process/message.h"

enum messages_ledger {
	MESSAGE_MEMO_LIST = MESSAGES_LEDGER, /* relay: what I knew */
	MESSAGE_MEMOS,
	MESSAGE_MEMO_SET, /* relay: keep this */
	MESSAGE_MEMO_KEPT
};

/* clang-format off */
/* kind: enum memo_kind (ledger/memo.h); after: the last name of the part before, or empty. */
struct message_memo_list { uint64_t kind; struct view after; };
struct message_memo { struct view name, value; uint64_t expires; };
/* more: further ones stand behind `last`. */
struct message_memos { int64_t error; uint64_t more; struct view last; struct codec_list memos; };
/* One without a value is removed. All or none. */
struct message_memo_set { uint64_t kind; struct codec_list memos; };

#define MESSAGES_LEDGER_STRUCTS(X) X(message_memo_list) X(message_memo) X(message_memos) X(message_memo_set)
/* clang-format on */
MESSAGES_LEDGER_STRUCTS(MESSAGE_DECLARE_SCHEMA)

extern const struct message_row messages_ledger[MESSAGES_IN_GROUP];

#endif
