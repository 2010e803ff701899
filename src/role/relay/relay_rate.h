/* How many messages of one sender's domain go out in a minute (sender_domain_rate). */
#ifndef ROLE_RELAY_RELAY_RATE_H
#define ROLE_RELAY_RELAY_RATE_H

#include <stdbool.h>

#include "base/view.h"

/* Whether one more from this sender may go now; it counts as gone then. */
bool relay_sender_may(struct view sender);

#endif
