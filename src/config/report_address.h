/* The setting report_addresses: where others send their reports about our domains. */
#ifndef CONFIG_REPORT_ADDRESS_H
#define CONFIG_REPORT_ADDRESS_H

#include "base/view.h"

/* Whether this address is one of them; as the directory compares addresses. */
bool report_address_is(struct view addresses, struct view address);

#endif
