/* The words of RFC 8601 section 2.7. */
#include "trust/sender/sender.h"

const char *sender_result_name(enum sender_result result)
{
	static const char *const names[SENDER_RESULTS] = {
	    [SENDER_NONE] = "none",
	    [SENDER_PASS] = "pass",
	    [SENDER_FAIL] = "fail",
	    [SENDER_SOFTFAIL] = "softfail",
	    [SENDER_NEUTRAL] = "neutral",
	    [SENDER_POLICY] = "policy",
	    [SENDER_TEMPERROR] = "temperror",
	    [SENDER_PERMERROR] = "permerror",
	};
	return result < SENDER_RESULTS ? names[result] : names[SENDER_NONE];
}
