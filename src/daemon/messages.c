/* The table of messages.h: fields with their limits, and who may say what to whom. */
#include "daemon/messages.h"

#include <errno.h>
#include <unistd.h>

enum {
	ADDRESS_MAX = 1024,      /* RFC 5321 allows 256 octets of path; EAI and quoting add some */
	NAME_MAX_BYTES = 1024,   /* mailbox names, file names */
	SASL_MAX = 16384,        /* RFC 4954 asks for 12288 octets of a base64 line */
	PIECE_MAX = 256 * 1024,  /* a piece of a body */
	TARGETS_MAX = 1000,      /* of one address, through aliases: DIRECTORY_TARGETS_MAX */
	RECIPIENTS_MAX = 100,    /* mailboxes of one message, aliases followed: ACCOUNT_TARGETS_MAX */
	QUEUED_MAX = 2000,       /* recipients of one message in the queue: remote ones, held ones, and those to be told of */
	REPORTS_MAX = 1000,      /* recipients that one DSN tells of: several messages' when it was gathered */
	REPLY_MAX = 600,         /* the remote's words */
	ID_MAX = 12,             /* a message's: base/random.h */
	ENVID_MAX = 500,         /* 100 characters (RFC 3461 section 4.4) as xtext */
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
#define IS_STRUCT(name) struct name * : 1,
#define SCHEMA(type, ...)                                                                                    \
	_Static_assert(_Generic((struct type *)0, IPC_STRUCTS(IS_STRUCT) default : 0),                       \
	    "add the struct to IPC_STRUCTS in messages.h");                                                  \
	static const struct codec_field type##_fields[] = {__VA_ARGS__};                                     \
	const struct codec_schema type##_schema = {                                                          \
	    #type, sizeof(struct type), type##_fields, sizeof type##_fields / sizeof type##_fields[0]}

SCHEMA(message_settings, FIELD_BYTES(message_settings, encoded, 256 * 1024));
SCHEMA(message_peer, FIELD_U64(message_peer, role), FIELD_U64(message_peer, number));
SCHEMA(message_listener, FIELD_U64(message_listener, service), FIELD_BYTES(message_listener, address, 256));
SCHEMA(message_file, FIELD_U64(message_file, kind), FIELD_U64(message_file, number),
    FIELD_BYTES(message_file, name, NAME_MAX_BYTES), FIELD_BYTES(message_file, content, 480 * 1024));
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
SCHEMA(message_verdict, FIELD_U64(message_verdict, allowed), FIELD_U64(message_verdict, temporary));
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
    FIELD_BYTES(message_delivery_target, prefix, 4096), FIELD_BYTES(message_delivery_target, address, ADDRESS_MAX));
SCHEMA(message_delivery_recipient, FIELD_U64(message_delivery_recipient, kind),
    FIELD_BYTES(message_delivery_recipient, address, ADDRESS_MAX), FIELD_BYTES(message_delivery_recipient, orcpt, ADDRESS_MAX),
    FIELD_U64(message_delivery_recipient, notify), FIELD_BYTES(message_delivery_recipient, destination, 256),
    FIELD_BYTES(message_delivery_recipient, forwarder, ADDRESS_MAX), FIELD_U64(message_delivery_recipient, account),
    FIELD_BYTES(message_delivery_recipient, mailbox, NAME_MAX_BYTES), FIELD_BYTES(message_delivery_recipient, prefix, 4096));
SCHEMA(message_delivery_report, FIELD_BYTES(message_delivery_report, id, ID_MAX), FIELD_U64(message_delivery_report, recipient),
    FIELD_U64(message_delivery_report, action));
SCHEMA(message_deliver, FIELD_BYTES(message_deliver, session, 64), FIELD_U64(message_deliver, upload),
    FIELD_BYTES(message_deliver, bytes, PIECE_MAX), FIELD_BYTES(message_deliver, summary, 2048),
    FIELD_BYTES(message_deliver, trailer, SUMMARY_MAX), FIELD_U64(message_deliver, received_at),
    FIELD_U64(message_deliver, thread_hash), FIELD_U64(message_deliver, all_or_none),
    FIELD_U64(message_deliver, enforce_quota),
    FIELD_LIST(message_deliver, targets, RECIPIENTS_MAX, &message_delivery_target_schema), FIELD_BYTES(message_deliver, id, ID_MAX),
    FIELD_BYTES(message_deliver, sender, ADDRESS_MAX), FIELD_BYTES(message_deliver, client, 512),
    FIELD_BYTES(message_deliver, message_id, 1000), FIELD_U64(message_deliver, submitter), FIELD_U64(message_deliver, ret),
    FIELD_BYTES(message_deliver, envid, ENVID_MAX), FIELD_U64(message_deliver, body), FIELD_U64(message_deliver, utf8),
    FIELD_U64(message_deliver, text_growth),
    FIELD_U64(message_deliver, require_tls), FIELD_U64(message_deliver, priority),
    FIELD_U64(message_deliver, priority_given), FIELD_U64(message_deliver, by_time),
    FIELD_U64(message_deliver, by_mode), FIELD_U64(message_deliver, hold_until),
    FIELD_LIST(message_deliver, recipients, QUEUED_MAX, &message_delivery_recipient_schema),
    FIELD_LIST(message_deliver, reports, REPORTS_MAX, &message_delivery_report_schema));
SCHEMA(message_result, FIELD_U64(message_result, error));
SCHEMA(message_delivered, FIELD_LIST(message_delivered, results, RECIPIENTS_MAX + QUEUED_MAX, &message_result_schema));
SCHEMA(message_room, FIELD_U64(message_room, account), FIELD_U64(message_room, bytes));
SCHEMA(message_etrn, FIELD_BYTES(message_etrn, domain, 256));
SCHEMA(message_etrn_answer, FIELD_U64(message_etrn_answer, error), FIELD_U64(message_etrn_answer, messages));
SCHEMA(message_srs, FIELD_U64(message_srs, operation), FIELD_BYTES(message_srs, address, ADDRESS_MAX),
    FIELD_BYTES(message_srs, domain, 256));
SCHEMA(message_srs_answer, FIELD_U64(message_srs_answer, error), FIELD_BYTES(message_srs_answer, address, ADDRESS_MAX));
SCHEMA(message_queue_ready, FIELD_U64(message_queue_ready, destinations));
SCHEMA(message_queue_destination, FIELD_U64(message_queue_destination, number), FIELD_BYTES(message_queue_destination, name, 256),
    FIELD_BYTES(message_queue_destination, route, 512), FIELD_U64(message_queue_destination, failures),
    FIELD_U64(message_queue_destination, failing_since));
SCHEMA(message_queue_take, FIELD_U64(message_queue_take, number), FIELD_U64(message_queue_take, messages),
    FIELD_U64(message_queue_take, bytes));
SCHEMA(message_queue_recipient, FIELD_U64(message_queue_recipient, number), FIELD_BYTES(message_queue_recipient, address, ADDRESS_MAX),
    FIELD_BYTES(message_queue_recipient, orcpt, ADDRESS_MAX), FIELD_BYTES(message_queue_recipient, forwarder, ADDRESS_MAX),
    FIELD_U64(message_queue_recipient, notify), FIELD_U64(message_queue_recipient, attempts), FIELD_U64(message_queue_recipient, action),
    FIELD_U64(message_queue_recipient, last_attempt), FIELD_U64(message_queue_recipient, cause),
    FIELD_U64(message_queue_recipient, over), FIELD_BYTES(message_queue_recipient, status, 16),
    FIELD_BYTES(message_queue_recipient, reply, REPLY_MAX), FIELD_BYTES(message_queue_recipient, host, 256),
    FIELD_BYTES(message_queue_recipient, stage, 32));
SCHEMA(message_queue_message, FIELD_U64(message_queue_message, number), FIELD_BYTES(message_queue_message, id, ID_MAX),
    FIELD_BYTES(message_queue_message, sender, ADDRESS_MAX), FIELD_BYTES(message_queue_message, envid, ENVID_MAX),
    FIELD_U64(message_queue_message, arrived), FIELD_U64(message_queue_message, expires), FIELD_U64(message_queue_message, size),
    FIELD_U64(message_queue_message, ret), FIELD_U64(message_queue_message, body), FIELD_U64(message_queue_message, utf8),
    FIELD_U64(message_queue_message, require_tls), FIELD_U64(message_queue_message, priority),
    FIELD_U64(message_queue_message, by_time), FIELD_U64(message_queue_message, by_mode),
    FIELD_U64(message_queue_message, priority_given), FIELD_U64(message_queue_message, trailer),
    FIELD_LIST(message_queue_message, recipients, QUEUED_MAX, &message_queue_recipient_schema),
    FIELD_BYTES(message_queue_message, bytes, PIECE_MAX));
SCHEMA(message_queue_taken, FIELD_U64(message_queue_taken, number), FIELD_U64(message_queue_taken, error),
    FIELD_U64(message_queue_taken, count), FIELD_U64(message_queue_taken, more));
SCHEMA(message_queue_read, FIELD_BYTES(message_queue_read, id, ID_MAX), FIELD_U64(message_queue_read, offset),
    FIELD_U64(message_queue_read, length));
SCHEMA(message_queue_data, FIELD_U64(message_queue_data, error), FIELD_BYTES(message_queue_data, bytes, PIECE_MAX));
SCHEMA(message_queue_result, FIELD_U64(message_queue_result, recipient), FIELD_U64(message_queue_result, verdict),
    FIELD_U64(message_queue_result, cause),
    FIELD_BYTES(message_queue_result, status, 16), FIELD_BYTES(message_queue_result, reply, REPLY_MAX),
    FIELD_BYTES(message_queue_result, stage, 32));
SCHEMA(message_queue_outcome, FIELD_U64(message_queue_outcome, number), FIELD_BYTES(message_queue_outcome, id, ID_MAX),
    FIELD_BYTES(message_queue_outcome, host, 256), FIELD_BYTES(message_queue_outcome, address, 128),
    FIELD_BYTES(message_queue_outcome, tls, 128), FIELD_BYTES(message_queue_outcome, verified, 64),
    FIELD_LIST(message_queue_outcome, results, QUEUED_MAX, &message_queue_result_schema));
SCHEMA(message_queue_more, FIELD_U64(message_queue_more, number));
SCHEMA(message_queue_rest, FIELD_U64(message_queue_rest, number), FIELD_U64(message_queue_rest, how), FIELD_U64(message_queue_rest, seconds),
    FIELD_U64(message_queue_rest, cause), FIELD_BYTES(message_queue_rest, status, 16),
    FIELD_BYTES(message_queue_rest, text, REPLY_MAX), FIELD_BYTES(message_queue_rest, host, 256),
    FIELD_BYTES(message_queue_rest, stage, 32));
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
SCHEMA(message_ticket_key, FIELD_BYTES(message_ticket_key, key, 128),
    FIELD_BYTES(message_ticket_key, previous, 128));
SCHEMA(message_query, FIELD_BYTES(message_query, name, 256), FIELD_U64(message_query, type),
    FIELD_U64(message_query, timeout_ms));
SCHEMA(message_answer, FIELD_U64(message_answer, status), FIELD_U64(message_answer, secure),
    FIELD_U64(message_answer, bogus), FIELD_U64(message_answer, ttl),
    FIELD_BYTES(message_answer, canonical, 256), FIELD_BYTES(message_answer, why, 512),
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
    [MESSAGE_PEER_LOST] = {"peer-lost", EVERYBODY, ROLE_MASTER, &message_peer_schema},

    [MESSAGE_RESOLVE] = {"resolve", ROLE_SMTP | ROLE_RELAY, ROLE_AUTH, &message_resolve_schema},
    [MESSAGE_RESOLVED] = {"resolved", ROLE_AUTH, ROLE_SMTP | ROLE_RELAY, &message_resolved_schema},
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

    [MESSAGE_UPLOAD] = {"upload", ROLE_SMTP | ROLE_RELAY, ROLE_STORE, &message_upload_schema},
    [MESSAGE_UPLOAD_CREDIT] = {"upload-credit", ROLE_STORE, ROLE_SMTP | ROLE_RELAY, &message_upload_credit_schema},
    [MESSAGE_UPLOAD_ABORT] = {"upload-abort", ROLE_SMTP | ROLE_RELAY, ROLE_STORE, &message_upload_abort_schema},
    [MESSAGE_DELIVER] = {"deliver", ROLE_SMTP | ROLE_RELAY, ROLE_STORE, &message_deliver_schema},
    [MESSAGE_DELIVERED] = {"delivered", ROLE_STORE, ROLE_SMTP | ROLE_RELAY, &message_delivered_schema},
    [MESSAGE_ROOM] = {"room", ROLE_SMTP, ROLE_STORE, &message_room_schema},
    [MESSAGE_ROOM_ANSWER] = {"room-answer", ROLE_STORE, ROLE_SMTP, &message_result_schema},

    [MESSAGE_ETRN] = {"etrn", ROLE_SMTP, ROLE_STORE, &message_etrn_schema},
    [MESSAGE_ETRN_ANSWER] = {"etrn-answer", ROLE_STORE, ROLE_SMTP, &message_etrn_answer_schema},

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

    [MESSAGE_SRS] = {"srs", ROLE_SMTP | ROLE_RELAY, ROLE_KEYS, &message_srs_schema},
    [MESSAGE_SRS_ANSWER] = {"srs-answer", ROLE_KEYS, ROLE_SMTP | ROLE_RELAY, &message_srs_answer_schema},

    [MESSAGE_QUERY] = {"query", ROLE_SMTP | ROLE_RELAY, ROLE_DNS, &message_query_schema},
    [MESSAGE_ANSWER] = {"answer", ROLE_DNS, ROLE_SMTP | ROLE_RELAY, &message_answer_schema},

    [MESSAGE_COMMAND] = {"command", ROLE_ADMIN, ROLE_AUTH | ROLE_STORE, &message_command_schema},
    [MESSAGE_OUTPUT] = {"output", ROLE_AUTH | ROLE_STORE, ROLE_ADMIN, &message_output_schema},

    [MESSAGE_QUEUE_READY] = {"queue-ready", ROLE_RELAY, ROLE_STORE, &message_queue_ready_schema},
    [MESSAGE_QUEUE_DESTINATION] = {"queue-destination", ROLE_STORE, ROLE_RELAY, &message_queue_destination_schema},
    [MESSAGE_QUEUE_TAKE] = {"queue-take", ROLE_RELAY, ROLE_STORE, &message_queue_take_schema},
    [MESSAGE_QUEUE_MESSAGE] = {"queue-message", ROLE_STORE, ROLE_RELAY, &message_queue_message_schema},
    [MESSAGE_QUEUE_TAKEN] = {"queue-taken", ROLE_STORE, ROLE_RELAY, &message_queue_taken_schema},
    [MESSAGE_QUEUE_READ] = {"queue-read", ROLE_RELAY, ROLE_STORE, &message_queue_read_schema},
    [MESSAGE_QUEUE_DATA] = {"queue-data", ROLE_STORE, ROLE_RELAY, &message_queue_data_schema},
    [MESSAGE_QUEUE_OUTCOME] = {"queue-outcome", ROLE_RELAY, ROLE_STORE, &message_queue_outcome_schema},
    [MESSAGE_QUEUE_KEPT] = {"queue-kept", ROLE_STORE, ROLE_RELAY, &message_result_schema},
    [MESSAGE_QUEUE_MORE] = {"queue-more", ROLE_STORE, ROLE_RELAY, &message_queue_more_schema},
    [MESSAGE_QUEUE_REST] = {"queue-rest", ROLE_RELAY, ROLE_STORE, &message_queue_rest_schema},
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

const struct codec_schema *ipc_schema(unsigned type)
{
	const struct message_row *row = row_of(type);
	return row ? row->schema : NULL;
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

int ipc_decode_as(const struct channel_frame *frame, const struct codec_schema *schema, size_t size,
    void *message, struct arena *arena)
{
	const struct message_row *row = row_of(frame->type);
	if (row == NULL || (schema && row->schema != schema) || row->schema->size > size)
		return -EBADMSG;
	return codec_decode(frame->payload, row->schema, message, arena);
}
