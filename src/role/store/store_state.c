/* The role's state: below all files that use it, and above none. */
#include "role/store/store_private.h"

struct store_role store_role;
