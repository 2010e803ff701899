/* The table of push_types.h. */
#include "mail/push_types.h"

const struct mail_push_type mail_push_types[MAIL_PUSH_TYPES] = {
    {"Email", {MAIL_STATE_EMAILS, MAIL_STATE_EMAILS}},
    {"EmailDelivery", {MAIL_STATE_DELIVERIES, MAIL_STATE_DELIVERIES}},
    {"Thread", {MAIL_STATE_THREADS, MAIL_STATE_THREADS}},
    {"Mailbox", {MAIL_STATE_MAILBOXES, MAIL_STATE_COUNTS}},
    {"EmailSubmission", {MAIL_STATE_SUBMISSIONS, MAIL_STATE_SUBMISSIONS}},
    {"Identity", {MAIL_STATE_IDENTITIES, MAIL_STATE_IDENTITIES}},
    {"VacationResponse", {MAIL_STATE_VACATION, MAIL_STATE_VACATION}},
    {"SieveScript", {MAIL_STATE_SCRIPTS, MAIL_STATE_SCRIPTS}},
    {"Quota", {MAIL_STATE_QUOTA, MAIL_STATE_QUOTA}},
    {"ShareNotification", {MAIL_STATE_SHARE_NOTES, MAIL_STATE_SHARE_NOTES}},
};

uint64_t mail_push_state(const struct mail_push_type *type, const uint64_t *modseqs)
{
	uint64_t first = modseqs[type->states[0]], second = modseqs[type->states[1]];
	return first > second ? first : second;
}
