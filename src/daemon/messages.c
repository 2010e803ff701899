/* The table of messages.h: fields with their limits, and who may say what to whom. */
#include "daemon/messages.h"

#include <errno.h>
#include <unistd.h>

enum {
	ADDRESS_MAX = 1024,      /* RFC 5321 allows 256 octets of path; EAI and quoting add some */
	NAME_MAX_BYTES = 1024,   /* mailbox names, file names */
	SASL_MAX = 16384,        /* RFC 4954 asks for 12288 octets of a base64 line */
	PIECE_MAX = 256 * 1024,  /* a piece of a body */
	TARGETS_MAX = 100,       /* of one address, through aliases */
	RECIPIENTS_MAX = 100,    /* mailboxes of one message, aliases followed: ACCOUNT_TARGETS_MAX */
	SUMMARY_MAX = 256 * 1024 /* structure and summary of a message */
};

/* A field's row. A macro, because offsetof needs the names themselves. */
#define FIELD_U64(type, member)                                                                              \
	{                                                                                                    \
#member, CODEC_U64, offsetof(struct type, member), 0, NULL                                   \
	}
#define FIELD_BYTES(type, member, max)                                                                       \
	{                                                                                                    \
#member, CODEC_BYTES, offsetof(struct type, member), max, NULL                               \
	}
#define FIELD_LIST(type, member, max, element)                                                               \
	{                                                                                                    \
#member, CODEC_LIST, offsetof(struct type, member), max, element                             \
	}
#define SCHEMA(type, ...)                                                                                    \
	static const struct codec_field type##_fields[] = {__VA_ARGS__};                                     \
	static const struct codec_schema type##_schema = {                                                   \
	    #type, sizeof(struct type), type##_fields, sizeof type##_fields / sizeof type##_fields[0]}

SCHEMA(message_settings, FIELD_BYTES(message_settings, encoded, 256 * 1024));
SCHEMA(message_peer, FIELD_U64(message_peer, role));
SCHEMA(message_listener, FIELD_U64(message_listener, service), FIELD_BYTES(message_listener, address, 256));
SCHEMA(message_file, FIELD_U64(message_file, kind), FIELD_U64(message_file, number),
    FIELD_BYTES(message_file, name, NAME_MAX_BYTES), FIELD_BYTES(message_file, content, 256 * 1024));
SCHEMA(message_empty, FIELD_U64(message_empty, unused));
SCHEMA(message_resolve, FIELD_BYTES(message_resolve, address, ADDRESS_MAX));
SCHEMA(message_target, FIELD_U64(message_target, account),
    FIELD_BYTES(message_target, mailbox, NAME_MAX_BYTES), FIELD_BYTES(message_target, address, ADDRESS_MAX));
SCHEMA(message_resolved, FIELD_U64(message_resolved, verdict),
    FIELD_LIST(message_resolved, targets, TARGETS_MAX, &message_target_schema));
SCHEMA(message_login, FIELD_BYTES(message_login, session, 64), FIELD_BYTES(message_login, service, 16),
    FIELD_BYTES(message_login, client, 64), FIELD_BYTES(message_login, mechanism, 32),
    FIELD_BYTES(message_login, initial, SASL_MAX), FIELD_BYTES(message_login, binding_type, 32),
    FIELD_BYTES(message_login, binding, 64), FIELD_U64(message_login, has_initial),
    FIELD_U64(message_login, secure), FIELD_BYTES(message_login, apop_stamp, 256));
SCHEMA(message_login_more, FIELD_BYTES(message_login_more, response, SASL_MAX),
    FIELD_U64(message_login_more, cancel));
SCHEMA(message_challenge, FIELD_BYTES(message_challenge, text, SASL_MAX));
SCHEMA(message_logged_in, FIELD_U64(message_logged_in, account),
    FIELD_BYTES(message_logged_in, address, ADDRESS_MAX));
SCHEMA(message_login_failed, FIELD_U64(message_login_failed, why));
SCHEMA(message_sender, FIELD_U64(message_sender, account), FIELD_BYTES(message_sender, address, ADDRESS_MAX));
SCHEMA(message_verdict, FIELD_U64(message_verdict, allowed));
SCHEMA(message_grant, FIELD_U64(message_grant, account), FIELD_BYTES(message_grant, service, 16));
SCHEMA(message_granted, FIELD_U64(message_granted, error));
SCHEMA(message_revoke, FIELD_U64(message_revoke, account));
SCHEMA(message_field, FIELD_BYTES(message_field, value, 128 * 1024));
SCHEMA(message_directory, FIELD_U64(message_directory, operation), FIELD_U64(message_directory, number),
    FIELD_LIST(message_directory, fields, 256, &message_field_schema));
SCHEMA(message_directory_answer, FIELD_U64(message_directory_answer, error),
    FIELD_U64(message_directory_answer, number),
    FIELD_LIST(message_directory_answer, fields, 4096, &message_field_schema));
SCHEMA(message_upload, FIELD_U64(message_upload, upload), FIELD_BYTES(message_upload, bytes, PIECE_MAX));
SCHEMA(
    message_upload_credit, FIELD_U64(message_upload_credit, upload), FIELD_U64(message_upload_credit, bytes));
SCHEMA(message_upload_abort, FIELD_U64(message_upload_abort, upload));
SCHEMA(message_delivery_target, FIELD_U64(message_delivery_target, account),
    FIELD_BYTES(message_delivery_target, mailbox, NAME_MAX_BYTES),
    FIELD_BYTES(message_delivery_target, prefix, 4096));
SCHEMA(message_deliver, FIELD_BYTES(message_deliver, session, 64), FIELD_U64(message_deliver, upload),
    FIELD_BYTES(message_deliver, bytes, PIECE_MAX), FIELD_BYTES(message_deliver, summary, 2048),
    FIELD_BYTES(message_deliver, trailer, SUMMARY_MAX), FIELD_U64(message_deliver, received_at),
    FIELD_U64(message_deliver, thread_hash), FIELD_U64(message_deliver, all_or_none),
    FIELD_U64(message_deliver, enforce_quota),
    FIELD_LIST(message_deliver, targets, RECIPIENTS_MAX, &message_delivery_target_schema));
SCHEMA(message_result, FIELD_U64(message_result, error));
SCHEMA(message_delivered, FIELD_LIST(message_delivered, results, RECIPIENTS_MAX, &message_result_schema));
SCHEMA(message_room, FIELD_U64(message_room, account), FIELD_U64(message_room, bytes));
SCHEMA(message_maildrop_list, FIELD_BYTES(message_maildrop_list, entries, PIECE_MAX));
SCHEMA(message_maildrop_opened, FIELD_U64(message_maildrop_opened, error),
    FIELD_U64(message_maildrop_opened, count));
SCHEMA(message_fetch, FIELD_BYTES(message_fetch, indexes, 4096), FIELD_U64(message_fetch, offset),
    FIELD_U64(message_fetch, length));
SCHEMA(message_fetch_data, FIELD_U64(message_fetch_data, index), FIELD_U64(message_fetch_data, error),
    FIELD_U64(message_fetch_data, last), FIELD_BYTES(message_fetch_data, bytes, PIECE_MAX));
SCHEMA(message_expunge, FIELD_BYTES(message_expunge, indexes, PIECE_MAX), FIELD_U64(message_expunge, last));
SCHEMA(message_sign, FIELD_U64(message_sign, key), FIELD_U64(message_sign, pss),
    FIELD_BYTES(message_sign, algorithm, 32), FIELD_BYTES(message_sign, tbs, 16384));
SCHEMA(message_signed, FIELD_U64(message_signed, error), FIELD_BYTES(message_signed, signature, 1024));
SCHEMA(message_ticket_key, FIELD_BYTES(message_ticket_key, key, 128));
SCHEMA(message_query, FIELD_BYTES(message_query, name, 256), FIELD_U64(message_query, type));
SCHEMA(message_answer, FIELD_U64(message_answer, status), FIELD_U64(message_answer, secure),
    FIELD_LIST(message_answer, records, 256, &message_field_schema));
SCHEMA(message_command, FIELD_LIST(message_command, words, 256, &message_field_schema),
    FIELD_U64(message_command, json));
SCHEMA(message_output, FIELD_BYTES(message_output, text, PIECE_MAX), FIELD_U64(message_output, status),
    FIELD_U64(message_output, last));

enum { EDGES = ROLE_SMTP | ROLE_POP3, EVERYBODY = 0xffff };

/* clang-format off */
static const struct message_row {
	const char *name;
	unsigned from, to;
	const struct codec_schema *schema;
} rows[MESSAGE_TYPES] = {
    [MESSAGE_SETTINGS] = {"settings", ROLE_MASTER, EVERYBODY, &message_settings_schema},
    [MESSAGE_PEER] = {"peer", ROLE_MASTER, EVERYBODY, &message_peer_schema},
    [MESSAGE_LISTENER] = {"listener", ROLE_MASTER, EVERYBODY, &message_listener_schema},
    [MESSAGE_FILE] = {"file", ROLE_MASTER, EVERYBODY, &message_file_schema},
    [MESSAGE_FOLDER] = {"folder", ROLE_MASTER, ROLE_STORE, &message_empty_schema},
    [MESSAGE_START] = {"start", ROLE_MASTER, EVERYBODY, &message_empty_schema},
    [MESSAGE_DRAIN] = {"drain", ROLE_MASTER, EVERYBODY, &message_empty_schema},
    [MESSAGE_READY] = {"ready", EVERYBODY, ROLE_MASTER, &message_empty_schema},

    [MESSAGE_RESOLVE] = {"resolve", ROLE_SMTP, ROLE_AUTH, &message_resolve_schema},
    [MESSAGE_RESOLVED] = {"resolved", ROLE_AUTH, ROLE_SMTP, &message_resolved_schema},
    [MESSAGE_LOGIN] = {"login", EDGES, ROLE_AUTH, &message_login_schema},
    [MESSAGE_LOGIN_MORE] = {"login-more", EDGES, ROLE_AUTH, &message_login_more_schema},
    [MESSAGE_CHALLENGE] = {"challenge", ROLE_AUTH, EDGES, &message_challenge_schema},
    [MESSAGE_LOGGED_IN] = {"logged-in", ROLE_AUTH, EDGES, &message_logged_in_schema},
    [MESSAGE_LOGIN_FAILED] = {"login-failed", ROLE_AUTH, EDGES, &message_login_failed_schema},
    [MESSAGE_SENDER] = {"sender", ROLE_SMTP, ROLE_AUTH, &message_sender_schema},
    [MESSAGE_VERDICT] = {"verdict", ROLE_AUTH, ROLE_SMTP, &message_verdict_schema},

    [MESSAGE_GRANT] = {"grant", ROLE_AUTH, ROLE_STORE, &message_grant_schema},
    [MESSAGE_GRANTED] = {"granted", ROLE_STORE, ROLE_AUTH, &message_granted_schema},
    [MESSAGE_REVOKE] = {"revoke", ROLE_AUTH, ROLE_STORE | ROLE_SMTP, &message_revoke_schema},
    [MESSAGE_DIRECTORY] = {"directory", ROLE_AUTH | ROLE_ADMIN, ROLE_STORE | ROLE_AUTH, &message_directory_schema},
    [MESSAGE_DIRECTORY_ANSWER] = {"directory-answer", ROLE_STORE | ROLE_AUTH, ROLE_AUTH | ROLE_ADMIN, &message_directory_answer_schema},

    [MESSAGE_UPLOAD] = {"upload", ROLE_SMTP, ROLE_STORE, &message_upload_schema},
    [MESSAGE_UPLOAD_CREDIT] = {"upload-credit", ROLE_STORE, ROLE_SMTP, &message_upload_credit_schema},
    [MESSAGE_UPLOAD_ABORT] = {"upload-abort", ROLE_SMTP, ROLE_STORE, &message_upload_abort_schema},
    [MESSAGE_DELIVER] = {"deliver", ROLE_SMTP, ROLE_STORE, &message_deliver_schema},
    [MESSAGE_DELIVERED] = {"delivered", ROLE_STORE, ROLE_SMTP, &message_delivered_schema},
    [MESSAGE_ROOM] = {"room", ROLE_SMTP, ROLE_STORE, &message_room_schema},
    [MESSAGE_ROOM_ANSWER] = {"room-answer", ROLE_STORE, ROLE_SMTP, &message_result_schema},

    [MESSAGE_MAILDROP_OPEN] = {"maildrop-open", ROLE_POP3, ROLE_STORE, &message_empty_schema},
    [MESSAGE_MAILDROP_LIST] = {"maildrop-list", ROLE_STORE, ROLE_POP3, &message_maildrop_list_schema},
    [MESSAGE_MAILDROP_OPENED] = {"maildrop-opened", ROLE_STORE, ROLE_POP3, &message_maildrop_opened_schema},
    [MESSAGE_FETCH] = {"fetch", ROLE_POP3, ROLE_STORE, &message_fetch_schema},
    [MESSAGE_FETCH_DATA] = {"fetch-data", ROLE_STORE, ROLE_POP3, &message_fetch_data_schema},
    [MESSAGE_EXPUNGE] = {"expunge", ROLE_POP3, ROLE_STORE, &message_expunge_schema},
    [MESSAGE_EXPUNGED] = {"expunged", ROLE_STORE, ROLE_POP3, &message_result_schema},

    [MESSAGE_SIGN] = {"sign", EDGES, ROLE_KEYS, &message_sign_schema},
    [MESSAGE_SIGNED] = {"signed", ROLE_KEYS, EDGES, &message_signed_schema},
    [MESSAGE_TICKET_KEY] = {"ticket-key", EDGES, ROLE_KEYS, &message_empty_schema},
    [MESSAGE_TICKET_KEY_ANSWER] = {"ticket-key-answer", ROLE_KEYS, EDGES, &message_ticket_key_schema},

    [MESSAGE_QUERY] = {"query", ROLE_SMTP, ROLE_DNS, &message_query_schema},
    [MESSAGE_ANSWER] = {"answer", ROLE_DNS, ROLE_SMTP, &message_answer_schema},

    [MESSAGE_COMMAND] = {"command", ROLE_ADMIN, ROLE_AUTH | ROLE_STORE, &message_command_schema},
    [MESSAGE_OUTPUT] = {"output", ROLE_AUTH | ROLE_STORE, ROLE_ADMIN, &message_output_schema},
};
/* clang-format on */

static const struct message_row *row_of(unsigned type)
{
	return type < MESSAGE_TYPES && rows[type].schema ? &rows[type] : NULL;
}

const char *ipc_name(unsigned type)
{
	const struct message_row *row = row_of(type);
	return row ? row->name : NULL;
}

bool ipc_allowed(unsigned type, unsigned from, unsigned to)
{
	const struct message_row *row = row_of(type);
	return row && (row->from & from) && (row->to & to);
}

int ipc_encode(struct buf *out, unsigned type, const void *message)
{
	const struct message_row *row = row_of(type);
	return row ? codec_encode(out, row->schema, message) : -EINVAL;
}

int ipc_send(struct channel *c, enum message_type type, uint32_t request, const void *message, int fd)
{
	size_t mark;
	struct buf *out = channel_begin(c, (uint16_t)type, request, &mark);
	int error = codec_encode(out, rows[type].schema, message);
	/* A channel that is full dies of it (channel_end sees to that); a field that is too long is the
	 * sender's matter. */
	if (error == 0 || buf_failed(out))
		return channel_end(c, mark, fd);
	buf_truncate(out, mark);
	if (fd >= 0)
		close(fd);
	return error;
}

int ipc_send_blocking(int socket, enum message_type type, uint32_t request, const void *message, int fd)
{
	struct buf payload;
	buf_init(&payload, CHANNEL_FRAME_MAX);
	int error = codec_encode(&payload, rows[type].schema, message);
	if (error == 0)
		error = channel_send_blocking(socket, (uint16_t)type, request, buf_view(&payload), fd);
	buf_done(&payload);
	return error;
}

int ipc_decode(const struct channel_frame *frame, void *message, struct arena *arena)
{
	const struct message_row *row = row_of(frame->type);
	return row ? codec_decode(frame->payload, row->schema, message, arena) : -EBADMSG;
}
