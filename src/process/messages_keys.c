/* Fields, limits and ways of messages_keys.h. */
#include "process/messages_keys.h"

#include "process/message_fields.h"

SCHEMA(message_sign, FIELD_COUNT(message_sign, key), FIELD_FLAG(message_sign, pss),
    FIELD_WORD(message_sign, algorithm, 32), FIELD_BYTES(message_sign, tbs, 16384));
SCHEMA(message_signed, FIELD_ERROR(message_signed, error), FIELD_BYTES(message_signed, signature, 1024));
SCHEMA(message_ticket_key, FIELD_BYTES(message_ticket_key, key, 128),
    FIELD_BYTES(message_ticket_key, previous, 128));
SCHEMA(message_srs, FIELD_NUMBER(message_srs, operation, SRS_REWRITE, SRS_REVERSE),
    FIELD_ADDRESS(message_srs, address), FIELD_WORD(message_srs, domain, 256));
SCHEMA(
    message_srs_answer, FIELD_ERROR(message_srs_answer, error), FIELD_ADDRESS(message_srs_answer, address));
SCHEMA(message_signers, FIELD_WORD(message_signers, domain, 256), FIELD_WORD(message_signers, instead, 256),
    FIELD_FLAG(message_signers, parents));
SCHEMA(message_signer, FIELD_WORD(message_signer, selector, SIGNING_SELECTOR_MAX),
    FIELD_NUMBER(message_signer, algorithm, 0, SIGNING_ALGORITHMS - 1), FIELD_FLAG(message_signer, shown));
SCHEMA(message_signers_answer, FIELD_ERROR(message_signers_answer, error),
    FIELD_WORD(message_signers_answer, domain, 256),
    FIELD_LIST(message_signers_answer, signers, SIGNERS_MAX, &message_signer_schema));
SCHEMA(message_sign_mail, FIELD_WORD(message_sign_mail, domain, 256),
    FIELD_WORD(message_sign_mail, selector, SIGNING_SELECTOR_MAX),
    FIELD_BYTES(message_sign_mail, block, SIGN_BLOCK_MAX));
SCHEMA(message_mail_signed, FIELD_ERROR(message_mail_signed, error),
    FIELD_BYTES(message_mail_signed, signature, 1024));
SCHEMA(message_vapid, FIELD_WORD(message_vapid, url, PUSH_URL_MAX));
SCHEMA(message_vapid_token, FIELD_ERROR(message_vapid_token, error),
    FIELD_LINE(message_vapid_token, field, VAPID_FIELD_MAX));
SCHEMA(message_vapid_point, FIELD_ERROR(message_vapid_point, error),
    FIELD_BYTES(message_vapid_point, point, PUSH_POINT_SIZE));
SCHEMA(message_sign_profile, FIELD_ADDRESS(message_sign_profile, address));
SCHEMA(message_profile_signed, FIELD_ERROR(message_profile_signed, error),
    FIELD_BYTES(message_profile_signed, bytes, PROFILE_SIGNED_MAX));

/* clang-format off */
const struct message_row messages_keys[MESSAGES_IN_GROUP] = {
    [MESSAGE_SIGN - MESSAGES_KEYS] = {"sign", EDGES, ROLE_KEYS, &message_sign_schema},
    [MESSAGE_SIGNED - MESSAGES_KEYS] = {"signed", ROLE_KEYS, EDGES, &message_signed_schema, MESSAGE_SIGN},
    [MESSAGE_TICKET_KEY - MESSAGES_KEYS] = {"ticket-key", EDGES, ROLE_KEYS, &message_empty_schema},
    [MESSAGE_TICKET_KEY_ANSWER - MESSAGES_KEYS] = {"ticket-key-answer", ROLE_KEYS, EDGES, &message_ticket_key_schema, MESSAGE_TICKET_KEY},
    [MESSAGE_SRS - MESSAGES_KEYS] = {"srs", ROLE_SMTP | ROLE_RELAY, ROLE_KEYS, &message_srs_schema},
    [MESSAGE_SRS_ANSWER - MESSAGES_KEYS] = {"srs-answer", ROLE_KEYS, ROLE_SMTP | ROLE_RELAY, &message_srs_answer_schema, MESSAGE_SRS},
    [MESSAGE_SIGNERS - MESSAGES_KEYS] = {"signers", ROLE_SMTP | ROLE_RELAY, ROLE_KEYS, &message_signers_schema},
    [MESSAGE_SIGNERS_ANSWER - MESSAGES_KEYS] = {"signers-answer", ROLE_KEYS, ROLE_SMTP | ROLE_RELAY, &message_signers_answer_schema, MESSAGE_SIGNERS},
    [MESSAGE_SIGN_MAIL - MESSAGES_KEYS] = {"sign-mail", ROLE_SMTP | ROLE_RELAY, ROLE_KEYS, &message_sign_mail_schema},
    [MESSAGE_MAIL_SIGNED - MESSAGES_KEYS] = {"mail-signed", ROLE_KEYS, ROLE_SMTP | ROLE_RELAY, &message_mail_signed_schema, MESSAGE_SIGN_MAIL},
    [MESSAGE_VAPID - MESSAGES_KEYS] = {"vapid", ROLE_RELAY, ROLE_KEYS, &message_vapid_schema},
    [MESSAGE_VAPID_TOKEN - MESSAGES_KEYS] = {"vapid-token", ROLE_KEYS, ROLE_RELAY, &message_vapid_token_schema, MESSAGE_VAPID},
    [MESSAGE_VAPID_KEY - MESSAGES_KEYS] = {"vapid-key", ROLE_WEB, ROLE_KEYS, &message_empty_schema},
    [MESSAGE_VAPID_POINT - MESSAGES_KEYS] = {"vapid-point", ROLE_KEYS, ROLE_WEB, &message_vapid_point_schema, MESSAGE_VAPID_KEY},
    [MESSAGE_SIGN_PROFILE - MESSAGES_KEYS] = {"sign-profile", ROLE_WEB, ROLE_KEYS, &message_sign_profile_schema},
    [MESSAGE_PROFILE_SIGNED - MESSAGES_KEYS] = {"profile-signed", ROLE_KEYS, ROLE_WEB, &message_profile_signed_schema, MESSAGE_SIGN_PROFILE},
};
/* clang-format on */
