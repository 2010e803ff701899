/* The operations of signing in: what each needs, and which function carries it out. */
#include "role/auth/auth_sign.h"

/* clang-format off */
static const struct sign_verb verbs[SIGN_OPERATIONS] = {
    [SIGN_PASSWORD] = {0, sign_password},
    [SIGN_CODE] = {0, sign_code},
    [SIGN_PASSKEY_ASK] = {0, sign_passkey_ask},
    [SIGN_PASSKEY] = {0, sign_passkey},
    [SIGN_OPEN] = {SIGN_NEEDS_SESSION | SIGN_PROGRAMS_MAY, sign_open},
    [SIGN_OUT] = {SIGN_NEEDS_SESSION | SIGN_PROGRAMS_MAY, sign_out},
    [SIGN_PROVE] = {SIGN_NEEDS_SESSION, sign_prove},
    [SIGN_STATE] = {SIGN_NEEDS_SESSION, sign_state},
    [SIGN_SESSION_END] = {SIGN_NEEDS_SESSION, sign_session_end},
    [SIGN_TOKEN_ADD] = {SIGN_NEEDS_SESSION | SIGN_NEEDS_PROOF, sign_token_add},
    [SIGN_APP_ADD] = {SIGN_NEEDS_SESSION | SIGN_NEEDS_PROOF, sign_app_add},
    [SIGN_APP_REMOVE] = {SIGN_NEEDS_SESSION | SIGN_NEEDS_PROOF, sign_app_remove},
    [SIGN_PASSWORD_SET] = {SIGN_NEEDS_SESSION | SIGN_NEEDS_PROOF, sign_password_set},
    [SIGN_TOTP_ASK] = {SIGN_NEEDS_SESSION | SIGN_NEEDS_PROOF, sign_totp_ask},
    [SIGN_TOTP_SET] = {SIGN_NEEDS_SESSION | SIGN_NEEDS_PROOF, sign_totp_set},
    [SIGN_TOTP_REMOVE] = {SIGN_NEEDS_SESSION | SIGN_NEEDS_PROOF, sign_totp_remove},
    [SIGN_PASSKEY_MAKE] = {SIGN_NEEDS_SESSION | SIGN_NEEDS_PROOF, sign_passkey_make},
    [SIGN_PASSKEY_ADD] = {SIGN_NEEDS_SESSION | SIGN_NEEDS_PROOF, sign_passkey_add},
    [SIGN_PASSKEY_REMOVE] = {SIGN_NEEDS_SESSION | SIGN_NEEDS_PROOF, sign_passkey_remove},
    [SIGN_ADMINISTER] = {SIGN_NEEDS_SESSION | SIGN_NEEDS_PROOF, sign_administer},
    [SIGN_FILE] = {0, sign_file},
    [SIGN_RECOVERY_MAKE] = {SIGN_NEEDS_SESSION | SIGN_NEEDS_PROOF, sign_recovery_make},
};
/* clang-format on */

void auth_sign(struct link *edge, const struct channel_frame *frame, const struct message_sign_in *m)
{
	sign_begin(edge, frame, &verbs[m->operation]);
}
