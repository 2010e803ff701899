/* Fields, limits and ways of messages_queue.h. */
#include "process/messages_queue.h"

#include "process/message_fields.h"

SCHEMA(message_queue_ready, FIELD_COUNT(message_queue_ready, destinations));
SCHEMA(message_queue_destination, FIELD_IDENTITY(message_queue_destination, number),
    FIELD_WORD(message_queue_destination, name, 256), FIELD_LINE(message_queue_destination, route, 512),
    FIELD_COUNT(message_queue_destination, failures), FIELD_TIME(message_queue_destination, failing_since),
    FIELD_FLAG(message_queue_destination, asked));
SCHEMA(message_queue_take, FIELD_IDENTITY(message_queue_take, number),
    FIELD_COUNT(message_queue_take, messages), FIELD_SIZE(message_queue_take, bytes));
SCHEMA(message_queue_recipient, FIELD_COUNT(message_queue_recipient, number),
    FIELD_LINE(message_queue_recipient, address, ADDRESS_MAX),
    FIELD_LINE(message_queue_recipient, orcpt, ADDRESS_MAX),
    FIELD_LINE(message_queue_recipient, forwarder, ADDRESS_MAX),
    FIELD_NUMBER(message_queue_recipient, notify, 0, NOTIFY_ALL),
    FIELD_COUNT(message_queue_recipient, attempts),
    FIELD_NUMBER(message_queue_recipient, action, 0, ACTION_EXPANDED),
    FIELD_TIME(message_queue_recipient, last_attempt),
    FIELD_NUMBER(message_queue_recipient, cause, 0, TROUBLE_KINDS - 1),
    FIELD_NUMBER(message_queue_recipient, over, 0, TROUBLE_KINDS - 1),
    FIELD_WORD(message_queue_recipient, status, STATUS_WORD_MAX),
    FIELD_TEXT(message_queue_recipient, reply, QUEUE_REPLY_MAX),
    FIELD_LINE(message_queue_recipient, host, 256),
    FIELD_LINE(message_queue_recipient, stage, QUEUE_STAGE_MAX));
SCHEMA(message_queue_message, FIELD_IDENTITY(message_queue_message, number),
    FIELD_WORD(message_queue_message, id, QUEUE_ID_SIZE), FIELDS_TERMS(message_queue_message),
    FIELD_TIME(message_queue_message, arrived), FIELD_TIME(message_queue_message, expires),
    FIELD_SIZE(message_queue_message, size), FIELD_IDENTITY(message_queue_message, submitter),
    FIELD_SIZE(message_queue_message, trailer),
    FIELD_LIST(message_queue_message, recipients, QUEUED_MAX, &message_queue_recipient_schema),
    FIELD_HEADER(message_queue_message, head, QUEUE_HEAD_MAX), FIELD_WORD(message_queue_message, signer, 256),
    FIELD_BYTES(message_queue_message, bytes, PIECE_MAX));
SCHEMA(message_queue_taken, FIELD_IDENTITY(message_queue_taken, number),
    FIELD_ERROR(message_queue_taken, error), FIELD_COUNT(message_queue_taken, count),
    FIELD_FLAG(message_queue_taken, more));
SCHEMA(message_queue_read, FIELD_WORD(message_queue_read, id, QUEUE_ID_SIZE),
    FIELD_SIZE(message_queue_read, offset), FIELD_COUNT(message_queue_read, length));
SCHEMA(message_queue_data, FIELD_ERROR(message_queue_data, error),
    FIELD_BYTES(message_queue_data, bytes, PIECE_MAX));
SCHEMA(message_queue_result, FIELD_COUNT(message_queue_result, recipient),
    FIELD_NUMBER(message_queue_result, verdict, 0, QUEUE_UNTRIED),
    FIELD_NUMBER(message_queue_result, cause, 0, TROUBLE_KINDS - 1),
    FIELD_WORD(message_queue_result, status, STATUS_WORD_MAX),
    FIELD_TEXT(message_queue_result, reply, QUEUE_REPLY_MAX),
    FIELD_LINE(message_queue_result, stage, QUEUE_STAGE_MAX));
SCHEMA(message_queue_outcome, FIELD_IDENTITY(message_queue_outcome, number),
    FIELD_WORD(message_queue_outcome, id, QUEUE_ID_SIZE), FIELD_LINE(message_queue_outcome, host, 256),
    FIELD_LINE(message_queue_outcome, address, 128), FIELD_LINE(message_queue_outcome, tls, 128),
    FIELD_LINE(message_queue_outcome, verified, 64),
    FIELD_LIST(message_queue_outcome, results, QUEUED_MAX, &message_queue_result_schema));
SCHEMA(message_queue_more, FIELD_IDENTITY(message_queue_more, number));
SCHEMA(message_queue_rest, FIELD_IDENTITY(message_queue_rest, number),
    FIELD_NUMBER(message_queue_rest, how, 0, REST_DEAD), FIELD_COUNT(message_queue_rest, seconds),
    FIELD_NUMBER(message_queue_rest, cause, 0, TROUBLE_KINDS - 1),
    FIELD_WORD(message_queue_rest, status, STATUS_WORD_MAX),
    FIELD_TEXT(message_queue_rest, text, QUEUE_REPLY_MAX), FIELD_LINE(message_queue_rest, host, 256),
    FIELD_LINE(message_queue_rest, stage, QUEUE_STAGE_MAX));

SCHEMA(message_queue_step, FIELD_IDENTITY(message_queue_step, number),
    FIELD_NUMBER(message_queue_step, step, 0, STEP_PASSED_OVER),
    FIELD_NUMBER(message_queue_step, cause, 0, TROUBLE_KINDS - 1), FIELD_LINE(message_queue_step, host, 256),
    FIELD_LINE(message_queue_step, address, 128), FIELD_WORD(message_queue_step, status, STATUS_WORD_MAX),
    FIELD_TEXT(message_queue_step, text, QUEUE_REPLY_MAX),
    FIELD_LINE(message_queue_step, stage, QUEUE_STAGE_MAX));

/* clang-format off */
const struct message_row messages_queue[MESSAGES_IN_GROUP] = {
    [MESSAGE_QUEUE_READY - MESSAGES_QUEUE] = {"queue-ready", ROLE_RELAY, ROLE_STORE, &message_queue_ready_schema},
    [MESSAGE_QUEUE_DESTINATION - MESSAGES_QUEUE] = {"queue-destination", ROLE_STORE, ROLE_RELAY, &message_queue_destination_schema},
    [MESSAGE_QUEUE_TAKE - MESSAGES_QUEUE] = {"queue-take", ROLE_RELAY, ROLE_STORE, &message_queue_take_schema},
    [MESSAGE_QUEUE_MESSAGE - MESSAGES_QUEUE] = {"queue-message", ROLE_STORE, ROLE_RELAY, &message_queue_message_schema, MESSAGE_QUEUE_TAKE},
    [MESSAGE_QUEUE_TAKEN - MESSAGES_QUEUE] = {"queue-taken", ROLE_STORE, ROLE_RELAY, &message_queue_taken_schema, MESSAGE_QUEUE_TAKE},
    [MESSAGE_QUEUE_READ - MESSAGES_QUEUE] = {"queue-read", ROLE_RELAY, ROLE_STORE, &message_queue_read_schema},
    [MESSAGE_QUEUE_DATA - MESSAGES_QUEUE] = {"queue-data", ROLE_STORE, ROLE_RELAY, &message_queue_data_schema, MESSAGE_QUEUE_READ},
    [MESSAGE_QUEUE_OUTCOME - MESSAGES_QUEUE] = {"queue-outcome", ROLE_RELAY, ROLE_STORE, &message_queue_outcome_schema},
    [MESSAGE_QUEUE_KEPT - MESSAGES_QUEUE] = {"queue-kept", ROLE_STORE, ROLE_RELAY, &message_result_schema, MESSAGE_QUEUE_OUTCOME},
    [MESSAGE_QUEUE_MORE - MESSAGES_QUEUE] = {"queue-more", ROLE_STORE, ROLE_RELAY, &message_queue_more_schema},
    [MESSAGE_QUEUE_REST - MESSAGES_QUEUE] = {"queue-rest", ROLE_RELAY, ROLE_STORE, &message_queue_rest_schema},
    [MESSAGE_QUEUE_STEP - MESSAGES_QUEUE] = {"queue-step", ROLE_RELAY, ROLE_STORE, &message_queue_step_schema},
};
/* clang-format on */
