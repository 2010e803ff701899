/* The words for a signing key's state and algorithm, alike in commands, JSON and logs. */
#include "format/signing_key.h"

const char *signing_state_name(enum signing_state state)
{
	static const char *const names[SIGNING_STATES] = {[SIGNING_NEW] = "new",
	    [SIGNING_ACTIVE] = "active",
	    [SIGNING_REPLACED] = "replaced",
	    [SIGNING_RETIRED] = "retired"};
	return state > 0 && state < SIGNING_STATES ? names[state] : "unknown";
}

const char *signing_algorithm_name(enum signing_algorithm algorithm)
{
	return algorithm == SIGNING_ED25519 ? "ed25519" : algorithm == SIGNING_RSA ? "rsa" : "unknown";
}
