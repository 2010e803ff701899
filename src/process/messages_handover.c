/* Fields, limits and ways of messages_handover.h. */
#include "process/messages_handover.h"

#include "process/message_fields.h"

enum { CLIENT_MAX = 64, SERVICE_MAX = 16, BITS_MAX = 0xffff, DAY_MS = 24 * 3600 * 1000 };

SCHEMA(message_right_passed, FIELD_IDENTITY(message_right_passed, account),
    FIELD_IDENTITY(message_right_passed, session),
    FIELD_NUMBER(message_right_passed, permissions, 0, BITS_MAX),
    FIELD_NUMBER(message_right_passed, peer, 1, BITS_MAX), FIELD_TIME(message_right_passed, since),
    FIELD_NUMBER(message_right_passed, left_ms, 0, DAY_MS), FIELD_FLAG(message_right_passed, is_branch),
    FIELD_ADDRESS(message_right_passed, address), FIELD_LINE(message_right_passed, client, CLIENT_MAX),
    FIELD_WORD(message_right_passed, service, SERVICE_MAX),
    FIELD_BYTES(message_right_passed, unread, HANDOVER_UNREAD_MAX),
    FIELD_FLAG(message_right_passed, has_maildrop),
    FIELD_BYTES(message_right_passed, maildrop, HANDOVER_MAILDROP_MAX),
    FIELD_BYTES(message_right_passed, unsent, HANDOVER_UNSENT_MAX));
_Static_assert(HANDOVER_ALL_MAX + 16 * 1024 <= CHANNEL_FRAME_MAX, "the largest one has room in a frame");

/* clang-format off */
const struct message_row messages_handover[MESSAGES_IN_GROUP] = {
    [MESSAGE_RIGHT_PASSED - MESSAGES_HANDOVER] = {"right-passed", ROLE_STORE, ROLE_STORE, &message_right_passed_schema},
    [MESSAGE_RIGHT_TAKEN - MESSAGES_HANDOVER] = {"right-taken", ROLE_STORE, ROLE_STORE, &message_empty_schema},
};
/* clang-format on */
