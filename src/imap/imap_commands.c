/* The table of commands: which there are, in which states (RFC 9051 section 3), and what runs them. */
#include "imap/imap_commands.h"

#include "imap/imap_state.h"

enum {
	BEFORE = IMAP_NOT_AUTHENTICATED,
	AFTER = IMAP_AUTHENTICATED | IMAP_SELECTED,
	ALWAYS = BEFORE | AFTER,
	SELECTED = IMAP_SELECTED
};

static const struct imap_command commands[] = {
    /* Any state: RFC 9051 section 6.1. */
    {"CAPABILITY", ALWAYS, 0, imap_capability},
    {"NOOP", ALWAYS, 0, imap_noop},
    {"LOGOUT", ALWAYS, 0, imap_logout},
    {"ID", ALWAYS, 0, imap_id},
    /* Logins: RFC 9051 section 6.2. */
    {"STARTTLS", BEFORE, 0, imap_starttls},
    {"AUTHENTICATE", BEFORE, 0, imap_authenticate},
    {"LOGIN", BEFORE, 0, imap_login},
    {"UNAUTHENTICATE", AFTER, 0, imap_unauthenticate},
    {"COMPRESS", AFTER, 0, imap_compress},
    /* Mailboxes: RFC 9051 section 6.3. */
    {"ENABLE", AFTER, 0, imap_enable_command},
    {"SELECT", AFTER, 0, imap_select},
    {"EXAMINE", AFTER, 0, imap_examine},
    {"LIST", AFTER, 0, imap_list},
    {"LSUB", AFTER, 0, imap_lsub},
    {"NAMESPACE", AFTER, 0, imap_namespace},
    {"GETJMAPACCESS", AFTER, 0, imap_getjmapaccess},
    {"STATUS", AFTER, 0, imap_status},
    {"CREATE", AFTER, 0, imap_create},
    {"DELETE", AFTER, 0, imap_delete},
    {"RENAME", AFTER, 0, imap_rename},
    {"SUBSCRIBE", AFTER, 0, imap_subscribe},
    {"UNSUBSCRIBE", AFTER, 0, imap_unsubscribe},
    {"APPEND", AFTER, IMAP_STREAMS, imap_append},
    {"GENURLAUTH", AFTER, 0, imap_genurlauth},
    {"URLFETCH", AFTER, 0, imap_urlfetch},
    {"RESETKEY", AFTER, 0, imap_resetkey},
    {"IDLE", AFTER, 0, imap_idle},
    {"GETACL", AFTER, 0, imap_getacl},
    {"SETACL", AFTER, 0, imap_setacl},
    {"DELETEACL", AFTER, 0, imap_deleteacl},
    {"LISTRIGHTS", AFTER, 0, imap_listrights},
    {"MYRIGHTS", AFTER, 0, imap_myrights},
    {"GETQUOTA", AFTER, 0, imap_getquota},
    {"GETQUOTAROOT", AFTER, 0, imap_getquotaroot},
    {"SETQUOTA", AFTER, 0, imap_setquota},
    {"GETMETADATA", AFTER, 0, imap_getmetadata},
    {"SETMETADATA", AFTER, 0, imap_setmetadata},
    {"LANGUAGE", ALWAYS, 0, imap_language},
    {"ESEARCH", AFTER, 0, imap_esearch},
    {"NOTIFY", AFTER, 0, imap_notify},
    {"COMPARATOR", AFTER, 0, imap_comparator},
    /* The selected mailbox: RFC 9051 section 6.4. */
    {"CHECK", SELECTED, 0, imap_noop},
    {"CLOSE", SELECTED, 0, imap_close_command},
    {"EXPUNGE", SELECTED, 0, imap_expunge},
    {"UID EXPUNGE", SELECTED, IMAP_BY_UID, imap_expunge},
    {"FETCH", SELECTED, IMAP_NO_EXPUNGE | IMAP_BY_NUMBER, imap_fetch},
    {"UID FETCH", SELECTED, IMAP_BY_UID, imap_fetch},
    {"STORE", SELECTED, IMAP_NO_EXPUNGE | IMAP_BY_NUMBER, imap_store},
    {"UID STORE", SELECTED, IMAP_BY_UID, imap_store},
    {"COPY", SELECTED, IMAP_BY_NUMBER, imap_copy},
    {"UID COPY", SELECTED, IMAP_BY_UID, imap_copy},
    {"MOVE", SELECTED, IMAP_BY_NUMBER, imap_move},
    {"UID MOVE", SELECTED, IMAP_BY_UID, imap_move},
    {"REPLACE", SELECTED, IMAP_BY_NUMBER | IMAP_STREAMS, imap_replace},
    {"UID REPLACE", SELECTED, IMAP_BY_UID | IMAP_STREAMS, imap_replace},
    {"UNSELECT", SELECTED, 0, imap_unselect_command},
    {"UIDBATCHES", SELECTED, 0, imap_uidbatches},
    {"SEARCH", SELECTED, IMAP_NO_EXPUNGE | IMAP_BY_NUMBER, imap_search},
    {"UID SEARCH", SELECTED, IMAP_BY_UID, imap_search},
    {"CANCELUPDATE", SELECTED, 0, imap_cancelupdate},
    {"SORT", SELECTED, IMAP_NO_EXPUNGE | IMAP_BY_NUMBER, imap_sort},
    {"UID SORT", SELECTED, IMAP_BY_UID, imap_sort},
    {"THREAD", SELECTED, IMAP_NO_EXPUNGE | IMAP_BY_NUMBER, imap_thread},
    {"UID THREAD", SELECTED, IMAP_BY_UID, imap_thread},
};

const struct imap_command *imap_command_named(struct view name)
{
	for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
		if (view_equal_nocase(name, view_from_string(commands[i].name)))
			return &commands[i];
	return NULL;
}
