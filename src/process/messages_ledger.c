/* Fields, limits and ways of messages_ledger.h. */
#include "process/messages_ledger.h"

#include "process/message_fields.h"

enum {
	/* As src/ledger/memo.h has them. */
	KINDS_MAX = 255,
	MEMO_NAME_BYTES = 255,
	MEMO_VALUE_BYTES = 32 * 1024,
	MEMOS_MAX = 200
};

SCHEMA(message_memo_list, FIELD_NUMBER(message_memo_list, kind, 1, KINDS_MAX),
    FIELD_WORD(message_memo_list, after, MEMO_NAME_BYTES));
SCHEMA(message_memo, FIELD_WORD(message_memo, name, MEMO_NAME_BYTES),
    FIELD_BYTES(message_memo, value, MEMO_VALUE_BYTES), FIELD_TIME(message_memo, expires));
SCHEMA(message_memos, FIELD_ERROR(message_memos, error), FIELD_FLAG(message_memos, more),
    FIELD_WORD(message_memos, last, MEMO_NAME_BYTES),
    FIELD_LIST(message_memos, memos, MEMOS_MAX, &message_memo_schema));
SCHEMA(message_memo_set, FIELD_NUMBER(message_memo_set, kind, 1, KINDS_MAX),
    FIELD_LIST(message_memo_set, memos, MEMOS_MAX, &message_memo_schema));

/* clang-format off */
const struct message_row messages_ledger[MESSAGES_IN_GROUP] = {
    [MESSAGE_MEMO_LIST - MESSAGES_LEDGER] = {"memo-list", ROLE_RELAY, ROLE_STORE, &message_memo_list_schema},
    [MESSAGE_MEMOS - MESSAGES_LEDGER] = {"memos", ROLE_STORE, ROLE_RELAY, &message_memos_schema, MESSAGE_MEMO_LIST},
    [MESSAGE_MEMO_SET - MESSAGES_LEDGER] = {"memo-set", ROLE_RELAY, ROLE_STORE, &message_memo_set_schema},
    [MESSAGE_MEMO_KEPT - MESSAGES_LEDGER] = {"memo-kept", ROLE_STORE, ROLE_RELAY, &message_result_schema, MESSAGE_MEMO_SET},
};
/* clang-format on */
