/* Apple's profile of a mail account, /mobileconfig?address=...: signed by keys, or unsigned where keys has no
 * certificate for it or no time. Made of the address as it was typed: nobody is asked about it, so no answer
 * tells whether an account exists. */
#ifndef ROLE_WEB_WEB_PROFILE_H
#define ROLE_WEB_WEB_PROFILE_H

#include "role/web/web_exchange.h"

extern const struct web_route web_profile_routes[];

#endif
