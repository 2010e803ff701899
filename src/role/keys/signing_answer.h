/* What others ask of signing keys: which sign for a domain, and a signature. */
#ifndef ROLE_KEYS_SIGNING_ANSWER_H
#define ROLE_KEYS_SIGNING_ANSWER_H

#include "process/role.h"

void signing_answer_start(struct loop *loop, const struct settings *settings);

/* For the table of verbs: MESSAGE_SIGNERS and MESSAGE_SIGN_MAIL. */
void signing_answer_signers(struct link *link, struct channel_frame *frame, const void *message);
void signing_answer_sign(struct link *link, struct channel_frame *frame, const void *message);

/* What is known has changed: those who wait are answered if they can be. */
void signing_answer_again(void);

#endif
