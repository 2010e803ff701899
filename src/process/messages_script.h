/* An edge, or an administrator, and store, on the channel of one account: its Sieve scripts, out of office.
 */
#ifndef PROCESS_MESSAGES_SCRIPT_H
#define PROCESS_MESSAGES_SCRIPT_H

#include "mail/script.h"
#include "mail/vacation.h"
#include "process/message.h"

_Static_assert(
    SCRIPT_TYPES_END <= (int)VACATION_GET && VACATION_TYPES_END <= MESSAGES_SCRIPT + MESSAGES_IN_GROUP,
    "and those of mail/vacation.h behind them");
_Static_assert(SCRIPT_LIST == (int)MESSAGES_SCRIPT && SCRIPT_TYPES_END <= MESSAGES_SCRIPT + MESSAGES_IN_GROUP,
    "the numbers of mail/script.h lie in this group");

/* clang-format off */
#define MESSAGES_SCRIPT_STRUCTS(X) X(vacation_get) X(vacation_setting) X(vacation_answered) X(vacation_person) \
	X(script_list) X(script_entry) X(script_get) X(script_bytes) X(script_piece) X(script_put) \
	X(script_check) X(script_complaint) X(script_activate) X(script_remove) X(script_rename) X(script_space) \
	X(script_try) X(script_filed) X(script_note) X(script_deed) X(script_changes) X(script_gone)
/* clang-format on */
MESSAGES_SCRIPT_STRUCTS(MESSAGE_DECLARE_SCHEMA)

extern const struct message_row messages_script[MESSAGES_IN_GROUP];

#endif
