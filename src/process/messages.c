/* All messages in one table, made of the pairs' rows; sending and reading: see messages.h. */
#include "process/messages.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "process/message_fields.h"

SCHEMA(message_empty, FIELD_NUMBER(message_empty, unused, 0, 0));
SCHEMA(message_field, FIELD_BYTES(message_field, value, 128 * 1024));
SCHEMA(message_result, FIELD_ERROR(message_result, error));

static const struct message_row *const pairs[MESSAGE_TYPES / MESSAGES_IN_GROUP] = {
    [MESSAGES_CONTROL / MESSAGES_IN_GROUP] = messages_control,
    [MESSAGES_LOGIN / MESSAGES_IN_GROUP] = messages_login,
    [MESSAGES_DIRECTORY / MESSAGES_IN_GROUP] = messages_directory,
    [MESSAGES_DELIVERY / MESSAGES_IN_GROUP] = messages_delivery,
    [MESSAGES_MAILBOX / MESSAGES_IN_GROUP] = messages_mailbox,
    [MESSAGES_KEYS / MESSAGES_IN_GROUP] = messages_keys,
    [MESSAGES_DNS / MESSAGES_IN_GROUP] = messages_dns,
    [MESSAGES_QUEUE / MESSAGES_IN_GROUP] = messages_queue,
    [MESSAGES_ADMIN / MESSAGES_IN_GROUP] = messages_admin,
    [MESSAGES_CONTENT / MESSAGES_IN_GROUP] = messages_content,
    [MESSAGES_LEDGER / MESSAGES_IN_GROUP] = messages_ledger,
    [MESSAGES_RULES / MESSAGES_IN_GROUP] = messages_rules,
    [MESSAGES_SCRIPT / MESSAGES_IN_GROUP] = messages_script,
    [MESSAGES_EMAIL / MESSAGES_IN_GROUP] = messages_email,
    [MESSAGES_SUBMISSION / MESSAGES_IN_GROUP] = messages_submission,
    [MESSAGES_SIGN_IN / MESSAGES_IN_GROUP] = messages_sign_in,
    [MESSAGES_PUSH / MESSAGES_IN_GROUP] = messages_push,
    [MESSAGES_ERRAND / MESSAGES_IN_GROUP] = messages_errand,
    [MESSAGES_SHARING / MESSAGES_IN_GROUP] = messages_sharing,
    [MESSAGES_HANDOVER / MESSAGES_IN_GROUP] = messages_handover,
    [MESSAGES_FILE_LINK / MESSAGES_IN_GROUP] = messages_file_link,
};

const char *role_bit_name(unsigned bit)
{
	switch (bit) {
#define NAME_OF(role, number, name)                                                                          \
	case role:                                                                                           \
		return name;
		MESSAGE_ROLES(NAME_OF)
	default:
		return NULL;
	}
}

unsigned role_bit_by_name(const char *name)
{
#define BIT_OF(role, number, text)                                                                           \
	if (strcmp(name, text) == 0)                                                                         \
		return role;
	MESSAGE_ROLES(BIT_OF)
	return 0;
}

static const struct message_row *row_of(unsigned type)
{
	if (type >= MESSAGE_TYPES || pairs[type / MESSAGES_IN_GROUP] == NULL)
		return NULL;
	const struct message_row *row = &pairs[type / MESSAGES_IN_GROUP][type % MESSAGES_IN_GROUP];
	return row->schema ? row : NULL;
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

unsigned ipc_answers(unsigned type)
{
	const struct message_row *row = row_of(type);
	return row ? row->answers : 0;
}

bool ipc_allowed(unsigned type, unsigned from, unsigned to)
{
	const struct message_row *row = row_of(type);
	return row &&
	       (((row->from & from) && (row->to & to)) || ((row->also.from & from) && (row->also.to & to)));
}

int ipc_encode(struct buf *out, unsigned type, const void *message)
{
	const struct message_row *row = row_of(type);
	return row ? codec_encode(out, row->schema, message) : -EINVAL;
}

int ipc_send(struct channel *c, unsigned type, uint32_t request, const void *message, int fd)
{
	size_t mark;
	struct buf *out = channel_begin(c, (uint16_t)type, request, &mark);
	int error = codec_encode(out, ipc_schema(type), message);
	/* A channel that is full dies of it (channel_end sees to that); a field that is too long is the
	 * sender's matter. */
	if (error == 0 || buf_failed(out))
		return channel_end(c, mark, fd);
	buf_truncate(out, mark);
	if (fd >= 0)
		close(fd);
	/* An invalid value: its maker is broken, and the receiver would wait for this message in vain
	 * without a word. */
	log_event(
	    LOG_ERROR, "-", "message-not-sent", log_string("message", ipc_name(type)), log_errno(error));
	return error;
}

int ipc_send_blocking(int socket, unsigned type, uint32_t request, const void *message, int fd)
{
	struct buf payload;
	buf_init(&payload, CHANNEL_FRAME_MAX);
	int error = codec_encode(&payload, ipc_schema(type), message);
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
