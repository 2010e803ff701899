/* Emails: set, copy, import (RFC 8621 section 4). */
#include "jmap/jmap_private.h"

const struct jmap_method jmap_methods_email_write[] = {{0}};
