/* The table of jmap_push.h. */
#include "jmap/jmap_push.h"

const struct jmap_push_type jmap_push_types[JMAP_PUSH_TYPES] = {
    {"Email", {MAIL_STATE_EMAILS, MAIL_STATE_EMAILS}},
    {"EmailDelivery", {MAIL_STATE_DELIVERIES, MAIL_STATE_DELIVERIES}},
    {"Thread", {MAIL_STATE_THREADS, MAIL_STATE_THREADS}},
    {"Mailbox", {MAIL_STATE_MAILBOXES, MAIL_STATE_COUNTS}},
    {"EmailSubmission", {MAIL_STATE_SUBMISSIONS, MAIL_STATE_SUBMISSIONS}},
    {"Identity", {MAIL_STATE_IDENTITIES, MAIL_STATE_IDENTITIES}},
    {"VacationResponse", {MAIL_STATE_VACATION, MAIL_STATE_VACATION}},
    {"SieveScript", {MAIL_STATE_SCRIPTS, MAIL_STATE_SCRIPTS}},
    {"Quota", {MAIL_STATE_QUOTA, MAIL_STATE_QUOTA}},
};

uint64_t jmap_push_state(const struct jmap_push_type *type, const uint64_t *modseqs)
{
	uint64_t first = modseqs[type->states[0]], second = modseqs[type->states[1]];
	return first > second ? first : second;
}
