/* Fields, limits and ways of messages_file_link.h. */
#include "process/messages_file_link.h"

#include "process/message_fields.h"

#define FIELD_LINK_NUMBER(type) FIELD_NUMBER(type, number, 0, UINT32_MAX)
#define FIELDS_NAMES(message)                                                                                \
	FIELD_LINE(message, name, FILE_LINK_NAME_MAX), FIELD_LINE(message, type, FILE_LINK_TYPE_MAX)

SCHEMA(file_link_get, FIELD_NUMBER(file_link_get, unused, 0, 0));
SCHEMA(file_link_create, FIELD_IDENTITY(file_link_create, kept), FIELD_TIME(file_link_create, expires),
    FIELDS_NAMES(file_link_create));
SCHEMA(file_link_update, FIELD_LINK_NUMBER(file_link_update),
    FIELD_NUMBER(file_link_update, has, 0, FILE_LINK_HAS_ALL), FIELD_TIME(file_link_update, expires),
    FIELD_LINE(file_link_update, name, FILE_LINK_NAME_MAX));
SCHEMA(file_link_remove, FIELD_LINK_NUMBER(file_link_remove));
SCHEMA(file_link_entry, FIELD_LINK_NUMBER(file_link_entry), FIELD_TIME(file_link_entry, created),
    FIELD_TIME(file_link_entry, expires), FIELD_SIZE(file_link_entry, size),
    FIELD_IDENTITY(file_link_entry, downloads), FIELD_TIME(file_link_entry, last),
    FIELD_BYTES(file_link_entry, secret, FILE_LINK_SECRET_SIZE), FIELDS_NAMES(file_link_entry));
SCHEMA(file_link_look, FIELD_NUMBER(file_link_look, unused, 0, 0));
SCHEMA(file_link_file, FIELD_LINK_NUMBER(file_link_file), FIELD_TIME(file_link_file, created),
    FIELD_TIME(file_link_file, expires), FIELD_SIZE(file_link_file, size), FIELDS_NAMES(file_link_file),
    FIELD_ADDRESS(file_link_file, owner));
SCHEMA(file_link_read, FIELD_SIZE(file_link_read, from), FIELD_SIZE(file_link_read, length));
SCHEMA(file_link_taken, FIELD_NUMBER(file_link_taken, unused, 0, 0));

/* clang-format off */
const struct message_row messages_file_link[MESSAGES_IN_GROUP] = {
    [FILE_LINK_GET - MESSAGES_FILE_LINK] = {"file-link-get", ROLE_WEB | ROLE_ADMIN, ROLE_STORE, &file_link_get_schema},
    [FILE_LINK_CREATE - MESSAGES_FILE_LINK] = {"file-link-create", ROLE_WEB, ROLE_STORE, &file_link_create_schema},
    [FILE_LINK_UPDATE - MESSAGES_FILE_LINK] = {"file-link-update", ROLE_WEB, ROLE_STORE, &file_link_update_schema},
    [FILE_LINK_REMOVE - MESSAGES_FILE_LINK] = {"file-link-remove", ROLE_WEB | ROLE_ADMIN, ROLE_STORE, &file_link_remove_schema},
    [FILE_LINK_LOOK - MESSAGES_FILE_LINK] = {"file-link-look", ROLE_WEB, ROLE_STORE, &file_link_look_schema},
    [FILE_LINK_READ - MESSAGES_FILE_LINK] = {"file-link-read", ROLE_WEB, ROLE_STORE, &file_link_read_schema},
    [FILE_LINK_TAKEN - MESSAGES_FILE_LINK] = {"file-link-taken", ROLE_WEB, ROLE_STORE, &file_link_taken_schema},
    [FILE_LINK_ENTRY - MESSAGES_FILE_LINK] = {"file-link-entry", ROLE_STORE, ROLE_WEB | ROLE_ADMIN, &file_link_entry_schema},
    [FILE_LINK_FILE - MESSAGES_FILE_LINK] = {"file-link-file", ROLE_STORE, ROLE_WEB, &file_link_file_schema},
};
/* clang-format on */
