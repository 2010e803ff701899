/* Fields, limits and ways of messages_control.h. */
#include "process/messages_control.h"

#include "base/metrics.h"
#include "process/message_fields.h"

enum {
	ROLES_MAX = 0xffff,  /* bits of enum role_bit */
	SERVICES_LIMIT = 31, /* of settings.h: they are bits of an unsigned */
	FILE_NAME_MAX = 1024,
	FILE_SIZE_MAX = 480 * 1024 /* what fits into a frame beside the name */
};

SCHEMA(message_settings, FIELD_BYTES(message_settings, encoded, 256 * 1024));
SCHEMA(message_peer, FIELD_NUMBER(message_peer, role, 1, ROLES_MAX), FIELD_IDENTITY(message_peer, number));
SCHEMA(message_listener, FIELD_NUMBER(message_listener, service, 0, SERVICES_LIMIT),
    FIELD_LINE(message_listener, address, 256));
SCHEMA(message_file, FIELD_NUMBER(message_file, kind, 1, FILE_SIGNERS), FIELD_IDENTITY(message_file, number),
    FIELD_LINE(message_file, name, FILE_NAME_MAX), FIELD_BYTES(message_file, content, FILE_SIZE_MAX));

SCHEMA(message_metrics, FIELD_BYTES(message_metrics, values, METRICS_SLOTS_MAX * 8));
SCHEMA(message_metrics_text, FIELD_BYTES(message_metrics_text, text, 96 * 1024));
SCHEMA(message_roles_text, FIELD_BYTES(message_roles_text, text, ROLES_TEXT_MAX));

/* clang-format off */
const struct message_row messages_control[MESSAGES_IN_GROUP] = {
    [MESSAGE_SETTINGS - MESSAGES_CONTROL] = {"settings", ROLE_MASTER, EVERYBODY, &message_settings_schema},
    [MESSAGE_PEER - MESSAGES_CONTROL] = {"peer", ROLE_MASTER, EVERYBODY, &message_peer_schema},
    [MESSAGE_LISTENER - MESSAGES_CONTROL] = {"listener", ROLE_MASTER, EVERYBODY, &message_listener_schema},
    [MESSAGE_FILE - MESSAGES_CONTROL] = {"file", ROLE_MASTER, EVERYBODY, &message_file_schema},
    [MESSAGE_FOLDER - MESSAGES_CONTROL] = {"folder", ROLE_MASTER, ROLE_STORE, &message_empty_schema},
    [MESSAGE_START - MESSAGES_CONTROL] = {"start", ROLE_MASTER, EVERYBODY, &message_empty_schema},
    [MESSAGE_DRAIN - MESSAGES_CONTROL] = {"drain", ROLE_MASTER, EVERYBODY, &message_empty_schema},
    [MESSAGE_READY - MESSAGES_CONTROL] = {"ready", EVERYBODY, ROLE_MASTER, &message_empty_schema},
    [MESSAGE_PEER_LOST - MESSAGES_CONTROL] = {"peer-lost", EVERYBODY, ROLE_MASTER, &message_peer_schema},
    [MESSAGE_METRICS - MESSAGES_CONTROL] = {"metrics", EVERYBODY, ROLE_MASTER, &message_metrics_schema},
    [MESSAGE_METRICS_TEXT - MESSAGES_CONTROL] = {"metrics-text", ROLE_MASTER, ROLE_WEB, &message_metrics_text_schema},
    [MESSAGE_ROLES_TEXT - MESSAGES_CONTROL] = {"roles-text", ROLE_MASTER, ROLE_WEB, &message_roles_text_schema},
    [MESSAGE_RETIRE - MESSAGES_CONTROL] = {"retire", ROLE_MASTER, EVERYBODY, &message_empty_schema},
    [MESSAGE_MAY_YIELD - MESSAGES_CONTROL] = {"may-yield", ROLE_STORE, ROLE_MASTER, &message_empty_schema},
    [MESSAGE_YIELDED - MESSAGES_CONTROL] = {"yielded", ROLE_STORE, ROLE_MASTER, &message_empty_schema},
};
/* clang-format on */
